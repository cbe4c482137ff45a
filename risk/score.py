"""Scores (风险得分): a feature frame through a model. Who inspected nobody knows here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from risk.archive import BoolArray, FloatArray
from risk.calibration import EDGE
from risk.indicators.frame import FeatureFrame
from risk.model_file import Model

NO_HISTORY = "no_history"
"""Name of the extra contribution that shrinks an enterprise without history to its peers."""

ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class Scores:
    """One value an enterprise. `raw` is the learner's own; `score` ranks: its log-odds by the Platt line, shrunk to
    peers where there is no history; `probability` and its interval are shown."""

    raw: FloatArray
    score: FloatArray
    probability: FloatArray
    low: FloatArray
    high: FloatArray
    no_history: BoolArray


def never_inspected(matrix: FloatArray, names: tuple[str, ...]) -> BoolArray:
    """Rows without any conclusive inspection (无历史)."""
    return np.isnan(matrix[:, names.index("months_since_insp")])


def score_matrix(model: Model, matrix: FloatArray) -> Scores:
    """Score rows of indicators in the order of `model.names`."""
    raw = _raw(model, matrix)
    first = never_inspected(matrix, model.names)
    own = model.line.log_odds(raw)
    score = own + _towards_peers(model, matrix, own, first)
    low, high = model.calibration.interval(score, first)
    return Scores(raw, score, model.calibration.probability(score), low, high, first)


def _raw(model: Model, matrix: FloatArray) -> FloatArray:
    """The learner's raw score, some rows at a time: a linear one makes a few copies of what it looks at."""
    blocks = [matrix[start : start + ROWS_AT_ONCE] for start in range(0, len(matrix), ROWS_AT_ONCE)]
    return np.concatenate([np.zeros(0), *(model.learner.raw(block) for block in blocks)])


def score_frame(model: Model, frame: FeatureFrame) -> Scores:
    """Score a cohort. Raises ValueError if the model was made for other indicators."""
    if frame.names != model.names:
        raise ValueError("the model was trained on other indicators")
    return score_matrix(model, frame.matrix)


def contributions(model: Model, matrix: FloatArray) -> FloatArray:
    """Columns: one an indicator, then the shrinkage to peers, then the constant. Rows sum to `score` (1e-9)."""
    parts = model.learner.contributions(matrix) * model.line.slope
    constant = parts[:, -1] + model.line.intercept
    own = model.line.log_odds(model.learner.raw(matrix))
    towards = _towards_peers(model, matrix, own, never_inspected(matrix, model.names))
    return np.column_stack([parts[:, :-1], towards, constant])


def _towards_peers(model: Model, matrix: FloatArray, own: FloatArray, first: BoolArray) -> FloatArray:
    """For places without history a share of the way to their peers' log-odds, else nothing."""
    peers = logit(np.clip(matrix[:, model.names.index("peer_problem_rate")], EDGE, 1 - EDGE))
    return np.where(first, model.no_history_weight * (peers - own), 0.0)
