"""The whole solver: generated towns pass the independent checker, and what cannot be placed says why."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, note, settings

from registry.progress import DETAIL
from scheduling.check import check_roster
from scheduling.problem import (
    Calendar,
    Check,
    Inspector,
    Object,
    Problem,
    ProblemError,
    QuietRule,
    Roster,
    Rules,
    problem_from_json,
    problem_hash,
    problem_to_json,
    roster_from_json,
    roster_to_json,
)
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from scheduling.workdays import EstimatedYear
from tests.scheduling.towns import Size, make_town, towns

AS_OF, FIRST, LAST, NEVER = date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31), date(2030, 1, 1)
RULES = Rules(spacing_days=30, recognition_days=180, lead_team=2, partner_team=1, half_day_minutes=210)
QUICK = Stop(seconds=None, rounds=2)


def staffed(problem: Problem, roster: Roster) -> Roster:
    """The roster with some feasible teams, in place of the lottery's."""
    seating = seat_everybody(roster.groups, problem.inspectors)
    assert seating.short == ()
    return replace(roster, seats=seating.seats)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns())
def test_every_town_is_served_by_the_rules_or_told_why(problem: Problem) -> None:
    roster = solve(problem, QUICK, "S")
    note(f"{len(roster.visits)} visits, {len(roster.unplaced)} unplaced")
    assert check_roster(problem, staffed(problem, roster)) == []
    for missed in roster.unplaced:
        assert re.search(r"\d", missed.sentence), missed
        assert missed.relief
        assert missed.rules


def town(count: int, people: int, **more) -> Problem:
    objects = tuple(Object(f"O{n:03d}", f"街道{n % 5}", "竹山") for n in range(count))
    changes = more.pop("check", {})
    checks = tuple(
        replace(Check(f"C{n:03d}", f"O{n:03d}", "T", "市监", ("x",), FIRST, LAST, 60), **changes)
        for n in range(count)
    )
    inspectors = tuple(Inspector(f"甲{n}", "市监", NEVER) for n in range(people))
    plain = Problem(AS_OF, FIRST, LAST, RULES, objects, checks, inspectors)
    return replace(plain, **more)


def test_an_easy_town_is_served_whole_and_at_the_bound() -> None:
    roster = solve(town(40, 6), QUICK, "S")
    assert len(roster.visits) == 40
    assert roster.unplaced == ()
    assert roster.gap == 0
    assert max(v.day for v in roster.visits) < date(2026, 10, 19)


def test_quiet_days_leave_exactly_the_capacity_of_the_open_ones() -> None:
    quiet = QuietRule("Q", "企业安静日", month_days=tuple(range(1, 26)))
    roster = solve(town(60, 2, quiet_rules=(quiet,)), Stop(seconds=None, rounds=10), "S")
    open_days = {date(2026, 10, d) for d in (26, 27, 28, 29, 30)} | {date(2026, 11, d) for d in (26, 27, 30)}
    open_days |= {date(2026, 12, d) for d in (28, 29, 30, 31)}
    assert {v.day for v in roster.visits} == open_days
    assert len(roster.visits) == 2 * len(open_days)


def test_a_shortage_is_certified_with_its_numbers() -> None:
    quiet = QuietRule("Q", "企业安静日", month_days=tuple(range(1, 26)))
    november = {
        "window_from": date(2026, 11, 1),
        "window_to": date(2026, 11, 30),
        "qualifications": ("特种设备",),
    }
    problem = town(41, 4, quiet_rules=(quiet,), check=november)
    holders = tuple(replace(i, qualifications=("特种设备",)) for i in problem.inspectors)
    roster = solve(replace(problem, inspectors=holders), QUICK, "S")
    sentences = {u.sentence for u in roster.unplaced}
    assert len(roster.visits) == 12
    assert len(roster.unplaced) == 29
    assert all(
        "竹山" in s and "11月" in s and "41 次" in s and "3 个可排日" in s and "4 人" in s for s in sentences
    )
    assert all("capacity" in u.rules for u in roster.unplaced)


@pytest.mark.parametrize(
    ("change", "rule", "told"),
    [
        ({"check": {"window_to": date(2026, 10, 7)}}, "window", "0 个工作日"),
        (
            {
                "check": {"window_to": date(2026, 10, 20)},
                "quiet_rules": (QuietRule("Q", "安静日", month_days=tuple(range(1, 21))),),
            },
            "quiet_day",
            "剩 0 天",
        ),
        ({"check": {"qualifications": ("辐射",)}}, "qualification", "0 人"),
        ({"check": {"minutes": 500}}, "duration", "500 分钟"),
        (
            {"check": {"pinned_day": date(2026, 10, 10), "pinned_half": "am", "minutes": 300}},
            "duration",
            "300 分钟",
        ),
        ({"check": {"pinned_day": date(2026, 10, 11), "pinned_half": "am"}}, "working_day", "2026-10-11"),
        ({"inspectors": ()}, "team_size", "0 人"),
        (
            {
                "objects": (Object("O000", "街道", "竹山", last_visit=date(2026, 9, 25)),),
                "last_day": date(2026, 10, 20),
            },
            "spacing",
            "30 日",
        ),
        (
            {"inspectors": tuple(Inspector(f"甲{n}", "市监", NEVER, visits_total=0) for n in range(3))},
            "total_limit",
            "上限合计 0 次",
        ),
        (
            {"inspectors": tuple(Inspector(f"甲{n}", "市监", NEVER, recused=("O000",)) for n in range(3))},
            "recused",
            "3 人",
        ),
    ],
)
def test_each_reason_is_named(change, rule, told) -> None:
    roster = solve(town(1, 3, **change), QUICK, "S")
    assert roster.visits == ()
    (missed,) = roster.unplaced
    assert rule in missed.rules
    assert told in missed.sentence


def test_an_absent_department_does_not_keep_the_others_away() -> None:
    problem = town(1, 3)
    other = replace(problem.checks[0], id="D", department="消防", lead=True)
    roster = solve(replace(problem, checks=(*problem.checks, other)), QUICK, "S")
    assert roster.visits[0].departments == ("市监",)
    assert roster.unplaced[0].checks == ("D",)


def test_same_inputs_same_plan_and_other_tickets_other_dates() -> None:
    problem = make_town(5, Size(60, 18))
    stop = Stop(seconds=None, rounds=6)
    one, two, other = solve(problem, stop, "S"), solve(problem, stop, "S"), solve(problem, stop, "other")
    assert one.visits == two.visits
    assert one.groups == two.groups
    moved = {v.id: v.day for v in one.visits}
    assert sum(moved.get(v.id) != v.day for v in other.visits) > len(other.visits) / 3


def test_nobody_can_guess_a_date_among_equally_good_ones() -> None:
    days = [solve(town(3, 20), QUICK, f"S{n}").visits[0].day for n in range(30)]
    assert len(set(days)) >= 2
    assert max(days) < date(2026, 10, 12)


def test_the_order_of_the_input_does_not_matter() -> None:
    problem = make_town(6, Size(30, 18))
    turned = replace(problem, checks=problem.checks[::-1], inspectors=problem.inspectors[::-1])
    assert solve(problem, QUICK, "S").visits == solve(turned, QUICK, "S").visits


def test_workload_over_the_period_is_kept() -> None:
    problem = town(12, 4)
    tired = tuple(replace(i, visits_total=3) for i in problem.inspectors)
    roster = solve(replace(problem, inspectors=tired), Stop(seconds=None, rounds=10), "S")
    assert len(roster.visits) == 6
    assert (
        check_roster(replace(problem, inspectors=tired), staffed(replace(problem, inspectors=tired), roster))
        == []
    )


def test_a_pinned_visit_stays_and_a_new_one_goes_round_it() -> None:
    problem = town(3, 2)
    first = solve(problem, QUICK, "S").visits[0]
    pins = tuple(
        replace(c, pinned_day=date(2026, 11, 3), pinned_half="pm") if c.id == first.checks[0] else c
        for c in problem.checks
    )
    again = solve(replace(problem, checks=pins), QUICK, "T")
    (kept,) = [v for v in again.visits if v.checks == first.checks]
    assert (kept.day, kept.half) == (date(2026, 11, 3), "pm")


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (Stop(seconds=None, rounds=1), "rounds"),
        (Stop(seconds=30, gap=10.0), "gap"),
        (Stop(seconds=30, first_feasible=True), "first_feasible"),
        (Stop(seconds=0.0), "seconds"),
    ],
)
def test_stops_are_values(stop: Stop, reason: str) -> None:
    roster = solve(make_town(8, Size(20, 24, quiet_share=0.0, limited=0.0, scarce=1.0)), stop, "S")
    assert roster.stopped == reason


def test_progress_and_history_are_told() -> None:
    seen: list[tuple[str, float]] = []
    roster = solve(town(10, 4), QUICK, "S", lambda stage, share: seen.append((stage, share)))
    assert {stage.split(DETAIL)[0] for stage, _ in seen} >= {"合并", "求下界", "排期", "校核派员"}
    assert all(0 <= share <= 1 for _, share in seen)
    assert roster.history[-1].placed == 10
    assert all(a.value >= a.bound - 1e-6 for a in roster.aims)


def test_the_answer_survives_the_file() -> None:
    problem = make_town(9, Size(15, 12))
    roster = staffed(problem, solve(problem_from_json(problem_to_json(problem)), QUICK, "S"))
    assert roster.problem_hash == problem_hash(problem)
    assert roster_from_json(roster_to_json(roster)) == roster


def test_unusable_data_is_refused_before_solving() -> None:
    with pytest.raises(ProblemError, match="用时"):
        solve(town(1, 2, check={"minutes": 0}), QUICK, "S")


def test_an_estimated_year_is_refused_unless_told() -> None:
    problem = town(1, 2, first_day=date(2027, 1, 4), last_day=date(2027, 1, 29), check={"window_to": NEVER})
    with pytest.raises(EstimatedYear):
        solve(problem, QUICK, "S")
    told = replace(problem, calendar=Calendar(allow_estimated=True))
    assert len(solve(told, QUICK, "S").visits) == 1


def test_an_empty_problem_has_an_empty_roster() -> None:
    roster = solve(town(0, 2), QUICK, "S")
    assert roster.visits == ()
    assert roster.unplaced == ()


def test_a_search_that_finds_nothing_more_stops_by_itself() -> None:
    roster = solve(make_town(5, Size(60, 18)), Stop(seconds=60, patience=5), "S")
    assert roster.stopped in ("patience", "nothing_to_move")
