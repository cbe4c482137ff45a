"""Seats while a roster changes (调整中的席位): who stays, which seats fall empty, and whether all can be filled.

A visit that stays keeps its people; the seat of whoever may no longer go there falls empty. A visit that is dated anew
gives all its people back. Every empty seat is filled by seat tickets (seat_tickets.py); nothing here chooses anybody.
Departments share no people, so each is filled, and asked about, on its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduling.problem import HALVES, WHOLE_DAY, Inspector, Problem, Roster, Seat, TeamGroup, Visit
from scheduling.seat_tickets import Capacity, EmptySeat, Filling, SeatPlace, fill_seats

Veil = Callable[[str], str]


@dataclass(frozen=True)
class VisitSeats:
    """One visit's seat groups, who sits, and which seats are empty: (group id, number, who left or "")."""

    groups: tuple[TeamGroup, ...]
    places: tuple[SeatPlace, ...]
    sitting: tuple[tuple[str, str], ...] = ()
    empty: tuple[tuple[EmptySeat, str], ...] = ()

    def of(self, department: str) -> Iterable[SeatPlace]:
        """Places of one department."""
        return (p for g, p in zip(self.groups, self.places, strict=True) if g.department == department)


def halves_of(half: str) -> tuple[str, ...]:
    """The half-days that a visit takes."""
    return HALVES if half == WHOLE_DAY else (half,)


def may_go(person: Inspector, visit: Visit) -> bool:
    """Whether certificate, presence and recusal still allow this person on this visit."""
    away = person.stands_aside(visit.object_id, visit.day)
    return not away and visit.day not in person.leave and visit.day <= person.certificate_valid_to


class SeatBook:
    """All seats of a roster that has its teams, visit by visit, and what filling the empty ones comes to."""

    def __init__(self, problem: Problem, roster: Roster, state: str, veil: Veil):
        self.state, self.veil = state, veil
        self.inspectors = {i.id: i for i in problem.inspectors}
        self.limits = {i.id: Capacity(i.half_days_per_day, i.visits_total) for i in problem.inspectors}
        self.of_visit: dict[str, VisitSeats] = {}
        self._on_day: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._gaps: dict[str, set[str]] = defaultdict(set)
        self._total: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        people: dict[str, list[str]] = defaultdict(list)
        for seat in roster.seats:
            people[seat.group].append(seat.inspector)
        groups: dict[str, list[TeamGroup]] = defaultdict(list)
        for group in roster.groups:
            groups[group.visit].append(group)
        for visit in roster.visits:
            self.put(visit.id, self._as_told(visit, groups[visit.id], people))

    def _as_told(
        self, visit: Visit, groups: Sequence[TeamGroup], people: Mapping[str, list[str]]
    ) -> VisitSeats:
        sitting = tuple((self.name(g.id), person) for g in groups for person in sorted(people[g.id]))
        return VisitSeats(tuple(groups), tuple(self._place(g, visit) for g in groups), sitting)

    def name(self, word: str) -> str:
        """The public name of a group."""
        if word not in self._names:
            self._names[word] = self.veil(word)
        return self._names[word]

    def _place(self, group: TeamGroup, visit: Visit) -> SeatPlace:
        halves = halves_of(visit.half)
        return SeatPlace(self.name(group.id), group.slot, str(visit.day), halves, group.eligible)

    def put(self, visit: str, seats: VisitSeats) -> None:
        """Enter a visit's seats, in place of those it had."""
        if visit in self.of_visit:
            self.take(visit)
        self.of_visit[visit] = seats
        gaps = {seat.group for seat, _ in seats.empty}
        for group, place in zip(seats.groups, seats.places, strict=True):
            self._on_day[group.department, place.day].add(visit)
            if place.group in gaps:
                self._gaps[group.department].add(visit)
        self._total.update(person for _, person in seats.sitting)

    def take(self, visit: str) -> VisitSeats:
        """Take a visit out, with its seats, for `put` to give back."""
        seats = self.of_visit.pop(visit)
        for group, place in zip(seats.groups, seats.places, strict=True):
            self._on_day[group.department, place.day].discard(visit)
            self._gaps[group.department].discard(visit)
        self._total.subtract(person for _, person in seats.sitting)
        return seats

    def sent_out(self, department: str, day: str, half: str) -> int:
        """How many of a department go out in a half-day, empty seats counted (入企人数)."""
        return sum(
            group.need
            for visit in self._on_day[department, day]
            for group, place in zip(self.of_visit[visit].groups, self.of_visit[visit].places, strict=True)
            if group.department == department and half in place.halves
        )

    def vacate(self, visit: Visit) -> list[str]:
        """Empty the seats of those who may no longer go; the people who leave."""
        old = self.of_visit[visit.id]
        left, groups, sitting, empty = [], [], [], []
        for group in old.groups:
            able = tuple(i for i in group.eligible if may_go(self.inspectors[i], visit))
            groups.append(group if able == group.eligible else _narrowed(group, able))
            people = sorted(i for g, i in old.sitting if g == self.name(group.id))
            for number, person in enumerate(people, start=1):
                if may_go(self.inspectors[person], visit):
                    sitting.append((self.name(group.id), person))
                else:
                    left.append(person)
                    empty.append((EmptySeat(self.name(group.id), number), person))
        if left:
            places = tuple(self._place(g, visit) for g in groups)
            self.put(visit.id, VisitSeats(tuple(groups), places, tuple(sitting), tuple(empty)))
        return left

    def reopen(self, visit: str, departments: Iterable[str]) -> bool:
        """Empty all of these departments' seats on a visit; False where they are empty already.

        A holder of the qualification that is now missing may sit on one of the other seats: the team is drawn anew.
        """
        old = self.of_visit[visit]
        mine = {self.name(g.id) for g in old.groups if g.department in set(departments)}
        up = [(g, person) for g, person in old.sitting if g in mine]
        if not up:
            return False
        taken = {(seat.group, seat.number) for seat, _ in old.empty}
        fresh = []
        for group, person in sorted(up):
            number = next(n for n in range(1, len(up) + len(taken) + 1) if (group, n) not in taken)
            taken.add((group, number))
            fresh.append((EmptySeat(group, number), person))
        sitting = tuple(one for one in old.sitting if one not in up)
        self.put(visit, VisitSeats(old.groups, old.places, sitting, (*old.empty, *fresh)))
        return True

    def seats_for(self, visit: Visit, groups: Sequence[TeamGroup]) -> VisitSeats:
        """A visit's seats, all of them empty."""
        empty = [(EmptySeat(self.name(g.id), n), "") for g in groups for n in range(1, g.need + 1)]
        return VisitSeats(tuple(groups), tuple(self._place(g, visit) for g in groups), (), tuple(empty))

    def with_more(self, visit: Visit, groups: Sequence[TeamGroup]) -> VisitSeats:
        """The seats of a visit that stays, with further groups."""
        old, new = self.of_visit[visit.id], self.seats_for(visit, groups)
        return VisitSeats(
            (*old.groups, *new.groups),
            (*old.places, *new.places),
            old.sitting,
            (*old.empty, *new.empty),
        )

    def filling(self, departments: Iterable[str] | None = None) -> Filling:
        """The input of seat tickets, of some departments or all: the days that have an empty seat."""
        wanted = sorted(self._gaps if departments is None else set(departments))
        places: dict[str, SeatPlace] = {}
        sitting: list[tuple[str, str]] = []
        empty: list[EmptySeat] = []
        for department in wanted:
            days = {p.day for v in self._gaps[department] for p in self.of_visit[v].of(department)}
            for visit in sorted({v for day in days for v in self._on_day[department, day]}):
                seats = self.of_visit[visit]
                mine = {p.group: p for p in seats.of(department)}
                places |= mine
                sitting += [one for one in seats.sitting if one[0] in mine]
                empty += [seat for seat, _ in seats.empty if seat.group in mine]
        people = {person for p in places.values() for person in p.eligible} | {i for _, i in sitting}
        here = Counter(person for _, person in sitting)
        elsewhere = {i: n for i in sorted(people) if (n := self._total[i] - here[i])}
        limits = {i: self.limits[i] for i in sorted(people)}
        return Filling(self.state, places, sitting, elsewhere, limits, empty)

    def empty_after(self, departments: Iterable[str]) -> set[str]:
        """Visits (ids) that would keep an empty seat if these departments' seats were filled now."""
        wanted = set(departments)
        short = self._short(self.filling(wanted))
        near = {v for d in wanted for v in self._gaps[d]} if short else set()
        return {v for v in near if any(p.group in short for p in self.of_visit[v].places)}

    @staticmethod
    def _short(filling: Filling) -> set[str]:
        taken = fill_seats(filling) if filling.empty else {}
        return {seat.group for seat in filling.empty if seat not in taken}

    def short_departments(self, visit: str, departments: Iterable[str]) -> set[str]:
        """Departments of a visit that would keep an empty seat."""
        short = self._short(self.filling(departments))
        seats = self.of_visit[visit]
        pairs = zip(seats.groups, seats.places, strict=True)
        return {g.department for g, place in pairs if place.group in short}

    def seats(self) -> tuple[tuple[TeamGroup, ...], tuple[Seat, ...], dict[EmptySeat, str]]:
        """All groups, all seats once the empty ones are filled, and who took which."""
        taken = fill_seats(self.filling())
        groups = sorted((g for s in self.of_visit.values() for g in s.groups), key=lambda g: g.id)
        named = {self.name(g.id): g for g in groups}
        pairs = [one for s in self.of_visit.values() for one in s.sitting]
        pairs += [(seat.group, person) for seat, person in taken.items()]
        found = [
            Seat(named[g].visit, named[g].department, named[g].id, person) for g, person in sorted(pairs)
        ]
        return tuple(groups), tuple(sorted(found, key=lambda s: (s.group, s.inspector))), taken

    def kinds_held(self, visit: str, department: str) -> set[str]:
        """Qualifications that the department's groups on this visit already ask for."""
        groups = self.of_visit[visit].groups
        return {q for g in groups if g.department == department for q in g.qualification.split("+") if q}


def _narrowed(group: TeamGroup, eligible: tuple[str, ...]) -> TeamGroup:
    return TeamGroup(
        group.id, group.visit, group.department, group.qualification, group.slot, group.need, eligible
    )


def seat_faults(problem: Problem, roster: Roster) -> list[str]:
    """Why a roster's seats cannot be changed seat by seat (席位数据校验); empty where they can, or there are none."""
    if not roster.seats:
        return []
    groups = {g.id: g for g in roster.groups}
    unknown = sorted({s.group for s in roster.seats if s.group not in groups})
    found = [f"席位组 {name} 不在排班表的 groups 中" for name in unknown]
    people = {i.id for i in problem.inspectors}
    strangers = sorted({s.inspector for s in roster.seats} - people)
    found += [f"席位上的 {name} 不在检查人员名录中" for name in strangers]
    filled = Counter(s.group for s in roster.seats)
    found += [
        f"席位组 {g.id} 应有 {g.need} 人,实有 {filled[g.id]} 人"
        for g in roster.groups
        if filled[g.id] != g.need
    ]
    return found
