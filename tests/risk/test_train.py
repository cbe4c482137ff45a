"""Training: temporal, recorded, reproducible, modest where there is little to learn from."""

import json
from datetime import date

import numpy as np
import pytest
from sqlalchemy import Engine, select

from registry.database import Database
from registry.rules import Rulebook, load_rules
from registry.tables import ModelRun
from risk.archive import load_archive
from risk.indicators.catalogue import NAMES
from risk.model_file import code_version, hash_of_bytes, load_model
from risk.sample import Sample, gather
from risk.scorecard import scorecard
from risk.selection import Thresholds, choose
from risk.train import TrainReport, train
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


def test_the_test_window_decides_nothing(sample: Sample, book: Rulebook) -> None:
    """Turning every outcome of the last window round leaves the choice and its figures as they were."""
    card = scorecard(book, PLACE, AS_OF, NAMES)
    thresholds = Thresholds(50, 100, 20)
    last = sample.window == len(sample.windows) - 1
    turned = Sample(**{**vars(sample), "problem": np.where(last, 1 - sample.problem, sample.problem)})
    one, other = (vars(choose(s, NAMES, card, thresholds, 0)) for s in (sample, turned))
    assert one == other
    assert last.any()
    assert one["differences"]


def test_trees_replace_only_what_they_beat(sample: Sample, book: Rulebook) -> None:
    """Enough visits and a paired interval above nothing, or the simpler learner stays."""
    card = scorecard(book, PLACE, AS_OF, NAMES)
    few = choose(sample, NAMES, card, Thresholds(10**6, 10**6, 20), 0)
    assert few.chosen == "scorecard"
    assert str(len(sample.problem)) in few.reason
    middling = choose(sample, NAMES, card, Thresholds(100, 10**6, 20), 0)
    assert middling.chosen in ("scorecard", "logistic")
    plenty = choose(sample, NAMES, card, Thresholds(100, 200, 20), 0)
    gain = next(d for name, d in plenty.differences.items() if name.startswith("lightgbm"))
    assert (plenty.chosen == "lightgbm") == (gain[1] > 0)


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
