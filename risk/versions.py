"""Versions (历史版本): all that is known of one table, read with COPY straight into typed columns.

COPY and pandas' C parser never make a Python object of a cell: of a text only its distinct values become objects.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import psycopg
from psycopg import pq
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
    cast,
    collate,
    func,
    literal,
    select,
    type_coerce,
)

from registry.facts import history

EPOCH = date(1970, 1, 1)
MARK, BETWEEN = "=", "\x1f"
"""Before every text on the wire, so that it is never taken for a number and "" not for NULL; and between the entries
of a list, a character that no text holds."""
ENDED = -1
"""What libpq says instead of a size after the last row."""
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
        io.BufferedReader(_Stream(_copied(connection, _versions(table, kinds, asked))), 1 << 20),
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


def _versions(table: Any, kinds: dict[str, Column[Any]], asked: Asked) -> Select[Any]:
    read = history(table, asked.latest).order_by(None)
    if asked.last_id is not None:
        read = read.where(table.id <= asked.last_id)
    if asked.without:
        read = read.where(table.natural_key.not_in(asked.without))
    known = read.subquery()
    order = (collate(known.c.natural_key, "C"), known.c.known_at, known.c.id)
    following = func.lead(known.c.known_at).over(partition_by=order[0], order_by=order[1:])
    chosen = [_written(known.c[name], column).label(name) for name, column in kinds.items()]
    fixed = (known.c.id, _microseconds(known.c.known_at), known.c.retracted, MARK + known.c.enterprise_code)
    statement = select(*fixed, func.coalesce(_microseconds(following), NEVER), *chosen).order_by(*order)
    return statement if asked.codes is None else statement.where(known.c.enterprise_code.in_(asked.codes))


def _microseconds(instant: Any) -> Any:
    """Since 1970. A double holds them exactly until the year 2255."""
    return cast(func.date_part("epoch", instant) * 1_000_000, BigInteger)


def _written(value: Any, column: Column[Any]) -> Any:
    """How a column goes over the wire."""
    kind = column.type.python_type
    if issubclass(kind, date) and not issubclass(kind, datetime):
        return type_coerce(value - literal(EPOCH, Date), Integer)
    if kind is bool:
        return cast(value, Integer)
    if kind is list:
        return MARK + func.array_to_string(value, BETWEEN)
    return MARK + cast(value, Text) if kind in (str, dict) else cast(value, Double)


def _copied(connection: Connection, statement: Select[Any]) -> Iterator[bytes]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    rows = copied_rows(connection, f"COPY ({compiled}) TO STDOUT (FORMAT csv)", compiled.params)
    while block := b"".join(islice(rows, ROWS_AT_ONCE)):
        yield block


def copied_rows(connection: Connection, asked: str, values: Any = None) -> Iterator[Any]:
    """The rows of a COPY TO STDOUT as they come over the wire.

    Those that have arrived are taken straight from libpq; psycopg only waits for more. By itself it takes 3
    microseconds for each row, which for a city is longer than all the rest.
    """
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(asked, values) as copy:
        while True:
            size, row = raw.pgconn.get_copy_data(1)
            if size == 0:  # nothing has arrived: wait for it
                row = copy.read()
                size = len(row) or ENDED
            elif size < 0:
                _refuse_failure(raw.pgconn)
            if size < 0:
                return
            yield row


def _refuse_failure(pgconn: Any) -> None:
    """What became of the COPY, once its last row is read. Raises psycopg's own error."""
    while result := pgconn.get_result():
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(result)


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
