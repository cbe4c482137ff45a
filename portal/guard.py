"""The guard (门禁): every route says who may pass, and the app does not start if one forgets."""

from enum import StrEnum
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.datastructures import FormData

from portal import sessions
from portal.house import House
from portal.sessions import Visitor
from registry import clock, scope
from registry.errors import Refusal

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Permission(StrEnum):
    """What a person may do. A role is a set of these; a permission that no role holds opens nothing."""

    ACCOUNT_SELF = "account.self"
    ACCOUNT_ADMINISTER = "account.administer"
    BATCH_READ = "batch.read"
    BATCH_UPLOAD = "batch.upload"
    SOURCE_READ = "source.read"
    SOURCE_MANAGE = "source.manage"
    QUALITY_READ = "quality.read"
    BATCH_UNDO = "batch.undo"
    MATCH_DECIDE = "match.decide"
    GRADE_READ = "grade.read"
    GRADE_DECIDE = "grade.decide"
    GRADE_RELEASE = "grade.release"
    PLAN_READ = "plan.read"
    PLAN_MAKE = "plan.make"
    DRAW_CONDUCT = "draw.conduct"
    EXEMPTION_READ = "exemption.read"
    EXEMPTION_DECIDE = "exemption.decide"
    LEAD_HANDLE = "lead.handle"
    DISTURBANCE_READ = "disturbance.read"
    LIBRARY_READ = "library.read"
    LIBRARY_EDIT = "library.edit"
    ROSTER_READ = "roster.read"
    ROSTER_CHANGE = "roster.change"
    SHEET_DOWNLOAD = "sheet.download"
    WARNING_READ = "warning.read"
    WAIVER_DECIDE = "waiver.decide"
    RESULT_REVIEW = "result.review"
    CHECK_CARRY_OUT = "check.carry_out"
    OWN_AFFAIRS = "enterprise.own_affairs"


ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "administrator": frozenset({Permission.ACCOUNT_SELF, Permission.ACCOUNT_ADMINISTER}),
    "staff": frozenset(Permission)
    - {Permission.ACCOUNT_ADMINISTER, Permission.CHECK_CARRY_OUT, Permission.OWN_AFFAIRS},
    "inspector": frozenset({Permission.ACCOUNT_SELF, Permission.CHECK_CARRY_OUT}),
    "enterprise": frozenset({Permission.ACCOUNT_SELF, Permission.OWN_AFFAIRS}),
}


class Unguarded(Exception):
    """A route without a guard; the app must not start."""


def signed_in(request: Request) -> Visitor:
    """The visitor of the session cookie. Raises Refusal session.required (401)."""
    house: House = request.app.state.house
    with house.engine.begin() as connection:
        visitor = sessions.find_visitor(connection, house.settings, request.cookies.get(sessions.COOKIE))
    if visitor is None:
        raise Refusal("session.required", "请先登录，或登录已过期。", "重新登录后继续。", 401)
    request.state.visitor = visitor
    return visitor


async def sent_form(request: Request, visitor: Visitor = Depends(signed_in)) -> FormData | None:
    """The form of a changing request, read only once somebody is signed in; None for a reading one."""
    return None if request.method in SAFE_METHODS else await request.form()


class Guard:
    """Lets a visitor with `permission` pass; a changing request also needs its form token and our own Origin."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(
        self,
        request: Request,
        visitor: Visitor = Depends(signed_in),
        form: FormData | None = Depends(sent_form),
    ) -> Visitor:
        """The visitor, or Refusal guard.* (403)."""
        if self.permission not in ROLE_PERMISSIONS.get(visitor.role, frozenset()):
            raise Refusal("guard.not_permitted", "您的角色不能办理这件事。", "请换用有权限的账户。", 403)
        if visitor.must_change_password and self.permission is not Permission.ACCOUNT_SELF:
            raise Refusal("guard.change_password", "一次性密码只能用来设置新密码。", "请先设置新密码。", 403)
        if form is not None:
            refuse_foreign_form(request, form, visitor.csrf_token)
        return visitor


class Public:
    """Marks a route that anybody may read; changing requests still need our own Origin."""

    def __call__(self, request: Request) -> None:
        """Refusal guard.foreign_origin (403) for a form posted from elsewhere."""
        if request.method not in SAFE_METHODS:
            refuse_foreign_origin(request)


def guard(permission: Permission) -> Any:
    """`visitor: Visitor = guard(Permission.X)` in a route's signature."""
    return Depends(Guard(permission))


def public() -> Any:
    """`dependencies=[public()]` of a route that anybody may read."""
    return Depends(Public())


def form_of_guarded() -> Any:
    """The form that the guard has already checked, in a route's signature."""
    return Depends(sent_form)


def scope_for(request: Request, visitor: Visitor) -> scope.Scope:
    """The visitor's rows as of today. Raises Refusal scope.*."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        return scope.scope_of(connection, visitor.role, visitor.subject, clock.today())


def refuse_foreign_form(request: Request, form: FormData, expected: str) -> None:
    """Raises Refusal unless the form carries its session's token and comes from our own pages."""
    refuse_foreign_origin(request)
    if form.get("csrf_token") != expected:
        raise Refusal(
            "guard.stale_form",
            "这个表单不属于当前登录，可能已换了账户或重新登录。",
            "请刷新页面后重新提交。",
            403,
        )


def refuse_foreign_origin(request: Request) -> None:
    """Browsers name the page that posts; a foreign one is refused (CSRF)."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    behind_proxy = own.replace("http://", "https://", 1)
    if (origin and origin not in (own, behind_proxy)) or site in ("cross-site", "same-site"):
        raise Refusal("guard.foreign_origin", "请求来自别的网站，未予办理。", "请在本系统页面里操作。", 403)


def refuse_unguarded(app: FastAPI, static: tuple[str, ...]) -> None:
    """Raises Unguarded naming every route that declares no guard. `static` are the mounts and files that
    carry nothing about anybody (style sheets, the API's own description)."""
    bad = [
        str(context.path)
        for context in iter_route_contexts(app.routes)
        if context.path not in static and not guarded(context)
    ]
    if bad:
        raise Unguarded(f"routes without a guard: {', '.join(bad)}")


def guarded(context: RouteContext) -> bool:
    """Whether a route declares a guard, or that it is public."""
    if not isinstance(context.original_route, APIRoute):
        return False
    return any(isinstance(call, Guard | Public) for call in _calls(context.dependant))


def _calls(dependant: Dependant) -> list[Any]:
    calls: list[Any] = [dependant.call]
    for inner in dependant.dependencies:
        calls.extend(_calls(inner))
    return calls
