"""Evaluation (验证): temporal, beside the baselines, with intervals; random draws and first visits apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from risk import metrics
from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.catalogue import BY_KEY, NAMES
from risk.sample import Sample

INTERVALS = ("auc", "ap")


def baselines(sample: Sample, names: tuple[str, ...]) -> dict[str, FloatArray]:
    """Scores anybody could make without learning: last result, rate of peers, and mean score where there is one."""
    column = {name: sample.matrix[:, names.index(name)] for name in BY_KEY}
    last_score = column["insp_last_measure"]
    measured = (
        100 - np.where(np.isnan(last_score), np.nanmean(np.append(last_score, 100.0)), last_score)
    ) / 1000
    found = {
        "last_result": np.where(sample.first_time, column["peer_problem_rate"], column["insp_last_problem"])
        + measured,
        "group_rate": column["peer_problem_rate"],
    }
    mean_score = column["insp_mean_measure"]
    if not np.isnan(mean_score).all():
        found["mean_score"] = 100 - np.where(np.isnan(mean_score), np.nanmean(mean_score), mean_score)
    return found


def slices(sample: Sample) -> dict[str, BoolArray]:
    """All visits; lotteries alone (the unbiased sample); known places, those seen but once, and first-time places."""
    visits = sample.matrix[:, NAMES.index("insp_cnt")]
    return {
        "all": np.ones(len(sample.problem), bool),
        "random": sample.source == "random",
        "known": ~sample.first_time,
        "seen_once": ~sample.first_time & (visits <= 1),
        "first_time": sample.first_time,
    }


def metric_table(
    scores: dict[str, FloatArray],
    probabilities: dict[str, FloatArray],
    sample: Sample,
    seed: int,
    capacity_share: float,
) -> dict[str, Any]:
    """Slice → score → metric. AUC and AP are [value, low, high].

    capture: share of the problems among so many visits as a capacity of `capacity_share` of the slice allows. Brier,
    ECE and Hosmer-Lemeshow [statistic, p] where there is a probability.
    """
    table: dict[str, Any] = {}
    for name, rows in slices(sample).items():
        problem = sample.problem[rows]
        entry: dict[str, Any] = {"visits": int(rows.sum()), "problems": int(problem.sum()), "scores": {}}
        if 0 < problem.sum() < len(problem):
            draws = metrics.resamples(len(problem), seed)
            for score_name, score in scores.items():
                row = _row(score[rows], problem, draws, name == "all")
                row["capture"] = metrics.capture(score[rows], problem, capacity_share * len(problem))
                if score_name in probabilities:
                    row |= _calibrated(probabilities[score_name][rows], problem)
                entry["scores"][score_name] = row
        table[name] = entry
    return table


def _row(score: FloatArray, problem: FloatArray, draws: IntArray, full: bool) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, metric in metrics.RANKING.items():
        with_interval = name == "auc" or (full and name in INTERVALS)
        row[name] = (
            metrics.with_interval(metric, score, problem, draws) if with_interval else metric(score, problem)
        )
    return row


def _calibrated(probability: FloatArray, problem: FloatArray) -> dict[str, Any]:
    return {
        "brier": metrics.brier(probability, problem),
        "ece": metrics.ece(probability, problem),
        "hosmer_lemeshow": list(metrics.hosmer_lemeshow(probability, problem)),
    }


def differences(
    scores: dict[str, FloatArray], chosen: str, problem: FloatArray, seed: int
) -> dict[str, list[float]]:
    """AUC of the chosen score minus that of each other one, [difference, low, high], paired."""
    draws = metrics.resamples(len(problem), seed)
    return {
        name: metrics.paired_difference(scores[chosen], score, problem, draws)
        for name, score in scores.items()
        if name != chosen
    }


def plain(value: Any) -> Any:
    """Numbers that JSON can hold: NaN becomes null, numpy becomes Python."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else round(float(value), 6)
    return int(value) if isinstance(value, np.integer) else value
