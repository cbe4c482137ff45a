"""Booking (日程占用): which visit stands in which half-day, and whether one more would break a rule.

Anonymous: it counts seats, it never sees an inspector. `staffed` is a question it may ask: "can these visits of
one day be staffed by distinct people?".
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scheduling.capacity import HallRow, Ints, Limit
from scheduling.problem import Weights
from scheduling.staffing import Dated

UNPLACED = -1
UNIT = 10_000
TIE = 7
LOTS = 1000
Bools = NDArray[np.bool_]
Short = Callable[[int, Sequence[Dated], int | None], list[int]]


@dataclass(frozen=True, eq=False)
class DateProblem:
    """The dating problem as arrays (排期问题): V visits, D days, slot 2 * day + half, R Hall rows, no names.

    `days` bool [V, D]; `halves` 1 or 2 [V]; `demand` [V, R] seats asked of a row in each half; `capacity` [R, 2D];
    `whole` [R, D] people who are there all day; `totals` [R] most visits in the period; `limits` the workload
    limits; `cluster`, `object` indices [V]; `cost` [V, D] in 1/UNIT weeks of an urgency-1 visit; `lot` [V, D] below
    LOTS, the order in which tickets take equally good days; `unplaced` [V]; `pin` slot or -1 [V]; `clue` [V]; `ordinals` [D].
    """

    ids: tuple[str, ...]
    dates: tuple[date, ...]
    days: Bools
    halves: Ints
    demand: Ints
    rows: tuple[HallRow, ...]
    capacity: Ints
    whole: Ints
    totals: Ints
    limits: tuple[Limit, ...]
    cluster: Ints
    object: Ints
    cost: Ints
    lot: Ints
    unplaced: Ints
    open_cost: int
    pin: Ints
    clue: Bools
    ordinals: Ints
    spacing: int
    cluster_cap: int
    short: Short

    @property
    def size(self) -> int:
        """Number of visits."""
        return len(self.ids)

    @cached_property
    def tie(self) -> Ints:
        """The lots in TIE steps [V, D]: small enough to be added to prices."""
        return self.lot * TIE // LOTS

    def siblings(self) -> dict[int, list[int]]:
        """Visits by object, only where an object has more than one."""
        at: dict[int, list[int]] = defaultdict(list)
        for v, o in enumerate(self.object):
            at[int(o)].append(v)
        return {v: [w for w in vs if w != v] for vs in at.values() if len(vs) > 1 for v in vs}

    def too_close(self, v: int, day: int, w: int, other: int) -> bool:
        """Whether visits v and w of one object on these days break the spacing; a later clue only needs a day."""
        gap = int(self.ordinals[other] - self.ordinals[day])
        later_is_clue = self.clue[w] if gap > 0 else self.clue[v]
        return gap == 0 or (not later_is_clue and abs(gap) < self.spacing)


def price(weights: Weights, urgency: Ints, pressing: Bools, dates: Sequence[date]) -> tuple[Ints, Ints, int]:
    """Costs [V, D] of a date, [V] of no date, and of opening a cluster on a day, for visits of this urgency.

    Earliness counts whole weeks: within a week all days are equally good, and the ticket decides.
    """
    monday = dates[0].toordinal() - dates[0].weekday() if dates else 0
    weeks = np.array([(d.toordinal() - monday) // 7 for d in dates], dtype=np.int64)
    weight = np.array(weights.urgency, dtype=np.int64)[urgency - 1]
    weight = np.where(pressing, np.maximum(weight, weights.pressing), weight)
    missed = weights.unplaced * UNIT * np.array([1, 4, 16, 64], dtype=np.int64)[urgency - 1]
    return UNIT * weight[:, None] * weeks[None, :], missed, int(weights.cluster_day * UNIT)


def common_step(problem: DateProblem) -> int:
    """The step all prices of dates are multiples of, and hence every plan's earliness (at least 1)."""
    return math.gcd(*np.unique(problem.cost).tolist(), *np.unique(problem.unplaced).tolist()) or 1


class Booking:
    """A plan under construction: slot of every visit (or UNPLACED) and what it uses up."""

    def __init__(self, problem: DateProblem):
        self.problem = problem
        self.slot = np.full(problem.size, UNPLACED, dtype=np.int64)
        self.load = np.zeros_like(problem.capacity)
        self.whole = np.zeros_like(problem.whole)
        self._rows = np.array([limit.row for limit in problem.limits], dtype=np.int64)
        self._free = np.array([limit.free for limit in problem.limits], dtype=np.int64).reshape(
            len(problem.limits), 2 * len(problem.dates)
        )
        self._left = np.array([limit.most for limit in problem.limits], dtype=np.int64)
        self.clusters = np.zeros(
            (int(problem.cluster.max(initial=-1)) + 1, len(problem.dates)), dtype=np.int64
        )
        self.on_day: dict[int, set[int]] = defaultdict(set)
        self.siblings = problem.siblings()

    def left(self, limit: int) -> int:
        """Seats still left of a workload limit, by its place in `limits`."""
        return int(self._left[limit])

    def beyond(self, limit: int, slot: int) -> int:
        """Seats in a slot that already fall on the people of a workload limit."""
        return max(0, int(self.load[self._rows[limit], slot] - self._free[limit, slot]))

    def _extra(self, v: int, slots: list[int] | slice) -> Ints:
        """Seats [K, slots] that one more visit would put on the people of each workload limit."""
        now = self.load[self._rows][:, slots] - self._free[:, slots]
        need = self.problem.demand[v, self._rows][:, None]
        return np.asarray(np.maximum(now + need, 0) - np.maximum(now, 0))

    def within_limits(self, v: int) -> Bools:
        """Slots [2D] where everybody's workload leaves room for the visit."""
        extra = self._extra(v, slice(None))
        if self.problem.halves[v] == 2:
            extra = np.repeat(extra[:, 0::2] + extra[:, 1::2], 2, axis=1)
        return np.asarray(((extra <= self._left[:, None]) | (extra == 0)).all(axis=0))

    def day(self, v: int) -> int:
        """Day index of a placed visit."""
        return int(self.slot[v]) // 2

    def halves(self, v: int, slot: int | None = None) -> tuple[int, ...]:
        """Halves the visit takes in its slot, or would take in another."""
        at = int(self.slot[v]) if slot is None else slot
        return (0, 1) if self.problem.halves[v] == 2 else (at % 2,)

    def _slots(self, v: int, slot: int) -> list[int]:
        return [slot, slot + 1] if self.problem.halves[v] == 2 else [slot]

    def place(self, v: int, slot: int) -> None:
        """Book the visit; the caller has asked `allowed` and `staffed`."""
        self._count(v, slot, 1)
        self.slot[v] = slot
        self.on_day[slot // 2].add(v)

    def remove(self, v: int) -> None:
        """Give the visit's slot back."""
        slot = int(self.slot[v])
        self._count(v, slot, -1)
        self.slot[v] = UNPLACED
        self.on_day[slot // 2].discard(v)

    def _count(self, v: int, slot: int, sign: int) -> None:
        slots = self._slots(v, slot)
        before = np.maximum(self.load[self._rows][:, slots] - self._free[:, slots], 0)
        self.load[:, slots] += sign * self.problem.demand[v][:, None]
        if self.problem.halves[v] == 2:
            self.whole[:, slot // 2] += sign * self.problem.demand[v]
        after = np.maximum(self.load[self._rows][:, slots] - self._free[:, slots], 0)
        self._left -= (after - before).sum(axis=1)
        self.clusters[self.problem.cluster[v], slot // 2] += sign

    def open_days(self, v: int) -> Bools:
        """Days [D] the rules leave this visit now: open day and window, spacing, cluster cap."""
        p = self.problem
        days = p.days[v] & (self.clusters[p.cluster[v]] < p.cluster_cap)
        for w in self.siblings.get(v, ()):
            if self.slot[w] != UNPLACED:
                taken = self.day(w)
                days &= np.array([not p.too_close(v, d, w, taken) for d in range(len(p.dates))])
        return days

    def allowed(self, v: int, capacity: Ints) -> Bools:
        """Slots [2D] where the visit fits the capacity now; a whole-day visit is listed under its morning."""
        p = self.problem
        used = np.flatnonzero(p.demand[v])
        fits = (self.load[used] + p.demand[v][used, None] <= capacity[used]).all(axis=0)
        if p.halves[v] == 2:
            all_day = (self.whole[used] + p.demand[v][used, None] <= p.whole[used]).all(axis=0)
            fits = np.repeat(fits[0::2] & fits[1::2] & all_day, 2)
            fits[1::2] = False
        return fits & np.repeat(self.open_days(v), 2) & self.within_limits(v)

    def fits(self, v: int, slot: int) -> bool:
        """Whether the capacity, totals and cluster cap leave room in one slot on a day that is open to v."""
        p = self.problem
        need = p.demand[v]
        if self.clusters[p.cluster[v], slot // 2] >= p.cluster_cap:
            return False
        slots = self._slots(v, slot)
        if (self.load[:, slots] + need[:, None] > p.capacity[:, slots]).any():
            return False
        if p.halves[v] == 2 and (self.whole[:, slot // 2] + need > p.whole[:, slot // 2]).any():
            return False
        extra = self._extra(v, slots).sum(axis=1)
        return not ((extra > self._left) & (extra > 0)).any()

    def staffed(self, v: int, slot: int) -> bool:
        """Whether distinct people exist for the day with this visit added in the slot."""
        day = slot // 2
        dated = [Dated(w, day, self.halves(w)) for w in self.on_day[day]]
        return not self.problem.short(day, [*dated, Dated(v, day, self.halves(v, slot))], v)

    def dated(self) -> list[Dated]:
        """Every placed visit."""
        return [
            Dated(v, self.day(v), self.halves(v))
            for v in range(self.problem.size)
            if self.slot[v] != UNPLACED
        ]

    def earliness(self) -> int:
        """Price of dates and of missing dates, the part the bound speaks of."""
        placed = np.flatnonzero(self.slot != UNPLACED)
        cost = self.problem.cost[placed, self.slot[placed] // 2].sum()
        return int(cost + self.problem.unplaced[self.slot == UNPLACED].sum())

    def rank(self) -> tuple[int, int]:
        """What plans are compared by: earliness first, then the whole objective."""
        return self.earliness(), self.value()

    def value(self) -> int:
        """The whole objective: earliness, cluster-days opened, ties by ticket."""
        placed = np.flatnonzero(self.slot != UNPLACED)
        ties = self.problem.tie[placed, self.slot[placed] // 2].sum()
        return int(self.earliness() + self.problem.open_cost * (self.clusters > 0).sum() + ties)
