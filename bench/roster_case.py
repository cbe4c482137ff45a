"""One roster problem for several methods: the same arrays for all, and the same judge of their plans.

`prepare` does what `solve` does before it dates anything (results recognised, caps, merging, quota); `complete` makes
a plan of anybody's slots staffable by the same exact matching; `judge` prices any roster by the same function and asks
the independent checker. As a bench of its own it has nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scheduling.attendance import keep_staffable
from scheduling.booking import UNIT, UNPLACED, Booking, DateProblem
from scheduling.check import check_roster
from scheduling.first_plan import date_problem, fill
from scheduling.limits import keep_annual_caps, keep_honest_quota, refuse_spent_caps
from scheduling.merge import PlannedVisit, merge, settle
from scheduling.problem import HALVES, WHOLE_DAY, Problem, Roster, Settled, Unplaced, Visit, problem_hash
from scheduling.seating import seat_everybody
from scheduling.staffing import People, Staffing
from scheduling.workdays import working_days
from scheduling.workload import Workload

SETTLING = 10.0
"""Seconds to move or drop visits until everybody's total holds."""


@dataclass(frozen=True, eq=False)
class Case:
    """The visits to date as arrays, and all that was decided before."""

    problem: Problem
    seed: str
    visits: tuple[PlannedVisit, ...]
    staffing: Staffing
    dates: DateProblem
    settled: tuple[Settled, ...]
    refused: tuple[Unplaced, ...]


@dataclass(frozen=True)
class Judged:
    """What a plan is worth: visits placed of `asked`, earliness in weeks, cluster-days, rules broken."""

    placed: int
    asked: int
    value: float
    cluster_days: int
    broken: int


def prepare(problem: Problem, seed: str) -> Case:
    """The case of a problem, as `solve` sees it."""
    days = working_days(problem.first_day, problem.last_day, problem.calendar)
    checks, settled = settle(problem)
    checks, spent = refuse_spent_caps(checks, problem, days)
    merging = merge(problem, checks, days)
    kept, absent = keep_staffable(merging.visits, problem, merging, People(problem, days))
    kept, over = keep_honest_quota(kept, problem, seed)
    kept, capped = keep_annual_caps(kept, problem, days)
    staffing = Staffing(kept, problem, days)
    dates = date_problem(kept, problem, days, staffing, seed)
    return Case(
        problem, seed, tuple(kept), staffing, dates, tuple(settled), (*spent, *absent, *over, *capped)
    )


def complete(case: Case, slots: Sequence[int]) -> tuple[Roster, int]:
    """A roster of these slots (UNPLACED where none), and how many of them distinct people could not staff.

    Those are given their next best half-day that can be staffed, if there is one, the dearest to miss first.
    """
    booking, dates = Booking(case.dates), case.dates
    order = np.lexsort((slots, -dates.unplaced, dates.pin == UNPLACED))
    left = []
    for v in map(int, order):
        slot = int(slots[v])
        if slot == UNPLACED:
            continue
        its_own = dates.pin[v] in (UNPLACED, slot)
        if its_own and booking.allowed(v, dates.capacity)[slot] and booking.staffed(v, slot):
            booking.place(v, slot)
        else:
            left.append(v)
    fill(booking, left, dates.capacity)
    return roster_of(case, booking), len(left)


def roster_of(case: Case, booking: Booking) -> Roster:
    """The roster of a booking, after everybody's total workload has been made to hold."""
    workload = Workload(booking, case.staffing, case.problem)
    workload.settle(SETTLING)
    missed = [case.visits[v] for v in np.flatnonzero(booking.slot == UNPLACED)]
    unplaced = (
        Unplaced(tuple(c.id for c in v.checks), v.object_id, ("not_found",), "没有找到日期", "")
        for v in missed
    )
    return Roster(
        problem_hash=problem_hash(case.problem),
        seed=case.seed,
        visits=tuple(_visit(case, booking, one.visit) for one in booking.dated()),
        unplaced=(*case.refused, *unplaced),
        settled=case.settled,
        groups=tuple(workload.groups()),
    )


def _visit(case: Case, booking: Booking, v: int) -> Visit:
    visit = case.visits[v]
    return Visit(
        id=visit.id,
        object_id=visit.object_id,
        day=case.dates.dates[booking.day(v)],
        half=WHOLE_DAY if visit.halves == 2 else HALVES[int(booking.slot[v]) % 2],
        checks=tuple(c.id for c in visit.checks),
        departments=visit.departments,
        lead=visit.lead,
        minutes=visit.minutes,
    )


def judge(case: Case, roster: Roster) -> Judged:
    """Price and check a roster, whoever made it."""
    booking = Booking(case.dates)
    at, day = {v.id: n for n, v in enumerate(case.visits)}, {d: n for n, d in enumerate(case.dates.dates)}
    for visit in roster.visits:
        booking.place(at[visit.id], 2 * day[visit.day] + (visit.half == HALVES[1]))
    seating = seat_everybody(roster.groups, case.problem.inspectors)
    broken = check_roster(case.problem, replace(roster, seats=seating.seats))
    for fault in broken[:5]:
        print(f"  broken: {fault.rule} {fault.visit_id} {fault.sentence}")
    return Judged(
        placed=len(roster.visits),
        asked=len(case.visits),
        value=booking.earliness() / UNIT,
        cluster_days=int((booking.clusters > 0).sum()),
        broken=len(broken),
    )
