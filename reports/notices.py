"""Inspection notices (行政检查通知书): one for each visit, numbered without gaps, kept word for word."""

import secrets
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, extract, func, insert, select

from registry import clock, facts, journal
from registry.errors import Refusal
from registry.numbering import document_number, take_numbers
from registry.rules import Rulebook, load_rules
from registry.tables import Department, InspectionResult, Notice, RosterVersion, Visit
from reports.roster import NOTICE_KIND, RosterView, VisitLine, read_roster

DOOR_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 signs that nobody confuses when reading aloud: 16 of them are 80 bits."""

YearlyChecks = Mapping[tuple[str, str, int], int]


def issue_notices(
    engine: Engine, roster_id: int, as_of: date, actor: str = "wurao", door_url: str = ""
) -> list[int]:
    """Issue the notices of a roster's visits that have none yet; returns their ids in number order.

    All in one transaction: numbers follow on from the last one of each lead department and year, and a
    failure leaves no gap. `door_url` is put before the door code in the QR code. Issuing twice changes
    nothing. Raises Refusal notices.unchecked_roster, notices.superseded_roster or notices.too_late.
    """
    with engine.begin() as connection:
        view = read_roster(connection, roster_id)
        refuse_unfit(view, as_of)
        waiting = [visit for visit in view.visits if not visit.notice_no and not _is_history(visit, as_of)]
        if not waiting:
            return []
        rows = list(_rows(connection, view, waiting, as_of, door_url))
        issued = connection.execute(insert(Notice).returning(Notice.id, sort_by_parameter_order=True), rows)
        numbers = list(issued.scalars())
        detail = {"notices": len(rows), "first": rows[0]["number"], "last": rows[-1]["number"]}
        journal.append(connection, actor, "notice.issue", f"roster/{roster_id}", detail)
    return numbers


def refuse_unfit(view: RosterView, as_of: date) -> None:
    """Refuse a roster that nobody may be notified of: superseded, not staffed, found faulty, or already begun."""
    if view.roster["state"] == "superseded":
        raise Refusal("notices.superseded_roster", "这一版排班已被新版本替代。", "用最新版本发出通知书。")
    if view.roster["state"] != "checked":
        raise Refusal(
            "notices.unchecked_roster", "这一版排班还没有派员，或没有通过独立核验。", "派员并核验通过后再发。"
        )
    waiting = [visit for visit in view.visits if not visit.notice_no and not _is_history(visit, as_of)]
    late = [visit.visit_no for visit in waiting if visit.day < as_of]
    if late:
        raise Refusal(
            "notices.too_late",
            f"{len(late)} 次检查（如 {late[0]}）的日期早于 {as_of}。",
            "重新排期后再发通知。",
        )


def _is_history(visit: VisitLine, as_of: date) -> bool:
    """A visit of an earlier version whose day has passed: a later change of the roster does not announce it."""
    return visit.day < as_of and visit.first_id != visit.id


def read_notice(connection: Connection, notice_id: int) -> dict[str, Any]:
    """What a notice said, for printing it again. Raises Refusal notices.no_such_notice."""
    content = connection.execute(select(Notice.content).where(Notice.id == notice_id)).scalar_one_or_none()
    if content is None:
        raise Refusal(
            "notices.no_such_notice", f"没有编号为 {notice_id} 的通知书。", "先发出通知书。", status=404
        )
    return dict(content)


def door_code() -> str:
    """A new door code (入企码): 80 random bits in four groups of four signs."""
    signs = [secrets.choice(DOOR_ALPHABET) for _ in range(16)]
    return "-".join("".join(signs[place : place + 4]) for place in range(0, 16, 4))


def _rows(
    connection: Connection, view: RosterView, waiting: list[VisitLine], as_of: date, door_url: str
) -> list[dict[str, Any]]:
    book = load_rules()
    numbers = _numbers(connection, book, view.plan["place"], waiting, as_of)
    wording = _wording(book, view.plan["place"], as_of)
    names = _full_names(connection, as_of)
    done = yearly_checks(
        connection, view, as_of, book.value("caps.unplanned_types", view.plan["place"], as_of)
    )
    earlier = _earlier_notices(connection, view)
    made_at = clock.now()
    rows = []
    for visit in waiting:
        code, number = door_code(), numbers[visit.id].pop()
        previous_id, previous_number = earlier.get(visit.object_id, (None, None))
        content = notice_content(view, visit, wording, names, done)
        content |= {"number": number, "issued_on": as_of.isoformat(), "replaces": previous_number}
        content |= {"door_code": code, "door_link": f"{door_url}{code}"}
        rows.append(
            {
                "number": number, "kind": NOTICE_KIND, "visit_id": visit.first_id, "issued_on": as_of,
                "enterprise_code": visit.enterprise_code, "door_code": code, "content": content,
                "supersedes": previous_id, "made_at": made_at,
            }
        )  # fmt: skip
    return rows


def _numbers(
    connection: Connection, book: Rulebook, place: str, waiting: list[VisitLine], as_of: date
) -> dict[int, list[str]]:
    kind = book.value("notice.number_kind", place, as_of)
    words = book.value("notice.department_words", place, as_of)
    place_word = book.value("notice.place_word", place, as_of)
    taken: dict[int, list[str]] = defaultdict(list)
    for department, many in sorted(Counter(visit.lead_department for visit in waiting).items()):
        sequence = take_numbers(connection, f"{place}/{department}", kind, as_of.year, many)
        word = place_word + words.get(department, department)
        mine = [visit for visit in waiting if visit.lead_department == department]
        for visit, number in zip(mine, sequence, strict=True):
            taken[visit.id].append(document_number(word, kind, as_of.year, number))
    return taken


def _wording(book: Rulebook, place: str, on: date) -> dict[str, Any]:
    names = (
        "prohibitions",
        "rights",
        "materials",
        "assistants",
        "planned_kind",
        "contacts",
    )
    return {name: book.value(f"notice.{name}", place, on) for name in names}


def _full_names(connection: Connection, on: date) -> dict[str, str]:
    listed = facts.as_of(Department, on).subquery()
    rows = connection.execute(select(listed.c.department, listed.c.full_name))
    return {row.department: row.full_name for row in rows}


def yearly_checks(
    connection: Connection, view: RosterView, as_of: date, unplanned: list[str]
) -> dict[tuple[str, str, int], int]:
    """Planned on-site checks known by `as_of`, by (enterprise code, department, year): the 检查频次 of a notice.

    `unplanned` are the sources that no frequency counts. The cap itself depends on the class in some places,
    so a notice states how often, never how often at most.
    """
    result = facts.as_of(InspectionResult, as_of).subquery()
    year = extract("year", result.c.inspdate)
    codes = select(Visit.enterprise_code).where(Visit.roster_id == view.roster["id"])
    rows = connection.execute(
        select(result.c.enterprise_code, result.c.department, year, func.count())
        .where(
            result.c.enterprise_code.in_(codes),
            result.c.draw_type.not_in(unplanned),
            result.c.method == "现场",
        )
        .group_by(result.c.enterprise_code, result.c.department, year)
    )
    return {(code, department, int(when)): many for code, department, when, many in rows}


def _earlier_notices(connection: Connection, view: RosterView) -> dict[str, tuple[int, str]]:
    rows = connection.execute(
        select(Visit.object_id, Notice.id, Notice.number)
        .join(Visit, Visit.id == Notice.visit_id)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .where(RosterVersion.plan_id == view.plan["id"], RosterVersion.version < view.roster["version"])
        .where(Notice.kind == NOTICE_KIND)
        .order_by(RosterVersion.version)
    )
    return {row.object_id: (row.id, row.number) for row in rows}


def notice_content(
    view: RosterView, visit: VisitLine, wording: dict[str, Any], names: Mapping[str, str], done: YearlyChecks
) -> dict[str, Any]:
    """What the notice of a visit says (国办发〔2024〕54号, domain.md 3.1). Nothing in it comes from a grade."""
    items = [item for errand in visit.errands for item in errand.items]
    return {
        "title": NOTICE_KIND,
        "to": visit.enterprise_name,
        "code": visit.enterprise_code,
        "address": visit.address,
        "subjects": [names.get(department, department) for department in visit.departments],
        "issuer": names.get(visit.lead_department, visit.lead_department),
        "basis": list(dict.fromkeys(item.basis for item in items if item.basis)),
        "check_kind": wording["planned_kind"],
        "source": [_source(view, errand.task) for errand in visit.errands],
        "when": f"{visit.day.year} 年 {visit.day.month} 月 {visit.day.day} 日{visit.half_name}",
        "date": visit.day.isoformat(),
        "items": [
            {"department": errand.department, "code": item.code, "name": item.name,
             "method": item.method or errand.task.method, "frequency": item.frequency}
            for errand in visit.errands for item in errand.items
        ],
        "frequency": [_frequency(visit, department, names, done) for department in visit.departments],
        "members": [
            {"name": member.name, "department": names.get(member.department, member.department),
             "certificate_no": member.certificate_no, "lead": member.lead}
            for member in visit.members
        ],
        "assistants": wording["assistants"],
        "materials": wording["materials"],
        "prohibitions": wording["prohibitions"],
        "rights": wording["rights"],
        "contacts": wording["contacts"],
    }  # fmt: skip


def _source(view: RosterView, task: Any) -> str:
    manner = "定向" if task.directed else "不定向"
    plan = view.plan
    return f"{plan['name']}（计划编号 {plan['number']}），{manner}抽查任务“{task.name}”（任务编号 {task.number}），公开摇号产生"


def _frequency(visit: VisitLine, department: str, names: Mapping[str, str], done: YearlyChecks) -> str:
    before = done.get((visit.enterprise_code, department, visit.day.year), 0)
    name = names.get(department, department)
    return f"{name} {visit.day.year} 年度已对你单位实施计划内现场检查 {before} 次，本次为第 {before + 1} 次"
