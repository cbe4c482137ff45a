"""CPU of the object lottery (抽取用时): python -m bench.draw [OBJECTS] [DRAWN]

Draws 30,000 of 1,000,000 objects and verifies the bundle, beside the least that any ticket draw must do: one bare
SHA-256 over "S,object_id" per object of the same pool. The bare loop is free of files: its object numbers lie in
memory as text, nothing is read, checked, sorted or kept. Each figure is the least of five runs in an interpreter
of its own: a heap that held a million rows before is slower to fill again, and nobody who verifies has one.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scheduling.bundle import DrawRecord, make_bundles
from scheduling.bundle_files import write_zip, zip_bytes
from scheduling.draw import PoolRow, Stratum, commit, counts_file, draw_objects, pool_file
from scheduling.verify import verify_bundle

SALT, KEY, SEED = "5a" * 16, bytes(range(32)), "2026-12-01 dice 3 6 1 4 4 2 5 1 6 3"
STATE = hashlib.sha256(b"any state").hexdigest()
CLASSES = ("A", "B", "C", "D")
TARGET = 2.0
RUNS = 5

TIMES = ("2026-12-01T10:00:00+08:00", "2026-11-30T17:00:00+08:00")
RECORD = DrawRecord("bench", 1, "bench", *TIMES, SEED, "dice", "2026-12-01T10:05:00+08:00", ("bench",), False)

Result = TypeVar("Result")


def least(act: Callable[[], Result]) -> tuple[float, Result]:
    """The least CPU seconds of some runs, with the last run's result."""
    seconds = float("inf")
    for _ in range(RUNS):
        start = time.process_time()
        result = act()
        seconds = min(seconds, time.process_time() - start)
    return seconds, result


def show(what: str, seconds: float, peer: float = 0.0) -> None:
    """One line of the table, beside the peer's seconds."""
    ratio = f"{seconds / peer:7.2f} x" if peer else ""
    print(f"  {what:<50}{seconds:7.2f} s CPU{ratio}", flush=True)


def measure(what: str, act: str, folder: str, peer: float = 0.0) -> float:
    """Least CPU seconds of an act in an interpreter of its own: whoever verifies holds the files and nothing else."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.draw", "--act", act, folder], check=True, capture_output=True, text=True
    )
    seconds = float(run.stdout)
    show(what, seconds, peer)
    return seconds


def one_act(act: str, folder: Path) -> float:
    """CPU seconds of one act on the files of `folder`."""
    pool, counts = ((folder / name).read_bytes() for name in ("pool.csv", "counts.csv"))
    if act == "bare":
        object_ids = sorted({line.split(",")[0] for line in pool.decode().splitlines()[2:]})
        return least(lambda: hash_each(object_ids))[0]
    if act == "commit":
        return least(lambda: commit(pool, counts, KEY))[0]
    if act == "draw":
        return least(lambda: draw_objects(pool, counts, KEY, SEED))[0]
    return least(lambda: verify_bundle(folder / "bundle.zip"))[0]


def hash_each(object_ids: list[str]) -> None:
    """The peer: nothing but one hash per object."""
    prefix = f"{STATE},".encode()
    for object_id in object_ids:
        hashlib.sha256(prefix + object_id.encode()).digest()


def lottery(rows: list[PoolRow], counts: dict[Stratum, int]) -> tuple[float, float, bool]:
    """Bare loop, draw and verification of one pool: the two ratios, and whether the bundle passed."""
    counted, pool = counts_file(counts, SALT), pool_file(rows, SALT)
    public = make_bundles(RECORD, pool, counted, KEY, {}).public
    size = len(zip_bytes(public)) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        write_zip(public, Path(folder) / "bundle.zip")
        (Path(folder) / "pool.csv").write_bytes(pool)
        (Path(folder) / "counts.csv").write_bytes(counted)
        bare = measure("bare hash loop over the objects (peer)", "bare", folder)
        freeze, _ = least(lambda: pool_file(rows, SALT))
        show("freeze: write the pool file", freeze, bare)
        measure("commit: check files, hashes", "commit", folder, bare)
        draw = measure("draw: read, check, tickets, smallest", "draw", folder, bare)
        verify = measure(f"verify the bundle ({size:.0f} MB)", "verify", folder, bare)
        verdict = verify_bundle(Path(folder) / "bundle.zip")
    print("  verdict:", "passed" if verdict.ok else verdict.failures)
    return draw / bare, verify / bare, verdict.ok


def main(objects: int = 1_000_000, drawn: int = 30_000) -> int:
    """Print both tables; returns 1 if draw or verification take more than twice the bare loop, or fail."""
    print(f"Python {sys.version.split()[0]}\n{drawn:,} of {objects:,}, one task, four strata")
    rows = [PoolRow(f"91{number:016d}", "T1", CLASSES[number % 4]) for number in range(objects)]
    draw, verify, passed = lottery(rows, {("T1", klass): drawn // 4 for klass in CLASSES})
    shared, districts = objects // 6, 10
    print(f"the same number of rows: {shared:,} objects, six tasks each, 4 classes in {districts} districts")
    rows = [
        PoolRow(f"91{number:016d}", f"T{task}", f"{CLASSES[number % 4]}-9901{number // 4 % districts:02d}")
        for number in range(shared)
        for task in range(6)
    ]
    each = max(1, drawn // (6 * 4 * districts))
    lottery(rows, {(row.task, row.stratum): each for row in rows})
    reached = draw <= TARGET and verify <= TARGET
    print(
        f"target (first table): draw and verify <= {TARGET:.0f} x: {'reached' if reached else 'NOT reached'}"
    )
    return 0 if reached and passed else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--act"]:
        print(one_act(sys.argv[2], Path(sys.argv[3])))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
