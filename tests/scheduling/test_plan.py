"""Plans: what is derived from the items, how it is numbered, and that two people stand behind it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, select

from portal.cli.console import run
from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables import CheckItem, Plan
from scheduling.allocation import allocate, count_problem
from scheduling.plan import TaskSpec, approve_plan, make_plan
from scheduling.pool import freeze_pool, frozen_sizes
from tests.scheduling.town_records import (
    AS_OF,
    PLACE,
    WINDOW,
    add,
    item,
    journalled,
    rows,
    town,
    withdraw_unfinished,
)

RATES = {"A": 0.01, "B": 0.02, "C": 0.03, "D": 0.04}
TASK = TaskSpec("价格检查", "市场监管", ("SJ-03",), "主体综合库", RATES)


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template, many=10) as made:
        add(
            made,
            CheckItem,
            item("SJ-10", "市场监管", "检验检测机构", ratio_low=0.1, ratio_high=0.15),
            item(
                "SJ-11",
                "市场监管",
                "主体综合库",
                item_name="公示信息检查",
                method="书面、网络、现场",
                ratio_low=0.03,
            ),
            item("SJ-98", "市场监管", "特种设备使用", valid_to=date(2026, 6, 30)),
            item("SJ-99", "市场监管", "直销", known_at=WINDOW[0]),
        )
        add(made, CheckItem, item("SJ-97", "市场监管", "停用库", active=False))
        yield made


def tasks_of(engine: Engine, plan: int) -> dict[str, Any]:
    """Tasks by department, library and method."""
    found = rows(engine, "SELECT * FROM task WHERE plan_id = :p ORDER BY id", p=plan)
    return {f"{t.department}·{t.library}·{t.method}": t for t in found}


def quarter(engine: Engine, **changes: Any) -> int:
    """A plan of the town's last quarter."""
    withdraw_unfinished(engine)
    asked: dict[str, Any] = {"as_of": AS_OF, "place": PLACE, "window_from": WINDOW[0], "window_to": WINDOW[1]}
    return make_plan(engine, **(asked | {"made_by": "甲"} | changes))


NOBODY_KNOWS = (date(2033, 1, 3), date(2033, 2, 25))
"""Days off are announced late in the year before: a year that stays unannounced for long."""


def test_a_year_without_announced_days_off_is_refused_and_can_be_taken_up_again(
    engine: Engine, server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = quarter(engine, window_from=NOBODY_KNOWS[0], window_to=NOBODY_KNOWS[1], tasks=[TASK])
    approve_plan(engine, plan, "乙")
    sizes = freeze_pool(engine, plan)
    with pytest.raises(Refusal, match="2033 年放假") as caught:
        allocate(engine, plan)
    assert (caught.value.code, caught.value.status) == ("allocation.year", 409)
    assert "rules/calendar.toml" in caught.value.remedy
    with engine.connect() as connection:
        assert frozen_sizes(connection, plan) == sizes
    monkeypatch.setenv("WURAO_DATABASE_URL", engine.url.render_as_string(hide_password=False))
    assert run(["plan", "freeze", str(plan)]) == 1
    assert "allocation.year" in capsys.readouterr().err, (
        "the frozen pool stands; the numbers are asked for again"
    )


def test_tasks_follow_the_items_in_force_and_known(engine: Engine) -> None:
    tasks = tasks_of(engine, quarter(engine))
    assert set(tasks) == {
        "市场监管·主体综合库·现场",
        "市场监管·主体综合库·书面",
        "市场监管·检验检测机构·现场",
        "人社·主体综合库·现场",
        "消防·食品经营·现场",
    }
    assert tasks["消防·食品经营·现场"].item_codes == ["XF-01"]
    assert tasks["消防·食品经营·现场"].level == "重点"


def test_special_libraries_take_turns_over_the_year(engine: Engine) -> None:
    spring = make_plan(engine, AS_OF, PLACE, date(2027, 1, 1), date(2027, 3, 31), "甲")
    tasks = tasks_of(engine, spring)
    assert tasks["市场监管·食品经营·现场"].qualification == "食品检查员"
    assert "市场监管·检验检测机构·现场" not in tasks, "its turn is in the second half of the year"


def test_what_can_be_done_in_writing_opens_no_door(engine: Engine) -> None:
    tasks = tasks_of(engine, quarter(engine))
    assert tasks["市场监管·主体综合库·书面"].item_codes == ["SJ-11"]


def test_the_floor_of_3_percent_a_year_is_for_public_information_and_split_over_batches(
    engine: Engine,
) -> None:
    tasks = tasks_of(engine, quarter(engine))
    assert tasks["市场监管·主体综合库·书面"].rate_floor == pytest.approx(0.03 / 2)
    assert {t.rate_floor for name, t in tasks.items() if "书面" not in name} == {None}


def test_rates_rise_from_a_to_d_and_general_items_have_a_cap(engine: Engine) -> None:
    for task in tasks_of(engine, quarter(engine)).values():
        rates = [task.class_rates[k] for k in "ABCD"]
        assert rates == sorted(rates)
        assert rates[0] < rates[3]
    general = tasks_of(engine, quarter(engine))["市场监管·检验检测机构·现场"]
    assert general.rate_cap == 0.15
    assert general.class_rates == {"A": 0.075, "B": 0.1, "C": 0.125, "D": 0.15}


def test_the_leading_department_comes_first_and_leads(engine: Engine) -> None:
    plan = quarter(engine)
    tasks = tasks_of(engine, plan)
    assert {t.department for t in tasks.values() if t.lead} == {"市场监管"}
    (row,) = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)
    assert row.initiating_department == "市场监管"
    assert next(iter(tasks)).startswith("市场监管")


def test_numbers_are_region_year_sequence_and_never_repeat(engine: Engine) -> None:
    plans = [quarter(engine), quarter(engine)]
    numbers = [
        r.number for r in rows(engine, "SELECT number FROM plan WHERE id = ANY(:p) ORDER BY id", p=plans)
    ]
    assert all(n.startswith("9901002026") and len(n) == 14 for n in numbers)
    assert int(numbers[1]) == int(numbers[0]) + 1
    tasks = [r.number for r in rows(engine, "SELECT number FROM task WHERE plan_id = ANY(:p)", p=plans)]
    assert len(set(tasks)) == len(tasks)
    assert all(n.startswith("99010020260930") and len(n) == 18 for n in tasks)


def test_a_plan_keeps_its_rules_version_and_is_journalled(engine: Engine) -> None:
    plan = quarter(engine)
    (row,) = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)
    assert row.state == "draft"
    assert len(row.rules_version) == 16
    (record,) = journalled(engine, "plan.made", f"plan {plan}")
    assert record["number"] == row.number


def test_nobody_approves_his_own_plan(engine: Engine) -> None:
    plan = quarter(engine)
    for approver in ("甲", " ", " 甲　"):
        with pytest.raises(Refusal) as refused:
            approve_plan(engine, plan, approver)
        assert refused.value.status == 409
        assert refused.value.code == "plan.same_person"
    assert len(journalled(engine, "plan.approved.refused", f"plan {plan}")) == 3
    approve_plan(engine, plan, "乙")
    (row,) = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)
    assert (row.state, row.approved_by) == ("approved", "乙")


def test_a_plan_is_approved_once(engine: Engine) -> None:
    plan = quarter(engine)
    approve_plan(engine, plan, "乙")
    with pytest.raises(Refusal) as refused:
        approve_plan(engine, plan, "丙")
    assert refused.value.status == 409
    assert "已审批" in refused.value.sentence


@pytest.mark.parametrize(
    ("rates", "word"),
    [
        ({"A": 0.3, "B": 0.2, "C": 0.1, "D": 0.05}, "不降低"),
        ({"A": 0.1, "B": 0.2, "C": 0.3}, "四个数"),
        ({"A": 0.1, "B": 0.2, "C": 0.3, "D": 1.2}, "0 至 1"),
    ],
)
def test_rates_must_be_four_rising_shares(engine: Engine, rates: dict[str, float], word: str) -> None:
    with pytest.raises(Refusal) as refused:
        quarter(engine, tasks=[replace(TASK, class_rates=rates)])
    assert refused.value.code == "plan.rates"
    assert word in refused.value.sentence


def test_a_task_without_items_or_a_window_that_is_over_is_refused(engine: Engine) -> None:
    with pytest.raises(Refusal, match="没有检查事项"):
        quarter(engine, tasks=[replace(TASK, item_codes=())])
    with pytest.raises(Refusal, match="计划期"):
        quarter(engine, window_from=date(2026, 7, 1), window_to=AS_OF)


def test_no_items_in_force_is_said(engine: Engine) -> None:
    with pytest.raises(Refusal) as refused:
        make_plan(engine, date(2019, 12, 1), PLACE, date(2020, 1, 1), date(2020, 3, 31), "甲")
    assert refused.value.code in {"plan.no_items", "rules.not_in_force"}


def test_own_tasks_are_taken_as_they_are(engine: Engine) -> None:
    plan = quarter(
        engine, tasks=[replace(TASK, rate_floor=0.03, method="书面", window_to=date(2026, 11, 30))]
    )
    (task,) = tasks_of(engine, plan).values()
    assert (task.short, task.rate_floor, task.method, task.window_to) == (
        "T1",
        0.03,
        "书面",
        date(2026, 11, 30),
    )
    assert task.class_rates == RATES


def test_the_same_window_is_not_planned_twice_at_once(engine: Engine) -> None:
    quarter(engine)
    with pytest.raises(Refusal) as refused:
        make_plan(engine, AS_OF, PLACE, *WINDOW, "甲")
    assert (refused.value.code, refused.value.status) == ("plan.exists", 409)


def test_the_allocation_counts_desk_time_where_the_place_does(engine: Engine) -> None:
    """The town's checks in writing stand beside the visits, on every working day of their window."""
    plan = quarter(engine, tasks=[TASK, replace(TASK, name="书面检查", method="书面")])
    approve_plan(engine, plan, "乙")
    freeze_pool(engine, plan)
    with engine.connect() as connection:
        row = connection.execute(select(*Plan.__table__.c).where(Plan.id == plan)).mappings().one()
        counted = count_problem(connection, row, load_rules())
    written = next(t for t in counted.tasks if not t.onsite)
    minutes = tasks_of(engine, plan)["市场监管·主体综合库·书面"].minutes
    half_day = load_rules().value("capacity.half_day_minutes", PLACE, AS_OF)
    assert written.desk == pytest.approx(minutes / half_day)
    strata = [s for s in counted.strata if s.task == written.task]
    assert strata
    assert all(sum(s.patterns) == s.size for s in strata)
    assert {room.department for room in counted.rooms} >= {written.department}
