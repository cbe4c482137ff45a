"""Solve (排班求解): a problem in, a roster out; it knows no database and never answers "infeasible".

merge -> limits -> dates (relaxation, first plan, neighbourhoods) -> staffability -> seat groups. Who goes is left to
the team lottery. With `rounds` as the only stop the same problem and seed give the same roster on one machine; a
time limit does not, and need not: a roster is checked (check.py), never solved again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from registry.progress import Progress, silent
from scheduling.booking import UNIT, UNPLACED, Booking
from scheduling.bound import relax
from scheduling.conflict_record import Conflict, Prices
from scheduling.conflicts import Explainer
from scheduling.even_load import EvenLoad, even_bound
from scheduling.explain import find_conflicts
from scheduling.levelling import Levelling
from scheduling.merge import Merging, PlannedVisit
from scheduling.prepared import Prepared, prepare
from scheduling.problem import (
    HALVES,
    WHOLE_DAY,
    Aim,
    Problem,
    Roster,
    Unplaced,
    Visit,
    problem_hash,
)
from scheduling.relief import Relieving
from scheduling.search import Search, Stop, Watch, first_plan, gap_of
from scheduling.tickets import ticket
from scheduling.validation import validate
from scheduling.workload import Workload

TRIAL_ROUNDS = 8
PATIENCE = 20


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
        Aim("even_load", round(EvenLoad(problem).value(booking), 4), round(even_bound(booking), 4)),
    )


def _statistics(booking: Booking, problem: Problem, merging: Merging, watch: Watch) -> dict[str, float]:
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


def _conflicts(
    prepared: Prepared,
    booking: Booking,
    unplaced: tuple[Unplaced, ...],
    stop: Stop,
    seed: str,
    told: Progress,
) -> tuple[Conflict, ...]:
    """Proved always, which takes milliseconds; priced and tried only where asked for."""
    found = find_conflicts(prepared, booking.slot, unplaced)
    if stop.remedies is None or not found:
        return tuple(f.conflict for f in found)

    end = None if stop.remedy_seconds is None else time.monotonic() + stop.remedy_seconds

    def place(problem: Problem) -> Roster:
        left = None if end is None else max(0.0, end - time.monotonic())
        return solve(problem, Stop(left, rounds=TRIAL_ROUNDS, first_feasible=True, ended=stop.ended), seed)

    relief = Relieving(prepared, stop.remedies, booking.slot, seed, place, stop.remedy_seconds)
    return relief.with_remedies(found, lambda share: told("寻找办法", share))


def solve(problem: Problem, stop: Stop, seed: str, progress: Progress | None = None) -> Roster:
    """A roster for the problem (排班表), teams not yet drawn.

    `seed` is the public randomness S (any text): it breaks ties between equally good days. Raises `ProblemError`
    if the data is unusable and `EstimatedYear` if the calendar is a guess; a visit that cannot be placed is an
    `Unplaced` with a sentence. `progress` is told the stage and its share done, 0 to 1; while dates are sought,
    value, bound and gap follow the stage as its detail (registry/progress).
    """
    told = progress or silent
    validate(problem)
    told("合并", 0.0)
    prepared = prepare(problem, seed)
    kept, staffing, dates = prepared.visits, prepared.staffing, prepared.dates
    told("求下界", 0.0)
    tickets = np.array([ticket(seed, "visit", v.id) >> 1 for v in kept], dtype=np.int64)
    watch = Watch(stop)
    relaxation = relax(dates, tickets, max(10.0, watch.left() / 2))
    watch.bound = relaxation.bound
    booking = first_plan(dates, problem.rules.reserve_share, relaxation, tickets, watch)
    workload = Workload(booking, staffing, problem)
    history = Search(booking, relaxation, watch, seed).run(told)
    told("均衡负荷", 1.0)
    # Levelling finds an earlier day now and then: then the search's last point is not the answer.
    levelled = Levelling(booking, tickets, watch.last_seconds()).run()
    told("校核派员", 1.0)
    missed = [int(v) for v in np.flatnonzero(booking.slot == UNPLACED)]
    overworked = workload.settle(max(3.0, watch.left()))
    if levelled or overworked:
        history.append(watch.step(booking))
    explainer = Explainer(problem, prepared.merging, kept, staffing, booking)
    unplaced = (*prepared.refused, *overworked, *(explainer.unplaced(v) for v in missed))
    return Roster(
        problem_hash=problem_hash(problem),
        seed=seed,
        visits=tuple(_visit(booking, kept[d.visit], d.visit) for d in booking.dated()),
        unplaced=unplaced,
        settled=prepared.settled,
        desk=prepared.desk,
        groups=tuple(workload.groups()),
        aims=_aims(booking, relaxation.bound, kept),
        gap=round(gap_of(booking.earliness(), relaxation.bound), 6) if booking.dated() else None,
        history=tuple(history),
        statistics=_statistics(booking, problem, prepared.merging, watch),
        stopped=watch.reason or "nothing_to_move",
        conflicts=_conflicts(prepared, booking, unplaced, stop, seed, told),
    )


def explain(
    problem: Problem, seed: str, prices: Prices, seconds: float = 20.0, progress: Progress | None = None
) -> tuple[Conflict, ...]:
    """Why not everything can be dated, and what would help (冲突说明): () where everything can.

    Half of `seconds` at most goes into the plan, half into trying remedies. Raises as `solve` does.
    """
    stop = Stop(
        seconds / 2, patience=PATIENCE, first_feasible=True, remedies=prices, remedy_seconds=seconds / 2
    )
    return solve(problem, stop, seed, progress).conflicts
