"""C-3, short form: malformed rows of 28 kinds among good ones. With 10,000 among 90,000: tests/faults/test_malformed.py."""

from pathlib import Path

from registry.database import Database
from tests.faults.mending import prove_malformed_rows
from tests.ingestion.conftest import Ingest


def test_good_rows_go_on_and_mended_ones_follow(town: Ingest, database: Database, tmp_path: Path) -> None:
    prove_malformed_rows(database, tmp_path, sound=1_000, bad=300, seed=20261127)
