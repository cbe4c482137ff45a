"""Selection (模型选择): a learner replaces a simpler one only where it is proved better on later windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from registry.rules import Rulebook
from risk import metrics
from risk.archive import FloatArray
from risk.indicators.catalogue import directions_of
from risk.inspector_offset import inspector_offset
from risk.learners import Learner, Scorecard, fit_boosted, fit_logistic
from risk.sample import Sample

ROLLING = 3
"""Validation windows before the test window that decide together."""


@dataclass
class Choice:
    """The learner chosen, why in a sentence, and the figures it rests on."""

    chosen: str
    reason: str
    windows: list[dict[str, Any]] = field(default_factory=list)
    differences: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Thresholds:
    """Labelled visits that a learner needs (rules `learner.minimum_visits.*`), and the inspector's prior."""

    learned: int
    boosted: int
    inspector_prior: float

    @classmethod
    def of(cls, book: Rulebook, place: str, on: Any) -> Thresholds:
        """The thresholds in force."""
        value = {k: book.value(f"learner.{k}", place, on) for k in
                 ("minimum_visits.learned", "minimum_visits.boosted", "inspector_prior_visits")}  # fmt: skip
        return cls(*(value[k] for k in value))


def fit(
    name: str, sample: Sample, names: tuple[str, ...], card: Scorecard, prior: float, seed: int
) -> Learner:
    """Train one learner by name; the inspector's offset enters the trees' training and nothing else."""
    if name == "scorecard":
        return card.compared_with(sample.matrix)
    if name == "logistic":
        return fit_logistic(sample.matrix, sample.problem, directions_of(names))
    offset = inspector_offset(sample.inspectors, sample.problem, prior, seed)
    return fit_boosted(sample.matrix, sample.problem, offset, names, directions_of(names), seed)


def candidates(sample: Sample, thresholds: Thresholds) -> list[str]:
    """Learners that the number of labelled visits allows, simplest first."""
    visits = len(sample.problem)
    allowed = ["scorecard"]
    if visits >= thresholds.learned and both_outcomes(sample.problem):
        allowed.append("logistic")
        if visits >= thresholds.boosted:
            allowed.append("lightgbm")
    return allowed


def both_outcomes(problem: FloatArray) -> bool:
    """Whether anything can be learned or measured."""
    return bool(len(problem)) and 0 < problem.sum() < len(problem)


def choose(
    sample: Sample, names: tuple[str, ...], card: Scorecard, thresholds: Thresholds, seed: int
) -> Choice:
    """Rolling validation on the windows before the last one (which stays untouched for the test)."""
    allowed = candidates(sample, thresholds)
    last = len(sample.windows) - 1
    scored: list[tuple[FloatArray, dict[str, FloatArray]]] = []
    choice = Choice("scorecard", f"有结论的检查只有 {len(sample.problem)} 次，用专家评分卡。")
    for window in range(max(last - ROLLING, 1), last):
        past, now = sample.where(sample.window < window), sample.where(sample.window == window)
        if not both_outcomes(past.problem) or not both_outcomes(now.problem):
            continue
        scores = {
            n: fit(n, past, names, card, thresholds.inspector_prior, seed).raw(now.matrix) for n in allowed
        }
        scored.append((now.problem, scores))
        row: dict[str, Any] = {n: metrics.auc(s, now.problem) for n, s in scores.items()}
        choice.windows.append({"snapshot": str(sample.windows[window][0]), "visits": len(now.problem), **row})
    if len(allowed) > 1 and scored:
        _decide(choice, allowed, scored, seed)
    return choice


def _decide(choice: Choice, allowed: list[str], scored: list[Any], seed: int) -> None:
    mean = {n: float(np.mean([row[n] for row in choice.windows])) for n in allowed if n != "lightgbm"}
    best = max(mean, key=lambda n: mean[n])
    choice.differences["logistic - scorecard"] = _difference(scored, "logistic", "scorecard", seed)
    choice.chosen, choice.reason = best, f"逻辑回归与评分卡中，{best} 在滚动验证中的 AUC 较高。"
    if "lightgbm" in allowed:
        gain = _difference(scored, "lightgbm", best, seed)
        choice.differences[f"lightgbm - {best}"] = gain
        shown = f"AUC 差 {gain[0]:+.3f}（95% 区间 {gain[1]:+.3f} 至 {gain[2]:+.3f}）"
        if gain[1] > 0:
            choice.chosen, choice.reason = "lightgbm", f"LightGBM 胜过 {best}：{shown}。"
        else:
            choice.reason = f"LightGBM 未被证明优于 {best}：{shown}，用较简单者。"


def _difference(scored: list[Any], one: str, other: str, seed: int) -> list[float]:
    """Mean over windows of the paired AUC difference, [difference, low, high]; draws stay inside their window."""
    centre, total = [], np.zeros(metrics.RESAMPLES)
    for number, (problem, scores) in enumerate(scored):
        draws = metrics.resamples(len(problem), seed + number)
        a, b = scores[one], scores[other]
        centre.append(metrics.auc(a, problem) - metrics.auc(b, problem))
        total += [metrics.auc(a[d], problem[d]) - metrics.auc(b[d], problem[d]) for d in draws]
    low, high = np.nanpercentile(total / len(scored), [2.5, 97.5])
    return [float(np.mean(centre)), float(low), float(high)]
