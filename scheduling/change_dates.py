"""Dates while a roster changes (调整排期): all that may stay is booked first, then what must move finds a place.

Anonymous like all dating: it asks whether a visit's seats could be filled, never by whom. Only where a visit finds no
place do others make room, the cheapest chain of at most `LONGEST_CHAIN` of them, and never more than the limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from scheduling.booking import UNPLACED, Booking
from scheduling.change_desk import beside_desks
from scheduling.change_seats import SeatBook, VisitSeats
from scheduling.merge import PlannedVisit
from scheduling.problem import HALVES, WHOLE_DAY, Problem, TeamGroup, Visit
from scheduling.staffing import Staffing
from scheduling.workload import Workload

LONGEST_CHAIN = 2
SLOTS_TRIED = 12
RIVALS_TRIED = 8


class Room(Protocol):
    """Whether people suffice for a visit in a slot (人员是否够)."""

    def enter(self, v: int, slot: int) -> bool:
        """Seat a visit that is not booked; False, and nothing changed, where people do not suffice."""

    def leave(self, v: int) -> VisitSeats | None:
        """Give a visit's people back; what `back` needs to undo it."""

    def back(self, v: int, seats: VisitSeats | None) -> None:
        """Undo `leave`."""


@dataclass
class Seated:
    """Room where the team lottery has been held: everybody who sits stays, new seats need people who are free."""

    book: SeatBook
    booking: Booking
    staffing: Staffing

    def enter(self, v: int, slot: int) -> bool:
        """Seat a visit with empty seats that seat tickets could fill."""
        visit = self.staffing.visits[v]
        day, halves = slot // 2, self.booking.halves(v, slot)
        dated = _dated(visit, self.booking, slot)
        groups = list(new_groups(self.staffing, v, day, halves))
        if any(len(group.eligible) < group.need for group in groups):
            return False
        if not beside_desks(self.book, self.staffing.people, groups, day, halves):
            return False
        self.book.put(visit.id, self.book.seats_for(dated, groups))
        if self.book.empty_after(visit.departments):
            self.book.take(visit.id)
            return False
        return True

    def leave(self, v: int) -> VisitSeats:
        """Release the visit's people."""
        return self.book.take(self.staffing.visits[v].id)

    def back(self, v: int, seats: VisitSeats | None) -> None:
        """Give the visit its people back."""
        assert seats is not None
        self.book.put(self.staffing.visits[v].id, seats)


@dataclass
class Unseated:
    """Room before the team lottery: distinct people must exist for every half-day and within everybody's total."""

    booking: Booking
    staffing: Staffing
    workload: Workload

    def enter(self, v: int, slot: int) -> bool:
        """Whether the day can still be staffed with the visit."""
        if not (self.booking.fits(v, slot) and self.booking.staffed(v, slot)):
            return False
        self.booking.place(v, slot)
        holds = self.workload.holds(self.staffing.departments(v))
        self.booking.remove(v)
        return holds

    def leave(self, v: int) -> None:
        """Nobody is seated yet."""

    def back(self, v: int, seats: VisitSeats | None) -> None:
        """Nobody is seated yet."""


def new_groups(staffing: Staffing, v: int, day: int, halves: Sequence[int]) -> Iterable[TeamGroup]:
    """The seat groups of a newly dated visit, each half-day, or the whole day, a slot of its own."""
    visit = staffing.visits[v]
    part = "day" if len(halves) == len(HALVES) else HALVES[halves[0]]
    for kind, need in staffing.seats[v].items():
        mask = staffing.people.eligible(kind, visit.object_id, day, halves)
        yield TeamGroup(
            id=f"{visit.id}/{kind.department}/{kind.name}",
            visit=visit.id,
            department=kind.department,
            qualification=kind.name,
            slot=f"{staffing.people.days[day]}/{part}",
            need=need,
            eligible=staffing.people.names(mask),
        )


def _dated(visit: PlannedVisit, booking: Booking, slot: int) -> Visit:
    half = WHOLE_DAY if visit.halves == 2 else HALVES[slot % 2]
    return Visit(
        visit.id,
        visit.object_id,
        booking.problem.dates[slot // 2],
        half,
        tuple(c.id for c in visit.checks),
        visit.departments,
        visit.lead,
        visit.minutes,
    )


@dataclass
class Dating:
    """Finds places for visits in a booking whose other visits stay; `moved` are those that made room, and for whom."""

    booking: Booking
    room: Room
    unaffected: set[int]
    limit: int
    problem: Problem
    moved: dict[int, int] = field(default_factory=dict)

    def place(self, v: int) -> bool:
        """Give a visit its cheapest slot without touching any other."""
        return self._direct(v, self._slots(v, open_now=True))

    def make_room(self, v: int) -> bool:
        """Place a visit by moving others: one if that is enough, else a chain of two."""
        return any(self._eject(v, v, depth, set()) for depth in range(1, LONGEST_CHAIN + 1))

    def _direct(self, v: int, slots: Iterable[int]) -> bool:
        for slot in slots:
            if self.room.enter(v, slot):
                self.booking.place(v, slot)
                return True
        return False

    def _slots(self, v: int, open_now: bool) -> list[int]:
        """Slots on the days that the rules leave this visit, the cheapest first; `open_now` heeds other visits."""
        booking, p = self.booking, self.booking.problem
        days = np.flatnonzero(booking.open_days(v) if open_now else p.days[v])
        slots = 2 * days if p.halves[v] == 2 else np.concatenate([2 * days, 2 * days + 1])
        if p.pin[v] != UNPLACED:
            slots = slots[slots == p.pin[v]]
        opened = np.where(booking.clusters[p.cluster[v], slots // 2] == 0, p.open_cost, 0)
        prices = p.cost[v, slots // 2] + opened
        return [int(slots[n]) for n in np.lexsort((slots, p.lot[v, slots // 2], prices))]

    def _eject(self, v: int, cause: int, depth: int, chain: set[int]) -> bool:
        for slot in self._slots(v, open_now=False)[:SLOTS_TRIED]:
            for w in self._rivals(v, slot, chain)[:RIVALS_TRIED]:
                if self._swap(v, slot, w, cause, depth, {*chain, v, w}):
                    return True
        return False

    def _swap(self, v: int, slot: int, w: int, cause: int, depth: int, chain: set[int]) -> bool:
        counted = w in self.unaffected and w not in self.moved
        if counted and len(self.moved) >= self.limit:
            return False
        home = int(self.booking.slot[w])
        self.booking.remove(w)
        seats = self.room.leave(w)
        if counted:
            self.moved[w] = cause
        if self.booking.open_days(v)[slot // 2] and self._direct(v, [slot]):
            if self._direct(w, [s for s in self._slots(w, open_now=True) if s != home]):
                return True
            if depth > 1 and self._eject(w, cause, depth - 1, chain):
                return True
            self.booking.remove(v)
            self.room.leave(v)
        if counted:
            del self.moved[w]
        self.room.back(w, seats)
        self.booking.place(w, home)
        return False

    def _rivals(self, v: int, slot: int, chain: set[int]) -> list[int]:
        """Who stands in the way of a slot and may move: least urgent first, then by the tie of their day."""
        booking, p = self.booking, self.booking.problem
        day, halves = slot // 2, set(booking.halves(v, slot))
        mine = p.demand[v] > 0
        full = booking.clusters[p.cluster[v], day] >= p.cluster_cap
        near = [
            w
            for w in booking.siblings.get(v, ())
            if booking.slot[w] != UNPLACED and p.too_close(v, day, w, booking.day(w))
        ]
        there = [
            w
            for w in booking.on_day[day]
            if (full and p.cluster[w] == p.cluster[v])
            or ((p.demand[w][mine] > 0).any() and halves & set(booking.halves(w)))
        ]
        free = {w for w in (*near, *there) if p.pin[w] == UNPLACED and w not in chain}
        return sorted(free, key=lambda w: (w in self.unaffected, int(p.unplaced[w]), int(p.lot[w, day]), w))
