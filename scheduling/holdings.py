"""What days hold (可用名额) and the plan's linear relaxation over it: the ground of proofs and of priced relief.

Visits that take the same of everything on the same days are one kind; the relaxation says how many of each kind
stand on which day. Nothing is preferred here: dates have no price, only missing visits do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver.python import model_builder_helper as builder
from scipy.sparse import coo_matrix, csr_matrix, hstack, identity, vstack

from scheduling.booking import UNPLACED, Bools, DateProblem
from scheduling.capacity import Ints

Floats = NDArray[np.float64]
SLACK = 1e-6
SECONDS = 30.0
NODES = 200
"""Branches after which the best found so far is taken: nearly equal ways out need no proof of which is cheapest."""
PEOPLE, WORKLOAD, LIMITED, CLUSTER, OBJECT = "people", "workload", "limited", "cluster", "object"


@dataclass(frozen=True, eq=False)
class Holding:
    """One thing that stretches of days hold only so much of (名额).

    A visit takes `units` [V] of it on its day; stretch n is `days[n]` [D] and holds `holds[n]`. `index` is the
    Hall row, cluster or object; `half` is 0 or 1 where only pinned visits of that half-day are counted, else None;
    `total`: only people who may make no more visits than this are meant.
    """

    kind: str
    index: int
    units: Ints
    days: Bools
    holds: Ints
    half: int | None = None
    total: int | None = None


def holdings(problem: DateProblem) -> list[Holding]:
    """Everything the rules ration: people by day, workload by period, doors by cluster and day, one visit an object."""
    makers = (_people, _pinned, _workloads, _limited, _clusters, _objects)
    return [holding for make in makers for holding in make(problem)]


def _people(problem: DateProblem) -> list[Holding]:
    every_day = np.eye(len(problem.dates), dtype=bool)
    supply = problem.capacity[:, 0::2] + problem.capacity[:, 1::2]
    return [
        Holding(PEOPLE, r, problem.demand[:, r] * problem.halves, every_day, supply[r])
        for r in range(len(problem.rows))
    ]


def _pinned(problem: DateProblem) -> list[Holding]:
    """Half-days that pinned visits alone overfill: a day's other half is no help to them."""
    found = []
    for slot in sorted({int(s) for s in problem.pin[problem.pin != UNPLACED]}):
        whole = (problem.halves == 2) & (problem.pin == slot - slot % 2)
        here = (problem.pin == slot) | whole
        for r in np.flatnonzero(problem.demand[here].sum(axis=0) > problem.capacity[:, slot]):
            day = np.arange(len(problem.dates))[None, :] == slot // 2
            units = np.where(here, problem.demand[:, r], 0)
            found.append(Holding(PEOPLE, int(r), units, day, problem.capacity[r, slot : slot + 1], slot % 2))
    return found


def _workloads(problem: DateProblem) -> list[Holding]:
    period = np.ones((1, len(problem.dates)), dtype=bool)
    scarce = np.flatnonzero(problem.totals < problem.capacity.sum(axis=1))
    return [
        Holding(WORKLOAD, int(r), problem.demand[:, r], period, problem.totals[r : r + 1]) for r in scarce
    ]


def _limited(problem: DateProblem) -> list[Holding]:
    """A team larger than all unlimited people together must take some whose workload is limited."""
    period = np.ones((1, len(problem.dates)), dtype=bool)
    found = []
    for limit in problem.limits:
        others = int(limit.free.max(initial=0))
        units = np.maximum(0, problem.demand[:, limit.row] - others)
        if units.any():
            holds = np.array([limit.most], dtype=np.int64)
            found.append(Holding(LIMITED, limit.row, units, period, holds, total=limit.total))
    return found


def _clusters(problem: DateProblem) -> list[Holding]:
    every_day = np.eye(len(problem.dates), dtype=bool)
    most = np.full(len(problem.dates), problem.cluster_cap, dtype=np.int64)
    crowded = np.flatnonzero(np.bincount(problem.cluster) > problem.cluster_cap)
    return [
        Holding(CLUSTER, int(c), (problem.cluster == c).astype(np.int64), every_day, most) for c in crowded
    ]


def _objects(problem: DateProblem) -> list[Holding]:
    """One visit a day; and of those that are no clue, one in any stretch as long as the spacing."""
    found = []
    for family in sorted({tuple(sorted((v, *others))) for v, others in problem.siblings().items()}):
        planned = [v for v in family if not problem.clue[v]]
        spans = [(planned, problem.spacing)] if len(planned) > 1 else []
        spans += [(list(family), 1)] if len(planned) < len(family) else []
        for members, span in spans:
            units = np.zeros(problem.size, dtype=np.int64)
            units[members] = 1
            days = _stretches(problem.ordinals, max(1, span))
            ones = np.ones(len(days), dtype=np.int64)
            found.append(Holding(OBJECT, int(problem.object[family[0]]), units, days, ones))
    return found


def _stretches(ordinals: Ints, span: int) -> Bools:
    """Stretches of `span` calendar days from each working day on, bool [n, D], without those inside another."""
    gap = ordinals[None, :] - ordinals[:, None]
    inside = (gap >= 0) & (gap < span)
    ends = inside.shape[1] - 1 - inside[:, ::-1].argmax(axis=1)
    return np.asarray(inside[np.flatnonzero(np.diff(ends, prepend=-1) > 0)])


@dataclass(frozen=True, eq=False)
class Columns:
    """Where kinds of visits may stand: `members` of each kind, and for each column its kind and day."""

    members: list[list[int]]
    kind: Ints
    day: Ints

    @property
    def sizes(self) -> Ints:
        """Visits of each kind."""
        return np.array([len(m) for m in self.members], dtype=np.int64)

    @property
    def first(self) -> Ints:
        """One visit of each kind, to look its numbers up."""
        return np.array([m[0] for m in self.members], dtype=np.int64)


def kinds_of(visits: Sequence[int], held: Sequence[Holding], *traits: NDArray[Any]) -> list[list[int]]:
    """Visits that take the same of every holding and agree in every trait [V, ...], together."""
    units = np.array([h.units for h in held], dtype=np.int64)
    groups: dict[tuple[bytes, ...], list[int]] = defaultdict(list)
    for v in visits:
        own = units[:, v].tobytes() if len(held) else b""
        groups[(own, *(np.ascontiguousarray(t[v]).tobytes() for t in traits))].append(v)
    return list(groups.values())


def columns(days: Bools, members: list[list[int]]) -> Columns:
    """A column for each kind and each of its `days` [V, D]."""
    if not members:
        return Columns([], np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    kind, day = np.nonzero(days[[m[0] for m in members]])
    return Columns(members, kind.astype(np.int64), day.astype(np.int64))


def limit_rows(held: Sequence[Holding], where: Columns) -> csr_matrix:
    """The rows of all holdings, stretch after stretch, over the columns."""
    parts = []
    for holding in held:
        used = np.flatnonzero(holding.units[where.first[where.kind]]) if len(where.kind) else where.kind
        column, row = np.nonzero(holding.days[:, where.day[used]].T)
        taken = holding.units[where.first[where.kind[used[column]]]] if len(column) else column
        shape = (len(holding.holds), len(where.kind))
        parts.append(coo_matrix((taken.astype(float), (row, used[column])), shape=shape))
    return vstack(parts, format="csr") if parts else csr_matrix((0, len(where.kind)))


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The relaxation's answer: visits missing at least, what stands in each column, each limit's price (对偶价格)."""

    missing: float
    standing: Floats
    prices: Floats


def most_missing(held: Sequence[Holding], where: Columns) -> Relaxed:
    """The fewest visits without a date if visits could be cut in parts: never more than any plan misses."""
    kinds, width = len(where.members), len(where.kind)
    limits = limit_rows(held, where)
    supply = np.concatenate([h.holds for h in held]).astype(float) if held else np.zeros(0)
    once = csr_matrix((np.ones(width), (where.kind, np.arange(width))), shape=(kinds, width))
    matrix = vstack(
        [hstack([once, identity(kinds)]), hstack([limits, csr_matrix((limits.shape[0], kinds))])], "csr"
    )
    sizes = where.sizes.astype(float)
    solver = solve_rows(
        matrix,
        cost=np.concatenate([np.zeros(width), np.ones(kinds)]),
        lower=np.concatenate([sizes, np.full(len(supply), -np.inf)]),
        upper=np.concatenate([sizes, supply]),
        upper_bound=np.full(width + kinds, np.inf),
    )
    if solver is None:
        return Relaxed(0.0, np.zeros(width), np.zeros(len(supply)))
    prices = np.maximum(0.0, -np.asarray(solver.dual_values())[kinds:])
    return Relaxed(solver.objective_value(), np.asarray(solver.variable_values())[:width], prices)


def busy_days(problem: DateProblem, where: Columns, standing: Floats) -> list[Holding]:
    """Workload on the days that ask for more than the unlimited people of a row can give, where it is overdrawn.

    On any days, nobody makes more visits than half-days they are there, nor than their limit: seats on these days
    stay within the free people's half-days there and the limits of the others.
    """
    found = []
    for limit in problem.limits:
        units = problem.demand[:, limit.row]
        load = np.zeros(len(problem.dates))
        np.add.at(load, where.day, units[where.first[where.kind]] * standing)
        free = limit.free[0::2] + limit.free[1::2]
        days = load > free + SLACK
        holds = int(free[days].sum()) + limit.most
        if days.any() and load[days].sum() > holds + SLACK:
            found.append(Holding(WORKLOAD, limit.row, units, days[None, :], np.array([holds])))
    return found


def solve_rows(
    matrix: csr_matrix,
    cost: Floats,
    lower: Floats,
    upper: Floats,
    upper_bound: Floats,
    whole: Sequence[int] = (),
) -> Any:
    """Least cost of lower <= matrix x <= upper, 0 <= x <= upper_bound; `whole` columns are integers. None if none."""
    model = builder.ModelBuilderHelper()
    # The stub asks for a shape that numpy's own types cannot express.
    fill: Any = model.fill_model_from_sparse_data
    fill(np.zeros(len(cost)), upper_bound, cost, lower, upper, matrix)
    for column in whole:
        model.set_var_integrality(column, True)
    solver = builder.ModelSolverHelper("SCIP" if len(whole) else "GLOP")
    if len(whole):
        solver.set_solver_specific_parameters(f"limits/nodes = {NODES}\n")
    solver.set_time_limit_in_seconds(SECONDS)
    solver.solve(model)
    good = (builder.SolveStatus.OPTIMAL, builder.SolveStatus.FEASIBLE)
    return solver if solver.status() in good else None
