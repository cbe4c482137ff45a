"""Staging (暂存): cleaned rows wait in temporary tables, so that a whole file is seen before any fact is written."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from ingestion.faults import Fault
from registry.facts import table_named

SHARDS = 256
"""Rows of one natural key share a shard, and a shard is written in one transaction."""


def business_columns(table: str) -> list[str]:
    """The columns of a fact table that its rows fill, without the version's own."""
    version = {"id", "natural_key", "content_hash", "known_at", "retracted", "batch_id", "row_no"}
    return [column.name for column in table_named(table).__table__.columns if column.name not in version]


def staged_columns(table: str) -> list[str]:
    """The columns of a staging table, in the order of COPY."""
    return [
        "row_no",
        "natural_key",
        "content_hash",
        "known_at",
        "retracted",
        *business_columns(table),
        "dated",
        "sender",
        "shard",
    ]


def make_staging(connection: Connection, tables: Sequence[str]) -> None:
    """Empty temporary twins of the fact tables, one for faults and one for aliases."""
    for table in tables:
        columns = ", ".join(f'"{name}"' for name in staged_columns(table)[:-3])
        connection.execute(text(f"DROP TABLE IF EXISTS staging_{table}"))
        connection.execute(
            text(f'CREATE TEMP TABLE staging_{table} AS SELECT {columns} FROM "{table}" WITH NO DATA')
        )
        connection.execute(
            text(f"ALTER TABLE staging_{table} ADD dated boolean, ADD sender text, ADD shard int")
        )
    connection.execute(text("DROP TABLE IF EXISTS staging_fault, staging_alias"))
    connection.execute(
        text(
            'CREATE TEMP TABLE staging_fault (row_no int, "column" text, code text, sentence text, raw jsonb,'
            " natural_key text, sender text, shard int)"
        )
    )
    connection.execute(
        text(
            "CREATE TEMP TABLE staging_alias (kind text, alias text, enterprise_code text, known_at timestamp, shard int)"
        )
    )


def copy_rows(
    connection: Connection, target: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY rows into a temporary table on the session's own connection."""
    names = ", ".join(f'"{name}"' for name in columns)
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with cursor, cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def seal_rows(
    rows: pd.DataFrame, table: str, key: Sequence[str], shard_by: str | None = None
) -> pd.DataFrame:
    """Add natural key, content hash and shard. `content_hash` covers every business column."""
    business = business_columns(table)
    sealed = rows.assign(
        natural_key=natural_keys(rows, key),
        content_hash=[_digest(row) for row in rows[business].itertuples(index=False, name=None)],
    )
    sealed["shard"] = [zlib.crc32(text.encode()) % SHARDS for text in sealed[shard_by or "natural_key"]]
    return sealed


def natural_keys(rows: pd.DataFrame, key: Sequence[str]) -> list[str]:
    """The key columns of each row, joined; an empty part stays empty."""
    parts = rows[list(key)].itertuples(index=False, name=None)
    return ["|".join("" if part is None else str(part) for part in row) for row in parts]


def _digest(row: Sequence[Any]) -> str:
    return hashlib.sha256("\x1f".join(map(str, row)).encode()).hexdigest()


def stage_rows(connection: Connection, table: str, rows: pd.DataFrame) -> None:
    """Put sealed rows into a table's staging twin."""
    columns = staged_columns(table)
    lists = [name for name in columns if len(rows) and rows[name].map(lambda v: isinstance(v, tuple)).any()]
    for name in lists:
        rows = rows.assign(**{name: pd.Series([list(v) for v in rows[name]], rows.index, dtype=object)})
    copy_rows(connection, f"staging_{table}", columns, zip(*(rows[name] for name in columns), strict=True))


def stage_faults(connection: Connection, faults: Iterable[Fault], raw: dict[int, dict[str, str]],
                 keys: dict[int, str], senders: dict[int, str]) -> None:  # fmt: skip
    """Put faults, with their rows as they came, into staging."""
    texts = {row_no: json.dumps(cells, ensure_ascii=False) for row_no, cells in raw.items()}
    columns = ("row_no", "column", "code", "sentence", "raw", "natural_key", "sender", "shard")
    copy_rows(
        connection, "staging_fault", columns,
        (
            (f.row_no, f.column, f.code, f.sentence, texts.get(f.row_no, "{}"), keys.get(f.row_no),
             senders.get(f.row_no), f.row_no % SHARDS)
            for f in faults
        ),
    )  # fmt: skip


def stage_aliases(connection: Connection, rows: pd.DataFrame, names: list[list[str]]) -> None:
    """Put the numbers and names of registered enterprises into staging. `names` are comparison keys."""

    def aliases() -> Iterable[tuple[Any, ...]]:
        columns = ("given_code", "given_regno", "enterprise_code", "known_at", "shard")
        for (code, regno, enterprise, known_at, shard), keys in zip(
            rows[list(columns)].itertuples(index=False, name=None), names, strict=True
        ):
            for number in filter(None, (code, regno)):
                yield ("uniscid" if len(number) == 18 else "regno", number, enterprise, known_at, shard)
            yield from (("name", key, enterprise, known_at, shard) for key in keys)

    copy_rows(
        connection, "staging_alias", ("kind", "alias", "enterprise_code", "known_at", "shard"), aliases()
    )


def take_conflicts(
    connection: Connection, table: str, further: Sequence[str]
) -> list[tuple[int, str, str | None]]:
    """Take out rows of one record, at one time, with two contents: (row number, natural key, sender) of each."""
    taken = connection.execute(
        text(
            f"WITH clash AS (SELECT natural_key, known_at FROM staging_{table} GROUP BY 1, 2"
            " HAVING min(content_hash) <> max(content_hash) OR bool_and(retracted) <> bool_or(retracted))"
            f" DELETE FROM staging_{table} s USING clash c"
            " WHERE s.natural_key = c.natural_key AND s.known_at = c.known_at"
            " RETURNING s.row_no, s.natural_key, s.sender"
        )
    ).all()
    numbers = [row.row_no for row in taken]
    for other in further:
        connection.execute(
            text(f"DELETE FROM staging_{other} WHERE row_no = ANY(:numbers)"), {"numbers": numbers}
        )
    return sorted((row.row_no, row.natural_key, row.sender) for row in taken)
