"""Timefold on the whole dating problem, with a plain model in Java (RosterTimefold.java), as its makers advise.

The solver's jars come from the PyPI package `timefold`, which the bench fetches into a folder of its own the first time
it is asked; Java 17 must be on the machine. Where either is missing `why_not` says so and the peer is skipped. As a
bench of its own it has nothing to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.roster_program import own_slots
from scheduling.booking import DateProblem

MODEL = Path(__file__).with_name("RosterTimefold.java")
HOME = Path(os.environ.get("WURAO_BENCH_TIMEFOLD", Path(tempfile.gettempdir()) / "wurao-bench-timefold"))
PACKAGE = "timefold>=1.24.0b0,<2"
# The package's logger would print on standard output; its tests' jars are not needed.
LEFT_OUT = ("logback", "junit", "mockito", "assertj", "-tests")


def why_not() -> str | None:
    """Make the peer ready; a sentence if it cannot be had here."""
    if shutil.which("javac") is None:
        return "no Java compiler (JDK 17) on this machine"
    if not any(HOME.rglob("timefold-solver-core-*.jar")):
        fetch = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--pre",
            "--no-deps",
            "--target",
            str(HOME),
            PACKAGE,
        ]
        if subprocess.run(fetch, check=False, capture_output=True, text=True).returncode:
            return f"the package index does not give {PACKAGE}"
    classes = HOME / "classes"
    made = subprocess.run(
        ["javac", "-nowarn", "-d", str(classes), "-cp", _jars(), str(MODEL)],
        check=False,
        capture_output=True,
        text=True,
    )
    return f"the model does not compile: {made.stderr[:300]}" if made.returncode else None


def _jars() -> str:
    jars = sorted(HOME.rglob("timefold/solver/jars/*.jar"))
    return os.pathsep.join(str(j) for j in jars if not any(word in j.name for word in LEFT_OUT))


def command(instance: Path, seconds: float, clock: str) -> list[str]:
    """How to run it: prints the score, then the slots."""
    return [
        "java",
        "-Xmx2g",
        "-cp",
        f"{HOME / 'classes'}{os.pathsep}{_jars()}",
        "RosterTimefold",
        str(instance),
        str(seconds),
        clock,
    ]


def instance_of(dates: DateProblem) -> str:
    """The problem as numbers, in the order in which the model reads them."""
    return "\n".join(" ".join(map(str, line)) for line in _lines(dates))


def _lines(dates: DateProblem) -> Iterator[list[int]]:
    days, rows = len(dates.dates), len(dates.rows)
    yield [dates.size, days, rows, len(dates.limits), dates.spacing, dates.cluster_cap, dates.open_cost]
    yield dates.ordinals.tolist()
    yield from dates.capacity.tolist()
    for limit in dates.limits:
        yield [limit.row, limit.most, *limit.free.tolist()]
    related = dates.siblings()
    for v in range(dates.size):
        needs = [x for row in np.flatnonzero(dates.demand[v]) for x in (int(row), int(dates.demand[v, row]))]
        slots = own_slots(dates, v)
        prices = [x for s in slots for x in (s, int(dates.cost[v, s // 2] + dates.tie[v, s // 2]))]
        who = [
            int(dates.halves[v]),
            int(dates.object[v]),
            int(dates.cluster[v]),
            int(dates.clue[v]),
            int(v in related),
        ]
        yield [*who, int(dates.unplaced[v]), len(needs) // 2, *needs, len(slots), *prices]
