"""Ties (利害关系) between inspectors and enterprises, from which recusals follow, and who went to an object last time.

A tie is declared as such (回避申报), or derived: the inspector or a declared relative stands behind the enterprise
(关联关系), or the inspector worked for it not long ago. Persons are compared by their keyed hashes only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select

from registry.facts import as_of, read_frame
from registry.tables import (
    InspectionResult,
    InspectorConflict,
    InspectorEmployment,
    InspectorRelative,
    Relation,
    RosterVersion,
    Visit,
    VisitMember,
)
from scheduling.task_spec import ON_SITE

DECLARED, RELATION, RELATIVE, FORMER_EMPLOYER = "declared", "relation", "relative", "former_employer"
_OWN = "本人"


@dataclass(frozen=True)
class Tie:
    """Why an inspector stands aside at an enterprise (回避事由): its kind, and one sentence for the bureau's own staff."""

    enterprise_code: str
    kind: str
    sentence: str


def read_ties(
    connection: Connection, day: date, first: date, value: Callable[[str], Any]
) -> dict[str, tuple[Tie, ...]]:
    """Staff number → ties known on `day` that still count on `first`, the first day of the window (公务员法第七十六条).

    `value` gives a rule's value at the plan's place: teams.recusal_relations, teams.former_employer_years.
    """
    found: dict[str, dict[str, Tie]] = defaultdict(dict)
    sources = (
        _declared(connection, day),
        _related(connection, day, first, value("teams.recusal_relations")),
        _employed(connection, day, first, int(value("teams.former_employer_years"))),
    )
    for staff_no, tie in (pair for source in sources for pair in source):
        found[staff_no].setdefault(tie.enterprise_code, tie)
    return {staff_no: tuple(ties.values()) for staff_no, ties in found.items()}


def _declared(connection: Connection, day: date) -> Iterator[tuple[str, Tie]]:
    for row in _rows(read_frame(connection, as_of(InspectorConflict, day))):
        yield row.staff_no, Tie(row.enterprise_code, DECLARED, f"已申报回避：{row.reason}")


def _related(
    connection: Connection, day: date, first: date, kinds: Sequence[str]
) -> Iterator[tuple[str, Tie]]:
    """The inspector or a relative is shareholder, head or officer of the enterprise."""
    people = as_of(InspectorRelative, day).subquery().c
    behind = as_of(Relation, day).subquery().c
    wanted = (
        select(people.staff_no, people.kinship, behind.enterprise_code, behind.kind)
        .join(behind.enterprise_code.table, behind.person_key == people.person_key)
        .where(behind.kind.in_(list(kinds)), behind.date_to.is_(None) | (behind.date_to >= first))
        .order_by(people.staff_no, behind.enterprise_code, behind.kind)
    )
    for row in connection.execute(wanted):
        own = row.kinship == _OWN
        sentence = f"{row.kinship}是该企业{row.kind}，依关联关系自动回避"
        yield row.staff_no, Tie(row.enterprise_code, RELATION if own else RELATIVE, sentence)


def _employed(connection: Connection, day: date, first: date, years: int) -> Iterator[tuple[str, Tie]]:
    for row in _rows(read_frame(connection, as_of(InspectorEmployment, day))):
        until = pd.Timestamp(row.date_to) if pd.notna(row.date_to) else None
        if until is None or until + pd.DateOffset(years=years) >= pd.Timestamp(first):
            since = f"{until:%Y-%m-%d} 离职，未满 {years} 年" if until is not None else "仍在任"
            told = f"曾在该企业任职，{since}，自动回避"
            yield row.staff_no, Tie(row.enterprise_code, FORMER_EMPLOYER, told)


def last_teams(
    connection: Connection, plan_id: int, day: date, first: date, objects: pd.DataFrame
) -> dict[str, tuple[str, ...]]:
    """Object → people of each department's last visit there before `first` (上次检查人员), by rosters and by results.

    `objects` has object_id and enterprise_code. A result names no premises: it counts for all of the enterprise's.
    """
    went = pd.concat([_sent(connection, plan_id, first), _reported(connection, day, first)])
    there = objects[["object_id", "enterprise_code"]].merge(
        went, on="enterprise_code", suffixes=("", "_seen")
    )
    there = there[there["object_id_seen"].isna() | (there["object_id_seen"] == there["object_id"])]
    latest = there.groupby(["object_id", "department"])["day"].transform("max")
    teams: dict[str, set[str]] = defaultdict(set)
    for row in _rows(there[there["day"] == latest]):
        teams[row.object_id].add(row.staff_no)
    return {object_id: tuple(sorted(people)) for object_id, people in teams.items()}


def _sent(connection: Connection, plan_id: int, first: date) -> pd.DataFrame:
    """People sent by other plans' rosters in force."""
    wanted = (
        select(
            Visit.enterprise_code,
            Visit.object_id,
            VisitMember.department,
            Visit.visit_date.label("day"),
            VisitMember.staff_no,
        )
        .join(Visit, Visit.id == VisitMember.visit_id)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .where(RosterVersion.plan_id != plan_id, RosterVersion.state != "superseded")
        .where(Visit.visit_date < first)
    )
    return pd.read_sql(wanted, connection)


def _reported(connection: Connection, day: date, first: date) -> pd.DataFrame:
    """People named by results of on-site checks, whoever brought them in."""
    known = as_of(InspectionResult, day).subquery().c
    rows = read_frame(
        connection,
        select(known.enterprise_code, known.department, known.inspdate.label("day"), known.inspectors).where(
            known.method == ON_SITE, known.inspdate < first
        ),
    )
    people = rows.explode("inspectors").rename(columns={"inspectors": "staff_no"})
    return people.dropna(subset=["staff_no"]).assign(object_id=None)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    return iter(frame.itertuples())
