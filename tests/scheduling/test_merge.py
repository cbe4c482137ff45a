"""Merging: fewest doors under every rule that may keep two checks apart, and recognised results."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.merge import _bundles as bundles_of
from scheduling.merge import merge, settle, why_apart
from scheduling.problem import Check, Object, Problem, QuietRule, Result, Rules
from scheduling.workdays import working_days

AS_OF, FIRST, LAST = date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31)
RULES = Rules(spacing_days=30, recognition_days=180, lead_team=2, partner_team=1, half_day_minutes=210)
OBJECT = Object("O1", "街道01", "竹山")
A = Check("A", "O1", "T1", "消防", ("火",), FIRST, LAST, 60)
B = Check("B", "O1", "T2", "市场监管", ("食", "秤"), FIRST, LAST, 90, lead=True)
C = Check("C", "O1", "T3", "环保", ("水",), FIRST, LAST, 100)


def town(*checks: Check, **more) -> Problem:
    settings_ = {"rules": RULES, "objects": (OBJECT,), "inspectors": (), **more}
    return Problem(as_of=AS_OF, first_day=FIRST, last_day=LAST, checks=checks, **settings_)


def merged(problem: Problem):
    checks, _ = settle(problem)
    return merge(problem, checks, working_days(FIRST, LAST, problem.calendar)).visits


def parts(problem: Problem) -> list[set[str]]:
    return sorted(({c.id for c in v.checks} for v in merged(problem)), key=sorted)


def test_all_departments_enter_one_door() -> None:
    (visit,) = merged(town(A, B, C))
    assert visit.departments == ("市场监管", "消防", "环保")
    assert visit.lead == "市场监管"
    assert (visit.minutes, visit.halves) == (100, 1)
    assert any("3 个部门" in note for note in visit.notes)


def test_departments_work_side_by_side_but_one_department_one_after_the_other() -> None:
    (visit,) = merged(town(A, replace(A, id="A2", minutes=200), B))
    assert (visit.minutes, visit.halves) == (260, 2)


def test_the_plan_orders_the_leads() -> None:
    problem = town(replace(A, lead=True), B, rules=replace(RULES, lead_order=("消防", "市场监管")))
    assert merged(problem)[0].lead == "消防"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (replace(A, id="X", window_to=date(2026, 10, 15)), "没有共同日期"),
        (replace(A, id="X", joint=False), "单独进行"),
        (replace(A, id="X", department="市场监管", minutes=400), "分钟"),
    ],
)
def test_what_stays_apart_says_why(other: Check, why: str) -> None:
    mine = replace(B, window_from=date(2026, 10, 20))
    visits = merged(town(mine, other))
    assert len(visits) == 2
    assert all(any(why in note for note in v.notes) for v in visits)


def test_quiet_days_can_keep_windows_apart_that_overlap() -> None:
    quiet = QuietRule("Q", "安静日", month_days=tuple(range(1, 21)))
    early, late = replace(A, window_to=date(2026, 10, 22)), replace(B, window_from=date(2026, 10, 19))
    assert parts(town(early, late)) == [{"A", "B"}]
    assert parts(town(early, late, quiet_rules=(quiet,))) == [{"A", "B"}]
    assert parts(town(replace(early, window_to=date(2026, 10, 20)), late, quiet_rules=(quiet,))) == [
        {"A"},
        {"B"},
    ]


def test_a_pinned_visit_takes_others_along() -> None:
    pin = {"pinned_day": date(2026, 11, 3), "pinned_half": "am"}
    (visit,) = merged(town(replace(A, **pin), replace(B, **pin), C))
    assert visit.pinned == (date(2026, 11, 3), "am")
    assert len(visit.checks) == 3


def test_a_pin_keeps_nobody_from_a_day_of_his_own() -> None:
    """Who cannot come on the pinned day goes alone, instead of being left out with the pinned visit."""
    mine = replace(A, pinned_day=date(2026, 11, 3), pinned_half="am")
    later = replace(B, window_from=date(2026, 11, 4))
    assert parts(town(mine, later)) == [{"A"}, {"B"}]
    quiet = QuietRule("Q", "安静日", month_days=(3,))
    assert parts(town(mine, B, quiet_rules=(quiet,))) == [{"A"}, {"B"}]
    assert parts(town(mine, replace(later, window_from=date(2026, 11, 3)))) == [{"A", "B"}]


def test_spacing_closes_days_but_not_to_a_clue() -> None:
    seen = replace(OBJECT, last_visit=date(2026, 9, 20))
    (visit,) = merged(town(A, objects=(seen,)))
    days = working_days(FIRST, LAST, town().calendar)
    assert days[int(np.flatnonzero(visit.days)[0])] == date(2026, 10, 20)
    (clue,) = merged(town(replace(A, clue=True), objects=(seen,)))
    assert days[int(np.flatnonzero(clue.days)[0])] == date(2026, 10, 8)


def test_off_site_checks_open_no_door() -> None:
    kept, settled = settle(town(replace(A, onsite=False), B))
    assert [c.id for c in kept] == ["B"]
    assert (settled[0].check, settled[0].kind) == ("A", "off_site")


@pytest.mark.parametrize(
    ("day", "recognised"),
    [
        (date(2026, 4, 3), True),
        (date(2026, 4, 2), False),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_results_are_recognised_for_so_many_days(day: date, recognised: bool) -> None:
    kept, settled = settle(town(A, results=(Result("O1", "火", "应急", day),)))
    assert (not kept) is recognised
    assert bool(settled) is recognised


def test_one_recognised_item_leaves_the_others() -> None:
    kept, settled = settle(town(B, results=(Result("O1", "秤", "计量所", date(2026, 8, 1)),)))
    assert kept[0].items == ("食",)
    assert "计量所" in settled[0].sentence
    assert "结果互认" in settled[0].sentence


def test_a_recognised_item_takes_its_own_minutes_with_it_where_they_are_known() -> None:
    """B asks for 食 and 秤 in 90 minutes: with minutes an item, the remaining one takes its own; else the whole task's."""
    known = (Result("O1", "秤", "计量所", date(2026, 8, 1)),)
    (timed,), _ = settle(town(replace(B, item_minutes=(30, 60)), results=known))
    (plain,), _ = settle(town(B, results=known))
    (whole,), _ = settle(town(replace(B, item_minutes=(30, 60))))
    assert (timed.minutes, plain.minutes, whole.minutes) == (30, 90, 90)


def test_a_clue_is_never_cancelled() -> None:
    clue = replace(A, clue=True)
    kept, settled = settle(town(clue, results=(Result("O1", "火", "应急", date(2026, 9, 1)),)))
    assert kept == [clue]
    assert settled == []


def test_ids_do_not_depend_on_the_order() -> None:
    assert [v.id for v in merged(town(A, B))] == [v.id for v in merged(town(B, A))]


@st.composite
def mixed_checks(draw: st.DrawFn) -> list[Check]:
    made = []
    for n in range(draw(st.integers(1, 6))):
        start = draw(st.integers(8, 28))
        made.append(
            Check(
                id=f"K{n}",
                object_id="O1",
                task_id="T",
                department=draw(st.sampled_from(("消防", "环保"))),
                items=("x",),
                window_from=date(2026, 10, start),
                window_to=date(2026, 10, draw(st.integers(start, 31))),
                minutes=draw(st.sampled_from((60, 150, 300))),
                joint=draw(st.sampled_from((True, True, True, False))),
            )
        )
    return made


@settings(max_examples=60, deadline=None)
@given(mixed_checks())
def test_no_smaller_partition_exists(checks: list[Check]) -> None:
    problem = town(*checks)
    visits = merged(problem)
    assert sorted(c.id for v in visits for c in v.checks) == sorted(c.id for c in checks)
    days = working_days(FIRST, LAST, problem.calendar)
    result = merge(problem, checks, days)
    single = {
        b.checks[0].id: b
        for b in bundles_of(checks, {c.id: result.possible.all[result.rows[c.id]] for c in checks}, days)
    }
    compatible = {
        frozenset(group)
        for size in range(1, len(checks) + 1)
        for group in combinations(sorted(single), size)
        if why_apart([single[g] for g in group], RULES.half_day_minutes) is None
    }
    assert len(visits) == fewest(frozenset(single), compatible)


def fewest(left: frozenset[str], compatible: set[frozenset[str]]) -> int:
    if not left:
        return 0
    first = min(left)
    return 1 + min(fewest(left - g, compatible) for g in compatible if first in g and g <= left)
