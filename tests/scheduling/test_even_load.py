"""Even load: the measure counts pairs, its bound is one, and levelling takes nothing from an earlier aim."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from scheduling.booking import LOTS, UNIT, UNPLACED, Booking, DateProblem
from scheduling.capacity import Limit
from scheduling.even_load import EvenLoad, even_bound
from scheduling.first_plan import fill
from scheduling.levelling import Levelling
from tests.scheduling.test_dates import plan, small


def book(problem: DateProblem, slots) -> Booking:
    booking = Booking(problem)
    for v, slot in enumerate(slots):
        if slot != UNPLACED:
            booking.place(v, int(slot))
    return booking


def by_pairs(booking: Booking) -> float:
    """The measure written a second time, pair by pair, for one department."""
    problem, crowd = booking.problem, 0.0
    for one, other in combinations(booking.dated(), 2):
        if one.day != other.day:
            continue
        mine, theirs = (float(problem.demand[x.visit, 0]) for x in (one, other))
        for half in set(one.halves) & set(other.halves):
            crowd += 2 * mine * theirs / problem.capacity[0, 2 * one.day + half]
        there = problem.capacity[0, 2 * one.day] + problem.capacity[0, 2 * one.day + 1]
        crowd += 2 * mine * len(one.halves) * theirs * len(other.halves) / there
    return crowd


def crowded(seed: int) -> Booking:
    """A plan of 24 visits that was filled in one by one, with few clusters, spacing, people who come on some days only."""
    rng = np.random.default_rng(seed)
    problem = plan(
        24, 8, days=rng.random((24, 10)) < 0.7, halves=rng.integers(1, 3, 24), cluster=rng.integers(0, 9, 24),
        capacity=2 * rng.integers(2, 5, (1, 20)), demand=rng.integers(1, 4, (24, 1)), open_cost=4000,
        cluster_cap=int(rng.integers(2, 5)), lot=rng.integers(0, LOTS, (24, 10)), object=np.arange(24) // 2, spacing=3,
        limits=(Limit(0, np.full(20, 4), 16, 2),),
    )  # fmt: skip
    problem = replace(problem, cost=problem.cost * rng.choice([0, 0, 1, 4], (24, 1)))
    problem = replace(problem, whole=np.minimum(problem.capacity[:, 0::2], problem.capacity[:, 1::2]))
    booking = Booking(problem)
    fill(booking, range(24), problem.capacity)
    return booking


def standing(booking: Booking) -> tuple[int, int, float]:
    """What plans are compared by: earliness, cluster-days, crowding."""
    return booking.earliness(), int((booking.clusters > 0).sum()), round(by_pairs(booking), 6)


def test_the_measure_is_that_of_the_pairs() -> None:
    for seed in range(20):
        booking = crowded(seed)
        assert EvenLoad(booking.problem).value(booking) == pytest.approx(by_pairs(booking))


def test_visits_that_do_not_meet_do_not_crowd() -> None:
    problem = plan(10, 4)
    assert EvenLoad(problem).value(book(problem, range(0, 20, 2))) == 0
    # In the two halves of one day they share the day alone: 2 * 2 * 2 people over 8 half-days.
    assert EvenLoad(problem).value(book(problem, [0, 1])) == 1


def test_the_bound_is_never_above_the_least_and_tells_something() -> None:
    told = 0
    for seed in range(30):
        problem = small(seed, capacity=np.full((1, 20), 6), whole=np.full((1, 10), 6), cluster_cap=9)
        options = [
            [2 * d + h for d in np.flatnonzero(problem.days[v]) for h in range(3 - problem.halves[v])]
            for v in range(problem.size)
        ]
        if not all(options):
            continue
        least = min(by_pairs(book(problem, slots)) for slots in product(*options))
        bound = even_bound(book(problem, [o[0] for o in options]))
        assert bound <= least + 1e-6
        told += bound > 0.5 * least > 0
    assert told > 3


def test_the_bound_is_reached_where_everybody_is_alike() -> None:
    """Twice as many alike visits as half-days, all open: two in each is best, and the bound knows nearly all of it."""
    problem = plan(40, 4)
    booking = book(problem, [v % 20 for v in range(40)])
    assert even_bound(booking) == pytest.approx(EvenLoad(problem).value(booking), rel=0.01)


def test_levelling_takes_nothing_from_an_earlier_aim_and_keeps_every_rule() -> None:
    better = evener = tight = 0
    for seed in range(40):
        booking = crowded(seed)
        problem, placed, before = booking.problem, booking.slot != UNPLACED, standing(booking)
        Levelling(booking, np.arange(24)[::-1], lambda: 1.0).run()
        assert ((booking.slot != UNPLACED) == placed).all()
        after = standing(booking)
        assert after <= before
        better += after < before
        evener += after[:2] == before[:2] and after < before
        again = book(problem, booking.slot)
        assert (again.load == booking.load).all()
        assert (again.load <= problem.capacity).all()
        assert (again.whole <= problem.whole).all()
        assert again.clusters.max() <= problem.cluster_cap
        assert again.left(0) == booking.left(0) >= 0
        tight += again.left(0) < 4
        for v, others in booking.siblings.items():
            for w in others:
                if UNPLACED not in (booking.slot[v], booking.slot[w]):
                    assert not problem.too_close(v, booking.day(v), w, booking.day(w))
        assert all(problem.days[v, booking.day(v)] for v in np.flatnonzero(placed))
    assert better > 20
    assert evener > 2
    assert tight > 2


def test_a_cluster_day_moves_as_a_whole() -> None:
    """Eight visits of four clusters, all on one day: every cluster gets a day of its own, no cluster is parted."""
    problem = plan(8, 16, cluster=np.arange(8) // 2, open_cost=4000, cost=np.zeros((8, 10), dtype=np.int64))
    booking = book(problem, [0, 0, 0, 0, 1, 1, 1, 1])
    Levelling(booking, np.arange(8), lambda: 1.0).run()
    days = [booking.day(v) for v in range(8)]
    assert days[0::2] == days[1::2]
    assert len(set(days)) == 4
    assert {int(booking.slot[v]) % 2 for v in (0, 1)} == {0, 1}


def test_no_date_becomes_dearer_and_pins_stay() -> None:
    """All on Monday morning: the priced may spread over their week, the pinned one stays."""
    problem = plan(9, 20, pin=np.array([0] + [UNPLACED] * 8))
    booking = book(problem, [0] * 9)
    Levelling(booking, np.arange(9), lambda: 1.0).run()
    assert booking.slot[0] == 0
    assert booking.earliness() == 0
    assert len({int(s) for s in booking.slot}) == 9


def test_a_day_that_cannot_be_staffed_is_not_taken() -> None:
    def short(day, dated, added):
        return [d.visit for d in dated] if day != 0 else []

    problem = plan(4, 20, short=short)
    booking = book(problem, [0, 0, 1, 1])
    Levelling(booking, np.arange(4), lambda: 1.0).run()
    assert {booking.day(v) for v in range(4)} == {0}


def test_without_time_nothing_moves() -> None:
    problem = plan(4, 20)
    booking = book(problem, [0, 0, 0, 0])
    assert Levelling(booking, np.arange(4), lambda: 0.0).run() == 0
    assert (booking.slot == 0).all()


def test_the_same_plan_is_levelled_the_same_way() -> None:
    one, two = crowded(3), crowded(3)
    for booking in (one, two):
        Levelling(booking, np.arange(24), lambda: 1.0).run()
    assert (one.slot == two.slot).all()
    assert one.problem.cost.max() <= 4 * UNIT
