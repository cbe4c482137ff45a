"""Occupancy of a roster (排班占用): who is out of whom in each half-day, and each day's visits. What pictures are drawn of.

Days of a year that nobody has announced count as estimated here: a picture may guess, a roster may not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from scheduling.case import TAKES
from scheduling.problem import HALVES, Problem, Roster, Visit
from scheduling.quiet import ObjectFrame, applies, covers
from scheduling.staffing import People, SeatKind
from scheduling.workdays import each_day, working_days


@dataclass(frozen=True)
class Manning:
    """One department's half-day (某部门某半日): people `out` on visits, of those `able` to go."""

    department: str
    day: date
    half: str
    out: int
    able: int


@dataclass(frozen=True)
class Duty:
    """One inspector's half-day (某人某半日): `kind` is visit (入企) or leave (请假)."""

    inspector: str
    department: str
    day: date
    half: str
    kind: str


@dataclass(frozen=True)
class RosterDay:
    """One day of the period (计划期的一天): working or not, for which share of objects it is quiet, visits by lead."""

    day: date
    working: bool
    quiet_share: float
    visits: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """Visits of all lead departments."""
        return sum(count for _, count in self.visits)


def days_worked(problem: Problem) -> list[date]:
    """Working days of the period, estimated where nobody has announced them."""
    return working_days(problem.first_day, problem.last_day, replace(problem.calendar, allow_estimated=True))


def departments_of(problem: Problem) -> list[str]:
    """Departments that have people or checks, in the order of leading, then by name."""
    rank = {name: n for n, name in enumerate(problem.rules.lead_order)}
    named = {i.department for i in problem.inspectors} | {c.department for c in problem.checks}
    return sorted(named, key=lambda name: (rank.get(name, len(rank)), name))


def people_out(problem: Problem, roster: Roster) -> list[Manning]:
    """Every department's every half-day of a working day: people out, and people able to go."""
    days = days_worked(problem)
    people = People(problem, days)
    out = _out(problem, roster)
    return [
        Manning(
            department,
            day,
            name,
            out[department, day, name],
            (people.holders(SeatKind(department)) & people.available[n][half]).bit_count(),
        )
        for department in departments_of(problem)
        for n, day in enumerate(days)
        for half, name in enumerate(HALVES)
    ]


def _out(problem: Problem, roster: Roster) -> Counter[tuple[str, date, str]]:
    seats = _seats(problem, roster)
    out: Counter[tuple[str, date, str]] = Counter()
    for visit in roster.visits:
        for half in TAKES.get(visit.half, ()):
            for department in visit.departments:
                out[department, visit.day, half] += seats(visit, department)
    return out


def _seats(problem: Problem, roster: Roster) -> Callable[[Visit, str], int]:
    """People a department sends to a visit: the seats filled, else asked for, else the smallest team."""
    filled = Counter((s.visit, s.department) for s in roster.seats)
    asked: Counter[tuple[str, str]] = Counter()
    for group in roster.groups:
        asked[group.visit, group.department] += group.need

    def count(visit: Visit, department: str) -> int:
        rules = problem.rules
        least = rules.lead_team if department == visit.lead else rules.partner_team
        key = (visit.id, department)
        return filled[key] or asked[key] or least

    return count


def duties(problem: Problem, roster: Roster) -> list[Duty]:
    """Half-days on visits and on leave of everybody, in the order of departments and ids; empty before the lottery."""
    if not roster.seats:
        return []
    visits = {v.id: v for v in roster.visits}
    sent: dict[str, list[Visit]] = defaultdict(list)
    for seat in roster.seats:
        if seat.visit in visits:
            sent[seat.inspector].append(visits[seat.visit])
    worked = set(days_worked(problem))
    order = {name: n for n, name in enumerate(departments_of(problem))}
    found = []
    for person in sorted(problem.inspectors, key=lambda i: (order[i.department], i.id)):
        busy = {(v.day, half) for v in sent[person.id] for half in TAKES.get(v.half, ())}
        found += [Duty(person.id, person.department, day, half, "visit") for day, half in sorted(busy)]
        away = sorted(worked & set(person.leave))
        found += [Duty(person.id, person.department, day, half, "leave") for day in away for half in HALVES]
    return found


def roster_days(problem: Problem, roster: Roster) -> list[RosterDay]:
    """Every day of the period with its visits by lead department."""
    days = list(each_day(problem.first_day, problem.last_day))
    worked, quiet = set(days_worked(problem)), _quiet_shares(problem, days)
    led = Counter((v.day, v.lead) for v in roster.visits)
    order = departments_of(problem)
    return [
        RosterDay(day, day in worked, share, tuple((d, led[day, d]) for d in order if led[day, d]))
        for day, share in zip(days, quiet, strict=True)
    ]


def _quiet_shares(problem: Problem, days: Sequence[date]) -> list[float]:
    frame = ObjectFrame.of(problem.objects)
    quiet = np.zeros((len(problem.objects), len(days)), dtype=bool)
    for rule in problem.quiet_rules:
        quiet |= np.outer(applies(rule, frame), covers(rule, days))
    return [float(share) for share in quiet.mean(axis=0)] if len(problem.objects) else [0.0] * len(days)
