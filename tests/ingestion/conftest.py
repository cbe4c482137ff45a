"""A tiny town that tests write files of, and dumps that compare what became of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingestion.datasets import DATASETS
from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from registry.database import Database
from registry.facts import table_named
from registry.postgres import EmbeddedServer
from tests.conftest import make_database
from tests.ingestion.papers import good, town_registration, write_csv

Ingest = Callable[..., BatchReport]

FACTS = tuple(
    dict.fromkeys(
        table for d in DATASETS.values() for table in (d.table, *(further.table for further in d.further))
    )
)
"""Every table that a dataset fills: a new dataset is in every dump, and so in the golden tables, by itself."""


def bringer(database: Database, folder: Path) -> Ingest:
    """`ingest("penalty", rows)` writes a CSV and brings it in, as the ingesting role."""
    made = 0

    def bring(dataset: str, rows: list[dict[str, str]], **options: Any) -> BatchReport:
        nonlocal made
        made += 1
        path = write_csv(folder / f"{dataset}_{made}.csv", rows, options.pop("encoding", "utf-8-sig"))
        return ingest_file(database.engine_for("ingest"), path, **options)

    return bring


def settle(ingest: Ingest) -> Ingest:
    """The same, in a town whose offices, items and five enterprises are already known."""
    for dataset, rows in (("office", [good("office")]), ("check_item", [good("check_item")])):
        assert ingest(dataset, rows).rows_faulty == 0
    report = ingest("registration", town_registration())
    assert report.rows_new == 5, report.faults
    return ingest


@pytest.fixture
def ingest(database: Database, tmp_path: Path) -> Ingest:
    """Brings papers into an empty registry."""
    return bringer(database, tmp_path)


@pytest.fixture
def town(ingest: Ingest) -> Ingest:
    """Brings papers into a town."""
    return settle(ingest)


@pytest.fixture(scope="module")
def one_database(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """A database for a whole module, whose tests do not get in each other's way."""
    with make_database(server, template) as database:
        yield database


@pytest.fixture(scope="module")
def one_town(one_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Ingest:
    """Brings papers into a town that the whole module shares."""
    return settle(bringer(one_database, tmp_path_factory.mktemp("papers")))


def dump(engine: Engine, table: str, versions: bool = True) -> list[dict[str, Any]]:
    """Every version of a fact table in a canonical order, without ids, batches and row numbers."""
    hidden = {"id", "batch_id", "row_no", *(() if versions else ("content_hash",))}
    names = [c.name for c in table_named(table).__table__.columns if c.name not in hidden]
    columns = ", ".join(f'"{name}"' for name in names)
    order = "natural_key, known_at, content_hash, retracted" if "natural_key" in names else "1, 2, 3"
    with engine.connect() as connection:
        return [
            dict(row)
            for row in connection.execute(
                text(f'SELECT {columns} FROM "{table}" ORDER BY {order}')
            ).mappings()
        ]


def dump_all(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """The dump of every fact table and of the aliases."""
    return {table: dump(engine, table) for table in (*FACTS, "enterprise_alias")}
