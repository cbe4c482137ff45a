"""Day by day: what is said of a day is what the independent checker finds when the visit is moved there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from scheduling.check import check_roster
from scheduling.day_reasons import DayExplainer
from scheduling.day_state import Explained, why_this_day
from scheduling.problem import (
    AnnualCap,
    Check,
    Inspector,
    Object,
    Problem,
    QuietRule,
    Roster,
    Rules,
    Visit,
    VisitCount,
    Weights,
)
from scheduling.solve import Stop, solve
from tests.scheduling.towns import towns

QUICK = Stop(seconds=None, rounds=2)
NAMED = {
    "working_day": {"working_day"},
    "window": {"window"},
    "quiet_day": {"quiet_day", "exemption"},
    "spacing": {"spacing"},
    "object_twice_a_day": {"object_twice_a_day"},
    "annual_cap": {"annual_cap"},
    "cluster_cap": {"cluster_cap"},
    "duration": {"duration"},
}
"""A reason's name → what the checker calls a visit on such a day."""


def moved(roster: Roster, explained: Explained, day: date, half: str) -> Roster:
    """The roster with one visit elsewhere, without its pin; seat groups and aims would have to be made anew."""
    visits = tuple(replace(v, day=day, half=half) if v.id == explained.visit else v for v in roster.visits)
    return replace(roster, visits=visits, groups=(), aims=(), gap=None)


def unpinned(problem: Problem) -> Problem:
    return replace(
        problem, checks=tuple(replace(c, pinned_day=None, pinned_half=None) for c in problem.checks)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=25), st.integers(0, 2**32))
def test_every_day_is_as_the_checker_sees_it(problem: Problem, pick: int) -> None:
    problem = unpinned(problem)
    roster = solve(problem, QUICK, "S")
    if not roster.visits:
        return
    at = Counter(v.object_id for v in roster.visits)
    awkward = [v for v in roster.visits if at[v.object_id] > 1] or list(roster.visits)
    some = awkward if pick % 2 else list(roster.visits)
    chosen = some[pick // 2 % len(some)]
    (explained,) = DayExplainer(problem, roster).of_visit(chosen.id)
    for state in explained.days:
        note(f"{chosen.id} {state}")
        # Where one half alone is open, its own may be the one that the desks take up.
        half = chosen.half if chosen.half in state.halves or not state.halves else state.halves[0]
        there = check_roster(problem, moved(roster, explained, state.day, half), teams=False)
        broken = {v.rule for v in there}
        if state.chosen:
            assert state.day == chosen.day
            assert chosen.half in state.halves
            assert state.closed == ()
        elif state.halves:
            assert broken == set(), "an open day breaks no rule"
        for closed in state.closed:
            assert closed.rule in ("capacity", "nobody") or broken & NAMED[closed.rule], closed


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=25))
def test_every_visit_and_every_missing_one_can_be_asked_for(problem: Problem) -> None:
    roster = solve(problem, QUICK, "S")
    explainer = DayExplainer(problem, roster)
    for visit in roster.visits[:5]:
        (found,) = explainer.of_visit(visit.id)
        assert (found.day, found.half, found.reasons) == (visit.day, visit.half, visit.reasons)
        assert why_this_day(found, problem, roster.gap)
    for missed in roster.unplaced[:5]:
        found_here = [e for e in explainer.of_object(missed.object_id) if e.day is None]
        assert any(e.reasons[0] == missed.sentence for e in found_here)


RULES = Rules(spacing_days=10, recognition_days=180, lead_team=2, partner_team=1, half_day_minutes=210)
PEOPLE = (Inspector("甲", "市监", date(2030, 1, 1)), Inspector("乙", "市监", date(2030, 1, 1)))
ONE = Check("C1", "O1", "T", "市监", ("x",), date(2026, 11, 2), date(2026, 11, 13), 60)
PLACE = Object("O1", "东街", "竹山")
PROBLEM = Problem(date(2026, 10, 30), date(2026, 11, 1), date(2026, 11, 30), RULES, (PLACE,), (ONE,), PEOPLE)


def visit_of(check: Check, day: int, half: str = "am") -> Visit:
    return Visit(
        f"V{check.id}", check.object_id, date(2026, 11, day), half, (check.id,), ("市监",), "市监", 60
    )


def roster_of(*visits: Visit) -> Roster:
    return Roster("", "S", visits)


def closed_on(problem: Problem, roster: Roster, day: int) -> dict[str, str]:
    (found, *_) = DayExplainer(problem, roster).of_object("O1")
    state = next(s for s in found.days if s.day.day == day)
    return {c.rule: c.sentence for c in state.closed}


def test_a_quiet_day_is_named_with_its_basis() -> None:
    quiet = QuietRule("Q", "园区安静日", month_days=(5,), basis="某文〔2026〕1号")
    told = closed_on(replace(PROBLEM, quiet_rules=(quiet,)), roster_of(visit_of(ONE, 4)), 5)
    assert told == {"quiet_day": "园区安静日(某文〔2026〕1号)"}


def test_people_who_are_elsewhere_close_a_half_day_and_then_the_day() -> None:
    other = replace(ONE, id="C2", object_id="O2")
    third = replace(ONE, id="C3", object_id="O3")
    objects = (PLACE, replace(PLACE, object_id="O2"), replace(PLACE, object_id="O3"))
    problem = replace(PROBLEM, objects=objects, checks=(ONE, other, third))
    half = roster_of(visit_of(ONE, 4), visit_of(other, 5, "am"))
    (found,) = DayExplainer(problem, half).of_object("O1")
    assert next(s for s in found.days if s.day.day == 5).halves == ("pm",)
    full = roster_of(visit_of(ONE, 4), visit_of(other, 5, "am"), visit_of(third, 5, "pm"))
    assert closed_on(problem, full, 5) == {"capacity": "上午市监没有足够的人;下午市监没有足够的人"}


@pytest.mark.parametrize(
    "people",
    [
        PEOPLE[:1],
        (PEOPLE[0], replace(PEOPLE[1], certificate_valid_to=date(2026, 10, 31))),
        (PEOPLE[0], replace(PEOPLE[1], recused=("O1",))),
    ],
)
def test_where_there_are_no_such_people_the_days_are_not_called_full(people: tuple[Inspector, ...]) -> None:
    told = closed_on(replace(PROBLEM, inspectors=people), roster_of(visit_of(ONE, 4)), 5)
    assert told == {"nobody": "市监没有足够的持证人员可派,哪一天都不能"}
    asked = replace(PROBLEM, checks=(replace(ONE, qualifications=("特种设备",)),))
    assert set(closed_on(asked, roster_of(visit_of(ONE, 4)), 5)) == {"nobody"}


@pytest.mark.parametrize(
    ("change", "rule", "told"),
    [
        ({"objects": (replace(PLACE, last_visit=date(2026, 10, 30)),)}, "spacing", "距上次入企 2026-10-30"),
        (
            {
                "objects": (replace(PLACE, visits=(VisitCount("市监", 2026, 1),)),),
                "rules": replace(RULES, annual_caps=(AnnualCap(1),)),
            },
            "annual_cap",
            "上限 1 次",
        ),
        ({"checks": (replace(ONE, minutes=500),)}, "duration", "需 500 分钟"),
    ],
)
def test_reasons_carry_their_numbers(change: dict[str, object], rule: str, told: str) -> None:
    problem = replace(PROBLEM, **change)  # type: ignore[arg-type]
    assert told in closed_on(problem, roster_of(visit_of(ONE, 12)), 4)[rule]


SECOND = replace(ONE, id="C2", joint=False, window_to=date(2026, 11, 30))
CLUE = replace(SECOND, clue=True)


@pytest.mark.parametrize(
    ("first", "second", "day", "rules"),
    [
        (ONE, SECOND, 4, {"object_twice_a_day"}),
        (ONE, SECOND, 13, {"spacing"}),  # nine days later; ten are asked for
        (ONE, SECOND, 16, set()),
        (ONE, CLUE, 13, set()),  # a clue may follow at any time, but for the same day
        (ONE, CLUE, 4, {"object_twice_a_day"}),
        (replace(ONE, clue=True), SECOND, 13, {"spacing"}),  # a planned visit keeps its distance from a clue
    ],
)
def test_two_visits_to_one_object_keep_their_distance(
    first: Check, second: Check, day: int, rules: set[str]
) -> None:
    problem = replace(PROBLEM, checks=(first, second))
    roster = roster_of(visit_of(first, 4), visit_of(second, 27))
    (found,) = DayExplainer(problem, roster).of_visit("VC2")
    state = next(s for s in found.days if s.day.day == day)
    assert {c.rule for c in state.closed} == rules


def test_a_planned_visit_may_stand_shortly_before_a_clue() -> None:
    problem = replace(PROBLEM, checks=(ONE, CLUE))
    (found,) = DayExplainer(problem, roster_of(visit_of(ONE, 4), visit_of(CLUE, 12))).of_visit("VC1")
    assert next(s for s in found.days if s.day.day == 11).closed == ()


def test_the_last_visit_closes_nine_days_and_not_the_tenth() -> None:
    problem = replace(PROBLEM, objects=(replace(PLACE, last_visit=date(2026, 10, 27)),))
    roster = roster_of(visit_of(ONE, 12))
    assert set(closed_on(problem, roster, 5)) == {"spacing"}
    assert closed_on(problem, roster, 6) == {}


def test_a_full_park_is_closed_to_others_and_not_to_those_who_stand_there() -> None:
    other = replace(ONE, id="C2", object_id="O2")
    rules = replace(RULES, cluster_day_cap=1)
    objects = (PLACE, replace(PLACE, object_id="O2"))
    problem = replace(PROBLEM, objects=objects, checks=(ONE, other), rules=rules)
    roster = roster_of(visit_of(ONE, 4), visit_of(other, 5, "pm"))
    assert set(closed_on(problem, roster, 5)) == {"cluster_cap"}
    assert closed_on(problem, roster, 4) == {}


def test_a_visit_does_not_stand_in_its_own_way() -> None:
    alone = replace(PROBLEM, inspectors=PEOPLE)
    (found,) = DayExplainer(alone, roster_of(visit_of(ONE, 4))).of_object("O1")
    assert next(s for s in found.days if s.chosen).halves == ("am", "pm")


def test_an_earlier_week_that_is_open_is_admitted() -> None:
    (found,) = DayExplainer(PROBLEM, roster_of(visit_of(ONE, 12))).of_object("O1")
    earlier, same = why_this_day(found, PROBLEM, 0.02)
    assert "更早的周里还有 5 天可排(11-02、11-03" in earlier
    assert "2.00%" in earlier
    assert "同一周内另有 4 天" in same


def test_the_first_week_has_nothing_before_it() -> None:
    (found,) = DayExplainer(PROBLEM, roster_of(visit_of(ONE, 4))).of_object("O1")
    assert why_this_day(found, PROBLEM, 0.0)[0] == "更早的周里没有可排的日子"


@pytest.mark.parametrize(
    ("check", "timed"), [({}, False), ({"clue": True}, True), ({"statutory": True}, True)]
)
def test_where_no_class_comes_first_nothing_is_said_of_earlier_weeks(
    check: dict[str, bool], timed: bool
) -> None:
    rules = replace(RULES, weights=Weights((0, 0, 0, 0), pressing=4))
    problem = replace(PROBLEM, rules=rules, checks=(replace(ONE, **check),))
    (found,) = DayExplainer(problem, roster_of(visit_of(problem.checks[0], 12))).of_object("O1")
    said = why_this_day(found, problem, 0.0)
    assert ("更早的周里" in said[0]) == timed
    assert timed or said[0].startswith("另有 9 天可排(11-02")
