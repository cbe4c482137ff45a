"""Repeated rows (重复数据): rows of a file that say again what another row, of it or of an earlier file, has said.

A record is told by its natural key (文号, 相对人代码, 机关代码). The same key with other content is a correction, not a
repetition. Of states (登记, 名录库 …) a later file re-asserts what is in force: there only the file itself is looked at.
"""

from sqlalchemy import Connection, text

from ingestion.datasets.contract import Dataset
from ingestion.staging import first_and_last_batch

KEPT = 10_000
"""So many repeated rows of a batch are kept to be looked at, in order; all of them are counted."""


def note_repeats(
    connection: Connection, dataset: Dataset, batch_id: int, senders: dict[str, list[int]]
) -> dict[str, list[int]]:
    """Keep the repeated rows of a batch that is about to close, and put their number into `senders`.

    senders: office → [read, faulty, repeated within the file]. Reads the batch's staging tables, and of them only keys
    that more than one version claims; the caller commits.
    """
    earlier = not dataset.snapshot and _heard_before(connection, dataset.table, batch_id)
    if not earlier and not any(counts[2] for counts in senders.values()):
        return senders
    connection.execute(text("DROP TABLE IF EXISTS staging_repeat"))
    found = _IN_FILE + (_IN_EARLIER_FILES if earlier else "")
    statement = found.format(table=dataset.table, batch=int(batch_id))  # CREATE TABLE takes no parameters
    connection.execute(text(f"CREATE TEMP TABLE staging_repeat AS {statement}"))
    connection.execute(text(_KEEP), {"batch": batch_id, "kept": KEPT})
    counted = connection.execute(text("SELECT sender, count(*) AS many FROM staging_repeat GROUP BY sender"))
    repeated = {row.sender: row.many for row in counted}
    return {office: [read, faulty, repeated.get(office, 0)] for office, (read, faulty, _) in senders.items()}


def _heard_before(connection: Connection, table: str, batch_id: int) -> bool:
    known = first_and_last_batch(connection, table)
    return known is not None and known[0] < batch_id


_IN_FILE = """
SELECT row_no, natural_key, coalesce(sender, '') AS sender, CAST({batch} AS bigint) AS first_batch_id, first_row_no FROM (
  SELECT row_no, natural_key, sender, first_value(row_no) OVER line AS first_row_no, row_number() OVER line AS nth
    FROM staging_{table} JOIN crowded_{table} USING (natural_key)
  WINDOW line AS (PARTITION BY natural_key, known_at, content_hash, retracted ORDER BY row_no)) rows
 WHERE nth > 1"""

_IN_EARLIER_FILES = """
UNION ALL
SELECT row_no, natural_key, sender, first_batch_id, first_row_no FROM (
  SELECT DISTINCT ON (row.row_no) row.row_no, row.natural_key, coalesce(row.sender, '') AS sender,
    fact.batch_id AS first_batch_id, fact.row_no AS first_row_no,
    fact.content_hash = row.content_hash AND fact.retracted = row.retracted AS same
    FROM (SELECT *, row_number() OVER (PARTITION BY natural_key, known_at, content_hash, retracted ORDER BY row_no)
            AS nth FROM staging_{table} JOIN crowded_{table} USING (natural_key)) row
    JOIN "{table}" fact ON fact.natural_key = row.natural_key AND fact.known_at <= row.known_at
     AND fact.batch_id < {batch}
   WHERE row.nth = 1
   ORDER BY row.row_no, fact.known_at DESC, fact.id DESC) heard
 WHERE same"""

_KEEP = """
INSERT INTO row_repeat (batch_id, row_no, natural_key, sender, first_batch_id, first_row_no)
SELECT :batch, row_no, natural_key, sender, first_batch_id, first_row_no FROM staging_repeat
 ORDER BY row_no LIMIT :kept"""
