"""How soon is there a plan at all? python -m bench.feasible (C-16)

Towns of 500 enterprises x 60 inspectors and 2,000 x 200, over 22 working days: CPU and wall seconds from the problem to a
plan in which everything is placed that no proof keeps out, judged by the independent checker. Beside it one CP-SAT
model of the whole town (days only, the same rationed things, all visits to be placed, one worker, first solution).
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from ortools.sat.python import cp_model

from scheduling.check import check_roster
from scheduling.check_conflict import check_conflicts
from scheduling.holdings import holdings
from scheduling.prepared import prepare
from scheduling.problem import Calendar, Problem
from scheduling.solve import Stop, solve
from scheduling.staffing import seat_everybody
from scheduling.workdays import working_days
from tests.scheduling.short_towns import easy_town
from tests.scheduling.towns import FIRST

SIZES = ((500, 60), (2000, 200))
WORKING_DAYS = 22


def town(seed: int, objects: int, inspectors: int) -> Problem:
    """A town with quiet days whose period has 22 working days, and in which nothing forbids a full plan."""
    last = FIRST
    while len(working_days(FIRST, last, Calendar())) < WORKING_DAYS:
        last += timedelta(days=1)
    return easy_town(seed, objects, inspectors, (last - FIRST).days + 1)


def ours(problem: Problem, seconds: float) -> str:
    """Our first full plan, or the plan and its conflicts where not all can be placed."""
    began, wall = time.process_time(), time.monotonic()
    roster = solve(problem, Stop(seconds=seconds, patience=5, first_feasible=True), "S")
    spent, wall = time.process_time() - began, time.monotonic() - wall
    seated = replace(roster, seats=seat_everybody(roster.groups, problem.inspectors).seats)
    broken = check_roster(problem, seated) + check_conflicts(problem, roster)
    visits = len(roster.visits)
    proved = sum(len(c.left_out) for c in roster.conflicts if c.proved)
    return (
        f"wurao   {visits:5d} visits dated, {len(roster.unplaced)} refused or unplaced ({proved} checks proved), "
        f"rules broken {len(broken)}, {spent:.1f} CPU s, {wall:.1f} s wall"
    )


def peer(problem: Problem, seconds: float) -> str:
    """CP-SAT on all visits at once."""
    began, wall = time.process_time(), time.monotonic()
    dates = prepare(problem, "S").dates
    model = cp_model.CpModel()
    able = [v for v in range(dates.size) if dates.days[v].any()]
    x = {(v, int(d)): model.new_bool_var("") for v in able for d in np.flatnonzero(dates.days[v])}
    for v in able:
        model.add_exactly_one([x[v, int(d)] for d in np.flatnonzero(dates.days[v])])
    for holding in holdings(dates):
        for days, most in zip(holding.days, holding.holds, strict=True):
            terms = [
                (x[v, int(d)], int(holding.units[v]))
                for v in np.flatnonzero(holding.units)
                for d in np.flatnonzero(days & dates.days[v])
            ]
            if sum(n for _, n in terms) > most:
                model.add(sum(n * var for var, n in terms) <= int(most))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.status_name(solver.solve(model))
    spent, wall = time.process_time() - began, time.monotonic() - wall
    return f"CP-SAT  {len(able)} visits at once: {status}, {spent:.1f} CPU s, {wall:.1f} s wall"


def main() -> None:
    """Print one line a size and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--towns", type=int, nargs="+", default=[1])
    chosen = parser.parse_args()
    for objects, inspectors in SIZES:
        for seed in chosen.towns:
            problem = town(seed, objects, inspectors)
            span: tuple[date, date] = (problem.first_day, problem.last_day)
            print(
                f"{objects} enterprises x {inspectors} inspectors x {WORKING_DAYS} days, town {seed}, {span[0]} to {span[1]}"
            )
            print("  " + ours(problem, chosen.seconds), flush=True)
            print("  " + peer(problem, chosen.seconds), flush=True)


if __name__ == "__main__":
    main()
