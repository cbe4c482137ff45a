"""Two times: what was known as of a day, whatever order it arrived in."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import insert

from registry.database import Database
from registry.facts import as_of, history
from registry.tables import Complaint


def _complaint(key: str, known: datetime, retracted: bool = False, **more: Any) -> dict[str, Any]:
    values = {
        "complaint_no": key,
        "kind": "投诉",
        "received_on": date(2026, 1, 1),
        "topic": "价格",
        "verified": None,
    }
    fact = {"natural_key": key, "content_hash": f"{known}{more}", "known_at": known, "retracted": retracted}
    return {**fact, "batch_id": 1, "row_no": 1, "enterprise_code": "E", **values, **more}


def test_the_version_in_force_is_the_last_one_known_by_the_end_of_the_day(database: Database) -> None:
    rows = [
        _complaint("K1", datetime(2026, 3, 1, 23, 59), verified=True),
        _complaint("K1", datetime(2026, 1, 2, 8), verified=None),
        _complaint("K2", datetime(2026, 1, 2)),
        _complaint("K2", datetime(2026, 2, 1), retracted=True),
    ]
    with database.engine_for("ingest").begin() as connection:
        connection.execute(insert(Complaint), rows)

        def known(day: date) -> dict[str, bool | None]:
            return {row.natural_key: row.verified for row in connection.execute(as_of(Complaint, day))}

        assert known(date(2026, 1, 1)) == {}
        assert known(date(2026, 1, 31)) == {"K1": None, "K2": None}
        assert known(date(2026, 2, 28)) == {"K1": None}
        assert known(date(2026, 3, 1)) == {"K1": True}
        assert len(connection.execute(history(Complaint, date(2026, 2, 28))).all()) == 3
