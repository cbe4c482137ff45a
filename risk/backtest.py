"""Backtest (滚动回测): what each score would have been worth, had it been made at each of the last snapshots.

For every test window the whole recipe (tuning, choice, learning, calibration) uses labels known by its snapshot alone.
Horizons of windows in a row overlap, so pooled intervals draw whole enterprises, with all their windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Engine

from registry.errors import Refusal
from registry.progress import Progress, part_of, silent
from registry.rules import load_rules
from risk import evaluate, metrics
from risk.archive import BoolArray, FloatArray, load_archive
from risk.indicators.catalogue import NAMES
from risk.rolling import both_outcomes
from risk.sample import Sample, gather
from risk.score import Scores
from risk.selection import choose, mean_regret
from risk.train import Recipe, label_of, recipe_for, scores_of

CHOSEN = "chosen"
"""The row of whatever the recipe chose in each window."""
RESAMPLES = 500
CURVE = tuple(round(0.05 * n, 2) for n in range(21))
"""Shares of the visits at which the pooled capture curve is drawn."""


@dataclass(frozen=True)
class Backtest:
    """Plain values. `windows`: one entry a test window; `pooled`: slice → score → mean over the windows with an
    interval; `against`: slice → the chosen minus each other score, paired; `regret`: mean distance from the best."""

    as_of: date
    place: str
    metric: str
    capacity_share: float
    rules_version: str
    data_hash: str
    windows: list[dict[str, Any]]
    regret: dict[str, float]
    pooled: dict[str, Any]
    against: dict[str, Any]
    calibration: list[list[float]]
    capture: dict[str, list[list[float]]]

    def rows(self) -> list[dict[str, Any]]:
        """One row a window and score, for a CSV file."""
        return [
            {"snapshot": w["snapshot"], "until": w["until"], "trained_until": w["trained_until"], "visits": w["visits"],
             "problems": w["problems"], "chosen": w["chosen"], "score": name,
             "auc": row["auc"][0], "auc_low": row["auc"][1], "auc_high": row["auc"][2],
             **{k: v for k, v in row.items() if k != "auc"}}
            for w in self.windows for name, row in w["scores"].items()
        ]  # fmt: skip


@dataclass(frozen=True)
class Tested:
    """One test window: its rows, every score on them, and the chosen one's probabilities."""

    rows: Sample
    scores: dict[str, FloatArray]
    probability: FloatArray


def backtest(
    engine: Engine,
    as_of: date,
    place: str,
    windows: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Backtest:
    """Test the recipe on the newest `windows` snapshots (default: rule `backtest.windows`) with what `as_of` knows.

    Raises Refusal backtest.nothing where no window has both outcomes and something settled to learn from.
    """
    book, tell = load_rules(), progress or silent
    many = windows or int(book.value("backtest.windows", place, as_of))
    tell("读取时点档案", 0.02)
    with engine.connect() as connection:
        archive = load_archive(connection, as_of)
    count = int(book.value("label.snapshots", place, as_of)) + many - 1
    sample = gather(archive, book, place, as_of, part_of(tell, 0.05, 0.4), count)
    recipe = recipe_for(sample, book, place, as_of, seed)
    tests = [w for w in range(count - many, count) if recipe.rolling.usable(w)]
    if not tests:
        raise Refusal(
            "backtest.nothing",
            f"截至 {as_of} 没有一个检验期既有发现问题又有未发现问题的检查，且之前有已知悉的标签。",
            "归集更早的检查结果，或减少 --windows。",
        )
    entries, tested = [], []
    for number, window in enumerate(tests):
        tell(f"检验期 {recipe.rolling.snapshot(window)}", 0.4 + 0.5 * number / len(tests))
        entry, found = judge_window(recipe, window)
        entries.append(entry)
        tested.append(found)
    tell("汇总", 0.92)
    return summarise(recipe, entries, tested)


def judge_window(recipe: Recipe, window: int) -> tuple[dict[str, Any], Tested]:
    """The recipe at one snapshot: what the report says of it, and every score on its rows."""
    rolling = recipe.rolling
    snapshot, until, _ = rolling.sample.windows[window]
    choice = choose(rolling, recipe.thresholds, snapshot)
    rows, past = rolling.sample.of_window(window), rolling.sample.known_by(snapshot)
    scored, _ = scores_of(recipe, choice, window)
    own = label_of(choice.chosen)
    scores = {name: s.score for name, s in scored.items()} | evaluate.baselines(rows, NAMES)
    scores[CHOSEN] = scored[own].score
    entry = {
        "snapshot": str(snapshot), "until": str(until),
        "trained_until": str(max(past.windows[w][2] for w in set(past.window.tolist()))),
        "trained_rows": len(past.problem), "visits": len(rows.problem), "problems": int(rows.problem.sum()),
        "chosen": own, "reason": choice.reason, "settings": choice.record()["settings"],
        "scores": {name: figures_of(recipe, score, scored.get(own if name == CHOSEN else name), rows)
                   for name, score in scores.items()},
    }  # fmt: skip
    return evaluate.plain(entry), Tested(rows, scores, scored[own].probability)


def figures_of(recipe: Recipe, score: FloatArray, model: Scores | None, rows: Sample) -> dict[str, Any]:
    """Metrics of one score on a window's rows; `model`: its probabilities, where it has any."""
    problem = rows.problem
    draws = metrics.resamples(len(problem), recipe.rolling.seed)
    found: dict[str, Any] = {name: metric(score, problem) for name, metric in metrics.RANKING.items()}
    found["auc"] = metrics.with_interval(metrics.auc, score, problem, draws)
    found["capture"] = metrics.capture(score, problem, recipe.capacity_share * len(problem))
    if model is not None:
        found["brier"] = metrics.brier(model.probability, problem)
        found["ece"] = metrics.ece(model.probability, problem)
        found["hosmer_lemeshow_p"] = metrics.hosmer_lemeshow(model.probability, problem)[1]
    return found


def summarise(recipe: Recipe, entries: list[dict[str, Any]], tested: list[Tested]) -> Backtest:
    """The windows together; every score that all of them have."""
    metric = recipe.thresholds.metric
    names = [name for name in tested[-1].scores if all(name in t.scores for t in tested)]
    table = [{name: _value(w["scores"][name][metric]) for name in names} for w in entries]
    problem = np.concatenate([t.rows.problem for t in tested])
    probability = np.concatenate([t.probability for t in tested])
    pooled, against = _pooled(tested, names, recipe.rolling.seed)
    return Backtest(
        recipe.as_of, recipe.place, metric, recipe.capacity_share, recipe.book.version, recipe.rolling.sample.data_hash,
        entries, evaluate.plain(mean_regret(table, names)), evaluate.plain(pooled), evaluate.plain(against),
        evaluate.plain(metrics.calibration_curve(probability, problem)),
        {name: evaluate.plain(_capture_curve(tested, name)) for name in names},
    )  # fmt: skip


def _value(entry: Any) -> float:
    return float(entry[0] if isinstance(entry, list) else entry)


def _pooled(
    tested: Sequence[Tested], names: Sequence[str], seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Means over windows by slice: AUC of each score, and the chosen one's minus it, [value, low, high]."""
    pooled: dict[str, Any] = {}
    against: dict[str, Any] = {}
    for part in evaluate.slices(tested[0].rows):
        masks = [evaluate.slices(t.rows)[part] for t in tested]
        kept = [(t, m) for t, m in zip(tested, masks, strict=True) if both_outcomes(t.rows.problem[m])]
        visits = int(sum(m.sum() for _, m in kept))
        pooled[part] = {"windows": len(kept), "visits": visits, "scores": {}}
        against[part] = {}
        if not kept:
            continue
        counts = metrics.clustered_counts(np.concatenate([t.rows.codes[m] for t, m in kept]), seed, RESAMPLES)
        points, draws = {}, {}
        for name in names:
            points[name], draws[name] = _mean_auc(kept, name, counts)
            pooled[part]["scores"][name] = [points[name], *metrics.percentiles(draws[name])]
            pooled[part]["problems"] = int(sum(t.rows.problem[m].sum() for t, m in kept))
        against[part] = {
            name: [points[CHOSEN] - points[name], *metrics.percentiles(draws[CHOSEN] - draws[name])]
            for name in names if name != CHOSEN
        }  # fmt: skip
    return pooled, against


def _mean_auc(
    kept: Sequence[tuple[Tested, BoolArray]], name: str, counts: FloatArray
) -> tuple[float, FloatArray]:
    start, values, draws = 0, [], []
    for tested, rows in kept:
        score, problem = tested.scores[name][rows], tested.rows.problem[rows]
        values.append(metrics.auc(score, problem))
        draws.append(metrics.auc_of_draws(score, problem, counts[:, start : start + len(problem)]))
        start += len(problem)
    return float(np.mean(values)), np.mean(draws, axis=0)


def _capture_curve(tested: Sequence[Tested], name: str) -> list[list[float]]:
    """[share of the visits, share of the problems found], the mean over windows."""
    return [
        [share, float(np.mean([
            metrics.capture(t.scores[name], t.rows.problem, share * len(t.rows.problem)) for t in tested
        ]))]
        for share in CURVE
    ]  # fmt: skip
