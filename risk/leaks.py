"""Leak alarms (泄漏警示) of every training report: what would make the figures better than the future will be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Engine

from registry.rules import Rulebook
from risk import metrics
from risk.archive import FloatArray, load_archive
from risk.indicators.catalogue import BY_KEY, NAMES
from risk.indicators.frame import feature_frame
from risk.rolling import both_outcomes
from risk.sample import Sample


@dataclass(frozen=True)
class Limits:
    """From when on there is an alarm (rule `learner.alarm`); `errors`: at least so many standard errors."""

    single_auc: float
    jump: float
    waiting: float
    errors: float

    @classmethod
    def of(cls, book: Rulebook, place: str, on: date) -> Limits:
        """The limits in force."""
        return cls(**book.value("learner.alarm", place, on))


@dataclass(frozen=True)
class Leaks:
    """Sentences, none where nothing was found, and the figures that were looked at."""

    alarms: list[str]
    figures: dict[str, Any]


def leak_report(past: Sample, validation: Sample, test: Sample, snapshot: date, limits: Limits) -> Leaks:
    """Look for leaks in what was learned from (`past`), validated on, and tested on as of `snapshot`."""
    singles = {name: _single(past, column) for column, name in enumerate(NAMES)}
    alarms = [
        f"指标“{BY_KEY[name].name}”单独的 AUC 为 {value:.3f}，疑似泄漏，请核对其知悉时间。"
        for name, value in singles.items()
        if max(value, 1 - value) > limits.single_auc
    ]
    jumps, waiting = _jumps(past, validation, test, limits), _waiting(test, limits)
    alarms += [
        f"指标“{BY_KEY[name].name}”的 AUC 在训练期 {a:.3f}、验证期 {b:.3f}、检验期 {c:.3f}：验证时升高而检验时回落，疑似泄漏。"
        for name, (a, b, c) in jumps.items()
    ]
    if waiting.get("alarm"):
        alarms.append(
            f"从时点到检查的天数，发现问题的中位 {waiting['problem']:.0f} 天，"
            f"未发现的 {waiting['none']:.0f} 天：观察时间随结果而异，疑似泄漏。"
        )
    early = unsettled(past, snapshot)
    if early:
        alarms.append(f"训练用了 {early} 行在检验时点 {snapshot} 尚未知悉的标签。")
    known = float(np.isin(test.codes.astype(str), past.codes.astype(str)).mean()) if len(test.codes) else 0.0
    best = sorted(singles.items(), key=lambda item: -max(item[1], 1 - item[1]))[:5]
    return Leaks(alarms, {
        "single_auc": dict(best), "jumps": {name: list(three) for name, three in jumps.items()},
        "waiting_days": waiting, "unsettled_rows": early, "test_known_before": known,
    })  # fmt: skip


def unsettled(past: Sample, snapshot: date) -> int:
    """Rows whose labels were known only after the snapshot that is tested: the same visit on both sides."""
    late = [number for number, (_, _, known_by) in enumerate(past.windows) if known_by > snapshot]
    return int(np.isin(past.window, late).sum())


def looked_ahead(
    engine: Engine, sample: Sample, window: int, book: Rulebook, place: str, on: date
) -> list[str]:
    """An alarm unless a window's indicators are the same from a database that knows nothing after its snapshot.

    Indicators made from labels, or from anything else later than their day, differ in their hash.
    """
    snapshot = sample.windows[window][0]
    with engine.connect() as connection:
        archive = load_archive(connection, snapshot)
    if feature_frame(archive, snapshot, book, place, rules_on=on).data_hash == sample.frame_hashes[window]:
        return []
    return [f"时点 {snapshot} 的指标用到了此后才知悉的事实（或标签）：只用当时档案重算，结果不同。"]


def _single(sample: Sample, column: int) -> float:
    """AUC of one indicator alone, unknown values lowest; .5 where it says nothing."""
    values = sample.matrix[:, column]
    lowest = np.nanmin(values, initial=0.0) - 1
    found = metrics.auc(np.nan_to_num(values, nan=lowest), sample.problem)
    return 0.5 if math.isnan(found) else found


def _jumps(
    past: Sample, validation: Sample, test: Sample, limits: Limits
) -> dict[str, tuple[float, float, float]]:
    if not all(both_outcomes(s.problem) for s in (past, validation, test)):
        return {}
    noise = limits.errors * math.hypot(_error(validation.problem), _error(test.problem))
    found = {}
    for column, name in enumerate(NAMES):
        three = tuple(_single(s, column) for s in (past, validation, test))
        before, now, after = (value if three[1] >= 0.5 else 1 - value for value in three)
        if min(now - before, now - after) > max(limits.jump, noise):
            found[name] = (three[0], three[1], three[2])
    return found


def _waiting(test: Sample, limits: Limits) -> dict[str, Any]:
    if not both_outcomes(test.problem):
        return {}
    value = metrics.auc(test.visit_day, test.problem)
    problem, none = (float(np.median(test.visit_day[test.problem == outcome])) for outcome in (1, 0))
    far = max(limits.waiting, limits.errors * _error(test.problem))
    return {"auc": value, "problem": problem, "none": none, "alarm": abs(value - 0.5) > far}


def _error(problem: FloatArray) -> float:
    """Standard error of the AUC of a score that says nothing (Hanley and McNeil 1982)."""
    positives = float(problem.sum())
    negatives = len(problem) - positives
    return math.sqrt((positives + negatives + 1) / (12 * positives * negatives))
