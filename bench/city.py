"""A whole city's roster: `python -m bench.city` prints wall, CPU, gap, unplaced, memory and rules broken.

8,000 enterprises x 600 inspectors (every nineteenth the city's own) x 10 districts x a quarter (62 working days), one
honest quota for the city. `--seconds` is the search time of all districts on all workers; wall counts everything
from the problem in memory to the joined roster, the processes' start included. On a busy machine `--rounds` and the
CPU seconds say more. The checker judges the whole city's
roster against the whole city's problem, with feasible teams seated.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from dataclasses import replace

from bench.budget import stop_after
from bench.regions import describe, make_city
from scheduling.check import check_roster
from scheduling.parallel import solve_districts
from scheduling.problem import Problem, Roster
from scheduling.seating import seat_everybody
from scheduling.solve import Stop
from tests.scheduling.towns import Size


def judged(problem: Problem, roster: Roster) -> int:
    """Rules broken by the roster with feasible teams seated, the first few of them printed."""
    seating = seat_everybody(roster.groups, problem.inspectors)
    broken = check_roster(problem, replace(roster, seats=seating.seats))
    for fault in broken[:5]:
        print(f"  broken: {fault.rule} {fault.visit_id} {fault.sentence}")
    return len(broken)


def cpu(who: int) -> float:
    """CPU seconds of this process or of its finished children."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def megabytes(who: int) -> int:
    """Peak resident memory of this process, or of the largest finished child."""
    return resource.getrusage(who).ru_maxrss // 1024


def stop_of(chosen: argparse.Namespace, each: float) -> Stop:
    """The stop that was asked for; `each` are the seconds of one problem, by which a process counts its CPU time."""
    if chosen.rounds:
        return Stop(seconds=None, rounds=chosen.rounds)
    return stop_after(each, cpu=True) if chosen.clock == "cpu" else Stop(seconds=chosen.seconds)


def main() -> None:
    """Print the city's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--districts", type=int, default=10)
    parser.add_argument("--objects", type=int, default=800, help="in a district")
    parser.add_argument("--inspectors", type=int, default=60, help="in a district")
    parser.add_argument("--seconds", type=float, default=50.0)
    parser.add_argument("--rounds", type=int, help="stop each district after so many rounds instead")
    parser.set_defaults(clock="wall")  # a city is divided by seconds; its parts are not ended from outside
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cities", type=int, nargs="+", default=[1])
    chosen = parser.parse_args()
    stop = stop_of(chosen, chosen.seconds * chosen.workers / chosen.districts)
    for seed in chosen.cities:
        problem = make_city(seed, chosen.districts, Size(chosen.objects, chosen.inspectors, limited=0.0))
        print(f"city {seed}: {describe(problem)}")
        children = cpu(resource.RUSAGE_CHILDREN)
        own, wall = cpu(resource.RUSAGE_SELF), time.monotonic()
        roster = solve_districts(problem, stop, "S", chosen.workers)
        wall, own = time.monotonic() - wall, cpu(resource.RUSAGE_SELF) - own
        children = cpu(resource.RUSAGE_CHILDREN) - children
        early = next(a for a in roster.aims if a.name == "earliness")
        why = Counter(u.rules[0] for u in roster.unplaced)
        print(
            f"  {len(roster.visits):,} visits placed, not placed by first rule {dict(why.most_common())}\n"
            f"  value {early.value:,.0f}   bound {early.bound:,.0f}   gap {roster.gap:.1%}\n"
            f"  {wall:.1f} s wall, {chosen.workers} workers: {children:.1f} CPU s, this process {own:.1f}; "
            f"largest worker {megabytes(resource.RUSAGE_CHILDREN)} MB, "
            f"this process {megabytes(resource.RUSAGE_SELF)} MB\n"
            f"  rules broken {judged(problem, roster)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
