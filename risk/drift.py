"""Drift (群体偏移): the population stability index (PSI) of one column between an expected and an actual population.

Bins come from the expected values: one for each where there are few, else about deciles; unknown has a bin of its
own, and so have counts that the expected population did not know. Half a row is added to every bin, so that
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
    """How values are put into bins: `values` of their own, or upper `edges` of all bins but the last."""

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
    """One column's index, the shares that it is made of bin by bin, and its mean then and now.

    shift: how far the mean moved, in standard deviations of the expected values.
    """

    psi: float
    labels: list[str]
    expected: list[float]
    actual: list[float]
    means: list[float]
    shift: float

    def to_json(self) -> dict[str, Any]:
        """Plain values, shares to five places."""
        rounded = [[round(share, 5) for share in shares] for shares in (self.expected, self.actual)]
        return {
            "psi": round(self.psi, 6), "bins": self.labels, "then": rounded[0], "now": rounded[1],
            "means": self.means, "shift": self.shift,
        }  # fmt: skip


def bins_of(expected: FloatArray, bins: int = 10, most_values: int = 20) -> Bins:
    """Bins from the expected values: one a value where these are at most `most_values` whole numbers (counts, yes
    or no), else `bins` of about equal size.

    An edge lies between two values. Where many enterprises share the number at a quantile (the rate of an industry),
    it goes into the widest gap nearby: a move of the third digit moves nobody into another bin.
    """
    known = np.sort(expected[~np.isnan(expected)])
    different = np.unique(known)
    if len(different) <= most_values and bool(np.all(different == np.round(different))):
        return Bins(different, np.zeros(0))
    edges = [_edge(known, number / bins, 0.5 / bins) for number in range(1, bins)]
    return Bins(None, np.unique(np.array([edge for edge in edges if edge is not None], dtype=float)))


def _edge(known: FloatArray, quantile: float, reach: float) -> float | None:
    """Between the quantile's value and the next; of shared values, in the widest gap within `reach`, if there is one."""
    size = len(known)
    at = max(int(np.ceil(quantile * size)) - 1, 0)
    first, last = at, at + 1
    if np.searchsorted(known, known[at], "right") - np.searchsorted(known, known[at], "left") > 1:
        first, last = max(int((quantile - reach) * size), 0), min(int((quantile + reach) * size), size - 1)
    gaps = np.diff(known[first : last + 1])
    if not len(gaps) or gaps.max() <= 0:
        return None
    low = first + int(gaps.argmax())
    return float((known[low] + known[low + 1]) / 2)


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
    means, shift = _shift(expected[~np.isnan(expected)], actual[~np.isnan(actual)])
    return Drift(index(then_shares, now_shares), labels, plain[0], plain[1], means, shift)


def _shift(expected: FloatArray, actual: FloatArray) -> tuple[list[float], float]:
    """Means of what is known, and their distance in standard deviations; NaN where it has no measure."""
    if not len(expected) or not len(actual):
        return [float(part.mean()) if len(part) else float("nan") for part in (expected, actual)], float(
            "nan"
        )
    spread, moved = float(expected.std()), float(actual.mean() - expected.mean())
    means = [float(expected.mean()), float(actual.mean())]
    return means, moved / spread if spread else (0.0 if not moved else float("nan"))


def _smoothed(counts: FloatArray) -> FloatArray:
    shares: FloatArray = (counts + SMOOTHING) / (counts.sum() + SMOOTHING * len(counts))
    return shares
