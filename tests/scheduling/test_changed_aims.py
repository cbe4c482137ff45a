"""Aims of a changed roster: values as anybody can count them, bounds only where they still hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.change import change_roster
from scheduling.check_claims import AIMS, aim_values
from scheduling.disturbances import Change, InspectorAbsent, ObjectClosed, UrgentLead
from scheduling.problem import Problem, QuietRule
from scheduling.search_words import figure_words, gap_words
from scheduling.solve import Stop, solve
from tests.scheduling.disturbed_towns import disturb
from tests.scheduling.towns import FIRST, Size, make_town, towns

QUICK = Stop(seconds=None, rounds=2)
TOWN = make_town(3, Size(objects=40, inspectors=12, pins=2))
ROSTER = solve(TOWN, QUICK, "S")
DAY = date(2026, 10, 12)


def bounds(roster) -> dict[str, float | None]:
    return {aim.name: aim.bound for aim in roster.aims}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=20), st.integers(0, 2**20), st.integers(0, 40), st.integers(1, 8))
def test_values_are_those_of_the_changed_roster_and_no_bound_is_above_them(
    problem: Problem, seed: int, passed: int, count: int
) -> None:
    roster = solve(problem, QUICK, "S")
    as_of = min(FIRST + timedelta(days=passed), problem.last_day)
    changed = change_roster(problem, roster, disturb(seed, problem, roster, as_of, count), 0.05)
    told = {aim.name: aim.value for aim in changed.roster.aims}
    assert told == aim_values(changed.problem, changed.roster)
    assert list(told) == [aim.name for aim in roster.aims if aim.name in AIMS]
    assert all(aim.bound is None or aim.bound <= aim.value + 1e-6 for aim in changed.roster.aims)
    assert (changed.roster.gap is None) == (
        bounds(changed.roster)["earliness"] is None or not changed.roster.visits
    )


def test_a_bound_holds_on_where_people_are_only_taken_away() -> None:
    person = next(
        i for i in TOWN.inspectors if len([j for j in TOWN.inspectors if j.department == i.department]) > 1
    )
    absence = InspectorAbsent(person.id, DAY, DAY + timedelta(days=2), "病假两天")
    changed = change_roster(TOWN, ROSTER, Change(DAY, (absence,)), 0.05)
    assert bounds(changed.roster)["earliness"] == bounds(ROSTER)["earliness"]
    assert changed.roster.gap is not None


def test_a_bound_is_dropped_where_a_firm_closes_or_a_lead_arrives() -> None:
    late = max(ROSTER.visits, key=lambda v: v.day)
    lead = replace(
        TOWN.checks[0],
        id="线索1",
        object_id=late.object_id,
        window_from=DAY,
        pinned_day=None,
        pinned_half=None,
    )
    for what in (ObjectClosed(late.object_id, "已办理注销"), UrgentLead(lead, "群众举报")):
        changed = change_roster(TOWN, ROSTER, Change(DAY, (what,)), 0.05)
        assert bounds(changed.roster)["earliness"] is None
        assert bounds(changed.roster)["doors"] is not None
        assert changed.roster.gap is None


def test_no_gap_is_told_where_nothing_is_dated() -> None:
    always = QuietRule("全", "全年安静", weekdays=tuple(range(7)))
    shut = replace(TOWN, quiet_rules=(always,))
    roster = solve(shut, QUICK, "S")
    assert roster.visits == ()
    assert roster.unplaced
    assert roster.gap is None
    assert gap_words(roster.gap) == figure_words(None) == "—"
    assert gap_words(0.0) == "0.00%"
