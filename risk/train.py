"""Training (模型训练): past snapshots → a learner that earned its place, calibrated, measured on a later window."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert

from registry import clock
from registry.progress import Progress, part_of, silent
from registry.rules import Rulebook, load_rules
from registry.tables import ModelRun
from risk import evaluate, metrics
from risk.archive import FloatArray, load_archive
from risk.bands import CLASSES, by_score, cut_points
from risk.calibration import Calibration, assumed, calibrate
from risk.indicators.catalogue import NAMES
from risk.indicators.frame import FeatureFrame, feature_frame
from risk.labels import apart, settled
from risk.leaks import Limits, leak_report, looked_ahead
from risk.learners import FIXED
from risk.model_file import Model, code_version, hash_of_bytes
from risk.rolling import Rolling, Setting, both_outcomes
from risk.sample import Sample, gather
from risk.score import Scores, score_matrix
from risk.scorecard import scorecard
from risk.selection import Choice, Thresholds, choose
from risk.tuning import plain_setting

FEWEST_TO_CALIBRATE = 10
"""Problems below which a calibration would be noise; an assumed line is used instead."""
LOG_ODDS = {"intercept": 0.0, "slope": 1.0}
"""What is assumed of a score that is log-odds already. The scorecard's line is a rule."""


@dataclass(frozen=True)
class TrainReport:
    """What a run made. `metrics` is what `model_run.metrics` holds."""

    model_run_id: int
    learner: str
    reason: str
    visits: int
    problems: int
    metrics: dict[str, Any]
    seconds: float

    def text(self) -> str:
        """A few lines for people: what was learned, why, and how it stands beside the baselines."""
        lines = [
            f"模型 {self.model_run_id}：{self.learner}，有结论的检查 {self.visits} 次，其中发现问题 {self.problems} 次。",
            self.reason,
        ]
        for name, row in self.metrics.get("test", {}).get("all", {}).get("scores", {}).items():
            value, low, high = row["auc"]
            lines.append(f"  {name:<12} AUC {value:.3f}（95% 区间 {low:.3f}–{high:.3f}）")
        return "\n".join([*lines, *self.metrics["alarms"]])


@dataclass(frozen=True)
class Recipe:
    """What every fit of a run shares."""

    book: Rulebook
    place: str
    as_of: date
    thresholds: Thresholds
    rolling: Rolling

    def value(self, key: str) -> Any:
        """A rule in force."""
        return self.book.value(key, self.place, self.as_of)

    @property
    def capacity_share(self) -> float:
        """What one period's inspectors can visit of all."""
        return float(self.value("learner.capacity_share"))


def recipe_for(sample: Sample, book: Rulebook, place: str, as_of: date, seed: int) -> Recipe:
    """The recipe in force. Raises Refusal scorecard.* and learner.grid for rules that cannot be."""
    thresholds = Thresholds.of(book, place, as_of)
    card = scorecard(book, place, as_of, NAMES)
    return Recipe(book, place, as_of, thresholds, Rolling(sample, card, thresholds.inspector_prior, seed))


def train(
    engine: Engine, as_of: date, place: str, seed: int = 0, progress: Progress | None = None
) -> TrainReport:
    """Train, choose, calibrate and measure with what was known by the end of `as_of`; record the run.

    The newest window tests; everything about it (learning, tuning, choice, calibration) uses labels known by its
    snapshot alone. The model that is kept is the same recipe as of `as_of`, so that it has seen the newest results.
    """
    started, tell = time.monotonic(), progress or silent
    book = load_rules()
    tell("读取时点档案", 0.02)
    with engine.connect() as connection:
        archive = load_archive(connection, as_of)
    sample = gather(archive, book, place, as_of, part_of(tell, 0.1, 0.4))
    recipe = recipe_for(sample, book, place, as_of, seed)
    tell("调参与选择", 0.5)
    test = len(sample.windows) - 1
    choice = choose(recipe.rolling, recipe.thresholds, recipe.rolling.snapshot(test))
    tell("时序检验", 0.75)
    found = _measure(recipe, choice, test)
    found["alarms"] += looked_ahead(engine, sample, test, book, place, as_of)
    tell("定型与分级界限", 0.9)
    frame = feature_frame(archive, as_of, book, place)
    model = _final(recipe, choice, frame)
    found |= _classes(model, frame, found)
    run = _store(engine, recipe, choice, model, evaluate.plain(found))
    tell("完成", 1.0)
    visits = sample.visited().problem
    return TrainReport(
        run, model.learner.name, choice.reason, len(visits), int(visits.sum()),
        evaluate.plain(found), time.monotonic() - started,
    )  # fmt: skip


def fit_calibrated(recipe: Recipe, name: str, setting: Setting, day: date) -> Model:
    """A learner from all labels known by a day, and its calibration; without cuts.

    The newest of those windows calibrate: on each the same recipe is judged as it could have been made by that
    window's snapshot, so that nothing calibrates that was learned from.
    """
    rolling = recipe.rolling
    weight = float(recipe.value("grade.no_history.weight"))
    learner = rolling.learner(name, setting, day)
    windows = newest_to_calibrate(recipe, name, day)
    if not windows:
        usual = recipe.value("learner.scorecard.unlabelled") if name == "scorecard" else LOG_ODDS
        return Model(learner, NAMES, assumed(**usual), assumed(**LOG_ODDS), (0.0, 0.0, 0.0), weight)
    later = [rolling.sample.of_window(window) for window in windows]
    line = _calibration(recipe, [rolling.raw(name, setting, window) for window in windows], later)
    scores = []
    for window, rows in zip(windows, later, strict=True):
        earlier = rolling.learner(name, setting, rolling.snapshot(window))
        as_then = Model(earlier, NAMES, line, line, (0.0, 0.0, 0.0), weight)
        scores.append(score_matrix(as_then, rows.matrix).score)
    return Model(learner, NAMES, line, _calibration(recipe, scores, later), (0.0, 0.0, 0.0), weight)


def newest_to_calibrate(recipe: Recipe, name: str, day: date) -> list[int]:
    """The newest windows settled by a day (`learner.calibration_windows`), their horizons apart, with enough problems,
    before which the learner could have been trained."""
    rolling = recipe.rolling

    def fit_for(window: int) -> bool:
        problem = rolling.sample.of_window(window).problem
        enough = both_outcomes(problem) and problem.sum() >= FEWEST_TO_CALIBRATE
        return enough and (name == "scorecard" or rolling.usable(window))

    windows = [w for w in settled(rolling.sample.windows, day) if fit_for(w)]
    return apart(rolling.sample.windows, windows)[-int(recipe.value("learner.calibration_windows")) :]


def _calibration(recipe: Recipe, scores: Sequence[FloatArray], later: Sequence[Sample]) -> Calibration:
    problem, first = (np.concatenate([getattr(s, n) for s in later]) for n in ("problem", "first_time"))
    enough = int(recipe.value("learner.isotonic_positives"))
    return calibrate(np.concatenate(scores), problem, first, enough)


def _final(recipe: Recipe, choice: Choice, frame: FeatureFrame) -> Model:
    model = fit_calibrated(recipe, choice.chosen, choice.settings.get(choice.chosen), recipe.as_of)
    cuts = cut_points(recipe.value("grade.bands"), score_matrix(model, frame.matrix).score, model.calibration)
    return replace(model, cuts=cuts)


def _measure(recipe: Recipe, choice: Choice, window: int) -> dict[str, Any]:
    """The metrics of a run: what was labelled, how the learner was chosen, the test, alarms, limits."""
    rolling, sample = recipe.rolling, recipe.rolling.sample
    snapshot = rolling.snapshot(window)
    past, test = sample.known_by(snapshot), sample.of_window(window)
    found: dict[str, Any] = {
        "labelled": _labelled(sample), "selection": choice.record(), "alarms": [], "limits": _limits(sample, choice),
        "calibration": [],
    }  # fmt: skip
    if not both_outcomes(test.problem) or not both_outcomes(past.problem):
        return found
    scored, models = scores_of(recipe, choice, window)
    chosen = label_of(choice.chosen)
    probabilities = {name: s.probability for name, s in scored.items()}
    scores = {name: s.score for name, s in scored.items()} | evaluate.baselines(test, NAMES)
    found["test"] = {
        "snapshot": str(snapshot), "until": str(sample.windows[window][1]), "capacity_share": recipe.capacity_share,
        **evaluate.metric_table(scores, probabilities, test, rolling.seed, recipe.capacity_share),
    }  # fmt: skip
    found["against"] = evaluate.differences(scores, chosen, test.problem, rolling.seed)
    found["calibration"] = metrics.calibration_curve(probabilities[chosen], test.problem)
    found["test_classes"] = _test_classes(recipe, scored[chosen].score, models[chosen], test)
    leaks = leak_report(
        past, _newest(sample, snapshot), test, snapshot, Limits.of(recipe.book, recipe.place, recipe.as_of)
    )
    return found | {"alarms": leaks.alarms, "leaks": leaks.figures}


def _newest(sample: Sample, snapshot: date) -> Sample:
    """The newest window that was settled by a snapshot: what validated last."""
    return sample.of_window(settled(sample.windows, snapshot)[-1])


def scores_of(recipe: Recipe, choice: Choice, window: int) -> tuple[dict[str, Scores], dict[str, Model]]:
    """Each learner's scores on a window, and its model, as they could have been made by the window's snapshot."""
    rolling = recipe.rolling
    matrix = rolling.sample.of_window(window).matrix
    models = {
        label_of(name): fit_calibrated(recipe, name, setting, rolling.snapshot(window))
        for name, setting in choice.settings.items()
    }
    return {name: score_matrix(model, matrix) for name, model in models.items()}, models


def label_of(learner: str) -> str:
    """A learner's name in tables of scores."""
    return "rule_score" if learner == "scorecard" else learner


def _test_classes(recipe: Recipe, score: Any, model: Model, test: Sample) -> list[list[Any]]:
    """[class, visits, problems] on the test window, with the share of each class taken among the visited."""
    cuts = cut_points(recipe.value("grade.bands"), score, model.calibration)
    number = by_score(score, cuts)
    return [
        [c, int((number == i).sum()), int(test.problem[number == i].sum())] for i, c in enumerate(CLASSES)
    ]


def _classes(model: Model, frame: FeatureFrame, found: dict[str, Any]) -> dict[str, Any]:
    """`classes`: [class, enterprises as of the day, visits in the test, problems in the test], model only."""
    number = by_score(score_matrix(model, frame.matrix).score, model.cuts)
    tested = {c: (visits, problems) for c, visits, problems in found.get("test_classes", [])}
    rows = [[c, int((number == i).sum()), *tested.get(c, (0, 0))] for i, c in enumerate(CLASSES)]
    return {"classes": rows, "cuts": list(model.cuts), "enterprises": len(frame.codes)}


def _labelled(sample: Sample) -> dict[str, Any]:
    sources, counts = np.unique(sample.visited().source.astype(str), return_counts=True)
    windows = [
        {
            "snapshot": str(window[0]), "until": str(window[1]), "known_by": str(window[2]),
            "visits": int((sample.window == i).sum()), "problems": int(sample.problem[sample.window == i].sum()),
        }
        for i, window in enumerate(sample.windows)
    ]  # fmt: skip
    visited = sample.visited()
    return {
        "visits": len(visited.problem), "problems": int(visited.problem.sum()),
        "by_source": dict(zip(sources.tolist(), counts.tolist(), strict=True)),
        "windows": windows,
    }  # fmt: skip


def _limits(sample: Sample, choice: Choice) -> list[str]:
    """Sentences that belong on the model card."""
    sentences = ["未受检查者没有标签，不计为无问题。", choice.reason]
    if not (sample.source == "random").any():
        sentences.append("没有不定向抽查的结果：指标只反映被挑选去检查的对象。")
    if not any(sample.inspectors):
        sentences.append("来源没有检查人员，训练未作人员偏移。")
    return sentences


def _store(engine: Engine, recipe: Recipe, choice: Choice, model: Model, found: dict[str, Any]) -> int:
    content = model.to_bytes()
    parameters = {
        "setting": plain_setting(choice.settings.get(choice.chosen)), "fixed": FIXED, "tuning": choice.tuning,
        "thresholds": recipe.thresholds.record(),
    }  # fmt: skip
    values = {
        "as_of": recipe.as_of, "place": recipe.place, "learner": model.learner.name,
        "data_hash": recipe.rolling.sample.data_hash, "rules_version": recipe.book.version,
        "code_version": code_version(), "seed": recipe.rolling.seed, "parameters": evaluate.plain(parameters),
        "metrics": found, "model_file": content, "model_hash": hash_of_bytes(content), "made_at": clock.now(),
    }  # fmt: skip
    with engine.begin() as connection:
        return int(connection.execute(insert(ModelRun).values(**values).returning(ModelRun.id)).scalar_one())
