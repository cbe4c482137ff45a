"""Calibration (概率校准): raw score → probability of a problem within the horizon, fitted on a later time slice.

Isotonic where there are enough positives, else Platt. Isotonic makes ties, so the raw score ranks and the
calibrated probability is shown. A Platt line is kept in both cases: it puts scores on the log-odds scale.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from risk.archive import BoolArray, FloatArray

FLATTEST = 1e-3
"""A slope of nothing or less says the score is useless; a tiny one keeps its order and near-equal probabilities."""
EDGE = 1e-4
BINS = {"known": 10, "first": 5}


@dataclass(frozen=True)
class Calibration:
    """`steps`: raw score and probability of each isotonic step (empty: Platt). `bins`: evidence for intervals,
    for places with history and first-time places apart: upper edges, visits and problems of each bin."""

    method: str
    intercept: float
    slope: float
    steps: tuple[list[float], list[float]]
    bins: dict[str, tuple[list[float], list[int], list[int]]]

    def probability(self, raw: FloatArray) -> FloatArray:
        """Calibrated probability of raw scores."""
        if self.method == "isotonic":
            return np.interp(raw, *self.steps)
        return expit(self.log_odds(raw))

    def log_odds(self, raw: FloatArray) -> FloatArray:
        """Log-odds by the Platt line: keeps the order without ties."""
        return self.intercept + self.slope * raw

    def interval(self, raw: FloatArray, first_time: BoolArray) -> tuple[FloatArray, FloatArray]:
        """95 % Jeffreys interval of the rate seen in the score's bin, stretched to hold the probability itself."""
        low, high = np.zeros(len(raw)), np.ones(len(raw))
        for name, rows in (("known", ~first_time), ("first", first_time)):
            edges, visits, problems = (np.array(part, float) for part in self.bins[name])
            if len(visits):
                at = np.searchsorted(edges, raw[rows])
                low[rows] = beta.ppf(0.025, problems + 0.5, visits - problems + 0.5)[at]
                high[rows] = beta.ppf(0.975, problems + 0.5, visits - problems + 0.5)[at]
        probability = self.probability(raw)
        return np.minimum(low, probability), np.maximum(high, probability)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the model file."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Calibration:
        """The inverse of `to_json`."""
        steps = (list(values["steps"][0]), list(values["steps"][1]))
        bins = {name: (list(b[0]), list(b[1]), list(b[2])) for name, b in values["bins"].items()}
        return cls(values["method"], values["intercept"], values["slope"], steps, bins)


def calibrate(
    raw: FloatArray, problem: FloatArray, first_time: BoolArray, isotonic_positives: int
) -> Calibration:
    """Fit on labelled rows (both outcomes present) that are later than those the learner saw."""
    intercept, slope = _platt(raw, problem)
    bins = {
        "known": _bins(raw[~first_time], problem[~first_time], BINS["known"]),
        "first": _bins(raw[first_time], problem[first_time], BINS["first"]),
    }
    if problem.sum() < isotonic_positives:
        return Calibration("platt", intercept, slope, ([], []), bins)
    return Calibration("isotonic", intercept, slope, _isotonic(raw, problem), bins)


def assumed(intercept: float, slope: float) -> Calibration:
    """A calibration from rules, for a place without labels (`learner.scorecard.unlabelled`)."""
    nothing: tuple[list[float], list[int], list[int]] = ([], [], [])
    return Calibration("assumed", intercept, slope, ([], []), {"known": nothing, "first": nothing})


def _isotonic(raw: FloatArray, problem: FloatArray) -> tuple[list[float], list[float]]:
    """Steps of the isotonic fit, each the Jeffreys mean of its own visits.

    A step of nine visits with nine problems is no proof of certainty: it says .95, not 1. The whole's order is kept.
    """
    fitted = IsotonicRegression(y_min=EDGE, y_max=1 - EDGE, out_of_bounds="clip").fit(raw, problem)
    levels, at = np.unique(fitted.predict(raw), return_inverse=True)
    visits, problems = np.bincount(at), np.bincount(at, problem)
    means = np.maximum.accumulate((problems + 0.5) / (visits + 1))
    return fitted.X_thresholds_.tolist(), means[
        np.searchsorted(levels, fitted.y_thresholds_ - 1e-12)
    ].tolist()


def _platt(raw: FloatArray, problem: FloatArray) -> tuple[float, float]:
    centre, spread = float(raw.mean()), float(raw.std()) or 1.0
    fitted = LogisticRegression(C=1e4).fit(((raw - centre) / spread)[:, None], problem)
    slope = float(fitted.coef_[0, 0]) / spread
    if slope > FLATTEST / spread:
        return float(fitted.intercept_[0]) - slope * centre, slope
    slope = FLATTEST / spread
    return float(logit(np.clip(problem.mean(), EDGE, 1 - EDGE))) - slope * centre, slope


def _bins(raw: FloatArray, problem: FloatArray, count: int) -> tuple[list[float], list[int], list[int]]:
    if not len(raw):
        return [], [], []
    edges = np.unique(np.quantile(raw, np.linspace(0, 1, count + 1)[1:-1]))
    at = np.searchsorted(edges, raw)
    visits = np.bincount(at, minlength=len(edges) + 1)
    problems = np.bincount(at, problem, minlength=len(edges) + 1)
    return edges.tolist(), visits.tolist(), problems.astype(int).tolist()
