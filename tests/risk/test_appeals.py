"""Appeals: a past grade rebuilt exactly as known then, and computed again without disputed records; two people decide."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, RowMapping, delete, select, update

from registry import clock, journal
from registry.database import Database
from registry.errors import Refusal
from registry.rules import load_rules, rulebook_of
from registry.tables import AddressNegative, Grade, Grading, InspectionResult, ModelRun, Penalty, RulesEdition
from risk.appeals import (
    appeal_with_acts,
    appeals,
    approve_decision,
    decide_appeal,
    facts_named,
    open_appeal,
    propose_decision,
)
from risk.explain import explain
from risk.frozen import frozen_grading, rules_of
from risk.grade import GradeReport, grade
from risk.overrides import overrides
from risk.recompute import EXACT, judge_again, recompute, recomputed
from tests.risk.town import FIRST, PLACE, SECOND, inspection, penalty

SEVERE = "责令停产停业"
DAY = FIRST - timedelta(days=40)


def _grades(connection: Connection, snapshot: int, *where: Any) -> list[RowMapping]:
    wanted = select(*Grade.__table__.c).where(Grade.snapshot_id == snapshot, *where)
    return list(connection.execute(wanted.order_by(Grade.id)).mappings())


def test_a_past_grade_is_rebuilt_exactly_as_known_then(
    graded: tuple[Database, GradeReport], town_with: Any
) -> None:
    """All 600 of the second grading, with hysteresis and steps against the first, after a flood of later arrivals
    that claim to have been known before: class, layer, rule and score to 1e-9."""
    codes = [f"9199010{number:011d}" for number in range(600)]
    engine = town_with({})
    second = grade(engine, SECOND, PLACE)
    late = [penalty(c, DAY, DAY + timedelta(days=1), "late", cf_cflb=SEVERE) for c in codes]
    with engine.begin() as connection:
        connection.exec_driver_sql("SET ROLE wurao_ingest")
        connection.execute(Penalty.__table__.insert(), late)
        items = {"A1": {"result_code": "R05"}}
        checks = [inspection(c, DAY, True, number="late", item_results=items) for c in codes]
        connection.execute(InspectionResult.__table__.insert(), checks)
        bad = {k: v for k, v in late[0].items() if k in AddressNegative.__table__.c}
        listed = {"address_key": "0号", "listed_on": DAY, "natural_key": "address|late"} | dict.fromkeys(
            ("address", "division", "kind", "reason", "organ"), "0号"
        )
        connection.execute(AddressNegative.__table__.insert(), [{**bad, **listed}])
        connection.exec_driver_sql("RESET ROLE")
    with engine.connect() as connection:
        frozen = frozen_grading(connection, second.snapshot_id)
        again = judge_again(connection, PLACE, frozen, frozen.archive(connection, SECOND))
        rows = _grades(connection, second.snapshot_id)
        for row in rows:
            one = recomputed(again, row["enterprise_code"])
            assert one.equals(row), row["enterprise_code"]
        explained = explain(connection, rows[0]["enterprise_code"], SECOND, PLACE)
    layers = {row["deciding_layer"] for row in rows}
    assert len(rows) == 600
    assert {"model", "hard_rule"} <= layers
    groups = recomputed(again, rows[0]["enterprise_code"]).groups
    assert sum(groups.values()) + explained.constant == pytest.approx(rows[0]["score"], abs=EXACT)


def test_records_taken_from_under_a_grade_are_noticed(town_with: Any, graded: Any) -> None:
    """A row deleted behind everybody's back is no silent difference."""
    engine = town_with({})
    with graded[0].owner().connect() as connection:
        snapshot = graded[1].snapshot_id
        row = _grades(connection, snapshot)[0]
    with Engine.connect(engine) as connection:
        connection.exec_driver_sql("RESET ROLE")
        connection.execute(delete(Penalty).where(Penalty.id == select(Penalty.id).limit(1).scalar_subquery()))
        with pytest.raises(Refusal) as refusal:
            recompute(connection, row)
        connection.rollback()
    assert refusal.value.code == "grade.facts_missing"


def test_a_model_file_changed_since_is_noticed(town_with: Any, graded: Any) -> None:
    engine = town_with({})
    with engine.connect() as connection:
        row = _grades(connection, graded[1].snapshot_id)[0]
        connection.exec_driver_sql("RESET ROLE")
        connection.execute(update(ModelRun).values(model_file=b"other"))
        with pytest.raises(Refusal) as refusal:
            recompute(connection, row)
        connection.rollback()
    assert refusal.value.code == "grade.model_changed"


def test_the_rules_of_a_grading_are_kept_and_used(town_with: Any, graded: Any) -> None:
    """An edition that is not today's comes from the kept text; one nobody kept is refused."""
    engine = town_with({})
    texts = dict(load_rules().texts)
    texts["hard_rules.toml"] += "\n# an older edition\n"
    older = rulebook_of(texts)
    assert older.version != load_rules().version
    with engine.connect() as connection:
        kept = connection.execute(select(RulesEdition.version, RulesEdition.texts)).one()
        assert rulebook_of(kept.texts).version == kept.version == load_rules().version
        assert connection.execute(select(Grading.rules_version)).scalar_one() == kept.version
        with pytest.raises(Refusal) as refusal:
            rules_of(connection, older.version)
        connection.exec_driver_sql("RESET ROLE")
        connection.execute(
            RulesEdition.__table__.insert().values(version=older.version, texts=texts, kept_at=clock.now())
        )
        assert rules_of(connection, older.version).version == older.version
        connection.rollback()
    assert refusal.value.code == "grade.not_frozen"


@pytest.fixture
def punished(town_with: Any, graded: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Engine, str, int, str]:
    """A firm of class A with a severe penalty, graded D on 1 April: engine, code, penalty id, class without it."""
    monkeypatch.setenv("WURAO_TODAY", SECOND.isoformat())
    with graded[0].engine_for("risk").connect() as connection:
        clean = _grades(connection, graded[1].snapshot_id, Grade.credit_risk_class == "A")[5]
    code = clean["enterprise_code"]
    day = FIRST + timedelta(days=3)
    engine = town_with({"penalty": [penalty(code, day, day, "wrong", cf_cflb=SEVERE, cf_nr_fk=20.0)]})
    grade(engine, SECOND, PLACE)
    with engine.connect() as connection:
        wanted = select(Penalty.id).where(Penalty.enterprise_code == code, Penalty.cf_wsh == "wrong")
        return engine, code, connection.execute(wanted).scalar_one(), clean["credit_risk_class"]


def test_an_appeal_shows_old_and_new_side_by_side(punished: Any) -> None:
    engine, code, record, without = punished
    number = open_appeal(engine, code, SECOND, PLACE, [("penalty", record)], "处罚已被复议撤销", "窗口")
    with engine.connect() as connection:
        found = appeal_with_acts(connection, number)
    comparison = found["comparison"]
    assert comparison["faithful"] is True
    old, new = comparison["old"], comparison["new"]
    assert (old["credit_risk_class"], old["deciding_layer"], old["rule_code"]) == (
        "D",
        "hard_rule",
        "SUSPENDED",
    )
    assert new["credit_risk_class"] == without
    assert old["reasons"]
    assert new["reasons"]
    total = sum(row["difference"] for row in comparison["groups"])
    assert total == pytest.approx(new["score"] - old["score"], abs=1e-9)
    assert abs(comparison["groups"][0]["difference"]) == max(
        abs(r["difference"]) for r in comparison["groups"]
    )
    assert comparison["groups"][0]["group"] == "行政处罚"
    assert (found["state"], [d["id"] for d in found["disputed"]]) == ("open", [record])


def test_an_upheld_appeal_counts_at_once_until_the_record_is_corrected(punished: Any) -> None:
    """Two people; the better class by override, also over the direct rule; gone when withdrawn; all journalled."""
    engine, code, record, without = punished
    number = open_appeal(engine, code, SECOND, PLACE, [("penalty", record)], "处罚已被复议撤销", "窗口")
    propose_decision(engine, number, True, "甲", "复议决定书在案")
    with pytest.raises(Refusal) as refusal:
        approve_decision(engine, number, " 甲 ", "同意支持")
    assert refusal.value.code == "decision.same_person"
    override = approve_decision(engine, number, "乙", "同意支持")
    assert override is not None
    after = grade(engine, SECOND, PLACE)
    with engine.connect() as connection:
        found = appeal_with_acts(connection, number)
        row = _grades(connection, after.snapshot_id, Grade.enterprise_code == code)[0]
        assert (row["credit_risk_class"], row["ruled_class"], row["deciding_layer"]) == (
            without,
            "D",
            "override",
        )
        assert recompute(connection, row).equals(row)
        reasons = explain(connection, code, SECOND, PLACE).reasons
        assert "异议" in reasons[0].sentence
        assert reasons[0].evidence["records"]
        assert overrides(connection, PLACE, SECOND, code)[0]["state"] == "approved"
        assert list(journal.faults(connection)) == []
    assert found["state"] == "upheld"
    assert f"penalty:{record}" in found["next"]
    assert "更正" in found["next"]


def test_a_rejected_appeal_changes_nothing(punished: Any) -> None:
    engine, code, record, _ = punished
    number = open_appeal(engine, code, SECOND, PLACE, [("penalty", record)], "不服处罚决定", "窗口")
    assert decide_appeal(engine, number, False, "甲", "乙", "处罚决定有效") is None
    with engine.connect() as connection:
        assert [a["state"] for a in appeals(connection, PLACE)] == ["rejected"]
        assert overrides(connection, PLACE, SECOND) == []
    with pytest.raises(Refusal) as refusal:
        decide_appeal(engine, number, True, "甲", "乙", "再次处理")
    assert refusal.value.code == "decision.done"


def test_only_ones_own_records_of_that_grading_can_be_disputed(punished: Any) -> None:
    engine, code, record, _ = punished
    with engine.connect() as connection:
        other = connection.execute(
            select(Penalty.id).where(Penalty.enterprise_code != code).limit(1)
        ).scalar_one()
    for fact in (("penalty", other), ("penalty", 10**9)):
        with pytest.raises(Refusal) as refusal:
            open_appeal(engine, code, SECOND, PLACE, [fact], "不是我的处罚", "窗口")
        assert refusal.value.code == "appeal.not_its_record"
    with pytest.raises(Refusal) as refusal:
        open_appeal(engine, code, FIRST, PLACE, [("penalty", record)], "当时还不知悉", "窗口")
    assert refusal.value.code == "appeal.not_its_record"


@pytest.mark.parametrize("words", ["", "penalty", "penalty:x", "account:1", "enterprise:1", "penalty:１"])
def test_strange_facts_are_refused(words: str) -> None:
    with pytest.raises(Refusal) as refusal:
        facts_named(words)
    assert refusal.value.code == "appeal.facts"


def test_facts_are_read_once_each() -> None:
    assert facts_named("penalty:3, complaint:7,penalty:3") == [("penalty", 3), ("complaint", 7)]
