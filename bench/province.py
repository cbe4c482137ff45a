"""A province's rosters: `python -m bench.province [--dask]` prints time a visit, memory, gap and rules broken.

100,000 visits x 6,000 inspectors in 125 bureaus, generated, solved and judged one after another by a few processes.
A line after a tenth, a third and all of the bureaus shows whether time and memory grow with their number: the first
tenth of the run is the run of a province of that size. Wall and CPU count everything: generating, solving, judging.

`--dask` solves the bureaus by Dask (extra `scale`) and by the process pool, both with a stop that counts rounds, and
compares the plans bureau by bureau.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.city import judged, stop_of
from bench.regions import bureaus, make_bureau
from scheduling.parallel import Task, solve_all
from scheduling.problem import Roster, roster_to_json
from scheduling.solve import Stop
from tests.scheduling.towns import Size

TICKS = os.sysconf("SC_CLK_TCK")
MARKS = (0.1, 1 / 3, 1.0)


class Tally:
    """What all bureaus so far add up to."""

    def __init__(self) -> None:
        self.began, self.own = time.monotonic(), time.process_time()
        self.bureaus = self.visits = self.broken = 0
        self.value = self.bound = 0.0
        self.why: Counter[str] = Counter()

    def add(self, roster: Roster, broken: int) -> None:
        """Count one bureau's roster in."""
        early = next(a for a in roster.aims if a.name == "earliness")
        self.bureaus += 1
        self.visits += int(roster.statistics["visits"])
        self.value += early.value
        self.bound += early.bound
        self.broken += broken
        self.why.update(u.rules[0] for u in roster.unplaced)

    def line(self) -> str:
        """Time a visit, memory of the largest worker, gap, what is not placed, rules broken."""
        wall, own = time.monotonic() - self.began, time.process_time() - self.own
        spent, most = children()
        gap = (self.value - self.bound) / max(1.0, self.bound)
        return (
            f"  {self.bureaus:4d} bureaus {self.visits:7,} visits   {wall:6.1f} s wall ({1000 * wall / self.visits:.2f} ms "
            f"a visit), {spent:6.1f} CPU s in the workers ({1000 * spent / self.visits:.2f} ms a visit), {own:.1f} here   "
            f"largest worker {most} MB   value {self.value:,.0f} bound {self.bound:,.0f} gap {gap:.1%}   "
            f"rules broken {self.broken}   not placed {dict(self.why.most_common())}"
        )


def children() -> tuple[float, int]:
    """CPU seconds of the processes at work, and the peak memory (MB) of the largest."""
    spent, most = 0.0, 0
    for child in multiprocessing.active_children():
        times = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(times[11]) + int(times[12])) / TICKS
        status = Path(f"/proc/{child.pid}/status").read_text()
        most = max(most, int(status.partition("VmHWM:")[2].split()[0]) // 1024)
    return spent, most


def tasks(seed: int, count: int, size: Size, stop: Stop) -> Iterator[Task]:
    """The province's problems, made as they are asked for."""
    return ((problem, stop, "S") for problem in bureaus(seed, count, size))


def run(seed: int, count: int, size: Size, stop: Stop, workers: int, client: Any = None) -> dict[int, str]:
    """Solve and judge all bureaus, print the lines, and return a digest of each bureau's visits and seat groups."""
    tally = Tally()
    marks = {max(1, round(count * share)) for share in MARKS}
    plans: dict[int, str] = {}
    for number, roster in solve_all(tasks(seed, count, size, stop), workers, client):
        tally.add(roster, judged(make_bureau(seed, number, size), roster))
        plain = Roster("", "", visits=roster.visits, groups=roster.groups)
        plans[number] = hashlib.sha256(roster_to_json(plain).encode()).hexdigest()
        if tally.bureaus in marks:
            print(tally.line(), flush=True)
    return plans


def through_dask(seed: int, count: int, size: Size, rounds: int, workers: int) -> None:
    """The same bureaus by Dask and by the pool, and how many plans are the same."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        print("Dask is not installed: pip install 'wurao[scale]'")
        return
    stop = Stop(seconds=None, rounds=rounds)
    print(f"by Dask, {workers} workers, {rounds} rounds a bureau")
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
    with cluster, Client(cluster) as client:
        there = run(seed, count, size, stop, workers, client)
    print(f"by {workers} processes, {rounds} rounds a bureau")
    here = run(seed, count, size, stop, workers)
    print(f"the same plan in {sum(here[n] == there[n] for n in here)} of {len(here)} bureaus")


def main() -> None:
    """Print the province's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bureaus", type=int, default=125)
    parser.add_argument("--objects", type=int, default=790, help="in a bureau; some have two visits")
    parser.add_argument("--inspectors", type=int, default=48, help="in a bureau")
    parser.add_argument("--seconds", type=float, default=6.0, help="of search, a bureau")
    parser.add_argument("--rounds", type=int, help="stop after so many rounds instead, which is reproducible")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: on a busy machine")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dask", action="store_true")
    chosen = parser.parse_args()
    size = Size(chosen.objects, chosen.inspectors, limited=0.0)
    print(
        f"province {chosen.seed}: {chosen.bureaus} bureaus of {chosen.objects} enterprises and {chosen.inspectors} "
        f"inspectors, {chosen.bureaus * chosen.objects:,} x {chosen.bureaus * chosen.inspectors:,}"
    )
    if chosen.dask:
        through_dask(chosen.seed, chosen.bureaus, size, chosen.rounds or 4, chosen.workers)
        return
    run(chosen.seed, chosen.bureaus, size, stop_of(chosen, chosen.seconds), chosen.workers)


if __name__ == "__main__":
    main()
