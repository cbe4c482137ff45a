"""C-6, short form: eight files in a few orders leave one state. In fifty: tests/faults/test_orders.py."""

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.intake import ingest_file
from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.faults.codes import credit_code, old_number
from tests.faults.importing import states
from tests.faults.orders import FIRST, final_state, some_orders
from tests.faults.towns import Trial, settled_town
from tests.ingestion.papers import good, write_csv

NEW, OLD = credit_code(77), old_number(77)


@pytest.fixture(scope="module")
def trial(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial:
        yield trial


@pytest.fixture(scope="module")
def as_it_happened(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    with trial() as database:
        return final_state(database, tmp_path_factory.mktemp("files"), FIRST)


@pytest.mark.parametrize("order", some_orders(3, seed=6), ids=str)
def test_any_order_leaves_one_state(
    trial: Trial, tmp_path: Path, as_it_happened: dict[str, object], order: list[int]
) -> None:
    with trial() as database:
        found = final_state(database, tmp_path, order)
    assert [part for part in as_it_happened if found[part] != as_it_happened[part]] == []


def test_the_state_is_the_one_that_was_meant(trial: Trial, tmp_path: Path) -> None:
    with trial() as database:
        final_state(database, tmp_path, FIRST[::-1])
        ask = (
            "SELECT count(*) FROM (SELECT DISTINCT ON (natural_key) * FROM penalty WHERE cf_wsh LIKE 'c6-%'"
            " AND known_at < :day ORDER BY natural_key, known_at DESC, id DESC) p WHERE NOT retracted"
        )
        with database.owner().connect() as connection:
            many = [
                connection.execute(text(ask), {"day": day}).scalar_one()
                for day in ("2026-03-10", "2026-03-11", "2026-05-20", "2026-05-21")
            ]
    assert many == [0, 25, 25, 18], "seven of twenty-five are withdrawn from 20 May, not before"


def _left_by(trial: Trial, folder: Path, rows: list[dict[str, str]]) -> dict[str, str]:
    with trial() as database:
        for number, row in enumerate(rows):
            _bring(database, folder / f"registration_{number}.csv", row)
        return states(database.owner())


def _bring(database: Database, path: Path, row: dict[str, str]) -> None:
    report = ingest_file(database.engine_for("ingest"), write_csv(path, [row]))
    assert (report.state, report.rows_faulty) == ("loaded", 0), report.faults


def _same_in_all_orders(trial: Trial, folder: Path, rows: list[dict[str, str]]) -> None:
    first = _left_by(trial, folder, rows)
    for order in permutations(rows):
        left = _left_by(trial, folder, list(order))
        assert [table for table in first if left[table] != first[table]] == []


def test_a_withdrawn_registration_takes_its_premises_along(trial: Trial, tmp_path: Path) -> None:
    """Also where the withdrawal arrives before what it withdraws."""
    row = good("registration", 统一社会信用代码=NEW, 企业名称="新店", 曾用名="", 生产经营地="渡口 9 号")
    _same_in_all_orders(trial, tmp_path, [row, {**row, "数据状态": "撤销", "数据更新时间": "2026-06-01"}])


def test_a_second_place_that_was_given_up_stays_given_up(trial: Trial, tmp_path: Path) -> None:
    row = good("registration", 统一社会信用代码=NEW, 企业名称="新店", 曾用名="", 生产经营地="渡口 9 号")
    given_up = {**row, "生产经营地": "", "数据更新时间": "2026-06-01"}
    _same_in_all_orders(trial, tmp_path, [row, given_up])


def test_an_old_number_that_became_a_code_is_one_enterprise(trial: Trial, tmp_path: Path) -> None:
    """Registered by its old number; later with code and old number. It keeps the number by which it was first known:
    which that is depends on what came first, that it is one enterprise with one history does not."""
    before = good("registration", 统一社会信用代码="", 注册号=OLD, 企业名称="老店", 曾用名="")
    after = {**before, "统一社会信用代码": NEW, "数据更新时间": "2026-06-01"}
    for first, rows in ((OLD, [before, after]), (NEW, [after, before])):
        with trial() as database:
            for number, row in enumerate(rows):
                _bring(database, tmp_path / f"registration_{number}.csv", row)
            with database.owner().connect() as connection:
                history = connection.execute(
                    text(
                        "SELECT enterprise_code, uniscid, regno FROM enterprise WHERE entname = '老店' ORDER BY known_at"
                    )
                ).all()
                owners = connection.execute(
                    text("SELECT DISTINCT enterprise_code FROM enterprise_alias WHERE alias IN (:old, :new)"),
                    {"old": OLD, "new": NEW},
                ).scalars()
                assert owners.all() == [first]
            assert [tuple(row) for row in history] == [(first, None, OLD), (first, NEW, OLD)]
