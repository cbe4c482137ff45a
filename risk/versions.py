"""Versions (历史版本): all that is known of one table, read with COPY straight into typed columns.

Lines of CSV through COPY and pandas' C parser never make a Python object of a cell: of a text only its distinct values
become objects.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Connection,
    Date,
    Double,
    Integer,
    Select,
    Text,
    case,
    cast,
    collate,
    extract,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from registry.facts import history

EPOCH = date(1970, 1, 1)
MARK, BETWEEN = "=", "\x1f"
"""Before every text on the wire, so that it is never taken for a number and "" not for NULL; and between the entries
of a list, a character that no text holds."""
OPENING, CLOSING = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
FIELD = 6
"""Bytes before the value in a row of one field on PostgreSQL's binary wire."""
ROWS_AT_ONCE = 4_096
FIXED: dict[str, Any] = {
    "id": np.int64, "known_at": np.int64, "retracted": bool, "enterprise_code": "category", "superseded_at": np.int64
}  # fmt: skip
"""What every table has, in the order of the statement."""
NEVER = -1
"""Microseconds written where no version followed."""


@dataclass(frozen=True)
class Asked:
    """Which versions: known by the end of `latest`; of some enterprises; no row above `last_id`; without some records."""

    latest: date
    codes: Sequence[str] | None = None
    last_id: int | None = None
    without: tuple[str, ...] = ()


def read_versions(connection: Connection, table: Any, columns: Sequence[str], asked: Asked) -> pd.DataFrame:
    """The versions asked for, in the order (natural key, known_at, id).

    Columns: id, known_at, retracted, enterprise_code, superseded_at, then those asked for. Texts are categories,
    lists and JSON are objects (each distinct one once), everything else is a double (true is 1, no value is NaN).
    """
    kinds = {name: table.__table__.c[name] for name in columns}
    texts = {name for name, column in kinds.items() if _is_text(column)} | {"enterprise_code"}
    types = dict.fromkeys(columns, np.float64) | dict.fromkeys(texts, "category")
    names = [*FIXED, *columns]
    frame = pd.read_csv(
        io.BufferedReader(_Stream(_blocks(connection, _lines(table, kinds, asked))), 1 << 20),
        header=None, names=names, dtype=FIXED | types,
        na_values=[""], keep_default_na=False, true_values=["t"], false_values=["f"], encoding="utf-8",
    )  # fmt: skip
    following = frame["superseded_at"].to_numpy()
    frame["superseded_at"] = np.where(following == NEVER, np.datetime64("NaT"), following.view("M8[us]"))
    frame["known_at"] = frame["known_at"].to_numpy().view("M8[us]")
    codes_held, distinct = _unmarked(frame["enterprise_code"].cat)
    frame["enterprise_code"] = pd.Categorical.from_codes(codes_held, categories=distinct, validate=False)
    for name, column in kinds.items():
        if name in texts:
            frame[name] = _held(frame[name].cat, column)
    return frame


def _is_text(column: Column[Any]) -> bool:
    return column.type.python_type in (str, list, dict)


def _held(texts: Any, column: Column[Any]) -> Any:
    """Texts with "" among their values, so that blanks can be filled with it; lists and JSON as objects."""
    codes, distinct = _unmarked(texts)
    if column.type.python_type is str:
        return with_blank(codes, distinct)
    read = _list if isinstance(column.type, ARRAY) else json.loads
    values = np.empty(len(distinct) + 1, dtype=object)  # the last place stands for NULL: it stays None
    values[:-1] = [read(text) for text in distinct]
    return pd.Series(values[codes], dtype=object)


def _unmarked(texts: Any) -> tuple[Any, pd.Index]:
    marked = texts.categories.to_numpy(dtype=object)
    return texts.codes.to_numpy(), pd.Index([text[len(MARK) :] for text in marked], dtype=object)


def _list(text: str) -> list[str]:
    return text.split(BETWEEN) if text else []


def with_blank(codes: Any, distinct: pd.Index) -> pd.Categorical:
    """A category of texts whose values include ""."""
    if "" not in distinct:
        distinct = distinct.append(pd.Index([""], dtype=object))
    return pd.Categorical.from_codes(codes, categories=distinct, validate=False)


def _lines(table: Any, kinds: dict[str, Column[Any]], asked: Asked) -> Select[Any]:
    """The versions as lines of CSV, thousands to a row: psycopg takes as long for a short row as for a long one."""
    read = history(table, asked.latest).order_by(None)
    if asked.last_id is not None:
        read = read.where(table.id <= asked.last_id)
    if asked.without:
        read = read.where(table.natural_key.not_in(asked.without))
    known = read.subquery()
    key, within = collate(known.c.natural_key, "C"), (known.c.known_at, known.c.id)
    following = func.lead(known.c.known_at).over(partition_by=key, order_by=within)
    fixed = (known.c.id, _microseconds(known.c.known_at), known.c.retracted, _quoted(known.c.enterprise_code))
    values = [*fixed, func.coalesce(_microseconds(following), NEVER)]
    values += [_written(known.c[name], column) for name, column in kinds.items()]
    parts = [part for value in values for part in (value, ",")][:-1]
    number = func.row_number().over(order_by=(key, *within)).label("number")
    lines = select(number, func.concat(*parts, "\n").label("line"))
    if asked.codes is not None:
        lines = lines.where(known.c.enterprise_code.in_(asked.codes))
    each = lines.subquery()
    block = each.c.number // ROWS_AT_ONCE
    return (
        select(func.string_agg(each.c.line, aggregate_order_by(literal_column("''"), each.c.number)))
        .group_by(block)
        .order_by(block)
    )


def _microseconds(instant: Any) -> Any:
    return cast(extract("epoch", instant) * 1_000_000, BigInteger)


def _quoted(text: Any) -> Any:
    return func.concat('"', MARK, func.replace(text, '"', '""'), '"')


def _written(value: Any, column: Column[Any]) -> Any:
    """How a column stands in a line; NULL is nothing at all."""
    kind = column.type.python_type
    if issubclass(kind, date) and not issubclass(kind, datetime):
        return type_coerce(value - literal(EPOCH, Date), Integer)
    if kind is bool:
        return cast(value, Integer)
    if kind is list:
        return case((value.is_not(None), _quoted(func.array_to_string(value, BETWEEN))))
    if kind in (str, dict):
        return case((value.is_not(None), _quoted(cast(value, Text))))
    return cast(value, Double)


def _blocks(connection: Connection, statement: Select[Any]) -> Iterator[bytes]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    raw: Any = connection.connection.driver_connection
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY ({compiled}) TO STDOUT (FORMAT binary)", compiled.params) as copy,
    ):
        for row in binary_rows(copy):
            yield row[FIELD:]


def binary_rows(copy: Any) -> Iterator[bytes]:
    """The rows of a COPY in binary format: the opening stands before the first, the closing is no row."""
    opened = False
    for block in copy:
        row = bytes(block) if opened else bytes(block)[len(OPENING) :]
        opened = True
        if row and row != CLOSING:
            yield row


class _Stream(io.RawIOBase):
    """Blocks of bytes as a file that pandas reads from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.left = blocks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self.left:
            found = next(self.blocks, None)
            if found is None:
                return 0
            self.left = found
        size = min(len(target), len(self.left))
        target[:size], self.left = self.left[:size], self.left[size:]
        return size
