"""What the indicators cost (指标用时): python -m bench.features [--enterprises N] [--events N] [--runs N] [--regrade]

Indicators of everyone judged as of a day, beside polars in the same run: `risk.indicators.feature_frame` on an
archive in memory, and the same 72 indicators written in polars in three shapes (bench/features_polars.py), of which the
cheapest counts. Each contender has a process of its own. Two starting points, the same for both sides:

- "from whole keys": typed columns in memory, enterprises already numbered (that is what the archive holds, once loaded);
- "from texts": the same, but the code of the enterprise is a text in every row.

Both clocks end at a matrix of doubles, a row an enterprise, ready for a predictor; ours covers also the SHA-256 over it and
the masks that evidence is looked up with. Making the columns is in nobody's clock. CPU seconds are user + system of all
threads, the cheapest of the runs; peak is the most resident memory of that run, the columns included. The parent compares
every value of every indicator that both know. With --regrade: what a whole regrade costs beside features + Booster.predict.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bench.features_city import make_city
from bench.features_contenders import EVERYTHING, SAME, SHAPES, WURAO, Cost, best_of, contender
from bench.features_regrade import regrade
from risk.indicators.catalogue import NAMES

LEAST_TIMES_POLARS, MOST_TIMES_PREDICT, FULL_SIZE = 3.0, 2.0, 1_000_000
STARTS = {True: "from whole keys", False: "from texts"}


def main() -> int:
    """Print the tables; 1 if a figure of issue 4 is missed (on a full run)."""
    chosen = _arguments()
    if chosen.contender:
        return _child(chosen)
    print(
        f"{chosen.enterprises:,} enterprises, {chosen.events:,} versions of events, best of {chosen.runs} runs, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    if chosen.regrade:
        return 0 if regrade(chosen.enterprises, chosen.events) <= MOST_TIMES_PREDICT else _missed(chosen)
    good = [_race(chosen, whole_keys) for whole_keys in ((True,) if chosen.keys_only else (True, False))]
    return 0 if good[0] >= LEAST_TIMES_POLARS else _missed(chosen)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--enterprises", type=int, default=FULL_SIZE)
    parser.add_argument("--events", type=int, default=10 * FULL_SIZE)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--regrade", action="store_true")
    parser.add_argument("--keys-only", action="store_true")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--texts", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--save", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _missed(chosen: argparse.Namespace) -> int:
    return 1 if chosen.enterprises >= FULL_SIZE else 0


def _race(chosen: argparse.Namespace, whole_keys: bool) -> float:
    """Run everybody from one starting point; returns how many times our CPU the best shape of polars takes."""
    print(f"\n{STARTS[whole_keys]:<58}{'CPU s':>8}{'system':>8}{'wall s':>8}{'peak MB':>9}{'x ours':>8}")
    costs: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory(prefix="wurao-", dir="/var/tmp") as folder:
        files = {
            name: Path(folder) / f"{number}.npz" for number, name in enumerate([WURAO, *SHAPES, EVERYTHING])
        }
        for name, file in files.items():
            costs[name] = cost = _run(chosen, name, whole_keys, file)
            shown = f"{cost.cpu:8.2f}{cost.system:8.2f}{cost.wall:8.2f}{cost.megabytes:9,.0f}"
            label = f"polars: {name}" if name in SHAPES else name
            print(f"{label:<58}{shown}{cost.cpu / costs[WURAO].cpu:8.1f}", flush=True)
            if name in SHAPES:
                _refuse_difference(files[WURAO], file, name)
                file.unlink()
    best = min(costs[name].cpu for name in SHAPES)
    print(
        f"every value of {len(SAME)} indicators is equal; ours takes {best / costs[WURAO].cpu:.1f} times less CPU; "
        f"the whole catalogue, {len(NAMES)}, {best / costs[EVERYTHING].cpu:.1f} times less than polars for {len(SAME)}"
    )
    return best / costs[WURAO].cpu


def _run(chosen: argparse.Namespace, name: str, whole_keys: bool, file: Path) -> Cost:
    command = [sys.executable, "-m", "bench.features", "--contender", name, "--save", str(file)]
    command += [
        "--enterprises",
        str(chosen.enterprises),
        "--events",
        str(chosen.events),
        "--runs",
        str(chosen.runs),
    ]
    done = subprocess.run(
        command + ([] if whole_keys else ["--texts"]), stdout=subprocess.PIPE, text=True, check=True
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _child(chosen: argparse.Namespace) -> int:
    """One contender: its cost as JSON, its matrix in a file."""
    act = contender(chosen.contender, make_city(chosen.enterprises, chosen.events), not chosen.texts)
    result, cost = best_of(chosen.runs, act)
    np.save(chosen.save.open("wb"), getattr(result, "matrix", result))
    print(json.dumps(asdict(cost)))
    return 0


def _refuse_difference(ours: Path, theirs: Path, name: str) -> None:
    """Counts to the last unit, other numbers to 1e-9 of their size."""
    mine, other = np.load(ours, mmap_mode="r"), np.load(theirs, mmap_mode="r")
    for place, indicator in enumerate(SAME):
        if not np.allclose(mine[:, place], other[:, place], rtol=1e-9, atol=1e-12, equal_nan=True):
            raise SystemExit(f"{indicator} differs in polars ({name}): the figures would mean nothing")


if __name__ == "__main__":
    sys.exit(main())
