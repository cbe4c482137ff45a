"""Golden tables: a small town's files of every dataset, and every table as it must be afterwards.

To accept a change on purpose: WURAO_REWRITE_GOLDEN=1 .venv/bin/pytest tests/ingestion/test_datasets.py, then read the diff.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from ingestion.datasets import DATASETS, dataset_of
from ingestion.datasets.check_item import ratio_range
from ingestion.datasets.inspection import RESULT_TEXTS, SERIOUSNESS
from ingestion.datasets.penalty import department_of
from ingestion.datasets.result_codes import CODE_SETS
from ingestion.intake import ingest_folder
from registry.database import Database
from registry.facts import table_named
from registry.tables.declaration import AboutEnterprise
from registry.vocabulary import RESULTS
from tests.ingestion.conftest import FACTS, dump_all

CODED = Path(__file__).parent / "data" / "code_sets"
TOWN = Path(__file__).parent / "data" / "town"
GOLDEN = Path(__file__).parent / "data" / "golden.json"
PERSONAL = ("110101199003070898", "13800001234", "13900002222", "0990-8888001", "林某某", "周某某")


@pytest.fixture(scope="module")
def tables(one_database: Database) -> dict[str, Any]:
    """Every table after the town's files, as JSON would show it."""
    engine = one_database.engine_for("ingest")
    reports = ingest_folder(engine, TOWN) + ingest_folder(engine, CODED, CODED / "code_sets.toml")
    assert [(r.dataset, r.faults) for r in reports if r.state != "loaded" or r.rows_faulty] == []
    return json.loads(json.dumps(dump_all(one_database.owner()), ensure_ascii=False, default=str))


@pytest.mark.parametrize("table", [*FACTS, "enterprise_alias"])
def test_golden_table(tables: dict[str, Any], table: str) -> None:
    if os.environ.get("WURAO_REWRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert tables[table] == golden[table]
    assert tables[table], "every dataset has a row in the town"


def test_every_dataset_and_older_layout_has_a_file_in_the_town(tables: dict[str, Any]) -> None:
    sent = {dataset_of(file.name) for file in TOWN.iterdir()}
    assert sent == set(DATASETS)
    for dataset in DATASETS.values():
        if dataset.older:
            layouts = {row["layout"] for row in tables[dataset.table]}
            assert layouts == {"2018", "2015"}, dataset.name


def test_every_code_set_has_a_golden_file(tables: dict[str, Any]) -> None:
    coded = {row["code_set"] for row in tables["inspection_result"]}
    assert coded == {None, *CODE_SETS}
    for name, code_set in CODE_SETS.items():
        raw = {row["raw_result"] for row in tables["inspection_result"] if row["code_set"] == name}
        assert set(code_set.meanings) <= {code for cell in raw for code in re.split("[,;]", cell)}


def test_no_personal_number_is_stored(tables: dict[str, Any]) -> None:
    stored = json.dumps(tables, ensure_ascii=False)
    assert [number for number in PERSONAL if number in stored] == []
    assert "已隐去" in stored


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_fills_exactly_its_table(name: str) -> None:
    dataset = DATASETS[name]
    table = table_named(dataset.table)
    version = {
        "id",
        "natural_key",
        "content_hash",
        "known_at",
        "retracted",
        "batch_id",
        "row_no",
        "enterprise_code",
    }
    assert set(dataset.stored()) == {c.name for c in table.__table__.columns} - version
    assert (dataset.identity is not None) == issubclass(table, AboutEnterprise)
    names = [heading for column in dataset.columns for heading in column.names()]
    assert len(names) == len(set(names)), "a heading means one column"
    assert len(dataset.headings()) == len(dataset.codes())
    for column in dataset.key:
        assert column == "enterprise_code" or dataset.has(column) or column in dataset.derived


@pytest.mark.parametrize("name", [name for name, dataset in DATASETS.items() if dataset.older])
def test_an_older_layout_fills_the_same_table(name: str) -> None:
    for older in DATASETS[name].older:
        assert set(older.stored()) == set(DATASETS[name].stored())
        assert (older.name, older.key, older.table) == (name, DATASETS[name].key, DATASETS[name].table)


def test_the_longest_name_that_fits_tells_the_dataset() -> None:
    assert dataset_of("inspector_certificate_2026.csv") == "inspector_certificate"
    assert dataset_of("Inspector_a.xlsx") == "inspector"
    assert dataset_of("inspectors.csv") is None


def test_every_result_text_leads_to_a_code_that_has_a_rank() -> None:
    assert set(RESULT_TEXTS.values()) == set(SERIOUSNESS) == set(RESULTS)


@pytest.mark.parametrize(
    ("text", "range_"),
    [
        ("3%", (0.03, 0.03)), ("3%-5%", (0.03, 0.05)), ("不低于3％", (0.03, None)), ("不超过 10%", (None, 0.1)),
        ("按需", (None, None)), (None, (None, None)),
    ],
)  # fmt: skip
def test_ratio_texts(text: str | None, range_: tuple[float | None, float | None]) -> None:
    assert ratio_range(text) == range_


def test_departments_by_the_words_of_an_authority() -> None:
    assert department_of("安和市消防救援支队") == "消防"
    assert department_of("杭州市工商行政管理局") == "市场监管"
    assert department_of("气象局") == "气象局"
