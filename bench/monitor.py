"""Does the monitor hold what is broken, and nothing else? `python -m bench.monitor [ENTERPRISES]`.

A simulated city is trained on once and graded at the end of each of twelve months: how many ordinary months are held.
Then, one after another, a source is broken a fortnight before the last grading: is it held, and by what.
"""

import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("WURAO_PERSON_SECRET", "of the bench")

from sqlalchemy import Connection, Engine, text

from ingestion.city import write_city
from ingestion.intake import ingest_folder
from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.tables import Table
from risk.grade import grade
from risk.release import release
from risk.train import train

PLACE, SEED = "990100", 7
ENDS = [
    *(date(2025, month + 1, 1) for month in (9, 10, 11)),
    *(date(2026, month, 1) for month in range(1, 11)),
]
DAYS = [date.fromordinal(end.toordinal() - 1) for end in ENDS]
"""The last days of the months from September 2025 to September 2026."""
BROKEN_AT = "timestamp '2026-09-15 09:00'"
OURS = -1
"""Batch number of what a fault adds, so that it can be taken out again."""
LOT = "abs(hashtext(v.natural_key)) % 100"
FAULTS: dict[str, tuple[str, dict[str, str], str]] = {
    "nothing": ("", {}, ""),
    "all penalties gone": ("penalty", {"retracted": "true"}, "true"),
    "half of the penalties gone": ("penalty", {"retracted": "true"}, f"{LOT} < 50"),
    "a tenth of the penalties gone": ("penalty", {"retracted": "true"}, f"{LOT} < 10"),
    "all capital x 100": ("enterprise", {"regcap": "v.regcap * 100"}, "true"),
    "a fifth of the capital x 100": ("enterprise", {"regcap": "v.regcap * 100"}, f"{LOT} < 20"),
    "staff numbers blank": ("enterprise", {"empnum": "null"}, "true"),
    "annual reports gone": ("annual_report", {"retracted": "true"}, "true"),
    "every check found a problem": ("inspection_result", {"problem": "true"}, "true"),
    "all permits expired": ("permit", {"xk_yxqzi": "date '2026-09-01'"}, "true"),
    "all in one industry": ("enterprise", {"industryco": "'5211'", "industryphy": "'F'"}, "true"),
    "complaints under new numbers": ("complaint", {"natural_key": "v.natural_key || '#2'"}, "true"),
    "all listings ended": ("abnormal_listing", {"remdate": "date '2026-09-01'"}, "true"),
}
"""Fault → the table, the columns that a further version changes, and which records get one."""


def main(enterprises: int) -> None:
    """Print one line a month and one a fault."""
    with tempfile.TemporaryDirectory(prefix="wurao-bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedServer(Path(folder) / "server") as server:
            database = Database(server.url_of("postgres"))
            database.migrate()
            city = write_city(Path(folder) / "city", SEED, enterprises, DAYS[-1])
            ingest_folder(database.engine_for("ingest"), city.files_folder)
            engine = database.engine_for("risk")
            train(engine, DAYS[0], PLACE)
            for day in DAYS:
                print(_graded(engine, str(day), day)[0], flush=True)
            for fault in FAULTS:
                with database.owner().begin() as connection:
                    _break(connection, fault)
                line, snapshot = _graded(engine, fault, DAYS[-1])
                print(line, flush=True)
                with database.owner().begin() as connection:
                    _mend(connection, fault, snapshot)
            database.close()


def _graded(engine: Engine, name: str, day: date) -> tuple[str, int]:
    began = time.process_time()
    graded = grade(engine, day, PLACE)
    between = time.process_time()
    found = release(engine, graded.snapshot_id)
    findings = found.monitored.findings
    held = "released" if found.released else "HELD"
    codes = sorted({one.code for one in findings if one.blocks or not found.released})
    line = (
        f"{name:30s} {held:8s} {graded.enterprises:6d} enterprises, {graded.changed:5d} changed; {len(findings)} findings"
        f" {', '.join(codes)}; CPU {between - began:.1f} + {time.process_time() - between:.1f} s"
    )
    return line, graded.snapshot_id


def _break(connection: Connection, fault: str) -> None:
    table, changes, where = FAULTS[fault]
    if not table:
        return
    columns = [column.name for column in Table.metadata.tables[table].columns if column.name != "id"]
    changed = changes | {"known_at": BROKEN_AT, "batch_id": str(OURS)}
    values = ", ".join(changed.get(name, f'v."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    latest = f"SELECT DISTINCT ON (natural_key) * FROM {table} WHERE known_at < {BROKEN_AT} ORDER BY natural_key, known_at DESC, id DESC"
    connection.execute(
        text(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM ({latest}) v WHERE NOT v.retracted AND {where}"
        )
    )


def _mend(connection: Connection, fault: str, snapshot: int) -> None:
    """Take the fault and its grading out again: the next one is compared with the same month."""
    table = FAULTS[fault][0]
    if table:
        connection.execute(text(f"DELETE FROM {table} WHERE batch_id = {OURS}"))
    mine = {"snapshot": snapshot}
    connection.execute(
        text(
            "DELETE FROM grade_reason WHERE grade_id IN (SELECT id FROM grade WHERE snapshot_id = :snapshot)"
        ),
        mine,
    )
    for name in ("snapshot_release", "monitor_report", "grade", "feature_row"):
        connection.execute(text(f"DELETE FROM {name} WHERE snapshot_id = :snapshot"), mine)
    connection.execute(text("DELETE FROM feature_snapshot WHERE id = :snapshot"), mine)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
