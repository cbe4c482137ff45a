"""C-2: whatever way the same records arrive, the tables are the same: again, renamed, shuffled, in pieces, in other formats.

Every dataset is here; their arrival in pieces first, and a whole city's files, are in tests/faults/test_same.py.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingestion.datasets import DATASETS
from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.faults.bulk import Row, in_pieces, several
from tests.faults.formats import FORMATS
from tests.faults.importing import checksum
from tests.faults.towns import settled_town
from tests.ingestion.papers import write_csv

OTHER_FORMATS = ("xlsx", "jsonl", "gb18030.csv")


@pytest.fixture(scope="module")
def settled(
    server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """One town for all datasets: the sums of every table are compared, whatever is in them already."""
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial, trial() as database:
        yield database


@pytest.mark.parametrize("dataset", list(DATASETS))
def test_a_dataset_brought_again_in_every_way(settled: Database, tmp_path: Path, dataset: str) -> None:
    rows = several(dataset)
    role, made = settled.engine_for("ingest"), 0

    def bring(
        some: list[Row], write: Callable[[Path, list[Row]], Path] = write_csv, suffix: str = "csv"
    ) -> BatchReport:
        nonlocal made
        made += 1
        return ingest_file(role, write(tmp_path / f"{dataset}_{made}.{suffix}", some))

    first = bring(rows)
    assert (first.state, first.rows_read, first.rows_faulty) == ("loaded", len(rows), 0), first
    assert first.rows_new >= 12, "few records are no proof"
    assert first.rows_superseding > 0
    golden = checksum(settled.owner())

    path = tmp_path / f"{dataset}_1.csv"
    again = [ingest_file(role, path), ingest_file(role, path.rename(tmp_path / f"{dataset}_renamed.csv"))]
    shuffled = random.Random(dataset).sample(rows, len(rows))
    again += [bring(shuffled), *(bring(piece) for piece in in_pieces(shuffled, 7))]
    again += [bring(shuffled, FORMATS[suffix], suffix) for suffix in OTHER_FORMATS]

    assert {report.state for report in again} == {"loaded"}
    assert [report.rows_new + report.rows_superseding for report in again] == [0] * len(again)
    assert sum(report.rows_same for report in again) == len(rows) * (len(again) - 6)
    assert checksum(settled.owner()) == golden
