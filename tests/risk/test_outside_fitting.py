"""Folds, encoding, calibration and the model of outsiders' tables: nothing looks out of its fold; saving changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Refusal
from risk import metrics
from risk.archive import FloatArray
from risk.outside import fitting
from risk.outside.boosting import TableSettings
from risk.outside.calibrating import curve_from_json, fit_curve
from risk.outside.encoding import Prepared, encoder_from_json, fit_encoder
from risk.outside.folds import Ground, split
from risk.outside.layout import Roles
from risk.outside.model import load_table_model, score_rows
from risk.outside.reading import read_table
from risk.outside.run import TableRun, train_table


@pytest.fixture(autouse=True, scope="module")
def small_grid() -> Any:
    """One shape and two stages: what is proved here does not depend on how many are tried."""
    patch = pytest.MonkeyPatch()
    patch.setattr(fitting, "GRID", {"depth 2": TableSettings(depth=2, leaf_rows=20, rounds=40)})
    patch.setattr(fitting, "STAGES", (20, 40))
    patch.setattr(fitting, "BAG", 2)
    yield
    patch.undo()


def _write(path: Path, heads: str, rows: list[list[Any]]) -> Path:
    path.write_text("\n".join([heads, *(",".join(map(str, row)) for row in rows)]), encoding="utf-8")
    return path


def _flat(path: Path, seed: int = 1, many: int = 400, permuted: bool = False) -> Path:
    """A table whose label follows two numbers and a category, with unknowns, a constant, names and dates."""
    random = np.random.default_rng(seed)
    x, z = random.normal(size=(2, many))
    kind = random.choice(["甲", "乙", "丙"], many)
    y = (random.random(many) < 1 / (1 + np.exp(1 - 2 * x - 1.5 * (kind == "丙")))).astype(int)
    if permuted:
        y = random.permutation(y)
    town = random.integers(0, 40, many)
    rows = [
        [f"公司{i}", "?" if i % 9 == 0 else f"{x[i]:.9f}", f"{z[i]:.9f}", kind[i], f"镇{town[i]}", f"2020-{1 + i % 12:02d}-01", 7, y[i]]
        for i in range(many)
    ]  # fmt: skip
    return _write(path, "name,x,z,kind,town,opened,same,y", rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.fixture(scope="module")
def flat(folder: Path, small_grid: None) -> TableRun:
    return train_table(_flat(folder / "flat.csv"), Roles("y"), 3)


def test_a_signal_is_found_and_a_permuted_label_is_not(flat: TableRun, folder: Path) -> None:
    assert flat.metrics["scores"]["chosen"]["auc"][1] > 0.7
    nothing = train_table(_flat(folder / "permuted.csv", permuted=True, many=600), Roles("y"), 2)
    value, low, high = nothing.metrics["scores"]["chosen"]["auc"]
    assert low - 0.02 <= 0.5 <= high + 0.02, value
    assert value < 0.6


def test_every_labelled_row_is_tested_once_and_what_was_dropped_is_said(flat: TableRun) -> None:
    assert sorted(flat.rows.tolist()) == list(range(2, 402))
    dropped = {entry["name"]: entry["why"] for entry in flat.metrics["table"]["dropped"]}
    assert set(dropped) == {"name", "same"}
    assert flat.metrics["scores"]["base_rate"]["auc"][0] == 0.5


def test_the_same_seed_gives_the_same_bytes(flat: TableRun, folder: Path) -> None:
    again = train_table(folder / "flat.csv", Roles("y"), 3)
    assert again.model.to_bytes() == flat.model.to_bytes()
    assert again.score.tobytes() == flat.score.tobytes()


def test_saved_and_loaded_it_scores_alike_one_row_and_a_batch(flat: TableRun, folder: Path) -> None:
    table = read_table(folder / "flat.csv")
    raw, probability = score_rows(flat.model, table)
    loaded = load_table_model(flat.model.to_bytes())
    again = score_rows(loaded, table)
    assert (again[0].tobytes(), again[1].tobytes()) == (raw.tobytes(), probability.tobytes())
    for i in (0, 1, 9, 250):
        one = score_rows(loaded, table.where(np.array([i])))
        assert (one[0][0], one[1][0]) == (raw[i], probability[i])


def test_contributions_sum_to_the_score(flat: TableRun, folder: Path) -> None:
    matrix = flat.model.matrix(read_table(folder / "flat.csv"))
    raw = flat.model.curve.score(flat.model.learner.raw(matrix))
    assert np.abs(flat.model.contributions(matrix).sum(axis=1) - raw).max() < 1e-9


def test_a_model_file_of_another_kind_is_refused() -> None:
    for content in (b"", b"x" * 50, b"x\x9c"):
        with pytest.raises(Refusal, match="不是 wurao train --table"):
            load_table_model(content)


def _prepared(random: np.random.Generator, many: int, words: list[str]) -> Prepared:
    numbers = random.normal(size=(many, 2))
    numbers[random.random((many, 2)) < 0.1] = np.nan
    return Prepared(("p", "q"), numbers, {"w": random.choice(words, many).astype(object)})


def test_a_category_only_in_test_changes_nothing_in_training(folder: Path) -> None:
    """The whole path: with a category that only test rows have, the fold's encoder, learner and curve are the same bytes."""
    random = np.random.default_rng(3)
    for words in (["a", "b", "c"], [f"v{i}" for i in range(40)]):
        prepared = _prepared(random, 400, words)
        problem = (random.random(400) < 0.4).astype(float)
        past, later = np.arange(300), np.arange(300, 400)
        strange = {"w": prepared.categories["w"].copy()}
        strange["w"][later] = "never seen"
        models = []
        for one in (prepared, Prepared(prepared.names, prepared.numbers, strange)):
            task = fitting.Task(one, Ground(problem, np.arange(400), None), [], {}, 0)
            fitted = fitting.fit_task(task.where(past))
            models.append((fitted.encoder.to_json(), fitted.learner.to_json(), fitted.curve.to_json()))
            assert np.isfinite(fitted.learner.raw(fitted.encoder.matrix(one.where(later)))).all()
        assert models[0] == models[1]


def test_no_row_knows_its_own_outcome_through_its_category() -> None:
    """Each row a category of its own: rates fitted on the row itself would tell the label; out of fold they cannot."""
    random = np.random.default_rng(4)
    texts = np.array([f"v{i // 2}" for i in range(600)], dtype=object)
    problem = (random.random(600) < 0.5).astype(float)
    prepared = Prepared((), np.zeros((600, 0)), {"w": texts})
    encoder, matrix = fit_encoder(prepared, problem, 0)
    assert abs(metrics.auc(matrix[:, 0], problem) - 0.5) < 0.1
    assert metrics.auc(encoder.matrix(prepared)[:, 0], problem) > 0.8, "the test would see a leak"
    assert encoder_from_json(encoder.to_json()) == encoder


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(5, 60))
def test_clusters_are_never_torn_apart_and_every_row_is_tested_once(seed: int, folds: int, many: int) -> None:
    random = np.random.default_rng(seed)
    clusters = random.integers(0, many, 200)
    ground = Ground((random.random(200) < 0.5).astype(float), clusters, None)
    found = split(ground, folds, seed)
    assert all(not set(clusters[past]) & set(clusters[later]) for past, later in found)
    assert sorted(np.concatenate([later for _, later in found]).tolist()) == list(range(200))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(3, 60))
def test_by_time_training_is_strictly_before_the_test(seed: int, folds: int, times: int) -> None:
    random = np.random.default_rng(seed)
    when = random.integers(0, times, 200).astype(float)
    ground = Ground((random.random(200) < 0.5).astype(float), np.arange(200), when)
    for past, later in split(ground, folds, seed):
        assert when[past].max() < when[later].min()


def test_a_first_window_of_one_day_is_tuned_without_time() -> None:
    random = np.random.default_rng(5)
    prepared = _prepared(random, 200, ["a", "b"])
    ground = Ground((random.random(200) < 0.5).astype(float), np.arange(200), np.zeros(200))
    fitted = fitting.fit_task(fitting.Task(prepared, ground, [], {}, 0))
    assert np.isfinite(fitted.learner.raw(fitted.encoder.matrix(prepared))).all()


def test_folds_that_cannot_be_made_are_refused() -> None:
    half = np.array([0.0, 1.0] * 20)
    for ground, code in (
        (Ground(half, np.zeros(40, dtype=np.int64), None), "folds.one_group"),
        (Ground(np.repeat([0.0, 1.0], 20), np.arange(40), np.repeat([1.0, 2.0], 20)), "folds.none"),
    ):
        with pytest.raises(Refusal) as caught:
            split(ground, 2, 0)
        assert caught.value.code == code


def _scores(seed: int, many: int) -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(seed)
    raw = random.normal(-1, 2, many)
    return raw, (random.random(many) < 1 / (1 + np.exp(-raw / 3))).astype(float)


def test_calibration_mends_an_overconfident_score_and_keeps_its_order() -> None:
    raw, problem = _scores(1, 6000)
    unseen, truth = _scores(2, 6000)
    curve, losses = fit_curve(raw, problem, 0)
    probability = curve.probability(unseen)
    assert set(losses) == {"platt", "beta", "isotonic"}
    assert metrics.ece(1 / (1 + np.exp(-unseen)), truth) > 0.1
    assert metrics.ece(probability, truth) < 0.03
    order = np.argsort(unseen)
    assert (np.diff(probability[order]) >= 0).all()
    assert (np.diff(curve.score(unseen)[order]) > 0).all()
    assert curve_from_json(curve.to_json()).probability(unseen).tobytes() == probability.tobytes()


def test_a_probability_goes_no_further_than_the_scores_that_were_seen() -> None:
    raw, problem = _scores(1, 400)
    curve, _ = fit_curve(raw, problem, 0)
    ends = curve.probability(np.array([raw.min(), raw.max()]))
    assert curve.probability(np.array([-1e9, 1e9])).tolist() == ends.tolist()


def test_an_offset_column_trains_and_is_forgotten(folder: Path) -> None:
    """The strict inspector is allowed for in training; the model has no such column and scores a table without it."""
    random = np.random.default_rng(6)
    x, strict = random.normal(size=400), random.integers(0, 2, 400)
    y = (random.random(400) < 1 / (1 + np.exp(1 - x - 2 * strict))).astype(int)
    rows = [[f"{x[i]:.9f}", f"员{strict[i]}", y[i]] for i in range(400)]
    run = train_table(_write(folder / "offset.csv", "x,who,y", rows), Roles("y", offset="who"), 2)
    assert [c.name for c in run.model.layout.columns] == ["x"]
    bare = _write(folder / "bare.csv", "x", [[f"{x[i]:.9f}"] for i in range(400)])
    assert np.array_equal(
        score_rows(run.model, read_table(bare))[0],
        score_rows(run.model, read_table(folder / "offset.csv"))[0],
    )


def test_directions_hold_and_strange_ones_are_refused(folder: Path) -> None:
    run = train_table(folder / "flat.csv", Roles("y"), 2, directions={"x": -1})
    column = [name for name, _ in run.model.encoder.columns()].index("x")
    matrix = run.model.matrix(read_table(folder / "flat.csv"))[:50]
    sweeps = []
    for value in np.linspace(-3, 3, 13):
        matrix[:, column] = value
        sweeps.append(run.model.learner.raw(matrix))
    assert (np.diff(np.array(sweeps), axis=0) <= 1e-12).all()
    with pytest.raises(Refusal, match="“kind”不是用于学习的数值列"):
        train_table(folder / "flat.csv", Roles("y"), 2, directions={"kind": 1})
    with pytest.raises(Refusal, match="折数 1"):
        train_table(folder / "flat.csv", Roles("y"), 1)
