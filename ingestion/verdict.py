"""Verdict (版本判定): which staged rows say something new, judged over the whole file and all the facts at once."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from ingestion.staging import Staging, business_columns
from ingestion.standing import stands

NEW, SUPERSEDING, SAME, CONFIRMING, CONFLICT = range(5)
"""What becomes of a staged row: the first two are versions, CONFIRMING is noted beside them, the rest is not written."""

Verdicts = NDArray[np.int8]


def crowd(connection: Connection, table: str, batch_id: int) -> None:
    """Note the natural keys that more than one version claims, in the file or with the facts of other batches.

    Every other key has one row, which is new: most of a file needs no comparing.
    """
    connection.execute(text("SET LOCAL work_mem = '128MB'"))  # a million keys are counted without a file
    connection.execute(text(f"ANALYZE staging_{table}"))
    connection.execute(text(f"DROP TABLE IF EXISTS crowded_{table}"))
    connection.execute(
        text(f"""
CREATE TEMP TABLE crowded_{table} AS
SELECT natural_key FROM staging_{table} GROUP BY natural_key HAVING count(*) > 1
UNION
SELECT natural_key FROM staging_{table} s
 WHERE EXISTS (SELECT FROM "{table}" f WHERE f.natural_key = s.natural_key AND f.batch_id <> :batch)"""),
        {"batch": batch_id},
    )
    connection.execute(text(f"ANALYZE crowded_{table}"))


def take_conflicts(connection: Connection, staging: Staging, table: str) -> list[tuple[int, str, str | None]]:
    """Take out rows of one record, at one time, with two contents: (row number, natural key, sender) of each."""
    taken = connection.execute(
        text(
            f"WITH clash AS (SELECT natural_key, known_at FROM staging_{table} JOIN crowded_{table} USING (natural_key)"
            " GROUP BY 1, 2 HAVING min(content_hash) <> max(content_hash) OR bool_and(retracted) <> bool_or(retracted))"
            f" DELETE FROM staging_{table} s USING clash c"
            " WHERE s.natural_key = c.natural_key AND s.known_at = c.known_at"
            " RETURNING s.row_no, s.natural_key, s.sender"
        )
    ).all()
    staging.conflicts = [row.row_no for row in taken]
    for other in (*(f"staging_{name}" for name in staging.spools if name != table), "staging_alias"):
        connection.execute(
            text(f"DELETE FROM {other} WHERE row_no = ANY(:numbers)"), {"numbers": staging.conflicts}
        )
    return sorted((row.row_no, row.natural_key, row.sender) for row in taken)


def judge(connection: Connection, staging: Staging, table: str, further: bool) -> Verdicts:
    """The verdict on every staged row of a table, by place.

    A row is SAME when the same content was known at the same time, or nothing in it has a time of its own and the
    version in force says the same. It is CONFIRMING when it says the same again at a later time. In a `further` table
    a withdrawal counts only where there is something to withdraw. What was undone is not known: said again, it is
    written again. This batch's own facts are passed over, so that an
    import that was killed and goes on judges as it did before.
    """
    spool = staging.spools[table]
    verdicts = np.full(spool.rows, NEW, np.int8)
    verdicts[np.isin(spool.row_numbers(), staging.conflicts)] = CONFLICT
    if further:
        withdrawn = f"SELECT place, {SAME} FROM staging_{table} WHERE retracted"
        places, found = _fetch(connection, withdrawn)  # those of crowded keys get their own verdict below
        verdicts[places] = found
    parts = {
        "table": table, "new": NEW, "superseding": SUPERSEDING, "same": SAME, "confirming": CONFIRMING,
        "stands": stands("batch_id"),
        "withdrawn": "retracted AND NOT known_before" if further else "false",
    }  # fmt: skip
    connection.execute(text(f"DROP TABLE IF EXISTS judged_{table}"))
    connection.execute(text(_JUDGED.format(**parts)), {"batch": staging.batch_id})
    places, found = _fetch(connection, f"SELECT place, verdict FROM judged_{table}")
    verdicts[places] = found
    return verdicts


def _fetch(connection: Connection, query: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two columns of whole numbers, by COPY: a million of them in a moment."""
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as copy:
        content = b"".join(map(bytes, copy))
    pairs = np.fromstring(content.decode("ascii"), dtype=np.int64, sep=" ").reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


_JUDGED = """
CREATE TEMP TABLE judged_{table} AS
WITH seen AS (
  SELECT natural_key, known_at, content_hash, retracted, 0 AS source, false AS dated, id AS place FROM "{table}"
   WHERE natural_key IN (SELECT natural_key FROM crowded_{table}) AND batch_id <> :batch AND {stands}
  UNION ALL
  SELECT natural_key, known_at, content_hash, retracted, 1, true, id FROM confirmation
   WHERE fact_table = '{table}' AND natural_key IN (SELECT natural_key FROM crowded_{table}) AND {stands}
  UNION ALL
  SELECT natural_key, known_at, content_hash, retracted, 2, dated, place
    FROM staging_{table} JOIN crowded_{table} USING (natural_key)),
compared AS (
  SELECT *,
    lag(content_hash) OVER line IS NOT DISTINCT FROM content_hash
      AND lag(retracted) OVER line IS NOT DISTINCT FROM retracted AS unchanged,
    row_number() OVER (PARTITION BY natural_key, known_at, content_hash, retracted ORDER BY source, place) > 1
      AS repeated,
    bool_or(source = 0) OVER (PARTITION BY natural_key) OR row_number() OVER line > 1 AS known_before
  FROM seen WINDOW line AS (PARTITION BY natural_key ORDER BY known_at, source, place))
SELECT place, CASE
  WHEN repeated OR ({withdrawn}) OR (unchanged AND NOT dated) THEN {same}
  WHEN unchanged THEN {confirming}
  WHEN known_before THEN {superseding} ELSE {new} END AS verdict
FROM compared WHERE source = 2"""


def write_confirmations(connection: Connection, table: str, batch_id: int, first: int, last: int) -> None:
    """Note the rows from `first` to `last` that said something again."""
    connection.execute(
        text(f"""
INSERT INTO confirmation (fact_table, natural_key, known_at, content_hash, retracted, batch_id)
SELECT '{table}', natural_key, known_at, content_hash, retracted, :batch
  FROM staging_{table} JOIN judged_{table} USING (place)
 WHERE verdict = {CONFIRMING} AND row_no BETWEEN :first AND :last ORDER BY place"""),
        {"batch": batch_id, "first": first, "last": last},
    )


def restore_confirmed(
    connection: Connection, table: str, keys: str, values: dict[str, int] | None = None
) -> None:
    """Make versions of confirmations that another content now comes before, for the natural keys of a SELECT.

    X was known in March and said again in May (no new version); now Y of April arrives: since May it is X again. The
    version belongs to the batch that said it again, and stands and falls with it. A second run writes nothing.
    Done once for what stands, which is the present, and once for all files, undone or not, which is the past.
    """
    for counts in (stands("batch_id"), FILES):
        connection.execute(text(_restore_sql(table, keys, counts)), values or {})


FILES = "(batch_id IS NULL OR batch_id NOT IN (SELECT id FROM batch WHERE undoes IS NOT NULL))"


def _restore_sql(table: str, keys: str, counts: str) -> str:
    columns = ", ".join(f'"{name}"' for name in business_columns(table))
    return f"""
INSERT INTO "{table}" (natural_key, content_hash, known_at, retracted, batch_id, row_no, {columns})
WITH noted AS (
  SELECT * FROM confirmation WHERE fact_table = '{table}' AND natural_key IN ({keys}) AND {counts}),
seen AS (
  SELECT natural_key, known_at, content_hash, retracted, batch_id, 0 AS source, id FROM "{table}"
   WHERE natural_key IN (SELECT natural_key FROM noted) AND {counts}
  UNION ALL SELECT natural_key, known_at, content_hash, retracted, batch_id, 1, id FROM noted),
compared AS (
  SELECT *, lag(content_hash) OVER line IS NOT DISTINCT FROM content_hash
      AND lag(retracted) OVER line IS NOT DISTINCT FROM retracted AS unchanged
    FROM seen WINDOW line AS (PARTITION BY natural_key ORDER BY known_at, batch_id, source, id))
SELECT again.natural_key, again.content_hash, again.known_at, again.retracted, again.batch_id, 0, {columns}
  FROM compared again CROSS JOIN LATERAL (
   SELECT {columns} FROM "{table}" f WHERE f.natural_key = again.natural_key
      AND f.content_hash = again.content_hash LIMIT 1) content
 WHERE again.source = 1 AND NOT again.unchanged AND NOT EXISTS (
   SELECT FROM seen f WHERE f.source = 0 AND f.natural_key = again.natural_key AND f.known_at = again.known_at
      AND (f.batch_id > again.batch_id OR f.content_hash = again.content_hash AND f.retracted = again.retracted))
 ORDER BY again.id"""


def withdraw_what_later_rows_lack(connection: Connection, main: str, further: str, batch_id: int) -> None:
    """Withdraw what a row of this batch brought into a `further` table, from the day on which a later row of the same
    enterprise, that came in before, no longer had it.

    A row says everything about its enterprise, also what it leaves out; when it came in, there was nothing to withdraw.
    """
    columns = ", ".join(f'"{name}"' for name in business_columns(further))
    heard = """
  SELECT natural_key, known_at, batch_id FROM "{table}"
  UNION ALL SELECT natural_key, known_at, batch_id FROM confirmation WHERE fact_table = '{table}'"""
    connection.execute(
        text(f"""
INSERT INTO "{further}" (natural_key, content_hash, known_at, retracted, batch_id, row_no, {columns})
SELECT v.natural_key, v.content_hash, later.known_at, true, :batch, 0, {columns}
  FROM "{further}" v JOIN crowded_{main} crowded ON crowded.natural_key = v.enterprise_code
 CROSS JOIN LATERAL (
   SELECT min(known_at) AS known_at FROM ({heard.format(table=main)}) m
    WHERE m.natural_key = v.enterprise_code AND m.known_at > v.known_at AND {stands("m.batch_id")}) later
 WHERE v.batch_id = :batch AND NOT v.retracted AND later.known_at IS NOT NULL AND NOT EXISTS (
   SELECT FROM ({heard.format(table=further)}) k WHERE k.natural_key = v.natural_key
      AND k.known_at > v.known_at AND k.known_at <= later.known_at AND {stands("k.batch_id")})
 ORDER BY v.id"""),
        {"batch": batch_id},
    )
