"""Signing in and out, passwords, and the type size: what every role meets first."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import Response

from portal import sessions
from portal.guard import Permission, Visitor, form_of_guarded, guard, public
from portal.house import House
from portal.navigation import HOMES
from portal.web.pages import LARGE_TYPE, render, see
from registry import journal
from registry.errors import Refusal

router = APIRouter(include_in_schema=False)

_REFUSED = "登录名或密码不对，或账户已锁定（连续失败 5 次会锁定一段时间）。"


@router.get("/sign-in", dependencies=[public()])
def sign_in_page(request: Request) -> Response:
    """The sign-in form."""
    return render(request, "sign_in.html", back="/", notice="")


@router.post("/sign-in", dependencies=[public()])
async def read_sign_in(request: Request) -> Response:
    """Open a session and go to the role's own page."""
    form = await request.form()
    return await run_in_threadpool(_sign_in, request, form)


@router.post("/sign-out")
def sign_out(request: Request, visitor: Visitor = guard(Permission.ACCOUNT_SELF)) -> Response:
    """End this session."""
    house: House = request.app.state.house
    with house.engine.begin() as connection:
        sessions.revoke(connection, token_hash=visitor.token_hash)
        journal.append(connection, visitor.login, "session.close", f"account:{visitor.account_id}", {})
    answer = see("/sign-in")
    answer.delete_cookie(sessions.COOKIE)
    return answer


@router.get("/password")
def password_page(request: Request, visitor: Visitor = guard(Permission.ACCOUNT_SELF)) -> Response:
    """The form for a new password."""
    return render(request, "password.html")


@router.post("/password")
def set_password(
    request: Request,
    visitor: Visitor = guard(Permission.ACCOUNT_SELF),
    form: FormData = form_of_guarded(),
) -> Response:
    """Set a new password; every other session of the account ends."""
    house: House = request.app.state.house
    old, new, again = (str(form.get(name, "")) for name in ("old", "new", "again"))
    if new != again:
        raise Refusal("account.password_repeat", "两次输入的新密码不一致。", "请重新输入。")
    with house.engine.begin() as connection:
        token = sessions.change_password(connection, house.settings, visitor, old, new)
    return _with_session(house, see(HOMES.get(visitor.role, "/")), token)


@router.post("/type-size", dependencies=[public()])
async def type_size(request: Request) -> Response:
    """Large type on or off (适老化), kept in a cookie."""
    form = await request.form()
    answer = see(_own_path(str(form.get("back", "/"))))
    large = request.cookies.get(LARGE_TYPE) == "1"
    answer.set_cookie(LARGE_TYPE, "0" if large else "1", max_age=31_536_000, httponly=True, samesite="lax")
    return answer


def _sign_in(request: Request, form: FormData) -> Response:
    house: House = request.app.state.house
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    with house.engine.begin() as connection:
        token = sessions.sign_in(connection, house.settings, login, password) if login and password else None
        visitor = sessions.find_visitor(connection, house.settings, token)
    if token is None or visitor is None:
        return render(
            request, "sign_in.html", status=401, back=_own_path(str(form.get("back", "/"))), notice=_REFUSED
        )
    home = HOMES.get(visitor.role, "/")
    wished = _own_path(str(form.get("back", "/")))
    target = wished if wished == home or wished.startswith(f"{home}/") else home
    return _with_session(house, see("/password" if visitor.must_change_password else target), token)


def _with_session(house: House, answer: Response, token: str) -> Response:
    answer.set_cookie(
        sessions.COOKIE,
        token,
        httponly=True,
        samesite="lax",
        secure=house.settings.secure_cookies,
        max_age=house.settings.session_hours * 3600,
    )
    return answer


def _own_path(path: str) -> str:
    """Only a path of ours: an open redirect would lend our name to another site."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
