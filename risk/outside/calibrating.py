"""Calibrating (校准): raw score → probability by Platt, beta or isotonic, the one that out-of-fold scores prefer.

Fitted on scores of rows that the learner did not see, inside the training part; never on the rows it is judged by.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from risk.archive import FloatArray
from risk.calibration import EDGE, Calibration, calibrate

METHODS = ("platt", "beta", "isotonic")
ISOTONIC_POSITIVES = 200
"""Fewer positives make steps of chance (as `learner.isotonic_positives` of the bureau's own models)."""
BETA_POSITIVES = 50
FOLDS = 5
CLEARLY = 0.002
"""Share of the log loss that a more supple curve must save to replace the stiffer one."""


@dataclass(frozen=True)
class Curve:
    """`line` puts raw scores on the log-odds scale without ties; `method` says which curve gives the probability.

    beta: a and b of Kull, Silva Filho and Flach (2017) on the line's probability, and the constant. seen: lowest and
    highest raw score that it was fitted on; beyond them the probability stays, for nothing is known there.
    """

    method: str
    line: Calibration
    seen: tuple[float, float]
    beta: tuple[float, float, float] = (1.0, 1.0, 0.0)

    def score(self, raw: FloatArray) -> FloatArray:
        """Log-odds by the Platt line; ranks as the raw score does."""
        return self.line.log_odds(raw)

    def probability(self, raw: FloatArray) -> FloatArray:
        """Calibrated probability, never quite 0 or 1."""
        raw = np.clip(raw, *self.seen)
        if self.method == "isotonic":
            return self.line.probability(raw)
        if self.method == "beta":
            a, b, constant = self.beta
            low, high = _beta_terms(self.score(raw)).T
            return np.clip(expit(a * low + b * high + constant), EDGE / 10, 1 - EDGE / 10)
        return np.clip(expit(self.score(raw)), EDGE / 10, 1 - EDGE / 10)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the model file."""
        return asdict(self)


def curve_from_json(entry: dict[str, Any]) -> Curve:
    """The inverse of `Curve.to_json`."""
    (a, b, constant), (low, high) = entry["beta"], entry["seen"]
    return Curve(entry["method"], Calibration.from_json(entry["line"]), (low, high), (a, b, constant))


def fit_curve(raw: FloatArray, problem: FloatArray, seed: int) -> tuple[Curve, dict[str, float]]:
    """The curve, and the out-of-fold log loss of each method that the number of positives allows."""
    positives = min(problem.sum(), len(problem) - problem.sum())
    allowed = [
        m
        for m, least in zip(METHODS, (0, BETA_POSITIVES, ISOTONIC_POSITIVES), strict=True)
        if positives >= least
    ]
    folds = _folds(problem, seed)
    losses = {}
    for method in allowed:
        found = np.empty(len(raw))
        for fold in range(FOLDS):
            there = folds != fold
            found[~there] = _fit(method, raw[there], problem[there]).probability(raw[~there])
        losses[method] = log_loss(found, problem)
    chosen = "platt"
    for method in allowed[1:]:
        if losses[method] < losses[chosen] * (1 - CLEARLY):
            chosen = method
    return _fit(chosen, raw, problem), losses


def log_loss(probability: FloatArray, problem: FloatArray) -> float:
    """Mean negative log likelihood."""
    kept = np.clip(np.where(problem == 1, probability, 1 - probability), 1e-9, 1.0)
    return float(-np.log(kept).mean())


def _folds(problem: FloatArray, seed: int) -> Any:
    """Stratified, so that every part has both outcomes where there are enough."""
    folds = np.empty(len(problem), dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(problem))
    order = order[np.argsort(problem[order], kind="stable")]
    folds[order] = np.arange(len(problem)) % FOLDS
    return folds


def _fit(method: str, raw: FloatArray, problem: FloatArray) -> Curve:
    first = np.zeros(len(raw), dtype=bool)
    line = calibrate(raw, problem, first, 0 if method == "isotonic" else 1 << 62)
    seen = float(raw.min()), float(raw.max())
    if method != "beta":
        return Curve(method, line, seen)
    terms = _beta_terms(line.log_odds(raw))
    fitted = LogisticRegression(C=1e4).fit(terms, problem)
    a, b = (float(part) for part in fitted.coef_[0])
    if a < 0 or b < 0:  # the curve must rise: the term that falls is left out
        return Curve("platt", line, seen)
    return Curve("beta", line, seen, (a, b, float(fitted.intercept_[0])))


def _beta_terms(score: FloatArray) -> FloatArray:
    """log p and -log(1 - p) of log-odds, without loss at the ends."""
    return np.column_stack([-np.logaddexp(0, -score), np.logaddexp(0, score)])
