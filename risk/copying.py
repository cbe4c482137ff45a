"""Copying rows in and out (批量读写): COPY of snapshots, grades and reasons, a million at a time without a thought."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from registry.tables.declaration import Table
from risk.archive import FloatArray, Texts
from risk.versions import copied_rows

DOUBLES = np.dtype([("size", ">i4"), ("value", ">f8")])
"""An element of an array on PostgreSQL's wire: its size in bytes, then the number, most significant byte first."""
OPENING, CLOSING = b"PGCOPY\n\xff\r\n\0" + bytes(8), struct.pack(">h", -1)
HEAD = struct.Struct(">hiqi")
"""Before the code: how many fields follow (3), the key's size and value, the code's size."""
ARRAY = struct.Struct(">iiiiii")
"""Before the numbers: the field's size, dimensions (1), whether NULL is among them (0), their type, how many, from 1."""
FLOAT8 = 701
ROWS_AT_ONCE = 4_096


def copy_rows(
    connection: Connection, table: type[Table], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY rows into a table inside the connection's transaction. Columns left out take their defaults."""
    names = ", ".join(f'"{name}"' for name in columns)
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.__tablename__}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def copy_matrix(
    connection: Connection, table: type[Table], key: int, codes: Texts, matrix: FloatArray
) -> None:
    """COPY (key, code, array of doubles) rows, in the binary format: every bit of a double is kept, no text is made."""
    raw: Any = connection.connection.driver_connection
    asked = f'COPY "{table.__tablename__}" FROM STDIN (FORMAT binary)'
    with raw.cursor() as cursor, cursor.copy(asked) as copy:
        copy.write(OPENING)
        for block in _written(key, codes, matrix):
            copy.write(block)
        copy.write(CLOSING)


def _written(key: int, codes: Texts, matrix: FloatArray) -> Iterator[bytes]:
    """Rows on the wire, some thousands at a time."""
    width = matrix.shape[1]
    size = width * DOUBLES.itemsize
    array = ARRAY.pack(ARRAY.size - 4 + size, 1, 0, FLOAT8, width, 1)
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        numbers = np.empty((min(ROWS_AT_ONCE, len(matrix) - start), width), DOUBLES)
        numbers["size"], numbers["value"] = 8, matrix[start : start + ROWS_AT_ONCE]
        values = numbers.tobytes()
        rows: list[bytes] = []
        for place, code in enumerate(codes[start : start + ROWS_AT_ONCE]):
            text = code.encode()
            rows += (HEAD.pack(3, 8, key, len(text)), text, array, values[place * size : (place + 1) * size])
        yield b"".join(rows)


def read_matrix(
    connection: Connection, table: type[Table], names: tuple[str, str, str], key: int, width: int
) -> tuple[Texts, FloatArray]:
    """What `copy_matrix` wrote under a key: codes and rows of doubles. names: of the table's three columns.

    Raises ValueError for a row that does not hold `width` numbers.
    """
    column, code, values = names
    asked = f'COPY (SELECT "{code}", "{values}" FROM "{table.__tablename__}" WHERE "{column}" = {int(key)})'
    codes: list[str] = []
    blocks: list[FloatArray] = []
    read: list[bytes] = []
    for row in _binary_rows(connection, f"{asked} TO STDOUT (FORMAT binary)"):
        end = 6 + int.from_bytes(row[2:6], "big")
        codes.append(row[6:end].decode())
        read.append(row[end + ARRAY.size :])
        if len(read) == ROWS_AT_ONCE:
            blocks.append(_numbers(read, width))
            read = []
    blocks.append(_numbers(read, width))
    return np.array(codes, dtype=object), np.concatenate(blocks)


def _binary_rows(connection: Connection, asked: str) -> Iterator[bytes]:
    """The opening stands before the first row, the closing is no row."""
    opened = False
    for block in copied_rows(connection, asked):
        row = bytes(block) if opened else bytes(block)[len(OPENING) :]
        opened = True
        if row and row != CLOSING:
            yield row


def _numbers(rows: list[bytes], width: int) -> FloatArray:
    if any(len(row) != width * DOUBLES.itemsize for row in rows):
        raise ValueError(f"a row of indicators does not hold {width} numbers")
    return np.frombuffer(b"".join(rows), DOUBLES)["value"].astype(np.float64).reshape(len(rows), width)
