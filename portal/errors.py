"""Errors at the doors (错误页): one page, one JSON shape, never a traceback."""

import secrets
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from portal.guard import SAFE_METHODS
from portal.house import House
from portal.web.pages import render
from registry import journal
from registry.errors import Refusal

log = structlog.get_logger()

_BY_STATUS = {
    404: ("http.not_found", "没有这个页面。", "请从菜单重新进入。"),
    405: ("http.method", "这个地址不接受这种请求。", "请从页面里操作。"),
    413: ("http.too_large", "提交的内容太大。", "请拆分后再提交。"),
}


def answer_errors(app: FastAPI) -> None:
    """Every way a request can fail ends in a sentence with what to do next."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(DataError, _unstorable)
    app.add_exception_handler(Exception, _unexpected)


def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    if error.code.startswith(("scope.", "guard.")):
        _journal_refusal(request, error)
    if error.code == "session.required" and not _wants_json(request):
        back = request.url.path if request.method in SAFE_METHODS else "/"
        return render(request, "sign_in.html", status=401, back=back, notice=error.sentence)
    return answer(request, error.status, error.code, error.sentence, error.remedy)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    fallback = ("http.refused", "请求未被接受。", "请返回后重试。")
    return answer(request, error.status_code, *_BY_STATUS.get(error.status_code, fallback))


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = "、".join(sorted({str(fault["loc"][-1]) for fault in error.errors()}))
    return answer(request, 422, "http.malformed", f"填写不完整或格式不对：{fields}。", "请更正后重新提交。")


def _unstorable(request: Request, error: Exception) -> Response:
    """Values that PostgreSQL cannot hold: a zero character, a number out of range."""
    return answer(
        request, 422, "http.unstorable", "填写的内容含有不能处理的字符或数字。", "请更正后重新提交。"
    )


def _unexpected(request: Request, error: Exception) -> Response:
    reference = secrets.token_hex(4)
    log.error("unexpected", reference=reference, path=request.url.path, exc_info=error)
    return answer(
        request,
        500,
        "internal",
        f"系统没能完成这一步（编号 {reference}）。",
        "请稍后重试；仍不行时把编号告诉管理员。",
    )


def answer(request: Request, status: int, code: str, sentence: str, remedy: str) -> Response:
    """The one shape of an error, as JSON under /api and for pages' own requests, else as a page."""
    error = {"code": code, "sentence": sentence, "remedy": remedy}
    if _wants_json(request):
        return JSONResponse({"error": error}, status)
    return render(request, "error.html", status=status, error=error)


def _wants_json(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or (
        "application/json" in accepted and "text/html" not in accepted
    )


def _journal_refusal(request: Request, refusal: Refusal) -> None:
    house: House = request.app.state.house
    visitor: Any = getattr(request.state, "visitor", None)
    detail = {"code": refusal.code, "method": request.method}
    try:
        with house.engine.begin() as connection:
            actor = visitor.login if visitor else "anonymous"
            journal.append(connection, actor, "access.refused", request.url.path[:200], detail)
    except SQLAlchemyError:
        log.error("journal unreachable", path=request.url.path)
