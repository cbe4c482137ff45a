"""Solve (排班求解): a problem in, a roster out; it knows no database and never answers "infeasible".

merge -> limits -> dates (relaxation, first plan, neighbourhoods) -> staffability -> seat groups. Who goes is left to
the team lottery. With `rounds` as the only stop the same problem and seed give the same roster on one machine; a
time limit does not, and need not: a roster is checked (check.py), never solved again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from registry.progress import DETAIL, Progress, silent
from scheduling.attendance import keep_staffable
from scheduling.booking import UNIT, UNPLACED, Booking
from scheduling.bound import relax
from scheduling.conflicts import Explainer
from scheduling.dates import improve, neighbourhoods
from scheduling.exchange import polish
from scheduling.first_plan import date_problem, first_plan
from scheduling.limits import keep_annual_caps, keep_honest_quota, refuse_spent_caps
from scheduling.merge import Merging, PlannedVisit, merge, settle
from scheduling.problem import (
    HALVES,
    WHOLE_DAY,
    Aim,
    Problem,
    Roster,
    Step,
    Visit,
    problem_hash,
)
from scheduling.search_words import step_words
from scheduling.staffing import People, Staffing
from scheduling.tickets import ticket
from scheduling.validation import validate
from scheduling.workdays import working_days
from scheduling.workload import Workload

POLISH_EVERY = 8
LONGEST = 3600.0


@dataclass(frozen=True)
class Stop:
    """When to stop (停止条件): after `seconds`, at a `gap`, after so many `rounds`, or at the first full plan.

    Also after `patience` rounds in a row that changed nothing. Whichever comes first; `rounds` and `patience`
    alone are reproducible. `ended` is asked between rounds: whoever watches may end the search and keep its best.
    """

    seconds: float | None = 20.0
    gap: float | None = None
    rounds: int | None = None
    patience: int | None = None
    first_feasible: bool = False
    neighbourhood: int = 30
    ended: Callable[[], bool] | None = None

    @property
    def is_ended(self) -> bool:
        """Whether somebody outside wants it to end (人工中止)."""
        return self.ended is not None and self.ended()


class _Watch:
    def __init__(self, stop: Stop, bound: float):
        self.stop, self.bound, self.began, self.rounds = stop, bound, time.monotonic(), 0
        self.idle = 0
        self.reason = ""

    def left(self) -> float:
        if self.stop.is_ended:
            return 0.0
        if self.stop.seconds is None:
            return LONGEST
        return max(0.0, self.stop.seconds - (time.monotonic() - self.began))

    def over(self, booking: Booking) -> bool:
        stop = self.stop
        if stop.is_ended:
            self.reason = "interrupted"
        elif stop.first_feasible and (booking.slot != UNPLACED).all():
            self.reason = "first_feasible"
        elif stop.gap is not None and gap_of(booking.earliness(), self.bound) <= stop.gap:
            self.reason = "gap"
        elif stop.rounds is not None and self.rounds >= stop.rounds:
            self.reason = "rounds"
        elif stop.patience is not None and self.idle >= stop.patience:
            self.reason = "patience"
        elif stop.seconds is not None and self.left() <= 0:
            self.reason = "seconds"
        return bool(self.reason)


def gap_of(value: float, bound: float) -> float:
    """(value - bound) / bound; 0 if both are 0."""
    return max(0.0, value - bound) / max(bound, 1.0) if value > bound else 0.0


def _search(booking: Booking, watch: _Watch, seed: str, told: Progress) -> list[Step]:
    rng = random.Random(ticket(seed, "search"))
    history = [_step(booking, watch)]
    for free in neighbourhoods(booking, rng, watch.stop.neighbourhood):
        if watch.over(booking):
            break
        changed = watch.rounds % POLISH_EVERY == 0 and polish(booking, rng, lambda: watch.left() <= 0)
        if improve(booking, free, rng.randrange(2**31), max(0.5, watch.left())) or changed:
            history.append(_step(booking, watch))
            watch.idle = 0
        else:
            watch.idle += 1
        watch.rounds += 1
        spent = 1 - watch.left() / watch.stop.seconds if watch.stop.seconds else 0.0
        words = step_words(_step(booking, watch), booking.problem.size)
        told(
            f"排期{DETAIL}{words}", max(spent, watch.rounds / watch.stop.rounds if watch.stop.rounds else 0.0)
        )
    return history


def _step(booking: Booking, watch: _Watch) -> Step:
    placed = int((booking.slot != UNPLACED).sum())
    seconds = round(time.monotonic() - watch.began, 3)
    return Step(seconds, booking.earliness() / UNIT, watch.bound / UNIT, placed)


def _visit(booking: Booking, visit: PlannedVisit, v: int) -> Visit:
    day = booking.day(v)
    open_days = int(booking.problem.days[v].sum())
    before = int(booking.problem.days[v][:day].sum())
    if visit.pinned:
        why = "日期已固定,未作移动"
    else:
        why = f"期限内扣除安静日和间隔后可排 {open_days} 天,排在其中第 {before + 1} 天"
    return Visit(
        id=visit.id,
        object_id=visit.object_id,
        day=booking.problem.dates[day],
        half=WHOLE_DAY if visit.halves == 2 else HALVES[int(booking.slot[v]) % 2],
        checks=tuple(c.id for c in visit.checks),
        departments=visit.departments,
        lead=visit.lead,
        minutes=visit.minutes,
        reasons=(*visit.notes, why),
    )


def _aims(booking: Booking, bound: float, visits: Sequence[PlannedVisit]) -> tuple[Aim, ...]:
    """Aims in their order. Placing, doors and cluster-days carry counting bounds, earliness the relaxation's."""
    problem = booking.problem
    placed = booking.slot != UNPLACED
    per_cluster = np.bincount(problem.cluster[placed]) if placed.any() else np.zeros(0, dtype=np.int64)
    least = np.ceil(per_cluster / problem.cluster_cap).sum()
    return (
        Aim("unplaced", float((~placed).sum()), float((~problem.days.any(axis=1)).sum())),
        Aim("doors", float(len(visits)), float(len({v.object_id for v in visits}))),
        Aim("earliness", booking.earliness() / UNIT, bound / UNIT),
        Aim("cluster_days", float((booking.clusters > 0).sum()), float(least)),
    )


def _statistics(booking: Booking, problem: Problem, merging: Merging, watch: _Watch) -> dict[str, float]:
    placed = booking.slot != UNPLACED
    used = booking.load.sum(axis=1) if booking.load.size else np.zeros(1)
    full = booking.problem.capacity.sum(axis=1) if booking.load.size else np.ones(1)
    return {
        "checks": float(len(problem.checks)),
        "visits": float(len(merging.visits)),
        "placed": float(placed.sum()),
        "departments_at_doors": float(sum(len(v.departments) for v in merging.visits)),
        "busiest_share": round(float((used / np.maximum(full, 1)).max(initial=0.0)), 4),
        "working_days": float(len(booking.problem.dates)),
        "rounds": float(watch.rounds),
    }


def solve(problem: Problem, stop: Stop, seed: str, progress: Progress | None = None) -> Roster:
    """A roster for the problem (排班表), teams not yet drawn.

    `seed` is the public randomness S (any text): it breaks ties between equally good days. Raises `ProblemError`
    if the data is unusable and `EstimatedYear` if the calendar is a guess; a visit that cannot be placed is an
    `Unplaced` with a sentence. `progress` is told the stage and its share done, 0 to 1; while dates are sought,
    value, bound and gap follow the stage as its detail (registry/progress).
    """
    told = progress or silent
    validate(problem)
    days = working_days(problem.first_day, problem.last_day, problem.calendar)
    told("合并", 0.0)
    checks, settled = settle(problem)
    checks, spent = refuse_spent_caps(checks, problem, days)
    merging = merge(problem, checks, days)
    kept, absent = keep_staffable(merging.visits, problem, merging, People(problem, days))
    kept, refused = keep_honest_quota(kept, problem, seed)
    kept, capped = keep_annual_caps(kept, problem, days)
    staffing = Staffing(kept, problem, days)
    dates = date_problem(kept, problem, days, staffing, seed)
    told("求下界", 0.0)
    tickets = np.array([ticket(seed, "visit", v.id) >> 1 for v in kept], dtype=np.int64)
    watch = _Watch(stop, 0.0)
    relaxation = relax(dates, tickets, max(2.0, watch.left() / 2))
    watch.bound = relaxation.bound
    booking = first_plan(dates, problem.rules.reserve_share, relaxation, tickets)
    workload = Workload(booking, staffing, problem)
    history = _search(booking, watch, seed, told)
    told("校核派员", 1.0)
    missed = [int(v) for v in np.flatnonzero(booking.slot == UNPLACED)]
    overworked = workload.settle(max(3.0, watch.left()))
    explainer = Explainer(problem, merging, kept, staffing, booking)
    return Roster(
        problem_hash=problem_hash(problem),
        seed=seed,
        visits=tuple(_visit(booking, kept[d.visit], d.visit) for d in booking.dated()),
        unplaced=(*spent, *absent, *refused, *capped, *overworked, *(explainer.unplaced(v) for v in missed)),
        settled=tuple(settled),
        groups=tuple(workload.groups()),
        aims=_aims(booking, relaxation.bound, merging.visits),
        gap=round(gap_of(booking.earliness(), relaxation.bound), 6),
        history=tuple(history),
        statistics=_statistics(booking, problem, merging, watch),
        stopped=watch.reason or "nothing_to_move",
    )
