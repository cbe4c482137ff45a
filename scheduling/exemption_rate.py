"""The exemption rate (安静日豁免率): how many on-site visits took place on days that are quiet at that door. Published."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, select

from registry.clock import end_of
from registry.tables import QuietDayExemption, RosterVersion, Visit
from scheduling.problem import ProblemError, problem_from_json
from scheduling.quiet import ObjectFrame, applies, covers


@dataclass(frozen=True)
class ExemptionRate:
    """Visits of a year's checked rosters, how many of them on quiet days, and the requests behind them."""

    year: int
    visits: int
    on_quiet_days: int
    asked: int
    """Requests entered in the year."""
    approved: int
    """Of these, approved and not revoked."""
    by_category: dict[str, int]
    """Category → approved requests."""

    @property
    def rate(self) -> float | None:
        """豁免率 = 安静日入企次数 / 全部入企次数; None without visits."""
        return self.on_quiet_days / self.visits if self.visits else None


def measure_exemptions(connection: Connection, place: str, day: date) -> ExemptionRate:
    """The rate of `day`'s year as known on that day, from the rosters in force and the records."""
    start = date(day.year, 1, 1)
    every = _visits(connection, start, day)
    doors = {roster: _quiet_doors(connection, roster) for roster in {row.roster_id for row in every}}
    visits = [(row.object_id, row.visit_date, doors[row.roster_id]) for row in every]
    visits = [visit for visit in visits if visit[2] is not None]
    quiet = sum((object_id, when) in (closed or ()) for object_id, when, closed in visits)
    table = QuietDayExemption
    asked = select(table.category, table.decided_at, table.revoked_at, table.state).where(
        table.place == place, table.proposed_at >= start, table.proposed_at < end_of(day)
    )
    rows = list(connection.execute(asked))
    approved = Counter(row.category for row in rows if _in_force(row, day))
    return ExemptionRate(
        day.year, len(visits), quiet, len(rows), sum(approved.values()), dict(approved.most_common())
    )


def _in_force(row: Any, day: date) -> bool:
    if row.decided_at is None or row.decided_at >= end_of(day) or row.state not in ("approved", "revoked"):
        return False
    return row.revoked_at is None or row.revoked_at >= end_of(day)


def _visits(connection: Connection, first: date, last: date) -> list[Row[Any]]:
    wanted = (
        select(Visit.roster_id, Visit.object_id, Visit.visit_date)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .where(
            RosterVersion.state == "checked",
            RosterVersion.made_at < end_of(last),
            Visit.visit_date.between(first, last),
        )
    )
    return list(connection.execute(wanted))


def _quiet_doors(connection: Connection, roster_id: int) -> frozenset[tuple[str, date]] | None:
    """(object, day) of a roster's visits that a quiet-day rule covers, exemptions left aside; None where the problem
    that it was made from cannot be read, so that nothing is claimed about it."""
    told = select(Visit.object_id, Visit.visit_date).where(Visit.roster_id == roster_id).order_by(Visit.id)
    visits = tuple((row.object_id, row.visit_date) for row in connection.execute(told))
    stored = select(RosterVersion.problem).where(RosterVersion.id == roster_id)
    try:
        return _covered(connection.execute(stored).scalar_one(), visits)
    except ProblemError:
        return None


@lru_cache(maxsize=16)
def _covered(problem_json: str, visits: tuple[tuple[str, date], ...]) -> frozenset[tuple[str, date]]:
    problem = problem_from_json(problem_json)
    place = {each.object_id: row for row, each in enumerate(problem.objects)}
    frame = ObjectFrame.of(problem.objects)
    days = sorted({day for _, day in visits})
    column = {day: n for n, day in enumerate(days)}
    rules = [(applies(rule, frame), covers(rule, days)) for rule in problem.quiet_rules]
    return frozenset(
        (object_id, day)
        for object_id, day in visits
        if object_id in place and any(who[place[object_id]] and when[column[day]] for who, when in rules)
    )
