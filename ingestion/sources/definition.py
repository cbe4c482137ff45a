"""Definitions (来源定义): what a source is, read from TOML and checked whole before anything is stored.

A password or token never stands here: a definition names the environment variable, or the file in
`data/secrets`, that holds it, and refuses texts that look like one.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ingestion.datasets import DATASETS
from registry.errors import Refusal

NAME = re.compile(r"[\w\-]{1,60}")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECRETIVE = re.compile(
    r"token|secret|passw|pwd|authorization|cookie|signature|ticket|(api|app|access|private)[-_]?key",
    re.IGNORECASE,
)
"""Names of parameters and headings whose values are secrets."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(_Strict):
    """Where a secret (密钥) is kept: an environment variable, or a file of `data/secrets`."""

    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def one_place(self) -> "Secret":
        """Exactly one of the two, and a file name without a path."""
        if bool(self.env) == bool(self.file):
            raise ValueError("写 env（环境变量名）或 file（data/secrets 里的文件名），只写一个")
        if self.file and Path(self.file).name != self.file:
            raise ValueError("file 只写文件名，文件放在 data/secrets 里")
        return self


Value = str | int | Secret
"""A parameter: a plain text, or where its secret text is kept."""


class _Settings(_Strict):
    alarm_after: int = Field(default=3, ge=1)
    """So many failures in a row are said loudly on the page."""


class FolderSettings(_Settings):
    """A drop folder (文件夹投放)."""

    folder: str | None = None
    """Unset: the inbox of the settings."""
    settle_seconds: float = Field(default=5.0, ge=0)
    """A file is taken when its size has not changed for so long."""
    done_marker: bool = False
    """Take a file only once `<name>.done` lies beside it."""


class Token(_Strict):
    """How the interface knows us (令牌): a fixed token, or one asked for with an id and a secret."""

    place: Literal["bearer", "header", "query"] = "bearer"
    name: str = "Authorization"
    """Of the header or the parameter."""
    value: Secret | None = None
    url: str | None = None
    """Token endpoint (OAuth 2 client credentials); the token is renewed when the interface answers 401."""
    client_id: Value | None = None
    client_secret: Secret | None = None
    scope: str | None = None
    token_path: str = "access_token"

    @model_validator(mode="after")
    def complete(self) -> "Token":
        """Either a value, or an endpoint with its id and secret."""
        asked = (self.url, self.client_id, self.client_secret)
        if (self.value is None) == (self.url is None) or (self.url and not all(asked)):
            raise ValueError("写 value，或写齐 url、client_id、client_secret")
        return self


class Paging(_Strict):
    """How the interface hands out its pages (分页)."""

    style: Literal["none", "page", "offset", "cursor", "link"] = "none"
    parameter: str = ""
    """Of the page number, the offset or the cursor."""
    size_parameter: str = ""
    size: int = Field(default=500, ge=1)
    first: int = 1
    """Number of the first page."""
    total_path: str = ""
    """Where the answer says how many records there are: ends the reading, and shows that data moved."""
    next_path: str = ""
    """Where the next cursor or the next page's address stands; unset with `link`: the Link header."""

    @model_validator(mode="after")
    def named(self) -> "Paging":
        """Each style needs its own names."""
        if self.style in ("page", "offset", "cursor") and not self.parameter:
            raise ValueError(f"分页方式 {self.style} 要写 parameter")
        if self.style == "cursor" and not self.next_path:
            raise ValueError("分页方式 cursor 要写 next_path")
        return self


class Watermark(_Strict):
    """How far was read (水位): the field that tells when a record changed, and how it is asked for."""

    field: str
    parameter: str
    kind: Literal["time", "number", "text"] = "time"
    format: str | None = None
    """strftime format of a time; unset: ISO 8601."""
    start: str | None = None
    """Where the very first pull begins; unset: everything."""
    overlap: int | None = Field(default=None, ge=0)
    """Asked again from so much earlier: seconds of a time (600), units of a number (0)."""


class HttpSettings(_Settings):
    """An interface (接口)."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    """With POST the parameters are sent as one JSON object."""
    parameters: dict[str, Value] = {}
    headers: dict[str, Value] = {}
    token: Token | None = None
    records: str = ""
    """Where the records stand in the answer, e.g. `data.list`; unset: the answer itself is the list."""
    key: tuple[str, ...] = ()
    """What tells records apart; of two versions read in one pull the later is kept."""
    fields: tuple[str, ...] = ()
    """Keep only these; unset: everything but personal columns."""
    success_path: str = ""
    success_values: tuple[str, ...] = ("0", "200", "true", "True", "success")
    message_path: str = ""
    paging: Paging = Paging()
    watermark: Watermark | None = None
    file_name: str | None = None
    timeout_seconds: float = Field(default=30.0, gt=0)
    attempts: int = Field(default=5, ge=1, le=20)
    wait_seconds: float = Field(default=1.0, ge=0)
    """First wait before trying again; it doubles, jittered, up to a minute."""
    max_pages: int = Field(default=10_000, ge=1)
    max_megabytes: int = Field(default=500, ge=1)
    max_minutes: float = Field(default=120.0, gt=0)
    plain_http: bool = False
    """Allow http:// to another machine: everything, the token too, is readable on the way."""
    ca_file: str | None = None
    """Certificates of an own authority (PEM). Certificates are always verified."""
    proxy: str | None = None

    @model_validator(mode="after")
    def open_and_safe(self) -> "HttpSettings":
        """Addresses without secrets, encrypted unless said otherwise; secrets only by name."""
        token_url = self.token.url if self.token else None
        for address in (self.url, token_url, self.proxy):
            refuse_secret_in(address or "")
        for address in (self.url, token_url or self.url):
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("地址要以 https:// 开头")
            if parts.scheme == "http" and parts.hostname not in LOOPBACK and not self.plain_http:
                raise ValueError(
                    "http 不加密，令牌会被看到；请用 https，内网确需 http 时写 plain_http = true"
                )
        for name, value in (*self.parameters.items(), *self.headers.items()):
            if SECRETIVE.search(name) and not isinstance(value, Secret):
                raise ValueError(f"{name} 像是密钥，请写成 {{ env = … }} 或 {{ file = … }}")
        return self


class ViewSettings(_Settings):
    """A view or table in another database (数据库视图)."""

    url: str
    """SQLAlchemy URL without a password."""
    password: Secret | None = None
    view: str
    schema_name: str | None = Field(default=None, alias="schema")
    columns: tuple[str, ...] = ()
    """Unset: all but personal ones."""
    watermark: str | None = None
    """The column that tells when a row changed; unset: everything each time."""
    key: tuple[str, ...] = ()
    start: str | None = None
    overlap: int | None = Field(default=None, ge=0)
    """Seconds of a time (300), units of a number (0)."""
    batch_rows: int = Field(default=5_000, ge=1)
    max_rows: int = Field(default=1_000_000, ge=1)
    file_name: str | None = None

    @model_validator(mode="after")
    def without_secret(self) -> "ViewSettings":
        """The URL names the user; the password stands elsewhere."""
        refuse_secret_in(self.url)
        return self


Settings = FolderSettings | HttpSettings | ViewSettings
KINDS: dict[str, type[FolderSettings] | type[HttpSettings] | type[ViewSettings]] = {
    "folder": FolderSettings, "http": HttpSettings, "view": ViewSettings,
}  # fmt: skip
KIND_TITLES = {"folder": "文件夹投放", "http": "接口拉取", "view": "数据库视图"}


class Definition(_Strict):
    """One source. Exactly one of `folder`, `http`, `view` says which kind."""

    name: Annotated[str, Field(max_length=60)]
    office: str | None = None
    dataset: str | None = None
    profile: str | None = None
    cron: str | None = None
    folder: FolderSettings | None = None
    http: HttpSettings | None = None
    view: ViewSettings | None = None

    @model_validator(mode="after")
    def consistent(self) -> "Definition":
        """One kind; a known dataset or a profile; a timetable that can be read."""
        if not NAME.fullmatch(self.name):
            raise ValueError("name 只用字母、汉字、数字、- 和 _")
        if sum(getattr(self, kind) is not None for kind in KINDS) != 1:
            raise ValueError("写 [folder]、[http]、[view] 其中一节，只写一节")
        if self.dataset and self.dataset not in DATASETS:
            raise ValueError(f"没有数据集 {self.dataset}；可用：{'、'.join(DATASETS)}")
        if self.dataset and self.profile:
            raise ValueError("dataset 和 profile 只写一个：对照方案里已写明数据集")
        if self.kind != "folder" and not (self.dataset or self.profile):
            raise ValueError("写 dataset（按数据标准的列）或 profile（对照方案）")
        if self.cron:
            try:
                CronTrigger.from_crontab(self.cron)
            except ValueError as error:
                raise ValueError(f"cron 写成五段“分 时 日 月 周”（{error}）") from error
        return self

    @property
    def kind(self) -> str:
        """folder, http or view."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def settings(self) -> Settings:
        """The settings of its kind."""
        return getattr(self, self.kind)


def read_definition(path: Path) -> Definition:
    """A definition from a TOML file. Raises Refusal source.unreadable, source.malformed naming every wrong entry."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refusal(
            "source.unreadable", f"来源定义“{path.name}”读不了：{error}。", "请修正这个 TOML 文件。"
        ) from error
    return checked(path.name, content)


def checked(what: str, content: dict[str, Any]) -> Definition:
    """The definition of a mapping. Raises Refusal source.malformed; values are not repeated, they may be secret."""
    try:
        return Definition(**content)
    except ValidationError as wrong:
        said = "；".join(
            f"{'.'.join(str(part) for part in e['loc']) or '整体'}：{_said(e)}" for e in wrong.errors()
        )
        raise Refusal(
            "source.malformed", f"来源定义“{what}”不能用：{said}。", "请对照 docs/sources.md 更正。"
        ) from None


def settings_of(kind: str, stored: dict[str, Any]) -> Settings:
    """The settings of a stored source. Raises Refusal source.malformed."""
    try:
        return KINDS[kind](**stored)
    except ValidationError as wrong:
        said = "；".join(f"{'.'.join(str(part) for part in e['loc'])}：{_said(e)}" for e in wrong.errors())
        remedy = "请用 wurao source add FILE.toml --replace 重新登记。"
        raise Refusal("source.malformed", f"来源的设置不能用：{said}。", remedy) from None


def refuse_secret_in(address: str) -> None:
    """Raise ValueError for an address that carries a password or a token."""
    parts = urlsplit(address)
    if parts.password or any(SECRETIVE.search(name) for name, _ in parse_qsl(parts.query)):
        raise ValueError("地址里不能写密码或令牌；请写成 { env = … } 或 { file = … }")


_SAID = {"missing": "没有填写", "extra_forbidden": "不认识这一项"}


def _said(error: Any) -> str:
    """What is wrong with one entry, in Chinese where we have the words."""
    if error["type"] in _SAID:
        return _SAID[error["type"]]
    if error["type"] == "literal_error":
        return f"只能是 {error['ctx']['expected'].replace(' or ', ' 或 ')}"
    return str(error["msg"]).removeprefix("Value error, ")
