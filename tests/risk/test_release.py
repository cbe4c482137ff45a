"""C-43, last part: a broken source moves the distribution, the grading is held, downstream keeps last month's."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, text

from registry import journal
from registry.database import Database
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from registry.tables import FeatureSnapshot, Grade, JournalRecord, MonitorReport, SnapshotRelease
from risk.adoption import adopt
from risk.explain import explain
from risk.grade import grade
from risk.monitor import monitor
from risk.release import ReleaseReport, approve_release, propose_release, release, release_held
from risk.train import train
from tests.conftest import make_database
from tests.risk.town import PLACE, store, town

FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
BROKEN_ON = datetime.combine(date(2026, 3, 20), time(9))
REASON = "已逐一核对来源，确系集中撤销，变动属实。"
ROWS = town(600, seed=11)


def _again(table: str, **changes: Any) -> list[dict[str, Any]]:
    """The last version of every record of a table once more, as a broken file says it."""
    last = {row["natural_key"]: row for row in ROWS[table]}
    return [{**row, **changes, "known_at": BROKEN_ON} for row in last.values()]


BROKEN = {
    "all penalties vanish": ("penalty", _again("penalty", retracted=True), "pen_cnt_36"),
    "every check found a problem": (
        "inspection_result",
        _again("inspection_result", problem=True, result_code="R05"),
        "insp_problem_cnt",
    ),
}


@pytest.fixture(scope="module")
def first(server: EmbeddedServer, template: str) -> Iterator[tuple[Database, ReleaseReport]]:
    """Trained, graded and released on 1 March 2026."""
    with make_database(server, template) as database:
        store(database.owner(), ROWS)
        engine = database.engine_for("risk")
        adopt(engine, train(engine, FIRST, PLACE).model_run_id, "甲", "乙", "测试期指标已核对", FIRST)
        yield database, release(engine, grade(engine, FIRST, PLACE).snapshot_id)


@pytest.fixture(scope="module", params=BROKEN)
def broken(
    request: pytest.FixtureRequest,
    server: EmbeddedServer,
    template: str,
    first: tuple[Database, ReleaseReport],
) -> Iterator[tuple[Database, ReleaseReport, str, str]]:
    """The same town, one source broken on 20 March, graded on 1 April."""
    first[0].close()
    table, rows, key = BROKEN[request.param]
    with make_database(server, first[0].owner().url.database or "") as database:
        first[0].close()
        store(database.owner(), {table: rows})
        engine = database.engine_for("risk")
        yield database, release(engine, grade(engine, SECOND, PLACE).snapshot_id), key, table


def _pairs(connection: Connection, wanted: Any) -> dict[str, str]:
    return {code: name for code, name in connection.execute(wanted)}  # noqa: C416 - rows are no pairs to dict()


def _seen_downstream(engine: Engine) -> set[date]:
    """Days of the gradings that scheduling, pages and reports read."""
    from portal.reading.grades import latest_day
    from reports.chain import read_grades
    from scheduling.candidates import latest_classes

    with engine.connect() as connection:
        told = read_grades(connection, PLACE, THIRD, datetime(2100, 1, 1))
        classes = latest_classes(connection, THIRD)
        on = latest_day(connection, PLACE)
        stored = _pairs(
            connection, select(Grade.enterprise_code, Grade.credit_risk_class).where(Grade.as_of == on)
        )
        assert classes == stored
        assert sum(told.counts.values()) == len(stored)
    return {day for day in (told.as_of, on) if day}


def test_the_first_grading_has_nothing_to_compare_with_and_is_released(
    first: tuple[Database, ReleaseReport],
) -> None:
    database, report = first
    assert report.released
    assert report.first
    assert "首次分类，没有可比的上期" in report.text()
    assert report.monitored.figures["against"] == {}
    with database.owner().connect() as connection:
        row = connection.execute(select(SnapshotRelease.__table__)).mappings().one()
    assert (row["how"], row["released_by"], row["approved_by"]) == ("automatic", None, None)
    assert _seen_downstream(database.owner()) == {FIRST}


def test_an_ordinary_month_is_released_by_itself(
    server: EmbeddedServer, first: tuple[Database, ReleaseReport]
) -> None:
    """Nothing broken: nothing blocks, and downstream goes on to the new grading."""
    first[0].close()
    with make_database(server, first[0].owner().url.database or "") as database:
        first[0].close()
        engine = database.engine_for("risk")
        report = release(engine, grade(engine, SECOND, PLACE).snapshot_id)
        assert not [found.sentence for found in report.monitored.findings if found.blocks]
        assert report.released
        assert set(report.monitored.figures["against"]) == {"training", "previous"}
        assert _seen_downstream(engine) == {SECOND}


def test_a_broken_source_alarms_and_holds_the_grading(
    broken: tuple[Database, ReleaseReport, str, str],
) -> None:
    database, report, key, table = broken
    found = report.monitored
    assert not report.released
    assert found.status == "red"
    assert found.blocks
    blocking = {one.subject for one in found.findings if one.blocks}
    for against in ("training", "previous"):
        assert found.figures["against"][against]["indicators"][key]["psi"] > 0.25
    assert key in blocking, "the indicator itself, not only what follows from it"
    assert all(one.remedy for one in found.findings)
    if table == "penalty":
        assert "penalty" in blocking, "the source has lost its rows"
    with database.owner().connect() as connection:
        assert connection.execute(select(SnapshotRelease.snapshot_id)).scalars().all() != [found.snapshot_id]
    assert _seen_downstream(database.owner()) == {FIRST}


def test_a_held_grading_is_in_force_nowhere(broken: tuple[Database, ReleaseReport, str, str]) -> None:
    """An explanation and the next month's previous class look through it."""
    database, *_ = broken
    with database.engine_for("risk").connect() as connection:
        code = connection.execute(select(Grade.enterprise_code).limit(1)).scalar_one()
        assert explain(connection, code, THIRD, PLACE).as_of == FIRST
    engine = database.engine_for("risk")
    third = grade(engine, THIRD, PLACE)
    with engine.connect() as connection:
        wanted = select(Grade.enterprise_code, Grade.previous_class)
        previous = _pairs(connection, wanted.where(Grade.snapshot_id == third.snapshot_id))
        wanted = select(Grade.enterprise_code, Grade.credit_risk_class)
        march = _pairs(connection, wanted.where(Grade.as_of == FIRST))
    assert previous == march
    assert monitor(engine, third.snapshot_id).figures["against"]["previous"]["as_of"] == str(FIRST)


def test_two_people_release_it_and_one_cannot(broken: tuple[Database, ReleaseReport, str, str]) -> None:
    """Refused: alone, under one's own name written otherwise, without a reason, before anybody asked, twice."""
    database, report, _, _ = broken
    engine, held = database.engine_for("risk"), report.snapshot_id

    def refused(code: str, act: Any, *arguments: Any) -> None:
        with pytest.raises(Refusal) as refusal:
            act(engine, *arguments)
        assert refusal.value.code == code
        assert refusal.value.remedy

    refused("release.not_proposed", approve_release, held, "李四")
    refused("release.same_person", release_held, held, "张三", "张三", REASON)
    refused("release.same_person", release_held, held, "ZhangSan", " ｚｈａｎｇ san ", REASON)
    refused("release.no_reason", propose_release, held, "张三", "没问题")
    refused("release.nobody", propose_release, held, "  ", REASON)
    refused("release.no_grading", propose_release, 10**9, "张三", REASON)
    assert _seen_downstream(engine) == {FIRST}

    propose_release(engine, held, "张三", REASON)
    refused("release.same_person", approve_release, held, "张三")
    monitor(engine, held)
    refused("release.not_proposed", approve_release, held, "李四")
    assert _seen_downstream(engine) == {FIRST}, "a newer report has to be looked at anew"

    release_held(engine, held, "张三", "李四", REASON)
    assert _seen_downstream(engine) == {SECOND}
    refused("release.done", release_held, held, "张三", "李四", REASON)
    with engine.connect() as connection:
        row = connection.execute(
            select(SnapshotRelease.__table__).where(SnapshotRelease.snapshot_id == held)
        ).mappings().one()  # fmt: skip
        acts = connection.execute(
            select(JournalRecord.actor, JournalRecord.detail).where(JournalRecord.act == "release.approved")
        ).one()
        assert list(journal.faults(connection)) == []
    assert (row["how"], row["released_by"], row["approved_by"], row["reason"]) == (
        "persons", "张三", "李四", REASON,
    )  # fmt: skip
    assert acts.actor == "李四"
    assert acts.detail["proposed_by"] == "张三"
    assert acts.detail["findings"], "the journal says what moved"


def test_released_once_and_monitored_as_often_as_one_likes(first: tuple[Database, ReleaseReport]) -> None:
    engine = first[0].engine_for("risk")
    again = release(engine, first[1].snapshot_id)
    assert again.released
    with engine.connect() as connection:
        assert len(connection.execute(select(SnapshotRelease.snapshot_id)).all()) == 1
        assert len(connection.execute(select(MonitorReport.id)).all()) == 2


def test_only_the_risk_stage_releases(first: tuple[Database, ReleaseReport]) -> None:
    from sqlalchemy.exc import ProgrammingError

    for stage in ("portal", "schedule", "report", "ingest"):
        engine = first[0].engine_for(stage)
        with engine.begin() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text("DELETE FROM snapshot_release"))
        with engine.begin() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(
                text(
                    "INSERT INTO snapshot_release (snapshot_id, how, reason, released_at) "
                    "SELECT id, 'automatic', 'x', now() FROM feature_snapshot"
                )
            )


def test_gradings_from_before_the_gate_count_as_released(first: tuple[Database, ReleaseReport]) -> None:
    """What the migration inserts, on a database that has gradings."""
    from importlib import import_module

    migration = import_module("registry.migrations.versions.0008_monitoring")
    with first[0].owner().connect() as connection:
        connection.execute(text("DELETE FROM snapshot_release"))
        connection.execute(text(migration.EARLIER))
        rows = connection.execute(select(SnapshotRelease.snapshot_id, SnapshotRelease.how)).all()
        known = connection.execute(select(FeatureSnapshot.id)).scalars().all()
        connection.rollback()
    assert [tuple(row) for row in rows] == [(number, "earlier") for number in known]
