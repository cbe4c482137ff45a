"""Change with least disturbance: whatever happens, no rule breaks, little moves, and everything says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from scheduling.change import change_roster
from scheduling.change_report import Changed
from scheduling.check import check_roster
from scheduling.check_change import check_change
from scheduling.disturbances import Change, change_from_json, change_to_json
from scheduling.problem import Problem, Roster
from scheduling.solve import Stop, solve
from scheduling.staffing import seat_everybody
from tests.scheduling.disturbed_towns import disturb
from tests.scheduling.towns import FIRST, towns

SHARE = 0.05
QUICK = Stop(seconds=None, rounds=1)


def seated(problem: Problem) -> Roster:
    """A roster with some feasible teams, in place of the lottery's."""
    roster = solve(problem, QUICK, "S")
    return replace(roster, seats=seat_everybody(roster.groups, problem.inspectors).seats)


def judged(problem: Problem, roster: Roster, change: Change, share: float = SHARE) -> Changed:
    """The change, judged by both independent checkers."""
    changed = change_roster(problem, roster, change, share)
    note(f"{change} {changed.disturbed}")
    assert check_roster(changed.problem, changed.roster, teams=bool(roster.seats)) == []
    assert check_change(problem, roster, change, changed) == []
    return changed


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns(), st.integers(0, 2**20), st.integers(0, 40), st.integers(1, 12), st.booleans())
def test_whatever_happens_the_rules_hold_and_little_moves(
    problem: Problem, seed: int, passed: int, count: int, drawn: bool
) -> None:
    roster = seated(problem) if drawn else solve(problem, QUICK, "S")
    as_of = min(FIRST + timedelta(days=passed), problem.last_day)
    change = disturb(seed, problem, roster, as_of, count)
    first = judged(problem, roster, change)
    again = change_roster(problem, roster, change_from_json(change_to_json(change)), SHARE)
    assert again == first
    later = min(as_of + timedelta(days=3), first.problem.last_day)
    judged(first.problem, first.roster, disturb(seed + 1, first.problem, first.roster, later, 3))
