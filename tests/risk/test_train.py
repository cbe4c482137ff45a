"""Training: temporal, recorded, reproducible, modest where there is little to learn from."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from registry.database import Database
from registry.errors import Refusal
from registry.rules import Rulebook, load_rules
from registry.tables import ModelRun
from risk.archive import load_archive
from risk.indicators.catalogue import NAMES
from risk.labels import settled
from risk.learners import Settings
from risk.model_file import code_version, hash_of_bytes, load_model
from risk.rolling import Rolling
from risk.sample import Sample, gather
from risk.scorecard import scorecard
from risk.selection import Choice, Thresholds, choose, mean_regret
from risk.train import TrainReport, train
from risk.tuning import grids
from tests.risk.conftest import AS_OF
from tests.risk.town import PLACE, enterprise, inspection, store


@pytest.fixture(scope="module")
def trained(town_database: Database) -> TrainReport:
    """One run on the town, in the role that really does it."""
    return train(town_database.engine_for("risk"), AS_OF, PLACE)


@pytest.fixture(scope="module")
def sample(town_database: Database) -> Sample:
    """The town's labelled snapshots."""
    with town_database.owner().connect() as connection:
        return gather(load_archive(connection, AS_OF), load_rules(), PLACE, AS_OF)


def test_a_run_is_recorded_with_all_it_rests_on(town_database: Database, trained: TrainReport) -> None:
    """Hashes, versions, seed, parameters, metrics and a model that loads."""
    with town_database.owner().connect() as connection:
        run = connection.execute(
            select(*ModelRun.__table__.c).where(ModelRun.id == trained.model_run_id)
        ).one()
    assert run.model_hash == hash_of_bytes(run.model_file)
    assert (run.rules_version, run.code_version) == (load_rules().version, code_version())
    assert load_model(run.model_file).learner.name == run.learner == trained.learner
    assert run.metrics == trained.metrics
    json.dumps(run.metrics, allow_nan=False)


def test_the_report_shows_baselines_intervals_and_slices(trained: TrainReport) -> None:
    """Last result and rule score stand beside; random draws and first-time places apart; plots have their data."""
    test = trained.metrics["test"]
    assert {"rule_score", "last_result", "group_rate", "logistic"} <= test["all"]["scores"].keys()
    for row in test["all"]["scores"].values():
        value, low, high = row["auc"]
        assert low <= value <= high
    assert (
        test["random"]["visits"]
        < test["all"]["visits"]
        == test["known"]["visits"] + test["first_time"]["visits"]
    )
    assert sum(n for _, _, n in trained.metrics["calibration"]) == test["all"]["visits"]
    assert [row[0] for row in trained.metrics["classes"]] == ["A", "B", "C", "D"]
    assert sum(row[1] for row in trained.metrics["classes"]) == trained.metrics["enterprises"]
    assert "rule_score" in trained.metrics["against"] or trained.learner == "scorecard"


def test_training_again_gives_the_same_model(town_database: Database, trained: TrainReport) -> None:
    """Same facts, rules, code and seed: the same bytes."""
    again = train(town_database.engine_for("risk"), AS_OF, PLACE)
    with town_database.owner().connect() as connection:
        ids = (trained.model_run_id, again.model_run_id)
        hashes = connection.execute(
            select(ModelRun.model_hash, ModelRun.data_hash).where(ModelRun.id.in_(ids))
        ).all()
    assert len(set(hashes)) == 1
    assert again.metrics == trained.metrics


def _choose(sample: Sample, thresholds: Thresholds) -> Choice:
    """The choice for the newest snapshot."""
    card = scorecard(load_rules(), PLACE, AS_OF, NAMES)
    return choose(Rolling(sample, card, thresholds.inspector_prior, 0), thresholds, sample.windows[-1][0])


def test_what_is_not_settled_by_the_test_decides_nothing(sample: Sample) -> None:
    """Turning every outcome known after the test's snapshot leaves the choice, its figures and the tuning as they were."""
    grid = {"lightgbm": (Settings(rounds=20), Settings(rounds=40, depth=2)), "logistic": (0.1, 0.01)}
    thresholds = Thresholds(50, 100, 20, grids=grid)
    late = ~np.isin(sample.window, settled(sample.windows, sample.windows[-1][0]))
    turned = replace(sample, problem=np.where(late, 1 - sample.problem, sample.problem))
    one, other = (vars(_choose(s, thresholds)) for s in (sample, turned))
    assert one == other
    assert set(sample.window[late]) == {13, 14, 15}, (
        "two horizons that overlap the test's, and the test itself"
    )
    assert one["differences"]
    assert len(one["tuning"]["lightgbm"]) == 2


@pytest.mark.parametrize("name", ["logistic", "lightgbm"])
def test_who_inspects_the_scored_changes_no_score(sample: Sample, name: str) -> None:
    """Inspectors permuted among the rows to be scored: the same to the bit. Among the rows learned from: not."""
    card, last = scorecard(load_rules(), PLACE, AS_OF, NAMES), len(sample.windows) - 1
    late = ~np.isin(sample.window, settled(sample.windows, sample.windows[last][0]))

    def scores(rows: np.ndarray) -> np.ndarray:
        staff, moved = list(sample.inspectors), np.random.default_rng(0).permutation(np.flatnonzero(rows))
        for to, of in zip(np.flatnonzero(rows), moved, strict=True):
            staff[to] = sample.inspectors[of]
        return Rolling(replace(sample, inspectors=staff), card, 20, 0).raw(name, None, last)

    plain = Rolling(sample, card, 20, 0).raw(name, None, last)
    assert (scores(late) == plain).all()
    assert (scores(~late) != plain).any()


def test_trees_replace_only_what_they_beat(sample: Sample) -> None:
    """Enough visits and a paired interval above nothing, or the simpler learner stays."""
    few = _choose(sample, Thresholds(10**6, 10**6, 20))
    assert few.chosen == "scorecard"
    visits = len(sample.known_by(sample.windows[-1][0]).visited().problem)
    assert f" {visits} 次" in few.reason
    assert _choose(sample, Thresholds(100, 10**6, 20)).chosen in ("scorecard", "logistic")
    plenty = _choose(sample, Thresholds(100, 200, 20))
    gain = next(d for name, d in plenty.differences.items() if name.startswith("lightgbm"))
    assert (plenty.chosen == "lightgbm") == (gain[1] > 0)
    assert {"last_result", "group_rate", "scorecard", "logistic", "lightgbm"} == plenty.regret.keys()
    simpler = min(("scorecard", "logistic"), key=lambda name: plenty.regret[name])
    assert plenty.chosen in ("lightgbm", simpler)


def test_regret_by_hand() -> None:
    """The best of each window has none there; a score that one window lacks is in no table."""
    windows = [{"a": 0.8, "b": 0.7, "c": 0.9}, {"a": 0.6, "b": 0.65}]
    assert mean_regret(windows, ["a", "b", "c"]) == pytest.approx({"a": 0.025, "b": 0.05})


def test_every_point_of_the_grid_is_recorded(town_database: Database, trained: TrainReport) -> None:
    """With its figures by snapshot, all before the test; the pilot alone for those dropped."""
    with town_database.owner().connect() as connection:
        parameters: Any = connection.execute(
            select(ModelRun.parameters).where(ModelRun.id == trained.model_run_id)
        ).scalar_one()
    book = load_rules()
    assert parameters["fixed"]["monotone_constraints_method"] == "basic"
    for name, points in parameters["tuning"].items():
        assert len(points) == len(book.value(f"learner.grid.{name}", PLACE, AS_OF))
        days = [day for point in points for day in point["figures"]]
        assert days
        assert max(days) < trained.metrics["test"]["snapshot"]


def test_a_grid_that_cannot_be_is_refused(book: Rulebook) -> None:
    """Deeper than the cap, or a name that LightGBM's settings do not have."""
    for entry in ({"depth": 9}, {"leaves": 4}):
        rules = book.rules["learner.grid.lightgbm"]
        changed = replace(
            book, rules=book.rules | {"learner.grid.lightgbm": (replace(rules[0], value=[entry]),)}
        )
        with pytest.raises(Refusal, match=r"learner\.grid"):
            grids(changed, PLACE, AS_OF)


def test_a_place_without_any_result_still_gets_a_scorecard(engine: Engine) -> None:
    """No labels, no measurement, no pretence; a hundred visits without a problem are no better."""
    codes = [f"A{n:04d}" for n in range(40)]
    store(engine, {"enterprise": [enterprise(code) for code in codes]})
    report = train(engine, AS_OF, PLACE)
    assert (report.learner, report.visits) == ("scorecard", 0)
    assert "test" not in report.metrics
    store(
        engine,
        {
            "inspection_result": [
                inspection(c, date(2025, 3, 3), False, number=str(n)) for n, c in enumerate(codes)
            ]
        },
    )
    report = train(engine, AS_OF, PLACE)
    assert (report.learner, report.visits, report.problems) == ("scorecard", 40, 0)


def test_progress_is_told_and_ends_at_one(engine: Engine) -> None:
    """Shares never fall."""
    store(engine, {"enterprise": [enterprise("A1")]})
    told: list[float] = []
    train(engine, AS_OF, PLACE, progress=lambda _stage, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
