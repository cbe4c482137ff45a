"""Reading the archive from PostgreSQL (读取时点档案): python -m bench.features_load [ENTERPRISES] [EVENTS]

The city of bench.features is put into the registry's own tables, then `risk.archive.load_archive` reads all of it, each
run in a process of its own: CPU seconds of the process and of the server, seconds on the wall, peak resident memory and
what of it was there before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, Date, text

from bench.features_city import LATEST, City, Facts, Text, make_city
from bench.features_contenders import measured
from bench.ingest import resident_megabytes, server_seconds
from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.tables.declaration import Table
from risk.archive import EPOCH, load_archive
from risk.copying import copy_rows

BY_ENTERPRISE = ("enterprise", "annual_report", "filing", "premises", "abnormal_listing", "serious_violation")
"""Tables whose natural key begins with the enterprise; the others' with an office and a number (ingestion/datasets)."""


def main(enterprises: int = 100_000, events: int = 1_000_000) -> None:
    """Fill a fresh database and read it."""
    with tempfile.TemporaryDirectory(prefix="wurao-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder)) as server:
            database = Database(server.url)
            database.migrate()
            city = make_city(enterprises, events)
            with database.owner().begin() as connection:
                for name in city.tables:
                    fill(connection, city, name)
            with database.owner().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
            database.close()
            print(f"{enterprises:,} enterprises, {events:,} versions of events")
            for _ in range(2):
                before = server_seconds(server)
                said = subprocess.run(
                    [sys.executable, "-m", "bench.features_load", "read", server.url], stdout=subprocess.PIPE, text=True, check=True
                ).stdout.strip()  # fmt: skip
                time.sleep(0.5)  # the postmaster has reaped the backend, whose seconds it then owns
                print(f"{said}, server {server_seconds(server) - before:.1f} s CPU")


def read(url: str) -> None:
    """Load once and say what it cost."""
    start = resident_megabytes(os.getpid())
    database = Database(url)
    with database.owner().connect() as connection:
        archive, cost = measured(lambda: load_archive(connection, LATEST))
    rows = sum(map(len, archive.tables.values()))
    print(
        f"load_archive: {rows:,} rows, {cost.cpu:.1f} s CPU, {cost.wall:.1f} s, "
        f"peak {cost.megabytes:,.0f} MB ({start:.0f} before)"
    )
    database.close()


def fill(connection: Connection, city: City, name: str) -> None:
    """One table, in the order of arrival; columns that the city does not have get something harmless."""
    table: Any = next(m.class_ for m in Table.registry.mappers if m.class_.__tablename__ == name)
    facts = city.tables[name]
    columns = [
        c for c in table.__table__.c if c.name != "id" and not (c.nullable and c.name not in facts.columns)
    ]
    made = [_values(city, name, facts, column) for column in columns]
    order = np.argsort(facts.known_at, kind="stable").tolist()
    copy_rows(connection, table, [c.name for c in columns], ([each[i] for each in made] for i in order))


def _values(city: City, name: str, facts: Facts, column: Any) -> Any:
    rows = len(facts.key)
    if column.name in facts.columns:
        return list(_told(facts.columns[column.name], column))
    own: dict[str, Any] = {
        "natural_key": lambda: _keys(city, name, facts),
        "enterprise_code": lambda: city.codes[facts.key].tolist(),
        "known_at": lambda: facts.known_at.tolist(),
        "retracted": lambda: facts.retracted.tolist(),
    }
    if column.name in own:
        return own[column.name]()
    usual = {str: "", int: 1, bool: False, list: [], date: date(2020, 1, 1)}
    return [usual[column.type.python_type]] * rows


def _told(values: np.ndarray | Text, column: Any) -> Iterator[Any]:
    if isinstance(values, Text):
        kind = column.type.python_type
        distinct = [
            each.strip("{}").split(",") if kind is list else each for each in values.distinct.tolist()
        ]
        yield from (None if code < 0 else distinct[code] for code in values.codes.tolist())
        return
    for value in values.tolist():
        if np.isnan(value):
            yield None
        elif isinstance(column.type, Date):
            yield EPOCH + timedelta(days=int(value))
        else:
            yield column.type.python_type(value) if column.type.python_type in (int, bool) else value


def _keys(city: City, name: str, facts: Facts) -> list[str]:
    """Versions of a record follow each other in the city: one ends where nothing superseded it."""
    record = np.cumsum(np.append(True, np.isnat(facts.superseded_at))[: len(facts.key)])
    about = zip(city.codes[facts.key].tolist(), record.tolist(), strict=True)
    if name in BY_ENTERPRISE:
        return [f"{code}|{number:09d}" for code, number in about]
    return [f"安和市第{number % 40}市场监督管理局|安市监〔2024〕{number}号|{code}" for code, number in about]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.argv[1:2] == ["read"]:
        read(sys.argv[2])
    else:
        main(*map(int, sys.argv[1:]))
