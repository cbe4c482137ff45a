"""The first plan (初始排期): the arrays the search works on, pinned visits, and one visit after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np

from scheduling.booking import LOTS, UNPLACED, Booking, DateProblem, price
from scheduling.capacity import Ints, everybody, hall_rows, workload_limits
from scheduling.merge import PlannedVisit
from scheduling.problem import HALVES, Problem
from scheduling.staffing import Staffing
from scheduling.tickets import ticket


def place_pinned(booking: Booking) -> None:
    """Pinned visits first (已固定的检查), at their slot or nowhere."""
    problem = booking.problem
    for v in np.flatnonzero(problem.pin != UNPLACED):
        slot = int(problem.pin[v])
        if booking.allowed(int(v), problem.capacity)[slot] and booking.staffed(int(v), slot):
            booking.place(int(v), slot)


def fill(booking: Booking, visits: Iterable[int], capacity: Ints) -> None:
    """Place visits one by one at their cheapest slot that fits and can be staffed."""
    problem = booking.problem
    for v in visits:
        if booking.slot[v] != UNPLACED or problem.pin[v] != UNPLACED:
            continue
        slots = np.flatnonzero(booking.allowed(v, capacity))
        days = slots // 2
        opened = np.where(booking.clusters[problem.cluster[v], days] == 0, problem.open_cost, 0)
        cost, lot = problem.cost[v, days] + opened, problem.lot[v, days]
        fullness = booking.load[:, slots].sum(axis=0)
        _place_first(booking, v, [int(slots[i]) for i in np.lexsort((fullness, lot, cost))])


def _place_first(booking: Booking, v: int, slots: Iterable[int]) -> None:
    for slot in slots:
        if booking.staffed(v, slot):
            booking.place(v, slot)
            return


def by_need(booking: Booking, tickets: Ints) -> list[int]:
    """Order for `fill`: most urgent first, then those with the fewest days, then by ticket."""
    problem = booking.problem
    order = np.lexsort((tickets, problem.days.sum(axis=1), -problem.unplaced))
    return [int(v) for v in order]


def date_problem(
    visits: Sequence[PlannedVisit], problem: Problem, days: Sequence[date], staffing: Staffing, seed: str
) -> DateProblem:
    """The anonymous arrays the search works on."""
    rows = hall_rows(staffing.seats, staffing.people)
    demand = np.array(
        [[sum(n for k, n in seats.items() if k in row.kinds) for row in rows] for seats in staffing.seats],
        dtype=np.int64,
    ).reshape(len(visits), len(rows))
    urgency = np.array([v.urgency for v in visits], dtype=np.int64)
    pressing = np.array([v.pressing for v in visits], dtype=bool)
    cost, missed, open_cost = price(problem.rules.weights, urgency, pressing, days)
    place = {o.object_id: (n, o.cluster) for n, o in enumerate(problem.objects)}
    clusters = {c: n for n, c in enumerate(sorted({o.cluster for o in problem.objects}))}
    index = {d: n for n, d in enumerate(days)}
    people = sum((row.slots for row in everybody(rows)), np.zeros(2 * len(days), dtype=np.int64))
    return DateProblem(
        ids=tuple(v.id for v in visits),
        dates=tuple(days),
        days=np.array([_own_days(v, index) for v in visits], dtype=bool).reshape(len(visits), len(days)),
        halves=np.array([v.halves for v in visits], dtype=np.int64),
        demand=demand,
        rows=tuple(rows),
        capacity=np.array([r.slots for r in rows], dtype=np.int64).reshape(len(rows), 2 * len(days)),
        whole=np.array([r.whole for r in rows], dtype=np.int64).reshape(len(rows), len(days)),
        totals=np.array([r.total for r in rows], dtype=np.int64),
        limits=tuple(workload_limits(rows, staffing.people)),
        cluster=np.array([clusters[place[v.object_id][1]] for v in visits], dtype=np.int64),
        object=np.array([place[v.object_id][0] for v in visits], dtype=np.int64),
        cost=cost,
        lot=_lots(seed, visits, [place[v.object_id][1] for v in visits], people),
        unplaced=missed,
        open_cost=open_cost,
        pin=np.array([_pin(v, index) for v in visits], dtype=np.int64),
        clue=np.array([v.clue for v in visits], dtype=bool),
        ordinals=np.array([d.toordinal() for d in days], dtype=np.int64),
        spacing=problem.rules.spacing_days,
        cluster_cap=problem.rules.cluster_day_cap or len(visits) + 1,
        short=staffing.short,
    )


def _lots(seed: str, visits: Sequence[PlannedVisit], clusters: Sequence[str], people: Ints) -> Ints:
    """Lots [V, D] of equally good days (日期签号): a cluster's come in one order, so that its visits meet on few days.

    A race of exponential waiting times: each day is the first with a probability in proportion to the people [2D] who
    are there, so no part of the window is preferred. A visit's own ticket settles who of a cluster is where.
    """
    there = np.maximum(people[0::2] + people[1::2], 0)
    order: dict[str, Ints] = {}
    for cluster in sorted(set(clusters)):
        waits = np.random.default_rng(ticket(seed, "days", cluster)).exponential(size=len(there))
        order[cluster] = np.argsort(np.argsort(np.where(there > 0, waits / np.maximum(there, 1), np.inf)))
    own = max(1, LOTS // max(1, len(there)))
    lots = np.zeros((len(visits), len(there)), dtype=np.int64)
    for v, (visit, cluster) in enumerate(zip(visits, clusters, strict=True)):
        noise = np.random.default_rng(ticket(seed, "day", visit.id)).integers(0, own, size=len(there))
        lots[v] = order[cluster] * LOTS // len(there) + noise
    return lots


def _own_days(visit: PlannedVisit, index: dict[date, int]) -> np.ndarray:
    days = visit.days.copy()
    if visit.pinned is not None:
        only = np.zeros_like(days)
        if visit.pinned[0] in index and visit.pinned[1] in visit.halves_allowed:
            only[index[visit.pinned[0]]] = True
        days &= only
    return days


def _pin(visit: PlannedVisit, index: dict[date, int]) -> int:
    if visit.pinned is None or visit.pinned[0] not in index:
        return UNPLACED
    half = visit.pinned[1]
    return 2 * index[visit.pinned[0]] + (HALVES.index(half) if half in HALVES else 0)
