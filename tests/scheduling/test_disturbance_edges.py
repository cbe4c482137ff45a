"""Edges of the disturbance ledger: first and last days, what was known when, whose word counts; the ratios' first and last day.

Each test writes its few rows straight into an empty database, with no draw behind them, and takes them back.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, insert, text

from registry.tables import (
    HonestMember,
    InspectionResult,
    Lead,
    Plan,
    PoolExclusion,
    RosterVersion,
    Task,
    Visit,
    VisitTask,
)
from scheduling.disturbance import COLUMNS, Disturbance, measure, on_site, planned_visits, read_ledger
from tests.conftest import make_database
from tests.scheduling.town_records import code, result, whole

SINCE, DAY = date(2026, 10, 1), date(2026, 11, 20)
ONE = timedelta(days=1)
LAST_SECOND = datetime(2026, 11, 20, 23, 59, 59)
MIDNIGHT = datetime(2026, 11, 21)
EARLY = datetime(2026, 9, 30, 18)


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with make_database(server, template) as database:
        yield database.owner()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back; foreign keys rest, so that no draw need be held."""
    with engine.connect() as opened:
        opened.execute(text("SET session_replication_role = replica"))
        yield opened
        opened.rollback()


def put(connection: Connection, table: Any, **values: Any) -> Any:
    """Insert one row, its other required columns plain; its first key."""
    return connection.execute(
        insert(table).values(whole(table, values)).returning(next(iter(table.__table__.primary_key)))
    ).scalar_one()


def plan(connection: Connection, number: str = "P1", **changes: Any) -> int:
    """A plan of the last quarter, frozen with an honest set of ten."""
    values = {"window_from": SINCE, "window_to": date(2026, 12, 31), "honest_set_size": 10, "made_at": EARLY}
    made: int = put(connection, Plan, number=number, **(values | changes))
    return made


def roster(connection: Connection, plan_id: int, version: int = 1, **changes: Any) -> int:
    """A checked roster of a plan."""
    values = {"state": "checked", "made_at": EARLY} | changes
    made: int = put(connection, RosterVersion, plan_id=plan_id, version=version, **values)
    return made


def task(connection: Connection, plan_id: int, department: str = "人社", **changes: Any) -> int:
    """An on-site task drawn without direction."""
    values = {"method": "现场", "directed": False} | changes
    made: int = put(connection, Task, plan_id=plan_id, department=department, **values)
    return made


def visit(connection: Connection, roster_id: int, n: int, day: date, **tasks: int) -> None:
    """A visit of enterprise n for tasks, named by their departments."""
    number = f"V{n}-{day:%m%d}"
    door = {"object_id": code(n), "enterprise_code": code(n), "visit_date": day, "visit_no": number}
    made = put(connection, Visit, roster_id=roster_id, **door)
    for department, number_of_task in tasks.items():
        put(connection, VisitTask, visit_id=made, task_id=number_of_task, department=department)


def lead(connection: Connection, n: int, day: date, **changes: Any) -> None:
    """A lead on enterprise n that was followed on a day."""
    values = {
        "number": f"XS{n}-{day:%m%d}", "source": "投诉举报", "enterprise_code": code(n), "department": "人社",
        "method": "现场", "state": "visited", "visited_on": day, "closed_at": EARLY,
    }  # fmt: skip
    put(connection, Lead, **(values | changes))


def seen(connection: Connection, n: int, day: date, department: str = "人社", **changes: Any) -> None:
    """A result of enterprise n, known in time."""
    item = changes.pop("item", "RS-01")
    put(connection, InspectionResult, **result(n, day, department, [item], **({"known_at": EARLY} | changes)))


def told(connection: Connection) -> list[tuple[Any, ...]]:
    """The ledger's rows: number of the enterprise, day, reason."""
    ledger = read_ledger(connection, DAY, SINCE)
    numbers = ledger["enterprise_code"].str[-3:].astype(int)
    return sorted(zip(numbers, ledger["day"], ledger["reason"], strict=True))


def test_results_count_from_the_first_to_the_last_day_and_when_known_by_its_end(
    connection: Connection,
) -> None:
    seen(connection, 1, SINCE - ONE)
    seen(connection, 2, SINCE)
    seen(connection, 3, DAY)
    seen(connection, 4, DAY + ONE)
    seen(connection, 5, DAY, known_at=LAST_SECOND)
    seen(connection, 6, DAY, known_at=MIDNIGHT)
    assert told(connection) == [(2, SINCE, "planned"), (3, DAY, "planned"), (5, DAY, "planned")]


def test_leads_count_from_the_first_to_the_last_day_and_when_closed_by_its_end(
    connection: Connection,
) -> None:
    lead(connection, 1, SINCE - ONE)
    lead(connection, 2, SINCE)
    lead(connection, 3, DAY)
    lead(connection, 4, DAY + ONE)
    lead(connection, 5, DAY, closed_at=LAST_SECOND)
    lead(connection, 6, DAY, closed_at=MIDNIGHT)
    lead(connection, 7, DAY, state="approved")
    assert told(connection) == [(2, SINCE, "lead"), (3, DAY, "lead"), (5, DAY, "lead")]


def test_visits_of_checked_rosters_known_by_the_end_of_the_day_count_even_ahead(
    connection: Connection,
) -> None:
    number = plan(connection)
    labour = task(connection, number)
    checked = roster(connection, number)
    visit(connection, checked, 1, SINCE - ONE, 人社=labour)
    visit(connection, checked, 2, SINCE, 人社=labour)
    visit(connection, checked, 3, date(2026, 12, 31), 人社=labour)
    visit(connection, roster(connection, number, 2, made_at=LAST_SECOND), 4, DAY, 人社=labour)
    visit(connection, roster(connection, number, 3, made_at=MIDNIGHT), 5, DAY, 人社=labour)
    for version, state in enumerate(("dated", "staffed", "superseded"), 4):
        visit(connection, roster(connection, number, version, state=state), 6, DAY, 人社=labour)
    assert told(connection) == [
        (2, SINCE, "planned"), (3, date(2026, 12, 31), "planned"), (4, DAY, "planned"),
    ]  # fmt: skip


def test_a_visit_tells_its_department_its_way_and_its_number(connection: Connection) -> None:
    number = plan(connection, "34000020261000")
    checked = roster(connection, number)
    labour = task(connection, number)
    fire = task(connection, number, "消防", directed=True)
    papers = task(connection, number, "税务", method="书面")
    visit(connection, checked, 1, DAY, 人社=labour, 消防=fire, 税务=papers)
    ledger = read_ledger(connection, DAY, SINCE)
    assert list(ledger.columns) == COLUMNS
    assert sorted(ledger.itertuples(index=False, name=None)) == [
        (code(1), DAY, "人社", "现场", "planned", "不定向", "34000020261000 V1-1120"),
        (code(1), DAY, "消防", "现场", "planned", "定向", "34000020261000 V1-1120"),
    ]


def test_only_a_duty_of_the_same_plan_task_and_object_makes_a_visit_a_duty(connection: Connection) -> None:
    number, other = plan(connection), plan(connection, "P2")
    labour, fire = task(connection, number), task(connection, number, "消防")
    checked = roster(connection, number)
    for n in range(1, 6):
        visit(connection, checked, n, DAY, 人社=labour)
    for n, plan_id, task_id, reason in (
        (1, number, labour, "duty"),
        (2, number, labour, "white_list"),
        (3, number, fire, "duty"),
        (4, other, labour, "duty"),
    ):
        put(connection, PoolExclusion, plan_id=plan_id, task_id=task_id, object_id=code(n), reason=reason)
    assert told(connection) == [(1, DAY, "duty"), *((n, DAY, "planned") for n in range(2, 6))]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("定向", "planned"),
        ("不定向", "planned"),
        ("日常巡查", "patrol"),
        ("依申请", "application"),
        ("投诉举报", "lead"),
        ("转办交办", "lead"),
        ("数据监测", "lead"),
    ],
)
def test_each_source_has_its_reason_in_results_and_in_leads(
    connection: Connection, source: str, reason: str
) -> None:
    seen(connection, 1, DAY, draw_type=source, insp_no="JC-1")
    lead(connection, 2, DAY, source=source if reason != "planned" else "投诉举报")
    rows = read_ledger(connection, DAY, SINCE).sort_values("enterprise_code")
    assert rows["reason"].tolist() == [reason, reason if reason != "planned" else "lead"]
    assert rows["source"].tolist() == [source, source if reason != "planned" else "投诉举报"]
    assert rows["number"].tolist() == ["JC-1", "XS2-1120"]
    assert rows["department"].tolist() == ["人社", "人社"]
    assert rows["method"].tolist() == ["现场", "现场"]


def test_of_one_door_the_roster_knows_best_why(connection: Connection) -> None:
    number = plan(connection)
    labour = task(connection, number)
    visit(connection, roster(connection, number), 1, DAY, 人社=labour)
    put(connection, PoolExclusion, plan_id=number, task_id=labour, object_id=code(1), reason="duty")
    seen(connection, 1, DAY)
    lead(connection, 1, DAY)
    assert told(connection) == [(1, DAY, "duty")]


def test_without_a_roster_the_planned_one_counts_and_an_open_door_before_a_letter(
    connection: Connection,
) -> None:
    """从严: of several words on one visit the one that counts most."""
    lead(connection, 1, DAY)
    seen(connection, 1, DAY)
    lead(connection, 2, DAY, source="依申请")
    seen(connection, 2, DAY, draw_type="投诉举报")
    seen(connection, 3, DAY, method="书面")
    seen(connection, 3, DAY, draw_type="投诉举报", item="RS-02")
    seen(connection, 4, DAY, draw_type="投诉举报")
    seen(connection, 4, DAY, "消防")
    assert told(connection) == [
        (1, DAY, "planned"), (2, DAY, "lead"), (3, DAY, "lead"), (4, DAY, "lead"), (4, DAY, "planned"),
    ]  # fmt: skip
    ledger = read_ledger(connection, DAY, SINCE)
    assert ledger.index.tolist() == list(range(5))
    assert set(ledger["method"]) == {"现场"}


@pytest.mark.parametrize("numbers", [("JC-1", "JC-2"), ("JC-2", "JC-1")])
def test_of_equals_the_lowest_number_stands_whatever_came_first(
    connection: Connection, numbers: tuple[str, str]
) -> None:
    for each in numbers:
        seen(connection, 1, DAY, item=each, insp_no=each)
    assert read_ledger(connection, DAY, SINCE)["number"].tolist() == ["JC-1"]


def test_a_visit_in_writing_gives_way_even_where_a_roster_or_an_earlier_word_stands(
    connection: Connection,
) -> None:
    seen(connection, 1, DAY, method="网络", draw_type="定向")
    lead(connection, 1, DAY, source="依申请")
    assert told(connection) == [(1, DAY, "application")]


def test_nothing_known_is_an_empty_ledger_with_its_columns(connection: Connection) -> None:
    ledger = read_ledger(connection, DAY, SINCE)
    assert (list(ledger.columns), len(ledger)) == (COLUMNS, 0)
    assert planned_visits(ledger).empty
    assert list(on_site(ledger, ["投诉举报"]).columns) == ["enterprise_code", "day", "department", "planned"]


def ledger_of(*visits: tuple[str, str, str]) -> pd.DataFrame:
    """reason, method, source; enterprises e0, e1 …"""
    lines = [
        (f"e{n}", DAY, "人社", method, why, source, "1") for n, (why, method, source) in enumerate(visits)
    ]
    return pd.DataFrame(lines, columns=COLUMNS)


def test_what_the_ratio_counts_is_planned_or_patrol_and_at_a_door() -> None:
    reasons = ("planned", "patrol", "duty", "lead", "application")
    ledger = ledger_of(*((why, method, "") for method in ("现场", "书面") for why in reasons))
    assert planned_visits(ledger)["enterprise_code"].tolist() == ["e0", "e1"]


def test_what_caps_read_is_every_door_and_whether_its_source_counts() -> None:
    ledger = ledger_of(("planned", "书面", "定向"), ("lead", "现场", "投诉举报"), ("duty", "现场", "定向"))
    doors = on_site(ledger, ["投诉举报", "转办交办"])
    assert doors.to_dict("list") == {
        "enterprise_code": ["e1", "e2"], "day": [DAY, DAY], "department": ["人社"] * 2, "planned": [False, True],
    }  # fmt: skip
    assert doors.index.tolist() == [0, 1]


def honest(connection: Connection, plan_id: int, *members: int) -> None:
    """The honest set frozen with a plan."""
    for n in members:
        put(connection, HonestMember, plan_id=plan_id, enterprise_code=code(n))


def test_the_ratios_count_members_from_the_plans_first_day_to_its_last(connection: Connection) -> None:
    number = plan(connection, "P1", window_to=DAY - ONE, honest_set_size=8)
    honest(connection, number, 1, 2, 3, 4, 5)
    seen(connection, 1, SINCE - ONE)
    seen(connection, 2, SINCE)
    seen(connection, 3, DAY - ONE)
    seen(connection, 4, DAY)
    seen(connection, 5, SINCE, draw_type="投诉举报")
    seen(connection, 6, SINCE)
    found = measure(connection, DAY, number)
    assert found == Disturbance(number, "P1", SINCE, DAY - ONE, honest=8, disturbed=2, disturbed_at_all=3)
    assert (found.ratio, found.strict_ratio) == (0.75, 0.625)


def test_in_the_window_the_ratios_reach_to_the_day(connection: Connection) -> None:
    number = plan(connection)
    honest(connection, number, 1, 2)
    checked, labour = roster(connection, number), task(connection, number)
    visit(connection, checked, 1, DAY, 人社=labour)
    visit(connection, checked, 2, DAY + ONE, 人社=labour)
    seen(connection, 2, DAY, method="书面")
    found = measure(connection, DAY, number)
    assert found == Disturbance(number, "P1", SINCE, DAY, honest=10, disturbed=1, disturbed_at_all=1)


def test_only_a_frozen_plan_that_is_known_by_the_end_of_the_day_is_measured(connection: Connection) -> None:
    late, early = plan(connection, "late", made_at=MIDNIGHT), plan(connection, "early", made_at=LAST_SECOND)
    draft = plan(connection, "draft", honest_set_size=None)
    assert measure(connection, DAY, late) is None
    assert measure(connection, DAY, draft) is None
    assert measure(connection, DAY, 10**6) is None
    found = measure(connection, DAY, early)
    assert found is not None
    assert found.plan_number == "early"


def test_without_a_plan_the_one_with_the_latest_window_and_of_these_the_newest(
    connection: Connection,
) -> None:
    plan(connection, "autumn", window_from=SINCE)
    plan(connection, "again", window_from=SINCE)
    plan(connection, "summer", window_from=SINCE - 60 * ONE)
    plan(connection, "draft", window_from=SINCE + ONE, honest_set_size=None)
    plan(connection, "late", window_from=SINCE + ONE, made_at=MIDNIGHT)
    found = measure(connection, DAY)
    assert found is not None
    assert found.plan_number == "again"


def test_a_plan_that_has_not_begun_says_nothing_and_hides_none_that_has(connection: Connection) -> None:
    now, next_year = plan(connection, "now"), plan(connection, "next", window_from=DAY + ONE)
    assert measure(connection, DAY, next_year) is None
    found = measure(connection, DAY)
    assert found is not None
    assert (found.plan_id, found.first_day) == (now, SINCE)
    assert measure(connection, DAY + ONE, next_year) is not None


def test_no_plan_is_no_ratio(connection: Connection) -> None:
    assert measure(connection, DAY) is None
