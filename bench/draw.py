"""CPU of the object lottery (抽取用时): python -m bench.draw [OBJECTS] [DRAWN]

Draws 30,000 of 1,000,000 objects and verifies the bundle, beside the least that any ticket draw must do: one
bare SHA-256 per object of the same pool.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scheduling.bundle import DrawRecord, make_bundles, write_zip
from scheduling.draw import PoolRow, commit, counts_file, draw_objects, pool_file
from scheduling.verify import verify_bundle

SALT, KEY, SEED = "5a" * 16, bytes(range(32)), "2026-12-01 dice 3 6 1 4 4 2 5 1 6 3"
STRATA = ("A", "B", "C", "D")


Result = TypeVar("Result")


def measure(what: str, act: Callable[[], Result]) -> Result:
    """Run once, print CPU seconds."""
    start = time.process_time()
    result = act()
    print(f"{what:<46}{time.process_time() - start:8.2f} s CPU")
    return result


def hash_each(rows: list[PoolRow]) -> int:
    """The peer: nothing but one hash per object."""
    return sum(hashlib.sha256(b"S," + row.object_id.encode()).digest()[0] for row in rows)


def main(objects: int = 1_000_000, drawn: int = 30_000) -> int:
    """Print the table; returns 1 if the draw takes more than the 10 s of proof C-14."""
    rows = [PoolRow(f"91{number:016d}", "T1", STRATA[number % 4]) for number in range(objects)]
    counts = counts_file({("T1", stratum): drawn // 4 for stratum in STRATA}, SALT)
    print(f"{drawn:,} of {objects:,}, one task, four strata, Python {sys.version.split()[0]}")
    measure("bare hash loop over the pool (peer)", lambda: hash_each(rows))
    pool = pool_file(rows, SALT)
    measure("freeze: write the pool file", lambda: pool_file(rows, SALT))
    measure("commit: check files, hashes", lambda: commit(pool, counts, KEY))
    start = time.process_time()
    measure("draw: read pool, tickets, smallest", lambda: draw_objects(pool, counts, KEY, SEED))
    took = time.process_time() - start
    times = ("2026-12-01T10:00:00+08:00", "2026-11-30T17:00:00+08:00")
    record = DrawRecord(
        "bench", 1, "bench", *times, SEED, "dice", "2026-12-01T10:05:00+08:00", ("bench",), False
    )
    public = make_bundles(record, pool, counts, KEY, {}).public
    with tempfile.TemporaryDirectory() as folder:
        path = write_zip(public, Path(folder) / "bundle.zip")
        verdict = measure(
            f"verify the bundle ({path.stat().st_size / 1e6:.0f} MB)", lambda: verify_bundle(path)
        )
    print("verdict:", "passed" if verdict.ok else verdict.failures)
    return 0 if took <= 10 and verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
