"""How fast and how good is the roster? `python -m bench.roster` prints one county, beside a greedy dispatcher.

The county: 800 enterprises x 60 inspectors x 6 departments x a quarter (62 working days), a quarter of the firms
in parks with quiet days 1 to 20, visits of half and whole days, recusals, leave, scarce certificates. Every roster
is judged by the independent checker before its figures are printed.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import replace

import numpy as np

from scheduling.booking import UNIT, UNPLACED, Booking
from scheduling.check import check_roster
from scheduling.first_plan import by_need, date_problem, fill, place_pinned
from scheduling.merge import merge, settle
from scheduling.problem import Problem
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from scheduling.staffing import Staffing
from scheduling.workdays import working_days
from tests.scheduling.towns import Size, make_town


def greedy(problem: Problem, seed: str) -> str:
    """Earliest feasible half-day, most urgent first: what a patient clerk would do."""
    began = time.process_time()
    days = working_days(problem.first_day, problem.last_day, problem.calendar)
    checks, _ = settle(problem)
    visits = merge(problem, checks, days).visits
    dates = date_problem(visits, problem, days, Staffing(visits, problem, days), seed)
    booking = Booking(dates)
    place_pinned(booking)
    fill(booking, by_need(booking, np.arange(len(visits))), dates.capacity)
    placed = int((booking.slot != UNPLACED).sum())
    spent = time.process_time() - began
    return f"greedy      {placed:5d} of {len(visits)} placed   value {booking.earliness() / UNIT:9.0f}   {spent:5.1f} CPU s"


def ours(problem: Problem, seconds: float, seed: str) -> str:
    """Our solver, its bound, and the checker's verdict with feasible teams seated."""
    began, wall = time.process_time(), time.monotonic()
    roster = solve(problem, Stop(seconds=seconds), seed)
    spent, wall = time.process_time() - began, time.monotonic() - wall
    seating = seat_everybody(roster.groups, problem.inspectors)
    broken = check_roster(problem, replace(roster, seats=seating.seats))
    for fault in broken[:5]:
        print(f"  broken: {fault.rule} {fault.visit_id} {fault.sentence}")
    aims = {a.name: a for a in roster.aims}
    early, travel = aims["earliness"], aims["cluster_days"]
    return (
        f"wurao       {len(roster.visits):5d} of {int(roster.statistics['visits'])} placed   "
        f"value {early.value:9.0f}   bound {early.bound:9.0f}   gap {roster.gap:.1%}   "
        f"cluster-days {travel.value:.0f}   rules broken {len(broken)}   "
        f"{spent:5.1f} CPU s ({wall:.1f} s wall, {int(roster.statistics['rounds'])} rounds)"
    )


def main() -> None:
    """Print one line a method and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=800)
    parser.add_argument("--inspectors", type=int, default=60)
    parser.add_argument("--seconds", type=float, nargs="+", default=[5.0, 20.0])
    parser.add_argument("--towns", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--limited", type=float, default=0.0, help="share of inspectors with a workload limit"
    )
    chosen = parser.parse_args()
    for seed in chosen.towns:
        problem = make_town(seed, Size(chosen.objects, chosen.inspectors, limited=chosen.limited))
        print(
            f"county {seed}: {len(problem.checks)} checks, {chosen.objects} objects, {chosen.inspectors} inspectors"
        )
        print("  " + greedy(problem, "S"))
        for seconds in chosen.seconds:
            print("  " + ours(problem, seconds, "S"), flush=True)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
