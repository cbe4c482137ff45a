"""Asking (请求): one question to an interface, with its token, its limits, and patience where that helps.

Tried again: 429, 5xx, time-outs, broken connections. Not tried again: any other 4xx, a certificate that does not
verify, an answer that is no JSON. A 401 renews a token that was asked for, once.
"""

import json
import random
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from ingestion.sources.definition import HttpSettings, Token
from ingestion.sources.secrecy import Secrets
from registry.errors import Refusal

LONGEST_WAIT = 300.0
"""An interface that asks for more patience than that is asked again at the next time of the timetable."""
LONGEST_STEP = 60.0
BUSY, UNAUTHORISED = 429, 401


@dataclass
class Answer:
    """A JSON answer, and the address of the next page where a Link header names it."""

    body: Any
    next_url: str | None


class Passing(Exception):
    """A failure that may pass; `wait` is what the interface itself asked for, in seconds."""

    def __init__(self, sentence: str, wait: float | None = None) -> None:
        super().__init__(sentence)
        self.wait = wait


class Asker:
    """A session with one interface. A context manager; `left` bytes may still be read."""

    def __init__(
        self, settings: HttpSettings, secrets: Secrets, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.settings, self.secrets, self.left = settings, secrets, settings.max_megabytes * 1_000_000
        self.deadline = time.monotonic() + settings.max_minutes * 60
        self._token: str | None = None
        self._client = _client(settings, secrets)
        self._retrying = Retrying(
            retry=retry_if_exception_type(Passing), stop=stop_after_attempt(settings.attempts),
            wait=self._wait, sleep=sleep, reraise=True,
        )  # fmt: skip

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, url: str, parameters: Mapping[str, Any]) -> Answer:
        """The answer. Raises Refusal pull.* whose sentence says what the other side said."""
        try:
            return self._retrying(self._ask_as_known, url, parameters)
        except Passing as failure:
            raise Refusal(
                "pull.unreachable",
                f"试了 {self.settings.attempts} 次仍没有取到：{failure}",
                "水位没有动，到下一个时点会从原处再取；一直不通请与对方核对。",
            ) from failure

    def _ask_as_known(self, url: str, parameters: Mapping[str, Any]) -> Answer:
        renewable = self.settings.token is not None and self.settings.token.url is not None
        status, answer = self._ask(url, parameters)
        if status == UNAUTHORISED and renewable:
            self._token = None
            status, answer = self._ask(url, parameters)
        if answer is None:
            raise Refusal(
                "pull.unauthorised",
                "对方不认这个令牌（401）。",
                "请核对密钥是否过期、写错，或向对方重新申请。",
            )
        return answer

    def _ask(self, url: str, parameters: Mapping[str, Any]) -> tuple[int, Answer | None]:
        """One try; None in place of the answer says 401."""
        headers, query = self._credentials()
        sent = {**parameters, **query}
        if self.settings.method == "POST":
            request = self._client.build_request(
                "POST", url, params=query or None, json=parameters, headers=headers
            )
        else:
            request = self._client.build_request("GET", _with(url, sent), headers=headers)
        response, body = self._send(request)
        if response.status_code == UNAUTHORISED:
            return UNAUTHORISED, None
        return response.status_code, Answer(_json(response, body), response.links.get("next", {}).get("url"))

    def _send(self, request: httpx2.Request) -> tuple[httpx2.Response, bytes]:
        try:
            response = self._client.send(request, stream=True)
            try:
                _refuse_status(response)
                return response, self._read(response)
            finally:
                response.close()
        except httpx2.TimeoutException as error:
            raise Passing(f"对方 {self.settings.timeout_seconds:g} 秒没有回答。") from error
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            raise Refusal("pull.address", f"地址不能用：{error}。", "请更正来源定义里的地址。") from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            _refuse_certificate(error)
            raise Passing(
                f"连接不通或中断：{self.secrets.hide(str(error)) or type(error).__name__}。"
            ) from error

    def _read(self, response: httpx2.Response) -> bytes:
        parts = []
        for part in response.iter_bytes():
            self.left -= len(part)
            if time.monotonic() > self.deadline:
                raise Refusal(
                    "pull.too_long",
                    f"取了 {self.settings.max_minutes:g} 分钟还没有完。",
                    "请写水位的起点（watermark.start）缩小范围，或调大 max_minutes。",
                )
            if self.left < 0:
                raise Refusal(
                    "pull.too_large",
                    f"对方一次给出的数据超过 {self.settings.max_megabytes} MB。",
                    "请写水位的起点（watermark.start）缩小范围，或调大 max_megabytes。",
                )
            parts.append(part)
        return b"".join(parts)

    def _credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        token = self.settings.token
        if token is None:
            return {}, {}
        if self._token is None:
            self._token = self.secrets.read(token.value) if token.value else self._new_token(token)
        if token.place == "query":
            return {}, {token.name: self._token}
        return {token.name: f"Bearer {self._token}" if token.place == "bearer" else self._token}, {}

    def _new_token(self, token: Token) -> str:
        """Ask the token endpoint (client credentials)."""
        form = {"grant_type": "client_credentials"}
        form |= self.secrets.plain(
            {"client_id": token.client_id or "", "client_secret": token.client_secret or ""}
        )
        form |= {"scope": token.scope} if token.scope else {}
        response, body = self._send(self._client.build_request("POST", str(token.url), data=form))
        given = None if response.status_code == UNAUTHORISED else at(_json(response, body), token.token_path)
        if not given or not isinstance(given, str):
            raise Refusal(
                "pull.no_token",
                f"没有从 {token.url} 领到令牌。",
                "请核对 client_id、client_secret 和 token_path。",
            )
        return self.secrets.remember(given)

    def _wait(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        step = self.settings.wait_seconds
        if isinstance(failure, Passing) and failure.wait is not None:
            return failure.wait + random.uniform(0, step)
        return float(wait_exponential_jitter(multiplier=step, max=LONGEST_STEP, jitter=step)(state))


def at(body: Any, path: str) -> Any:
    """What stands at a path such as `data.list` or `$.items.0`; None if it leads nowhere."""
    for step in filter(None, path.removeprefix("$").split(".")):
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and step.isdigit() and int(step) < len(body):
            body = body[int(step)]
        else:
            return None
    return body


def _client(settings: HttpSettings, secrets: Secrets) -> httpx2.Client:
    headers = {"Accept": "application/json", **secrets.plain(settings.headers)}
    try:
        verify = ssl.create_default_context(cafile=settings.ca_file)
        return httpx2.Client(
            timeout=settings.timeout_seconds,
            verify=verify,
            trust_env=False,
            proxy=settings.proxy,
            headers=headers,
        )
    except (OSError, ValueError) as error:
        raise Refusal(
            "pull.settings",
            f"证书文件 {settings.ca_file or '（没有写）'} 或代理 {settings.proxy or '（没有写）'} 不能用：{error}。",
            "请更正来源定义里的 ca_file 或 proxy。",
        ) from error


def _with(url: str, parameters: Mapping[str, Any]) -> httpx2.URL:
    """The address with parameters added to those it has (httpx would replace them)."""
    return httpx2.URL(url).copy_merge_params(dict(parameters)) if parameters else httpx2.URL(url)


def _refuse_status(response: httpx2.Response) -> None:
    status = response.status_code
    if status == BUSY or status >= 500:
        wait = _asked_wait(response.headers.get("retry-after"))
        if wait and wait > LONGEST_WAIT:
            raise Refusal(
                "pull.told_to_wait",
                f"对方要求 {wait:.0f} 秒后再来（{status}）。",
                "到下一个时点会再取；可把取数时间错开。",
            )
        raise Passing(f"对方正忙或出错（{status}）。", wait)
    if status == UNAUTHORISED or status < 300:
        return
    if status < 400:
        place = httpx2.URL(response.headers.get("location", "")).copy_with(query=None)
        raise Refusal("pull.moved", f"对方把地址转到 {place}（{status}）。", "请核对后更正来源定义里的地址。")
    said = "没有权限" if status == 403 else "没有这个地址" if status == 404 else "对方不接受这个请求"
    raise Refusal("pull.rejected", f"{said}（{status}）。", "请按对方的接口文档核对地址、参数和授权范围。")


def _asked_wait(text: str | None) -> float | None:
    """Retry-After: seconds or a date."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    with suppress(ValueError):
        moment = parsedate_to_datetime(text)
        return (
            max(0.0, (moment - datetime.now(moment.tzinfo or UTC)).total_seconds()) if moment.tzinfo else None
        )
    return None


def _refuse_certificate(error: Exception) -> None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise Refusal(
                "pull.certificate",
                f"对方的证书没有通过校验：{cause.verify_message}。",
                "对方用自建证书机构时，把机构证书写进 ca_file；校验不能关闭。",
            ) from error
        cause = cause.__cause__ or cause.__context__


def _json(response: httpx2.Response, body: bytes) -> Any:
    """Numbers stay as they are written: 0.10 is not 0.1, and 18 digits are not 9.13E+17."""
    try:
        text: str | bytes = body.decode(response.charset_encoding) if response.charset_encoding else body
        return json.loads(text, parse_float=str)
    except (ValueError, LookupError, RecursionError) as error:
        raise Refusal(
            "pull.no_json",
            f"对方的回答不是 JSON（{response.status_code}，{response.headers.get('content-type', '没有写类型')}）。",
            "请核对地址；前面的网关或登录页也会这样回答。",
        ) from error
