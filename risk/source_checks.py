"""Source checks (来源核对): rows in force, blanks and arrivals of each source table, now and at the last grading."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from registry.clock import end_of
from risk.archive import COLUMNS, Archive

YEAR = timedelta(days=365)


def check_sources(archive: Archive, then: date | None, now: date) -> list[dict[str, Any]]:
    """One entry a source table: `rows` and `missing` by column as [then, now], `learned` as [a year ago, now].

    `learned` counts the versions that became known since the last grading, and in the same span a year before.
    Without a last grading, `then` and `learned` are null.
    """
    return [_check(archive, table.__tablename__, columns, then, now) for table, columns in COLUMNS.items()]


def _check(
    archive: Archive, table: str, columns: tuple[str, ...], then: date | None, now: date
) -> dict[str, Any]:
    present = archive.in_force(table, now)
    before = archive.in_force(table, then) if then else None
    learned = None
    if then:
        learned = [
            _learned(archive.tables[table], then - YEAR, now - YEAR),
            _learned(archive.tables[table], then, now),
        ]
    return {
        "table": table,
        "rows": [None if before is None else len(before), len(present)],
        "missing": {
            column: [None if before is None else _blank(before, column), _blank(present, column)]
            for column in columns
        },
        "learned": learned,
    }


def _blank(frame: pd.DataFrame, column: str) -> float | None:
    """Share of rows that say nothing in a column; None where there are no rows."""
    if not len(frame):
        return None
    values = frame[column]
    return round(float((values.isna() | (values == "")).mean()), 6)


def _learned(frame: pd.DataFrame, since: date, until: date) -> int:
    """Versions that became known after `since` and by the end of `until`."""
    known = frame["known_at"]
    return int(((known >= pd.Timestamp(end_of(since))) & (known < pd.Timestamp(end_of(until)))).sum())
