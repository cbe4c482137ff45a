"""Training (模型训练): past snapshots → a learner that earned its place, calibrated, measured on a later window."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
from risk.learners import SETTINGS, Learner, Scorecard
from risk.model_file import Model, code_version, hash_of_bytes
from risk.sample import Sample, gather
from risk.score import score_matrix
from risk.scorecard import scorecard
from risk.selection import Choice, Thresholds, both_outcomes, choose, fit

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
    card: Scorecard
    thresholds: Thresholds
    seed: int

    def value(self, key: str) -> Any:
        """A rule in force."""
        return self.book.value(key, self.place, self.as_of)


def train(
    engine: Engine, as_of: date, place: str, seed: int = 0, progress: Progress | None = None
) -> TrainReport:
    """Train, choose, calibrate and measure with what was known by the end of `as_of`; record the run.

    Windows in order of time: the older ones train, the one before the last calibrates, the last tests. The
    model that is kept is the same recipe moved one window on, so that it has seen the newest results.
    """
    started, tell = time.monotonic(), progress or silent
    book = load_rules()
    tell("读取时点档案", 0.02)
    with engine.connect() as connection:
        archive = load_archive(connection, as_of)
    sample = gather(archive, book, place, as_of, part_of(tell, 0.1, 0.4))
    recipe = Recipe(
        book, place, as_of, scorecard(book, place, as_of, NAMES), Thresholds.of(book, place, as_of), seed
    )
    tell("滚动验证与选择", 0.5)
    choice = choose(sample, NAMES, recipe.card, recipe.thresholds, seed)
    tell("时序检验", 0.75)
    found = _measure(recipe, sample, choice)
    tell("定型与分级界限", 0.9)
    frame = feature_frame(archive, as_of, book, place)
    model = _final(recipe, sample, choice, frame)
    found |= _classes(model, frame, found)
    run = _store(engine, recipe, sample, model, evaluate.plain(found))
    tell("完成", 1.0)
    return TrainReport(
        run, model.learner.name, choice.reason, len(sample.problem), int(sample.problem.sum()),
        evaluate.plain(found), time.monotonic() - started,
    )  # fmt: skip


def _calibrated(recipe: Recipe, learner: Learner, later: Sample) -> Model:
    """A model without cuts: a line for peers, the shrinkage, and the calibration of the shrunk score."""
    weight = float(recipe.value("grade.no_history.weight"))
    usual = recipe.value("learner.scorecard.unlabelled") if learner.name == "scorecard" else LOG_ODDS
    line = _calibration(recipe, learner.raw(later.matrix), later, usual)
    uncalibrated = Model(learner, NAMES, line, line, (0.0, 0.0, 0.0), weight)
    final = _calibration(recipe, score_matrix(uncalibrated, later.matrix).score, later, LOG_ODDS)
    return Model(learner, NAMES, line, final, (0.0, 0.0, 0.0), weight)


def _calibration(recipe: Recipe, score: FloatArray, later: Sample, usual: dict[str, float]) -> Calibration:
    if not both_outcomes(later.problem) or later.problem.sum() < FEWEST_TO_CALIBRATE:
        return assumed(**usual)
    return calibrate(score, later.problem, later.first_time, int(recipe.value("learner.isotonic_positives")))


def _fit_until(recipe: Recipe, sample: Sample, name: str, window: int) -> Model:
    """Learn on the windows before `window`, calibrate on it."""
    past, later = sample.where(sample.window < window), sample.where(sample.window == window)
    learner = fit(name, past, NAMES, recipe.card, recipe.thresholds.inspector_prior, recipe.seed)
    return _calibrated(recipe, learner, later)


def _final(recipe: Recipe, sample: Sample, choice: Choice, frame: FeatureFrame) -> Model:
    model = _fit_until(recipe, sample, choice.chosen, len(sample.windows) - 1)
    scores = score_matrix(model, frame.matrix).score
    cuts = cut_points(recipe.value("grade.bands"), scores, model.calibration)
    return Model(model.learner, NAMES, model.line, model.calibration, cuts, model.no_history_weight)


def _measure(recipe: Recipe, sample: Sample, choice: Choice) -> dict[str, Any]:
    """The metrics of a run: what was labelled, how the learner was chosen, the test, the limits."""
    last = len(sample.windows) - 1
    past, test = sample.where(sample.window < last), sample.where(sample.window == last)
    found: dict[str, Any] = {
        "labelled": _labelled(sample),
        "selection": vars(choice),
        "alarms": evaluate.leak_alarms(past, NAMES) if both_outcomes(past.problem) else [],
        "limits": _limits(sample, choice),
        "calibration": [],
    }
    if not both_outcomes(test.problem) or not both_outcomes(past.problem):
        return found
    names = dict.fromkeys(
        ["scorecard", choice.chosen, *([] if len(choice.windows) == 0 else choice.windows[0])]
    )
    fitted = {
        n: _fit_until(recipe, sample, n, last - 1)
        for n in names
        if n in ("scorecard", "logistic", "lightgbm")
    }
    scored = {n: score_matrix(model, test.matrix) for n, model in fitted.items()}
    scores = {_label(n): s.score for n, s in scored.items()} | evaluate.baselines(test, NAMES)
    probabilities = {_label(n): s.probability for n, s in scored.items()}
    chosen = _label(choice.chosen)
    found["test"] = {
        "snapshot": str(sample.windows[last][0]), "until": str(sample.windows[last][1]),
        **evaluate.metric_table(scores, probabilities, test, recipe.seed),
    }  # fmt: skip
    found["against"] = evaluate.differences(scores, chosen, test.problem, recipe.seed)
    found["calibration"] = metrics.calibration_curve(probabilities[chosen], test.problem)
    found["test_classes"] = _test_classes(recipe, scored[choice.chosen].score, fitted[choice.chosen], test)
    return found


def _label(learner: str) -> str:
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
    sources, counts = np.unique(sample.source.astype(str), return_counts=True)
    windows = [
        {
            "snapshot": str(window[0]), "until": str(window[1]), "known_by": str(window[2]),
            "visits": int((sample.window == i).sum()), "problems": int(sample.problem[sample.window == i].sum()),
        }
        for i, window in enumerate(sample.windows)
    ]  # fmt: skip
    total = {"visits": len(sample.problem), "problems": int(sample.problem.sum())}
    return {
        **total,
        "by_source": dict(zip(sources.tolist(), counts.tolist(), strict=True)),
        "windows": windows,
    }


def _limits(sample: Sample, choice: Choice) -> list[str]:
    """Sentences that belong on the model card."""
    sentences = ["未受检查者没有标签，不计为无问题。", choice.reason]
    if not (sample.source == "random").any():
        sentences.append("没有不定向抽查的结果：指标只反映被挑选去检查的对象。")
    if not any(sample.inspectors):
        sentences.append("来源没有检查人员，训练未作人员偏移。")
    return sentences


def _store(engine: Engine, recipe: Recipe, sample: Sample, model: Model, found: dict[str, Any]) -> int:
    content = model.to_bytes()
    parameters = {"boosting": vars(SETTINGS), "thresholds": vars(recipe.thresholds)}
    values = {
        "as_of": recipe.as_of, "place": recipe.place, "learner": model.learner.name, "data_hash": sample.data_hash,
        "rules_version": recipe.book.version, "code_version": code_version(), "seed": recipe.seed,
        "parameters": parameters, "metrics": found, "model_file": content, "model_hash": hash_of_bytes(content),
        "made_at": clock.now(),
    }  # fmt: skip
    with engine.begin() as connection:
        return int(connection.execute(insert(ModelRun).values(**values).returning(ModelRun.id)).scalar_one())
