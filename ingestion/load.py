"""Loading (入库): staging → versioned facts, idempotent and restartable.

A chunk is a run of row numbers; its facts, faults, aliases and ledger counts commit together, so a killed import
goes on where it stopped and a repeated one changes nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from ingestion.datasets.contract import Dataset
from ingestion.staging import Spool, Staging, copy_lines
from ingestion.standing import stands
from ingestion.verdict import (
    CONFIRMING,
    CONFLICT,
    NEW,
    SAME,
    SUPERSEDING,
    Verdicts,
    judge,
    restore_confirmed,
    withdraw_what_later_rows_lack,
    write_confirmations,
)
from registry.faultpoints import fault

CHUNK_ROWS = 20_000


@dataclass
class Ledger:
    """The counts of a batch (批次台账): read = valid + faulty, valid = new + same + superseding."""

    read: int = 0
    valid: int = 0
    faulty: int = 0
    new: int = 0
    same: int = 0
    superseding: int = 0


@dataclass
class Shelf:
    """The staged rows of one table on their way to its facts: which are left, and the verdict on each."""

    spool: Spool
    numbers: NDArray[np.int32]
    verdicts: Verdicts
    taken: int = 0

    def take(self, last: int) -> tuple[list[bytes], Verdicts]:
        """The lines up to row number `last` that are not taken yet, and their verdicts."""
        until = int(np.searchsorted(self.numbers, last, side="right"))
        verdicts, lines = self.verdicts[self.taken : until], self.spool.lines(until - self.taken)
        self.taken = until
        return lines, verdicts


def write_chunks(connection: Connection, dataset: Dataset, staging: Staging, done: int,
                 progress: Callable[[float], None]) -> Ledger:  # fmt: skip
    """Write every chunk that is not yet written (`done` rows are), one transaction each. Returns this run's counts.

    The caller holds the tables (`facts_locked`) from before the keys are counted until the last chunk.
    """
    shelves = [_shelf(connection, staging, dataset.table, further=False)]
    shelves += [_shelf(connection, staging, each.table, further=True) for each in dataset.further]
    connection.execute(text("CREATE INDEX ON staging_fault (row_no)"))
    connection.commit()
    rows = _row_numbers(connection, shelves[0])
    for shelf in shelves:
        if done:
            shelf.take(int(rows[done - 1]))
    total, ledger, first = len(rows), Ledger(), int(rows[done - 1]) + 1 if done else 0
    for passed, last in _ends(rows, done):
        written = _write_chunk(connection, dataset, staging.batch_id, shelves, first, last)
        for name, count in vars(written).items():
            setattr(ledger, name, getattr(ledger, name) + count)
        fault("load.before_chunk_commit")
        connection.commit()
        fault("load.after_chunk_commit")
        first = last + 1
        progress(passed / max(total, 1))
    for each in dataset.further:
        withdraw_what_later_rows_lack(connection, dataset.table, each.table, staging.batch_id)
    for shelf in shelves:
        restore_confirmed(connection, shelf.spool.table, staging.batch_id)
    connection.commit()
    return ledger


def _shelf(connection: Connection, staging: Staging, table: str, further: bool) -> Shelf:
    spool = staging.spools[table]
    spool.file.seek(0)
    verdicts = judge(connection, staging, table, further)
    if (verdicts == CONFIRMING).any():
        connection.execute(text(f"CREATE INDEX ON staging_{table} (row_no)"))
        connection.execute(text(f"CREATE INDEX ON judged_{table} (place)"))
    return Shelf(spool, spool.row_numbers(), verdicts)


def _row_numbers(connection: Connection, main: Shelf) -> NDArray[np.int64]:
    """Every row number of the file, good or faulty, ascending."""
    faulty = connection.execute(text("SELECT DISTINCT row_no FROM staging_fault")).scalars().all()
    return np.union1d(main.numbers, np.array(faulty, dtype=np.int64))


def _ends(rows: NDArray[np.int64], done: int) -> Iterator[tuple[int, int]]:
    """(rows passed, last row number) of each chunk still to be written; an empty file has one empty chunk."""
    ends = list(range(done + CHUNK_ROWS, len(rows), CHUNK_ROWS))
    if done < len(rows):
        ends.append(len(rows))
    yield from ((end, int(rows[end - 1])) for end in ends)


def _write_chunk(connection: Connection, dataset: Dataset, batch_id: int, shelves: list[Shelf], first: int,
                 last: int) -> Ledger:  # fmt: skip
    """Write the rows with numbers from `first` to `last`; the caller commits."""
    span = {"first": first, "last": last, "batch": batch_id}
    ledger = Ledger()
    for place, shelf in enumerate(shelves):
        verdicts = _write_facts(connection, shelf, last)
        if (verdicts == CONFIRMING).any():
            write_confirmations(connection, shelf.spool.table, batch_id, first, last)
        if place == 0:
            ledger = _counted(verdicts)
    if dataset.identity == "self":
        connection.execute(text(_EARLIER_ALIASES), span)
        connection.execute(text(_ALIASES), span)
    fault("load.inside_chunk")
    connection.execute(text(_FAULTS), span)
    ledger.faulty = connection.execute(text(_FAULTY), span).scalar_one()
    ledger.read = ledger.valid + ledger.faulty
    connection.execute(text(_COUNTS), {"id": batch_id, **vars(ledger)})
    return ledger


def _counted(verdicts: Verdicts) -> Ledger:
    many = np.bincount(verdicts, minlength=CONFLICT + 1).tolist()
    same = many[SAME] + many[CONFIRMING]
    return Ledger(
        valid=len(verdicts) - many[CONFLICT], new=many[NEW], same=same, superseding=many[SUPERSEDING]
    )


def _write_facts(connection: Connection, shelf: Shelf, last: int) -> Verdicts:
    lines, verdicts = shelf.take(last)
    wanted = verdicts <= SUPERSEDING
    content = b"".join(lines if wanted.all() else compress(lines, wanted.tolist()))
    if content:
        copy_lines(connection, f'"{shelf.spool.table}"', shelf.spool.columns, content)
    return verdicts


@contextmanager
def facts_locked(connection: Connection, dataset: Dataset) -> Iterator[None]:
    """Wait until no other import writes this dataset's tables, and keep them until the block ends."""
    names = [f"facts {table}" for table in _tables(dataset)]
    for name in names:
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": name})
    try:
        yield
    finally:
        connection.rollback()
        for name in names:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), {"name": name})
        connection.commit()


def _tables(dataset: Dataset) -> list[str]:
    return [dataset.table, *(each.table for each in dataset.further)]


_FAULTS = """
INSERT INTO row_fault (batch_id, row_no, "column", code, sentence, raw, natural_key, sender)
SELECT :batch, row_no, "column", code, sentence, raw, natural_key, sender FROM staging_fault
 WHERE row_no BETWEEN :first AND :last ORDER BY row_no, "column", code"""

_FAULTY = "SELECT count(DISTINCT row_no) FROM staging_fault WHERE row_no BETWEEN :first AND :last"

_CHUNK_ALIASES = """
SELECT kind, alias, enterprise_code, min(known_at) AS known_at FROM staging_alias
 WHERE row_no BETWEEN :first AND :last GROUP BY kind, alias, enterprise_code"""

_EARLIER_ALIASES = f"""
UPDATE enterprise_alias a SET known_at = said.known_at FROM ({_CHUNK_ALIASES}) said
 WHERE a.kind = said.kind AND a.alias = said.alias AND a.enterprise_code = said.enterprise_code
   AND said.known_at < a.known_at AND {stands("a.batch_id")}"""

_ALIASES = f"""
INSERT INTO enterprise_alias (kind, alias, enterprise_code, known_at, batch_id)
SELECT said.*, :batch FROM ({_CHUNK_ALIASES}) said
 WHERE NOT EXISTS (SELECT 1 FROM enterprise_alias a WHERE a.kind = said.kind AND a.alias = said.alias
   AND a.enterprise_code = said.enterprise_code AND {stands("a.batch_id")})
 ORDER BY enterprise_code, kind, alias
ON CONFLICT (kind, alias, enterprise_code, batch_id) DO NOTHING"""

_COUNTS = """
UPDATE batch SET rows_read = rows_read + :read, rows_valid = rows_valid + :valid,
  rows_faulty = rows_faulty + :faulty, rows_new = rows_new + :new, rows_same = rows_same + :same,
  rows_superseding = rows_superseding + :superseding WHERE id = :id"""


def count_senders(connection: Connection, table: str) -> dict[str, list[int]]:
    """Office → [rows read, faulty rows, rows repeated within the file], from staging."""
    counted = text(f"""
SELECT sender, sum(good + faulty)::int AS read, sum(faulty)::int AS faulty, sum(again)::int AS again FROM (
  SELECT coalesce(sender, '') AS sender, count(*) AS good, 0 AS faulty, 0 AS again FROM staging_{table} GROUP BY 1
  UNION ALL SELECT sender, 0, 0, count(*) FROM (
    SELECT coalesce(sender, '') AS sender,
      row_number() OVER (PARTITION BY natural_key, known_at, content_hash ORDER BY row_no) > 1 AS again
    FROM staging_{table} JOIN crowded_{table} USING (natural_key)) rows WHERE again GROUP BY 1
  UNION ALL SELECT coalesce(sender, ''), 0, count(DISTINCT row_no), 0 FROM staging_fault GROUP BY 1) parts
GROUP BY sender ORDER BY sender""")
    return {row.sender: [row.read, row.faulty, row.again] for row in connection.execute(counted)}
