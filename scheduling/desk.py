"""Desk time (书面、网络检查用时): checks that open no door still take people, so fewer can go out.

The half-days are reserved before any visit gets a date, inside each check's own window, where the department is
expected to be needed least: quiet days come first. They are numbers for a department, never names: whoever the
lottery does not send out does them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scheduling.problem import HALVES, Check, DeskTime, Problem, Unplaced

Slots = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True)
class DeskPlan:
    """Half-days reserved (占用), and the checks for which the window has no people left."""

    times: tuple[DeskTime, ...]
    refused: tuple[Unplaced, ...]

    @property
    def no_time(self) -> frozenset[str]:
        """Checks for which the desks have no time (无力办理)."""
        return frozenset(name for each in self.refused for name in each.checks)

    def by_department(self, days: Sequence[date]) -> dict[str, NDArray[np.int64]]:
        """Department → people at their desks in each slot, [2 * day + half]."""
        return at_desks(self.times, days)


def at_desks(times: Iterable[DeskTime], days: Sequence[date]) -> dict[str, NDArray[np.int64]]:
    """Department → people at their desks in each slot of `days`, [2 * day + half], as a roster's `desk` has them (占用人数).

    Whoever dates visits of a roster anew passes this to `Staffing`; half-days outside `days` are left out.
    """
    index = {day: n for n, day in enumerate(days)}
    counts: dict[str, NDArray[np.int64]] = {}
    for time in times:
        if time.day not in index:
            continue
        row = counts.setdefault(time.department, np.zeros(2 * len(days), dtype=np.int64))
        row[2 * index[time.day] + HALVES.index(time.half)] += time.people
    return counts


def plan_desk(
    problem: Problem, days: Sequence[date], present: Mapping[str, Slots], expected: Mapping[str, Slots]
) -> DeskPlan:
    """Reserve the half-days of all checks made in writing or online (安排书面、网络检查用时).

    `present` are a department's people in each slot [2 * day + half], `expected` the seats that visits will ask for
    on average. Short windows choose first, each half-day the slot with most people to spare.
    """
    if not problem.rules.desk_people:
        return DeskPlan((), ())
    nobody = np.zeros(2 * len(days))
    free = {department: slots.astype(float) for department, slots in present.items()}
    taken: dict[str, NDArray[np.int64]] = {}
    refused: list[Unplaced] = []
    for (department, first, last), checks in _windows(problem.checks):
        inside = np.repeat([first <= day <= last for day in days], len(HALVES))
        at = taken.setdefault(department, np.zeros(2 * len(days), dtype=np.int64))
        people, load = free.get(department, nobody), expected.get(department, nobody)
        wanted, left = _half_days(checks, problem), int((people - at)[inside].clip(0).sum())
        while wanted > left:
            refused.append(_refusal(checks.pop(), department, wanted, left))
            wanted = _half_days(checks, problem)
        for _ in range(wanted):
            spare = np.where(inside & (people > at), people - load - at, -np.inf)
            at[int(spare.argmax())] += 1
    return DeskPlan(tuple(_times(taken, days)), tuple(refused))


def _windows(checks: Iterable[Check]) -> list[tuple[tuple[str, date, date], list[Check]]]:
    """Checks off site by department and window, short windows first; the last in a list is given up first."""
    found: dict[tuple[str, date, date], list[Check]] = defaultdict(list)
    for check in sorted(checks, key=lambda c: (-c.urgency, c.id)):
        if not check.onsite:
            found[check.department, check.window_from, check.window_to].append(check)
    return sorted(found.items(), key=lambda each: (each[0][2] - each[0][1], each[0]))


def _half_days(checks: Sequence[Check], problem: Problem) -> int:
    minutes = sum(check.minutes for check in checks) * problem.rules.desk_people
    return math.ceil(minutes / problem.rules.half_day_minutes)


def _refusal(check: Check, department: str, wanted: int, left: int) -> Unplaced:
    return Unplaced(
        (check.id,),
        check.object_id,
        ("desk",),
        f"{department}的书面、网络检查在 {check.window_from} 至 {check.window_to} 共需 {wanted} 个半天,"
        f"在岗人员只有 {left} 个半天",
        "延长该任务期限,或从其他单位借调人员",
    )


def _times(taken: Mapping[str, NDArray[np.int64]], days: Sequence[date]) -> Iterable[DeskTime]:
    for department, slots in sorted(taken.items()):
        for slot in np.flatnonzero(slots):
            yield DeskTime(department, days[int(slot) // 2], HALVES[int(slot) % 2], int(slots[slot]))


def expected_seats(
    checks: Sequence[Check], possible: NDArray[np.bool_], problem: Problem
) -> dict[str, NDArray[np.float64]]:
    """Seats that on-site checks ask of each department in each slot, were they spread over their possible days."""
    counts: dict[str, NDArray[np.float64]] = {}
    for check, days in zip(checks, possible, strict=True):
        if days.any():
            row = counts.setdefault(check.department, np.zeros(2 * possible.shape[1]))
            row += np.repeat(days / days.sum(), len(HALVES)) * problem.rules.lead_team / len(HALVES)
    return counts
