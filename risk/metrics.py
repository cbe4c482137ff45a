"""Metrics (评价指标) of a score against what was found, with bootstrap intervals, paired between scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from risk.archive import FloatArray, IntArray

Metric = Callable[[FloatArray, FloatArray], float]
RESAMPLES = 200


def auc(score: FloatArray, problem: FloatArray) -> float:
    """Area under the ROC curve by ranks, ties counted half; NaN without both outcomes."""
    positives = float(problem.sum())
    negatives = len(problem) - positives
    if not positives or not negatives:
        return float("nan")
    return float(
        (rankdata(score)[problem == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives)
    )


def _sorted(score: FloatArray, problem: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Cumulative visits and problems from the highest score down, at the end of each group of ties."""
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(problem[order])
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    return (ends + 1).astype(float), found[ends], ends


def average_precision(score: FloatArray, problem: FloatArray) -> float:
    """Average precision; ties enter together."""
    if not problem.sum():
        return float("nan")
    visits, found, _ = _sorted(score, problem)
    return float(np.sum(np.diff(np.append(0, found)) * found / visits) / problem.sum())


def ks(score: FloatArray, problem: FloatArray) -> float:
    """Largest distance between the score's distributions of problems and of the others (KS)."""
    positives = float(problem.sum())
    if not positives or positives == len(problem):
        return float("nan")
    visits, found, _ = _sorted(score, problem)
    return float(np.max(np.abs(found / positives - (visits - found) / (len(problem) - positives))))


def brier(probability: FloatArray, problem: FloatArray) -> float:
    """Mean squared error of the probability."""
    return float(np.mean((probability - problem) ** 2))


def ece(probability: FloatArray, problem: FloatArray, bins: int = 10) -> float:
    """Expected calibration error over equally filled bins."""
    return float(
        sum(n * abs(p - o) for p, o, n in calibration_curve(probability, problem, bins)) / len(problem)
    )


def calibration_curve(
    probability: FloatArray, problem: FloatArray, bins: int = 10
) -> list[tuple[float, float, int]]:
    """(mean predicted, observed rate, visits) of equally filled bins, lowest first."""
    parts = np.array_split(np.argsort(probability, kind="stable"), min(bins, len(probability)))
    return [(float(probability[p].mean()), float(problem[p].mean()), len(p)) for p in parts if len(p)]


def lift(score: FloatArray, problem: FloatArray, share: float) -> float:
    """Problem rate among the top share against the overall rate; ties at the edge count by their mean."""
    if not problem.sum():
        return float("nan")
    top = max(1.0, share * len(problem))
    visits, found, _ = _sorted(score, problem)
    return float(np.interp(top, np.append(0, visits), np.append(0, found)) / top / problem.mean())


RANKING: dict[str, Metric] = {
    "auc": auc,
    "ap": average_precision,
    "ks": ks,
    "lift_1": lambda s, y: lift(s, y, 0.01),
    "lift_5": lambda s, y: lift(s, y, 0.05),
    "lift_10": lambda s, y: lift(s, y, 0.10),
}


def resamples(size: int, seed: int, count: int = RESAMPLES) -> IntArray:
    """Bootstrap samples of row numbers, count x size; the same for every score, so differences are paired."""
    return np.random.default_rng(seed).integers(size, size=(count, size))


def with_interval(metric: Metric, score: FloatArray, problem: FloatArray, draws: IntArray) -> list[float]:
    """[value, low, high]: 95 % percentile interval over the draws; NaN draws are left out."""
    values = np.array([metric(score[d], problem[d]) for d in draws])
    return [metric(score, problem), *_percentiles(values)]


def paired_difference(
    one: FloatArray, other: FloatArray, problem: FloatArray, draws: IntArray
) -> list[float]:
    """[difference of AUC, low, high] of two scores on the same rows, 95 % paired bootstrap."""
    values = np.array([auc(one[d], problem[d]) - auc(other[d], problem[d]) for d in draws])
    return [auc(one, problem) - auc(other, problem), *_percentiles(values)]


def _percentiles(values: FloatArray) -> list[float]:
    usable = values[~np.isnan(values)]
    if not len(usable):
        return [float("nan"), float("nan")]
    low, high = np.percentile(usable, [2.5, 97.5])
    return [float(low), float(high)]
