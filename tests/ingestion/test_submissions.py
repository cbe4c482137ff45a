"""Published results of our own visits come back as facts, once each."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from ingestion.submissions import load_submissions
from registry.database import Database
from registry.tables import Draw, Plan, ResultSubmission, RosterVersion, Task, Visit, VisitMember, VisitTask
from registry.tables.declaration import Table
from tests.ingestion.papers import TEA

FILLERS: dict[type, Any] = {
    str: "x", int: 1, float: 0.5, bool: False, date: date(2026, 5, 1), datetime: datetime(2026, 5, 1), Decimal: Decimal(0),
    dict: {}, list: [], bytes: b"", object: {},
}  # fmt: skip


def put(connection: Connection, table: type[Table], **values: Any) -> int:
    """A row with these values; whatever else it must have is filled in."""
    for column in table.__table__.columns:
        if (
            not column.nullable
            and column.name not in values
            and column.name != "id"
            and column.server_default is None
        ):
            values[column.name] = FILLERS[column.type.python_type]
    key = "id" if "id" in table.__table__.c else next(iter(table.__table__.primary_key)).name
    return connection.execute(insert(table).values(**values).returning(table.__table__.c[key])).scalar_one()


@pytest.fixture
def visit(database: Database) -> int:
    """A joint visit: a random task of 市场监管 with two inspectors, a directed one of 消防."""
    with database.owner().begin() as connection:
        plan = put(connection, Plan, number="p1", version=1)
        draw = put(connection, Draw, plan_id=plan, kind="objects", version=1)
        roster = put(connection, RosterVersion, plan_id=plan, version=1, draw_id=draw)
        visit = put(connection, Visit, roster_id=roster, enterprise_code=TEA, localadm="990101S1")
        for department, directed, staff in (("市场监管", False, ("A01", "A02")), ("消防", True, ("F01",))):
            task = put(
                connection, Task, plan_id=plan, department=department, directed=directed, method="现场检查"
            )
            put(
                connection,
                VisitTask,
                visit_id=visit,
                task_id=task,
                department=department,
                item_codes=["SC-01"],
            )
            for staff_no in staff:
                put(connection, VisitMember, visit_id=visit, staff_no=staff_no, department=department)
    return visit


def submit(
    database: Database, visit: int, receipt: str, department: str, state: str, results: dict[str, Any]
) -> None:
    with database.owner().begin() as connection:
        put(
            connection,
            ResultSubmission,
            device_id=receipt,
            receipt_no=receipt,
            visit_id=visit,
            department=department,
            staff_no="A01",
            inspected_on=date(2026, 5, 6),
            submitted_at=datetime(2026, 5, 6, 15),
            reviewed_at=datetime(2026, 5, 8, 9),
            state=state,
            item_results=results,
        )


def test_published_results_become_facts_once(database: Database, visit: int) -> None:
    role = database.engine_for("ingest")
    assert load_submissions(role) is None
    submit(database, visit, "r1", "市场监管", "已公示", {
        "SC-01": {"checked": True, "result_code": "R02"}, "SC-02": {"checked": True, "result_code": "R08", "note": ""},
        "SC-03": {"checked": False, "result_code": None},
    })  # fmt: skip
    submit(database, visit, "r2", "消防", "已公示", {"XF-01": {"checked": True, "result_code": "R01"}})
    submit(database, visit, "r3", "市场监管", "待审核", {"SC-01": {"checked": True, "result_code": "R01"}})

    report = load_submissions(role)
    assert report is not None
    assert (report.rows_read, report.rows_new, report.state) == (2, 2, "loaded")
    assert load_submissions(role) is None, "nothing new the second time"

    with database.owner().begin() as connection:
        connection.execute(
            update(ResultSubmission).where(ResultSubmission.receipt_no == "r3").values(state="已公示")
        )
    later = load_submissions(role)
    assert later is not None
    assert later.rows_new == 1

    with database.owner().connect() as connection:
        rows = connection.execute(text(
            "SELECT insp_no, enterprise_code, department, draw_type, method, item_codes, result_code, problem, inspectors,"
            " inspdate, known_at, published_on FROM inspection_result ORDER BY insp_no"
        )).mappings().all()  # fmt: skip
    first, second, third = rows
    assert first["item_codes"] == ["SC-01", "SC-02"]
    assert (first["result_code"], first["problem"], first["draw_type"]) == ("R08", True, "不定向")
    assert first["inspectors"] == ["A01", "A02"]
    assert (second["department"], second["draw_type"], second["problem"]) == ("消防", "定向", False)
    assert third["result_code"] == "R01"
    assert {row["enterprise_code"] for row in rows} == {TEA}
    assert {row["known_at"] for row in rows} == {datetime(2026, 5, 8, 9)}, (
        "before its review nobody could have used it"
    )
    assert {row["published_on"] for row in rows} == {date(2026, 5, 8)}
