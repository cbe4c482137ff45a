"""Numbers of plans, tasks, leads and exemptions (编号): region + date + a sequence, taken one at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select, text

NUMBER_LOCK = 0x706C_616E  # "plan": numbers are taken one at a time


def next_number(connection: Connection, table: Any, prefix: str, digits: int) -> str:
    """The next number of a table with the prefix; nobody else takes one before this transaction ends."""
    return f"{prefix}{last_of(connection, (table,), prefix, digits) + 1:0{digits}d}"


def last_of(connection: Connection, tables: tuple[Any, ...], prefix: str, digits: int) -> int:
    """The highest sequence in use with the prefix in any of the tables, 0 if none; locks as next_number does."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": NUMBER_LOCK})
    pattern = prefix + "_" * digits
    found = [
        connection.execute(select(func.max(table.number)).where(table.number.like(pattern))).scalar_one()
        for table in tables
    ]
    return max((int(number[-digits:]) for number in found if number), default=0)
