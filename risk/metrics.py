"""Metrics (评价指标) of a score against what was found, with bootstrap intervals, paired between scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import beta, chi2, rankdata

from risk.archive import FloatArray, IntArray, Texts

Metric = Callable[[FloatArray, FloatArray], float]
RESAMPLES = 200
EMPTY_SHARE = 1e-4
"""What an empty bin is taken for in PSI, where a share of nothing would have no logarithm."""


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
    """(mean predicted, observed rate, visits) of equally filled bins, lowest first; equal probabilities together."""
    at = np.searchsorted(_inner_edges(probability, bins), probability, side="left")
    visits = np.bincount(at)
    predicted, found = np.bincount(at, probability), np.bincount(at, problem)
    return [
        (float(predicted[b] / visits[b]), float(found[b] / visits[b]), int(visits[b]))
        for b in np.flatnonzero(visits)
    ]


def _inner_edges(values: FloatArray, bins: int) -> FloatArray:
    """Upper edges of all bins but the last, equally filled as far as ties allow."""
    if not len(values):
        return np.zeros(0)
    return np.unique(np.quantile(values, np.arange(1, bins) / bins, method="inverted_cdf"))


def hosmer_lemeshow(
    probability: FloatArray, problem: FloatArray, bins: int = 10, lost: int = 2
) -> tuple[float, float]:
    """(statistic, p) of Hosmer and Lemeshow (1980) over equally filled bins; a small p: badly calibrated.

    lost: degrees of freedom below the number of bins. 2 is the classic value for a model judged on its own data and
    the stricter one; on data that the model never saw the statistic has as many as there are bins (0).
    """
    curve = calibration_curve(probability, problem, bins)
    expected, observed, visits = (np.array(column, float) for column in zip(*curve, strict=True))
    spread = np.maximum(visits * expected * (1 - expected), 1e-12)
    statistic = float(np.sum((visits * (observed - expected)) ** 2 / spread))
    return statistic, float(chi2.sf(statistic, max(len(visits) - lost, 1)))


def jeffreys_interval(problems: float, visits: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a rate with Jeffreys' prior, Beta(1/2, 1/2); from 0 without a problem, up to 1 with nothing else."""
    if not visits:
        return 0.0, 1.0
    tail = (1 - level) / 2
    clean = visits - problems
    low = 0.0 if not problems else float(beta.ppf(tail, problems + 0.5, clean + 0.5))
    return low, 1.0 if not clean else float(beta.ppf(1 - tail, problems + 0.5, clean + 0.5))


def jeffreys_test(predicted: float, problems: float, visits: float) -> tuple[float, float]:
    """(p that the true rate is at most the predicted one, two-sided p) given what was found.

    The first is the Jeffreys test of the European Central Bank (Instructions for reporting the validation results
    of internal models, 2019, 2.5.3.1): small means that the class is worse than predicted.
    """
    below = float(beta.cdf(predicted, problems + 0.5, visits - problems + 0.5))
    return below, min(1.0, 2 * min(below, 1 - below))


def psi(expected: FloatArray, actual: FloatArray, bins: int = 10) -> float:
    """Population stability index: sum of (a - e) ln(a / e) over bins equally filled by `expected`.

    Values that many share have a bin of their own as far as the quantiles fall on them; unknown (NaN) is one more
    bin. NaN without rows on either side. Usual marks: .10 look, .25 act.
    """
    if not len(expected) or not len(actual):
        return float("nan")
    edges = _inner_edges(expected[~np.isnan(expected)], bins)
    was, now = (_shares(values, edges) for values in (expected, actual))
    return float(np.sum((now - was) * np.log(now / was)))


def _shares(values: FloatArray, edges: FloatArray) -> FloatArray:
    """Share of each bin, the last of which is unknown."""
    unknown = len(edges) + 1
    at = np.where(np.isnan(values), unknown, np.searchsorted(edges, values, side="left"))
    return np.maximum(np.bincount(at, minlength=unknown + 1) / len(values), EMPTY_SHARE)


def capture(score: FloatArray, problem: FloatArray, visits: float) -> float:
    """Share of all problems among the `visits` highest scores; ties at the edge count by their mean."""
    if not problem.sum():
        return float("nan")
    seen, found, _ = _sorted(score, problem)
    return float(np.interp(visits, np.append(0, seen), np.append(0, found)) / problem.sum())


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


def as_counts(draws: Sequence[IntArray] | IntArray, size: int) -> FloatArray:
    """How often each of `size` rows is in each bootstrap sample, count x size; samples may differ in length."""
    return np.stack([np.bincount(draw, minlength=size) for draw in draws]).astype(float)


def clustered_counts(clusters: Texts, seed: int, count: int = RESAMPLES) -> FloatArray:
    """The same where whole clusters are drawn (all rows of an enterprise, in every window, or none)."""
    names, at = np.unique(clusters.astype(str), return_inverse=True)
    return as_counts(resamples(len(names), seed, count), len(names))[:, at]


def auc_of_draws(score: FloatArray, problem: FloatArray, counts: FloatArray) -> FloatArray:
    """AUC of each bootstrap sample in one sweep; NaN where a sample has one outcome only."""
    order = np.argsort(score, kind="stable")
    ranked, weights = score[order], counts[:, order]
    starts = np.flatnonzero(np.append(True, np.diff(ranked) != 0))
    positive = np.add.reduceat(weights * problem[order], starts, axis=1)
    negative = np.add.reduceat(weights * (1 - problem[order]), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((positive * below).sum(axis=1) / pairs)


def with_interval(metric: Metric, score: FloatArray, problem: FloatArray, draws: IntArray) -> list[float]:
    """[value, low, high]: 95 % percentile interval over the draws; NaN draws are left out."""
    if metric is auc:
        values = auc_of_draws(score, problem, as_counts(draws, len(score)))
    else:
        values = np.array([metric(score[d], problem[d]) for d in draws])
    return [metric(score, problem), *percentiles(values)]


def paired_difference(
    one: FloatArray, other: FloatArray, problem: FloatArray, draws: IntArray
) -> list[float]:
    """[difference of AUC, low, high] of two scores on the same rows, 95 % paired bootstrap."""
    counts = as_counts(draws, len(problem))
    values = auc_of_draws(one, problem, counts) - auc_of_draws(other, problem, counts)
    return [auc(one, problem) - auc(other, problem), *percentiles(values)]


def percentiles(values: FloatArray) -> list[float]:
    """[low, high] of the middle 95 %, NaN left out; NaN where nothing is left."""
    usable = values[~np.isnan(values)]
    if not len(usable):
        return [float("nan"), float("nan")]
    low, high = np.percentile(usable, [2.5, 97.5])
    return [float(low), float(high)]
