"""The real files beside the checkout: food inspections of Austin, draw lists of Zhejiang. Figures of docs/real-data.md."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ingestion.identify import judge_codes
from ingestion.intake import ingest_folder
from ingestion.ledger import BatchReport
from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.conftest import make_database

PROFILES = Path(__file__).parents[2] / "ingestion" / "profiles"
AUSTIN, ZHEJIANG = "austin-food-inspections", "zhejiang-2017-draw-list"


@pytest.fixture(scope="module")
def real(server: EmbeddedServer, template: str) -> Iterator[Database]:
    with make_database(server, template) as database:
        yield database


@pytest.fixture(scope="module")
def austin(real: Database, shared_data: Path) -> dict[str, BatchReport]:
    reports = ingest_folder(real.engine_for("ingest"), shared_data / AUSTIN, PROFILES / "austin.toml")
    return {report.dataset: report for report in reports}


@pytest.fixture(scope="module")
def zhejiang(real: Database, shared_data: Path) -> list[BatchReport]:
    return ingest_folder(real.engine_for("ingest"), shared_data / ZHEJIANG, PROFILES / "zhejiang.toml")


@pytest.fixture
def connection(real: Database) -> Iterator[Connection]:
    with real.owner().connect() as connection:
        yield connection


def test_austin_s_file_becomes_establishments_and_results(
    austin: dict[str, BatchReport], connection: Connection
) -> None:
    assert {name: report.state for name, report in austin.items()} == dict.fromkeys(
        (
            "office", "department", "check_item", "inspector", "inspector_certificate",
            "registration", "inspection",
        ),
        "loaded",
    )  # fmt: skip
    assert (austin["registration"].rows_read, austin["registration"].rows_new) == (22_150, 6_720)
    results = austin["inspection"]
    assert (results.rows_read, results.rows_new) == (22_150, 22_097)
    assert results.fault_counts == {"excluded": 51, "conflicting": 2}
    found = connection.execute(text(
        "SELECT draw_type, count(*) AS many, count(*) FILTER (WHERE problem) AS bad, min(measure) AS lowest,"
        " bool_and(problem = (measure < 80)) AS by_score FROM inspection_result GROUP BY 1 ORDER BY 1"
    )).all()  # fmt: skip
    assert {row.draw_type: (row.many, row.bad) for row in found} == {
        "不定向": (21_985, 1_734),
        "定向": (112, 45),
    }
    assert all(row.by_score and row.lowest > 0 for row in found), "0 is not a food score"


def test_austin_s_facts_are_known_from_the_day_of_the_visit(
    austin: dict[str, BatchReport], connection: Connection
) -> None:
    late = text("SELECT count(*) FROM inspection_result WHERE known_at::date <> inspdate")
    assert connection.execute(late).scalar() == 0
    first = text(
        "SELECT count(*) FROM enterprise e JOIN (SELECT enterprise_code, min(inspdate) AS day FROM inspection_result"
        " GROUP BY 1) i USING (enterprise_code) WHERE e.known_at::date > i.day"
    )
    assert connection.execute(first).scalar() == 0, "nobody was inspected before being known"


def test_zhejiang_s_workbooks_become_libraries(zhejiang: list[BatchReport], connection: Connection) -> None:
    assert [(r.file_name, r.rows_read, r.rows_new, r.rows_faulty) for r in zhejiang] == [
        ("advertising-businesses.xlsx", 478, 477, 1), ("direct-selling.xlsx", 5, 5, 0),
    ]  # fmt: skip
    assert [fault["code"] for fault in zhejiang[0].faults] == ["code_length"], (
        "one 13-digit number, as published"
    )
    codes = connection.execute(text("SELECT DISTINCT enterprise_code FROM library_entry")).scalars().all()
    assert judge_codes(list(codes)) == [None] * len(codes)
    offices = connection.execute(
        text("SELECT localadm FROM library_entry WHERE enterprise_code = '913301007161035748'")
    )
    assert offices.scalars().all() == ["朝晖工商所"], "jurisdiction is what the bureau wrote, not the digits"


def test_both_again_change_nothing(
    austin: dict[str, BatchReport], zhejiang: list[BatchReport], real: Database, shared_data: Path
) -> None:
    role = real.engine_for("ingest")
    again = [
        *ingest_folder(role, shared_data / AUSTIN, PROFILES / "austin.toml"),
        *ingest_folder(role, shared_data / ZHEJIANG, PROFILES / "zhejiang.toml"),
    ]
    assert sum(report.rows_new + report.rows_superseding for report in again) == 0
    assert sum(report.rows_same for report in again) == 22_150 + 22_097 + 25 + 2 * 8 + 482
