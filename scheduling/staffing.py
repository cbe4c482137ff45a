"""Staffing (派员可行性): can every dated visit be staffed by distinct, certified, unrecused people?

Names appear here only as bits of a mask, to prove that a team exists; who actually goes is decided by the team
lottery. Seats of one visit that ask for the same thing form a group; two groups in the same slot never share a
person. Where a department has a visit of a whole day, either everybody serves at most one visit that day, or, if
that is not enough, the day's people are split by a public number into a whole-day and a half-day pool: groups
then nest, and the lottery can realise its published probabilities exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray

from scheduling.day_pools import ALL_HALVES, Slot, alike, by_half, whole_day_pools, whole_days
from scheduling.day_pools import Dated as Dated
from scheduling.merge import PlannedVisit
from scheduling.problem import Inspector, Problem, TeamGroup
from scheduling.recusal import barred_by, united
from scheduling.tickets import ticket

NOBODY = -1
Desk = NDArray[np.int64]


@dataclass(frozen=True, order=True)
class SeatKind:
    """What a seat asks for (席位要求): a department and the qualifications one person must hold together."""

    department: str
    qualifications: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The qualifications as one word, empty if any certified person will do."""
        return "+".join(self.qualifications)


def together(masks: Iterable[int]) -> int:
    """Everybody in any of the masks. Plain integers: NumPy makes floats of masks that need the 64th bit."""
    return reduce(or_, masks, 0)


class People:
    """The inspectors as bit masks (检查人员), by department, qualification, availability and recusal.

    `desk` are a department's people kept at their desks in each slot [2 * day + half] (scheduling/desk.py).
    """

    def __init__(self, problem: Problem, days: Sequence[date], desk: Mapping[str, Desk] | None = None):
        self.desk = dict(desk or {})
        self.days = tuple(days)
        self.inspectors: tuple[Inspector, ...] = tuple(sorted(problem.inspectors, key=lambda i: i.id))
        self._index = {person.id: n for n, person in enumerate(self.inspectors)}
        self._department: dict[str, int] = defaultdict(int)
        self._holders: dict[str, int] = defaultdict(int)
        self.barred_by = barred_by(problem, self.inspectors)
        self._barred = united(self.barred_by)
        for n, person in enumerate(self.inspectors):
            self._department[person.department] |= 1 << n
            for qualification in person.qualifications:
                self._holders[qualification] |= 1 << n
        self.available = self._availability()

    def _availability(self) -> list[tuple[int, int]]:
        table = []
        for day in self.days:
            masks = [0, 0]
            for n, person in enumerate(self.inspectors):
                if day > person.certificate_valid_to or day in person.leave:
                    continue
                for half in self._offered(person, day):
                    masks[half] |= 1 << n
            table.append((masks[0], masks[1]))
        return table

    @staticmethod
    def _offered(person: Inspector, day: date) -> tuple[int, ...]:
        # A person who works one half-day a day is offered for one half, chosen by number: groups then nest.
        if person.half_days_per_day >= len(ALL_HALVES):
            return ALL_HALVES
        return (ticket("", "half", person.id, day) % len(ALL_HALVES),)

    def holders(self, kind: SeatKind) -> int:
        """Mask of the department's people who hold every qualification of the kind."""
        mask = self._department[kind.department]
        for qualification in kind.qualifications:
            mask &= self._holders[qualification]
        return mask

    def eligible(self, kind: SeatKind, object_id: str, day: int, halves: Sequence[int]) -> int:
        """Mask of those who may take such a seat at this object on this day, in all of these halves."""
        mask = self.unbarred(kind, object_id)
        for half in halves:
            mask &= self.available[day][half]
        return mask

    def unbarred(self, kind: SeatKind, object_id: str) -> int:
        """Mask of the department's holders who need not stand aside at this object."""
        return self.holders(kind) & ~self._barred.get(object_id, 0)

    def at_desks(self, department: str, day: int, halves: Sequence[int]) -> int:
        """How many of the department stay at their desks in these halves: the larger number of the two."""
        slots = self.desk.get(department)
        return 0 if slots is None else max((int(slots[2 * day + half]) for half in halves), default=0)

    def present(self) -> dict[str, Desk]:
        """Department → its people available in each slot, [2 * day + half]."""
        return {
            department: np.array(
                [(mask & m).bit_count() for halves in self.available for m in halves], np.int64
            )
            for department, mask in self._department.items()
        }

    def stays(self, department: str, day: int) -> list[int]:
        """Halves of the day in which somebody of the department stays at a desk."""
        return [half for half in ALL_HALVES if self.at_desks(department, day, (half,))]

    def unrecused(self, kind: SeatKind, object_id: str) -> int:
        """Mask of those who may take such a seat at this object on some day."""
        return self.unbarred(kind, object_id) & self.employed

    @cached_property
    def employed(self) -> int:
        """Everybody who is available in some half-day of the period."""
        return together(am | pm for am, pm in self.available)

    def in_public_order(self, mask: int, day: int) -> list[int]:
        """Indices of the people in a mask who are available that day, in an order anybody can recompute."""
        present = mask & (self.available[day][0] | self.available[day][1])
        indices = [n for n in range(len(self.inspectors)) if present >> n & 1]
        return sorted(indices, key=lambda n: ticket("", "pool", self.inspectors[n].id, self.days[day]))

    def names(self, mask: int) -> tuple[str, ...]:
        """Ids of the people in a mask, sorted."""
        return tuple(person.id for n, person in enumerate(self.inspectors) if mask >> n & 1)


def seats_of(visit: PlannedVisit, problem: Problem, people: People) -> dict[SeatKind, int]:
    """Seats a visit needs: each department's minimum team, one holder of each qualification its items ask for."""
    wanted: dict[str, set[str]] = {department: set() for department in visit.departments}
    for check in visit.checks:
        wanted[check.department] |= set(check.qualifications)
    seats: dict[SeatKind, int] = {}
    for department, qualifications in sorted(wanted.items()):
        size = problem.rules.lead_team if department == visit.lead else problem.rules.partner_team
        seats |= _department_seats(department, size, qualifications, visit.object_id, people)
    return seats


def _department_seats(
    department: str, size: int, qualifications: set[str], object_id: str, people: People
) -> dict[SeatKind, int]:
    parts: list[tuple[str, ...]] = [(q,) for q in sorted(qualifications)]
    while True:
        seats = _fill_up(department, size, parts)
        masks = [people.unrecused(k, object_id) for k, need in seats.items() for _ in range(need)]
        if len(parts) <= 1 or (len(parts) <= size and not unfilled([(m, 1) for m in masks])):
            return seats
        shorter = _join_two(department, parts, object_id, people)
        if shorter is None:
            return seats
        parts = shorter


def _fill_up(department: str, size: int, parts: Sequence[tuple[str, ...]]) -> dict[SeatKind, int]:
    seats = {SeatKind(department, part): 1 for part in parts}
    if rest := size - len(parts):
        seats |= {SeatKind(department): rest} if rest > 0 else {}
    return seats


def _join_two(
    department: str, parts: list[tuple[str, ...]], object_id: str, people: People
) -> list[tuple[str, ...]] | None:
    best = None
    for i, one in enumerate(parts):
        for other in parts[i + 1 :]:
            both = tuple(sorted({*one, *other}))
            holders = people.unrecused(SeatKind(department, both), object_id).bit_count()
            if holders and (best is None or holders > best[0]):
                best = (holders, both, one, other)
    if best is None:
        return None
    _, both, one, other = best
    return sorted([p for p in parts if p not in (one, other)] + [both])


def unfilled(demands: Sequence[tuple[int, int]]) -> list[int]:
    """Demands (mask of eligible people, how many) that distinct people cannot meet together, by index.

    Kuhn's augmenting paths; empty means that everybody can be seated. A non-empty answer is a Hall violator: the
    demands reached from the one that failed compete for too few people.
    """
    taken: dict[int, int] = {}
    occupied = 0
    for n, (_, need) in enumerate(demands):
        for _ in range(need):
            seen: set[int] = set()
            seated = _seat(n, demands, taken, seen, occupied)
            if not seated:
                return sorted({n} | {taken[p] for p in seen})
            occupied |= seated
    return []


def _seat(
    n: int, demands: Sequence[tuple[int, int]], taken: dict[int, int], seen: set[int], occupied: int
) -> int:
    """Bit of the person who is newly seated, anybody free before anybody is moved; 0 if nobody can be."""
    mask = demands[n][0]
    if free := mask & ~occupied:
        bit = free & -free
        taken[bit.bit_length() - 1] = n
        return bit
    while mask:
        bit = mask & -mask
        mask ^= bit
        person = bit.bit_length() - 1
        if person in seen:
            continue
        seen.add(person)
        if taken[person] != n and (seated := _seat(taken[person], demands, taken, seen, occupied)):
            taken[person] = n
            return seated
    return 0


class Staffing:
    """Exact staffability of dated visits (派员可行性校核), department by department and day by day."""

    def __init__(
        self,
        visits: Sequence[PlannedVisit],
        problem: Problem,
        days: Sequence[date],
        desk: Mapping[str, Desk] | None = None,
    ):
        self.visits = visits
        self.people = People(problem, days, desk)
        self.seats = [seats_of(v, problem, self.people) for v in visits]
        self._departments = [sorted({k.department for k in seats}) for seats in self.seats]
        self._all_departments = sorted({d for own in self._departments for d in own})
        self._known: dict[tuple[str, int, tuple[tuple[int, tuple[int, ...]], ...]], tuple[int, ...]] = {}
        self._grouped: dict[tuple[str, int, tuple[Dated, ...]], tuple[TeamGroup, ...]] = {}

    def with_desks(self, desk: Mapping[str, Desk]) -> Staffing:
        """The same visits and people with other desks (同一批检查,另一种留办人数)."""
        other = copy(self)
        other.people, other._known, other._grouped = copy(self.people), {}, {}
        other.people.desk = dict(desk)
        return other

    def departments(self, visit: int) -> list[str]:
        """Departments that send somebody to the visit."""
        return self._departments[visit]

    def short(self, day: int, dated: Sequence[Dated], added: int | None = None) -> list[int]:
        """Visits of the day that cannot all be staffed together (a Hall violator); empty if they can.

        With `added`, only the departments of that visit are asked: the others were staffable without it.
        """
        return next((list(failed) for _, failed in self._shortages(day, dated, added)), [])

    def short_departments(self, day: int, dated: Sequence[Dated], added: int) -> list[str]:
        """Departments that cannot staff the day's visits with `added` among them (人手不足的部门)."""
        return [name for name, _ in self._shortages(day, dated, added)]

    def _shortages(
        self, day: int, dated: Sequence[Dated], added: int | None
    ) -> Iterator[tuple[str, tuple[int, ...]]]:
        for department in self._departments[added] if added is not None else self._all_departments:
            ones = [one for one in dated if department in self._departments[one.visit]]
            if ones and (failed := self._short_department(department, day, ones)):
                yield department, failed

    def _short_department(self, department: str, day: int, dated: list[Dated]) -> tuple[int, ...]:
        key = (department, day, tuple(sorted((d.visit, d.halves) for d in dated)))
        if key not in self._known:
            self._known[key] = self._match(department, day, dated)
        return self._known[key]

    def _match(self, department: str, day: int, dated: list[Dated]) -> tuple[int, ...]:
        failed = self._short_anyhow(department, day, dated)
        if failed or not whole_days(dated):
            return failed
        for layout in self._layouts(department, day, dated):
            if not any(self._short_slot(department, day, slot) for slot in layout):
                return ()
        # No single slot proves this shortage: all visits of the department share the blame.
        return tuple(sorted(one.visit for one in dated))

    def _short_anyhow(self, department: str, day: int, dated: list[Dated]) -> tuple[int, ...]:
        """Visits that no layout can man: those of the whole day, or those with either half-day's."""
        everybody, whole = self.people.holders(SeatKind(department)), whole_days(dated)
        stays = self.people.stays(department, day)
        halves = by_half([one for one in dated if one not in whole], everybody, stays)
        slots = [Slot("", everybody, tuple(whole))]
        slots += [Slot("", everybody, (*whole, *slot.dated), slot.halves) for slot in halves]
        for slot in slots:
            if failed := self._short_slot(department, day, slot):
                return failed
        return ()

    def _short_slot(self, department: str, day: int, slot: Slot) -> tuple[int, ...]:
        owners, demands = list[int](), list[tuple[int, int]]()
        for one in slot.dated:
            object_id = self.visits[one.visit].object_id
            for kind, need in self.seats[one.visit].items():
                if kind.department == department:
                    owners.append(one.visit)
                    demands.append((self.people.eligible(kind, object_id, day, one.halves) & slot.pool, need))
        if stay := self.people.at_desks(department, day, slot.halves):
            demands.append((self._free(department, day, slot), stay))
        if not (failed := unfilled(demands)):
            return ()
        # Desks alone may be what fails: then every visit of the slot, or nobody's, is in the way.
        return tuple(sorted({owners[n] for n in failed if n < len(owners)} or set(owners) or {NOBODY}))

    def _free(self, department: str, day: int, slot: Slot) -> int:
        mask = self.people.holders(SeatKind(department)) & slot.pool
        for half in slot.halves:
            mask &= self.people.available[day][half]
        return mask

    def _layouts(self, department: str, day: int, dated: list[Dated]) -> Iterator[list[Slot]]:
        """Ways to cut the day into slots, the freest first."""
        everybody = self.people.holders(SeatKind(department))
        whole = whole_days(dated)
        if not whole:
            yield by_half(dated, everybody)
            return
        yield [Slot("", everybody, tuple(dated), ALL_HALVES)]
        halves = [one for one in dated if one not in whole]
        asked = [self._asked(department, ones) for ones in (whole, halves)]
        kinds = sorted({k for one in dated for k in self.seats[one.visit] if k.department == department})
        am, pm = self.people.available[day]
        order = self.people.in_public_order(everybody & am & pm, day)
        groups = alike(order, [self.people.holders(kind) for kind in kinds])
        share = asked[0] / (asked[0] + asked[1] / 2)
        for pool in whole_day_pools(groups, share, asked[0]):
            rest = by_half(halves, everybody & ~pool, self.people.stays(department, day))
            if all(self._present(slot, day) >= self._wanted(department, day, slot) for slot in rest):
                yield [Slot("/day", pool, tuple(whole)), *rest]

    def _present(self, slot: Slot, day: int) -> int:
        return (slot.pool & self.people.available[day][slot.halves[0]]).bit_count()

    def _wanted(self, department: str, day: int, slot: Slot) -> int:
        return self._asked(department, slot.dated) + self.people.at_desks(department, day, slot.halves)

    def _asked(self, department: str, dated: Sequence[Dated]) -> int:
        return sum(
            need for one in dated for k, need in self.seats[one.visit].items() if k.department == department
        )

    def groups(self, dated: Sequence[Dated], department: str) -> list[TeamGroup]:
        """A department's seat groups of the whole roster, for the team lottery, in order of id."""
        at: dict[int, list[Dated]] = defaultdict(list)
        for one in dated:
            at[one.day].append(one)
        groups: list[TeamGroup] = []
        for day, ones in at.items():
            key = (department, day, tuple(ones))
            if key not in self._grouped:
                self._grouped[key] = tuple(self._groups(department, day, ones))
            groups += self._grouped[key]
        return sorted(groups, key=lambda g: g.id)

    def _groups(self, department: str, day: int, dated: list[Dated]) -> Iterator[TeamGroup]:
        layouts = list(self._layouts(department, day, dated))
        fitting = (w for w in layouts if not any(self._short_slot(department, day, s) for s in w))
        for slot in next(fitting, layouts[0]):
            for one in slot.dated:
                visit = self.visits[one.visit]
                for kind, need in self.seats[one.visit].items():
                    if kind.department != department:
                        continue
                    mask = self.people.eligible(kind, visit.object_id, day, one.halves) & slot.pool
                    yield TeamGroup(
                        id=f"{visit.id}/{department}/{kind.name}",
                        visit=visit.id,
                        department=department,
                        qualification=kind.name,
                        slot=f"{self.people.days[day]}{slot.name}",
                        need=need,
                        eligible=self.people.names(mask),
                    )
