"""Copying rows in (批量写入): COPY of snapshots, grades and reasons; 20,000 at a time without a thought."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from registry.tables.declaration import Table
from risk.archive import FloatArray, Texts


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
    """COPY (key, code, array of doubles) rows; `repr` of a double comes back bit for bit."""
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.__tablename__}" FROM STDIN') as copy:
        for code, values in zip(codes, matrix.tolist(), strict=True):
            written = ",".join(map(repr, values)).replace("nan", "NaN")
            copy.write(f"{key}\t{code}\t{{{written}}}\n")
