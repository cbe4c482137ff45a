"""Importers in processes of their own, to be killed; and what they left: checksums, ledgers, locks."""

import hashlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text

from registry import journal
from registry.database import Database
from registry.tables import Table

KILLED = -signal.SIGKILL
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["ingestion.intake", "registry.database", "tests.faults.importing"])
COMMAND = [sys.executable, "-c", "from portal.cli import main; main()"]
"""`wurao`, from this tree whichever is installed."""
LEDGER = ("rows_read", "rows_valid", "rows_faulty", "rows_new", "rows_same", "rows_superseding")


def _import(url: str, path: Path, armed: str | None, chunk_rows: int | None) -> None:
    """In the child: one file through the door, in chunks of few rows where the test wants several of them."""
    from ingestion import load
    from ingestion.intake import ingest_file
    from registry import faultpoints

    if chunk_rows:
        load.CHUNK_ROWS = chunk_rows
    if armed:
        faultpoints.arm(armed)
    ingest_file(Database(url).engine_for("ingest"), path)


def forked(url: str, path: Path, armed: str | None = None, chunk_rows: int | None = None) -> Any:
    """A started process that imports a file; `join()` it, then read `exitcode` (KILLED if it died of a fault point)."""
    process = _FORKS.Process(target=_import, args=(url, path, armed, chunk_rows), daemon=True)
    process.start()
    return process


def run_forked(url: str, path: Path, armed: str | None = None, chunk_rows: int | None = None) -> int:
    """Import a file in a process of its own and wait; its exit code."""
    process = forked(url, path, armed, chunk_rows)
    process.join(120)
    assert process.exitcode is not None, "an importer hangs"
    return process.exitcode


def command(url: str, path: Path, armed: str | None = None, **environment: str) -> subprocess.Popen[str]:
    """`wurao ingest FILE --json`, started."""
    env = {
        **os.environ,
        "WURAO_DATABASE_URL": url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **environment,
    }
    env.pop("WURAO_TEST_FAULT", None)
    if armed:
        env["WURAO_TEST_FAULT"] = armed
    if not url:
        del env["WURAO_DATABASE_URL"]
    return subprocess.Popen(
        [*COMMAND, "ingest", str(path), "--json"], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip


def run_command(
    url: str, path: Path, armed: str | None = None, **environment: str
) -> tuple[int, list[dict[str, Any]]]:
    """`wurao ingest FILE --json`: its exit code and reports (none if it was killed)."""
    process = command(url, path, armed, **environment)
    said, errors = process.communicate(timeout=900)
    assert process.returncode in (0, 1, KILLED), errors
    return process.returncode, json.loads(said) if said else []


def version_tables() -> list[str]:
    """Every table of facts there is, found in the registry, so that a new one is compared without being named here."""
    return sorted(
        name
        for name, table in Table.metadata.tables.items()
        if "natural_key" in table.c and "retracted" in table.c and name != "confirmation"
    )


def checksum(engine: Engine) -> dict[str, tuple[int, str]]:
    """Table → (rows, hash of them in one order), of facts, aliases and faults; ids and batches left out.

    The content of `dump_all`, hashed by the server: a hundred thousand rows take no memory here.
    """
    sums = {}
    with engine.connect() as connection:
        for table in (*version_tables(), "enterprise_alias", "row_fault"):
            hidden = {"id", "batch_id"} | ({"row_no"} if table != "row_fault" else set())
            names = ", ".join(f'"{c.name}"' for c in Table.metadata.tables[table].c if c.name not in hidden)
            rows = connection.execute(text(
                f"SELECT count(*), encode(sha256(coalesce(string_agg(line, E'\\n' ORDER BY line), '')::bytea), 'hex')"
                f" FROM (SELECT replace(row({names})::text, '\\', '/') AS line FROM \"{table}\") AS dumped"
            )).one()  # fmt: skip
            sums[table] = (rows[0], rows[1])
    return sums


def one_sum(engine: Engine) -> str:
    """One hash over everything."""
    return hashlib.sha256(repr(sorted(checksum(engine).items())).encode()).hexdigest()


def ledgers(engine: Engine, file_name: str) -> list[dict[str, Any]]:
    """The batches of a file, oldest first: state, counts, senders."""
    columns = ", ".join(("state", *LEDGER, "senders"))
    with engine.connect() as connection:
        found = connection.execute(
            text(f"SELECT {columns} FROM batch WHERE file_name = :name ORDER BY id"), {"name": file_name}
        )
        return [dict(row) for row in found.mappings()]


def journal_of_batches(engine: Engine) -> list[str]:
    """What the journal says of batches, in order; it must be whole."""
    with engine.connect() as connection:
        assert list(journal.faults(connection)) == []
        named = "coalesce(detail->>'file_name', detail->>'file')"
        acts = connection.execute(
            text(f"SELECT act || ' ' || {named} FROM journal WHERE act LIKE 'batch.%' ORDER BY number")
        )
        return list(acts.scalars())


def nothing_left_behind(database: Database) -> None:
    """The dead importer's backend is gone, and with it its locks, its transaction and its temporary tables."""
    engine = create_engine(database.url)
    left = {
        "a lock": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                  " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        "a session": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                     " AND pid <> pg_backend_pid() AND (state <> 'idle' OR backend_xid IS NOT NULL)",
        "a temporary table": "SELECT count(*) FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'",
    }  # fmt: skip
    with engine.connect() as connection:
        for what, question in left.items():
            assert wait_until(lambda q=question: _count(connection, q) == 0), (
                f"{what} of the dead importer is left"
            )
    engine.dispose()


def _count(connection: Connection, question: str) -> int:
    found = connection.execute(text(question)).scalar_one()
    connection.rollback()
    return int(found)


def wait_until(happened: Callable[[], bool], seconds: float = 30) -> bool:
    """Ask again and again until it is so; False if it is not within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if happened():
            return True
        time.sleep(0.02)
    return happened()


def states(engine: Engine) -> dict[str, str]:
    """Table → hash of what was true at every instant: for each record the moments at which its state changed, and to
    what. Unlike `checksum` it forgets how often, and in what order, the same was said."""
    found = {}
    with engine.connect() as connection:
        for table in version_tables():
            version = {"id", "batch_id", "row_no", "known_at", "content_hash", "retracted", "natural_key"}
            names = ", ".join(f'"{c.name}"' for c in Table.metadata.tables[table].c if c.name not in version)
            lines = connection.execute(text(f"""
WITH last_word AS (
  SELECT DISTINCT ON (natural_key, known_at) natural_key, known_at,
    CASE WHEN NOT retracted THEN row({names})::text END AS state
    FROM "{table}" ORDER BY natural_key, known_at, id DESC),
judged AS (SELECT *, lag(state) OVER (PARTITION BY natural_key ORDER BY known_at) AS before FROM last_word)
SELECT natural_key, known_at, state FROM judged WHERE state IS DISTINCT FROM before ORDER BY 1, 2""")).all()  # fmt: skip
            found[table] = hashlib.sha256(repr([tuple(line) for line in lines]).encode()).hexdigest()
        aliases = connection.execute(
            text("SELECT kind, alias, enterprise_code, known_at FROM enterprise_alias ORDER BY 1, 2, 3")
        )
        found["enterprise_alias"] = hashlib.sha256(
            repr([tuple(line) for line in aliases]).encode()
        ).hexdigest()
    return found
