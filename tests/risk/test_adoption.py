"""Adoption: nobody is graded by a model that two different people have not decided on, dated and journalled."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from registry.database import Database
from registry.errors import Refusal
from registry.tables import Grade, JournalRecord, ModelRun
from risk.adoption import adopt, adopted_on, decide_adoption, grading_run, models, propose_adoption
from risk.grade import GradeReport, grade, trial
from tests.risk.town import FIRST, PLACE, SECOND


@pytest.fixture
def two_runs(town_with: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Engine, int, int]:
    """The town with its adopted run, and a second run that nobody adopted, trained as of 1 April."""
    monkeypatch.setenv("WURAO_TODAY", SECOND.isoformat())
    engine = town_with({})
    with engine.begin() as connection:
        run = dict(connection.execute(select(*ModelRun.__table__.c)).mappings().one())
        first = run.pop("id")
        stored = ModelRun.__table__.insert().values(**run | {"as_of": SECOND}).returning(ModelRun.id)
        return engine, first, connection.execute(stored).scalar_one()


def _used(engine: Engine, day: date) -> int:
    with engine.connect() as connection:
        return adopted_on(connection, day, PLACE).model_run_id


def test_a_newer_model_grades_nobody_until_adopted(two_runs: Any) -> None:
    engine, first, second = two_runs
    assert grade(engine, SECOND, PLACE).model_run_id == first
    with pytest.raises(Refusal) as refusal:
        grade(engine, SECOND, PLACE, model_run_id=second)
    assert refusal.value.code == "grade.no_model"
    adopt(engine, second, "甲", "乙", "测试期指标更好", SECOND)
    assert grade(engine, SECOND, PLACE).model_run_id == second
    assert _used(engine, SECOND - timedelta(days=1)) == first, (
        "as of an earlier day the earlier decision counts"
    )


def test_a_trial_stores_nothing_and_says_so(two_runs: Any) -> None:
    engine, _, second = two_runs
    with engine.connect() as connection:
        before = connection.execute(select(func.count()).select_from(Grade)).scalar_one()
    tried = trial(engine, SECOND, PLACE, second)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(Grade)).scalar_one() == before
    assert sum(tried.classes.values()) == tried.enterprises == 600
    assert "没有入库" in tried.text()
    with pytest.raises(Refusal) as refusal:
        trial(engine, SECOND, PLACE, 999)
    assert refusal.value.code == "model.unknown"


def test_one_person_adopts_nothing(two_runs: Any) -> None:
    """Not in one act, not in two, not with other blanks or letters."""
    engine, first, second = two_runs
    for other in ("甲", " 甲 "):
        with pytest.raises(Refusal) as refusal:
            adopt(engine, second, "甲", other, "测试期指标更好", SECOND)
        assert refusal.value.code == "decision.same_person"
    proposal = propose_adoption(engine, second, "Zhang", "测试期指标更好", SECOND)
    with pytest.raises(Refusal):
        decide_adoption(engine, proposal, "approved", "zhang", "同意启用")
    assert _used(engine, SECOND) == first
    decide_adoption(engine, proposal, "rejected", "乙", "指标不足")
    with pytest.raises(Refusal) as refusal:
        decide_adoption(engine, proposal, "approved", "丙", "同意启用")
    assert refusal.value.code == "decision.done"
    assert _used(engine, SECOND) == first


@pytest.mark.parametrize(
    ("by", "reason", "since", "code"),
    [
        ("", "测试期指标更好", SECOND, "decision.nobody"),
        ("甲", "好", SECOND, "decision.reason"),
        ("甲", "测试期指标更好", FIRST, "model.too_early"),
    ],
)
def test_a_proposal_says_who_why_and_since_when(
    two_runs: Any, by: str, reason: str, since: date, code: str
) -> None:
    engine, _, second = two_runs
    with pytest.raises(Refusal) as refusal:
        propose_adoption(engine, second, by, reason, since)
    assert refusal.value.code == code


def test_a_withdrawn_adoption_gives_back_to_the_one_before(two_runs: Any) -> None:
    engine, first, second = two_runs
    adoption = adopt(engine, second, "甲", "乙", "测试期指标更好", SECOND)
    decide_adoption(engine, adoption, "withdrawn", "乙", "发现数据有误")
    assert _used(engine, SECOND) == first
    with engine.connect() as connection:
        states = {run["id"]: (run["state"], run["grading"]) for run in models(connection, PLACE, SECOND)}
        acts = connection.scalars(select(JournalRecord.act).order_by(JournalRecord.number)).all()
    assert states == {first: ("approved", True), second: ("withdrawn", False)}
    assert acts[-3:] == ["model.adoption_proposed", "model.adoption_approved", "model.adoption_withdrawn"]


def test_without_a_decision_the_refusal_says_what_to_do(
    graded: tuple[Database, GradeReport], two_runs: Any
) -> None:
    engine, _, _ = two_runs
    with engine.connect() as connection:
        assert grading_run(connection, FIRST - timedelta(days=1), PLACE) is None
        with pytest.raises(Refusal) as refusal:
            adopted_on(connection, SECOND, "330000")
    assert "wurao train" in refusal.value.remedy
    with engine.begin() as connection:
        connection.exec_driver_sql("RESET ROLE")
        connection.exec_driver_sql("UPDATE model_adoption SET in_force_from = '2099-01-01'")
    with engine.connect() as connection, pytest.raises(Refusal) as refusal:
        adopted_on(connection, SECOND, PLACE)
    assert "wurao model adopt" in refusal.value.remedy
