"""Dates: each rule binds in the model, the bound is a bound, and a neighbourhood never makes things worse."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import numpy as np
import pytest

from scheduling.booking import LOTS, UNIT, UNPLACED, Booking, DateProblem
from scheduling.bound import relax
from scheduling.capacity import HallRow, Limit
from scheduling.dates import Cut, DateModel, Focus, improve
from scheduling.first_plan import fill
from scheduling.neighbourhoods import Neighbourhoods
from scheduling.slot_plan import place_whole
from scheduling.staffing import Dated, SeatKind

DAYS = tuple(date(2026, 10, 12) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11))
KIND = SeatKind("市监")


def plan(visits: int, people: int, **change) -> DateProblem:
    """`visits` alike visits of two seats, `people` inspectors, ten days in two weeks, everything open."""
    row = HallRow(
        "市监", frozenset({KIND}), (1 << people) - 1, np.full(20, people), np.full(10, people), 20 * people
    )
    weeks = np.array([0] * 5 + [1] * 5)
    made = DateProblem(
        ids=tuple(f"V{n}" for n in range(visits)),
        dates=DAYS,
        days=np.ones((visits, 10), dtype=bool),
        halves=np.ones(visits, dtype=np.int64),
        demand=np.full((visits, 1), 2),
        rows=(row,),
        capacity=np.full((1, 20), people),
        whole=np.full((1, 10), people),
        totals=np.array([20 * people]),
        limits=(),
        cluster=np.arange(visits),
        object=np.arange(visits),
        cost=np.tile(UNIT * weeks, (visits, 1)),
        lot=np.zeros((visits, 10), dtype=np.int64),
        unplaced=np.full(visits, 1000 * UNIT),
        open_cost=0,
        pin=np.full(visits, UNPLACED),
        clue=np.zeros(visits, dtype=bool),
        ordinals=np.array([d.toordinal() for d in DAYS]),
        spacing=30,
        cluster_cap=visits + 1,
        short=lambda day, dated, added: [],
    )
    return replace(made, **change)


def focus(problem: DateProblem, coarse: bool = False) -> Focus:
    """Every day is worth offering, the cheapest first."""
    return Focus(problem.cost.astype(float), coarse, 2.0)


def solved(problem: DateProblem, cuts: tuple[Cut, ...] = (), coarse: bool = False) -> Booking:
    booking = Booking(problem)
    nowhere = dict.fromkeys(range(problem.size), UNPLACED)
    chosen, _ = DateModel(booking, nowhere, focus(problem, coarse), cuts).solve(0, 10.0)
    assert chosen is not None
    for v, slot in chosen.items():
        if slot != UNPLACED:
            booking.place(v, slot)
    return booking


def placed(booking: Booking) -> int:
    return int((booking.slot != UNPLACED).sum())


def only(visits: int, *days: int) -> np.ndarray:
    mask = np.zeros((visits, 10), dtype=bool)
    mask[:, days] = True
    return mask


def test_open_days_only() -> None:
    booking = solved(plan(4, 2, days=only(4, 3, 8)))
    assert {booking.day(v) for v in range(4)} == {3, 8}


def test_capacity_in_each_half_day() -> None:
    booking = solved(plan(5, 2, days=only(5, 3, 8)))
    assert placed(booking) == 4
    assert (booking.load <= 2).all()


def test_a_whole_day_takes_both_halves() -> None:
    booking = solved(plan(3, 2, days=only(3, 3), halves=np.array([2, 1, 1])))
    assert placed(booking) == 2
    assert booking.slot[0] == UNPLACED


@pytest.mark.parametrize("coarse", [False, True])
def test_whole_days_need_people_who_are_there_all_day(coarse: bool) -> None:
    """Four people come in either half, but only two of them in both."""
    problem = plan(4, 4, days=only(4, 3), halves=np.array([2, 2, 1, 1]), whole=np.full((1, 10), 2))
    booking = solved(problem, coarse=coarse)
    assert placed(booking) == 3
    assert (booking.whole <= 2).all()
    again = Booking(problem)
    again.place(0, 6)
    assert not again.fits(1, 6)
    assert not again.allowed(1, problem.capacity).any()
    assert again.fits(2, 6)


def test_capacity_by_qualification() -> None:
    special = HallRow(
        "市监",
        frozenset({SeatKind("市监", ("食品",))}),
        1,
        np.ones(20, dtype=int),
        np.ones(10, dtype=int),
        20,
    )
    base = plan(4, 10, days=only(4, 3))
    problem = replace(
        base,
        rows=(*base.rows, special),
        demand=np.array([[2, 1]] * 4),
        capacity=np.vstack([base.capacity, np.ones((1, 20), dtype=int)]),
        whole=np.vstack([base.whole, np.ones((1, 10), dtype=int)]),
    )
    assert placed(solved(problem)) == 2


def test_workload_limits_of_people() -> None:
    """Two of four people may do one visit each: a half-day with two visits can happen only once."""
    limit = Limit(0, np.full(20, 2), 2, 2)
    booking = solved(plan(4, 4, days=only(4, 3), limits=(limit,)))
    assert placed(booking) == 3
    assert booking.left(0) == 0
    assert not booking.within_limits(int(np.flatnonzero(booking.slot == UNPLACED)[0]))[6:8].any()


@pytest.mark.parametrize(("days", "count"), [((0, 9), 1), ((0,), 1)])
def test_spacing_between_visits_to_one_object(days, count) -> None:
    assert placed(solved(plan(2, 10, days=only(2, *days), object=np.zeros(2, dtype=int)))) == count


def test_spacing_allows_what_is_far_enough() -> None:
    problem = plan(2, 10, days=only(2, 0, 9), object=np.zeros(2, dtype=int), spacing=11)
    assert placed(solved(problem)) == 2


def test_a_later_clue_needs_only_another_day() -> None:
    problem = plan(2, 10, days=only(2, 0, 1), object=np.zeros(2, dtype=int), clue=np.array([True, False]))
    booking = solved(problem)
    assert (booking.day(1), booking.day(0)) == (0, 1)


def test_visits_per_cluster_and_day() -> None:
    problem = plan(5, 20, days=only(5, 3, 8), cluster=np.zeros(5, dtype=int), cluster_cap=2)
    booking = solved(problem)
    assert placed(booking) == 4
    assert booking.clusters.max() == 2


def test_opening_a_cluster_has_a_price() -> None:
    problem = plan(4, 20, cluster=np.zeros(4, dtype=int), open_cost=4000)
    assert len({solved(problem).day(v) for v in range(4)}) == 1


def test_cuts_part_the_visits_they_name() -> None:
    problem = plan(2, 20, days=only(2, 3), halves=np.array([2, 2]))
    cut = Cut(3, (Dated(0, 3, (0, 1)), Dated(1, 3, (0, 1))))
    assert placed(solved(problem)) == 2
    assert placed(solved(problem, (cut,))) == 1


def test_an_answer_that_cannot_be_staffed_is_not_taken() -> None:
    def short(day, dated, added):
        return [d.visit for d in dated] if len(dated) > 1 else []

    problem = plan(3, 20, days=only(3, 3, 4), short=short)
    booking = Booking(problem)
    improve(booking, [0, 1, 2], focus(problem), 0, 10.0)
    assert all(len(booking.on_day[d]) <= 1 for d in (3, 4))
    assert placed(booking) == 2


def test_the_most_urgent_are_placed_first() -> None:
    worth = np.array([1, 64, 4, 16]) * 1000 * UNIT
    booking = solved(plan(4, 2, days=only(4, 3), unplaced=worth))
    assert {v for v in range(4) if booking.slot[v] != UNPLACED} == {1, 3}


def test_urgent_visits_come_earlier() -> None:
    weight = np.array([1] * 7 + [8] * 7)
    base = plan(14, 2)
    booking = solved(replace(base, cost=base.cost * weight[:, None]))
    assert placed(booking) == 14
    assert all(booking.day(v) < 5 for v in range(7, 14))


def test_the_bound_is_never_above_the_optimum() -> None:
    for seed in range(25):
        rng = np.random.default_rng(seed)
        n = 4
        days = only(n, 0, 1, 5) & (rng.random((n, 10)) < 0.7)
        problem = plan(
            n, 2, days=days, unplaced=rng.integers(1, 5, n) * 3 * UNIT, cluster=np.zeros(n, dtype=int)
        )
        problem = replace(
            problem, cluster_cap=int(rng.integers(1, 4)), cost=problem.cost * rng.integers(1, 4, (n, 1))
        )
        best = brute_force(problem)
        bound = relax(problem, np.arange(n), 5.0).bound
        assert bound <= best + 1e-6
        assert solved(problem).earliness() == best


def test_the_bound_knows_the_spacing_and_is_never_above_the_optimum() -> None:
    """Visits of one object, clues among them: the bound holds, and without the spacing it would be weaker."""
    sharper = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n = 4
        problem = plan(
            n, 9, days=only(n, 0, 1, 5, 9) & (rng.random((n, 10)) < 0.8), unplaced=rng.integers(1, 5, n) * 3 * UNIT,
            object=rng.integers(0, 2, n), clue=rng.random(n) < 0.3, spacing=int(rng.integers(1, 12)),
        )  # fmt: skip
        problem = replace(problem, cost=problem.cost * rng.integers(1, 4, (n, 1)))
        best, bound = brute_force(problem), relax(problem, np.arange(n), 5.0).bound
        assert bound <= best + 1e-6
        sharper += bound > relax(replace(problem, object=np.arange(n)), np.arange(n), 5.0).bound
    assert sharper > 20


def brute_force(problem: DateProblem) -> int:
    options = [
        [
            UNPLACED,
            *(2 * d + h for d in np.flatnonzero(problem.days[v]) for h in range(3 - problem.halves[v])),
        ]
        for v in range(problem.size)
    ]
    best = None
    for slots in product(*options):
        booking = Booking(problem)
        for v, slot in enumerate(slots):
            if slot != UNPLACED:
                booking.place(v, int(slot))
        fits = (booking.load <= problem.capacity).all() and (booking.clusters <= problem.cluster_cap).all()
        fits &= bool((booking.whole <= problem.whole).all())
        fits &= not any(
            problem.too_close(v, booking.day(v), w, booking.day(w))
            for v, others in booking.siblings.items()
            for w in others
            if UNPLACED not in (booking.slot[v], booking.slot[w])
        )
        if fits and (best is None or booking.earliness() < best):
            best = booking.earliness()
    assert best is not None
    return best


def test_search_steps_never_make_it_worse_and_keep_the_books() -> None:
    rng = np.random.default_rng(7)
    days = rng.random((30, 10)) < 0.5
    problem = plan(30, 4, days=days, cluster=rng.integers(0, 5, 30), open_cost=4000, cluster_cap=4)
    problem = replace(problem, limits=(Limit(0, np.full(20, 2), 12, 2),))
    problem = replace(
        problem, lot=rng.integers(0, LOTS, (30, 10)), cost=problem.cost * rng.integers(1, 9, (30, 1))
    )
    booking = Booking(problem)
    fill(booking, range(30), problem.capacity)
    draws = random.Random(1)
    rank = booking.rank()
    near = Neighbourhoods(booking, problem.cost.astype(float), draws)
    for turn in range(12):
        free = (near.around_loss, near.of_weeks)[turn % 4 // 2](12)
        improve(booking, free, focus(problem, coarse=turn % 2 == 0), 1, 5.0)
        assert booking.rank() <= rank
        rank = booking.rank()
        again = Booking(problem)
        for v, slot in enumerate(booking.slot):
            if slot != UNPLACED:
                assert problem.days[v, slot // 2]
                again.place(v, int(slot))
        assert (again.load == booking.load).all()
        assert again.left(0) == booking.left(0) >= 0
        assert (again.clusters == booking.clusters).all()
        assert (again.load <= problem.capacity).all()
        assert (again.clusters <= 4).all()


def test_pinned_visits_are_never_freed() -> None:
    pin = np.array([6, UNPLACED, UNPLACED])
    booking = Booking(plan(3, 4, pin=pin))
    booking.place(0, 6)
    near = Neighbourhoods(booking, booking.problem.cost.astype(float), random.Random(1))
    for _ in range(6):
        for free in (near.around_loss(3), near.of_weeks(3), near.of_weeks(3, 1), near.missing()):
            assert 0 not in free


def small(seed: int, **change) -> DateProblem:
    """Four visits of one or two halves that compete for few days."""
    rng = np.random.default_rng(seed)
    days = only(4, 0, 1, 5) & (rng.random((4, 10)) < 0.8)
    problem = plan(
        4, 2, days=days, halves=rng.integers(1, 3, 4), unplaced=rng.integers(1, 5, 4) * 3 * UNIT,
        cluster=np.zeros(4, dtype=int), cluster_cap=int(rng.integers(1, 4)),
        whole=np.full((1, 10), 2 * int(rng.integers(0, 2))), lot=rng.integers(0, LOTS, (4, 10)),
    )  # fmt: skip
    return replace(problem, cost=problem.cost * rng.integers(1, 4, (4, 1)), **change)


def test_a_reduced_price_is_what_a_date_costs_at_least() -> None:
    """With a visit forced onto a day, no plan is cheaper than the bound and the day's reduced price together."""
    dearer = 0
    for seed in range(25):
        problem = small(seed)
        relaxation = relax(problem, np.arange(4), 5.0)
        for v, day in zip(*np.nonzero(problem.days), strict=True):
            forced = problem.days.copy()
            forced[v] = False
            forced[v, day] = True
            unplaced = problem.unplaced.copy()
            unplaced[v] = 10_000 * UNIT
            best = brute_force(replace(problem, days=forced, unplaced=unplaced))
            if best < unplaced[v]:
                assert best >= relaxation.bound - UNIT + relaxation.reduced[v, day]
                dearer += relaxation.reduced[v, day] > 0
    assert dearer > 10


def test_what_the_half_day_relaxation_places_keeps_every_rule() -> None:
    whole = 0
    for seed in range(40):
        problem = small(seed)
        booking = Booking(problem)
        place_whole(booking, relax(problem, np.arange(4), 5.0).reduced, problem.capacity, 5.0)
        whole += placed(booking)
        assert (booking.load <= problem.capacity).all()
        assert (booking.whole <= problem.whole).all()
        assert (booking.clusters <= problem.cluster_cap).all()
        assert all(problem.days[v, booking.day(v)] for v in range(4) if booking.slot[v] != UNPLACED)
    assert whole > 40
