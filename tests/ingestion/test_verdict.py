"""Versions: whatever order files come in, however rows are spread over them, the end is one and the same (C-6)."""

import random
from datetime import date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from registry.database import Database
from registry.facts import as_of
from registry.tables.enterprise import Premises
from registry.tables.library import Department
from registry.tables.penalty import Penalty
from tests.ingestion.conftest import Ingest, bringer
from tests.ingestion.papers import good

START = date(2026, 3, 1)
Assertion = tuple[str, int, str, bool]
"""(record, day it became known, content, withdrawn)."""


def day_of(number: int) -> date:
    return START + timedelta(days=number)


def paper(dataset: str, assertion: Assertion) -> dict[str, str]:
    record, day, content, withdrawn = assertion
    times = {"数据更新时间": str(day_of(day)), "数据状态": "撤销" if withdrawn else "正常"}
    if dataset == "penalty":
        return good(
            "penalty", 行政处罚决定书文号=record, 处罚内容=content, 处罚决定日期="2026-02-01", **times
        )
    return good("department", 部门=record, 部门全称=content, **times)


def in_force(assertions: list[Assertion], day: int) -> dict[str, str]:
    """The model: of each record the last assertion known by then."""
    found: dict[str, tuple[str, bool]] = {}
    for record, known, content, withdrawn in sorted(assertions, key=lambda a: a[1]):
        if known <= day:
            found[record] = (content, withdrawn)
    return {record: content for record, (content, withdrawn) in found.items() if not withdrawn}


def stored(engine: Engine, dataset: str, day: int) -> dict[str, str]:
    table, record, content = (
        (Penalty, "cf_wsh", "cf_nr") if dataset == "penalty" else (Department, "department", "full_name")
    )
    with engine.connect() as connection:
        rows = connection.execute(as_of(table, day_of(day))).mappings().all()
    return {row[record]: row[content] for row in rows}


def wipe(database: Database) -> None:
    with database.owner().begin() as connection:
        connection.execute(
            text("TRUNCATE penalty, department, confirmation, row_fault, batch RESTART IDENTITY CASCADE")
        )


assertions = st.lists(
    st.tuples(st.sampled_from("甲乙"), st.integers(0, 5), st.sampled_from("一二"), st.booleans()),
    min_size=1, max_size=7, unique_by=lambda a: a[:2],
)  # fmt: skip


@pytest.mark.parametrize("dataset", ["penalty", "department"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=assertions, files=st.integers(1, 4), seed=st.integers(0, 10**6))
def test_every_order_ends_in_what_the_model_says(
    dataset: str, said: list[Assertion], files: int, seed: int, one_town: Ingest, one_database: Database
) -> None:
    wipe(one_database)
    spread = said.copy()
    random.Random(seed).shuffle(spread)
    parts = [part for n in range(files) if (part := spread[n::files])]
    for part in parts:
        report = one_town(dataset, [paper(dataset, assertion) for assertion in part])
        assert (report.rows_valid, report.rows_faulty) == (len(part), 0), report.faults
    for day in range(6):
        assert stored(one_database.owner(), dataset, day) == in_force(said, day), f"day {day}"
    again = [one_town(dataset, [paper(dataset, assertion) for assertion in part]) for part in parts]
    assert sum(report.rows_new + report.rows_superseding for report in again) == 0


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_what_was_said_again_is_in_force_again(
    database: Database, tmp_path: object, order: tuple[int, ...]
) -> None:
    """X in March, X again in May, and Y of April, in every order: since May it is X."""
    town = bringer(database, tmp_path)  # type: ignore[arg-type]
    said = [("甲", 0, "一", False), ("甲", 2, "二", False), ("甲", 4, "一", False)]
    for place in order:
        town("department", [paper("department", said[place])])
    assert [stored(database.owner(), "department", day) for day in (1, 3, 5)] == [
        {"甲": "一"}, {"甲": "二"}, {"甲": "一"},
    ]  # fmt: skip


def test_said_again_is_no_new_version(database: Database, tmp_path: object) -> None:
    town = bringer(database, tmp_path)  # type: ignore[arg-type]
    for day in range(5):
        report = town("department", [paper("department", ("甲", day, "一", False))])
        assert (report.rows_new, report.rows_same) == ((1, 0) if day == 0 else (0, 1))
    with database.owner().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM department")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM confirmation")).scalar_one() == 4


def test_the_same_without_a_time_of_its_own_leaves_no_trace(database: Database, tmp_path: object) -> None:
    town = bringer(database, tmp_path)  # type: ignore[arg-type]
    row = {h: c for h, c in good("department").items() if h != "数据更新时间"}
    for day in (1, 2, 3):
        town("department", [row], received_at=datetime(2026, 5, day))
    with database.owner().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM department")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM confirmation")).scalar_one() == 0


def test_premises_come_back_too(database: Database, tmp_path: object) -> None:
    """The second table of a file follows the same rule: the place of business is given, said again, and once gone."""
    town = bringer(database, tmp_path)  # type: ignore[arg-type]
    town("office", [good("office")])
    place = {"生产经营地": "安和市河西区 9 号", "生产经营地行政区划": "990101"}
    for day, there in ((0, place), (4, place), (2, {"生产经营地": "", "生产经营地行政区划": ""})):
        town("registration", [good("registration", **there, 数据更新时间=str(day_of(day)))])
    with database.owner().connect() as connection:
        found = [
            sorted(row.premises_no for row in connection.execute(as_of(Premises, day_of(day))))
            for day in (1, 3, 5)
        ]
    assert found == [[1, 2], [1], [1, 2]]
