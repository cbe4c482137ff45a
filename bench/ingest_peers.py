"""The peers of bench.ingest, each in a process of its own: python -m bench.ingest_peers WAY URL FILE

FILE holds cleaned penalties in PostgreSQL's COPY text form. The rows are in memory before the clock starts, but for
`file`, which begins where an import begins; the seconds printed ("wrote in WALL CPU") are those of writing the rows into
table `peer` and committing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from sqlalchemy import ARRAY, Engine, MetaData, Table, create_engine, insert

CHUNK = 20_000
NUMBERS = ("BIGINT", "INTEGER", "NUMERIC(18, 6)", "BOOLEAN")


def copy(engine: Engine, file: Path) -> Callable[[], None]:
    """Nothing but COPY of the file's bytes."""

    def write() -> None:
        with engine.begin() as connection, file.open("rb") as source:
            cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
            with cursor, cursor.copy("COPY peer FROM STDIN") as target:
                while block := source.read(1 << 20):
                    target.write(block)

    return write


def to_sql(engine: Engine, file: Path) -> Callable[[], None]:
    """pandas' own way, as it comes."""
    frame = _frame(engine, file)
    arrays = {
        c.name: c.type
        for c in Table("peer", MetaData(), autoload_with=engine).columns
        if isinstance(c.type, ARRAY)
    }

    def write() -> None:
        frame.to_sql("peer", engine, if_exists="append", index=False, chunksize=CHUNK, dtype=arrays)

    return write


def file_to_sql(engine: Engine, file: Path) -> Callable[[], None]:
    """What pandas alone makes of a file: `read_csv`, then `to_sql`."""

    def write() -> None:
        to_sql(engine, file)()

    return write


def core(engine: Engine, file: Path) -> Callable[[], None]:
    """INSERT of dictionaries through SQLAlchemy Core."""
    table = Table("peer", MetaData(), autoload_with=engine)
    rows = _frame(engine, file).astype(object).where(lambda f: f.notna(), None).to_dict("records")

    def write() -> None:
        with engine.begin() as connection:
            for first in range(0, len(rows), CHUNK):
                connection.execute(insert(table), rows[first : first + CHUNK])

    return write


def _frame(engine: Engine, file: Path) -> pd.DataFrame:
    table = Table("peer", MetaData(), autoload_with=engine)
    names = [column.name for column in table.columns]
    dates = [c.name for c in table.columns if str(c.type) in ("DATE", "TIMESTAMP")]
    frame = pd.read_csv(
        file, sep="\t", header=None, names=names, na_values="\\N", keep_default_na=False, quoting=3,
        dtype={n: str for n in names if n not in dates and str(table.c[n].type) not in NUMBERS}, parse_dates=dates,
    )  # fmt: skip
    arrays = [column.name for column in table.columns if isinstance(column.type, ARRAY)]
    lists = {name: frame[name].map(lambda text: text.strip("{}").split(",")) for name in arrays}
    return frame.assign(retracted=frame["retracted"].eq("t"), **lists)


if __name__ == "__main__":
    way, url, path = sys.argv[1:]
    act = {"copy": copy, "to_sql": to_sql, "file": file_to_sql, "core": core}[way](
        create_engine(url), Path(path)
    )
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    print(f"wrote in {time.perf_counter() - wall:.3f} {time.process_time() - cpu:.3f}")
