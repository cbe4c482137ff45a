"""Accounts (账户): no default one exists; the first administrator gets a password that works once."""

import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, insert, select, update

from portal import sessions
from portal.reading.roster import in_current_roster
from registry import clock, journal
from registry.errors import Refusal
from registry.facts import as_of
from registry.settings import load_settings
from registry.tables.account import Account
from registry.tables.enterprise import Enterprise
from registry.tables.judgement import Warning
from registry.tables.library import Inspector, Office
from registry.tables.paperwork import Notice
from registry.tables.visit import Visit, VisitMember

ROLES = {
    "staff": "监管机关工作人员",
    "inspector": "执法检查人员",
    "enterprise": "经营主体",
    "administrator": "系统管理员",
}
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class NewAccount:
    """What `open_account` needs. `subject` is an office, a staff number or an enterprise code, by role."""

    login: str
    role: str
    subject: str
    display_name: str


def create_account(
    engine: Engine, login: str, role: str, subject: str, display_name: str, made_by: str
) -> str:
    """Open an account; its one-time password, shown here and never again. Raises Refusal account.*."""
    with engine.begin() as connection:
        return open_account(connection, NewAccount(login, role, subject, display_name), made_by, once=True)


def open_account(connection: Connection, new: NewAccount, made_by: str, once: bool) -> str:
    """Open an account within a transaction; its random password, to be changed at first use if `once`."""
    if new.role not in ROLES:
        raise Refusal("account.role", f"没有角色“{new.role}”。", f"可选：{'、'.join(ROLES)}。")
    if not new.login.strip() or not new.subject.strip():
        raise Refusal("account.incomplete", "登录名和所属（机构、工号或主体代码）都要填写。", "请补全。")
    if connection.execute(select(Account.id).where(Account.login == new.login)).first():
        raise Refusal("account.taken", f"登录名 {new.login} 已存在。", "请换一个登录名。", 409)
    password = random_password()
    values = {
        "login": new.login,
        "password_hash": sessions.hash_password(password, load_settings()),
        "role": new.role,
        "subject": new.subject,
        "display_name": new.display_name,
        "must_change_password": once,
        "made_at": clock.now(),
    }
    number = connection.execute(insert(Account).values(**values).returning(Account.id)).scalar_one()
    journal.append(
        connection, made_by, "account.opened", f"account:{number}", {"login": new.login, "role": new.role}
    )
    return password


def all_accounts(connection: Connection) -> list[RowMapping]:
    """Every account without its hash."""
    columns = [column for column in Account.__table__.c if column.name != "password_hash"]
    return list(connection.execute(select(*columns).order_by(Account.id)).mappings())


def close_account(connection: Connection, account_id: int, actor: str) -> None:
    """Switch an account off and end its sessions at once."""
    connection.execute(update(Account).where(Account.id == account_id).values(active=False))
    sessions.revoke(connection, account_id=account_id)
    journal.append(connection, actor, "account.closed", f"account:{account_id}", {})


def create_demo_accounts(engine: Engine) -> list[tuple[str, str, str]]:
    """Accounts that show every door: (role, login, password). Only the demonstration calls this.

    Two officers of the highest office (one plans, the other approves), the inspector with the earliest visit,
    and an enterprise that has both a warning and a noticed visit where there is one. Run again, the same
    logins get new passwords.
    """
    with engine.begin() as connection:
        return [
            (ROLES[new.role], new.login, _open_again(connection, new)) for new in _demo_accounts(connection)
        ]


def random_password() -> str:
    """Sixteen easily read characters in four groups: 79 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _demo_accounts(connection: Connection) -> list[NewAccount]:
    today = clock.today()
    office = _highest_office(connection, today)
    found = []
    if office:
        found.append(NewAccount("zhangsan", "staff", office["office"], f"{office['office_name']} 计划岗"))
        found.append(NewAccount("lisi", "staff", office["office"], f"{office['office_name']} 审批岗"))
    if staff_no := _early_inspector(connection, today):
        name = _name_of(connection, Inspector, Inspector.staff_no == staff_no, staff_no)
        found.append(NewAccount("jiancha", "inspector", staff_no, name))
    if code := _warned_enterprise(connection):
        name = _name_of(connection, Enterprise, Enterprise.enterprise_code == code, code)
        found.append(NewAccount("qiye", "enterprise", code, name))
    return found


def _open_again(connection: Connection, new: NewAccount) -> str:
    known = connection.execute(select(Account.id, Account.subject).where(Account.login == new.login)).first()
    if known is None:
        return open_account(connection, new, "demo", once=False)
    password = random_password()
    values = {
        "password_hash": sessions.hash_password(password, load_settings()),
        "subject": new.subject,
        "display_name": new.display_name,
        "active": True,
        "failures": 0,
        "locked_until": None,
    }
    connection.execute(update(Account).where(Account.id == known.id).values(**values))
    sessions.revoke(connection, account_id=known.id)
    journal.append(connection, "demo", "account.reopened", f"account:{known.id}", {"login": new.login})
    return password


def _name_of(
    connection: Connection,
    table: type[Inspector] | type[Enterprise],
    which: ColumnElement[bool],
    otherwise: str,
) -> str:
    """The latest known name, for the corner of the page."""
    name = Inspector.name if table is Inspector else Enterprise.entname
    newest = select(name).where(which).order_by(table.known_at.desc(), table.id.desc()).limit(1)
    return str(connection.execute(newest).scalar_one_or_none() or otherwise)


def _highest_office(connection: Connection, day: date) -> RowMapping | None:
    offices = as_of(Office, day).subquery()
    known = {row["office"]: row for row in connection.execute(select(offices)).mappings()}
    tops = [row for row in known.values() if not row["parent"] or row["parent"] not in known]
    return min(tops, key=lambda row: row["office"], default=None)


def _early_inspector(connection: Connection, day: date) -> str | None:
    upcoming = (
        select(VisitMember.staff_no)
        .join(Visit, Visit.id == VisitMember.visit_id)
        .where(in_current_roster())
        .order_by(
            Visit.visit_date < day,
            Visit.visit_date,
            Visit.half,
            VisitMember.lead.desc(),
            VisitMember.staff_no,
        )
        .limit(1)
    )
    return connection.execute(upcoming).scalar_one_or_none()


def _warned_enterprise(connection: Connection) -> str | None:
    noticed = select(Notice.enterprise_code).where(Notice.enterprise_code == Warning.enterprise_code).exists()
    best = select(Warning.enterprise_code).order_by(noticed.desc(), Warning.enterprise_code).limit(1)
    return connection.execute(best).scalar_one_or_none()
