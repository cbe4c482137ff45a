"""The pool: who may be drawn, in which stratum, and a reason in words for everybody left out."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from registry.errors import Refusal
from registry.tables import Enterprise, InspectionResult, LibraryEntry, Premises
from scheduling.plan import TaskSpec
from scheduling.pool import freeze_pool
from tests.scheduling.town_records import (
    AS_OF,
    EAST,
    WEST,
    add,
    approved_plan,
    code,
    enterprise,
    journalled,
    klass,
    listed,
    premises,
    result,
    rows,
    town,
)

RATES = {"A": 0.1, "B": 0.2, "C": 0.3, "D": 0.4}
LABOUR = TaskSpec("用工", "人社", ("RS-01",), "主体综合库", RATES, directed=False)
WRITING = TaskSpec("用工书面", "人社", ("RS-01",), "主体综合库", RATES, method="书面")
FOOD = TaskSpec("食品", "市场监管", ("SJ-02", "SJ-05"), "食品经营", RATES, level="重点")
DIRECT = TaskSpec("直销", "市场监管", ("SJ-07",), "直销库", {"A": 1.0, "B": 1.0, "C": 1.0, "D": 1.0})


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template) as made:
        states = {31: "注销", 32: "吊销", 33: "撤销", 34: "迁出", 35: "清算", 36: "歇业"}
        later = {"known_at": AS_OF - timedelta(days=3)}
        add(made, Enterprise, *(enterprise(n, regstate=s, **later) for n, s in states.items()))
        # Deregistered a day after the plan's date: the plan cannot know.
        add(made, Enterprise, enterprise(37, regstate="注销", known_at=AS_OF + timedelta(days=1)))
        add(made, Enterprise, enterprise(90, **later))  # no grade
        add(made, Premises, premises(41, 2, domdistrict=WEST))
        add(
            made,
            InspectionResult,
            result(1, AS_OF - timedelta(days=5), "消防", ["XF-01"], draw_type="投诉举报"),
            result(2, AS_OF - timedelta(days=40), "消防", ["XF-01"]),
            result(3, date(2026, 3, 2), "人社", ["RS-09"]),
            result(8, date(2026, 3, 2), "人社", ["RS-09"]),
            result(9, date(2026, 3, 2), "人社", ["RS-09"]),
            result(4, date(2026, 3, 2), "人社", ["RS-09"], draw_type="投诉举报"),
            result(5, date(2025, 11, 2), "人社", ["RS-09"]),
            result(6, AS_OF - timedelta(days=100), "消防", ["RS-01"]),
            result(7, AS_OF - timedelta(days=200), "消防", ["RS-01"]),
            result(11, AS_OF - timedelta(days=100), "消防", ["SJ-02"]),
            result(13, AS_OF - timedelta(days=100), "消防", ["SJ-02", "SJ-05"]),
            result(10, AS_OF, "消防", ["XF-01"]),
        )
        add(made, LibraryEntry, listed(51, "无事不扰白名单"), listed(53, "重点监管名单"))
        add(made, LibraryEntry, listed(55, "无事不扰白名单", active=False), listed(57, "直销库"))
        add(made, LibraryEntry, listed(59, "无事不扰白名单", valid_to=AS_OF - timedelta(days=1)))
        add(made, LibraryEntry, listed(500, "食品经营"))  # unknown to the registration data
        yield made


@pytest.fixture(scope="module")
def plan(engine: Engine) -> int:
    number = approved_plan(engine, [LABOUR, WRITING, FOOD, DIRECT])
    freeze_pool(engine, number)
    return number


def reasons(engine: Engine, plan: int, task: str) -> dict[str, tuple[str, str]]:
    """Object → (reason, sentence) in a task."""
    found = rows(
        engine,
        "SELECT x.* FROM pool_exclusion x JOIN task t ON t.id = x.task_id WHERE x.plan_id = :p AND t.short = :t",
        p=plan,
        t=task,
    )
    return {row.object_id: (row.reason, row.sentence) for row in found}


def pool(engine: Engine, plan: int, task: str) -> dict[str, Any]:
    """Object → pool row of a task."""
    found = rows(
        engine,
        "SELECT x.* FROM pool_object x JOIN task t ON t.id = x.task_id WHERE x.plan_id = :p AND t.short = :t",
        p=plan,
        t=task,
    )
    return {row.object_id: row for row in found}


@pytest.mark.parametrize(
    ("n", "reason"),
    [(31, "deregistered"), (32, "revoked"), (33, "cancelled"), (34, "moved"), (35, "liquidating")],
)
def test_doors_that_are_gone_are_not_drawn(engine: Engine, plan: int, n: int, reason: str) -> None:
    assert reasons(engine, plan, "T1")[code(n)][0] == reason


def test_suspended_business_can_be_drawn(engine: Engine, plan: int) -> None:
    assert code(36) in pool(engine, plan, "T1")


def test_only_what_was_known_on_the_date_counts(engine: Engine, plan: int) -> None:
    eligible = pool(engine, plan, "T1")
    assert code(37) in eligible, "its deregistration was not known yet"
    assert code(10) in eligible, "the visit of that day was entered a day later"


def test_spacing_counts_visits_by_anyone_even_clues(engine: Engine, plan: int) -> None:
    reason, sentence = reasons(engine, plan, "T1")[code(1)]
    assert reason == "spacing"
    assert "消防" in sentence
    assert "不足 30 日" in sentence
    assert code(2) in pool(engine, plan, "T1"), "40 days ago is long enough"
    assert code(1) in pool(engine, plan, "T2"), "in writing nobody is disturbed"


def test_the_annual_cap_is_one_for_a_and_b_two_for_c_none_for_d(engine: Engine, plan: int) -> None:
    out, eligible = reasons(engine, plan, "T1"), pool(engine, plan, "T1")
    assert (klass(3), klass(8), klass(9)) == ("A", "C", "D")
    assert out[code(3)][0] == "annual_cap"
    assert "人社" in out[code(3)][1]
    assert code(8) in eligible
    assert code(9) in eligible
    assert code(4) in eligible, "a complaint is not counted"
    assert code(5) in eligible, "last year is another year"
    assert code(3) in pool(engine, plan, "T3"), "another department's visits are not counted"


def test_recent_results_of_the_same_items_are_recognised(engine: Engine, plan: int) -> None:
    reason, sentence = reasons(engine, plan, "T1")[code(6)]
    assert reason == "recognised_result"
    assert "180 日内互认" in sentence
    assert "消防" in sentence
    assert code(7) in pool(engine, plan, "T1"), "200 days ago is too old"
    assert reasons(engine, plan, "T3")[code(13)][0] == "recognised_result"
    assert code(11) in pool(engine, plan, "T3"), "one of two items is still due"


def test_the_white_list_is_spared_general_on_site_checks(engine: Engine, plan: int) -> None:
    assert reasons(engine, plan, "T1")[code(51)][0] == "white_list"
    assert code(51) in pool(engine, plan, "T2"), "in writing"
    assert code(51) in pool(engine, plan, "T3"), "重点 items are not spared"
    assert code(55) in pool(engine, plan, "T1"), "no longer active on the list"
    assert code(59) in pool(engine, plan, "T1"), "its place on the list has run out"


def test_duties_stand_apart(engine: Engine, plan: int) -> None:
    assert reasons(engine, plan, "T1")[code(53)] == ("duty", "列入重点监管名单，须全覆盖检查，不参加抽取。")
    assert reasons(engine, plan, "T4")[code(57)][0] == "duty"
    assert not pool(engine, plan, "T4"), "all of a task with rates of 100 % is duty"


def test_everybody_is_either_in_the_pool_or_has_one_reason(engine: Engine, plan: int) -> None:
    with engine.connect() as connection:
        everybody = set(connection.execute(select(Enterprise.enterprise_code)).scalars()) | {code(41) + "#2"}
    for task in ("T1", "T2"):
        inside, outside = set(pool(engine, plan, task)), set(reasons(engine, plan, task))
        assert inside | outside == everybody
        assert not inside & outside
        assert all(sentence.endswith("。") for _, sentence in reasons(engine, plan, task).values())


def test_strata_are_class_and_district_of_the_premises(engine: Engine, plan: int) -> None:
    eligible = pool(engine, plan, "T1")
    assert eligible[code(2)].stratum == f"{klass(2)}-{WEST}"
    assert eligible[code(41)].stratum == f"{klass(41)}-{EAST}"
    second = eligible[code(41) + "#2"]
    assert (second.stratum, second.premises_no, second.enterprise_code) == (
        f"{klass(41)}-{WEST}",
        2,
        code(41),
    )


def test_without_a_grade_an_object_is_drawn_as_b(engine: Engine, plan: int) -> None:
    assert pool(engine, plan, "T1")[code(90)].stratum.startswith("B-")
    assert not pool(engine, plan, "T1")[code(90)].honest


def test_a_library_may_know_objects_that_registration_does_not(engine: Engine, plan: int) -> None:
    assert code(500) in pool(engine, plan, "T3")
    assert code(500) not in pool(engine, plan, "T1")


def test_the_honest_set_is_frozen_with_the_plan(engine: Engine, plan: int) -> None:
    (row,) = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)
    assert row.state == "frozen"
    assert row.honest_set_size >= sum(1 for o in pool(engine, plan, "T2").values() if o.honest) > 40
    assert pool(engine, plan, "T3")[code(51)].honest
    (record,) = journalled(engine, "pool.frozen", f"plan {plan}")
    assert record["honest_set_size"] == row.honest_set_size


def test_the_task_knows_how_many_are_in_business(engine: Engine, plan: int) -> None:
    (task,) = rows(engine, "SELECT * FROM task WHERE plan_id = :p AND short = 'T1'", p=plan)
    gone = 5
    assert task.object_total == 80 + 1 + 1 - gone


def test_a_pool_is_frozen_once_and_only_when_approved(engine: Engine, plan: int) -> None:
    with pytest.raises(Refusal) as refused:
        freeze_pool(engine, plan)
    assert (refused.value.status, refused.value.code) == (409, "plan.wrong_step")
    assert journalled(engine, "pool.frozen.refused", f"plan {plan}")


def test_an_empty_library_is_refused_by_name(engine: Engine) -> None:
    number = approved_plan(engine, [TaskSpec("影院", "市场监管", ("X",), "影院库", RATES)])
    with pytest.raises(Refusal, match="影院库"):
        freeze_pool(engine, number)
    assert not rows(engine, "SELECT 1 FROM pool_object WHERE plan_id = :p", p=number)
