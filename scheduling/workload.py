"""Workload (个人工作量): everybody's total over the period holds together with every half-day, exactly.

The search sees workload through anonymous limits (capacity.py); only a flow over the whole period is exact.
Departments share no people, so each has its own flow. What it cannot seat is moved to a slacker half-day or, if
none will do, reported with the numbers.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from scheduling.booking import UNPLACED, Booking
from scheduling.problem import Inspector, Problem, TeamGroup, Unplaced
from scheduling.seating import Seating, seat_everybody
from scheduling.staffing import Staffing

TRIES = 16


class Workload:
    """The seat groups of a booking, department by department, and whether distinct people can fill them all."""

    def __init__(self, booking: Booking, staffing: Staffing, problem: Problem):
        self.booking, self.staffing = booking, staffing
        self.inspectors: dict[str, list[Inspector]] = defaultdict(list)
        for person in problem.inspectors:
            self.inspectors[person.department].append(person)
        self.index = {visit.id: v for v, visit in enumerate(staffing.visits)}
        self.departments = sorted({d for v in range(len(staffing.visits)) for d in staffing.departments(v)})

    def _of(self, department: str) -> list[TeamGroup]:
        dated = [one for one in self.booking.dated() if department in self.staffing.departments(one.visit)]
        return self.staffing.groups(dated, department)

    def groups(self) -> list[TeamGroup]:
        """All seat groups, in order of id."""
        return sorted((g for d in self.departments for g in self._of(d)), key=lambda g: g.id)

    def _seating(self, department: str) -> Seating:
        return seat_everybody(self._of(department), self.inspectors[department])

    def holds(self, departments: Iterable[str]) -> bool:
        """Whether these departments' seats can all be filled within everybody's total."""
        return not any(self._seating(d).short for d in departments)

    def starved(self, department: str) -> list[str]:
        """Visits (ids) that compete for the people whom the department's empty seats lack, none if all are filled."""
        seating = self._seating(department)
        return sorted({g.visit for g in seating.starved}) if seating.short else []

    def settle(self, seconds: float) -> list[Unplaced]:
        """Move, or else drop, the least urgent visits until everybody's total holds; a sentence for each drop."""
        end = time.monotonic() + seconds
        dropped: list[Unplaced] = []
        # A move or a drop can change how another department's day is cut into slots, hence another look at all.
        while short := [d for d in self.departments if self._seating(d).short]:
            for department in short:
                dropped += self._settle(department, end)
        return dropped

    def _settle(self, department: str, end: float) -> list[Unplaced]:
        dropped = []
        while (seating := self._seating(department)).short:
            group = self._relieve(department, seating)
            v = self.index[group.visit]
            if time.monotonic() > end or not self._move(v, department, seating.missing):
                dropped.append(self._sentence(v, group, len(seating.short)))
        return dropped

    def _relieve(self, department: str, seating: Seating) -> TeamGroup:
        """Take the least urgent visit out whose people are what the short groups lack."""
        rivals = sorted(seating.starved, key=lambda g: (self._importance(g), g.visit))[:TRIES]
        for group in rivals:
            v = self.index[group.visit]
            home = int(self.booking.slot[v])
            self.booking.remove(v)
            if self._seating(department).missing < seating.missing:
                return group
            self.booking.place(v, home)
        worst = min(seating.short, key=lambda g: (self._importance(g), g.visit))
        self.booking.remove(self.index[worst.visit])
        return worst

    def _importance(self, group: TeamGroup) -> tuple[bool, int]:
        v = self.index[group.visit]
        return bool(self.booking.problem.pin[v] != UNPLACED), self.staffing.visits[v].urgency

    def _move(self, v: int, department: str, missing: int) -> bool:
        """Another half-day for the visit that leaves its department fewer empty seats than before, others no more."""
        booking, problem = self.booking, self.booking.problem
        if problem.pin[v] != UNPLACED:
            return False
        concerned = self.staffing.departments(v)
        limits = {d: self._seating(d).missing for d in concerned} | {department: missing - 1}
        slots = np.flatnonzero(booking.allowed(v, problem.capacity))
        used = np.flatnonzero(problem.demand[v])
        slack = (problem.capacity[np.ix_(used, slots)] - booking.load[np.ix_(used, slots)]).min(
            axis=0, initial=99
        )
        for n in np.lexsort((problem.cost[v, slots // 2], -slack))[:TRIES]:
            slot = int(slots[n])
            if not booking.staffed(v, slot):
                continue
            booking.place(v, slot)
            if all(self._seating(d).missing <= limits[d] for d in concerned):
                return True
            booking.remove(v)
        return False

    def _sentence(self, v: int, group: TeamGroup, short: int) -> Unplaced:
        visit = self.staffing.visits[v]
        limits = {i.id: i.visits_total for i in self.inspectors[group.department]}
        total = sum(limits[p] or 0 for p in group.eligible)
        sentence = (
            f"{group.department}可派的 {len(group.eligible)} 人本期工作量上限合计 {total} 次,"
            f"已排满,该部门还有 {short} 组席位缺人"
        )
        checks = tuple(c.id for c in visit.checks)
        relief = f"提高工作量上限,或借调 {group.need} 人"
        return Unplaced(checks, visit.object_id, ("total_limit",), sentence, relief)
