"""The administrator's pages (系统管理): accounts, and nothing about any enterprise."""

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from portal import accounts
from portal.guard import Permission, Visitor, form_of_guarded, guard
from portal.house import House
from portal.web.pages import render, see
from registry.errors import Refusal

router = APIRouter(prefix="/administrator", include_in_schema=False)


@router.get("")
def account_list(request: Request, visitor: Visitor = guard(Permission.ACCOUNT_ADMINISTER)) -> Response:
    """All accounts and the form for a new one."""
    return _list(request)


@router.post("/accounts")
def open_account(
    request: Request,
    visitor: Visitor = guard(Permission.ACCOUNT_ADMINISTER),
    form: FormData = form_of_guarded(),
) -> Response:
    """Open an account; its one-time password is on this answer and nowhere else, so this one does not redirect."""
    house: House = request.app.state.house
    values = {name: str(form.get(name, "")).strip() for name in ("login", "role", "subject", "display_name")}
    password = accounts.create_account(house.engine, made_by=visitor.login, **values)
    return _list(request, opened={"login": values["login"], "password": password})


@router.post("/accounts/{account_id}/close")
def close_account(
    request: Request, account_id: int, visitor: Visitor = guard(Permission.ACCOUNT_ADMINISTER)
) -> Response:
    """Switch an account off; its sessions end with it."""
    if account_id == visitor.account_id:
        raise Refusal("account.own", "不能停用正在使用的账户。", "请由另一名管理员办理。", 409)
    house: House = request.app.state.house
    with house.engine.begin() as connection:
        accounts.close_account(connection, account_id, visitor.login)
    return see("/administrator")


def _list(request: Request, opened: dict[str, str] | None = None) -> Response:
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = accounts.all_accounts(connection)
    return render(request, "administrator/accounts.html", accounts=rows, roles=accounts.ROLES, opened=opened)
