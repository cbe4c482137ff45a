"""C-3, long form: 10,000 malformed rows of 28 kinds among 90,000 good ones."""

import os
import random
from pathlib import Path

from registry.database import Database
from tests.faults.mending import prove_malformed_rows
from tests.ingestion.conftest import bringer, settle

SEED = int(os.environ.get("WURAO_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


def test_ten_thousand_among_ninety_thousand(database: Database, tmp_path: Path) -> None:
    settle(bringer(database, tmp_path))
    prove_malformed_rows(database, tmp_path, sound=90_000, bad=10_000, seed=SEED)
