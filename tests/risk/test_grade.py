"""Grades: C-42 and C-43 in short; reasons with evidence; stable without news; recorded."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from registry.database import Database
from registry.errors import Refusal
from registry.tables import FeatureRow, Grade, GradeReason
from risk.explain import explain
from risk.grade import GradeReport, grade
from tests.risk.town import FIRST, PLACE, SECOND, enterprise, listing, penalty

LONG_AFTER = date(2029, 6, 1)
SEVERE = "责令停产停业"


def _classes(engine: Engine, snapshot: int) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(
            select(Grade.enterprise_code, Grade.credit_risk_class).where(Grade.snapshot_id == snapshot)
        )
        return {row.enterprise_code: row.credit_risk_class for row in rows}


def test_all_are_graded_once_and_counted(graded: tuple[Database, GradeReport]) -> None:
    """Classes and layers add up; the model's own class stands beside the final one."""
    database, report = graded
    assert sum(report.classes.values()) == sum(report.layers.values()) == report.enterprises == 600
    with database.owner().connect() as connection:
        rows = connection.execute(
            select(Grade.model_class, Grade.credit_risk_class, Grade.deciding_layer)
        ).all()
    assert all(r.model_class == r.credit_risk_class for r in rows if r.deciding_layer == "model")
    assert any(r.deciding_layer == "hard_rule" and r.model_class != r.credit_risk_class for r in rows)


def test_every_c_and_d_has_reasons_with_records(graded: tuple[Database, GradeReport]) -> None:
    """At least one reason each, every reason with evidence that exists, at most 1 + 3 + 2 of them."""
    database, report = graded
    with database.owner().connect() as connection:
        found = connection.execute(
            select(Grade.id, Grade.enterprise_code, GradeReason.sentence, GradeReason.evidence)
            .outerjoin(GradeReason, GradeReason.grade_id == Grade.id)
            .where(Grade.credit_risk_class.in_(("C", "D")))
        ).all()
        for row in found[:60]:
            assert row.sentence
            for table, ids in row.evidence["records"].items():
                owners = connection.execute(
                    text(f"SELECT enterprise_code FROM {table} WHERE id = ANY(:ids)"), {"ids": ids}
                )
                assert {o.enterprise_code for o in owners} == {row.enterprise_code}
    assert len({row.id for row in found}) == report.classes["C"] + report.classes["D"]


def test_hard_rules_name_their_basis(graded: tuple[Database, GradeReport]) -> None:
    """The first reason of a grade that a rule decided is the rule."""
    with graded[0].owner().connect() as connection:
        rows = connection.execute(
            select(GradeReason.sentence).join(Grade, Grade.id == GradeReason.grade_id)
            .where(Grade.deciding_layer == "hard_rule", GradeReason.rank == 1)
        ).scalars().all()  # fmt: skip
    assert rows
    assert all("依据" in sentence for sentence in rows)


def test_stored_features_come_back_to_the_bit(graded: tuple[Database, GradeReport]) -> None:
    """What COPY wrote is what was judged: the explanation from storage has the stored score."""
    database, report = graded
    with database.engine_for("risk").connect() as connection:
        rows = connection.execute(
            select(Grade.enterprise_code, Grade.score)
            .where(Grade.snapshot_id == report.snapshot_id)
            .limit(25)
        ).all()
        for code, score in rows:
            explanation = explain(connection, code, FIRST, PLACE)
            total = (
                sum(i.contribution for i in explanation.indicators)
                + explanation.shrinkage
                + explanation.constant
            )
            assert total == pytest.approx(score, abs=1e-9)
            assert explanation.reasons
        assert connection.execute(
            select(FeatureRow).where(FeatureRow.snapshot_id == report.snapshot_id)
        ).all()


def test_an_explanation_on_demand_is_the_stored_one(graded: tuple[Database, GradeReport]) -> None:
    """Same sentences and records as were frozen with the grade."""
    with graded[0].engine_for("risk").connect() as connection:
        code, grade_id = connection.execute(
            select(Grade.enterprise_code, Grade.id)
            .where(Grade.credit_risk_class == "D")
            .order_by(Grade.id)
            .limit(1)
        ).one()
        stored = connection.execute(
            select(GradeReason.sentence, GradeReason.evidence)
            .where(GradeReason.grade_id == grade_id)
            .order_by(GradeReason.rank)
        ).all()
        explained = explain(connection, code, FIRST, PLACE).reasons
    assert [(r.sentence, r.evidence) for r in explained] == [(s, e) for s, e in stored]


def test_nobody_graded_is_a_refusal(graded: tuple[Database, GradeReport]) -> None:
    """Unknown enterprise; a day before the first model; each says what to do."""
    engine = graded[0].engine_for("risk")
    with engine.connect() as connection, pytest.raises(Refusal) as refusal:
        explain(connection, "no such code", FIRST, PLACE)
    assert refusal.value.code == "explain.not_graded"
    with pytest.raises(Refusal) as refusal:
        grade(engine, FIRST - timedelta(days=1), PLACE)
    assert refusal.value.code == "grade.no_model"


def test_facts_known_later_change_no_past_grade(graded: tuple[Database, GradeReport], town_with: Any) -> None:
    """C-42: graded again as of the same day after a flood of later facts: the same scores and classes."""
    codes = sorted(_classes(graded[0].owner(), graded[1].snapshot_id))
    known = FIRST + timedelta(days=1)
    engine = town_with(
        {"penalty": [penalty(c, FIRST - timedelta(days=9), known, "x", cf_cflb=SEVERE) for c in codes]}
    )
    again = grade(engine, FIRST, PLACE)
    with engine.connect() as connection:
        rows = connection.execute(
            select(Grade.snapshot_id, Grade.enterprise_code, Grade.score, Grade.credit_risk_class)
        )
        by_run: dict[int, set[Any]] = {}
        for snapshot, *rest in rows:
            by_run.setdefault(snapshot, set()).add(tuple(rest))
    assert by_run[again.snapshot_id] == by_run[graded[1].snapshot_id]


def test_a_serious_penalty_never_improves_and_its_repair_recovers(
    graded: tuple[Database, GradeReport], town_with: Any
) -> None:
    """C-43 in short, for all 600: without it, with it, repaired, and after it has expired."""
    codes = sorted(_classes(graded[0].owner(), graded[1].snapshot_id))
    plain = _graded_on(town_with({}), SECOND, LONG_AFTER)
    day = FIRST + timedelta(days=5)
    added = [
        penalty(c, day, day, "serious", cf_cflb=SEVERE, cf_nr_fk=20.0, violation_code="Z9") for c in codes
    ]
    punished = _graded_on(town_with({"penalty": added}), SECOND, LONG_AFTER)
    repaired = [
        {**row, "repaired_on": day + timedelta(days=9), "known_at": row["known_at"] + timedelta(days=9)}
        for row in added
    ]
    recovered = _graded_on(town_with({"penalty": [*added, *repaired]}), SECOND)
    assert all(punished[SECOND][c] == "D" >= plain[SECOND][c] for c in codes)
    assert recovered[SECOND] == plain[SECOND]
    late = [(punished[LONG_AFTER][c], plain[LONG_AFTER][c]) for c in codes]
    assert all(after <= never for after, never in late), "three years later the window has closed"
    assert sum(after == never for after, never in late) >= 0.98 * len(late), (
        "the band may still hold the others"
    )


def _graded_on(engine: Engine, *days: date) -> dict[date, dict[str, str]]:
    return {day: _classes(engine, grade(engine, day, PLACE).snapshot_id) for day in days}


def test_without_news_few_change_and_a_listing_is_news(
    graded: tuple[Database, GradeReport], town_with: Any
) -> None:
    """A week later, nothing known since: the unlisted keep their class; one newly listed falls to C at once."""
    before = _classes(graded[0].owner(), graded[1].snapshot_id)
    clean = next(code for code, found in sorted(before.items()) if found == "A")
    day = FIRST + timedelta(days=2)
    engine = town_with({"abnormal_listing": [listing(clean, day, specause="4")]})
    report = grade(engine, FIRST + timedelta(days=7), PLACE)
    after = _classes(engine, report.snapshot_id)
    assert after[clean] in ("C", "D")
    moved = [code for code in before if after[code] != before[code]]
    assert len(moved) <= 0.02 * len(before)
    with engine.connect() as connection:
        row = connection.execute(
            select(Grade.previous_class, Grade.deciding_layer, Grade.rule_code)
            .where(Grade.snapshot_id == report.snapshot_id, Grade.enterprise_code == clean)
        ).one()  # fmt: skip
    assert row.previous_class == "A"
    assert row == ("A", "hard_rule", "ABNORMAL_NOW") or after[clean] == "D"


def test_a_newcomer_has_no_history_and_no_previous_class(
    graded: tuple[Database, GradeReport], town_with: Any
) -> None:
    """It is flagged, and its interval is no narrower than nothing."""
    engine = town_with({"enterprise": [enterprise("ZNEW", FIRST, estdate=FIRST)]})
    report = grade(engine, FIRST + timedelta(days=7), PLACE)
    with engine.connect() as connection:
        row = connection.execute(
            select(*Grade.__table__.c).where(
                Grade.snapshot_id == report.snapshot_id, Grade.enterprise_code == "ZNEW"
            )
        ).one()
    assert row.no_history
    assert row.previous_class is None
    assert row.credit_risk_class in ("A", "B")
    assert row.probability_low <= row.probability <= row.probability_high
    assert row.probability_low < row.probability_high
