"""Loading (入库): staging → versioned facts, idempotent and restartable.

A chunk is a run of row numbers; its facts, faults, aliases and ledger counts commit together, so a killed import
goes on where it stopped and a repeated one changes nothing.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from ingestion.datasets.contract import Dataset
from ingestion.spool import Spool, ahead
from ingestion.staging import Staging, copy_lines
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

CHUNK_ROWS = 15_000
SENDERS = 2
"""Connections that send facts."""


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
    confirming: bool
    """Whether any row says something again."""
    taken: int = 0

    def skip(self, last: int) -> None:
        """Pass over the lines up to row number `last`: they are facts already."""
        until = int(np.searchsorted(self.numbers, last, side="right"))
        self.spool.skip(until - self.taken)
        self.taken = until

    def take(self, last: int) -> tuple[bytes, Verdicts]:
        """The lines up to row number `last` that are not taken yet, without those that are not written, and the verdicts on
        all of them."""
        until = int(np.searchsorted(self.numbers, last, side="right"))
        verdicts, lines = self.verdicts[self.taken : until], self.spool.take(until - self.taken)
        self.taken = until
        return lines.only(verdicts <= SUPERSEDING), verdicts


def write_chunks(connection: Connection, dataset: Dataset, staging: Staging, done: int,
                 progress: Callable[[float], None]) -> Ledger:  # fmt: skip
    """Write every chunk that is not yet written (`done` rows are), one transaction each. Returns this run's counts.

    The caller holds the tables (`facts_locked`) from before the keys are counted until the last chunk.
    """
    shelves = [_shelf(connection, staging, dataset.table, further=False)]
    shelves += [_shelf(connection, staging, each.table, further=True) for each in dataset.further]
    connection.execute(text("CREATE INDEX ON staging_fault (row_no)"))
    connection.commit()
    job = Writing(connection, dataset, staging.batch_id, shelves, *_row_numbers(connection, shelves[0]))
    if done:
        for shelf in shelves:
            shelf.skip(int(job.rows[done - 1]))
    ledger = Ledger()
    for passed, written in job.run(done):
        for name, count in vars(written).items():
            setattr(ledger, name, getattr(ledger, name) + count)
        progress(passed / max(len(job.rows), 1))
    for each in dataset.further:
        withdraw_what_later_rows_lack(connection, dataset.table, each.table, staging.batch_id)
    for shelf in shelves:
        table = shelf.spool.table
        restore_confirmed(connection, table, f"SELECT natural_key FROM crowded_{table}")
    connection.commit()
    return ledger


def _shelf(connection: Connection, staging: Staging, table: str, further: bool) -> Shelf:
    spool = staging.spools[table]
    spool.rewind()
    verdicts = judge(connection, staging, table, further)
    confirming = bool((verdicts == CONFIRMING).any())
    if confirming:
        connection.execute(text(f"CREATE INDEX ON staging_{table} (row_no)"))
        connection.execute(text(f"CREATE INDEX ON judged_{table} (place)"))
    return Shelf(spool, spool.row_numbers(), verdicts, confirming)


def _row_numbers(connection: Connection, main: Shelf) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """Every row number of the file, good or faulty, and the faulty ones; both ascending."""
    found = connection.execute(text("SELECT DISTINCT row_no FROM staging_fault ORDER BY 1")).scalars().all()
    faulty = np.array(found, dtype=np.int64)
    return np.union1d(main.numbers, faulty) if len(faulty) else main.numbers, faulty


@dataclass(frozen=True)
class Sent:
    """A chunk of nothing but facts on its way (发送中的分段): rows passed with it, its counts, and who sends it."""

    passed: int
    ledger: Ledger
    sender: Connection
    sending: Future[None]


@dataclass
class Writing:
    """The chunks of one file on their way into the database (分段写入), one transaction each, committed in order.

    While one is written, the facts of the next are already sent through connections of their own, which keeps both of a
    small server's processors busy; each is committed after the one before it, so what is counted as done is always the
    beginning of the file.
    """

    connection: Connection
    dataset: Dataset
    batch_id: int
    shelves: list[Shelf]
    rows: NDArray[np.integer]
    faulty: NDArray[np.int64]

    def run(self, done: int) -> Iterator[tuple[int, Ledger]]:
        """Write all rows after the first `done`; yields rows passed and counts after each commit."""
        ends = (
            [*range(done + CHUNK_ROWS, len(self.rows), CHUNK_ROWS), len(self.rows)]
            if done < len(self.rows)
            else []
        )
        starts = [done, *ends][: len(ends)]
        chunks = [(int(self.rows[a]), int(self.rows[b - 1]), b) for a, b in zip(starts, ends, strict=True)]
        taken = ahead([shelf.take(chunk[1]) for shelf in self.shelves] for chunk in chunks)
        with closing(taken), self._senders() as free, ThreadPoolExecutor(SENDERS) as pool:
            flying: deque[Sent] = deque()
            for chunk, of_chunk in zip(chunks, taken, strict=True):
                plain = self._only_facts(*chunk[:2])
                while flying and not (plain and free):
                    yield self._landed(flying.popleft(), free)
                if plain:
                    (lines, verdicts), sender = of_chunk[0], free.popleft()
                    sending = pool.submit(_write_facts, sender, self.shelves[0], lines)
                    flying.append(Sent(chunk[2], _counted(verdicts), sender, sending))
                else:
                    yield chunk[2], self._write(chunk, of_chunk)
            while flying:
                yield self._landed(flying.popleft(), free)

    @contextmanager
    def _senders(self) -> Iterator[deque[Connection]]:
        with ExitStack() as stack:
            yield deque(stack.enter_context(self.connection.engine.connect()) for _ in range(SENDERS))

    def _landed(self, sent: "Sent", free: deque[Connection]) -> tuple[int, Ledger]:
        sent.sending.result()
        ledger = self._close(sent.sender, sent.ledger)
        free.append(sent.sender)
        return sent.passed, ledger

    def _only_facts(self, first: int, last: int) -> bool:
        """Whether a chunk is nothing but rows of one table: no faults, aliases or notes that need the session's own."""
        held = np.searchsorted(self.faulty, last, side="right") - np.searchsorted(self.faulty, first)
        return (
            len(self.shelves) == 1
            and self.dataset.identity != "self"
            and not held
            and not self.shelves[0].confirming
        )

    def _write(self, chunk: tuple[int, int, int], taken: list[tuple[bytes, Verdicts]]) -> Ledger:
        connection, span = self.connection, {"first": chunk[0], "last": chunk[1], "batch": self.batch_id}
        for shelf, (lines, verdicts) in zip(self.shelves, taken, strict=True):
            _write_facts(connection, shelf, lines)
            if (verdicts == CONFIRMING).any():
                write_confirmations(connection, shelf.spool.table, self.batch_id, *chunk[:2])
        if self.dataset.identity == "self":
            connection.execute(text(_EARLIER_ALIASES), span)
            connection.execute(text(_ALIASES), span)
        fault("load.inside_chunk")
        connection.execute(text(_FAULTS), span)
        ledger = _counted(taken[0][1])
        ledger.faulty = connection.execute(text(_FAULTY), span).scalar_one()
        return self._close(connection, ledger)

    def _close(self, connection: Connection, ledger: Ledger) -> Ledger:
        """Count what a connection wrote and commit it."""
        ledger.read = ledger.valid + ledger.faulty
        connection.execute(text(_COUNTS), {"id": self.batch_id, **vars(ledger)})
        fault("load.before_chunk_commit")
        connection.commit()
        fault("load.after_chunk_commit")
        return ledger


def _counted(verdicts: Verdicts) -> Ledger:
    many = np.bincount(verdicts, minlength=CONFLICT + 1).tolist()
    same = many[SAME] + many[CONFIRMING]
    return Ledger(
        valid=len(verdicts) - many[CONFLICT], new=many[NEW], same=same, superseding=many[SUPERSEDING]
    )


def _write_facts(connection: Connection, shelf: Shelf, lines: bytes) -> None:
    if lines:
        copy_lines(connection, f'"{shelf.spool.table}"', shelf.spool.columns, lines)


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


def count_senders(connection: Connection, table: str, unsent: Mapping[str, int]) -> dict[str, list[int]]:
    """Office → [rows read, faulty rows, rows repeated within the file], from staging.

    unsent: office → good rows that staging does not hold.
    """
    counted = text(f"""
SELECT sender, sum(good + faulty)::int AS read, sum(faulty)::int AS faulty, sum(again)::int AS again FROM (
  SELECT coalesce(sender, '') AS sender, count(*) AS good, 0 AS faulty, 0 AS again FROM staging_{table} GROUP BY 1
  UNION ALL SELECT sender, 0, 0, count(*) FROM (
    SELECT coalesce(sender, '') AS sender,
      row_number() OVER (PARTITION BY natural_key, known_at, content_hash ORDER BY row_no) > 1 AS again
    FROM staging_{table} JOIN crowded_{table} USING (natural_key)) rows WHERE again GROUP BY 1
  UNION ALL SELECT coalesce(sender, ''), 0, count(DISTINCT row_no), 0 FROM staging_fault GROUP BY 1) parts
GROUP BY sender ORDER BY sender""")
    found = {row.sender: [row.read, row.faulty, row.again] for row in connection.execute(counted)}
    for sender, rows in unsent.items():
        read, faulty, again = found.get(sender, [0, 0, 0])
        found[sender] = [read + rows, faulty, again]
    return {sender: found[sender] for sender in sorted(found) if any(found[sender])}
