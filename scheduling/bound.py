"""The bound (下界): what no plan can beat, and the days a good plan starts from.

The linear relaxation of the day plan, solved by GLOP. Visits that cannot be told apart (same seats, same days,
same price) are one column group, which makes it small; who of them gets which day is then settled by ticket.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver.python import model_builder_helper as builder
from scipy.sparse import coo_matrix, csr_matrix, vstack

from scheduling.booking import TIE, UNPLACED, DateProblem
from scheduling.capacity import Ints

SCALE = 1000.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Lower bound of `Booking.earliness`, and for visits with a suggested day that day (visit -> day)."""

    bound: float
    targets: dict[int, int]


@dataclass(frozen=True, eq=False)
class _Columns:
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


def _cluster_matrix(problem: DateProblem, columns: _Columns) -> tuple[csr_matrix, Floats]:
    crowded = _crowded(problem)
    cluster = problem.cluster[[g[0] for g in columns.members]][columns.kind]
    here = np.flatnonzero(crowded[cluster])
    days = len(problem.dates)
    rows, row = np.unique(cluster[here] * days + columns.day[here], return_inverse=True)
    shape = (len(rows), len(columns.kind))
    matrix = csr_matrix((np.ones(len(here)), (row, here)), shape=shape)
    return matrix, np.full(len(rows), float(problem.cluster_cap))


def _total_matrix(problem: DateProblem, columns: _Columns) -> tuple[csr_matrix, Floats]:
    """Everybody's workload over the whole period, only where it is less than the slots offer."""
    scarce = np.flatnonzero(problem.totals < problem.capacity.sum(axis=1))
    need = problem.demand[[g[0] for g in columns.members]][columns.kind][:, scarce]
    return csr_matrix(need.T.astype(np.float64)), problem.totals[scarce].astype(np.float64)


def _spacing_matrix(problem: DateProblem, columns: _Columns) -> tuple[csr_matrix, Floats]:
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


def _columns(problem: DateProblem, members: list[list[int]]) -> _Columns:
    kinds, days = [], []
    for k, group in enumerate(members):
        pin = int(problem.pin[group[0]])
        allowed = np.flatnonzero(problem.days[group[0]]) if pin == UNPLACED else np.array([pin // 2])
        kinds.append(np.full(len(allowed), k, dtype=np.int64))
        days.append(allowed)
    return _Columns(np.concatenate(kinds), np.concatenate(days).astype(np.int64), members)


def _capacity_matrix(problem: DateProblem, columns: _Columns) -> tuple[csr_matrix, Floats]:
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


RULES = (_capacity_matrix, _cluster_matrix, _total_matrix, _spacing_matrix)
"""What the relaxation keeps of the rules, each as rows of columns and the most they may sum to."""


def relax(problem: DateProblem, tickets: Ints, seconds: float) -> Relaxation:
    """Solve the relaxation; if it takes longer than `seconds`, the bound falls back to every visit's best day."""
    if not problem.size:
        return Relaxation(0.0, {})
    members = _alike(problem, tickets)
    columns = _columns(problem, members)
    solution = _solve(problem, columns, seconds)
    if solution is None:
        return Relaxation(_best_day_bound(problem), {})
    value, share = solution
    # The ticket's share of the price is taken off again, so that the bound speaks of earliness alone.
    return Relaxation(_whole_steps(problem, value - (TIE - 1) * problem.size), _targets(columns, share))


def _whole_steps(problem: DateProblem, value: float) -> float:
    """Every plan costs a multiple of the prices' common step, so the bound may be rounded up to one."""
    step = math.gcd(*problem.cost.reshape(-1).tolist(), *problem.unplaced.tolist()) or 1
    return max(0.0, math.ceil(value / step - 1e-6) * step)


def _solve(problem: DateProblem, columns: _Columns, seconds: float) -> tuple[float, Floats] | None:
    kinds, width = len(columns.members), len(columns.kind)
    first = np.array([g[0] for g in columns.members])
    size: Floats = np.array([len(g) for g in columns.members], dtype=np.float64)
    cost = np.concatenate([problem.cost[first[columns.kind], columns.day], problem.unplaced[first]]).astype(
        float
    )
    which = np.concatenate([columns.kind, np.arange(kinds)])
    once = csr_matrix(
        (np.ones(width + kinds), (which, np.arange(width + kinds))), shape=(kinds, width + kinds)
    )
    limits = [rule(problem, columns) for rule in RULES]
    for matrix, _ in limits:
        matrix.resize((matrix.shape[0], width + kinds))
    supply: Floats = np.concatenate([most for _, most in limits])
    lower: Floats = np.concatenate([size, np.full(len(supply), -np.inf)])
    upper: Floats = np.concatenate([size, supply])
    model = builder.ModelBuilderHelper()
    # The stub asks for a shape that numpy's own types cannot express.
    fill: Any = model.fill_model_from_sparse_data
    fill(
        np.zeros(width + kinds),
        np.full(width + kinds, np.inf),
        cost.astype(np.float64) / SCALE,
        lower,
        upper,
        vstack([once, *(matrix for matrix, _ in limits)], format="csr"),
    )
    solver = builder.ModelSolverHelper("GLOP")
    solver.set_time_limit_in_seconds(seconds)
    solver.solve(model)
    if solver.status() != builder.SolveStatus.OPTIMAL:
        return None
    return solver.objective_value() * SCALE, np.asarray(solver.variable_values())[:width]


def _best_day_bound(problem: DateProblem) -> float:
    best = np.where(problem.days, problem.cost, np.iinfo(np.int64).max).min(
        axis=1, initial=np.iinfo(np.int64).max
    )
    return float(np.minimum(best, problem.unplaced).sum())


def _targets(columns: _Columns, share: Floats) -> dict[int, int]:
    targets: dict[int, int] = {}
    order = np.lexsort((columns.day, columns.kind))
    waiting = {k: list(group) for k, group in enumerate(columns.members)}
    for column in order:
        group = waiting[int(columns.kind[column])]
        for _ in range(min(len(group), int(share[column] + 1e-6))):
            targets[group.pop(0)] = int(columns.day[column])
    for column in sorted(order, key=lambda c: -(share[c] % 1)):
        group = waiting[int(columns.kind[column])]
        if group and 1e-6 < share[column] % 1 < 1 - 1e-6:
            targets[group.pop(0)] = int(columns.day[column])
    return targets
