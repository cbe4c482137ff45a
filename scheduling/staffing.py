"""Staffing (派员可行性): can every dated visit be staffed by distinct, certified, unrecused people?

Names appear here only as bits of a mask, to prove that a team exists; who actually goes is decided by the team
lottery. Seats of one visit that ask for the same thing form a group; two groups in the same slot never share a
person. Where a department has a visit of a whole day, either everybody serves at most one visit that day, or, if
that is not enough, the day's people are split by a public number into a whole-day and a half-day pool: groups
then nest, and the lottery can realise its published probabilities exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from ortools.graph.python import max_flow

from scheduling.merge import PlannedVisit
from scheduling.problem import Inspector, Problem, Seat, TeamGroup
from scheduling.tickets import ticket

ALL_HALVES = (0, 1)


@dataclass(frozen=True)
class SeatKind:
    """What a seat asks for (席位要求): a department and the qualifications one person must hold together."""

    department: str
    qualifications: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The qualifications as one word, empty if any certified person will do."""
        return "+".join(self.qualifications)


class People:
    """The inspectors as bit masks (检查人员), by department, qualification, availability and recusal."""

    def __init__(self, problem: Problem, days: Sequence[date]):
        self.days = tuple(days)
        self.inspectors: tuple[Inspector, ...] = tuple(sorted(problem.inspectors, key=lambda i: i.id))
        self._index = {person.id: n for n, person in enumerate(self.inspectors)}
        self._department: dict[str, int] = defaultdict(int)
        self._holders: dict[str, int] = defaultdict(int)
        self._recused: dict[str, int] = defaultdict(int)
        for n, person in enumerate(self.inspectors):
            self._department[person.department] |= 1 << n
            for qualification in person.qualifications:
                self._holders[qualification] |= 1 << n
            # Whoever stands aside from a day on is counted out for the whole period: what is past is not planned.
            for object_id in (*person.recused, *(o for o, _ in person.recused_from)):
                self._recused[object_id] |= 1 << n
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
        mask = self.holders(kind) & ~self._recused[object_id]
        for half in halves:
            mask &= self.available[day][half]
        return mask

    def unrecused(self, kind: SeatKind, object_id: str) -> int:
        """Mask of those who may take such a seat at this object on some day."""
        return self.holders(kind) & ~self._recused[object_id] & self.employed

    @cached_property
    def employed(self) -> int:
        """Everybody who is available in some half-day of the period."""
        return (
            int(np.bitwise_or.reduce([am | pm for am, pm in self.available], dtype=object))
            if self.days
            else 0
        )

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
    for n, (_, need) in enumerate(demands):
        for _ in range(need):
            seen: set[int] = set()
            if not _seat(n, demands, taken, seen):
                return sorted({n} | {taken[p] for p in seen})
    return []


def _seat(n: int, demands: Sequence[tuple[int, int]], taken: dict[int, int], seen: set[int]) -> bool:
    mask = demands[n][0]
    while mask:
        bit = mask & -mask
        mask ^= bit
        person = bit.bit_length() - 1
        if person in seen:
            continue
        if person not in taken:
            taken[person] = n
            return True
        seen.add(person)
        if taken[person] == n:
            continue
        if _seat(taken[person], demands, taken, seen):
            taken[person] = n
            return True
    return False


@dataclass(frozen=True)
class Dated:
    """A visit with a day index and the halves it takes: (0,), (1,) or (0, 1)."""

    visit: int
    day: int
    halves: tuple[int, ...]


@dataclass(frozen=True)
class Slot:
    """A part of a department's day in which nobody can be in two places, and the people it draws on (mask)."""

    name: str
    pool: int
    dated: tuple[Dated, ...]


class Staffing:
    """Exact staffability of dated visits (派员可行性校核), department by department and day by day."""

    def __init__(self, visits: Sequence[PlannedVisit], problem: Problem, days: Sequence[date]):
        self.visits = visits
        self.people = People(problem, days)
        self.seats = [seats_of(v, problem, self.people) for v in visits]
        self._departments = [sorted({k.department for k in seats}) for seats in self.seats]
        self._all_departments = sorted({d for own in self._departments for d in own})
        self._known: dict[tuple[str, int, tuple[tuple[int, tuple[int, ...]], ...]], tuple[int, ...]] = {}
        self._grouped: dict[tuple[str, int, tuple[Dated, ...]], tuple[TeamGroup, ...]] = {}

    def departments(self, visit: int) -> list[str]:
        """Departments that send somebody to the visit."""
        return self._departments[visit]

    def short(self, day: int, dated: Sequence[Dated], added: int | None = None) -> list[int]:
        """Visits of the day that cannot all be staffed together (a Hall violator); empty if they can.

        With `added`, only the departments of that visit are asked: the others were staffable without it.
        """
        for _, failed in self._shortages(day, dated, added):
            return list(failed)
        return []

    def short_departments(self, day: int, dated: Sequence[Dated], added: int) -> list[str]:
        """Departments that cannot staff the day's visits with `added` among them (人手不足的部门)."""
        return [department for department, _ in self._shortages(day, dated, added)]

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
        failed: tuple[int, ...] = ()
        for layout in self._layouts(department, day, dated):
            shorts = [self._short_slot(department, day, slot) for slot in layout]
            if not any(shorts):
                return ()
            failed = failed or next(s for s in shorts if s)
        # With pools, no single slot proves the shortage: all visits of the department share the blame.
        return failed if not _whole_days(dated) else tuple(sorted(one.visit for one in dated))

    def _short_slot(self, department: str, day: int, slot: Slot) -> tuple[int, ...]:
        owners, demands = [], []
        for one in slot.dated:
            object_id = self.visits[one.visit].object_id
            for kind, need in self.seats[one.visit].items():
                if kind.department == department:
                    owners.append(one.visit)
                    demands.append((self.people.eligible(kind, object_id, day, one.halves) & slot.pool, need))
        return tuple(sorted({owners[n] for n in unfilled(demands)}))

    def _layouts(self, department: str, day: int, dated: list[Dated]) -> Iterator[list[Slot]]:
        """Ways to cut the day into slots, the freest first."""
        everybody = self.people.holders(SeatKind(department))
        whole = _whole_days(dated)
        if not whole:
            yield _by_half(dated, everybody)
            return
        yield [Slot("", everybody, tuple(dated))]
        halves = [one for one in dated if one not in whole]
        order = self.people.in_public_order(everybody, day)
        asked = [self._asked(department, ones) for ones in (whole, halves)]
        even = len(order) * asked[0] / max(1, asked[0] + asked[1] / 2)
        for size in sorted(range(asked[0], len(order)), key=lambda n: (abs(n - even), n)):
            pool = sum(1 << n for n in order[:size])
            yield [Slot("/day", pool, tuple(whole)), *_by_half(halves, everybody & ~pool)]

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


def _whole_days(dated: Sequence[Dated]) -> list[Dated]:
    return [one for one in dated if len(one.halves) == len(ALL_HALVES)]


def _by_half(dated: Sequence[Dated], pool: int) -> list[Slot]:
    return [
        Slot(name, pool, ones)
        for name, half in (("/am", 0), ("/pm", 1))
        if (ones := tuple(one for one in dated if one.halves == (half,)))
    ]


@dataclass(frozen=True)
class Seating:
    """A best filling of seats (席位试排): who would sit where, groups left short, and those competing with them."""

    seats: tuple[Seat, ...]
    short: tuple[TeamGroup, ...]
    starved: tuple[TeamGroup, ...]

    @property
    def missing(self) -> int:
        """How many seats stay empty."""
        filled = Counter(seat.group for seat in self.seats)
        return sum(g.need - filled[g.id] for g in self.short)


def seat_everybody(groups: Sequence[TeamGroup], inspectors: Sequence[Inspector]) -> Seating:
    """One feasible set of teams by maximum flow (一个可行派员方案), within everybody's total.

    It proves that the lottery has an outcome; it is never used to send anybody. `starved` are the groups on the
    far side of the minimum cut: together they ask for more than the people who can serve them may be given.
    """
    flow = max_flow.SimpleMaxFlow()
    node: dict[object, int] = {"source": 0, "sink": 1}
    number = node.setdefault
    limit = {i.id: i.visits_total for i in inspectors}
    slots_seen: set[tuple[str, str]] = set()
    arcs: list[tuple[int, TeamGroup, str]] = []
    for group in groups:
        here = number(group.id, len(node))
        flow.add_arc_with_capacity(here, 1, group.need)
        for person in group.eligible:
            key = (person, group.slot)
            if key not in slots_seen:
                slots_seen.add(key)
                flow.add_arc_with_capacity(number(person, len(node)), number(key, len(node)), 1)
            arcs.append((flow.add_arc_with_capacity(node[key], here, 1), group, person))
    for person in sorted({p for p, _ in slots_seen}):
        most = limit[person]
        flow.add_arc_with_capacity(0, node[person], len(groups) if most is None else most)
    if not slots_seen:
        return Seating((), tuple(groups), tuple(groups))
    flow.solve(0, 1)
    seats = tuple(Seat(g.visit, g.department, g.id, p) for arc, g, p in arcs if flow.flow(arc))
    filled = Counter(seat.group for seat in seats)
    near = set(flow.get_source_side_min_cut())
    return Seating(
        seats,
        tuple(g for g in groups if filled[g.id] < g.need),
        tuple(g for g in groups if node[g.id] not in near),
    )
