"""The annual plan: real numbers, two persons, versions with reasons, filing in time, and batches that take their share."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables import CheckItem
from scheduling.annual_batch import make_batch
from scheduling.annual_plan import (
    AnnualTaskSpec,
    annual_plan,
    approve_annual_plan,
    change_annual_plan,
    draft_annual_tasks,
    file_annual_plan,
    filing_due,
    late_words,
    make_annual_plan,
    publish_annual_plan,
)
from scheduling.plan import approve_plan
from scheduling.pool import freeze_pool
from tests.scheduling.town_records import (
    AS_OF,
    EAST,
    PLACE,
    WINDOW,
    add,
    code,
    item,
    journalled,
    rows,
    town,
    withdraw_unfinished,
)

YEAR, FIRST, LAST = 2026, date(2026, 1, 1), date(2026, 12, 31)
RATES = {"A": 0.02, "B": 0.04, "C": 0.1, "D": 0.3}
EVERYBODY = AnnualTaskSpec(
    "公示信息抽查",
    "市场监管",
    "主体综合库",
    ("SJ-01",),
    RATES,
    FIRST,
    LAST,
    ("人社",),
    directed=False,
    batches=2,
)
FOOD = AnnualTaskSpec(
    "东区食品",
    "市场监管",
    "食品经营",
    ("SJ-02",),
    RATES,
    FIRST,
    LAST,
    conditions={"districts": (EAST,)},
    level="重点",
)
SPRING = AnnualTaskSpec("春季消防", "消防", "食品经营", ("XF-01",), RATES, FIRST, date(2026, 5, 31))


@pytest.fixture(scope="module", autouse=True)
def march() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", "2026-03-20")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def built(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template, many=20) as made:
        yield made


@pytest.fixture
def engine(built: Engine) -> Engine:
    """The town before anybody planned anything, every item in force."""
    with built.begin() as connection:
        connection.execute(text("TRUNCATE annual_plan, plan CASCADE"))
        connection.execute(text("UPDATE check_item SET valid_to = NULL WHERE item_code <> 'SJ-77'"))
    return built


def approved(engine: Engine, *tasks: AnnualTaskSpec) -> int:
    plan = make_annual_plan(engine, PLACE, YEAR, "市场监管", tasks or (EVERYBODY, FOOD, SPRING), "甲")
    approve_annual_plan(engine, plan, "乙")
    return plan


def state(engine: Engine, plan: int) -> str:
    return str(rows(engine, "SELECT state FROM annual_plan WHERE id = :p", p=plan)[0].state)


def autumn(engine: Engine, plan: int) -> int:
    return make_batch(engine, plan, AS_OF, *WINDOW, "甲")


def test_it_goes_its_way_step_by_step_with_two_persons(engine: Engine) -> None:
    plan = make_annual_plan(engine, PLACE, YEAR, "市场监管", [EVERYBODY, FOOD], "甲")
    for act, refusal in (
        (lambda: publish_annual_plan(engine, plan, "乙"), "annual.wrong_step"),
        (lambda: file_annual_plan(engine, plan, date(2026, 3, 20), "备1", "乙"), "annual.wrong_step"),
        (lambda: approve_annual_plan(engine, plan, "甲"), "annual.same_person"),
        (lambda: autumn(engine, plan), "annual.wrong_step"),
        (lambda: make_annual_plan(engine, PLACE, YEAR, "市场监管", [FOOD], "丙"), "annual.exists"),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert (refused.value.status, refused.value.code) == (409, refusal)
    approve_annual_plan(engine, plan, "乙")
    publish_annual_plan(engine, plan, "丙")
    file_annual_plan(engine, plan, date(2026, 3, 20), "安市监备〔2026〕1号", "丙")
    with pytest.raises(Refusal, match="已于 2026-03-20 备案"):
        file_annual_plan(engine, plan, date(2026, 3, 20), "又备", "丙")
    with engine.connect() as connection:
        row, tasks = annual_plan(connection, plan)
    assert row["number"] == f"{PLACE}{YEAR}0001"
    assert (row["state"], row["filing_no"]) == ("published", "安市监备〔2026〕1号")
    assert tasks == [EVERYBODY, replace(FOOD, conditions={"districts": [EAST]})]
    for act_name in ("made", "approved", "published", "filed", "approved.refused"):
        assert journalled(engine, f"annual_plan.{act_name}", f"annual plan {plan}"), act_name


def test_a_change_is_a_later_version_and_the_old_one_holds_until_it_is_approved(engine: Engine) -> None:
    plan = approved(engine)
    with pytest.raises(Refusal, match="理由"):
        change_annual_plan(engine, plan, [FOOD], "改", "甲")
    changed = change_annual_plan(engine, plan, [EVERYBODY, replace(FOOD, batches=2)], "省局增加任务", "甲")
    assert (state(engine, plan), state(engine, changed)) == ("approved", "draft")
    with pytest.raises(Refusal, match="第 2 版"):
        change_annual_plan(engine, plan, [FOOD], "又要变更", "丁")
    approve_annual_plan(engine, changed, "乙")
    assert (state(engine, plan), state(engine, changed)) == ("superseded", "approved")
    with engine.connect() as connection:
        old, _ = annual_plan(connection, plan)
        new, tasks = annual_plan(connection, changed)
    assert (old["number"], new["version"], new["change_reason"]) == (new["number"], 2, "省局增加任务")
    assert [task.batches for task in tasks] == [2, 2]
    with pytest.raises(Refusal, match="已被新版本取代"):
        autumn(engine, plan)


def test_filing_and_making_have_their_days(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    book = load_rules()
    plan = approved(engine)
    with engine.connect() as connection:
        row, _ = annual_plan(connection, plan)
    assert filing_due(row, book) == date(2026, 4, 19)
    assert late_words(row, book, date(2026, 4, 19)) == []
    assert late_words(row, book, date(2026, 4, 20)) == ["应在 2026-04-19 前报上一级备案。"]
    monkeypatch.setenv("WURAO_TODAY", "2026-04-01")
    change = approved_change(engine, plan)
    with engine.connect() as connection:
        row, _ = annual_plan(connection, change)
    assert filing_due(row, book) == date(2026, 5, 1), "filed again after a change"
    with pytest.raises(Refusal, match="早于审批"):
        file_annual_plan(engine, change, date(2026, 3, 31), "备2", "丙")


def approved_change(engine: Engine, plan: int) -> int:
    made = change_annual_plan(engine, plan, [FOOD], "减少任务一项", "甲")
    approve_annual_plan(engine, made, "乙")
    return made


def test_batches_take_their_share_partners_and_conditions(engine: Engine) -> None:
    plan = approved(engine)
    batch = autumn(engine, plan)
    (head,) = rows(engine, "SELECT * FROM plan WHERE id = :p", p=batch)
    assert (head.annual_plan_id, head.initiating_department) == (plan, "市场监管")
    assert head.number == f"{PLACE}{YEAR}0002", "one sequence with the annual plans"
    tasks = {t.name: t for t in rows(engine, "SELECT * FROM task WHERE plan_id = :p ORDER BY id", p=batch)}
    assert set(tasks) == {"公示信息抽查", "公示信息抽查（人社配合）", "东区食品"}, "spring is over"
    main, partner, food = tasks.values()
    assert main.class_rates == {"A": 0.01, "B": 0.02, "C": 0.05, "D": 0.15}, "half of the year's"
    assert (partner.department, partner.item_codes, partner.library) == ("人社", ["RS-01"], "主体综合库")
    assert partner.class_rates == main.class_rates, "so that shared tickets pick the same objects"
    assert (main.lead, partner.lead, main.partners) == (True, False, ["人社"])
    assert food.conditions == {"districts": [EAST]}
    assert food.number.startswith(f"{PLACE}{AS_OF:%Y%m%d}")
    approve_plan(engine, batch, "乙")
    freeze_pool(engine, batch)
    pooled = rows(engine, "SELECT object_id FROM pool_object WHERE task_id = :t", t=food.id)
    assert {row.object_id for row in pooled} == {code(n) for n in range(1, 21, 2)}


def test_a_task_stops_when_all_its_batches_are_made(engine: Engine) -> None:
    plan = approved(engine)
    autumn(engine, plan)
    second = autumn(engine, plan)
    names = [
        row.name for row in rows(engine, "SELECT name FROM task WHERE plan_id = :p ORDER BY id", p=second)
    ]
    assert names == ["公示信息抽查", "公示信息抽查（人社配合）"], "food had one batch"
    with pytest.raises(Refusal) as refused:
        autumn(engine, plan)
    assert (refused.value.status, refused.value.code) == (409, "annual.nothing_due")
    withdraw_unfinished(engine)
    assert autumn(engine, plan), "batches that were given up do not count"


def test_an_item_that_went_out_of_force_is_named(engine: Engine) -> None:
    plan = approved(engine, EVERYBODY)
    with engine.begin() as connection:
        connection.execute(text("UPDATE check_item SET valid_to = '2026-06-30' WHERE item_code = 'SJ-01'"))
    with pytest.raises(Refusal, match="SJ-01"):
        autumn(engine, plan)


def test_a_partner_without_items_is_named(engine: Engine) -> None:
    plan = approved(engine, replace(FOOD, partners=("卫健",)))
    with pytest.raises(Refusal, match="卫健"):
        autumn(engine, plan)


@pytest.mark.parametrize(
    ("task", "refusal"),
    [
        (replace(FOOD, class_rates=RATES | {"D": 0.01}), "plan.rates"),
        (replace(FOOD, window_to=date(2027, 1, 1)), "annual.window"),
        (replace(FOOD, window_to=FIRST - timedelta(days=1)), "annual.window"),
        (replace(FOOD, batches=0), "annual.tasks"),
        (replace(FOOD, partners=("市场监管",)), "annual.tasks"),
        (replace(FOOD, directed=False), "plan.conditions"),
        (replace(FOOD, conditions={"colour": ("红",)}), "plan.conditions"),
        (replace(FOOD, item_codes=()), "plan.no_items"),
    ],
)
def test_a_task_that_cannot_be_is_refused(engine: Engine, task: AnnualTaskSpec, refusal: str) -> None:
    with pytest.raises(Refusal) as refused:
        make_annual_plan(engine, PLACE, YEAR, "市场监管", [task], "甲")
    assert refused.value.code == refusal
    assert not rows(engine, "SELECT 1 FROM annual_plan")


def test_the_draft_covers_every_item_in_force(engine: Engine) -> None:
    add(engine, CheckItem, item("SJ-77", "市场监管", "特种设备", valid_to=date(2025, 12, 31)))
    with engine.connect() as connection:
        tasks = draft_annual_tasks(connection, PLACE, YEAR, date(2026, 3, 20))
    assert {i for t in tasks for i in t.item_codes} == {"SJ-01", "SJ-02", "RS-01", "XF-01"}
    everybody = next(t for t in tasks if t.library == "主体综合库" and t.department == "市场监管")
    assert (everybody.directed, everybody.batches) == (False, 2)
    assert everybody.class_rates["B"] == pytest.approx(0.2), "the whole year's, not one batch's"
    make_annual_plan(engine, PLACE, YEAR, "市场监管", tasks, "甲")
