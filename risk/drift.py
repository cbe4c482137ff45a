"""Drift (群体偏移): the population stability index (PSI) of one column between an expected and an actual population.

Bins come from the expected values: one for each value where there are few, else their deciles; unknown has a bin
of its own, and so have values that the expected population did not know. Half a row is added to every bin, so that
an empty one has a logarithm and a small place no infinite index.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from risk.archive import FloatArray

UNKNOWN, OTHER = "未知", "其他"
SMOOTHING = 0.5
"""Rows added to every bin (Jeffreys' prior)."""


@dataclass(frozen=True)
class Bins:
    """How values are put into bins: `values` of their own, or upper `edges` of all bins but the last (inclusive)."""

    values: FloatArray | None
    edges: FloatArray

    def labels(self) -> list[str]:
        """What each bin is called, in the order of `counts`."""
        if self.values is not None:
            return [*(f"{value:.4g}" for value in self.values), OTHER, UNKNOWN]
        if not len(self.edges):
            return ["全部", UNKNOWN]
        upper = [f"{edge:.4g}" for edge in self.edges]
        between = [f"({low}, {high}]" for low, high in itertools.pairwise(upper)]
        return [f"≤ {upper[0]}", *between, f"> {upper[-1]}", UNKNOWN]

    def counts(self, values: FloatArray) -> FloatArray:
        """Rows in each bin; unknown is the last."""
        known = values[~np.isnan(values)]
        if self.values is None:
            at = np.searchsorted(self.edges, known, side="left")
            found = np.bincount(at, minlength=len(self.edges) + 1)
        else:
            at = np.searchsorted(self.values, known)
            inside = np.minimum(at, len(self.values) - 1) if len(self.values) else at
            own = (self.values[inside] == known) if len(self.values) else np.zeros(len(known), bool)
            found = np.bincount(np.where(own, inside, len(self.values)), minlength=len(self.values) + 1)
        return np.append(found, len(values) - len(known)).astype(float)


@dataclass(frozen=True)
class Drift:
    """One column's index and the shares that it is made of, bin by bin."""

    psi: float
    labels: list[str]
    expected: list[float]
    actual: list[float]

    def to_json(self) -> dict[str, Any]:
        """Plain values, shares to five places."""
        rounded = [[round(share, 5) for share in shares] for shares in (self.expected, self.actual)]
        return {"psi": round(self.psi, 6), "bins": self.labels, "then": rounded[0], "now": rounded[1]}


def bins_of(expected: FloatArray, bins: int = 10, most_values: int = 20) -> Bins:
    """Bins from the expected values: one a value where they are at most `most_values`, else `bins` quantiles."""
    known = expected[~np.isnan(expected)]
    different = np.unique(known)
    if len(different) <= most_values:
        return Bins(different, np.zeros(0))
    at = np.arange(1, bins) / bins
    return Bins(None, np.unique(np.quantile(known, at, method="inverted_cdf")))


def index(expected: FloatArray, actual: FloatArray) -> float:
    """PSI of two sets of shares that are all above 0: sum of (a - e) ln(a / e). Symmetric, never negative."""
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def drift(expected: FloatArray, actual: FloatArray, bins: int = 10, most_values: int = 20) -> Drift:
    """The drift of a column. Raises ValueError where either population is empty.

    Bins that neither population uses are left out: they say nothing.
    """
    if not len(expected) or not len(actual):
        raise ValueError("no drift of an empty population")
    cut = bins_of(expected, bins, most_values)
    was, now = cut.counts(expected), cut.counts(actual)
    used = (was + now) > 0
    then_shares, now_shares = (_smoothed(counts[used]) for counts in (was, now))
    labels = [label for label, kept in zip(cut.labels(), used, strict=True) if kept]
    plain = [(counts[used] / counts.sum()).tolist() for counts in (was, now)]
    return Drift(index(then_shares, now_shares), labels, plain[0], plain[1])


def _smoothed(counts: FloatArray) -> FloatArray:
    shares: FloatArray = (counts + SMOOTHING) / (counts.sum() + SMOOTHING * len(counts))
    return shares
