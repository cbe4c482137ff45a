"""What would better a class: the day a record expires or its repair, confirmed by really grading then; both learners."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select

from registry.database import Database
from registry.tables import FeatureRow, Grade, ModelRun
from risk.adoption import adopt
from risk.explain import explain
from risk.grade import GradeReport, grade
from risk.indicators.catalogue import NAMES, directions_of
from risk.learners import fit_boosted, fit_logistic
from risk.model_file import hash_of_bytes, load_model
from tests.risk.town import FIRST, PLACE, SECOND, penalty

SEVERE = "责令停产停业"


@pytest.fixture
def punished(town_with: Any, graded: tuple[Database, GradeReport]) -> tuple[Engine, str, str, date]:
    """A firm of class A that got a severe penalty: engine, code, class before, day of the penalty."""
    with graded[0].engine_for("risk").connect() as connection:
        code = connection.execute(
            select(Grade.enterprise_code).where(Grade.credit_risk_class == "A").order_by(Grade.id).limit(1)
        ).scalar_one()
    day = FIRST + timedelta(days=3)
    return town_with({"penalty": [penalty(code, day, day, "wrong", cf_cflb=SEVERE)]}), code, "A", day


def test_the_repair_and_the_expiry_are_found_and_come_true(punished: Any) -> None:
    """D by a direct rule: its removal gives the old class; its expiry a better one on the first day outside the
    window, and a real grading on that day says so, while on the day before it is still D."""
    engine, code, before, day = punished
    grade(engine, SECOND, PLACE)
    with engine.connect() as connection:
        found = explain(connection, code, SECOND, PLACE, look_ahead=True)
    assert found.grade["credit_risk_class"] == "D"
    removal = next(way for way in found.ways if way.kind == "removal")
    assert (removal.credit_risk_class, removal.events[0].on) == (before, day)
    assert f"当 {day} 的行政处罚信用修复后为 A。" == removal.sentence()
    expiry = next(way for way in found.ways if way.kind == "expiry")
    assert day in {event.on for event in expiry.events}
    assert expiry.on == date(2027, 3, 4)
    assert "影响期届满（2027-03-04）后为" in expiry.sentence()
    real = {}
    for then in (expiry.on - timedelta(days=1), expiry.on):
        snapshot = grade(engine, then, PLACE).snapshot_id
        with engine.connect() as connection:
            wanted = select(Grade.credit_risk_class).where(
                Grade.snapshot_id == snapshot, Grade.enterprise_code == code
            )
            real[then] = connection.execute(wanted).scalar_one()
    assert real[expiry.on - timedelta(days=1)] == "D"
    assert real[expiry.on] < "D"


def test_every_way_is_better_than_now_and_in_time(graded: tuple[Database, GradeReport]) -> None:
    """For 25 firms of C and D: each way betters the class, expiries in order, within 36 months."""
    with graded[0].engine_for("risk").connect() as connection:
        codes = connection.scalars(
            select(Grade.enterprise_code).where(Grade.credit_risk_class.in_(("C", "D"))).order_by(Grade.id)
        ).all()
        many = [explain(connection, code, FIRST, PLACE, look_ahead=True) for code in codes[:25]]
    assert any(found.ways for found in many)
    for found in many:
        now = found.grade["credit_risk_class"]
        assert all(way.credit_risk_class < now for way in found.ways)
        expiries = [way.on for way in found.ways if way.kind == "expiry"]
        assert expiries == sorted(expiries)
        assert all(FIRST < day <= date(2029, 3, 1) for day in expiries)
        assert all(way.events for way in found.ways)


@pytest.mark.parametrize("learner", ["logistic", "lightgbm"])
def test_an_explanation_adds_up_for_both_learners(
    learner: str, town_with: Any, graded: tuple[Database, GradeReport]
) -> None:
    """From storage, 1e-9: contributions, shrinkage and constant are the score that was stored."""
    engine = town_with({})
    adopt(engine, _run_with(engine, learner), "甲", "乙", "测试学习器", FIRST)
    report = grade(engine, SECOND, PLACE)
    with engine.connect() as connection:
        rows = connection.execute(
            select(Grade.enterprise_code, Grade.score)
            .where(Grade.snapshot_id == report.snapshot_id)
            .limit(40)
        ).all()
        for code, score in rows:
            found = explain(connection, code, SECOND, PLACE)
            total = sum(i.contribution for i in found.indicators) + found.shrinkage + found.constant
            assert abs(total - score) <= 1e-9
            assert abs(found.score - score) <= 1e-9


def _run_with(engine: Engine, learner: str) -> int:
    """A model run like the trained one, with a learner of our choice."""
    with engine.begin() as connection:
        matrix = np.array(connection.scalars(select(FeatureRow.feature_values)).all(), dtype=float)
        run = dict(connection.execute(select(*ModelRun.__table__.c)).mappings().one())
        problem = (np.random.default_rng(1).random(len(matrix)) < 0.3).astype(float)
        if learner == "lightgbm":
            fitted: Any = fit_boosted(matrix, problem, np.zeros(len(matrix)), NAMES, directions_of(NAMES), 1)
        else:
            fitted = fit_logistic(matrix, problem, directions_of(NAMES))
        content = replace(load_model(run["model_file"]), learner=fitted).to_bytes()
        run |= {"learner": learner, "model_file": content, "model_hash": hash_of_bytes(content)}
        run.pop("id")
        stored = insert(ModelRun).values(**run).returning(ModelRun.id)
        return int(connection.execute(stored).scalar_one())


def test_no_history_is_said_and_its_interval_is_wider(graded: tuple[Database, GradeReport]) -> None:
    """At like probabilities the interval without history is the wider one; the heading says why."""
    with graded[0].engine_for("risk").connect() as connection:
        rows = connection.execute(
            select(Grade.enterprise_code, Grade.no_history, Grade.probability,
                   (Grade.probability_high - Grade.probability_low).label("width"))
        ).all()  # fmt: skip
        new = [row for row in rows if row.no_history]
        known = [row for row in rows if not row.no_history]
        heading = explain(connection, new[0].enterprise_code, FIRST, PLACE).heading()
        other = explain(connection, known[0].enterprise_code, FIRST, PLACE).heading()
    assert "无历史" in heading
    assert "无历史" not in other
    low, high = np.quantile([row.probability for row in new], [0.1, 0.9])
    alike = [row.width for row in known if low <= row.probability <= high]
    assert np.mean([row.width for row in new]) > np.mean(alike)
