"""Levelling (削峰填谷): the last aim of the dating, an even load, at the price of no other.

A cluster-day moves as a whole to another day, or one visit to another half-day or to a day on which its cluster is
visited anyway; only where no date becomes dearer, no cluster-day more is opened, and the day can be staffed. Who is asked
first follows the visits' tickets; of equally good days the lots take one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.booking import UNPLACED, Booking
from scheduling.bound import Floats
from scheduling.capacity import Ints
from scheduling.even_load import EvenLoad

PASSES = 8
TRIES = 3
FEW = 50
"""A pass that moves fewer than one visit in so many is the last."""
LEAST = 1e-6
"""A change of the measure that counts as none."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Days for visits that stay together: `rise` [D] of the measure, infinite where they do not fit; `halves` [n, D]."""

    rise: Floats
    halves: Ints


class Levelling:
    """One levelling of a booking (一次削峰填谷), until nothing helps or `left` says that no time is left."""

    def __init__(self, booking: Booking, tickets: Ints, left: Callable[[], float]):
        self.booking, self.problem, self.left = booking, booking.problem, left
        self.even = EvenLoad(booking.problem)
        movable = np.flatnonzero(self.problem.pin == UNPLACED)
        self.order = [int(v) for v in movable[np.argsort(tickets[movable], kind="stable")]]

    def run(self) -> int:
        """Level; how many moves helped."""
        moves = 0
        for _ in range(PASSES):
            helped = self._pass()
            moves += helped
            if helped * FEW <= len(self.order):
                break
        return moves

    def _pass(self) -> int:
        helped, seen = 0, set()
        for v in self.order:
            if self.booking.slot[v] == UNPLACED:
                continue
            if self.left() <= 0:
                return 0
            place = (int(self.problem.cluster[v]), self.booking.day(v))
            together = self._together(*place)
            if place not in seen and len(together) > 1 and self._all_free(together):
                helped += self._move(together)
            seen.add(place)
            helped += self._move([v])
        return helped

    def _together(self, cluster: int, day: int) -> list[int]:
        return sorted(v for v in self.booking.on_day[day] if self.problem.cluster[v] == cluster)

    def _all_free(self, visits: Sequence[int]) -> bool:
        return all(self.problem.pin[v] == UNPLACED for v in visits)

    def _move(self, visits: Sequence[int]) -> bool:
        """Move visits of one cluster-day to the best day for all of them, or back."""
        booking, before = self.booking, {v: int(self.booking.slot[v]) for v in visits}
        day = booking.day(visits[0])
        for v in visits:
            booking.remove(v)
        # The longest and largest first: what is left over then fits in beside them.
        ordered = sorted(
            visits, key=lambda v: (-self.problem.halves[v], -int(self.problem.demand[v].sum()), v)
        )
        targets = self._targets(ordered)
        for target in self._better(ordered, day, targets, self._rise(before)):
            slots = [2 * target + int(half) for half in targets.halves[:, target]]
            if [before[v] for v in ordered] != slots and self._place(ordered, slots):
                return True
        for v, slot in before.items():
            booking.place(v, slot)
        return False

    def _rise(self, slots: dict[int, int]) -> float:
        """What these visits, which are not booked, add to the measure in these slots."""
        load, rising = self.booking.load.copy(), 0.0
        for v, slot in slots.items():
            rising += float(self.even.rise(load, v)[slot])
            load[:, slot : slot + int(self.problem.halves[v])] += self.problem.demand[v][:, None]
        return rising

    def _targets(self, visits: Sequence[int]) -> Targets:
        """How well the visits, which are not booked, would stand on every day, each in the emptier half."""
        booking, problem = self.booking, self.problem
        load, whole = booking.load.copy(), booking.whole.copy()
        rise = np.zeros(len(problem.dates))
        halves = np.zeros((len(visits), len(rise)), dtype=np.int64)
        mornings = 2 * np.arange(len(rise))
        cluster = problem.cluster[visits[0]]
        rise[booking.clusters[cluster] + len(visits) > problem.cluster_cap] = np.inf
        for n, v in enumerate(visits):
            need, used = problem.demand[v], np.flatnonzero(problem.demand[v])
            fits = (load[used] + need[used, None] <= problem.capacity[used]).all(axis=0)
            more = np.where(fits & booking.within_limits(v), self.even.rise(load, v), np.inf)
            if problem.halves[v] == 2:
                all_day = (whole[used] + need[used, None] <= problem.whole[used]).all(axis=0)
                more = np.where(fits[1::2] & all_day, more[0::2], np.inf)
                later = np.zeros(len(rise), dtype=np.int64)
                whole += need[:, None]
                load += need[:, None]
            else:
                # Between empty halves the lot decides, so that a lone visit is not always in the morning.
                odd = problem.lot[v] % 2
                later = (more[1::2] + LEAST * odd < more[0::2] + LEAST * (1 - odd)).astype(np.int64)
                more = more[mornings + later]
                load[:, mornings + later] += need[:, None]
            halves[n] = later
            rise = rise + np.where(booking.open_days(v), more, np.inf)
        return Targets(rise, halves)

    def _better(self, visits: Sequence[int], day: int, targets: Targets, now: float) -> list[int]:
        """Days better than this one, the best first: by earliness, then travel, then load; else the lots decide."""
        problem = self.problem
        later = problem.cost[visits].sum(axis=0) - problem.cost[visits, day].sum()
        closed = (self.booking.clusters[problem.cluster[visits[0]]] == 0).astype(np.int64)
        opened = (closed - closed[day]) * (problem.open_cost > 0)
        gain = np.round((targets.rise - now) / LEAST)
        days = np.flatnonzero(
            (later < 0) & np.isfinite(gain)
            | (later == 0) & np.isfinite(gain) & ((opened < 0) | ((opened == 0) & (gain < 0)))
        )
        order = np.lexsort((problem.lot[visits[0], days], gain[days], opened[days], later[days]))
        return [int(d) for d in days[order[:TRIES]]]

    def _place(self, visits: Sequence[int], slots: Sequence[int]) -> bool:
        """Book visits that are not booked, all or none: every rule is asked again, and distinct people."""
        booking = self.booking
        done: list[int] = []
        for v, slot in zip(visits, slots, strict=True):
            if not (booking.allowed(v, self.problem.capacity)[slot] and booking.staffed(v, slot)):
                for w in done:
                    booking.remove(w)
                return False
            booking.place(v, slot)
            done.append(v)
        return True
