"""Overrides: two people, a reason, an end; in force at once on reading, gone by itself, never against a direct class."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from registry.class_in_force import class_in_force, layer_in_force, overrides_in_force, same_enterprise
from registry.database import Database
from registry.errors import Refusal
from registry.tables import Grade
from risk.grade import GradeReport, grade
from risk.overrides import Proposal, decide_override, overrides, propose_override
from scheduling.candidates import latest_classes
from tests.risk.town import FIRST, PLACE, SECOND, release_all


@pytest.fixture
def town(town_with: Any, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The graded town, ten days after its grading."""
    monkeypatch.setenv("WURAO_TODAY", (FIRST + timedelta(days=10)).isoformat())
    return town_with({})


def _someone(engine: Engine, *where: Any) -> tuple[str, str]:
    with engine.connect() as connection:
        wanted = select(Grade.enterprise_code, Grade.credit_risk_class).where(*where).order_by(Grade.id)
        return tuple(connection.execute(wanted.limit(1)).one())  # type: ignore[return-value]


def _read(engine: Engine, code: str, day: date) -> tuple[str, str]:
    """Class and layer in force as readers see them."""
    release_all(engine)
    override = overrides_in_force(day)
    wanted = (
        select(class_in_force(override), layer_in_force(override))
        .select_from(Grade.__table__.outerjoin(override, same_enterprise(override)))
        .where(Grade.enterprise_code == code, Grade.as_of <= day)
        .order_by(Grade.as_of.desc(), Grade.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        scheduled = latest_classes(connection, day)[code]
        found = tuple(connection.execute(wanted).one())
    assert scheduled == found[0], "whoever schedules reads the same class"
    return found  # type: ignore[return-value]


TODAY = FIRST + timedelta(days=10)
UNTIL = TODAY + timedelta(days=60)


def _propose(engine: Engine, code: str, klass: str, until: date | None = UNTIL, since: date = TODAY) -> int:
    proposal = Proposal(code, klass, "专项检查未发现问题", "安市监函〔2026〕7号", since, until)
    return propose_override(engine, PLACE, proposal, "甲")


def test_it_counts_from_approval_to_its_last_day_and_ends_by_itself(town: Engine) -> None:
    code, before = _someone(town, Grade.deciding_layer == "model", Grade.credit_risk_class == "C")
    number = _propose(town, code, "A")
    assert _read(town, code, TODAY) == (before, "model"), "proposed is not approved"
    decide_override(town, number, "approved", "乙", "情况属实")
    assert _read(town, code, TODAY - timedelta(days=1)) == (before, "model"), "a past day is told as it was"
    assert _read(town, code, TODAY) == _read(town, code, UNTIL) == ("A", "override")
    assert _read(town, code, UNTIL + timedelta(days=1)) == (before, "model"), "no new grading was needed"


def test_gradings_keep_it_and_the_first_after_its_end_is_free_of_it(
    town: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it covered stands beside it; later gradings are those of a town that never had it."""
    code, _ = _someone(town, Grade.deciding_layer == "model", Grade.credit_risk_class == "C")
    decide_override(town, _propose(town, code, "A"), "approved", "乙", "情况属实")
    monkeypatch.setenv("WURAO_TODAY", SECOND.isoformat())
    snapshot = grade(town, SECOND, PLACE).snapshot_id
    after = UNTIL + timedelta(days=2)
    with town.connect() as connection:
        row = connection.execute(
            select(*Grade.__table__.c).where(Grade.snapshot_id == snapshot, Grade.enterprise_code == code)
        ).one()
    assert (row.credit_risk_class, row.deciding_layer) == ("A", "override")
    assert row.ruled_class == "C"
    assert row.override_id is not None
    assert _read(town, code, after)[0] == "C", "read after its end, before any new grading"
    monkeypatch.setenv("WURAO_TODAY", after.isoformat())
    last = grade(town, after, PLACE).snapshot_id
    with town.connect() as connection:
        row = connection.execute(
            select(*Grade.__table__.c).where(Grade.snapshot_id == last, Grade.enterprise_code == code)
        ).one()
    assert (row.credit_risk_class, row.previous_class, row.override_id) == (row.ruled_class, "A", None)
    assert row.deciding_layer != "override"


def test_withdrawn_it_counts_no_more(town: Engine) -> None:
    code, before = _someone(town, Grade.deciding_layer == "model", Grade.credit_risk_class == "B")
    number = _propose(town, code, "D")
    decide_override(town, number, "approved", "乙", "情况属实")
    assert _read(town, code, TODAY) == ("D", "override")
    decide_override(town, number, "withdrawn", "丙", "整改完成")
    assert _read(town, code, TODAY) == (before, "model")
    with town.connect() as connection:
        assert overrides(connection, PLACE, TODAY, code)[0]["state"] == "withdrawn"


def test_it_may_not_soften_a_direct_class_but_may_soften_a_floor(town: Engine) -> None:
    direct, _ = _someone(town, Grade.rule_code == "SUSPENDED") if _has(town, "SUSPENDED") else (None, None)
    floored, _ = _someone(town, Grade.rule_code == "ABNORMAL_NOW")
    decide_override(town, _propose(town, floored, "B"), "approved", "乙", "情况属实")
    assert _read(town, floored, TODAY) == ("B", "override")
    if direct:
        with pytest.raises(Refusal) as refusal:
            _propose(town, direct, "A")
        assert refusal.value.code == "override.against_rule"


def _has(engine: Engine, rule: str) -> bool:
    with engine.connect() as connection:
        return connection.execute(select(Grade.id).where(Grade.rule_code == rule)).first() is not None


def test_one_person_too_long_or_without_basis_is_refused(town: Engine) -> None:
    code, _ = _someone(town, Grade.credit_risk_class == "B")
    number = _propose(town, code, "A")
    with pytest.raises(Refusal) as refusal:
        decide_override(town, number, "approved", "甲", "情况属实")
    assert refusal.value.code == "decision.same_person"
    for bad, code_of in (
        (Proposal(code, "A", "专项检查", "依据", TODAY, TODAY + timedelta(days=181)), "override.too_long"),
        (Proposal(code, "A", "专项检查", "依据", TODAY, TODAY - timedelta(days=1)), "override.too_long"),
        (Proposal(code, "A", "专项检查", " ", TODAY), "override.basis"),
        (Proposal(code, "A", "好", "依据", TODAY), "decision.reason"),
        (Proposal(code, "E", "专项检查", "依据", TODAY), "override.class"),
        (Proposal("nobody", "A", "专项检查", "依据", TODAY), "explain.not_graded"),
    ):
        with pytest.raises(Refusal) as refusal:
            propose_override(town, PLACE, bad, "甲")
        assert refusal.value.code == code_of


def test_the_first_grading_is_untouched(graded: tuple[Database, GradeReport]) -> None:
    """These tests work on copies."""
    with graded[0].engine_for("risk").connect() as connection:
        assert connection.execute(select(Grade.id).where(Grade.override_id.is_not(None))).first() is None
