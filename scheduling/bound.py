"""The bound (下界): what no plan can beat, and the days a good plan starts from.

The linear relaxation of the day plan, solved by GLOP. Visits that cannot be told apart (same seats, same days,
same price) are one column group, which makes it small; who of them gets which day is then settled by ticket.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver.python import model_builder_helper as builder
from scipy.sparse import coo_matrix, csr_matrix, vstack

from scheduling.booking import UNPLACED, DateProblem, common_step
from scheduling.capacity import Ints

SCALE = 1000.0
Floats = NDArray[np.float64]
Limits = tuple[csr_matrix, Floats]
"""Rows of columns and the most each may sum to."""


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Lower bound of `Booking.earliness`, and what a date really costs.

    `reduced` [V, D], in the unit of prices, is how much the bound would rise if the visit had to stand on that day
    (infinite where it may not): the price of the date and of the people it takes from others.
    """

    bound: float
    reduced: Floats


@dataclass(frozen=True, eq=False)
class Columns:
    """One column a (type, day): index arrays of equal length."""

    kind: Ints
    day: Ints
    members: list[list[int]]


def _alike(problem: DateProblem, tickets: Ints) -> list[list[int]]:
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    crowded, related = _crowded(problem), problem.siblings()
    for v in range(problem.size):
        key = (
            v if v in related else UNPLACED,  # the spacing between visits of one object is between them alone
            int(problem.cluster[v]) if crowded[problem.cluster[v]] else UNPLACED,
            problem.demand[v].tobytes(),
            problem.days[v].tobytes(),
            int(problem.halves[v]),
            int(problem.unplaced[v]),
            int(problem.pin[v]),
            problem.cost[v].tobytes(),
        )
        groups[key].append(v)
    return [sorted(g, key=lambda v: int(tickets[v])) for g in groups.values()]


def _crowded(problem: DateProblem) -> NDArray[np.bool_]:
    """Clusters [C] with more visits than fit in one day: only there the daily cap can bind."""
    return np.bincount(problem.cluster) > problem.cluster_cap


def _cluster_matrix(problem: DateProblem, columns: Columns) -> Limits:
    crowded = _crowded(problem)
    cluster = problem.cluster[[g[0] for g in columns.members]][columns.kind]
    here = np.flatnonzero(crowded[cluster])
    days = len(problem.dates)
    rows, row = np.unique(cluster[here] * days + columns.day[here], return_inverse=True)
    shape = (len(rows), len(columns.kind))
    matrix = csr_matrix((np.ones(len(here)), (row, here)), shape=shape)
    return matrix, np.full(len(rows), float(problem.cluster_cap))


def _total_matrix(problem: DateProblem, columns: Columns) -> Limits:
    """Everybody's workload over the whole period, only where it is less than the slots offer."""
    scarce = np.flatnonzero(problem.totals < problem.capacity.sum(axis=1))
    need = problem.demand[[g[0] for g in columns.members]][columns.kind][:, scarce]
    return csr_matrix(need.T.astype(np.float64)), problem.totals[scarce].astype(np.float64)


def _spacing_matrix(problem: DateProblem, columns: Columns) -> Limits:
    """At most one of an object's visits in any stretch of days as long as the spacing.

    A clue needs only a day of its own where it comes after another visit; before a planned visit the spacing holds.
    """
    kinds = {group[0]: k for k, group in enumerate(columns.members)}
    own = [np.flatnonzero(columns.kind == k) for k in range(len(columns.members))]
    rows: list[Ints] = []
    for family in _families(problem):
        planned, clues = ([v for v in family if problem.clue[v] == clue] for clue in (False, True))
        groups: list[tuple[list[int], int | None]] = [(planned, None)] if len(planned) > 1 else []
        groups += [([v], w) for v in planned for w in clues] + ([(clues, None)] if len(clues) > 1 else [])
        for together, first in groups:
            span = 1 if together == clues else problem.spacing
            inside = np.concatenate([own[kinds[v]] for v in together])
            before = own[kinds[first]] if first is not None else np.zeros(0, dtype=np.int64)
            rows += _stretches(problem, columns.day, inside, before, max(1, span))
    row = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    column = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
    shape = (len(rows), len(columns.kind))
    return csr_matrix((np.ones(len(column)), (row, column)), shape=shape), np.ones(len(rows))


def _families(problem: DateProblem) -> list[tuple[int, ...]]:
    """Visits of each object that has several."""
    return sorted({tuple(sorted((v, *others))) for v, others in problem.siblings().items()})


def _stretches(problem: DateProblem, day: Ints, inside: Ints, before: Ints, span: int) -> list[Ints]:
    """Columns that exclude each other, for every first day: those of `inside` in the stretch, `before` on that day."""
    found = []
    for start, ordinal in enumerate(problem.ordinals):
        when = problem.ordinals[day[inside]]
        here = inside[(when >= ordinal) & (when < ordinal + span)]
        here = np.concatenate([here, before[day[before] == start]])
        if len(here) > 1:
            found.append(here)
    return found


def _columns(problem: DateProblem, members: list[list[int]]) -> Columns:
    kinds, days = [], []
    for k, group in enumerate(members):
        pin = int(problem.pin[group[0]])
        allowed = np.flatnonzero(problem.days[group[0]]) if pin == UNPLACED else np.array([pin // 2])
        kinds.append(np.full(len(allowed), k, dtype=np.int64))
        days.append(allowed)
    return Columns(np.concatenate(kinds), np.concatenate(days).astype(np.int64), members)


def capacity_matrix(problem: DateProblem, columns: Columns) -> Limits:
    """Seats of a day, both halves together, by row (每日检查力量)."""
    first = np.array([g[0] for g in columns.members])
    need = (problem.demand[first] * problem.halves[first][:, None])[columns.kind]
    column, row = np.nonzero(need)
    days = len(problem.dates)
    matrix = coo_matrix(
        (need[column, row].astype(float), (row * days + columns.day[column], column)),
        shape=(len(problem.rows) * days, len(columns.kind)),
    ).tocsr()
    supply = (problem.capacity[:, 0::2] + problem.capacity[:, 1::2]).reshape(-1).astype(float)
    used = np.flatnonzero(np.diff(matrix.indptr))
    return matrix[used], supply[used]


def _whole_day_matrix(problem: DateProblem, columns: Columns) -> Limits:
    """Whole-day visits find people who are there in both halves."""
    first = np.array([g[0] for g in columns.members])
    need = (problem.demand[first] * (problem.halves[first] == 2)[:, None])[columns.kind]
    column, row = np.nonzero(need)
    days = len(problem.dates)
    matrix = csr_matrix(
        (need[column, row].astype(float), (row * days + columns.day[column], column)),
        shape=(len(problem.rows) * days, len(columns.kind)),
    )
    used = np.flatnonzero(np.diff(matrix.indptr))
    return matrix[used], problem.whole.reshape(-1).astype(float)[used]


RULES = (capacity_matrix, _whole_day_matrix, _cluster_matrix, _total_matrix, _spacing_matrix)
"""What the relaxation keeps of the rules, each as rows of columns and the most they may sum to."""


def relax(problem: DateProblem, tickets: Ints, seconds: float) -> Relaxation:
    """Solve the relaxation; if it takes longer than `seconds`, the bound falls back to every visit's best day."""
    if not problem.size:
        return Relaxation(0.0, np.zeros(problem.cost.shape))
    members = _alike(problem, tickets)
    columns = _columns(problem, members)
    solution = _solve(problem, columns, seconds)
    if solution is None:
        spread = problem.cost - np.where(problem.days, problem.cost, problem.cost.max()).min(axis=1)[:, None]
        return Relaxation(_best_day_bound(problem), np.where(problem.days, spread, np.inf))
    value, excess = solution
    reduced = np.full(problem.cost.shape, np.inf)
    for kind, day, more in zip(columns.kind, columns.day, excess, strict=True):
        reduced[members[kind], day] = max(0.0, more)
    return Relaxation(_whole_steps(problem, value), reduced)


def _whole_steps(problem: DateProblem, value: float) -> float:
    """Every plan costs a multiple of the prices' common step, so the bound may be rounded up to one."""
    step = common_step(problem)
    return max(0.0, math.ceil(value / step - 1e-6) * step)


def _solve(problem: DateProblem, columns: Columns, seconds: float) -> tuple[float, Floats] | None:
    first = np.array([g[0] for g in columns.members])
    size: Floats = np.array([len(g) for g in columns.members], dtype=np.float64)
    cost = problem.cost[first[columns.kind], columns.day].astype(float)
    limits = [rule(problem, columns) for rule in RULES]
    found = minimise(cost, columns.kind, size, problem.unplaced[first].astype(float), limits, seconds)
    return None if found is None else (found.value, found.reduced)


class Minimum(NamedTuple):
    """An optimal vertex: its value, how far each column is used, and each column's reduced cost."""

    value: float
    used: Floats
    reduced: Floats


def minimise(
    cost: Floats,
    kind: Ints,
    size: Floats,
    unplaced: Floats,
    limits: Sequence[Limits],
    seconds: float,
    rough: bool = False,
) -> Minimum | None:
    """GLOP: `size` of each kind over its columns at their cost, or missed at the price `unplaced`, within the limits.

    `rough` takes an answer whose last digits GLOP does not vouch for: enough to start a plan from, not for a bound.
    """
    kinds, width = len(size), len(kind)
    which = np.concatenate([kind, np.arange(kinds)])
    once = csr_matrix(
        (np.ones(width + kinds), (which, np.arange(width + kinds))), shape=(kinds, width + kinds)
    )
    for matrix, _ in limits:
        matrix.resize((matrix.shape[0], width + kinds))
    supply: Floats = np.concatenate([most for _, most in limits])
    model = builder.ModelBuilderHelper()
    # The stub asks for a shape that numpy's own types cannot express.
    fill: Any = model.fill_model_from_sparse_data
    fill(
        np.zeros(width + kinds),
        np.full(width + kinds, np.inf),
        np.concatenate([cost, unplaced]) / SCALE,
        np.concatenate([size, np.full(len(supply), -np.inf)]),
        np.concatenate([size, supply]),
        vstack([once, *(matrix for matrix, _ in limits)], format="csr"),
    )
    solver = builder.ModelSolverHelper("GLOP")
    solver.set_time_limit_in_seconds(seconds)
    if rough:
        solver.set_solver_specific_parameters("change_status_to_imprecise: false")
    solver.solve(model)
    if solver.status() != builder.SolveStatus.OPTIMAL:
        return None
    used, reduced = solver.variable_values(), solver.reduced_costs()
    return Minimum(
        solver.objective_value() * SCALE, np.asarray(used)[:width], np.asarray(reduced)[:width] * SCALE
    )


def _best_day_bound(problem: DateProblem) -> float:
    best = np.where(problem.days, problem.cost, np.iinfo(np.int64).max).min(
        axis=1, initial=np.iinfo(np.int64).max
    )
    return float(np.minimum(best, problem.unplaced).sum())
