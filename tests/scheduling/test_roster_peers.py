"""The peers of bench.roster get the very problem that our solver has: same rules, same prices, and no plan beats the bound."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from scipy.optimize import Bounds, LinearConstraint, milp

from bench.roster_case import Case, complete, judge, prepare
from bench.roster_program import Program, whole_program
from bench.roster_timefold import instance_of
from scheduling.booking import UNIT, UNPLACED, Booking
from scheduling.problem import HALVES, Problem, Roster
from scheduling.solve import Stop, solve
from tests.scheduling.towns import towns

QUICK = Stop(seconds=None, rounds=2)
SMALL = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def slots_of(case: Case, roster: Roster) -> list[int]:
    day = {d: n for n, d in enumerate(case.dates.dates)}
    found = {v.id: 2 * day[v.day] + (v.half == HALVES[1]) for v in roster.visits}
    return [found.get(v.id, UNPLACED) for v in case.visits]


def booked(case: Case, slots: list[int]) -> Booking:
    booking = Booking(case.dates)
    for v, slot in enumerate(slots):
        if slot != UNPLACED:
            booking.place(v, slot)
    return booking


def columns_of(case: Case, program: Program, slots: list[int]) -> np.ndarray:
    """The program's columns that these slots mean, helpers (opened cluster-days, extra seats) as small as they go."""
    values = np.zeros(len(program.cost))
    for v, slot in enumerate(slots):
        values[program.missed[v] if slot == UNPLACED else program.slots[v, slot]] = 1
    known = {*program.missed, *program.slots.values()}
    for terms, most in zip(program.rows, program.most, strict=True):
        used = sum(values[c] * w for c, w in terms if c in known)
        for column, weight in terms:
            if column not in known and weight < 0:
                values[column] = max(values[column], used - most)
    return values


@SMALL
@given(towns(desks=False, most_objects=20))
def test_our_roster_is_a_plan_of_the_whole_program_at_the_same_price(problem: Problem) -> None:
    case = prepare(problem, "S")
    slots = slots_of(case, solve(problem, QUICK, "S"))
    program = whole_program(case.dates)
    values = columns_of(case, program, slots)
    sums = program.matrix() @ values
    assert (sums <= np.array(program.most) + 1e-9).all()
    assert (sums >= np.array(program.least) - 1e-9).all()
    assert (values <= np.array(program.upper)).all()
    assert float(values @ np.array(program.cost)) == booked(case, slots).value()


@SMALL
@given(towns(desks=False, most_objects=10))
def test_no_plan_of_the_whole_program_beats_our_bound(problem: Problem) -> None:
    case, ours = prepare(problem, "S"), solve(problem, QUICK, "S")
    if not case.visits:
        return
    program = whole_program(case.dates)
    best = milp(
        np.array(program.cost),
        integrality=np.ones(len(program.cost)),
        bounds=Bounds(0, np.array(program.upper)),
        constraints=LinearConstraint(program.matrix(), np.array(program.least), np.array(program.most)),
    )
    assert best.success
    plan = booked(case, program.chosen(best.x))
    assert plan.value() <= booked(case, slots_of(case, ours)).value()
    bound = next(a.bound for a in ours.aims if a.name == "earliness")
    assert plan.earliness() / UNIT >= bound - 1e-6


@SMALL
@given(towns(desks=False, most_objects=20))
def test_a_plan_made_staffable_keeps_every_rule(problem: Problem) -> None:
    """Even a plan that puts every visit on its first open half-day, which people can hardly staff."""
    case = prepare(problem, "S")
    first = [2 * int(np.argmax(days)) if days.any() else UNPLACED for days in case.dates.days]
    roster, unstaffed = complete(case, first)
    found = judge(case, roster)
    assert found.broken == 0
    assert 0 <= unstaffed <= found.asked
    ours = solve(problem, QUICK, "S")
    assert judge(case, ours).broken == 0
    early = next(a for a in ours.aims if a.name == "earliness")
    assert abs(judge(case, ours).value - early.value) < 1e-6


@SMALL
@given(towns(desks=False, most_objects=15))
def test_the_numbers_written_for_timefold_can_be_read_to_the_end(problem: Problem) -> None:
    case = prepare(problem, "S")
    numbers = iter([int(word) for word in instance_of(case.dates).split()])

    def take(count: int) -> list[int]:
        return [next(numbers) for _ in range(count)]

    visits, days, rows, limits, *_ = take(7)
    assert take(days) == case.dates.ordinals.tolist()
    assert take(2 * days * rows) == case.dates.capacity.reshape(-1).tolist()
    take(limits * (2 + 2 * days))
    for v in range(visits):
        *_, missed = take(6)
        assert missed == case.dates.unplaced[v]
        take(2 * take(1)[0])
        slots = take(2 * take(1)[0])
        assert all(case.dates.days[v, slot // 2] for slot in slots[0::2])
    assert next(numbers, None) is None
