"""Measuring (量度): every figure on rows that no learner saw, with 95 % intervals, beside what anybody could do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from risk import metrics
from risk.archive import FloatArray, IntArray
from risk.outside.calibrating import log_loss

FEWEST_DRAWS, MOST_DRAWS, DRAWN_ROWS = 40, 200, 4_000_000
PROBABILITY: dict[str, metrics.Metric] = {"brier": metrics.brier, "ece": metrics.ece, "log_loss": log_loss}
HISTOGRAM = 20


def draws_for(rows: int) -> int:
    """Bootstrap samples that a table of so many rows gets."""
    return int(np.clip(DRAWN_ROWS // max(rows, 1), FEWEST_DRAWS, MOST_DRAWS))


def figures(
    score: FloatArray, probability: FloatArray | None, problem: FloatArray, draws: Sequence[IntArray]
) -> dict[str, Any]:
    """Each metric as [value, low, high]. Hosmer-Lemeshow as [statistic, p] with bins - 2 degrees of freedom, and as
    `hl_out_of_sample` with as many as bins, which is what rows outside the training call for."""
    found: dict[str, Any] = {
        name: metrics.with_interval(metric, score, problem, draws)  # type: ignore[arg-type]
        for name, metric in metrics.RANKING.items()
    }
    if probability is not None:
        for name, metric in PROBABILITY.items():
            found[name] = metrics.with_interval(metric, probability, problem, draws)  # type: ignore[arg-type]
        found["hosmer_lemeshow"] = list(metrics.hosmer_lemeshow(probability, problem))
        found["hl_out_of_sample"] = list(metrics.hosmer_lemeshow(probability, problem, lost=0))
    return found


def against(
    scores: Mapping[str, FloatArray], chosen: str, problem: FloatArray, draws: Sequence[IntArray]
) -> dict[str, list[float]]:
    """AUC of the chosen score minus that of each other one, [difference, low, high], paired."""
    return {
        name: metrics.paired_difference(scores[chosen], score, problem, draws)  # type: ignore[arg-type]
        for name, score in scores.items()
        if name != chosen
    }


def by_fold(score: FloatArray, problem: FloatArray, fold: IntArray) -> list[dict[str, Any]]:
    """AUC and counts of each fold by itself."""
    return [
        {"fold": int(k), "rows": int((fold == k).sum()), "positives": int(problem[fold == k].sum()),
         "auc": metrics.auc(score[fold == k], problem[fold == k])}
        for k in np.unique(fold)
    ]  # fmt: skip


def curves(score: FloatArray, probability: FloatArray, problem: FloatArray) -> dict[str, list[list[float]]]:
    """Points of the plots: roc (false, true), pr (recall, precision), calibration, lift by share, histogram."""
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(problem[order])
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    positives, rows = problem.sum(), ends + 1.0
    true, false = found[ends] / positives, (rows - found[ends]) / (len(problem) - positives)
    shares = np.linspace(0.02, 1, 50)
    edges = np.linspace(0, 1, HISTOGRAM + 1)
    counts = [np.histogram(probability[problem == k], edges)[0] for k in (0, 1)]
    return {
        "roc": _thin(np.append(0, false), np.append(0, true)),
        "pr": _thin(true, found[ends] / rows),
        "calibration": [list(point) for point in metrics.calibration_curve(probability, problem)],
        "lift": [[float(s), metrics.lift(score, problem, float(s))] for s in shares],
        "histogram": [[float(e), int(a), int(b)] for e, a, b in zip(edges[:-1], *counts, strict=True)],
    }


def _thin(x: FloatArray, y: FloatArray, most: int = 300) -> list[list[float]]:
    """At most so many points of a line, its ends among them."""
    at = np.unique(np.linspace(0, len(x) - 1, min(most, len(x))).astype(int))
    return [[float(x[i]), float(y[i])] for i in at]


def best_column(past: FloatArray, problem: FloatArray, later: FloatArray) -> FloatArray | None:
    """What a single column would do: the one that ranks the training rows best, as ranks among them, either way up;
    unknown stands in the middle. None where there are no numbers."""
    best, chosen = 0.5, None
    sample = slice(None, None, max(1, len(past) // 10_000))
    for i, column in enumerate(past[sample].T):
        value = metrics.auc(_ranked(column, column), problem[sample])
        if max(value, 1 - value) > best:
            best, chosen = max(value, 1 - value), (i, value >= 0.5)
    if chosen is None:
        return None
    place, upward = chosen
    ranks = _ranked(past[:, place], later[:, place])
    return ranks if upward else 1 - ranks


def _ranked(known: FloatArray, values: FloatArray) -> FloatArray:
    """Share of the known values below each value, ties counted half."""
    ordered = np.sort(known[~np.isnan(known)])
    places = [np.searchsorted(ordered, values, side=side) for side in ("left", "right")]
    share = (places[0] + places[1]) / (2 * max(len(ordered), 1))
    return np.where(np.isnan(values), 0.5, share)
