"""Commands for accounts: open, close, list. There is no default account; the first one is opened here."""

from typing import Annotated

import typer
from rich.table import Table

from portal.accounts import ROLES, all_accounts, close_account, create_account
from portal.cli.console import Json, app, opened, out, tell

account_commands = typer.Typer(
    no_args_is_help=True, help="Accounts: open with a one-time password, close, list."
)
app.add_typer(account_commands, name="account")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]


@account_commands.command(name="open")
def open_one(
    login: str,
    role: Annotated[str, typer.Option(help=" / ".join(ROLES))],
    subject: Annotated[str, typer.Option(help="office code, staff number or enterprise code, by role")],
    name: Annotated[str, typer.Option(help="name shown on the pages")],
    by: Actor,
    as_json: Json = False,
) -> None:
    """Open an account (开户): its password is shown once and must be changed at the first sign-in."""
    with opened() as (database, _, _):
        password = create_account(database.engine_for("portal"), login, role, subject, name, by)
    tell(
        {"login": login, "password": password},
        as_json,
        f"账户 {login} 的一次性密码：{password}（首次登录须更改，不再显示）",
    )


@account_commands.command()
def close(account: int, by: Actor, as_json: Json = False) -> None:
    """Switch an account off (停用) and end its sessions at once."""
    with opened() as (database, _, _), database.engine_for("portal").begin() as connection:
        close_account(connection, account, by)
    tell({"closed": account}, as_json, f"账户 {account} 已停用，其会话已结束。")


@account_commands.command(name="list")
def list_accounts(as_json: Json = False) -> None:
    """Every account, its role and whether it is active."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        accounts = [dict(row) for row in all_accounts(connection)]

    def show() -> None:
        table = Table("编号", "登录名", "角色", "所属", "姓名", "有效")
        for row in accounts:
            shown = (
                row["id"],
                row["login"],
                ROLES[row["role"]],
                row["subject"],
                row["display_name"],
                row["active"],
            )
            table.add_row(*map(str, shown))
        out.print(table)

    tell(accounts, as_json, show)
