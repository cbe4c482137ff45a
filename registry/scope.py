"""Scope (数据权限): who may see which rows. It refuses rather than guesses.

Province sees all, a city its city, a district its district, a 所 its own area (requirements.md 1.15): the
tree of offices decides, never the digits of a code. A scope is built once a request; without one there is
no statement to run, so a missing office can only end in a refusal, never in the whole table.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from registry.errors import Refusal
from registry.facts import as_of
from registry.tables.enterprise import Enterprise
from registry.tables.library import Inspector, Office
from registry.tables.visit import Visit, VisitMember


@dataclass(frozen=True)
class Scope:
    """What one signed-in person may see. Exactly one of the three holds something, by `role`."""

    role: str
    offices: frozenset[str] = frozenset()
    whole_place: bool = False
    staff_no: str | None = None
    enterprise_code: str | None = None


def scope_of(connection: Connection, role: str, subject: str | None, day: date) -> Scope:
    """The scope of an account as of a day. Raises Refusal scope.* (403) whenever it cannot be certain."""
    if not subject or not subject.strip():
        raise Refusal(
            "scope.no_subject", "这个账户没有登记所属机构、工号或主体代码。", "请管理员补登后再登录。", 403
        )
    if role == "staff":
        return _office_scope(connection, subject, day)
    if role == "inspector":
        return _inspector_scope(connection, subject, day)
    if role == "enterprise":
        return _enterprise_scope(connection, subject)
    raise Refusal("scope.unknown_role", f"角色“{role}”没有数据权限。", "请管理员核对账户角色。", 403)


def office_rows(scope: Scope, localadm: Any) -> ColumnElement[bool]:
    """Rows of the staff member's own office and those below it; a row without 管辖单位 is nobody's."""
    if scope.role != "staff" or not scope.offices:
        raise not_yours()
    return localadm.in_(sorted(scope.offices))


def own_rows(scope: Scope, enterprise_code: Any) -> ColumnElement[bool]:
    """Rows about the enterprise itself."""
    if scope.role != "enterprise" or not scope.enterprise_code:
        raise not_yours()
    return enterprise_code == scope.enterprise_code


def member_rows(scope: Scope) -> ColumnElement[bool]:
    """Visits in which the inspector is a member."""
    if scope.role != "inspector" or not scope.staff_no:
        raise not_yours()
    return Visit.id.in_(select(VisitMember.visit_id).where(VisitMember.staff_no == scope.staff_no))


def require_whole_place(scope: Scope) -> None:
    """Acts on the whole place (plans, draws, complete sheets) belong to its highest office."""
    if not scope.whole_place:
        raise Refusal(
            "scope.not_whole_place",
            "这件事涉及全辖区，只能由本地最高一级机构办理。",
            "请报上级机构办理。",
            403,
        )


def not_yours() -> Refusal:
    """One answer for 'does not exist' and 'is not yours', so that guessing teaches nothing."""
    return Refusal("scope.not_yours", "没有这条记录，或不在您的权限范围内。", "请从列表中重新选择。", 404)


def _office_scope(connection: Connection, subject: str, day: date) -> Scope:
    offices = as_of(Office, day).subquery()
    parents = {
        row.office: row.parent for row in connection.execute(select(offices.c.office, offices.c.parent))
    }
    if subject not in parents:
        raise Refusal(
            "scope.unknown_office", f"机构“{subject}”不在机构名录里。", "请管理员核对账户的机构。", 403
        )
    below = {office for office in parents if subject in _line_of(office, parents)}
    return Scope("staff", frozenset(below), whole_place=_is_top(subject, parents))


def _is_top(office: str, parents: dict[str, str | None]) -> bool:
    parent = parents[office]
    return not parent or parent not in parents


def _line_of(office: str, parents: dict[str, str | None]) -> list[str]:
    """The office and all above it; stops at a loop, which a wrong file could contain."""
    line: list[str] = []
    current: str | None = office
    while current and current in parents and current not in line:
        line.append(current)
        current = parents[current]
    return line


def _inspector_scope(connection: Connection, subject: str, day: date) -> Scope:
    people = as_of(Inspector, day).subquery()
    active = connection.execute(
        select(people.c.active).where(people.c.staff_no == subject)
    ).scalar_one_or_none()
    if not active:
        raise Refusal(
            "scope.unknown_inspector", "工号不在有效的执法检查人员名录里。", "请管理员核对人员名录。", 403
        )
    return Scope("inspector", staff_no=subject)


def _enterprise_scope(connection: Connection, subject: str) -> Scope:
    known = select(Enterprise.id).where(Enterprise.enterprise_code == subject).limit(1)
    if connection.execute(known).first() is None:
        raise Refusal("scope.unknown_enterprise", "主体代码不在登记信息里。", "请向登记机关核对代码。", 403)
    return Scope("enterprise", enterprise_code=subject)
