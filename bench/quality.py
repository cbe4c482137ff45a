"""Quality figures over a million decisions: `python -m bench.quality [DECISIONS]`."""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import text

from ingestion.quality import rates, read_figures
from ingestion.quality_rows import Drill, drill_rows
from registry.database import Database
from registry.postgres import EmbeddedServer

DAY = date(2026, 11, 27)

FILL = """
INSERT INTO penalty (natural_key, content_hash, known_at, batch_id, row_no, enterprise_code, cf_wsh, cf_wfxw, cf_sy, cf_yj,
  cf_cflb, cf_nr, cf_jdrq, cf_cfjg, department)
SELECT 'office ' || n % 40 || '|no ' || n || '|code', md5(n::text) || md5(v::text), decided + (1 + n * 7 % 14 + v * 60) * interval '1 day',
  1, n, 'code', 'no ' || n, 'x', 'x', 'x', 'x', 'x', decided, 'office ' || n % 40, 'x'
FROM (SELECT n, DATE '2021-01-01' + n * 13 % 2000 AS decided FROM generate_series(1, :many) n) d,
  LATERAL (SELECT generate_series(0, (n % 10 = 0)::int) AS v) versions"""


def main(many: int) -> None:
    """Fill a fresh database, then time the figures and a page of rows."""
    with tempfile.TemporaryDirectory(prefix="wurao-bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder)) as server:
            database = Database(server.url_of("postgres"))
            database.migrate()
            with database.owner().begin() as connection:
                connection.execute(text(
                    "INSERT INTO batch (dataset, file_name, sha256, received_at, state, senders)"
                    " VALUES ('penalty', 'f', 'x', '2026-11-01', 'loaded', '{\"office 1\": [1, 0, 0]}')"
                ))  # fmt: skip
                connection.execute(text(FILL), {"many": many})
            with database.engine_for("ingest").connect() as connection:
                for name, run in (
                    ("figures, first", lambda: rates(read_figures(connection, DAY, "CN"), ("month", "dataset", "office"))),
                    ("figures, again", lambda: rates(read_figures(connection, DAY, "CN"), ("month", "dataset", "office"))),
                    ("late rows of one office and month", lambda: drill_rows(
                        connection, Drill(DAY, "CN", "penalty", "late", "office 1", date(2024, 3, 1), date(2024, 3, 1)))),
                    ("late rows of everything", lambda: drill_rows(connection, Drill(DAY, "CN", "penalty", "late"))),
                ):  # fmt: skip
                    started = time.perf_counter()
                    run()
                    print(f"{name}: {time.perf_counter() - started:.2f} s")
            database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
