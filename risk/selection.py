"""Selection (模型选择) by regret over rolling windows; trees replace a simpler learner only where proved better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np

from registry.rules import Rulebook
from risk import metrics
from risk.archive import FloatArray
from risk.evaluate import baselines
from risk.indicators.catalogue import NAMES
from risk.labels import apart, settled
from risk.rolling import Rolling, Setting, both_outcomes
from risk.sample import Sample
from risk.tuning import Tuning, grids, plain_setting, tune

LEARNERS = ("scorecard", "logistic", "lightgbm")
"""Simplest first."""
WORDS = {
    "scorecard": "专家评分卡", "logistic": "逻辑回归", "lightgbm": "LightGBM", "last_result": "上次结果",
    "group_rate": "分组发现率", "mean_score": "历次平均得分",
}  # fmt: skip
Scored = list[tuple[Sample, dict[str, FloatArray]]]
"""For each window its rows, and the scores of all that are compared."""


@dataclass
class Choice:
    """The learner chosen, why in a sentence, and the figures it rests on.

    windows: one row each, with the metric of every score; regret: mean distance from the best of its window;
    settings: what each learner is to be trained with; tuning: every grid point's figures.
    """

    chosen: str
    reason: str
    windows: list[dict[str, Any]] = field(default_factory=list)
    differences: dict[str, list[float]] = field(default_factory=dict)
    regret: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    tuning: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Plain values for `model_run.metrics`; the tuning goes to its parameters."""
        plain = {name: plain_setting(setting) for name, setting in self.settings.items()}
        return {k: v for k, v in vars(self).items() if k != "tuning"} | {"settings": plain}


@dataclass(frozen=True)
class Thresholds:
    """Rules of the choice (`learner.*`): labelled visits that a learner needs, the inspector's prior, windows, grids."""

    learned: int
    boosted: int
    inspector_prior: float
    windows: int = 3
    metric: str = "auc"
    grid_kept: int = 3
    grids: dict[str, tuple[Setting, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, book: Rulebook, place: str, on: date) -> Thresholds:
        """The thresholds in force. Raises Refusal learner.grid."""
        names = {
            "learned": "minimum_visits.learned", "boosted": "minimum_visits.boosted",
            "inspector_prior": "inspector_prior_visits", "windows": "rolling_windows", "metric": "regret_metric",
            "grid_kept": "grid_kept",
        }  # fmt: skip
        value = {field: book.value(f"learner.{key}", place, on) for field, key in names.items()}
        return cls(**value, grids=grids(book, place, on))

    def record(self) -> dict[str, Any]:
        """Without the grids, which are recorded with their figures."""
        return {k: v for k, v in asdict(self).items() if k != "grids"}


def candidates(sample: Sample, thresholds: Thresholds) -> list[str]:
    """Learners that the number of labelled visits allows, simplest first."""
    visits = len(sample.visited().problem)
    if visits < thresholds.learned or not both_outcomes(sample.problem):
        return ["scorecard"]
    return [*LEARNERS] if visits >= thresholds.boosted else ["scorecard", "logistic"]


def choose(rolling: Rolling, thresholds: Thresholds, day: date) -> Choice:
    """Choose with labels known by `day`: rolling validation on the newest windows whose horizons do not overlap."""
    past = rolling.sample.known_by(day)
    allowed = candidates(past, thresholds)
    choice = Choice("scorecard", f"有结论的检查只有 {len(past.visited().problem)} 次，用专家评分卡。")
    choice.settings = {name: thresholds.grids.get(name, (None,))[0] for name in allowed}
    usable = [w for w in settled(rolling.sample.windows, day) if _comparable(rolling, w, allowed, thresholds)]
    row = apart(rolling.sample.windows, usable)
    windows, earlier = row[-thresholds.windows :], row[: -thresholds.windows]
    if len(allowed) == 1 or not windows:
        return choice
    pilot = earlier[-1] if earlier else None
    tunings = {
        name: tune(
            rolling,
            name,
            thresholds.grids.get(name, (None,)),
            windows,
            pilot,
            thresholds.grid_kept,
            thresholds.metric,
        )
        for name in allowed
    }
    choice.settings = {name: found.best() for name, found in tunings.items()}
    choice.tuning = {name: found.record(rolling) for name, found in tunings.items() if len(found.grid) > 1}
    _compare(choice, rolling, tunings, windows, thresholds.metric)
    return choice


def _comparable(rolling: Rolling, window: int, allowed: list[str], thresholds: Thresholds) -> bool:
    """Whether before this window every learner allowed now had the visits it needs: a fair place to compare them."""
    past = rolling.sample.known_by(rolling.snapshot(window))
    return rolling.usable(window) and set(allowed) <= set(candidates(past, thresholds))


def _compare(
    choice: Choice, rolling: Rolling, tunings: dict[str, Tuning], windows: Sequence[int], metric: str
) -> None:
    scored: Scored = []
    for window in windows:
        now = rolling.sample.of_window(window)
        scores = {name: rolling.raw(name, t.best(without=window), window) for name, t in tunings.items()}
        scored.append((now, scores | baselines(now, NAMES)))
        figures = {name: metrics.RANKING[metric](s, now.problem) for name, s in scored[-1][1].items()}
        choice.windows.append(
            {"snapshot": str(rolling.snapshot(window)), "visits": len(now.problem), **figures}
        )
    choice.regret = mean_regret(choice.windows, [*scored[0][1]])
    _decide(choice, list(tunings), scored, rolling.seed)


def mean_regret(windows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """Mean over windows of the best score's metric minus one's own; names that not every window has are left out."""
    everywhere = [name for name in names if all(name in row for row in windows)]
    best = [max(row[name] for name in everywhere) for row in windows]
    return {
        name: float(np.mean([top - row[name] for top, row in zip(best, windows, strict=True)]))
        for name in everywhere
    }


def _decide(choice: Choice, allowed: list[str], scored: Scored, seed: int) -> None:
    simpler = [name for name in allowed if name != "lightgbm"]
    best = min(simpler, key=lambda name: choice.regret[name])
    many = f"{len(scored)} 个滚动验证期"
    choice.chosen = best
    choice.reason = f"{WORDS[best]}在{many}的平均遗憾 {choice.regret[best]:.3f}，在较简单者中最小。"
    choice.differences["logistic - scorecard"] = difference(scored, "logistic", "scorecard", seed)
    if "lightgbm" in allowed:
        gain = difference(scored, "lightgbm", best, seed)
        choice.differences[f"lightgbm - {best}"] = gain
        shown = f"AUC 差 {gain[0]:+.3f}（95% 区间 {gain[1]:+.3f} 至 {gain[2]:+.3f}，{many}）"
        if gain[1] > 0:
            choice.chosen, choice.reason = "lightgbm", f"LightGBM 胜过{WORDS[best]}：{shown}。"
        else:
            choice.reason = f"LightGBM 未被证明优于{WORDS[best]}：{shown}，用较简单者。{choice.reason}"
    ahead = [
        n for n in choice.regret if n not in LEARNERS and choice.regret[n] < choice.regret[choice.chosen]
    ]
    if ahead:
        choice.reason += f"但不学习的“{'、'.join(WORDS[n] for n in ahead)}”平均遗憾更小。"


def difference(scored: Scored, one: str, other: str, seed: int) -> list[float]:
    """Mean over windows of the paired AUC difference, [difference, low, high]; enterprises are drawn whole."""
    counts = metrics.clustered_counts(np.concatenate([rows.codes for rows, _ in scored]), seed)
    centre, total, start = [], np.zeros(len(counts)), 0
    for rows, scores in scored:
        mine = counts[:, start : start + len(rows.problem)]
        start += len(rows.problem)
        a, b = scores[one], scores[other]
        centre.append(metrics.auc(a, rows.problem) - metrics.auc(b, rows.problem))
        total += metrics.auc_of_draws(a, rows.problem, mine) - metrics.auc_of_draws(b, rows.problem, mine)
    return [float(np.mean(centre)), *metrics.percentiles(total / len(scored))]
