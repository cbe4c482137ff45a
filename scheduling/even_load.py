"""Even load (均衡负荷): how much visits crowd on the same days, and what no plan of the same visits can beat.

Measured over pairs of visits: the people of one times those of the other over the people there, for each department and
half-day they share, and once more for the day with all departments together. It is 0 where no two visits meet,
and else least where everybody is sent out in the same proportion every day (避免扎堆).
"""

from __future__ import annotations

import numpy as np

from scheduling.booking import UNPLACED, Booking, Bools, DateProblem
from scheduling.bound import Floats
from scheduling.capacity import Ints, everybody

ROUNDS = 60
LEAST = 1e-9


class EvenLoad:
    """The measure for one problem: `rows` [K] of everybody in each department; `per` [K, 2D], `per_day` [D] one over the people.

    `need` [V, K] people of each department, `whole` [V] whole-day visits, `total` [V] people-half-days.
    """

    def __init__(self, problem: DateProblem):
        own = everybody(problem.rows)
        self.problem = problem
        self.rows: Ints = np.array([n for n, row in enumerate(problem.rows) if row in own], dtype=np.int64)
        people = problem.capacity[self.rows].astype(np.float64)
        self.per, self.per_day = _one_over(people), _one_over(_of_days(people.sum(axis=0)))
        self.need: Floats = problem.demand[:, self.rows].astype(np.float64)
        self.whole: Bools = problem.halves == 2
        self.total: Floats = self.need.sum(axis=1) * problem.halves

    def rise(self, load: Ints, v: int) -> Floats:
        """What one more visit adds beside a load [R, 2D], for each half-day [2D], a whole day under its morning."""
        own = load[self.rows]
        pairs = 2 * (self.per * own).T @ self.need[v]
        if self.whole[v]:
            pairs[0::2] += pairs[1::2]
        return np.asarray(pairs + np.repeat(2 * self.total[v] * self.per_day * _of_days(own.sum(axis=0)), 2))

    def value(self, booking: Booking) -> float:
        """The measure of a plan, in people-half-days weighed by the share of the people that is out beside them."""
        load, rising = np.zeros_like(booking.load), 0.0
        for one in booking.dated():
            rising += float(self.rise(load, one.visit)[booking.slot[one.visit]])
            for half in one.halves:
                load[:, 2 * one.day + half] += self.problem.demand[one.visit]
        return rising


def even_bound(booking: Booking) -> float:
    """What no plan that places the same visits can beat: each is spread in fractions over its own open half-days.

    Any prices of people's half-days give a bound, what each visit pays at its cheapest half-day less what the half-days
    could give back; the prices sought are the fullness of a spread that flows to where it is emptier. Other rules,
    earliness and travel are left out: where they bind, the bound is weak.
    """
    even = EvenLoad(booking.problem)
    placed = np.flatnonzero(booking.slot != UNPLACED)
    if not len(placed) or not len(even.rows):
        return 0.0
    need, whole, total = even.need[placed], even.whole[placed], even.total[placed]
    alone = _paid(need**2, total**2, whole, even.per, even.per_day)
    open_ = _own_slots(booking.problem, placed) & ((need > 0) @ (even.per == 0).astype(float) == 0)
    shares, best = np.where(open_, 1.0, 0.0), 0.0
    for _ in range(ROUNDS):
        shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), LEAST)
        load = need.T @ _both_halves(shares, whole)
        day = _of_days(load.sum(axis=0))
        paid = _paid(need, total, whole, 2 * even.per * load, 2 * even.per_day * day)
        back = float((even.per * load**2).sum() + (even.per_day * day**2).sum())
        best = max(best, float(np.where(open_, paid - alone, np.inf).min(axis=1).sum()) - back)
        shares = shares / (paid / max(paid.mean(), LEAST) + LEAST)
    return best


def _one_over(people: Floats) -> Floats:
    return np.asarray(np.where(people > 0, 1 / np.maximum(people, 1), 0.0))


def _of_days(halves: Floats) -> Floats:
    return np.asarray(halves[0::2] + halves[1::2])


def _both_halves(shares: Floats, whole: Bools) -> Floats:
    """Shares [V, 2D] with those of whole-day visits in the afternoon, too."""
    both = shares.copy()
    both[whole, 1::2] = shares[whole, 0::2]
    return both


def _paid(need: Floats, total: Floats, whole: Bools, slope: Floats, slope_day: Floats) -> Floats:
    """What each visit pays in each half-day [V, 2D], a whole-day visit for both under the morning, and for the day."""
    paid = need @ slope
    paid[whole, 0::2] += paid[whole, 1::2]
    return np.asarray(paid + np.repeat(np.outer(total, slope_day), 2, axis=1))


def _own_slots(problem: DateProblem, visits: Ints) -> Bools:
    """Half-days [V, 2D] open to each visit: its own if pinned, a whole day under its morning."""
    open_ = np.repeat(problem.days[visits], 2, axis=1)
    open_[problem.halves[visits] == 2, 1::2] = False
    for n in np.flatnonzero(problem.pin[visits] != UNPLACED):
        open_[n] = np.arange(open_.shape[1]) == problem.pin[visits[n]]
    return open_
