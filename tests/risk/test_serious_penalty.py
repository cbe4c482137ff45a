"""C-43 over a cohort: a serious penalty never betters a class, repaired or expired it is forgotten; every grade has a
reason with evidence; no waiver is proposed where the same kind of violation lies within two years."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, insert, select

from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.tables import Grade, WaiverCase, WaiverProposal
from risk.adoption import adopt
from risk.bands import CLASSES
from risk.grade import GradeReport, Judged, grade, judge_place, load_run, reason_writer, reasons_at
from risk.model_file import Model
from risk.score import contributions
from risk.train import train
from risk.waivers import ELIGIBLE, propose_waiver
from tests.conftest import make_database
from tests.risk.test_waivers import GOOD, USUAL
from tests.risk.town import FIRST, PLACE, SECOND, penalty, store, town

LONG_AFTER = date(2031, 6, 1)
"""Past the longest look-back: a revoked permit counts for 60 months (`indicator.lic_revoked_cnt`)."""
DAY, MENDED = FIRST + timedelta(days=5), FIRST + timedelta(days=14)
KINDS = (
    {"cf_cflb": "责令停产停业", "cf_nr_fk": 20.0},
    {"cf_cflb": "罚款", "cf_nr_fk": 50.0},
    {"cf_cflb": "吊销许可证件", "cf_nr_fk": 5.0, "department": "应急"},
    {"cf_cflb": "没收违法所得、没收非法财物", "cf_nr_wfff": 30.0},
)


def _penalties(codes: Any, **changes: Any) -> list[dict[str, Any]]:
    """A serious penalty each, of one of four kinds in turn, decided and known five days after the first grading."""
    return [
        penalty(code, DAY, DAY, "serious", violation_code="Z9", **KINDS[n % len(KINDS)]) | changes
        for n, code in enumerate(codes)
    ]


class Worlds:
    """The same town judged in worlds that differ by some facts; each is rolled back."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.engine_for("risk").connect() as connection:
            self.codes = list(
                connection.scalars(select(Grade.enterprise_code).order_by(Grade.enterprise_code))
            )
            run = connection.execute(select(Grade.model_run_id).limit(1)).scalar_one()
            self.model: Model = load_run(connection, run)

    def judged(self, day: date, *more: list[dict[str, Any]]) -> Judged:
        """Everyone's judgement on a day in the world with more penalties."""
        with self.database.owner().connect() as connection:
            for rows in more:
                store(connection, {"penalty": rows})
            found = judge_place(connection, day, PLACE, self.model)
            connection.rollback()
        assert found.frame.codes.tolist() == self.codes
        return found


def check_penalties(worlds: Worlds) -> None:
    """C-43's first half, for everyone at once."""
    added = _penalties(worlds.codes)
    mended = [row | {"repaired_on": MENDED, "known_at": datetime(2026, 3, 15, 9)} for row in added]
    withdrawn = [row | {"retracted": True, "known_at": datetime(2026, 3, 15, 9)} for row in added]
    plain, punished = worlds.judged(SECOND), worlds.judged(SECOND, added)
    assert (punished.verdicts.final >= plain.verdicts.final).all()
    assert (punished.verdicts.own >= plain.verdicts.own).all()
    assert (punished.verdicts.final > plain.verdicts.final).mean() > 0.3, "otherwise this proves little"
    for forgotten in (mended, withdrawn):
        recovered = worlds.judged(SECOND, added, forgotten)
        assert (recovered.verdicts.final == plain.verdicts.final).all()
        assert (recovered.scores.score == plain.scores.score).all()
    later, expired = worlds.judged(LONG_AFTER), worlds.judged(LONG_AFTER, added)
    assert (expired.verdicts.final == later.verdicts.final).all()
    assert (expired.scores.score == later.scores.score).all()
    check_reasons(punished)


def check_reasons(judged: Judged) -> None:
    """Every grade has a reason, and every reason evidence: record ids, and for a rule its code."""
    writer, parts = reason_writer(judged), contributions(judged.model, judged.frame.matrix)
    for position in range(len(judged.frame.codes)):
        reasons = reasons_at(writer, judged.verdicts, position, parts[position])
        assert reasons
        assert all(reason.sentence and reason.evidence["records"] for reason in reasons)
        if judged.verdicts.layer[position] == "hard_rule":
            assert reasons[0].evidence["rule"] == judged.verdicts.rule_code[position]
    assert set(CLASSES[judged.verdicts.final]) <= set("ABCD")


def check_waivers(connection: Connection, engine: Any, codes: list[str]) -> None:
    """A case of late food for each: never eligible where a penalty of that kind lies within two years before."""
    on = date(2026, 5, 10)
    rows = [
        {
            "enterprise_code": code, "item_code": "F5", "occurred_on": on, **USUAL, "facts": GOOD["F5"],
            "entered_by": "test", "entered_at": datetime(2026, 5, 21),
        }
        for code in codes
    ]  # fmt: skip
    connection.execute(insert(WaiverCase), rows)
    connection.commit()
    for number in connection.scalars(select(WaiverCase.id)).all():
        propose_waiver(engine, number, date(2026, 6, 1), PLACE)
    same_kind = (
        "SELECT DISTINCT enterprise_code FROM penalty WHERE violation_code = 'F5'"
        " AND cf_jdrq BETWEEN '2024-05-10' AND '2026-06-01' AND known_at < '2026-06-02'"
    )
    barred = set(connection.exec_driver_sql(same_kind).scalars())
    proposed = connection.execute(select(WaiverProposal.enterprise_code, WaiverProposal.verdict)).all()
    assert len(proposed) == len(codes)
    assert 10 < len(barred) < len(codes)
    assert not [code for code, verdict in proposed if code in barred and verdict == ELIGIBLE]
    free = [verdict for code, verdict in proposed if code not in barred]
    assert free.count(ELIGIBLE) == len(free), "all else is in order, so only the look-back can have barred"


def test_a_serious_penalty_in_a_cohort_of_600(graded: tuple[Database, GradeReport]) -> None:
    check_penalties(Worlds(graded[0]))


def test_no_waiver_beside_a_violation_of_the_same_kind(town_with: Any) -> None:
    engine = town_with({})
    with engine.connect() as connection:
        connection.exec_driver_sql("RESET ROLE")
        codes = list(connection.scalars(select(Grade.enterprise_code).order_by(Grade.id)))[:200]
        check_waivers(connection, engine, codes)


@pytest.fixture(scope="module")
def city(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """10,000 enterprises, trained, adopted, graded."""
    with make_database(server, template) as database:
        store(database.owner(), town(10_000, seed=43))
        engine = database.engine_for("risk")
        adopt(engine, train(engine, FIRST, PLACE).model_run_id, "甲", "乙", "测试期指标已核对", FIRST)
        grade(engine, FIRST, PLACE)
        yield database


@pytest.mark.slow
def test_a_serious_penalty_in_a_cohort_of_10000(city: Database) -> None:
    worlds = Worlds(city)
    assert len(worlds.codes) == 10_000
    check_penalties(worlds)
    assert np.isfinite(worlds.judged(SECOND).scores.score).all()


@pytest.mark.slow
def test_no_waiver_in_a_cohort_of_10000(city: Database) -> None:
    with city.owner().connect() as connection:
        codes = list(connection.scalars(select(Grade.enterprise_code).order_by(Grade.id)))
        check_waivers(connection, city.engine_for("risk"), codes)
