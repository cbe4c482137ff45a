"""How fast and how good is the roster? `python -m bench.roster` prints one county, five methods in one run.

The county: 800 enterprises x 60 inspectors x 6 departments x a quarter (62 working days), a quarter of the firms in
parks with quiet days 1 to 20, visits of half and whole days, recusals, leave, scarce certificates. Beside our solver a
greedy dispatcher, HiGHS and plain CP-SAT on the whole program, and Timefold on a plain model; all get the same arrays
and the same seconds, of wall time on the machine's cores or (`--clock cpu`) of CPU time; the peers' begin when their model
stands, ours when `solve` is called.
Plans are made staffable by the same exact matching, priced by the same function and judged by the independent checker;
the gap is to the bound that our relaxation proves. `cannot be staffed`: visits that distinct people could not staff where
the method had put them; they were given their next best half-day, or none.
"""

from __future__ import annotations

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench import roster_timefold
from bench.budget import stop_after
from bench.roster_case import Case, complete, judge, prepare, roster_of
from bench.roster_program import whole_program
from scheduling.booking import Booking
from scheduling.first_plan import by_need, fill, place_pinned
from scheduling.problem import Problem, Roster
from scheduling.solve import gap_of, solve
from tests.scheduling.towns import Size, make_town

SEED = "S"


@dataclass(frozen=True)
class Plan:
    """A method's answer: roster, visits that could not be staffed where it put them, CPU and wall seconds, its own words."""

    roster: Roster
    unstaffed: int
    cpu: float
    wall: float
    words: str = ""


def greedy(case: Case, seconds: float, clock: str) -> Plan:
    """Earliest feasible half-day, most urgent first: what a patient clerk would do."""
    began, wall = time.process_time(), time.monotonic()
    booking = Booking(case.dates)
    place_pinned(booking)
    fill(booking, by_need(booking, np.arange(case.dates.size)), case.dates.capacity)
    roster = roster_of(case, booking)
    return Plan(roster, 0, time.process_time() - began, time.monotonic() - wall)


def ours(case: Case, seconds: float, clock: str) -> Plan:
    """Our solver, from the problem on."""
    began, wall = _spent(), time.monotonic()
    roster = solve(case.problem, stop_after(seconds, clock == "cpu"), SEED)
    words = f"{int(roster.statistics['rounds'])} rounds, {roster.stopped}"
    return Plan(roster, 0, _spent() - began, time.monotonic() - wall, words)


def _spent() -> float:
    """CPU seconds of this process and its finished children."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _apart(command: Sequence[str], given: bytes = b"") -> tuple[str, float, float]:
    """Output of a process of its own, its CPU and wall seconds."""
    began, wall = _spent(), time.monotonic()
    told = subprocess.run(command, input=given, capture_output=True, check=True).stdout.decode()
    return told, _spent() - began, time.monotonic() - wall


def _program(case: Case, seconds: float, clock: str, module: str) -> Plan:
    program = pickle.dumps(whole_program(case.dates))
    told, cpu, wall = _apart([sys.executable, "-m", module, str(seconds), clock], program)
    answer = json.loads(told)
    return Plan(*complete(case, answer["slots"]), cpu, wall, answer["words"])


def highs(case: Case, seconds: float, clock: str) -> Plan:
    """HiGHS on the whole program."""
    return _program(case, seconds, clock, "bench.roster_highs")


def cpsat(case: Case, seconds: float, clock: str) -> Plan:
    """CP-SAT on the whole program, two workers."""
    return _program(case, seconds, clock, "bench.roster_cpsat")


def timefold(case: Case, seconds: float, clock: str) -> Plan:
    """Timefold's own construction and local search."""
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder) / "instance.txt"
        instance.write_text(roster_timefold.instance_of(case.dates))
        told, cpu, wall = _apart(roster_timefold.command(instance, seconds, clock))
    score, slots = told.splitlines()[:2]
    return Plan(*complete(case, [int(s) for s in slots.split()]), cpu, wall, score)


METHODS: dict[str, Callable[[Case, float, str], Plan]] = {
    "wurao": ours,
    "greedy": greedy,
    "HiGHS": highs,
    "CP-SAT": cpsat,
    "Timefold": timefold,
}
HEAD = "seconds  method     placed  cannot be staffed      value      gap  cluster-days  rules broken  CPU s  wall s"


def table(problem: Problem, seconds: Sequence[float], methods: Sequence[str], clock: str = "wall") -> None:
    """One line a method and time; ours first, because it proves the bound."""
    case = prepare(problem, SEED)
    bound = 0.0
    print(HEAD)
    for limit in seconds:
        for method in methods:
            if method == "greedy" and limit != seconds[0]:
                continue
            plan = METHODS[method](case, limit, clock)
            bound = max([bound, *(a.bound for a in plan.roster.aims if a.name == "earliness")])
            found = judge(case, plan.roster)
            print(
                f"{limit:7.0f}  {method:9}  {found.placed:3d}/{found.asked:<3d}  {plan.unstaffed:17d}  "
                f"{found.value:9,.0f}  {gap_of(found.value, bound):7.1%}  {found.cluster_days:12d}  {found.broken:12d}  "
                f"{plan.cpu:5.1f}  {plan.wall:6.1f}  {plan.words}",
                flush=True,
            )
    print(f"proved bound {bound:,.1f}")


def main() -> None:
    """Print a table a county."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=800)
    parser.add_argument("--inspectors", type=int, default=60)
    parser.add_argument("--seconds", type=float, nargs="+", default=[10.0, 60.0])
    parser.add_argument("--towns", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--limited", type=float, default=0.0, help="share of inspectors with a workload limit"
    )
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: on a busy machine")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    chosen = parser.parse_args()
    methods = [m for m in METHODS if m in chosen.methods]
    if "Timefold" in methods and (missing := roster_timefold.why_not()):
        print(f"Timefold is left out: {missing}")
        methods.remove("Timefold")
    for seed in chosen.towns:
        problem = make_town(seed, Size(chosen.objects, chosen.inspectors, limited=chosen.limited))
        print(
            f"county {seed}: {len(problem.checks)} checks, {chosen.objects} objects, {chosen.inspectors} inspectors, "
            f"{chosen.limited:.0%} of them with a workload limit"
        )
        table(problem, chosen.seconds, methods, chosen.clock)
    print(f"peak memory here {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, ", end="")
    print(f"of the largest peer {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
