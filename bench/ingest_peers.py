"""The peers of bench.ingest, each in a process of its own: python -m bench.ingest_peers WAY URL FILE

FILE holds cleaned penalties in PostgreSQL's COPY text form; they are written into table `peer`. `copy` and `file` begin where an
import begins, with a file; for `to_sql` and `core` the rows are in hand, so the clock stands still while the next ones are read.
Printed are the seconds that count ("wrote in WALL CPU").
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from sqlalchemy import ARRAY, Engine, MetaData, Table, create_engine, insert

CHUNK = 20_000
NUMBERS = ("BIGINT", "INTEGER", "NUMERIC(18, 6)", "BOOLEAN")


class Stopwatch:
    """Seconds on the wall and of this process's CPU."""

    wall = cpu = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what the block takes."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu


def copy(engine: Engine, file: Path, watch: Stopwatch) -> None:
    """Nothing but COPY of the file's bytes."""
    with watch.running(), engine.begin() as connection, file.open("rb") as source:
        cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
        with cursor, cursor.copy("COPY peer FROM STDIN") as target:
            while block := source.read(1 << 20):
                target.write(block)


def to_sql(engine: Engine, file: Path, watch: Stopwatch) -> None:
    """pandas' own way, as it comes, in one transaction."""
    arrays = _arrays(engine)
    with engine.connect() as connection:
        for frame in _frames(engine, file):
            with watch.running():
                frame.to_sql("peer", connection, if_exists="append", index=False, dtype=arrays)
        with watch.running():
            connection.commit()


def file_to_sql(engine: Engine, file: Path, watch: Stopwatch) -> None:
    """What pandas alone makes of a file: `read_csv` and `to_sql`, a chunk at a time."""
    with watch.running():
        to_sql(engine, file, Stopwatch())


def core(engine: Engine, file: Path, watch: Stopwatch) -> None:
    """INSERT of dictionaries through SQLAlchemy Core, in one transaction."""
    table = Table("peer", MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        for frame in _frames(engine, file):
            filled = frame.astype(object).where(lambda f: f.notna(), None)
            rows = [
                dict(zip(filled.columns, row, strict=True))
                for row in filled.itertuples(index=False, name=None)
            ]
            with watch.running():
                connection.execute(insert(table), rows)
        with watch.running():
            connection.commit()


def _arrays(engine: Engine) -> dict[str, ARRAY[str]]:
    columns = Table("peer", MetaData(), autoload_with=engine).columns
    return {c.name: c.type for c in columns if isinstance(c.type, ARRAY)}


def _frames(engine: Engine, file: Path) -> Iterator[pd.DataFrame]:
    table = Table("peer", MetaData(), autoload_with=engine)
    names = [column.name for column in table.columns]
    dates = [c.name for c in table.columns if str(c.type) in ("DATE", "TIMESTAMP")]
    pieces = pd.read_csv(
        file, sep="\t", header=None, names=names, na_values="\\N", keep_default_na=False, quoting=3, chunksize=CHUNK,
        dtype={n: str for n in names if n not in dates and str(table.c[n].type) not in NUMBERS}, parse_dates=dates,
    )  # fmt: skip
    arrays = [column.name for column in table.columns if isinstance(column.type, ARRAY)]
    for frame in pieces:
        lists = {name: frame[name].map(lambda text: text.strip("{}").split(",")) for name in arrays}
        yield frame.assign(retracted=frame["retracted"].eq("t"), **lists)


if __name__ == "__main__":
    way, url, path = sys.argv[1:]
    watch = Stopwatch()
    {"copy": copy, "to_sql": to_sql, "file": file_to_sql, "core": core}[way](
        create_engine(url), Path(path), watch
    )
    print(f"wrote in {watch.wall:.3f} {watch.cpu:.3f}")
