"""Exchange (换位): move one visit to a better half-day, or let it take a place whose holder finds another.

Thousands of such small steps a second bring the first plan close to the bound; the neighbourhoods of dates.py do
what no single exchange can.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from scheduling.booking import UNPLACED, Booking

SLOTS_TRIED = 10
RIVALS_TRIED = 4


def polish(booking: Booking, rng: random.Random, over: Callable[[], bool]) -> bool:
    """One pass over all visits that stand later than they could; True if something became better."""
    better = False
    for v in _regrets(booking):
        if over():
            break
        better |= improve_one(booking, rng, v)
    return better


def _regrets(booking: Booking) -> list[int]:
    """Visits that could be cheaper, the dearest regret first."""
    problem = booking.problem
    wall = np.iinfo(np.int64).max // 4
    best = np.where(problem.days, problem.cost + problem.tie, wall).min(axis=1, initial=wall)
    placed = booking.slot != UNPLACED
    now = np.where(placed, problem.cost[np.arange(problem.size), booking.slot // 2], problem.unplaced)
    alone = booking.clusters[problem.cluster, booking.slot // 2] == 1
    regret = now - best + np.where(placed & alone, problem.open_cost, 0)
    regret[(problem.pin != UNPLACED) | ~problem.days.any(axis=1)] = 0
    return [int(v) for v in np.argsort(-regret, kind="stable") if regret[v] > 0]


def _prices(booking: Booking, v: int, slots: np.ndarray) -> np.ndarray:
    problem = booking.problem
    days = slots // 2
    opened = np.where(booking.clusters[problem.cluster[v], days] == 0, problem.open_cost, 0)
    return np.asarray(problem.cost[v, days] + problem.tie[v, days] + opened)


def _price(booking: Booking, v: int, slot: int) -> int:
    return int(_prices(booking, v, np.array([slot]))[0])


def improve_one(booking: Booking, rng: random.Random, v: int) -> bool:
    """Move visit v to a cheaper slot, directly or by one ejection; the booking is unchanged if there is none."""
    problem, old = booking.problem, int(booking.slot[v])
    if old == UNPLACED:
        spent = int(problem.unplaced[v])
    else:
        booking.remove(v)
        spent = _price(booking, v, old)
    slots = _own_slots(booking, v)
    prices = _prices(booking, v, slots)
    cheaper = [n for n in np.argsort(prices, kind="stable") if prices[n] < spent]
    if _direct(booking, v, slots[cheaper]) or _eject(booking, rng, v, slots[cheaper], spent):
        return True
    if old != UNPLACED:
        booking.place(v, old)
    return False


def _own_slots(booking: Booking, v: int) -> np.ndarray:
    days = np.flatnonzero(booking.open_days(v))
    return 2 * days if booking.problem.halves[v] == 2 else np.concatenate([2 * days, 2 * days + 1])


def _direct(booking: Booking, v: int, slots: Sequence[int] | np.ndarray) -> bool:
    for slot in map(int, slots):
        if booking.fits(v, slot) and booking.staffed(v, slot):
            booking.place(v, slot)
            return True
    return False


def _eject(booking: Booking, rng: random.Random, v: int, slots: np.ndarray, spent: int) -> bool:
    for slot in map(int, slots[:SLOTS_TRIED]):
        gain = spent - _price(booking, v, slot)
        rivals = _rivals(booking, v, slot)
        for w in rng.sample(rivals, min(RIVALS_TRIED, len(rivals))):
            if _replace(booking, v, slot, w, gain):
                return True
    return False


def _rivals(booking: Booking, v: int, slot: int) -> list[int]:
    problem = booking.problem
    mine = problem.demand[v] > 0
    return [
        w
        for w in sorted(booking.on_day[slot // 2])
        if problem.pin[w] == UNPLACED
        and (problem.halves[v] == 2 or problem.halves[w] == 2 or booking.slot[w] == slot)
        and (problem.demand[w][mine] > 0).any()
    ]


def _replace(booking: Booking, v: int, slot: int, w: int, gain: int) -> bool:
    home = int(booking.slot[w])
    booking.remove(w)
    if booking.fits(v, slot) and booking.staffed(v, slot):
        paid = _price(booking, w, home)
        booking.place(v, slot)
        slots = np.flatnonzero(booking.allowed(w, booking.problem.capacity))
        prices = _prices(booking, w, slots)
        good = [n for n in np.argsort(prices, kind="stable") if prices[n] - paid < gain]
        if _direct(booking, w, slots[good[:SLOTS_TRIED]]):
            return True
        booking.remove(v)
    booking.place(w, home)
    return False
