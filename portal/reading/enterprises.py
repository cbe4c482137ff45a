"""Enterprises by code (经营主体): the registration in force today, for names and addresses on pages."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from registry import clock
from registry.facts import as_of
from registry.scope import Scope, office_rows, own_rows
from registry.tables.enterprise import Enterprise
from registry.tables.judgement import Warning
from registry.tables.library import CheckItem, Inspector, InspectorCertificate


def by_code(connection: Connection, codes: Iterable[str]) -> dict[str, RowMapping]:
    """Code → its registration in force; unknown codes are left out."""
    wanted = sorted(set(codes))
    latest = _latest_registration().where(Enterprise.enterprise_code.in_(wanted))
    return {row["enterprise_code"]: row for row in connection.execute(latest).mappings()}


def named_like(connection: Connection, text: str, limit: int = 500) -> list[str]:
    """Codes whose name or code, now or earlier, contains `text`."""
    escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{escaped}%"
    found = (
        select(Enterprise.enterprise_code)
        .where(Enterprise.entname.ilike(pattern) | Enterprise.enterprise_code.ilike(pattern))
        .distinct()
        .limit(limit)
    )
    return list(connection.scalars(found))


def items_by_code(connection: Connection, codes: Iterable[str]) -> dict[str, RowMapping]:
    """Item code → the check item's version in force today (抽查事项)."""
    columns = CheckItem.__table__.c
    latest = (
        select(*columns)
        .where(columns.known_at < clock.end_of(clock.today()), columns.item_code.in_(sorted(set(codes))))
        .ext(distinct_on(columns.natural_key))
        .order_by(columns.natural_key, columns.known_at.desc(), columns.id.desc())
    )
    return {row["item_code"]: row for row in connection.execute(latest).mappings()}


def people_by_staff_no(connection: Connection, staff_nos: Iterable[str]) -> dict[str, dict[str, str]]:
    """Staff number → name, department and 执法证号, which may be shown at a visit (亮证)."""
    wanted = sorted(set(staff_nos))
    columns = Inspector.__table__.c
    people = (
        select(*columns)
        .where(columns.staff_no.in_(wanted), columns.known_at < clock.end_of(clock.today()))
        .order_by(columns.known_at, columns.id)
    )
    found = {
        row["staff_no"]: {"name": row["name"], "department": row["department"], "certificate": "—"}
        for row in connection.execute(people).mappings()
    }
    cards = (
        select(InspectorCertificate.staff_no, InspectorCertificate.certificate_no)
        .where(
            InspectorCertificate.staff_no.in_(wanted),
            InspectorCertificate.kind == "执法证",
            InspectorCertificate.known_at < clock.end_of(clock.today()),
        )
        .order_by(InspectorCertificate.valid_to)
    )
    for row in connection.execute(cards):
        if row.staff_no in found:
            found[row.staff_no]["certificate"] = row.certificate_no
    return found


def _latest_registration() -> Select[tuple[object, ...]]:
    columns = Enterprise.__table__.c
    return (
        select(*columns)
        .where(columns.known_at < clock.end_of(clock.today()))
        .ext(distinct_on(columns.enterprise_code))
        .order_by(columns.enterprise_code, columns.known_at.desc(), columns.id.desc())
    )


def warnings_in(
    connection: Connection, scope: Scope, place: str, page: int, size: int = 50
) -> dict[str, Any]:
    """The last round of warnings within an office's area: rows with the firm's name, and counts by kind."""
    firm = as_of(Enterprise, clock.today()).subquery()
    latest = select(func.max(Warning.as_of)).where(Warning.place == place).scalar_subquery()
    wanted = (
        select(Warning.__table__, firm.c.entname)
        .join(firm, firm.c.enterprise_code == Warning.enterprise_code)
        .where(Warning.place == place, Warning.as_of == latest, office_rows(scope, firm.c.localadm))
    )
    every = wanted.subquery()
    counted = connection.execute(select(every.c.kind, func.count()).group_by(every.c.kind)).all()
    ordered = wanted.order_by(Warning.deadline.nulls_last(), Warning.id).limit(size).offset((page - 1) * size)
    counts = {row[0]: row[1] for row in counted}
    return {
        "warnings": list(connection.execute(ordered).mappings()),
        "counts": counts,
        "pages": max(1, -(-sum(counts.values()) // size)),
    }


def own_warnings(connection: Connection, scope: Scope, place: str) -> list[RowMapping]:
    """The enterprise's own warnings of the last round: facts, basis, deadline, way out."""
    latest = select(func.max(Warning.as_of)).where(Warning.place == place).scalar_subquery()
    columns = [
        Warning.__table__.c[name] for name in ("as_of", "title", "sentence", "basis", "deadline", "way_out")
    ]
    wanted = (
        select(*columns)
        .where(Warning.place == place, Warning.as_of == latest, own_rows(scope, Warning.enterprise_code))
        .order_by(Warning.deadline.nulls_last(), Warning.id)
    )
    return list(connection.execute(wanted).mappings())
