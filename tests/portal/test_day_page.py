"""The day page: visits, and how many stay at their desks for checks that open no door."""

import json
from typing import Any

from sqlalchemy import text

from registry.database import Database


def test_a_day_tells_who_stays_at_the_desks_by_number(visitor: Any, town: Database, records: Any) -> None:
    client = visitor("zhangsan")
    assert "书面、网络检查占用" not in client.get("/staff/roster/2026-12-08").text
    desk = [
        {"department": "人社", "day": "2026-12-08", "half": "pm", "people": 2},
        {"department": "人社", "day": "2026-12-09", "half": "pm", "people": 7},
    ]
    with town.owner().begin() as connection:
        before = connection.execute(text("SELECT id, roster FROM roster_version")).all()
        assert before
        connection.execute(text("UPDATE roster_version SET roster = :r"), {"r": json.dumps({"desk": desk})})
    page = client.get("/staff/roster/2026-12-08").text
    with town.owner().begin() as connection:
        for row in before:
            connection.execute(
                text("UPDATE roster_version SET roster = :r WHERE id = :i"), {"r": row.roster, "i": row.id}
            )
    assert "书面、网络检查占用" in page
    assert "人社：下午 2 人" in page
    assert "7 人" not in page
