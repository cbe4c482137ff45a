"""C-42 over every table: what becomes known after a day changes no feature of that day, in any way it may come."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, text

from registry.database import Database
from registry.tables.declaration import Table
from risk.archive import COLUMNS, load_archive
from risk.indicators import FeatureFrame, features
from risk.indicators.catalogue import CATALOGUE
from tests.risk.conftest import AS_OF
from tests.risk.suburb import commitment_check, honour, signal, tax, waiver
from tests.risk.town import PLACE, Rows, enterprise, inspection, penalty, store

TABLES = sorted({*(table.__tablename__ for table in COLUMNS), "address_negative"})
VERSIONED = ("natural_key", "content_hash", "batch_id", "row_no", "retracted", "known_at", "enterprise_code")
SCALE = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@contextmanager
def undone(engine: Engine) -> Iterator[Connection]:
    """A connection whose changes are rolled back."""
    with engine.connect() as connection:
        change = connection.begin()
        yield connection
        change.rollback()


def changes(rows: Rows, seed: int, first: datetime) -> list[tuple[str, dict[str, Any]]]:
    """For every table: withdrawals, later versions with other content, and records never heard of, from `first` on."""
    chance = random.Random(seed)
    codes = [row["enterprise_code"] for row in rows["enterprise"]]
    made: list[tuple[str, dict[str, Any]]] = []
    for table in TABLES:
        for number, row in enumerate(chance.sample(rows[table], min(8, len(rows[table])))):
            other = chance.choice(rows[table])
            content = {name: chance.choice((row, other))[name] for name in row if name not in VERSIONED}
            later = {**row, "known_at": first + timedelta(seconds=chance.choice((0, 1, 90_000, 9_000_000)))}
            kind = number % 3
            if kind == 0:
                made.append((table, {**later, "retracted": True}))
            elif kind == 1:
                made.append((table, {**later, **content}))
            else:
                new = {**later, **content, "natural_key": f"{table}|new{seed}{number}"}
                if table == "enterprise":
                    new["enterprise_code"] = f"0NEW{number}"
                elif "enterprise_code" in new:
                    new["enterprise_code"] = chance.choice(codes)
                made.append((table, new))
    return made


def apply(connection: Connection, made: list[tuple[str, dict[str, Any]]]) -> None:
    """Insert versions."""
    for table, row in made:
        connection.execute(insert(Table.metadata.tables[table]), [row])


def test_the_suburb_fills_every_table_that_grading_reads(suburb_rows: Rows) -> None:
    """Otherwise the property below would say nothing of a table."""
    assert all(len(suburb_rows[table]) >= 2 for table in TABLES)
    assert suburb_rows["waiver_decision"]


def test_every_indicator_is_at_work_in_the_suburb(suburb_database: Database) -> None:
    """Or leaving it unchanged would prove nothing."""
    with suburb_database.owner().connect() as connection:
        frame = features(connection, AS_OF, PLACE)
    assert constant(frame) == set()


def constant(frame: FeatureFrame) -> set[str]:
    """Indicators with one value for everybody."""
    return {n for n, values in zip(frame.names, frame.matrix.T, strict=True) if len(np.unique(values)) == 1}


@SCALE
@given(seed=st.integers(0, 10**6))
def test_what_is_known_later_changes_no_bit(suburb_database: Database, suburb_rows: Rows, seed: int) -> None:
    """New records, other content and withdrawals in all tables, known from the first instant of the next day."""
    next_day = datetime.combine(AS_OF + timedelta(days=1), time())
    with undone(suburb_database.owner()) as connection:
        before = features(connection, AS_OF, PLACE)
        apply(connection, changes(suburb_rows, seed, next_day))
        store(connection, waiver(str(before.codes[0]), 90_000, AS_OF + timedelta(days=1)))
        after = features(connection, AS_OF, PLACE)
        archive = load_archive(connection, AS_OF + timedelta(days=400))
        assert len(archive.tables["enterprise"]) > len(before.codes)
    assert after.data_hash == before.data_hash
    assert after.matrix.tobytes() == before.matrix.tobytes()


def test_the_same_changes_known_on_the_day_do_change_it(suburb_database: Database, suburb_rows: Rows) -> None:
    """The control: one second earlier they are known, and the property would catch it."""
    last_second = datetime.combine(AS_OF, time(23, 59, 59))
    with undone(suburb_database.owner()) as connection:
        before = features(connection, AS_OF, PLACE)
        apply(connection, changes(suburb_rows, 1, last_second))
        after = features(connection, AS_OF, PLACE)
    assert after.data_hash != before.data_hash


@pytest.mark.parametrize("back", [90, 400])
def test_a_past_day_is_rebuilt_as_it_was_known_then(
    suburb_database: Database, suburb_rows: Rows, back: int
) -> None:
    """Corrections that arrive now about the past (late): the past day keeps its bits, today does not."""
    past = AS_OF - timedelta(days=back)
    with undone(suburb_database.owner()) as connection:
        then, now = features(connection, past, PLACE), features(connection, AS_OF, PLACE)
        apply(connection, changes(suburb_rows, back, datetime.combine(past + timedelta(days=30), time(9))))
        assert features(connection, past, PLACE).data_hash == then.data_hash
        assert features(connection, AS_OF, PLACE).data_hash != now.data_hash


def test_an_enterprise_never_meets_its_own_trouble(suburb_database: Database, suburb_rows: Rows) -> None:
    """Leave-one-out to the bit: own trouble appears or goes, own relation indicators stay; somebody else's move."""
    keys = [i.key for i in CATALOGUE if i.family == "relations" and i.key != "lerep_restricted"]
    moved = 0
    with suburb_database.owner().connect() as connection:
        start = features(connection, AS_OF, PLACE)
    columns = [start.names.index(key) for key in keys]
    for position in range(0, len(start.codes), 8):
        code = str(start.codes[position])
        with undone(suburb_database.owner()) as connection:
            bad = _relations_after(
                connection, columns, [penalty(code, AS_OF - timedelta(days=30), number="own")]
            )
            _clear(connection, code)
            good = _relations_after(connection, columns, [])
        assert (
            bad[position].tobytes() == good[position].tobytes() == start.matrix[position, columns].tobytes()
        )
        moved += int((bad != good).any(axis=1).sum())
    assert moved > 25, "nobody's neighbours ever noticed: the test would pass on an empty graph"


def _relations_after(connection: Connection, columns: list[int], penalties: list[dict[str, Any]]) -> Any:
    store(connection, {"penalty": penalties})
    return features(connection, AS_OF, PLACE).matrix[:, columns]


def _clear(connection: Connection, code: str) -> None:
    for table in ("penalty", "inspection_result", "abnormal_listing", "serious_violation"):
        connection.execute(text(f"DELETE FROM {table} WHERE enterprise_code = :code"), {"code": code})


def test_persons_are_only_told_apart(suburb_database: Database) -> None:
    """Everybody gets another name and another key, the same to the same: nothing changes. No person is a feature."""
    with undone(suburb_database.owner()) as connection:
        before = features(connection, AS_OF, PLACE)
        connection.execute(text("UPDATE enterprise SET lerep = md5(lerep || 'x')"))
        connection.execute(
            text("UPDATE relation SET person_key = md5(person_key || 'x'), other_key = md5(other_key || 'x')")
        )
        after = features(connection, AS_OF, PLACE)
    assert after.data_hash == before.data_hash


def test_no_personal_attribute_is_a_column() -> None:
    """Sex, ethnicity, age, politics of a person: neither an indicator nor anything that grading reads."""
    words = ("性别", "民族", "年龄", "出生", "政治", "籍贯", "学历", "国籍")
    columns = (
        "sex",
        "gender",
        "nation",
        "ethnic",
        "birth",
        "polstand",
        "cerno",
        "politic",
        "age",
        "person_name",
        "marital",
    )
    for indicator in CATALOGUE:
        assert not any(word in indicator.name for word in words), indicator.key
        assert not any(part in columns for part in indicator.key.split("_")) or indicator.key == "age_months"
    read = {name for names in COLUMNS.values() for name in names}
    assert not {name for name in read for part in name.lower().split("_") if part in columns}
    stored = {column.name for table in Table.metadata.tables.values() for column in table.columns}
    assert not stored & {"sex", "gender", "nation", "ethnic", "ethnicity", "birthday", "polstand", "cerno"}


def test_months_since_set_up_is_the_enterprises_age() -> None:
    """The one `age`: from the day of registration, not of birth."""
    assert [i.source for i in CATALOGUE if i.key == "age_months"] == ["enterprise"]


def test_late_repairs_and_ends_of_the_new_tables(engine: Engine) -> None:
    """Ended, mended or withdrawn in March, known in May: April still counts them, also when asked in June."""
    code, march, may = "A0000001", date(2026, 3, 1), datetime(2026, 5, 4, 9)
    case, arrears = signal(code, "失信被执行人", date(2025, 6, 1)), tax(code, "欠税", date(2025, 6, 1))
    breach = commitment_check(code, "CN1", date(2025, 6, 1), "未履行")
    order = inspection(code, date(2025, 6, 1), True, rectify_due=date(2025, 7, 1), rectified_on=None)
    medal = honour(code, "荣誉", date(2025, 6, 1))
    store(engine, {
        "enterprise": [enterprise(code)],
        "judicial_signal": [case, {**case, "ended_on": march, "state": "解除", "known_at": may}],
        "tax_signal": [arrears, {**arrears, "ended_on": march, "known_at": may}],
        "commitment_check": [breach, {**breach, "mended_on": march, "known_at": may}],
        "inspection_result": [order, {**order, "rectified_on": march, "known_at": may}],
        "honour": [medal, {**medal, "retracted": True, "known_at": may}],
    })  # fmt: skip
    keys = ("dishonest_executed", "tax_arrears", "promise_breach_cnt", "insp_rectify_overdue", "honor_cnt")
    with engine.connect() as connection:
        april, june = (features(connection, day, PLACE) for day in (date(2026, 4, 1), date(2026, 6, 1)))
    assert [april[key][0] for key in keys] == [1] * 5
    assert [june[key][0] for key in keys] == [0] * 5
