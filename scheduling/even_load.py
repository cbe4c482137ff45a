"""Even load (均衡负荷): how evenly a plan loads the half-days, and what no plan of the same visits can beat.

Measured as people-half-days times the fullness they meet: the sum, over departments and half-days, of people sent,
squared, over people there. It is least where everybody is sent out in the same proportion every half-day.
"""

from __future__ import annotations

import numpy as np

from scheduling.booking import UNPLACED, Booking, DateProblem
from scheduling.bound import Floats
from scheduling.capacity import Ints, everybody

ROUNDS = 60
LEAST = 1e-9


class EvenLoad:
    """The measure for one problem: `rows` [K] of everybody in each department, `per` [K, 2D] one over the people there."""

    def __init__(self, problem: DateProblem):
        own = everybody(problem.rows)
        self.rows: Ints = np.array([n for n, row in enumerate(problem.rows) if row in own], dtype=np.int64)
        people = problem.capacity[self.rows].astype(np.float64)
        self.per: Floats = np.where(people > 0, 1 / np.maximum(people, 1), 0.0)

    def value(self, load: Ints) -> float:
        """The measure of a load [R, 2D], in people-half-days weighed by fullness."""
        return float((self.per * load[self.rows] ** 2).sum())

    def rise(self, load: Ints, need: Ints) -> Floats:
        """By how much the measure rises where `need` [R] more people are sent, for each half-day [2D]."""
        more = need[self.rows][:, None]
        return np.asarray((self.per * more * (2 * load[self.rows] + more)).sum(axis=0))


def even_bound(booking: Booking) -> float:
    """What no plan that places the same visits can beat: each is spread in fractions over its own open half-days.

    Any prices of people's half-days give a bound, what each visit pays at its cheapest half-day less what the half-days
    could give back; the prices sought are the fullness of a spread that flows to where it is emptier. Other rules,
    earliness and travel are left out: where they bind, the bound is weak.
    """
    problem, even = booking.problem, EvenLoad(booking.problem)
    placed = np.flatnonzero(booking.slot != UNPLACED)
    if not len(placed) or not len(even.rows):
        return 0.0
    need, whole = problem.demand[placed][:, even.rows].astype(np.float64), problem.halves[placed] == 2
    open_ = _own_slots(problem, placed)
    there = np.where(even.per > 0, 1 / np.where(even.per > 0, even.per, 1.0), 0.0).sum(axis=0)
    shares = np.where(open_, there + LEAST, 0.0)
    # Where there is little to do, each visit has its half-day for itself, and that is what it costs.
    best = float(np.where(open_, _paid(need**2, whole, even.per), np.inf).min(axis=1).sum())
    for _ in range(ROUNDS):
        shares = shares / shares.sum(axis=1, keepdims=True)
        load = need.T @ _both_halves(shares, whole)
        paid = _paid(need, whole, 2 * even.per * load)
        best = max(best, float(np.where(open_, paid, np.inf).min(axis=1).sum() - (even.per * load**2).sum()))
        shares = shares / (paid / max(paid.mean(), LEAST) + LEAST)
    return best


def _both_halves(shares: Floats, whole: np.ndarray) -> Floats:
    """Shares [V, 2D] with those of whole-day visits in the afternoon, too."""
    both = shares.copy()
    both[whole, 1::2] = shares[whole, 0::2]
    return both


def _paid(need: Floats, whole: np.ndarray, slope: Floats) -> Floats:
    """What each visit pays in each half-day [V, 2D], a whole-day visit for both under the morning."""
    paid = need @ slope
    paid[whole, 0::2] += paid[whole, 1::2]
    return np.asarray(paid)


def _own_slots(problem: DateProblem, visits: Ints) -> np.ndarray:
    """Half-days [V, 2D] open to each visit: its own if pinned, a whole day under its morning."""
    open_ = np.repeat(problem.days[visits], 2, axis=1)
    open_[problem.halves[visits] == 2, 1::2] = False
    for n in np.flatnonzero(problem.pin[visits] != UNPLACED):
        open_[n] = np.arange(open_.shape[1]) == problem.pin[visits[n]]
    return open_
