"""Verdict (版本判定): which staged rows say something new, judged over the whole file and all the facts at once."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from ingestion.staging import Staging

NEW, SUPERSEDING, SAME, CONFLICT = range(4)
"""What becomes of a staged row. SAME and CONFLICT are not written."""

Verdicts = NDArray[np.int8]


def crowd(connection: Connection, table: str, batch_id: int) -> None:
    """Note the natural keys that more than one version claims, in the file or with the facts of other batches.

    Every other key has one row, which is new: most of a file needs no comparing.
    """
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


def judge(connection: Connection, staging: Staging, table: str, snapshot: bool, further: bool) -> Verdicts:
    """The verdict on every staged row of a table, by place.

    A row is SAME when the same content was known at the same time, or when the version in force just before it says
    the same. Of events with their own time (not `snapshot`) every assertion is kept: were it dropped, a contradiction
    that arrives later but lies between the two would win for good. In a `further` table a withdrawal counts only
    where there is something to withdraw. This batch's own facts are passed over, so that an import that was killed
    and goes on judges as it did before.
    """
    spool = staging.spools[table]
    verdicts = np.full(spool.rows, NEW, np.int8)
    verdicts[np.isin(spool.row_numbers(), staging.conflicts)] = CONFLICT
    if further:
        withdrawn = f"SELECT place, {SAME} FROM staging_{table} WHERE retracted"
        places, found = _fetch(connection, withdrawn)  # those of crowded keys get their own verdict below
        verdicts[places] = found
    parts = {
        "table": table, "batch": staging.batch_id, "new": NEW, "superseding": SUPERSEDING, "same": SAME,
        "dropped": "unchanged" if snapshot else "unchanged AND NOT dated",
        "withdrawn": "retracted AND NOT known_before" if further else "false",
    }  # fmt: skip
    places, found = _fetch(connection, _JUDGED.format(**parts))
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
WITH seen AS (
  SELECT natural_key, known_at, content_hash, retracted, false AS staged, false AS dated, id AS place FROM "{table}"
   WHERE natural_key IN (SELECT natural_key FROM crowded_{table}) AND batch_id <> {batch}
  UNION ALL
  SELECT natural_key, known_at, content_hash, retracted, true, dated, place
    FROM staging_{table} JOIN crowded_{table} USING (natural_key)),
judged AS (
  SELECT staged, dated, place, retracted,
    lag(content_hash) OVER line IS NOT DISTINCT FROM content_hash
      AND lag(retracted) OVER line IS NOT DISTINCT FROM retracted AS unchanged,
    row_number() OVER (PARTITION BY natural_key, known_at, content_hash, retracted ORDER BY staged, place) > 1
      AS repeated,
    bool_or(NOT staged) OVER (PARTITION BY natural_key) OR row_number() OVER line > 1 AS known_before
  FROM seen WINDOW line AS (PARTITION BY natural_key ORDER BY known_at, staged, place))
SELECT place, CASE WHEN repeated OR ({dropped}) OR ({withdrawn}) THEN {same}
  WHEN known_before THEN {superseding} ELSE {new} END FROM judged WHERE staged"""
