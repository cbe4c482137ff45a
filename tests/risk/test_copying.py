"""What is copied in and out of PostgreSQL comes back: texts as they were, doubles to the last bit."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, insert, select

from registry.rules import Rulebook
from registry.tables import FeatureRow, FeatureSnapshot, Filing, InspectionResult, Penalty
from risk.archive import Archive, load_archive
from risk.copying import copy_matrix, read_matrix
from risk.indicators import feature_frame
from tests.risk.conftest import AS_OF
from tests.risk.town import PLACE, enterprise, fact, inspection, penalty, store, town

COLUMNS = ("snapshot_id", "enterprise_code", "feature_values")
NASTY = [
    "",
    "=",
    "\\N",
    "NULL",
    "NA",
    "nan",
    "0012",
    "1e5",
    "true",
    "a,b",
    'he said "no"',
    "two\nlines\r\n",
    "\ttab\\t",
    "无 扰",
]
CODE, DAY = "A", date(2025, 1, 10)


def _snapshot(connection: Connection) -> int:
    about = {"as_of": DAY, "place": PLACE, "feature_names": [], "data_hash": "", "rules_version": "", "code_version": "",
             "made_at": datetime(2025, 1, 10)}  # fmt: skip
    return int(
        connection.execute(insert(FeatureSnapshot).values(**about).returning(FeatureSnapshot.id)).scalar_one()
    )


@pytest.mark.parametrize("rows", [0, 1, 4_096, 4_097])
def test_a_matrix_comes_back_bit_by_bit(engine: Engine, rows: int) -> None:
    """Unknown, infinite, smallest, largest, minus nothing; codes of any length and script; sizes around a block."""
    random = np.random.default_rng(2)
    matrix = random.normal(size=(rows, 6)) * 10.0 ** random.integers(-300, 300, (rows, 6))
    matrix[random.random((rows, 6)) < 0.2] = np.nan
    matrix[:1] = [-0.0, np.inf, -np.inf, 5e-324, 1.7976931348623157e308, np.nan]
    codes = np.array([f"{'统一' * (n % 3)}{n:06d}" for n in range(rows)], dtype=object)
    with engine.begin() as connection:
        key, other = _snapshot(connection), _snapshot(connection)
        copy_matrix(connection, FeatureRow, other, np.array(["X"], dtype=object), np.ones((1, 6)))
        copy_matrix(connection, FeatureRow, key, codes, matrix)
        found, values = read_matrix(connection, FeatureRow, COLUMNS, key, 6)
        as_sql = connection.execute(
            select(FeatureRow.feature_values).where(FeatureRow.snapshot_id == other)
        ).scalar_one()
        nobody, nothing = read_matrix(connection, FeatureRow, COLUMNS, -1, 6)
    assert found.tolist() == codes.tolist()
    assert values.tobytes() == matrix.tobytes()
    assert as_sql == [1.0] * 6
    assert nothing.shape == (0, 6)
    assert len(nobody) == 0


def test_a_row_of_another_length_is_refused(engine: Engine) -> None:
    """Never a matrix that is shifted by one."""
    with engine.begin() as connection:
        key = _snapshot(connection)
        copy_matrix(connection, FeatureRow, key, np.array(["X"], dtype=object), np.ones((1, 6)))
        with pytest.raises(ValueError, match="does not hold 7"):
            read_matrix(connection, FeatureRow, COLUMNS, key, 7)


def test_the_archive_reads_what_the_tables_hold(engine: Engine) -> None:
    """Texts that look like numbers, like NULL or like the wire's own marks; NULL apart from ""; lists; exact doubles."""
    filings = [_filing(number, text) for number, text in enumerate([*NASTY, None])]
    amounts = [penalty(CODE, DAY, number=str(n), cf_nr_fk=n / 7, violation_code=None) for n in range(40)]
    staff: list[Any] = [["S1", "S2"], [], ["a,b", 'c"d'], ["{x}"]]
    checks = [
        inspection(CODE, DAY, None, number=str(n), inspectors=names, measure=n / 3)
        for n, names in enumerate(staff)
    ]
    store(
        engine,
        {
            "enterprise": [enterprise(CODE)],
            "filing": filings,
            "penalty": amounts,
            "inspection_result": checks,
        },
    )
    with engine.connect() as connection:
        archive = load_archive(connection, DAY + timedelta(days=99))
        _equal(connection, archive, Filing, "altbe")
        _equal(connection, archive, Penalty, "cf_nr_fk")
        _equal(connection, archive, Penalty, "violation_code")
        _equal(connection, archive, InspectionResult, "inspectors")
        _equal(connection, archive, InspectionResult, "measure")
        _equal(connection, archive, InspectionResult, "problem")


def _filing(number: int, text: str | None) -> dict[str, Any]:
    values = {
        "kind": "变更",
        "altitem": "住所变更",
        "altdate": DAY,
        "due_on": None,
        "altbe": text,
        "altaf": None,
    }
    return fact("filing", CODE, str(number), DAY, **values)


def _equal(connection: Connection, archive: Archive, table: Any, name: str) -> None:
    column = table.__table__.c[name]
    expected = dict(connection.execute(select(table.__table__.c.id, column)).all())
    frame = archive.tables[table.__tablename__]
    found = dict(zip(frame["id"].tolist(), frame[name].astype(object), strict=True))
    assert found.keys() == expected.keys()
    for number, value in expected.items():
        if value is None:
            assert found[number] is None or np.isnan(found[number]), (name, value)
        else:
            assert found[number] == (float(value) if name in ("cf_nr_fk", "measure") else value), (
                name,
                value,
            )


def test_an_archive_made_by_hand_is_put_on_one_list_of_codes(engine: Engine, book: Rulebook) -> None:
    """Codes as texts, as lists of their own, some tables this way and some that: the same bits."""
    store(engine, town(60, seed=4))
    with engine.connect() as connection:
        archive = load_archive(connection, AS_OF)
    expected = feature_frame(archive, AS_OF, book, PLACE).data_hash
    for kinds in ([object], [object, "category"], ["category"]):
        tables = {
            name: frame.assign(
                enterprise_code=frame["enterprise_code"].astype(object).astype(kinds[n % len(kinds)])
            )
            if "enterprise_code" in frame
            else frame
            for n, (name, frame) in enumerate(archive.tables.items())
        }
        assert feature_frame(Archive(AS_OF, tables), AS_OF, book, PLACE).data_hash == expected
