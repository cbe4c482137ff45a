"""Fitting (定型): tune, choose and calibrate inside the training part, then learn from all of it. Nothing looks out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from registry.errors import Refusal
from risk import metrics
from risk.archive import BoolArray, FloatArray, IntArray
from risk.inspector_offset import inspector_offset
from risk.learners import Learner, fit_boosted
from risk.outside.boosting import GRID, STAGES, Ranked, Sum, at_stage, fit_ranked
from risk.outside.calibrating import Curve, fit_curve, log_loss
from risk.outside.encoding import Encoder, Prepared, fit_encoder
from risk.outside.folds import Ground, Split, split

INNER_FOLDS = 5
TUNING_ROWS, TUNING_CELLS = 30_000, 3_000_000
"""Larger training parts are tuned and calibrated on a random share of their clusters; the learner sees all."""
BAG, BAG_ROWS = 3, 20_000
"""So many seeds are averaged where the rows are no more than this."""
DRAWS = 200
FEWEST_RECENT = 50
OFFSET_PRIOR = 20.0
"""Rows of everybody's rate that shrink what one inspector adds (`learner.inspector_prior_visits`)."""
LOGISTIC, BOOSTED, BOTH = "logistic", "lightgbm", "lightgbm+logistic"


@dataclass(frozen=True)
class Task:
    """What is learned from: labelled rows, as numbers, with outcomes, clusters and times in `ground`."""

    prepared: Prepared
    ground: Ground
    offset: list[tuple[str, ...]]
    directions: Mapping[str, int]
    seed: int

    def where(self, rows: IntArray) -> Task:
        """Narrowed to some rows."""
        offset = [self.offset[i] for i in rows] if self.offset else []
        return replace(
            self, prepared=self.prepared.where(rows), ground=self.ground.where(rows), offset=offset
        )

    @property
    def problem(self) -> FloatArray:
        """Outcomes, 1 or 0."""
        return self.ground.problem


@dataclass(frozen=True)
class Choice:
    """What was chosen, why in a sentence, and AUC and log loss of every candidate inside the training part."""

    learner: str
    shape: str
    rounds: int
    reason: str
    candidates: dict[str, list[float]] = field(default_factory=dict)
    differences: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Fitted:
    """An encoder, a learner on its matrix, the curve from raw score to probability, and how it was chosen."""

    encoder: Encoder
    learner: Learner
    curve: Curve
    choice: Choice
    curve_losses: dict[str, float]
    plain: Ranked
    """The logistic model of the same rows, for the table of baselines, with its own curve."""
    plain_curve: Curve


def fit_task(task: Task) -> Fitted:
    """Fit on all rows of the task. Tuning, the choice and the calibration see only scores of rows left out."""
    sample = _tuning_rows(task)
    inner = task.where(sample)
    splits = _inner_splits(inner)
    scores = _inner_scores(inner, splits)
    seen = ~np.isnan(scores[LOGISTIC])
    problem = inner.problem[seen]
    kept = {name: score[seen] for name, score in scores.items()}
    choice = choose(kept, problem, inner.ground.clusters[seen], task.seed)
    encoder, matrix = fit_encoder(task.prepared, task.problem, task.seed)
    plain = fit_ranked(matrix, task.problem, directions_of(encoder, task.directions))
    learner = _learn(task, encoder, matrix, choice, plain)
    now = _recent(inner, seen)
    curve, losses = fit_curve(_mixed(kept, choice)[now], problem[now], task.seed)
    plain_curve, _ = fit_curve(kept[LOGISTIC][now], problem[now], task.seed)
    return Fitted(encoder, learner, curve, choice, losses, plain, plain_curve)


def _inner_splits(inner: Task) -> list[Split]:
    """By time where there is one; a first window too short to be cut by time is cut by clusters."""
    try:
        return split(inner.ground, INNER_FOLDS, inner.seed + 1)
    except Refusal:
        if inner.ground.when is None:
            raise
        return split(replace(inner.ground, when=None), INNER_FOLDS, inner.seed + 1)


def _recent(inner: Task, seen: BoolArray) -> BoolArray:
    """Of the rows with a score, those that calibrate: with times the later half, whose learners had seen most and whose
    rate is nearest to what comes (where it has enough of either outcome); else all."""
    everything = np.ones(int(seen.sum()), dtype=bool)
    if inner.ground.when is None:
        return everything
    when, problem = inner.ground.when[seen], inner.problem[seen]
    later: BoolArray = when >= np.median(when)
    found = problem[later].sum()
    return later if min(found, later.sum() - found) >= FEWEST_RECENT else everything


def directions_of(encoder: Encoder, directions: Mapping[str, int]) -> list[int]:
    """Directions of the columns of the matrix: those asked for, on the numbers themselves; 0 elsewhere."""
    return [0 if what else int(directions.get(source, 0)) for source, what in encoder.columns()]


def choose(scores: Mapping[str, FloatArray], problem: FloatArray, clusters: IntArray, seed: int) -> Choice:
    """Logistic, unless the best boosted candidate is proved better (paired 95 % interval of the AUC above 0), and
    their sum only where it is proved better than that. The gate of `risk.selection`, on out-of-fold scores."""
    table = {n: [metrics.auc(s, problem), log_loss(1 / (1 + np.exp(-s)), problem)] for n, s in scores.items()}
    best = max((n for n in table if n != LOGISTIC), key=lambda n: (table[n][0], -table[n][1]))
    shape, rounds = best.rsplit(" x ", 1)
    boosted, linear = scores[best], scores[LOGISTIC]
    draws = draws_of(clusters, seed, DRAWS)
    gain = metrics.paired_difference(boosted, linear, problem, draws)  # type: ignore[arg-type]
    chosen, current = (BOOSTED, boosted) if gain[1] > 0 else (LOGISTIC, linear)
    more = metrics.paired_difference((boosted + linear) / 2, current, problem, draws)  # type: ignore[arg-type]
    verdict = "胜过" if gain[1] > 0 else "未被证明优于"
    reason = f"LightGBM（{best}）{verdict}逻辑回归：AUC 差 {_shown(gain)}。"
    if more[1] > 0:
        chosen, reason = BOTH, f"{reason}两者之和更好：AUC 差 {_shown(more)}。"
    return Choice(
        chosen, shape, int(rounds), reason, table, {f"{BOOSTED} - {LOGISTIC}": gain, f"{BOTH} - best": more}
    )


def draws_of(clusters: IntArray, seed: int, count: int) -> list[IntArray]:
    """Bootstrap samples of row numbers that draw whole clusters; of rows, where each is its own cluster."""
    _, code = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(code)
    random = np.random.default_rng(seed)
    if len(sizes) == len(code):
        return [random.integers(len(code), size=len(code)) for _ in range(count)]
    order, starts = np.argsort(code, kind="stable"), np.append(0, np.cumsum(sizes))
    drawn = (random.integers(len(sizes), size=len(sizes)) for _ in range(count))
    return [np.concatenate([order[starts[c] : starts[c + 1]] for c in picks]) for picks in drawn]


def _shown(difference: list[float]) -> str:
    return f"{difference[0]:+.4f}（95% 区间 {difference[1]:+.4f} 至 {difference[2]:+.4f}）"


def _tuning_rows(task: Task) -> IntArray:
    """All rows, or whole clusters at random until there are enough."""
    width = max(1, task.prepared.numbers.shape[1] + len(task.prepared.categories))
    most = min(TUNING_ROWS, max(2_000, TUNING_CELLS // width))
    if len(task.problem) <= most:
        return np.arange(len(task.problem))
    _, code = np.unique(task.ground.clusters, return_inverse=True)
    place = np.random.default_rng(task.seed).permutation(int(code.max()) + 1)[code]
    return np.sort(np.argsort(place, kind="stable")[:most])


def _inner_scores(task: Task, splits: list[Split]) -> dict[str, FloatArray]:
    """Candidate → score of each row by a learner that did not see it (NaN: never left out)."""
    names = [LOGISTIC, *(f"{shape} x {rounds}" for shape in GRID for rounds in STAGES)]
    scores = {name: np.full(len(task.problem), np.nan) for name in names}
    for past, later in splits:
        part = task.where(past)
        encoder, matrix = fit_encoder(part.prepared, part.problem, task.seed)
        unseen, directions = (
            encoder.matrix(task.prepared.where(later)),
            directions_of(encoder, task.directions),
        )
        offset = _offset(part)
        scores[LOGISTIC][later] = fit_ranked(matrix, part.problem, directions).raw(unseen)
        for shape, settings in GRID.items():
            fitted = fit_boosted(
                matrix, part.problem, offset, _plain_names(matrix), directions, task.seed, settings
            )
            for rounds in STAGES:
                scores[f"{shape} x {rounds}"][later] = at_stage(fitted, unseen, rounds)
    return scores


def _mixed(scores: Mapping[str, FloatArray], choice: Choice) -> FloatArray:
    boosted = scores[f"{choice.shape} x {choice.rounds}"]
    if choice.learner == LOGISTIC:
        return scores[LOGISTIC]
    return boosted if choice.learner == BOOSTED else (boosted + scores[LOGISTIC]) / 2


def _learn(task: Task, encoder: Encoder, matrix: FloatArray, choice: Choice, plain: Ranked) -> Learner:
    if choice.learner == LOGISTIC:
        return plain
    settings = replace(GRID[choice.shape], rounds=choice.rounds)
    directions, offset = directions_of(encoder, task.directions), _offset(task)
    seeds = range(task.seed, task.seed + (BAG if len(task.problem) <= BAG_ROWS else 1))
    bag: list[Learner] = [
        fit_boosted(matrix, task.problem, offset, _plain_names(matrix), directions, seed, settings)
        for seed in seeds
    ]
    if choice.learner == BOTH:
        return Sum((*bag, plain), (*(0.5 / len(bag) for _ in bag), 0.5))
    return Sum(tuple(bag), tuple(1 / len(bag) for _ in bag))


def _plain_names(matrix: FloatArray) -> list[str]:
    """LightGBM allows no brackets, commas or colons in names; people's headings are full of them."""
    return [f"c{i}" for i in range(matrix.shape[1])]


def _offset(task: Task) -> FloatArray:
    if not task.offset:
        return np.zeros(len(task.problem))
    return inspector_offset(task.offset, task.problem, OFFSET_PRIOR, task.seed)


def choice_json(choice: Choice) -> dict[str, Any]:
    """Plain values, for metrics.json."""
    return vars(choice)
