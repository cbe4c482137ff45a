"""Day by day (逐日说明): which days a visit could take beside all others of a roster, and what closes each other day.

For the bureau: it says when people are free, and so when others are visited. Never for an enterprise.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np

from scheduling.day_state import HALF_NAMES, NOBODY, Closed, DayState, Explained
from scheduling.desk import at_desks
from scheduling.limits import cap_for
from scheduling.merge import PlannedVisit, planned_visit
from scheduling.occupancy import days_worked
from scheduling.problem import HALVES, Check, Object, Problem, Roster
from scheduling.quiet import why_closed
from scheduling.staffing import Dated, Staffing, unfilled
from scheduling.workdays import each_day

_TAKEN = {"am": (0,), "pm": (1,), "day": (0, 1)}


@dataclass(frozen=True)
class _Standing:
    visit: PlannedVisit
    day: date | None
    half: str | None
    reasons: tuple[str, ...]


class DayExplainer:
    """A roster's visits, dated or not, ready to be asked about."""

    def __init__(self, problem: Problem, roster: Roster):
        self.problem = problem
        self.days = days_worked(problem)
        self._index = {day: n for n, day in enumerate(self.days)}
        self._checks = {c.id: c for c in problem.checks}
        self._objects: dict[str, Object] = {o.object_id: o for o in problem.objects}
        self._roster = roster
        self._standing = list(self._read(roster))
        self._unstaffed: dict[int, list[str]] = {}

    def _read(self, roster: Roster) -> Iterator[_Standing]:
        for visit in roster.visits:
            if planned := self._planned(visit.checks):
                # Another program may name its visits as it likes.
                yield _Standing(replace(planned, id=visit.id), visit.day, visit.half, visit.reasons)
        for missed in roster.unplaced:
            if planned := self._planned(missed.checks):
                yield _Standing(planned, None, None, (missed.sentence, f"可以:{missed.relief}"))

    def _planned(self, names: Sequence[str]) -> PlannedVisit | None:
        checks = [self._checks[name] for name in names if name in self._checks]
        return planned_visit(checks, np.ones(len(self.days), dtype=bool), self.problem) if checks else None

    @cached_property
    def _staffing(self) -> Staffing:
        visits = [s.visit for s in self._standing]
        return Staffing(visits, self.problem, self.days, at_desks(self._roster.desk, self.days))

    def of_visit(self, name: str) -> list[Explained]:
        """The visit of this id; empty if there is none."""
        return [self._explain(v) for v, s in enumerate(self._standing) if s.visit.id == name]

    def of_object(self, object_id: str) -> list[Explained]:
        """Every visit, dated or not, at this object; empty if there is none."""
        return [self._explain(v) for v, s in enumerate(self._standing) if s.visit.object_id == object_id]

    def _explain(self, v: int) -> Explained:
        standing = self._standing[v]
        visit = standing.visit
        first = max(self.problem.first_day, min(c.window_from for c in visit.checks))
        last = min(self.problem.last_day, max(c.window_to for c in visit.checks))
        return Explained(
            visit=visit.id,
            object_id=visit.object_id,
            departments=visit.departments,
            checks=tuple(c.id for c in visit.checks),
            day=standing.day,
            half=standing.half,
            reasons=standing.reasons,
            days=tuple(self._state(v, day) for day in each_day(first, last)),
        )

    def _state(self, v: int, day: date) -> DayState:
        chosen = self._standing[v].day == day
        closed = tuple(self._closed(v, day))
        if closed:
            return DayState(day, (), closed, chosen)
        short = {half: self._short(v, day, half) for half in self._standing[v].visit.halves_allowed}
        halves = tuple(half for half, departments in short.items() if not departments)
        if halves:
            return DayState(day, halves, (), chosen)
        if nobody := self._without_people(v):
            told = f"{'、'.join(nobody)}没有足够的持证人员可派,哪一天都不能"
            return DayState(day, (), (Closed(NOBODY, told),), chosen)
        told = ";".join(f"{HALF_NAMES[half]}{'、'.join(names)}没有足够的人" for half, names in short.items())
        return DayState(day, (), (Closed("capacity", told),), chosen)

    def _without_people(self, v: int) -> list[str]:
        """Departments whose seats nobody could fill on any day, whoever else is visited: no certified people at all."""
        if v not in self._unstaffed:
            seats, people = self._staffing.seats[v], self._staffing.people
            object_id = self._standing[v].visit.object_id
            self._unstaffed[v] = [
                department
                for department in sorted({kind.department for kind in seats})
                if unfilled(
                    [
                        (people.unrecused(k, object_id), n)
                        for k, n in seats.items()
                        if k.department == department
                    ]
                )
            ]
        return self._unstaffed[v]

    def _closed(self, v: int, day: date) -> Iterator[Closed]:
        visit = self._standing[v].visit
        if day not in self._index:
            yield Closed("working_day", "休息日")
            return
        yield from self._outside(visit.checks, day)
        yield from self._quiet(visit, day)
        yield from self._spacing(v, day)
        yield from self._capped(v, day)
        yield from self._crowded(v, day)
        room = len(HALVES) * self.problem.rules.half_day_minutes
        if visit.minutes > room:
            yield Closed("duration", f"需 {visit.minutes} 分钟,一天只有 {room} 分钟")

    @staticmethod
    def _outside(checks: Sequence[Check], day: date) -> Iterator[Closed]:
        for check in checks:
            if not check.window_from <= day <= check.window_to:
                told = f"不在{check.department}任务的期限 {check.window_from} 至 {check.window_to} 内"
                yield Closed("window", told)

    def _quiet(self, visit: PlannedVisit, day: date) -> Iterator[Closed]:
        place, problem = self._objects[visit.object_id], self.problem
        sentences: dict[str, None] = {}
        for check in visit.checks:
            told = why_closed(
                place, problem.quiet_rules, day, problem.exemptions, check.categories, problem.as_of
            )
            sentences |= dict.fromkeys(sentence.removeprefix(f"{day} 是") for sentence in told)
        yield from (Closed("quiet_day", sentence) for sentence in sentences)

    def _spacing(self, v: int, day: date) -> Iterator[Closed]:
        visit, need = self._standing[v].visit, self.problem.rules.spacing_days
        last = self._objects[visit.object_id].last_visit
        if last is not None and not visit.clue and (day - last).days < need:
            yield Closed("spacing", f"距上次入企 {last} 不满 {need} 日")
        for other in self._siblings(v):
            assert other.day is not None
            gap = (day - other.day).days
            later_is_clue = visit.clue if gap > 0 else other.visit.clue
            if gap == 0:
                yield Closed("object_twice_a_day", "同日已排另一次入企")
            elif abs(gap) < need and not later_is_clue:
                yield Closed("spacing", f"距已排的 {other.day} 入企不满 {need} 日")

    def _siblings(self, v: int) -> list[_Standing]:
        place = self._standing[v].visit.object_id
        return [self._standing[w] for w in self._at[place] if w != v]

    @cached_property
    def _at(self) -> dict[str, list[int]]:
        at: dict[str, list[int]] = defaultdict(list)
        for v, standing in enumerate(self._standing):
            if standing.day is not None:
                at[standing.visit.object_id].append(v)
        return at

    def _capped(self, v: int, day: date) -> Iterator[Closed]:
        visit = self._standing[v].visit
        counted = [c for c in visit.checks if not c.clue]
        made = Counter({(c.department, c.year): c.count for c in self._objects[visit.object_id].visits})
        for other in self._siblings(v):
            if other.day is not None:
                made.update(
                    (d, other.day.year) for d in {c.department for c in other.visit.checks if not c.clue}
                )
        for department in sorted({c.department for c in counted}):
            most, so_far = (
                cap_for(self.problem.rules.annual_caps, department, counted),
                made[department, day.year],
            )
            if most is not None and so_far >= most:
                yield Closed(
                    "annual_cap", f"{department} {day.year} 年上限 {most} 次,已入企和已排 {so_far} 次"
                )

    def _crowded(self, v: int, day: date) -> Iterator[Closed]:
        cap = self.problem.rules.cluster_day_cap
        cluster = self._objects[self._standing[v].visit.object_id].cluster
        standing = self._clusters[cluster, day] - int(self._standing[v].day == day)
        if cap is not None and standing >= cap:
            yield Closed("cluster_cap", f"{cluster}当日已排 {standing} 户,上限 {cap} 户")

    @cached_property
    def _clusters(self) -> Counter[tuple[str, date]]:
        return Counter(
            (self._objects[s.visit.object_id].cluster, s.day) for s in self._standing if s.day is not None
        )

    def _short(self, v: int, day: date, half: str) -> list[str]:
        others = [one for one in self._on_day[day] if one.visit != v]
        added = Dated(v, self._index[day], _TAKEN[half])
        return self._staffing.short_departments(self._index[day], [*others, added], v)

    @cached_property
    def _on_day(self) -> dict[date, list[Dated]]:
        at: dict[date, list[Dated]] = defaultdict(list)
        for v, s in enumerate(self._standing):
            if s.day in self._index and s.half in _TAKEN:
                at[s.day].append(Dated(v, self._index[s.day], _TAKEN[s.half]))
        return at
