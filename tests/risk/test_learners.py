"""Learners: monotone, additive, deterministic, the same after saving; the inspector only ever an offset."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from registry.rules import load_rules
from risk.archive import FloatArray
from risk.calibration import calibrate
from risk.indicators.catalogue import BY_KEY, NAMES, directions_of
from risk.inspector_offset import inspector_offset
from risk.learners import Learner, fit_boosted, fit_logistic
from risk.metrics import auc
from risk.model_file import Model, load_model
from risk.score import contributions, score_matrix
from risk.scorecard import scorecard
from tests.risk.town import PLACE

DIRECTIONS = directions_of(NAMES)
COLUMN = {name: i for i, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def data() -> tuple[FloatArray, FloatArray]:
    """3,000 visits with past violations that matter, one that matters the wrong way round, and unknowns."""
    random = np.random.default_rng(5)
    matrix = random.poisson(0.7, size=(3000, len(NAMES))).astype(float)
    matrix[:, COLUMN["peer_problem_rate"]] = random.uniform(0.05, 0.4, 3000)
    matrix[:, COLUMN["months_since_insp"]] = np.where(random.random(3000) < 0.3, np.nan, 6)
    matrix[:, COLUMN["insp_last_measure"]] = np.where(
        random.random(3000) < 0.5, np.nan, random.uniform(60, 100, 3000)
    )
    pull = (
        matrix[:, COLUMN["pen_cnt_36"]]
        + 0.8 * matrix[:, COLUMN["abn_cnt"]]
        - 1.2 * matrix[:, COLUMN["complaint_cnt"]]
    )
    problem = (random.random(3000) < 1 / (1 + np.exp(1.5 - pull))).astype(float)
    return matrix, problem


@pytest.fixture(scope="module", params=["lightgbm", "logistic", "scorecard"])
def learner(request: pytest.FixtureRequest, data: tuple[FloatArray, FloatArray]) -> Learner:
    """Each learner fitted on the same visits."""
    matrix, problem = data
    if request.param == "lightgbm":
        return fit_boosted(matrix, problem, np.zeros(len(problem)), NAMES, DIRECTIONS, seed=1)
    if request.param == "logistic":
        return fit_logistic(matrix, problem, DIRECTIONS)
    return scorecard(load_rules(), PLACE, date(2026, 6, 1), NAMES).compared_with(matrix)


@pytest.fixture(scope="module")
def model(learner: Learner, data: tuple[FloatArray, FloatArray]) -> Model:
    """A whole model round the learner, with history and without."""
    matrix, problem = data
    first = np.isnan(matrix[:, COLUMN["months_since_insp"]])
    line = calibrate(learner.raw(matrix), problem, first, 10**9)
    draft = Model(learner, NAMES, line, line, (0.0, 0.0, 0.0), 0.4)
    final = calibrate(score_matrix(draft, matrix).score, problem, first, 200)
    return Model(learner, NAMES, line, final, (-1.0, 0.0, 1.0), 0.4)


def test_a_worse_past_never_lowers_the_score(model: Model, data: tuple[FloatArray, FloatArray]) -> None:
    """Sweep every directed indicator over eight values from safe to risky, for 60 enterprises: about 20,000 steps."""
    rows = data[0][:60]
    for name, column in COLUMN.items():
        direction = BY_KEY[name].direction
        if not direction:
            continue
        known = rows[~np.isnan(rows[:, column])].copy()
        span = np.linspace(0, 100, 8) if "measure" in name else np.linspace(0, 5, 8)
        scores = []
        for value in span[::direction]:
            known[:, column] = value
            scores.append(score_matrix(model, known).score)
        assert (np.diff(np.array(scores), axis=0) >= -1e-12).all(), name


def test_probability_never_falls_as_the_score_rises(
    model: Model, data: tuple[FloatArray, FloatArray]
) -> None:
    """Whatever the calibration, and inside its interval."""
    scores = score_matrix(model, data[0])
    order = np.argsort(scores.score)
    assert (np.diff(scores.probability[order]) >= 0).all()
    assert ((scores.low <= scores.probability) & (scores.probability <= scores.high)).all()


def test_contributions_add_up_to_the_score(model: Model, data: tuple[FloatArray, FloatArray]) -> None:
    """With and without history, to 1e-9."""
    scores = score_matrix(model, data[0])
    assert np.abs(contributions(model, data[0]).sum(axis=1) - scores.score).max() < 1e-9
    assert scores.no_history.any()
    assert not scores.no_history.all()


def test_a_saved_model_scores_identically(model: Model, data: tuple[FloatArray, FloatArray]) -> None:
    """Every score of the batch, and a single row alone, bit for bit; and the bytes are stable."""
    content = model.to_bytes()
    again = load_model(content)
    batch, loaded = score_matrix(model, data[0]), score_matrix(again, data[0])
    assert (batch.score == loaded.score).all()
    assert (batch.probability == loaded.probability).all()
    assert (loaded.low == batch.low).all()
    assert score_matrix(again, data[0][7:8]).score[0] == batch.score[7]
    assert again.to_bytes() == content


def test_training_twice_gives_the_same_trees(data: tuple[FloatArray, FloatArray]) -> None:
    """The same seed, the same bytes."""
    texts = [
        fit_boosted(*data, np.zeros(3000), NAMES, DIRECTIONS, seed=4).booster.model_to_string()
        for _ in range(2)
    ]
    assert texts[0] == texts[1]


def test_places_without_history_are_shrunk_to_their_peers(
    model: Model, data: tuple[FloatArray, FloatArray]
) -> None:
    """A better peer rate lowers their score; with history the weight is nothing."""
    rows = data[0][:200].copy()
    scores = score_matrix(model, rows)
    toward = contributions(model, rows)[:, -2]
    assert (toward[~scores.no_history] == 0).all()
    assert (toward[scores.no_history] != 0).all()


def test_the_logistic_drops_what_contradicts_its_direction(data: tuple[FloatArray, FloatArray]) -> None:
    """Complaints lower risk in these data by chance; a model that said so could not be defended."""
    weights = fit_logistic(*data, DIRECTIONS).weights
    assert weights[COLUMN["complaint_cnt"]] == 0
    assert weights[COLUMN["pen_cnt_36"]] > 0


def test_the_offset_takes_the_inspector_out_of_the_label() -> None:
    """Risky places met strict inspectors, so strictness hides in the features; with the offset it hides less."""
    random = np.random.default_rng(8)
    size = 6000
    matrix = np.zeros((size, len(NAMES)))
    true, decoy = random.normal(size=size), random.normal(size=size)
    inspector = np.clip(np.round(10 + 4 * decoy + random.normal(scale=2, size=size)), 0, 19).astype(int)
    strict = np.linspace(-2, 2, 20)
    matrix[:, COLUMN["reg_cap_log"]], matrix[:, COLUMN["employees_log"]] = true, decoy
    problem = (random.random(size) < 1 / (1 + np.exp(1 - true - strict[inspector]))).astype(float)
    who = [(f"S{i}",) for i in inspector]
    fresh = (random.random(size) < 1 / (1 + np.exp(1 - true))).astype(float)
    plain = fit_boosted(matrix, problem, np.zeros(size), NAMES, DIRECTIONS, 1).raw(matrix)
    fair = fit_boosted(matrix, problem, inspector_offset(who, problem, 20, 1), NAMES, DIRECTIONS, 1).raw(
        matrix
    )
    assert auc(fair, fresh) > auc(plain, fresh) + 0.02


def test_an_unknown_inspector_has_no_offset() -> None:
    """Nobody named, nothing assumed; and a visit's own result is not in its own offset."""
    assert inspector_offset([()] * 10, np.ones(10), 20, 1).tolist() == [0.0] * 10
    lone = inspector_offset([("S1",)] + [("S2",)] * 9, np.array([1.0] + [0.0] * 9), 1, 1)
    assert lone[0] == 0.0


def test_the_logistic_is_the_usual_one() -> None:
    """Without directions and offset: scikit-learn's weights. A constant offset moves the intercept alone."""
    random = np.random.default_rng(3)
    matrix = random.normal(size=(800, 6)) * np.arange(1, 7)
    problem = (random.random(800) < 1 / (1 + np.exp(1 - matrix[:, 0]))).astype(float)
    standard = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    usual = LogisticRegression(C=0.1, tol=1e-10, max_iter=1000).fit(standard, problem)
    ours = fit_logistic(matrix, problem, [0] * 6)
    assert np.allclose(ours.weights, usual.coef_[0], atol=1e-4)
    moved = fit_logistic(matrix, problem, [0] * 6, np.full(800, 0.7))
    assert np.allclose(moved.weights, ours.weights, atol=1e-4)
    assert moved.intercept == pytest.approx(ours.intercept - 0.7, abs=1e-4)


@dataclass(frozen=True)
class Streets:
    """Visits in eight districts, each with its own inspectors: strict ones where firms are no worse than elsewhere."""

    matrix: FloatArray
    problem: FloatArray
    neutral: FloatArray
    inspectors: list[tuple[str, ...]]


def _streets(seed: int, size: int) -> Streets:
    random = np.random.default_rng(seed)
    district = random.integers(8, size=size)
    strictness = np.linspace(-1.5, 1.5, 8)
    own = random.normal(size=size)
    noise = random.random(size)
    problem = (noise < 1 / (1 + np.exp(1.5 - own - strictness[district]))).astype(float)
    neutral = (noise < 1 / (1 + np.exp(1.5 - own))).astype(float)
    rate = np.array([problem[district == d].mean() for d in range(8)])[district]
    matrix = np.column_stack([own + random.normal(scale=0.7, size=size), rate, random.normal(size=size)])
    return Streets(matrix, problem, neutral, [(f"S{d}{random.integers(3)}",) for d in district])


@pytest.mark.parametrize("kind", ["lightgbm", "logistic"])
def test_the_offset_keeps_the_inspectors_out_of_the_score(kind: str) -> None:
    """Strict inspectors in some districts: with the offset, ranking by what a neutral one would find is no worse."""
    past, later = _streets(1, 6000), _streets(2, 6000)
    found = {}
    for used in (False, True):
        offset = inspector_offset(past.inspectors, past.problem, 20, 1) * used
        if kind == "logistic":
            learner: Learner = fit_logistic(past.matrix, past.problem, [1, 1, 0], offset)
        else:
            learner = fit_boosted(
                past.matrix, past.problem, offset, ["own", "rate", "noise"], [1, 1, 0], seed=1
            )
        found[used] = auc(learner.raw(later.matrix), later.neutral)
    assert found[True] >= found[False] + 0.01


def test_one_enterprise_is_in_one_fold() -> None:
    """The same visit in two rows (overlapping horizons): neither row's offset knows its outcome."""
    codes = np.array([f"E{n % 60}" for n in range(120)], dtype=object)
    inspectors = [(f"S{n % 60}",) for n in range(120)]
    problem = np.array([float(n % 60 % 7 == 0) for n in range(120)])
    assert not inspector_offset(inspectors, problem, 1, 0, codes).any()
    assert inspector_offset(inspectors, problem, 1, 0).any()


def test_waiting_threads_sleep_before_lightgbm_loads() -> None:
    """A busy machine is 50 times slower without; only risk/ may load it, and importing risk/ sets it first."""
    asked = (
        "import sys, risk; loaded = 'lightgbm' in sys.modules or 'sklearn' in sys.modules; import os, risk.train;"
        "print(loaded, os.environ['OMP_WAIT_POLICY'], 'lightgbm' in sys.modules)"
    )
    clean = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    said = subprocess.run(
        [sys.executable, "-c", asked], env=clean, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["False", "PASSIVE", "True"]
    root = Path(__file__).parents[2]
    for package in ("ingestion", "portal", "registry", "reports", "scheduling"):
        for file in (root / package).rglob("*.py"):
            assert not re.search(r"^\s*(import|from) (lightgbm|sklearn)", file.read_text(), re.MULTILINE), (
                file
            )
