"""The independent checker: a sound roster passes, and every seeded violation is named by its rule."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from scheduling.check import check_roster
from scheduling.check_claims import aim_values
from scheduling.merge import visit_id
from scheduling.problem import (
    Aim,
    AnnualCap,
    Check,
    DeskTime,
    Exemption,
    HonestQuota,
    Inspector,
    Object,
    Problem,
    QuietRule,
    Recusal,
    Result,
    Roster,
    Rules,
    Seat,
    Settled,
    Unplaced,
    Visit,
    VisitCount,
)

AS_OF, FIRST, LAST = date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31)
NEVER = date(2030, 1, 1)


def person(name: str, department: str, *qualifications: str, **more) -> Inspector:
    return Inspector(name, department, NEVER, qualifications, **more)


PROBLEM = Problem(
    as_of=AS_OF,
    first_day=FIRST,
    last_day=LAST,
    rules=Rules(
        spacing_days=30,
        recognition_days=180,
        lead_team=2,
        partner_team=1,
        half_day_minutes=210,
        annual_caps=(AnnualCap(1), AnnualCap(8, categories=("food_drug",))),
        cluster_day_cap=2,
        honest_quota=HonestQuota(total=10, visited=0, undisturbed_share=0.9),
    ),
    objects=(
        Object("O1", "东园区", "竹山", park="东园区", honest=True),
        Object("O2", "东园区", "竹山", park="东园区", last_visit=date(2026, 9, 25)),
        Object("O3", "东园区", "竹山", honest=True),
        Object("O4", "街道01", "松江", visits=(VisitCount("市监", 2026, 1),)),
    ),
    checks=(
        Check("C1", "O1", "T1", "市监", ("食",), FIRST, LAST, 90, qualifications=("食品",), lead=True),
        Check("C2", "O1", "T2", "消防", ("火",), FIRST, LAST, 60),
        Check("C3", "O2", "T1", "市监", ("食", "秤"), FIRST, date(2026, 11, 30), 60),
        Check("C4", "O3", "T2", "消防", ("火",), FIRST, LAST, 60, onsite=False),
        Check("C5", "O4", "T1", "市监", ("食",), FIRST, LAST, 60, clue=True),
        Check("C6", "O3", "T3", "市监", ("秤",), FIRST, LAST, 60, clue=True),
    ),
    inspectors=(
        person("甲", "市监", "食品"),
        person("乙", "市监"),
        person("丙", "市监"),
        person("丁", "市监", recused=("O4",)),
        person("戊", "消防", leave=(date(2026, 10, 26),)),
        person("己", "消防"),
        Inspector("庚", "市监", date(2026, 10, 15), ("食品",)),
    ),
    results=(Result("O2", "秤", "计量所", date(2026, 8, 1)),),
    quiet_rules=(
        QuietRule(
            "Q1", "企业安静日", parks=("东园区",), month_days=tuple(range(1, 21)), exempt_categories=("tax",)
        ),
    ),
)
V1 = Visit("V1", "O1", date(2026, 10, 26), "am", ("C1", "C2"), ("市监", "消防"), "市监", 90)
V2 = Visit("V2", "O2", date(2026, 10, 26), "pm", ("C3",), ("市监",), "市监", 60)
V3 = Visit("V3", "O4", date(2026, 10, 9), "am", ("C5",), ("市监",), "市监", 60)
SEATS = (
    Seat("V1", "市监", "g1", "甲"),
    Seat("V1", "市监", "g2", "乙"),
    Seat("V1", "消防", "g3", "己"),
    Seat("V2", "市监", "g4", "甲"),
    Seat("V2", "市监", "g4", "乙"),
    Seat("V3", "市监", "g5", "乙"),
    Seat("V3", "市监", "g5", "丙"),
)
ROSTER = Roster(
    problem_hash="",
    seed="S",
    visits=(V1, V2, V3),
    unplaced=(Unplaced(("C6",), "O3", ("capacity",), "人员已排满 4 个半日", "借调 1 人"),),
    settled=(
        Settled("C4", "off_site", ("火",), "书面"),
        Settled("C3", "recognised", ("秤",), "结果互认"),
    ),
    seats=SEATS,
)
Seeded = tuple[Problem, Roster]


def rules_broken(problem: Problem, roster: Roster) -> set[str]:
    return {v.rule for v in check_roster(problem, roster)}


def test_a_sound_roster_passes() -> None:
    assert check_roster(PROBLEM, ROSTER) == []


def with_visit(old: Visit, **change) -> Seeded:
    visits = tuple(replace(v, **change) if v.id == old.id else v for v in ROSTER.visits)
    return PROBLEM, replace(ROSTER, visits=visits)


def with_seat(visit: str, old: str, new: str | None) -> Seeded:
    seats = []
    for seat in SEATS:
        if (seat.visit, seat.inspector) != (visit, old):
            seats.append(seat)
        elif new is not None:
            seats.append(replace(seat, inspector=new))
    return PROBLEM, replace(ROSTER, seats=tuple(seats))


def with_problem(**change) -> Seeded:
    return replace(PROBLEM, **change), ROSTER


def with_check(name: str, **change) -> Seeded:
    checks = tuple(replace(c, **change) if c.id == name else c for c in PROBLEM.checks)
    return with_problem(checks=checks)


def with_inspector(name: str, **change) -> Seeded:
    return with_problem(
        inspectors=tuple(replace(i, **change) if i.id == name else i for i in PROBLEM.inspectors)
    )


def with_object(name: str, **change) -> Seeded:
    return with_problem(
        objects=tuple(replace(o, **change) if o.object_id == name else o for o in PROBLEM.objects)
    )


def with_rules(**change) -> Seeded:
    return with_problem(rules=replace(PROBLEM.rules, **change))


def with_last_team(name: str, *people: str) -> Seeded:
    problem, roster = with_object(name, last_team=people)
    return replace(problem, rules=replace(problem.rules, separate_pairs=True)), roster


def with_desk(*times: DeskTime, **person_change) -> Seeded:
    inspectors = tuple(
        replace(i, **person_change) if i.department == "消防" else i for i in PROBLEM.inspectors
    )
    problem = replace(PROBLEM, inspectors=inspectors, rules=replace(PROBLEM.rules, desk_people=1))
    return problem, replace(ROSTER, desk=times)


def with_roster(**change) -> Seeded:
    return PROBLEM, replace(ROSTER, **change)


EARLINESS = 3.0 + 3.0 + 0.0 + 1000.0
"""Weeks from Monday 5 October, the first working days' week being that of 8 October, and the visit without a date."""
AIMS = (
    Aim("unplaced", 1.0, 0.0),
    Aim("doors", 4.0, 4.0),
    Aim("earliness", EARLINESS, EARLINESS),
    Aim("cluster_days", 2.0, 2.0),
)


def with_aims(*aims: Aim) -> Seeded:
    return with_roster(aims=aims, gap=0.0)


def with_exemption(**change) -> Seeded:
    exemption = Exemption("E", "tax", FIRST, LAST, "Q1", "O1", "局长", AS_OF)
    problem, roster = with_visit(V1, day=date(2026, 10, 20))
    checks = tuple(replace(c, categories=("tax",)) for c in problem.checks)
    return replace(problem, checks=checks, exemptions=(replace(exemption, **change),)), roster


VIOLATIONS: dict[str, tuple[str, Callable[[], Seeded]]] = {
    "a quiet day": ("quiet_day", lambda: with_visit(V1, day=date(2026, 10, 20))),
    "an exemption not approved": ("exemption", lambda: with_exemption(approved_by="")),
    "an exemption approved too late": ("exemption", lambda: with_exemption(approved_on=date(2026, 10, 1))),
    "an exemption for another firm": ("exemption", lambda: with_exemption(object_id="O2")),
    "an exemption of other days": ("exemption", lambda: with_exemption(last_day=date(2026, 10, 19))),
    "a Sunday": ("working_day", lambda: with_visit(V1, day=date(2026, 10, 25))),
    "the National Day": ("working_day", lambda: with_visit(V3, day=date(2026, 10, 1))),
    "outside the check's window": ("window", lambda: with_visit(V2, day=date(2026, 12, 22))),
    "outside the plan": ("window", lambda: with_visit(V3, day=date(2027, 1, 4))),
    "a year nobody announced": (
        "estimated_year",
        lambda: (replace(PROBLEM, last_day=NEVER), with_visit(V3, day=date(2027, 1, 4))[1]),
    ),
    "too soon after the last visit": ("spacing", lambda: with_visit(V2, day=date(2026, 10, 23))),
    "two visits too close": (
        "spacing",
        lambda: with_roster(
            visits=(
                replace(V1, checks=("C1",), departments=("市监",)),
                replace(
                    V1, id="V4", day=date(2026, 11, 24), checks=("C2",), departments=("消防",), lead="消防"
                ),
                V2,
                V3,
            )
        ),
    ),
    "over the annual cap": ("annual_cap", lambda: with_check("C5", clue=False)),
    "an object twice a day": (
        "object_twice_a_day",
        lambda: with_roster(
            visits=(
                replace(V1, checks=("C1",), departments=("市监",)),
                replace(V1, id="V4", half="pm", checks=("C2",), departments=("消防",), lead="消防"),
                V2,
                V3,
            )
        ),
    ),
    "too many in one park": ("cluster_cap", lambda: with_rules(cluster_day_cap=1)),
    "the honest set disturbed": (
        "honest_quota",
        lambda: with_rules(honest_quota=HonestQuota(total=10, visited=1, undisturbed_share=0.9)),
    ),
    "longer than its half-day": ("duration", lambda: with_check("C1", minutes=211)),
    "a pinned visit moved": (
        "pinned",
        lambda: with_check("C1", pinned_day=date(2026, 10, 27), pinned_half="am"),
    ),
    "a pinned half-day moved": ("pinned", lambda: with_check("C1", pinned_day=V1.day, pinned_half="pm")),
    "a check nobody drew": ("drawn", lambda: with_visit(V1, checks=("C1", "C2", "C9"))),
    "a check of another object": (
        "drawn",
        lambda: with_roster(visits=(V1, V2, replace(V3, checks=("C5", "C6"))), unplaced=()),
    ),
    "an object nobody drew": ("drawn", lambda: with_visit(V3, object_id="O9")),
    "a written check done on site": ("drawn", lambda: with_check("C2", onsite=False)),
    "a department too many": ("drawn", lambda: with_visit(V3, departments=("市监", "消防"))),
    "a lead who is not there": ("drawn", lambda: with_visit(V2, lead="消防")),
    "a visit said to be shorter than its work": ("minutes", lambda: with_visit(V1, minutes=60)),
    "a visit said to be longer than its work": ("minutes", lambda: with_visit(V1, minutes=150)),
    "another lead than the plan names": ("lead", lambda: with_visit(V1, lead="消防")),
    "another lead than the first in order": (
        "lead",
        lambda: (
            replace(
                with_check("C1", lead=False)[0], rules=replace(PROBLEM.rules, lead_order=("消防", "市监"))
            ),
            ROSTER,
        ),
    ),
    "an aim better than it is": ("aims", lambda: with_aims(Aim("earliness", 2.0, 0.0))),
    "fewer doors than there are": ("aims", lambda: with_aims(Aim("doors", 3.0, 3.0))),
    "nothing said to be unplaced": ("aims", lambda: with_aims(Aim("unplaced", 0.0, 0.0))),
    "fewer cluster-days than there are": ("aims", lambda: with_aims(Aim("cluster_days", 1.0, 1.0))),
    "a bound above what is reached": ("aims", lambda: with_aims(Aim("doors", 4.0, 5.0))),
    "a gap too small": ("gap", lambda: with_aims(Aim("earliness", EARLINESS, 900.0))),
    "a check forgotten": ("complete", lambda: with_roster(unplaced=())),
    "a check made twice": (
        "complete",
        lambda: with_roster(unplaced=(*ROSTER.unplaced, replace(ROSTER.unplaced[0], checks=("C5",)))),
    ),
    "unplaced without a sentence": (
        "complete",
        lambda: with_roster(unplaced=(replace(ROSTER.unplaced[0], sentence=""),)),
    ),
    "an item cancelled without a result": ("recognition", lambda: with_problem(results=())),
    "a result too old to be recognised": (
        "recognition",
        lambda: with_problem(results=(Result("O2", "秤", "计量所", date(2026, 4, 2)),)),
    ),
    "a known result ignored": ("recognition", lambda: with_roster(settled=ROSTER.settled[:1])),
    "an on-site check called written": ("recognition", lambda: with_check("C4", onsite=True)),
    "an expired certificate": ("certificate", lambda: with_seat("V1", "甲", "庚")),
    "too few inspectors": ("team_size", lambda: with_seat("V1", "乙", None)),
    "the same inspector counted twice": ("team_size", lambda: with_seat("V1", "乙", "甲")),
    "no team at all": ("team_size", lambda: with_roster(seats=())),
    "a missing qualification": ("qualification", lambda: with_seat("V1", "甲", "丙")),
    "a recused inspector": ("recused", lambda: with_seat("V3", "乙", "丁")),
    "an inspector of another district": ("district", lambda: with_inspector("甲", districts=("别处",))),
    "an inspector with a relative at the firm": (
        "recused",
        lambda: with_inspector("乙", recusals=(Recusal("O4", "relative", "配偶为该企业股东"),)),
    ),
    "the same pair as last time": (
        "same_pair",
        lambda: with_last_team("O2", "甲", "乙"),
    ),
    "no time kept for a written check": ("desk", lambda: with_desk()),
    "time kept for a written check after its window": (
        "desk",
        lambda: with_desk(DeskTime("消防", date(2027, 1, 5), "am", 1)),
    ),
    "more people at desks and doors than there are": (
        "desk",
        lambda: with_desk(DeskTime("消防", date(2026, 10, 26), "am", 1)),
    ),
    "a day with more half-days than its people have": (
        "desk",
        lambda: with_desk(DeskTime("消防", date(2026, 10, 27), "am", 2), half_days_per_day=0),
    ),
    "nobody at a desk": ("desk", lambda: with_desk(DeskTime("消防", date(2026, 10, 27), "am", 0))),
    "an inspector on leave": ("leave", lambda: with_seat("V1", "己", "戊")),
    "in two places at once": ("two_places", lambda: with_visit(V2, half="am")),
    "in two places, one of them all day": ("two_places", lambda: with_visit(V2, half="day")),
    "more half-days than allowed": ("workload", lambda: with_inspector("甲", half_days_per_day=1)),
    "more visits than allowed": ("workload", lambda: with_inspector("乙", visits_total=2)),
    "an unknown inspector": ("people", lambda: with_seat("V1", "己", "无名")),
    "an inspector of another department": ("people", lambda: with_seat("V1", "己", "丙")),
    "a seat at no visit": ("people", lambda: with_roster(seats=(*SEATS, Seat("V9", "市监", "g", "丙")))),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_seeded_violation_is_named(name: str) -> None:
    rule, seed = VIOLATIONS[name]
    problem, roster = seed()
    found = [v for v in check_roster(problem, roster) if v.rule == rule]
    assert found, f"{name}: {rule} not named, only {rules_broken(problem, roster)}"
    assert all(v.sentence for v in found)


def test_true_figures_are_accepted_and_unknown_aims_left_alone() -> None:
    problem, roster = with_aims(*AIMS, Aim("somebody_elses", 7.0, 1.0))
    assert rules_broken(problem, roster) == set()


def test_what_was_refused_before_dating_is_no_part_of_any_aim() -> None:
    refused = replace(ROSTER.unplaced[0], rules=("honest_quota",))
    values = aim_values(PROBLEM, replace(ROSTER, unplaced=(refused,)))
    assert values == {"unplaced": 0.0, "doors": 3.0, "earliness": EARLINESS - 1000.0, "cluster_days": 2.0}


def test_a_visit_that_a_check_has_joined_may_keep_its_lead() -> None:
    """Its id is the hash of the checks it was planned with; a stranger's id says nothing, so that the plan's lead must go."""
    first = visit_id("O1", ["C2"])
    problem, roster = with_visit(V1, id=first, lead="消防", departments=("消防", "市监"))
    assert "lead" not in {v.rule for v in check_roster(problem, roster, teams=False)}
    assert "lead" in {v.rule for v in check_roster(*with_visit(V1, lead="消防"), teams=False)}


def test_the_lead_is_free_where_neither_plan_nor_order_names_one() -> None:
    problem, _ = with_check("C1", lead=False)
    assert rules_broken(problem, with_visit(V1, lead="消防", departments=("消防", "市监"))[1]) == {
        "team_size"
    }


def test_an_approved_exemption_is_accepted() -> None:
    problem, roster = with_exemption()
    assert rules_broken(problem, roster) == set()


def test_a_wider_cap_of_a_category_counts() -> None:
    problem, roster = with_check("C5", clue=False, categories=("food_drug",))
    assert "annual_cap" not in rules_broken(problem, roster)


def test_a_clue_may_come_soon_after_a_visit() -> None:
    problem, roster = with_object("O4", last_visit=date(2026, 10, 8))
    assert rules_broken(problem, roster) == set()


def test_one_of_the_last_pair_may_come_again_and_a_written_check_may_have_its_time() -> None:
    assert rules_broken(*with_last_team("O2", "甲", "丙")) == set()
    assert rules_broken(*with_desk(DeskTime("消防", date(2026, 10, 27), "am", 1))) == set()


def test_items_that_are_recognised_take_no_time_where_each_states_its_own() -> None:
    long = {"minutes": 260, "item_minutes": (60, 200)}
    assert rules_broken(*with_check("C3", **long)) == set()
    assert rules_broken(*with_check("C3", **(long | {"item_minutes": ()}))) == {"duration", "minutes"}


def test_before_the_team_lottery_only_dates_are_judged() -> None:
    assert check_roster(PROBLEM, replace(ROSTER, seats=()), teams=False) == []


def test_the_checker_shares_no_code_with_the_solver() -> None:
    allowed = {
        f"scheduling.{name}"
        for name in (
            "problem",
            "records",
            "case",
            "check",
            "check_teams",
            "check_desk",
            "check_groups",
            "check_claims",
            "check_days",
            "conflict_record",
            "search_words",
            "rule_names",
        )
    }
    checkers = (
        "check",
        "check_conflict",
        "check_desk",
        "check_groups",
        "check_teams",
        "check_claims",
        "check_days",
    )
    for name in (*checkers, "case", "problem", "records", "conflict_record", "search_words", "rule_names"):
        source = Path(__file__).parents[2] / "scheduling" / f"{name}.py"
        tree = ast.parse(source.read_text())
        imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
        ours = {m for m in imported if m.split(".")[0] in {"scheduling", "registry", "ortools"}}
        assert ours <= allowed, f"{name} imports {ours - allowed}"
