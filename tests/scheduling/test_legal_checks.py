"""What the law adds to and takes from the draw: item caps, checks that replace one another, statutory minima, conditions."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from registry.errors import Refusal
from registry.tables import CheckItem, InspectionResult, LibraryEntry
from scheduling.conditions import meets, refuse_bad_conditions
from scheduling.exclusions import PoolRules, PoolTask, exclude_duties
from scheduling.frequency import ItemCap, item_caps, read_cap
from scheduling.plan import TaskSpec
from scheduling.pool import freeze_pool
from scheduling.statutory import Minimum, deadlines_of
from tests.scheduling.test_pool import pool, reasons
from tests.scheduling.town_records import (
    EAST,
    WINDOW,
    add,
    approved_plan,
    code,
    item,
    klass,
    listed,
    result,
    rows,
    town,
)

RATES = {"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.4}
FOOD = TaskSpec("食品", "市场监管", ("SJ-02",), "食品经营", RATES, level="重点")
PAPER = TaskSpec("食品书面", "市场监管", ("SJ-02",), "食品经营", RATES, level="重点", method="书面")
LIFTS = TaskSpec("电梯", "市场监管", ("TZ-02",), "特种设备", RATES)
SCALES = TaskSpec("计量", "市场监管", ("JL-01", "JL-02"), "主体综合库", RATES)
ENERGY = TaskSpec("用能", "市场监管", ("NY-01",), "主体综合库", RATES)
FULL = TaskSpec("全覆盖一类", "市场监管", ("QF-01",), "主体综合库", RATES | {"D": 1.0})
EASTERN = TaskSpec("东区", "人社", ("RS-01",), "主体综合库", RATES, conditions={"districts": (EAST,)})
TAGGED = TaskSpec("标签", "人社", ("RS-01",), "主体综合库", RATES, conditions={"tags": ("校园周边",)})


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template) as made:
        add(
            made,
            CheckItem,
            item("TZ-01", "市场监管", "特种设备", item_name="特种设备获证单位证后监督检查"),
            item("TZ-02", "市场监管", "特种设备", item_name="特种设备使用单位常规监督检查"),
            item("JL-01", "市场监管", "主体综合库", frequency="不超过2次/年"),
            item("JL-02", "市场监管", "主体综合库", frequency="1次/年"),
            item("NY-01", "市场监管", "主体综合库", frequency="每2年不超过1次"),
        )
        add(made, LibraryEntry, *(listed(n, "特种设备") for n in range(1, 9)))
        add(made, LibraryEntry, listed(2, "校园", tag="校园周边"), listed(4, "校园", tag="其他"))
        add(
            made,
            InspectionResult,
            # 电梯: 证后 this year, 证后 last year, 证后 in writing.
            result(1, date(2026, 5, 6), "市场监管", ["TZ-01"], draw_type="投诉举报"),
            result(2, date(2025, 5, 6), "市场监管", ["TZ-01"]),
            result(3, date(2026, 5, 6), "市场监管", ["TZ-01"], method="书面"),
            # 计量: twice, once, twice of which one a complaint, twice in two years.
            *(result(n, date(2026, 1, 5), "质监", ["JL-01"]) for n in (11, 12, 13)),
            result(11, date(2026, 3, 5), "质监", ["JL-01"], method="书面"),
            result(13, date(2026, 3, 5), "质监", ["JL-01"], draw_type="投诉举报"),
            result(14, date(2025, 12, 5), "质监", ["JL-01"]),
            result(14, date(2026, 1, 5), "质监", ["JL-01"]),
            # 用能: within two years of the window's first day, and a day before that.
            result(21, date(2024, 10, 1), "质监", ["NY-01"]),
            result(22, date(2024, 9, 30), "质监", ["NY-01"]),
            # 食品 (odd numbers): the two years end before, on the first day, on the last day, after the window.
            result(31, date(2024, 9, 30), "市场监管", ["SJ-02"]),
            result(33, date(2024, 10, 1), "市场监管", ["SJ-02"]),
            result(35, date(2024, 12, 31), "市场监管", ["SJ-02"]),
            result(37, date(2025, 1, 1), "市场监管", ["SJ-02"]),
            result(39, date(2024, 11, 5), "市场监管", ["SJ-02"], draw_type="投诉举报"),
            result(41, date(2024, 11, 5), "市场监管", ["SJ-02"], method="书面"),
            result(43, date(2024, 11, 5), "市场监管", ["SJ-02"]),
            result(43, date(2025, 11, 5), "市场监管", ["SJ-02"]),
            result(45, date(2024, 11, 5), "消防", ["XF-01"]),
        )
        yield made


@pytest.fixture(scope="module")
def plan(engine: Engine) -> int:
    number = approved_plan(engine, [FOOD, PAPER, LIFTS, SCALES, ENERGY, FULL, EASTERN, TAGGED])
    freeze_pool(engine, number)
    return number


def test_a_check_after_the_licence_replaces_the_regular_one_of_the_year(engine: Engine, plan: int) -> None:
    out = reasons(engine, plan, "T3")
    assert out[code(1)][0] == "exclusive_check"
    assert "2026-05-06" in out[code(1)][1]
    assert {code(2), code(3)} <= set(pool(engine, plan, "T3")), "last year's, and one in writing, do not"


def test_an_items_own_cap_counts_planned_checks_of_the_year(engine: Engine, plan: int) -> None:
    out, eligible = reasons(engine, plan, "T4"), pool(engine, plan, "T4")
    assert out[code(11)] == ("item_cap", "事项 JL-01 每年不超过 2 次，已检查 2 次。")
    assert {code(12), code(13), code(14)} <= set(eligible)


def test_a_cap_of_two_years_is_counted_back_from_the_window(engine: Engine, plan: int) -> None:
    assert reasons(engine, plan, "T5")[code(21)][0] == "item_cap"
    assert code(22) in pool(engine, plan, "T5")


def test_food_operators_whose_two_years_end_in_the_window_are_duties_with_a_deadline(
    engine: Engine, plan: int
) -> None:
    found = rows(
        engine,
        "SELECT x.object_id, x.deadline, x.sentence FROM pool_exclusion x JOIN task t ON t.id = x.task_id"
        " WHERE x.plan_id = :p AND t.short = 'T1' AND x.reason = 'duty'",
        p=plan,
    )
    assert {row.object_id: row.deadline for row in found} == {
        code(33): WINDOW[0],
        code(35): WINDOW[1],
    }
    assert "上次全面检查 2024-10-01，最迟 2026-10-01 检查" in next(
        row.sentence for row in found if row.object_id == code(33)
    )
    eligible = set(pool(engine, plan, "T1"))
    assert {code(n) for n in (31, 37, 39, 41, 43, 45)} <= eligible, "overdue by thin records, or not due yet"
    assert {code(33), code(35)} <= set(pool(engine, plan, "T2")), "in writing is no full check"


def test_a_class_drawn_whole_is_a_duty_and_the_sentence_does_not_name_it(engine: Engine, plan: int) -> None:
    out, eligible = reasons(engine, plan, "T6"), pool(engine, plan, "T6")
    for n in (9, 19, 29):
        assert klass(n) == "D"
        assert out[code(n)][0] == "duty"
        assert "D" not in out[code(n)][1]
    assert code(8) in eligible


def test_a_directed_task_draws_from_those_who_meet_its_conditions(engine: Engine, plan: int) -> None:
    east = set(pool(engine, plan, "T7")) | set(reasons(engine, plan, "T7"))
    assert east == {code(n) for n in range(1, 81, 2)}
    tagged = set(pool(engine, plan, "T8")) | set(reasons(engine, plan, "T8"))
    assert tagged == {code(2)}


def test_conditions_are_known_and_only_for_directed_tasks() -> None:
    with pytest.raises(Refusal, match="颜色"):
        refuse_bad_conditions(True, {"颜色": ["红"]}, "任务1")
    with pytest.raises(Refusal, match="不定向"):
        refuse_bad_conditions(False, {"scales": ["规上"]}, "任务1")
    refuse_bad_conditions(False, {"scales": []}, "任务1")


@pytest.mark.parametrize(
    ("conditions", "kept"),
    [
        ({}, [True, True, True]),
        ({"industries": ["F52"]}, [True, False, False]),
        ({"industries": ["F52", "C"]}, [True, True, False]),
        ({"kinds": ["1"], "scales": ["规上"]}, [False, True, False]),
        ({"tags": ["甲"]}, [False, False, True]),
        ({"tags": ["无此标签"]}, [False, False, False]),
    ],
)
def test_each_condition_lists_alternatives_and_all_must_hold(
    conditions: dict[str, list[str]], kept: list[bool]
) -> None:
    objects = pd.DataFrame(
        {
            "enterprise_code": ["a", "b", "c"],
            "entkind": ["1", "1", "3"],
            "industry": ["F5213", "C1411", "H62"],
            "scale": ["", "规上", "规上"],
            "district": [EAST] * 3,
        }
    )
    assert meets(objects, conditions, {"甲": frozenset({"c"})}).tolist() == kept


@pytest.mark.parametrize(
    ("text", "cap"),
    [
        ("不超过2次/年", ItemCap(2, 1)),
        ("≤2次/年", ItemCap(2, 1)),
        ("每2年不超过1次", ItemCap(1, 2)),
        ("每两年至多一次", ItemCap(1, 2)),
        ("=1", ItemCap(1, 1)),
        (">=1", None),
        ("不少于1次/年", None),
        ("1次/年", None),
        ("按需", None),
        ("", None),
    ],
)
def test_only_an_upper_bound_is_a_cap(text: str, cap: ItemCap | None) -> None:
    assert read_cap(text) == cap


def test_the_strictest_cap_of_list_and_rule_holds() -> None:
    scale = {
        "item_code": "J",
        "item_name": "计量",
        "object_scope": "计量器具使用单位",
        "frequency": "不超过3次/年",
    }
    energy = scale | {"item_code": "N", "object_scope": "重点用能单位", "frequency": "不超过1次/年"}
    rules = [
        {"words": "计量器具使用单位", "most": 2, "years": 1},
        {"words": "重点用能单位", "most": 1, "years": 2},
    ]
    assert item_caps([scale, energy], rules) == {"J": ItemCap(2, 1), "N": ItemCap(1, 2)}


FIRST, LAST = date(2026, 10, 1), date(2026, 12, 31)
day = st.dates(date(2023, 1, 1), date(2026, 9, 30))


@given(approved=st.none() | day, checks=st.lists(day, max_size=3), overdue=st.booleans())
def test_nobody_passes_the_two_years_unseen(approved: date | None, checks: list[date], overdue: bool) -> None:
    """Oracle by plain dates: due within the window is a duty; out of time only where that is a duty too."""
    entries = pd.DataFrame({"enterprise_code": ["X"], "approved_on": [approved]})
    full = pd.DataFrame({"enterprise_code": ["X"] * len(checks), "day": checks})
    minimum = Minimum("食品", "市场监管", frozenset({"库"}), 24, overdue, deadlines_of(entries, full, 24))
    task = PoolTask("市场监管", ("A",), "库", "重点", "现场", FIRST, LAST, False)
    nothing = pd.DataFrame()
    rules = PoolRules(FIRST, 30, {}, 180, frozenset(), frozenset(), {}, nothing, nothing, minimums=(minimum,))
    objects = pd.DataFrame({"enterprise_code": ["X"], "klass": ["A"]})
    found = exclude_duties(objects, task, rules)
    last = max(checks, default=approved)
    end = None if last is None else (pd.Timestamp(last) + pd.DateOffset(years=2)).date()
    due = end is not None and FIRST <= end <= LAST
    over = end is None or end < FIRST
    assert len(found) == (due or (over and overdue))
    if due:
        assert found["deadline"].tolist() == [end]
