"""Loading (入库): staging → versioned facts, idempotent and restartable.

A chunk is a range of shards; its facts, faults, aliases and ledger counts commit together, so a killed
import goes on where it stopped and a repeated one changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ingestion.datasets.contract import Dataset
from ingestion.staging import SHARDS, business_columns
from ingestion.standing import stands

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


def write_chunks(connection: Connection, dataset: Dataset, batch_id: int, done: int,
                 progress: Callable[[float], None]) -> Ledger:  # fmt: skip
    """Write every chunk that is not yet written (`done` rows are), one transaction each. Returns this run's counts."""
    _prepare(connection, dataset)
    sizes = _shard_sizes(connection, dataset.table)
    total, passed, ledger = sum(sizes), 0, Ledger()
    many = max(1, -(-total // CHUNK_ROWS))
    for number in range(many):
        first, last = SHARDS * number // many, SHARDS * (number + 1) // many - 1
        passed += sum(sizes[first : last + 1])
        if passed <= done:
            continue
        written = write_chunk(connection, dataset, batch_id, first, last)
        for name, count in vars(written).items():
            setattr(ledger, name, getattr(ledger, name) + count)
        connection.commit()
        progress(passed / max(total, 1))
    return ledger


def write_chunk(connection: Connection, dataset: Dataset, batch_id: int, first: int, last: int) -> Ledger:
    """Write one range of shards; the caller commits."""
    span = {"first": first, "last": last, "batch": batch_id}
    for table in (dataset.table, *(each.table for each in dataset.further)):
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"facts {table}"})
    ledger = _insert_versions(connection, dataset, span)
    for each in dataset.further:
        connection.execute(text(_versions_sql(each.table, snapshot=True, further=True)), span).all()
    if dataset.identity == "self":
        connection.execute(text(_EARLIER_ALIASES), span)
        connection.execute(text(_ALIASES), span)
    connection.execute(text(_FAULTS), span)
    ledger.faulty = connection.execute(text(_FAULTY), span).scalar_one()
    ledger.read = ledger.valid + ledger.faulty
    connection.execute(text(_COUNTS), {"id": batch_id, **vars(ledger)})
    return ledger


def _prepare(connection: Connection, dataset: Dataset) -> None:
    for table in (dataset.table, *(each.table for each in dataset.further)):
        connection.execute(text(f"CREATE INDEX ON staging_{table} (shard)"))
        connection.execute(text(f"ANALYZE staging_{table}"))
    connection.execute(text("CREATE INDEX ON staging_fault (shard)"))
    connection.commit()


def _shard_sizes(connection: Connection, table: str) -> list[int]:
    sizes = [0] * SHARDS
    counted = text(
        f"SELECT shard, count(*) FROM (SELECT shard, row_no FROM staging_{table}"
        " UNION ALL SELECT DISTINCT shard, row_no FROM staging_fault) rows GROUP BY shard"
    )
    for shard, count in connection.execute(counted):
        sizes[shard] = count
    return sizes


def _insert_versions(connection: Connection, dataset: Dataset, span: dict[str, int]) -> Ledger:
    row = connection.execute(text(_versions_sql(dataset.table, dataset.snapshot, further=False)), span).one()
    return Ledger(
        valid=row.valid, new=row.new, superseding=row.superseding, same=row.valid - row.new - row.superseding
    )


def _versions_sql(table: str, snapshot: bool, further: bool) -> str:
    """INSERT of the staged rows that say something new, and the counts.

    A row is left out when the same content was known at the same time (`repeated`), or when the version in
    force just before it says the same (`unchanged`). Of events with their own time every assertion is kept:
    were it dropped, a contradiction that arrives later but lies between the two would win for good.
    What was undone is not known: said again, it is written again.
    """
    columns = ", ".join(f'"{name}"' for name in business_columns(table))
    dropped = "judged.unchanged" if snapshot else "judged.unchanged AND NOT chunk.dated"
    nothing_to_withdraw = " AND NOT (chunk.retracted AND NOT judged.known_before)" if further else ""
    return f"""
WITH chunk AS (SELECT * FROM staging_{table} WHERE shard BETWEEN :first AND :last),
seen AS (
  SELECT natural_key, known_at, content_hash, retracted, false AS staged, id AS place FROM "{table}"
   WHERE natural_key IN (SELECT natural_key FROM chunk) AND {stands("batch_id")}
  UNION ALL
  SELECT natural_key, known_at, content_hash, retracted, true, row_no FROM chunk),
judged AS (
  SELECT natural_key, staged, place,
    lag(content_hash) OVER line IS NOT DISTINCT FROM content_hash
      AND lag(retracted) OVER line IS NOT DISTINCT FROM retracted AS unchanged,
    row_number() OVER (PARTITION BY natural_key, known_at, content_hash, retracted ORDER BY staged, place) > 1
      AS repeated,
    bool_or(NOT staged) OVER (PARTITION BY natural_key) OR row_number() OVER line > 1 AS known_before
  FROM seen WINDOW line AS (PARTITION BY natural_key ORDER BY known_at, staged, place)),
fresh AS (
  SELECT chunk.*, judged.known_before FROM chunk
    JOIN judged ON judged.staged AND judged.place = chunk.row_no AND judged.natural_key = chunk.natural_key
   WHERE NOT (judged.repeated OR ({dropped})){nothing_to_withdraw}),
written AS (
  INSERT INTO "{table}" (natural_key, content_hash, known_at, retracted, batch_id, row_no, {columns})
  SELECT natural_key, content_hash, known_at, retracted, :batch, row_no, {columns} FROM fresh
   ORDER BY natural_key, known_at, row_no)
SELECT (SELECT count(*) FROM chunk) AS valid,
  count(*) FILTER (WHERE NOT known_before) AS new, count(*) FILTER (WHERE known_before) AS superseding FROM fresh"""


_FAULTS = """
INSERT INTO row_fault (batch_id, row_no, "column", code, sentence, raw, natural_key)
SELECT :batch, row_no, "column", code, sentence, raw, natural_key FROM staging_fault
 WHERE shard BETWEEN :first AND :last ORDER BY row_no, "column", code"""

_FAULTY = "SELECT count(DISTINCT row_no) FROM staging_fault WHERE shard BETWEEN :first AND :last"

_CHUNK_ALIASES = """
SELECT kind, alias, enterprise_code, min(known_at) AS known_at FROM staging_alias
 WHERE shard BETWEEN :first AND :last GROUP BY kind, alias, enterprise_code"""

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
  SELECT coalesce(sender, '') AS sender, 1 AS good, 0 AS faulty,
    (row_number() OVER (PARTITION BY natural_key, known_at, content_hash ORDER BY row_no) > 1)::int AS again
  FROM staging_{table}
  UNION ALL SELECT sender, 0, 1, 0 FROM (
    SELECT DISTINCT row_no, coalesce(sender, '') AS sender FROM staging_fault) faulty) rows
GROUP BY sender ORDER BY sender""")
    return {row.sender: [row.read, row.faulty, row.again] for row in connection.execute(counted)}
