"""Folds (分折): who trains and who tests. By time where there is one; else stratified, ids and twins kept together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.errors import Refusal
from risk.archive import FloatArray, IntArray

Split = tuple[IntArray, IntArray]


@dataclass(frozen=True)
class Ground:
    """What folds rest on: outcomes, clusters that may not be torn apart (one number a row), and times or None."""

    problem: FloatArray
    clusters: IntArray
    when: FloatArray | None

    def where(self, rows: IntArray) -> Ground:
        """Narrowed to some rows."""
        return Ground(self.problem[rows], self.clusters[rows], None if self.when is None else self.when[rows])


def split(ground: Ground, folds: int, seed: int) -> list[Split]:
    """(training rows, test rows) of each fold that has both outcomes on both sides.

    With times: rolling windows, each tested by what came strictly before it (one window more than `folds`, for the
    first only trains). Without: stratified folds of whole clusters. Raises Refusal folds.none.
    """
    found = _rolling(ground.when, folds) if ground.when is not None else _stratified(ground, folds, seed)
    usable = [pair for pair in found if all(_both(ground.problem[rows]) for rows in pair)]
    if not usable:
        raise Refusal(
            "folds.none",
            "没有一折在训练和检验两边都有两种结果。",
            "请减少 --folds，或检查标签是否都在同一时段、同一组。",
        )
    return usable


def _both(problem: FloatArray) -> bool:
    return bool(len(problem)) and 0 < problem.sum() < len(problem)


def _rolling(when: FloatArray, folds: int) -> list[Split]:
    """Windows of about equal size; rows of one time are never torn apart."""
    edges = np.unique(np.quantile(when, np.arange(1, folds + 1) / (folds + 1), method="inverted_cdf"))
    window = np.searchsorted(edges, when, side="left")
    return [
        (np.flatnonzero(window < number), np.flatnonzero(window == number))
        for number in range(1, int(window.max()) + 1)
    ]


def _stratified(ground: Ground, folds: int, seed: int) -> list[Split]:
    """Clusters of like content (positives, rows) are shuffled and dealt out like cards, the largest first."""
    _, cluster = np.unique(ground.clusters, return_inverse=True)
    rows, positives = np.bincount(cluster), np.bincount(cluster, ground.problem)
    if len(rows) < 2:
        raise Refusal(
            "folds.one_group", "全部行属于同一个组，无法分折。", "请核对 --group 或 --id 指的是哪一列。"
        )
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    order = shuffled[np.lexsort((-rows[shuffled], -positives[shuffled]))]
    fold = np.empty(len(rows), dtype=np.int64)
    count = min(folds, len(rows))
    fold[order] = np.arange(len(rows)) % count
    return [(np.flatnonzero(fold[cluster] != k), np.flatnonzero(fold[cluster] == k)) for k in range(count)]
