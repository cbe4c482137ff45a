"""A vendor's interface on loopback: it pages, demands tokens, fails now and then, and changes while it is read."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from tests.ingestion.papers import good

STATIC, CLIENT_SECRET = "tok-5f3a-static-9921", "cs-very-secret-77"


def complaint(number: int, minute: int) -> dict[str, str]:
    """A record under the standard headings; its update time goes up by the minute."""
    changed = f"2026-03-02 {9 + minute // 60:02d}:{minute % 60:02d}:00"
    return good("complaint", 投诉举报编号=f"TS{number:05d}", 数据更新时间=changed)


@dataclass
class Vendor:
    """The records and moods of the other side. `asked` keeps every question in order."""

    records: list[dict[str, Any]] = field(default_factory=list)
    page_limit: int = 1_000
    """It never gives more than so many at once, whatever was asked."""
    moods: list[Callable[[Request], Response | None]] = field(default_factory=list)
    """Each is used up by one question: an answer instead of the page, or something done before it."""
    tokens: set[str] = field(default_factory=lambda: {STATIC})
    token_life: int = 10_000
    """Questions that a handed-out token is good for."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    handed_out: list[str] = field(default_factory=list)
    address: str = ""

    def since(self, wanted: str | None) -> list[dict[str, Any]]:
        """Records changed at or after a time, in order of change."""
        rows = sorted(self.records, key=lambda r: (r["数据更新时间"], r["投诉举报编号"]))
        return [r for r in rows if wanted is None or r["数据更新时间"] >= wanted]

    def answer(self, request: Request, path: str) -> Response:
        """One question."""
        query = dict(request.query_params)
        self.asked.append({"path": path, **query, "at": time.monotonic()})
        if self.moods and (answer := self.moods.pop(0)(request)) is not None:
            return answer
        given = request.headers.get("authorization", "").removeprefix("Bearer ") or query.get("ticket", "")
        given = given or request.headers.get("x-app-key", "")
        if given not in self.tokens:
            return JSONResponse({"error": "token"}, 401)
        if given in self.handed_out:
            self.token_life -= 1
            if self.token_life <= 0:
                self.tokens.discard(given)
                self.token_life = 10_000
        rows = self.since(query.get("updatedSince"))
        size = min(int(query.get("size", 100)), self.page_limit)
        return self.page(path, query, rows, size)

    def page(self, path: str, query: dict[str, str], rows: list[dict[str, Any]], size: int) -> Response:
        """A page in the style of the path."""
        if path == "numbered":
            start = (int(query.get("page", 1)) - 1) * size
        else:
            start = int(query.get("offset") or query.get("cursor") or 0)
        part, after = rows[start : start + size], start + size
        more = after < len(rows)
        body: dict[str, Any] = {"code": 0, "data": {"list": part, "total": len(rows)}}
        headers = {}
        if path == "cursor":
            body["data"] = {"list": part, "next": str(after) if more else None}
        if path == "linked":
            body["data"] = {"list": part}
            keep = f"&updatedSince={query['updatedSince']}" if "updatedSince" in query else ""
            headers = (
                {"Link": f'<{self.address}/linked?offset={after}&size={size}{keep}>; rel="next"'}
                if more
                else {}
            )
        return JSONResponse(body, headers=headers)

    def hand_out(self, form: dict[str, Any]) -> Response:
        """The token endpoint."""
        if form.get("client_secret") != CLIENT_SECRET or form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "invalid_client"}, 401)
        token = f"handed-out-{len(self.handed_out)}-zz"
        self.handed_out.append(token)
        self.tokens.add(token)
        return JSONResponse({"access_token": token, "expires_in": 60})


def failing(status: int, **headers: str) -> Callable[[Request], Response]:
    """A mood: that status once."""
    return lambda _: Response("busy", status, headers={k.replace("_", "-"): v for k, v in headers.items()})


@contextmanager
def open_vendor(certificate: Path | None = None) -> Iterator[Vendor]:
    """The vendor, served by uvicorn on a free port as long as the context lasts; over TLS with a certificate."""
    vendor, app = Vendor(), FastAPI()

    @app.post("/oauth/token")
    async def token(request: Request) -> Response:
        return vendor.hand_out(dict(await request.form()))

    @app.get("/{path}")
    def page(request: Request, path: str) -> Response:
        return vendor.answer(request, path)

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ssl_certfile=certificate)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    vendor.address = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    yield vendor
    server.should_exit = True
    thread.join(10)
