"""Boosting for outside tables (梯度提升): a small stated grid, rounds read off as stages, and sums of learners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from scipy.special import ndtri

from risk.archive import FloatArray
from risk.learners import Boosted, Learner, Linear, Settings, fit_logistic, learner_from_json


@dataclass(frozen=True)
class TableSettings(Settings):
    """Settings that an outside table may need besides: finer bins, and a share of the rows for each tree."""

    bins: int = 255
    row_share: float = 0.8

    def parameters(self) -> dict[str, Any]:
        """In LightGBM's words."""
        share = {"bagging_fraction": self.row_share, "bagging_freq": 1}
        return super().parameters() | {"max_bin": self.bins} | share


STAGES = (25, 50, 100, 200, 400)
GRID = {
    "depth 2": TableSettings(depth=2, leaf_rows=20, l2=5.0, rounds=STAGES[-1]),
    "depth 4": TableSettings(depth=4, leaf_rows=10, l2=1.0, rounds=STAGES[-1]),
    "depth 6": TableSettings(depth=6, leaf_rows=20, l2=5.0, rounds=STAGES[-1]),
}
"""Three shapes, each read off after every number of rounds in STAGES: 15 candidates for three trainings."""
KNOTS = 101


@dataclass(frozen=True)
class Ranked:
    """A linear learner over normal scores of ranks, so that a value a million times the usual one weighs no more than
    the largest. `knots`: for each column its values and their normal scores."""

    knots: tuple[tuple[list[float], list[float]], ...]
    linear: Linear
    name: str = "logistic"

    def raw(self, matrix: FloatArray) -> FloatArray:
        """Log-odds."""
        return self.linear.raw(self._ranks(matrix))

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Weight times normal score, and the intercept."""
        return self.linear.contributions(self._ranks(matrix))

    def _ranks(self, matrix: FloatArray) -> FloatArray:
        return ranks(matrix, self.knots)

    def to_json(self) -> dict[str, Any]:
        """Lists of numbers."""
        return {"knots": self.knots, "linear": self.linear.to_json()}


@dataclass(frozen=True)
class Sum:
    """A weighted sum of learners; contributions still add up to the raw score."""

    members: tuple[Learner, ...]
    weights: tuple[float, ...]
    name: str = "sum"

    def raw(self, matrix: FloatArray) -> FloatArray:
        """Weighted sum of raw scores."""
        total = np.zeros(len(matrix))
        for member, weight in zip(self.members, self.weights, strict=True):
            total += weight * member.raw(matrix)
        return total

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Weighted sum of contributions."""
        parts = [w * m.contributions(matrix) for m, w in zip(self.members, self.weights, strict=True)]
        return np.sum(parts, axis=0)

    def to_json(self) -> dict[str, Any]:
        """Each member under its name."""
        members = [{"name": m.name, **m.to_json()} for m in self.members]
        return {"members": members, "weights": list(self.weights)}


def table_learner(name: str, entry: dict[str, Any]) -> Learner:
    """The learner of a model file. Raises KeyError for a name that no learner has."""
    if name == "sum":
        members = tuple(table_learner(m["name"], m) for m in entry["members"])
        return Sum(members, tuple(entry["weights"]))
    if name == "logistic":
        linear = learner_from_json("logistic", entry["linear"])
        if not isinstance(linear, Linear):
            raise KeyError(name)
        return Ranked(tuple((list(k[0]), list(k[1])) for k in entry["knots"]), linear)
    return learner_from_json(name, entry)


def fit_ranked(matrix: FloatArray, problem: FloatArray, directions: Sequence[int]) -> Ranked:
    """Ridge logistic regression over ranks; see `risk.learners.fit_logistic`."""
    knots = tuple(_knots(column) for column in matrix.T)
    return Ranked(knots, fit_logistic(ranks(matrix, knots), problem, directions))


def ranks(matrix: FloatArray, knots: Sequence[tuple[list[float], list[float]]]) -> FloatArray:
    """Normal scores of every column, unknown staying unknown."""
    result = np.full(matrix.shape, np.nan)
    for i, (values, scores) in enumerate(knots):
        known = ~np.isnan(matrix[:, i])
        if values:
            result[known, i] = np.interp(matrix[known, i], values, scores)
    return result


def _knots(column: FloatArray) -> tuple[list[float], list[float]]:
    """Quantiles and the normal score of the middle of the ranks that share each value."""
    known = column[~np.isnan(column)]
    if not len(known):
        return [], []
    ordered = np.sort(known)
    values = np.unique(np.quantile(known, np.linspace(0, 1, KNOTS), method="inverted_cdf"))
    below, upto = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return values.tolist(), ndtri((below + upto + 1) / (2 * len(known) + 2)).tolist()


def at_stage(fitted: Boosted, matrix: FloatArray, rounds: int) -> FloatArray:
    """Raw score of the first so many rounds."""
    return np.asarray(fitted.booster.predict(matrix, raw_score=True, num_iteration=rounds)) + fitted.constant


def lightgbm_version() -> str:
    """For the report."""
    return str(lightgbm.__version__)
