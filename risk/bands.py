"""Bands (分级界限): score → class; no change of class without news unless the score says so clearly."""

from __future__ import annotations

from typing import Any

import numpy as np

from registry.errors import Refusal
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, FloatArray, IntArray
from risk.calibration import Calibration

CLASSES = np.array(CREDIT_RISK_CLASSES, dtype=object)
NONE = -1
"""Stands for "no previous class"."""


def cut_points(
    rule: dict[str, Any], scores: FloatArray, calibration: Calibration
) -> tuple[float, float, float]:
    """Scores above which B, C and D begin, from target shares or probability cuts (`grade.bands`).

    Fixed when the model is made: later months are judged by the same cuts until a new model is decided on.
    Raises Refusal grade.bands for shares that do not add up to 1, or cuts out of order.
    """
    if rule["method"] == "shares":
        shares = [float(rule[name]) for name in CREDIT_RISK_CLASSES]
        if abs(sum(shares) - 1) > 1e-9 or min(shares) < 0:
            raise Refusal(
                "grade.bands", f"各类占比 {shares} 之和不为 1。", "更正 rules/bands.toml 的 grade.bands。"
            )
        low, middle, high = np.quantile(scores, np.cumsum(shares)[:3]) if len(scores) else np.zeros(3)
        return float(low), float(middle), float(high)
    cuts = [float(rule[name]) for name in ("B", "C", "D")]
    if cuts != sorted(cuts) or cuts[0] <= 0 or cuts[2] >= 1:
        raise Refusal(
            "grade.bands",
            f"概率界限 {cuts} 须由小到大且在 0 与 1 之间。",
            "更正 rules/bands.toml 的 grade.bands。",
        )
    low, middle, high = _score_at(np.array(cuts), scores, calibration)
    return float(low), float(middle), float(high)


def _score_at(probabilities: FloatArray, scores: FloatArray, calibration: Calibration) -> FloatArray:
    """The highest score still below each probability, among the scores seen and a fine grid of log-odds."""
    grid = np.sort(np.concatenate([scores, np.linspace(-12, 12, 2401)]))
    return grid[np.clip(np.searchsorted(calibration.probability(grid), probabilities) - 1, 0, None)]


def by_score(score: FloatArray, cuts: tuple[float, float, float]) -> IntArray:
    """Class numbers 0 (A) to 3 (D): a score above a cut belongs to the worse class."""
    return np.searchsorted(np.array(cuts), score, side="left").astype(np.int64)


def settle(
    score: FloatArray,
    cuts: tuple[float, float, float],
    previous: IntArray,
    news: BoolArray,
    margin: float,
    steps: int,
    adverse: BoolArray | None = None,
) -> tuple[IntArray, BoolArray, BoolArray]:
    """The model's class after hysteresis and the step limit, and where each of the two decided.

    With news, or without a previous class, the score decides. Without news a class changes only if the score is
    beyond the cut by `margin`, and by at most `steps`. News that is only bad (`adverse`) frees the score upwards
    alone: a penalty never gives a better class than the same firm without it has.
    """
    plain = by_score(score, cuts)
    known = previous != NONE
    quiet = known & ~news
    only_bad = known & news & adverse if adverse is not None else np.zeros(len(plain), bool)
    lowest, highest = by_score(score - margin, cuts), by_score(score + margin, cuts)
    held = np.clip(previous, lowest, highest)
    stepped = np.clip(held, previous - steps, previous + steps)
    final = np.where(quiet, stepped, np.where(only_bad, np.maximum(plain, stepped), plain))
    bound = (quiet | only_bad) & (final != plain)
    return final, bound & (stepped == held), (quiet | bound) & (stepped != held)
