"""Desks while a roster changes (调整中的书面、网络检查用时): what still fits stays, what is lost or new is reserved again.

Reserved around the visits that stay, so that none of them loses its people, and before any visit is dated anew, as in
planning (desk.py). Half-days before the change's day stay as they are. Numbers only: who stays at a desk is nobody's
business. Whatever a half-day is added for, it lies inside an interval that lacks it; by Hall's theorem for intervals
the order of adding does not decide what can be done, only which half-days are taken.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from scheduling.change_problem import Changing
from scheduling.change_seats import SeatBook
from scheduling.changed import DeskDifference
from scheduling.desk import Slots, at_desks
from scheduling.merge import PlannedVisit
from scheduling.problem import HALVES, Check, DeskTime, Problem, Roster, Rules, TeamGroup, Unplaced
from scheduling.staffing import Dated, Desk, People, SeatKind, Staffing


@dataclass(frozen=True)
class Standing:
    """The visits that stay, as the desks see them (保留的检查): people present and sent out, [2 * day + half].

    `manned` says whether the visits of a day still find their teams beside so many at the desks.
    """

    present: Mapping[str, Desk]
    out: Mapping[str, Desk]
    manned: Callable[[str, int, Desk], bool]

    def holds(self, department: str, slot: int, at: Desk) -> bool:
        """Whether the people of one half-day suffice for its visits and its desks."""
        free = (
            self.present[department][slot] - self.out[department][slot] if department in self.present else 0
        )
        return bool(at[slot] <= free) and self.manned(department, slot // 2, at)


def seated(book: SeatBook, people: People) -> Standing:
    """Teams drawn: each seat, filled or still to be filled, takes one of those present, whoever it will be."""
    index = {str(day): n for n, day in enumerate(people.days)}
    present = people.present()
    out = {department: np.zeros_like(row) for department, row in present.items()}
    for seats in book.of_visit.values():
        for group, place in zip(seats.groups, seats.places, strict=True):
            for half in place.halves if place.day in index and group.department in out else ():
                out[group.department][2 * index[place.day] + HALVES.index(half)] += group.need
    return Standing(present, out, lambda department, day, at: True)


def unseated(staffing: Staffing, dated: Sequence[Dated]) -> Standing:
    """Before the team lottery: distinct people must exist for the visits of the day and for the desks."""
    present = staffing.people.present()
    out = {department: np.zeros_like(row) for department, row in present.items()}
    for one in dated:
        for kind, need in staffing.seats[one.visit].items():
            for half in one.halves if kind.department in out else ():
                out[kind.department][2 * one.day + half] += need

    def manned(department: str, day: int, at: Desk) -> bool:
        there = [one for one in dated if one.day == day and department in staffing.departments(one.visit)]
        if not there:
            return True
        kept = staffing.with_desks({department: at})
        return department not in kept.short_departments(day, there, there[0].visit)

    return Standing(present, out, manned)


def beside_desks(
    book: SeatBook, people: People, groups: Iterable[TeamGroup], day: int, halves: Sequence[int]
) -> bool:
    """Whether people are left for the desks once further seats are filled (入企之外仍留得出人)."""
    wanted: Counter[str] = Counter()
    for group in groups:
        wanted[group.department] += group.need
    for department, need in wanted.items():
        everybody = people.holders(SeatKind(department))
        for half in halves:
            stay = people.at_desks(department, day, (half,))
            there = (everybody & people.available[day][half]).bit_count()
            out = book.sent_out(department, str(people.days[day]), HALVES[half])
            if stay and out + need + stay > there:
                return False
    return True


def expected_of(visits: Iterable[PlannedVisit], rules: Rules) -> dict[str, Slots]:
    """Department → seats that visits still to be dated will ask for in each slot, spread over their days."""
    found: dict[str, Slots] = {}
    for visit in visits:
        if visit.days.any():
            share = np.repeat(visit.days / visit.days.sum(), len(HALVES)) * visit.halves / len(HALVES)
            for department in visit.departments:
                found[department] = found.get(department, 0.0) + share * rules.lead_team
    return found


@dataclass(frozen=True)
class DesksAgain:
    """Desks after a change (调整后的占用), checks without time, those that found time at last, and what is different."""

    times: tuple[DeskTime, ...]
    refused: tuple[Unplaced, ...] = ()
    found: frozenset[str] = frozenset()
    differences: tuple[DeskDifference, ...] = ()

    @property
    def no_time(self) -> frozenset[str]:
        """Checks for which no time is left (无力办理)."""
        return frozenset(name for each in self.refused for name in each.checks)


def reserve_again(
    problem: Problem,
    roster: Roster,
    state: Changing,
    days: Sequence[date],
    standing: Standing,
    expected: Mapping[str, Slots],
) -> DesksAgain:
    """The desks of a changed roster (重新安排书面、网络检查用时), around the visits that stay.

    `expected` are the seats that visits without a date will ask for, [2 * day + half] (half-days with people to spare
    are taken first). Where no time is left the least urgent check is refused, a new one before one that had its time.
    """
    if not problem.rules.desk_people:
        return DesksAgain(roster.desk)
    waits = {c for u in roster.unplaced for c in u.checks}
    off_site = [c for c in problem.checks if not c.onsite]
    old = at_desks(roster.desk, days)
    departments = sorted({*old, *(c.department for c in off_site)})
    plans = []
    for department in departments:
        own = [c for c in off_site if c.department == department]
        plan = _Desk(department, problem.rules, days, state, standing, old.get(department), expected)
        plan.reserve([c for c in own if c.id not in waits], [c for c in own if c.id in waits])
        plans.append(plan)
    told = tuple(one for plan in plans for one in plan.differences())
    told += tuple(_not_at_work(roster, state.as_of, days))
    past = [time for time in roster.desk if time.day < state.as_of]
    times = sorted([*past, *(t for plan in plans for t in plan.times())], key=_order) if told else roster.desk
    refused = tuple(u for plan in plans for u in plan.refused)
    return DesksAgain(tuple(times), refused, frozenset(n for plan in plans for n in plan.found), told)


def _order(time: DeskTime) -> tuple[str, date, int]:
    return time.department, time.day, HALVES.index(time.half)


def _not_at_work(roster: Roster, as_of: date, days: Sequence[date]) -> Iterator[DeskDifference]:
    """Half-days of a roster made elsewhere that lie on no working day of the period."""
    lost: Counter[tuple[str, date, str]] = Counter()
    for time in roster.desk:
        if time.day >= as_of and time.day not in days:
            lost[time.department, time.day, time.half] += time.people
    for (department, day, half), people in sorted(lost.items()):
        yield DeskDifference(department, day, half, people, 0, "desk_lost", f"{day} 不是本期工作日,不留人")


class _Desk:
    """One department's desks while they are reserved again."""

    def __init__(
        self,
        department: str,
        rules: Rules,
        days: Sequence[date],
        state: Changing,
        standing: Standing,
        old: Desk | None,
        expected: Mapping[str, Slots],
    ):
        self.department, self.rules, self.days, self.state = department, rules, days, state
        self.standing = standing
        nobody = np.zeros(2 * len(days), dtype=np.int64)
        self.old = nobody if old is None else old
        self.at, self.lost = self.old.copy(), set[int]()
        self.first = 2 * sum(day < state.as_of for day in days)
        rows = (standing.present.get(department, nobody), standing.out.get(department, nobody))
        self.spare = rows[0] - rows[1] - expected.get(department, nobody)
        self.checks: list[Check] = []
        self.refused: list[Unplaced] = []
        self.found: list[str] = []

    def reserve(self, due: Sequence[Check], waiting: Sequence[Check]) -> None:
        """Keep, fill up, then see whether a check that had no time finds some; last, release what nobody needs."""
        self._keep()
        # The last is given up first: the least urgent, a new check before one that had its time.
        self.checks = sorted(due, key=lambda c: (-c.urgency, c.id in self.state.added, c.id))
        while lack := self._lack():
            first, last, wanted = lack
            if not self._add(first, last):
                inside = [c for c in self.checks if first <= c.window_from and c.window_to <= last]
                self.checks.remove(inside[-1])
                self.refused.append(self._refusal(inside[-1], first, last, wanted))
        for check in sorted(waiting, key=lambda c: (-c.urgency, c.id)):
            if check.window_to >= self.state.as_of:
                # Nobody has begun it: half-days that have passed are none of its.
                self._try(replace(check, window_from=max(check.window_from, self.state.as_of)))
        self._release({c.id for c in waiting})

    def _keep(self) -> None:
        for slot in range(self.first, len(self.at)):
            while self.at[slot] and not self.standing.holds(self.department, slot, self.at):
                self.at[slot] -= 1
                self.lost.add(slot)

    def _lack(self) -> tuple[date, date, int] | None:
        """The shortest interval whose work does not fit its half-days, and how many it needs; None if all fit."""
        ends = sorted({c.window_to for c in self.checks})
        pairs = [(a, b) for a in sorted({c.window_from for c in self.checks}) for b in ends if a <= b]
        for first, last in sorted(pairs, key=lambda each: (each[1] - each[0], each)):
            wanted = self._half_days(c for c in self.checks if first <= c.window_from and c.window_to <= last)
            if wanted > int(self.at[self._inside(first, last)].sum()):
                return first, last, wanted
        return None

    def _half_days(self, checks: Iterable[Check]) -> int:
        minutes = sum(check.minutes for check in checks) * self.rules.desk_people
        return math.ceil(minutes / self.rules.half_day_minutes)

    def _inside(self, first: date, last: date) -> np.ndarray:
        return np.repeat(np.array([first <= day <= last for day in self.days], dtype=bool), len(HALVES))

    def _add(self, first: date, last: date) -> bool:
        """One half-day more in an interval, where most people are to spare; False where nobody is left."""
        slots = np.flatnonzero(self._inside(first, last))
        slots = slots[slots >= self.first]
        for slot in slots[np.argsort(-(self.spare - self.at)[slots], kind="stable")]:
            self.at[slot] += 1
            if self.standing.holds(self.department, int(slot), self.at):
                return True
            self.at[slot] -= 1
        return False

    def _try(self, check: Check) -> None:
        before = self.at.copy()
        self.checks.append(check)
        while lack := self._lack():
            if not self._add(lack[0], lack[1]):
                self.at = before
                self.checks.remove(check)
                return
        self.found.append(check.id)

    def _release(self, waited: Collection[str]) -> None:
        """Half-days of checks that are cancelled, refused or have another window go back, the latest first."""
        now = {c.id: (c.window_from, c.window_to) for c in self.checks}
        own = (c for c in self.state.planned.values() if not c.onsite and c.department == self.department)
        had_time = (c for c in own if c.id not in waited)
        most = self._half_days(c for c in had_time if now.get(c.id) != (c.window_from, c.window_to))
        for slot in reversed(range(self.first, len(self.at))):
            while most and self.at[slot]:
                self.at[slot] -= 1
                if self._lack():
                    self.at[slot] += 1
                    break
                most -= 1

    def _refusal(self, check: Check, first: date, last: date, wanted: int) -> Unplaced:
        left = int(self.at[self._inside(first, last)].sum())
        return Unplaced(
            (check.id,),
            check.object_id,
            ("desk",),
            f"{self.department}的书面、网络检查在 {first} 至 {last} 共需 {wanted} 个半天,"
            f"除已排的入企检查外在岗人员只有 {left} 个半天",
            "延长该任务期限,或从其他单位借调人员",
        )

    def times(self) -> Iterator[DeskTime]:
        """Half-days from the change's day on."""
        for slot in range(self.first, len(self.at)):
            if self.at[slot]:
                yield DeskTime(self.department, *self._when(slot), int(self.at[slot]))

    def _when(self, slot: int) -> tuple[date, str]:
        return self.days[slot // 2], HALVES[slot % 2]

    def differences(self) -> Iterator[DeskDifference]:
        """Every half-day with another number than before, and why; never who."""
        for slot in np.flatnonzero(self.at != self.old).tolist():
            before, after = int(self.old[slot]), int(self.at[slot])
            if after > before:
                cause, sentence = "desk_again", f"书面、网络检查用时不足,补留 {after - before} 人"
            elif slot in self.lost:
                present = int(self.standing.present.get(self.department, self.old * 0)[slot])
                out = int(self.standing.out.get(self.department, self.old * 0)[slot])
                told = f"在岗 {present} 人,入企 {out} 人,书面、网络检查由 {before} 人减为 {after} 人"
                cause, sentence = "desk_lost", told
            else:
                cause, sentence = "desk_freed", f"书面、网络检查减少,少留 {before - after} 人"
            yield DeskDifference(self.department, *self._when(slot), before, after, cause, sentence)


def settled_again(roster: Roster, desks: DesksAgain, known: Mapping[str, Check]) -> Roster:
    """The roster with its desks, and with what found no time left told as not placed (未排入)."""
    lost = desks.no_time
    settled = tuple(s for s in roster.settled if s.check in known and s.check not in lost)
    waiting = tuple(
        replace(u, checks=left)
        for u in roster.unplaced
        if (left := tuple(c for c in u.checks if c in known and c not in desks.found))
    )
    return replace(roster, desk=desks.times, settled=settled, unplaced=waiting)
