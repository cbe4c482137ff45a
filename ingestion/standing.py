"""Standing (有效批次): which batches count, and how facts are brought to what those say.

What a batch of a file wrote counts until the batch is undone. An undo writes nothing of its own: its versions
restate what the standing batches say, known from now on, so that past answers stay as they were. A file that
arrives later with an earlier time of knowledge would be hidden behind such a version; `settle` brings it out.
"""

from collections.abc import Callable

from sqlalchemy import Connection, text

from ingestion.datasets.contract import Dataset
from ingestion.staging import business_columns
from registry import clock

STANDS = "{batch} IS NULL OR {batch} NOT IN (SELECT id FROM batch WHERE undoes IS NOT NULL OR undone_by IS NOT NULL)"
"""Condition on a batch's number, to be formatted with its column: neither undone nor itself an undo."""

SHARDS = 1024
CHUNK_KEYS = 20_000
"""Natural keys restated in one transaction."""


def stands(column: str) -> str:
    """SQL: the batch named by a column counts."""
    return f"({STANDS.format(batch=column)})"


def tables_of(dataset: Dataset) -> list[str]:
    """The fact tables that the rows of a dataset become."""
    return [dataset.table, *(each.table for each in dataset.further)]


def settle(connection: Connection, dataset: Dataset, batch_id: int) -> int:
    """Bring out what a batch says where an undo hides it; returns how many versions that took. Commits.

    Costs one look at the ledger unless something was ever undone. The versions belong to the undo that hid them.
    """
    if not connection.execute(text("SELECT 1 FROM batch WHERE undoes IS NOT NULL LIMIT 1")).first():
        return 0
    written = 0
    for table in tables_of(dataset):
        hidden = (
            f'SELECT DISTINCT natural_key FROM "{table}" mine WHERE batch_id = :source AND EXISTS ('
            f' SELECT 1 FROM "{table}" other WHERE other.natural_key = mine.natural_key'
            f" AND NOT {stands('other.batch_id')})"
        )
        written += restate(connection, table, hidden, {"source": batch_id}, None)
    return written


def restate(connection: Connection, table: str, keys: str, values: dict[str, int], act: int | None,
            progress: Callable[[float], None] = lambda part: None) -> int:  # fmt: skip
    """Make what is in force equal to what the standing batches say, for the natural keys of a SELECT.

    act: the undo that the versions belong to; None gives each to the undo that hides it. A chunk of keys is one
    transaction and a second run writes nothing, so a killed run is simply run again. Returns how many versions.
    """
    connection.execute(text("DROP TABLE IF EXISTS restated_key"))
    shard = f"hashtext(natural_key) & {SHARDS - 1}"
    connection.execute(
        text(f"CREATE TEMP TABLE restated_key AS SELECT natural_key, {shard} AS shard FROM ({keys}) k"),
        values,
    )
    connection.execute(text("CREATE INDEX ON restated_key (shard)"))
    connection.execute(text("ANALYZE restated_key"))
    many = connection.execute(text("SELECT count(*) FROM restated_key")).scalar_one()
    connection.commit()
    steps, written = min(SHARDS, -(-many // CHUNK_KEYS)), 0
    for number in range(steps):
        span = {"first": SHARDS * number // steps, "last": SHARDS * (number + 1) // steps - 1}
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"facts {table}"})
        moment = {"act": act, "now": clock.now()}
        written += connection.execute(text(_restate_sql(table)), {**span, **moment}).rowcount
        connection.commit()
        progress((number + 1) / steps)
    connection.execute(text("DROP TABLE restated_key"))
    connection.commit()
    return written


def _restate_sql(table: str) -> str:
    """INSERT of one version for each key whose version in force is not the last one of a standing batch.

    Without such a one the record is withdrawn. Never known before the version that it follows.
    """
    columns = ", ".join(f'"{name}"' for name in business_columns(table))
    return f"""
WITH line AS (
  SELECT v.natural_key, v.id, v.known_at, v.content_hash, v.retracted,
    b.undoes IS NULL AND b.undone_by IS NULL AS stands, coalesce(b.undone_by, b.id) AS hidden_by
  FROM "{table}" v LEFT JOIN batch b ON b.id = v.batch_id
  WHERE v.natural_key IN (SELECT natural_key FROM restated_key WHERE shard BETWEEN :first AND :last)),
in_force AS (
  SELECT DISTINCT ON (natural_key) * FROM line ORDER BY natural_key, known_at DESC, id DESC),
meant AS (
  SELECT DISTINCT ON (natural_key) * FROM line WHERE stands ORDER BY natural_key, known_at DESC, id DESC),
change AS (
  SELECT coalesce(meant.id, in_force.id) AS source, coalesce(meant.retracted, true) AS withdrawn,
    greatest(CAST(:now AS timestamp), in_force.known_at) AS moment,
    coalesce(CAST(:act AS bigint), in_force.hidden_by) AS owner
  FROM in_force LEFT JOIN meant USING (natural_key)
  WHERE CASE WHEN coalesce(meant.retracted, true) THEN NOT in_force.retracted
    ELSE in_force.retracted OR in_force.content_hash <> meant.content_hash END)
INSERT INTO "{table}" (natural_key, content_hash, known_at, retracted, batch_id, row_no, {columns})
SELECT natural_key, content_hash, moment, withdrawn, owner, row_no, {columns}
  FROM "{table}" JOIN change ON change.source = "{table}".id ORDER BY natural_key"""
