"""Seat tickets wurao-seats-1 (席位替补抽签): who takes a seat that falls empty, or is new, after the team lottery.

Standard library only: an outsider replays it from the published file alone. The randomness is that of the team
lottery, nothing new is drawn: of the people eligible and free, the one with the smallest
SHA256(S + ",seat," + group + "," + number + "," + inspector) goes (draw.md 4). A seat is named by its group in the
published table, not by its visit: a visit's name would join its departments and so betray an enterprise's date.

Order. Empty seats are filled by (day, slot, group, number). A seat first takes the smallest ticket of those who are
free. If nobody is, candidates are asked again in the order of their tickets: whoever was given other seats *in this
same filling* may leave one of them (tried in the order of filling), if that makes them free and that seat finds
somebody by the same rule. Within the search for one seat no person is asked to leave the same seat twice, and a chain
has at most LONGEST_CHAIN links. Nobody who sat before is ever moved. A seat for which this finds nobody stays empty.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LONGEST_CHAIN = 40


class SeatPlace(NamedTuple):
    """One department's seats of one kind on one dated visit (一组席位).

    `slot` is the team lottery's: nobody sits twice in one slot. `halves` are am, pm or both; `eligible` hold the
    certificate and qualification, are present, and need not stand aside.
    """

    group: str
    slot: str
    day: str
    halves: tuple[str, ...]
    eligible: tuple[str, ...]


class Capacity(NamedTuple):
    """The most that one inspector may be given (工作量上限): half-days a day; visits in the period or None."""

    half_days: int
    visits: int | None


class EmptySeat(NamedTuple):
    """A seat to fill (空缺席位): its group and its number in it, from 1."""

    group: str
    number: int


@dataclass(frozen=True)
class Filling:
    """The whole input of one filling (一次替补), as published.

    `places` and `sitting` (group, inspector) are those of the days that have an empty seat; `elsewhere` counts each
    person's visits on all other days of the period.
    """

    state: str
    places: Mapping[str, SeatPlace]
    sitting: Sequence[tuple[str, str]]
    elsewhere: Mapping[str, int]
    limits: Mapping[str, Capacity]
    empty: Sequence[EmptySeat]


def seat_ticket(state: str, group: str, number: int, inspector: str) -> str:
    """The ticket of one inspector for one seat (席位签号), 64 hex digits."""
    return hashlib.sha256(f"{state},seat,{group},{number},{inspector}".encode()).hexdigest()


def fill_seats(filling: Filling) -> dict[EmptySeat, str]:
    """Empty seat → inspector; a seat that nobody can take is missing. Deterministic, whatever order is given."""
    hall = _Hall(filling)
    for seat in sorted(filling.empty, key=hall.order):
        hall.seat(seat, set())
    return hall.taken


class _Hall:
    """Who sits where while seats are being filled."""

    def __init__(self, filling: Filling) -> None:
        self.filling = filling
        self.taken: dict[EmptySeat, str] = {}
        self._mine: dict[str, list[EmptySeat]] = defaultdict(list)
        self._at: dict[tuple[str, str], list[SeatPlace]] = defaultdict(list)
        self._total: dict[str, int] = defaultdict(int, filling.elsewhere)
        self._orders: dict[EmptySeat, list[str]] = {}
        for group, inspector in filling.sitting:
            self._sit(filling.places[group], inspector)

    def order(self, seat: EmptySeat) -> tuple[str, str, str, int]:
        """Where the seat stands in the order of filling."""
        place = self.filling.places[seat.group]
        return place.day, place.slot, place.group, seat.number

    def seat(self, seat: EmptySeat, asked: set[tuple[str, EmptySeat]], links: int = 0) -> bool:
        """Fill one seat, directly or by a chain; `asked` are the seats that somebody was already asked to leave."""
        place = self.filling.places[seat.group]
        candidates = self._by_ticket(seat)
        for name in candidates:
            if self._is_free(name, place):
                self._give(seat, name)
                return True
        for name in candidates if links < LONGEST_CHAIN else ():
            for other in sorted(self._mine[name], key=self.order):
                if (name, other) in asked:
                    continue
                self._take_back(other, name)
                if self._is_free(name, place):
                    asked.add((name, other))
                    self._give(seat, name)
                    if self.seat(other, asked, links + 1):
                        return True
                    self._take_back(seat, name)
                self._give(other, name)
        return False

    def _by_ticket(self, seat: EmptySeat) -> list[str]:
        if seat not in self._orders:
            place, state = self.filling.places[seat.group], self.filling.state
            self._orders[seat] = sorted(
                place.eligible, key=lambda name: (seat_ticket(state, *seat, name), name)
            )
        return self._orders[seat]

    def _is_free(self, name: str, place: SeatPlace) -> bool:
        capacity = self.filling.limits[name]
        if capacity.visits is not None and self._total[name] >= capacity.visits:
            return False
        today = self._at[name, place.day]
        if sum(len(p.halves) for p in today) + len(place.halves) > capacity.half_days:
            return False
        return not any(p.slot == place.slot or set(p.halves) & set(place.halves) for p in today)

    def _sit(self, place: SeatPlace, name: str) -> None:
        self._at[name, place.day].append(place)
        self._total[name] += 1

    def _give(self, seat: EmptySeat, name: str) -> None:
        self._sit(self.filling.places[seat.group], name)
        self._mine[name].append(seat)
        self.taken[seat] = name

    def _take_back(self, seat: EmptySeat, name: str) -> None:
        place = self.filling.places[seat.group]
        self._at[name, place.day].remove(place)
        self._total[name] -= 1
        self._mine[name].remove(seat)
        if self.taken.get(seat) == name:
            del self.taken[seat]
