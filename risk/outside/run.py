"""A run over an outside table (外部表训练): read, lay out, doubt, fit fold by fold, measure, and fit once more on all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from registry.errors import Refusal
from registry.progress import DETAIL, Progress, silent
from risk.archive import FloatArray, IntArray, Texts
from risk.evaluate import plain
from risk.model_file import code_version, hash_of_bytes
from risk.outside.boosting import GRID, STAGES, lightgbm_version
from risk.outside.fitting import LOGISTIC, Fitted, Task, draws_of, fit_task
from risk.outside.folds import Ground, split
from risk.outside.history import LAST, column_of, final_group_rates
from risk.outside.layout import LaidOut, Roles, group_of, lay_out, own_ids
from risk.outside.leaks import Finding, findings, twins
from risk.outside.measure import against, best_column, by_fold, curves, draws_for, figures
from risk.outside.model import TableModel
from risk.outside.reading import read_table

CHOSEN = "chosen"
MOST_IMPORTANT = 30
FEWEST_FOLDS, MOST_FOLDS = 2, 50


@dataclass(frozen=True)
class TableRun:
    """What a run made: `metrics` as in metrics.json, one entry a tested row, the model, and the points of the plots."""

    metrics: dict[str, Any]
    rows: IntArray
    ids: Texts
    fold: IntArray
    label: FloatArray
    score: FloatArray
    probability: FloatArray
    model: TableModel
    points: dict[str, list[list[float]]]
    importance: list[tuple[str, float]]
    findings: list[Finding]


@dataclass
class _Tested:
    """Scores of rows by learners that did not see them, NaN where a row was never tested."""

    fold: IntArray
    scores: dict[str, FloatArray]
    probabilities: dict[str, FloatArray]
    choices: list[dict[str, Any]]


def train_table(
    path: Path, roles: Roles, folds: int, seed: int = 0, directions: Mapping[str, int] | None = None,
    progress: Progress = silent,
) -> TableRun:  # fmt: skip
    """Train on an outsider's table and measure on held-out folds. Writes nothing.

    Raises Refusal table.*, label.*, time.*, folds.*, roles.*, directions.* for whatever cannot be used as it is.
    """
    if not FEWEST_FOLDS <= folds <= MOST_FOLDS:
        raise Refusal(
            "folds.number", f"折数 {folds} 不在 {FEWEST_FOLDS} 到 {MOST_FOLDS} 之间。", "通常用 5 或 10。"
        )
    started = time.process_time()
    progress("读表 reading", 0.0)
    laid = lay_out(read_table(path, roles.named()), roles)
    _refuse_unknown_directions(laid, directions or {})
    prepared = laid.layout.prepare(laid.table, laid.label.problem)
    rows = np.flatnonzero(~np.isnan(laid.label.problem))
    task = _task(laid, prepared.where(rows), rows, seed, directions or {})
    splits = split(task.ground, folds, seed)
    progress("检查泄漏 leaks", 0.03)
    found = findings(laid, prepared, rows, splits)
    tested = _test(task, splits, progress)
    progress("全部行定型 final fit", 0.9)
    fitted = fit_task(task)
    rates = (
        final_group_rates(laid.layout.as_events(laid.table, laid.label.problem)) if laid.layout.events else {}
    )
    model = TableModel(laid.layout, fitted.encoder, fitted.learner, fitted.curve, rates)
    progress("量度 measuring", 0.96)
    return _report(laid, task, rows, tested, fitted, model, found, started)


def _refuse_unknown_directions(laid: LaidOut, directions: Mapping[str, int]) -> None:
    usable = {c.name for c in laid.layout.columns if c.kind != "category"}
    if strange := sorted(set(directions) - usable):
        raise Refusal(
            "directions.unknown",
            f"方向文件里的“{'、'.join(strange[:5])}”不是用于学习的数值列。",
            "请核对列名，类别列不能有方向。",
        )


def _task(laid: LaidOut, prepared: Any, rows: IntArray, seed: int, directions: Mapping[str, int]) -> Task:
    table, roles = laid.table, laid.layout.roles
    staff: Iterable[str] = table.column(roles.offset)[rows] if roles.offset else ()
    inspectors: list[tuple[str, ...]] = [(name,) if name else () for name in staff]
    return Task(prepared, ground_of(laid, rows), inspectors, directions, seed)


def ground_of(laid: LaidOut, rows: IntArray) -> Ground:
    """What the folds of some rows rest on."""
    when = laid.layout.when(laid.table)
    return Ground(laid.label.problem[rows], _clusters(laid)[rows], None if when is None else when[rows])


def _clusters(laid: LaidOut) -> IntArray:
    """One number a row; the same for rows that share an id, a group or all their values, directly or through others.

    Where time separates training from test, only ids are clusters, for the intervals.
    """
    roles, many = laid.layout.roles, len(laid.table)
    if laid.layout.clock:
        return _codes(own_ids(laid.table, roles.id)) if roles.id else np.arange(many, dtype=np.int64)
    codes = [twins(laid)[0]]
    codes += [_codes(own_ids(laid.table, name)) for name in (roles.id, roles.group) if name]
    start, edges = many, []
    for code in codes:
        edges.append(code + start)
        start += int(code.max()) + 1
    row = np.tile(np.arange(many), len(codes))
    links = coo_matrix((np.ones(len(row)), (row, np.concatenate(edges))), shape=(start, start))
    return connected_components(links, directed=False)[1][:many].astype(np.int64)


def _codes(texts: Texts) -> IntArray:
    return np.unique(texts.astype(str), return_inverse=True)[1]


def _test(task: Task, splits: list[tuple[IntArray, IntArray]], progress: Progress) -> _Tested:
    many = len(task.problem)
    last = _last_label(task)
    names = (CHOSEN, LOGISTIC, "best_column", *(("last_label",) if last is not None else ()), "base_rate")
    empty = {name: np.full(many, np.nan) for name in names}
    tested = _Tested(np.zeros(many, dtype=np.int64), empty, {n: a.copy() for n, a in empty.items()}, [])
    for number, (past, later) in enumerate(splits, 1):
        progress(f"训练与检验 folds{DETAIL}{number}/{len(splits)}", 0.05 + 0.85 * (number - 1) / len(splits))
        fitted = fit_task(task.where(past))
        matrix = fitted.encoder.matrix(task.prepared.where(later))
        tested.fold[later] = number
        base = float(task.problem[past].mean())
        for name, learner, curve in (
            (CHOSEN, fitted.learner, fitted.curve), (LOGISTIC, fitted.plain, fitted.plain_curve)
        ):  # fmt: skip
            raw = learner.raw(matrix)
            tested.scores[name][later] = curve.score(raw)
            tested.probabilities[name][later] = curve.probability(raw)
        tested.scores["base_rate"][later], tested.probabilities["base_rate"][later] = 0.0, base
        numbers = task.prepared.numbers
        single = best_column(numbers[past], task.problem[past], numbers[later])
        tested.scores["best_column"][later] = 0.5 if single is None else single
        if last is not None:
            tested.scores["last_label"][later] = np.where(np.isnan(last[later]), base, last[later])
        tested.choices.append(_choice_of(fitted, number, len(past), len(later)))
    for name in ("best_column", "last_label"):  # they rank, but are no probabilities
        tested.probabilities.pop(name, None)
    return tested


def _last_label(task: Task) -> FloatArray | None:
    name = column_of(LAST)
    return task.prepared.numbers[:, task.prepared.names.index(name)] if name in task.prepared.names else None


def _choice_of(fitted: Fitted, number: int, past: int, later: int) -> dict[str, Any]:
    choice = fitted.choice
    return {
        "fold": number, "train_rows": past, "test_rows": later, "learner": choice.learner, "shape": choice.shape,
        "rounds": choice.rounds, "calibration": fitted.curve.method, "reason": choice.reason,
    }  # fmt: skip


def _report(
    laid: LaidOut, task: Task, rows: IntArray, tested: _Tested, fitted: Fitted, model: TableModel,
    found: list[Finding], started: float,
) -> TableRun:  # fmt: skip
    seen = np.flatnonzero(tested.fold > 0)
    problem = task.problem[seen]
    scores = {name: values[seen] for name, values in tested.scores.items()}
    probabilities = {name: values[seen] for name, values in tested.probabilities.items()}
    draws = draws_of(task.ground.clusters[seen], task.seed, draws_for(len(seen)))
    importance = _importance(model, fitted.encoder.matrix(task.prepared))
    table = laid.table.where(rows[seen])
    content = model.to_bytes()
    measured = {
        "table": _about(laid, rows, seen, task),
        "folds": by_fold(scores[CHOSEN], problem, tested.fold[seen]),
        "scores": {n: figures(s, probabilities.get(n), problem, draws) for n, s in scores.items()},
        "against": against(scores, CHOSEN, problem, draws),
        "choices": tested.choices,
        "final": {**vars(fitted.choice), "calibration": fitted.curve.method, "curve_losses": fitted.curve_losses},
        "findings": [asdict(finding) for finding in found],
        "importance": [list(entry) for entry in importance],
        "bootstrap": {"draws": len(draws), "of": "clusters" if _grouped(task) else "rows"},
        "made_with": {
            "seed": task.seed, "code_version": code_version(), "lightgbm": lightgbm_version(),
            "grid": {name: vars(settings) for name, settings in GRID.items()}, "stages": STAGES,
            "model_hash": hash_of_bytes(content), "cpu_seconds": round(time.process_time() - started, 1),
        },
    }  # fmt: skip
    ids = table.columns[laid.layout.roles.id] if laid.layout.roles.id else group_of(table, None)
    return TableRun(
        plain(measured), table.rows, ids, tested.fold[seen], problem, scores[CHOSEN], probabilities[CHOSEN], model,
        curves(scores[CHOSEN], probabilities[CHOSEN], problem), importance, found,
    )  # fmt: skip


def _grouped(task: Task) -> bool:
    return len(np.unique(task.ground.clusters)) < len(task.problem)


def _about(laid: LaidOut, rows: IntArray, seen: IntArray, task: Task) -> dict[str, Any]:
    roles = laid.layout.roles
    return {
        "file": laid.table.name, "rows": len(laid.table), "labelled": len(rows), "tested": len(seen),
        "positives": int(task.problem.sum()), "kind": "events" if laid.layout.events else "flat",
        "folds_by": "time" if laid.layout.clock else "clusters" if _grouped(task) else "rows",
        "roles": {k: v for k, v in vars(roles).items() if v}, "positive": laid.layout.positive,
        "columns": [{"name": c.name, "kind": c.kind} for c in laid.layout.columns],
        "dropped": [vars(entry) for entry in laid.dropped], "notes": laid.notes,
    }  # fmt: skip


def _importance(model: TableModel, matrix: FloatArray) -> list[tuple[str, float]]:
    """Mean absolute contribution (log-odds) of each source column over a sample of rows, the largest first."""
    sample = matrix[:: max(1, len(matrix) // 2_000)]
    parts = model.contributions(sample)[:, :-1]
    sources = np.array([source.split(" · ")[0] for source, _ in model.encoder.columns()], dtype=object)
    totals = {
        str(s): float(np.abs(parts[:, sources == s].sum(axis=1)).mean()) for s in dict.fromkeys(sources)
    }
    return sorted(totals.items(), key=lambda entry: -entry[1])[:MOST_IMPORTANT]
