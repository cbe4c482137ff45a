"""300 generated towns (C-15) and the same plan twice (C-17): the long forms; test_solve.py has the short ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from scheduling.check import check_roster
from scheduling.check_conflict import check_conflicts
from scheduling.conflict_record import Prices
from scheduling.problem import Problem
from scheduling.solve import Stop, solve
from scheduling.staffing import seat_everybody
from tests.scheduling.towns import Size, make_town, towns


@pytest.mark.slow
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns())
def test_three_hundred_towns_keep_every_rule_and_explain_every_gap(problem: Problem) -> None:
    roster = solve(problem, Stop(seconds=None, rounds=2), "S")
    seating = seat_everybody(roster.groups, problem.inspectors)
    assert seating.short == ()
    assert check_roster(problem, replace(roster, seats=seating.seats)) == []
    assert check_conflicts(problem, roster) == []
    assert bool(roster.conflicts) == bool(roster.unplaced)
    assert all(c.rules and c.sentence for c in roster.conflicts)


@pytest.mark.slow
@pytest.mark.parametrize("limited", [0.3, 1.0])
def test_the_same_plan_twice_with_its_conflicts_and_remedies(limited: float) -> None:
    problem = make_town(17, Size(200, 30, days=36, limited=limited))
    stop = Stop(seconds=None, rounds=12, remedies=Prices())
    one, two = solve(problem, stop, "S"), solve(problem, stop, "S")
    assert (one.visits, one.groups, one.unplaced) == (two.visits, two.groups, two.unplaced)
    assert one.conflicts == two.conflicts
    assert one.conflicts
