"""Sending a fault workbook back, mended by a program that knows the truth (C-3)."""

import re
from pathlib import Path

from python_calamine import CalamineWorkbook
from sqlalchemy import select, text

from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from ingestion.workbook import write_fault_workbook
from registry.database import Database
from registry.tables.batch import RowFault
from tests.faults.formats import write_xlsx
from tests.faults.importing import version_tables
from tests.faults.spoiling import HEADINGS, KINDS, TWINS, Line, spoiled_file
from tests.ingestion.conftest import bringer
from tests.ingestion.papers import good, write_csv

REMEDY = re.compile(r"请[^。]+。$")
"""One sentence that ends with what to do."""


def prove_malformed_rows(database: Database, folder: Path, sound: int, bad: int, seed: int) -> None:
    """C-3 whole: exactly the good rows are loaded, exactly the bad ones are faults, and mended they load too."""
    role = database.engine_for("ingest")
    twins = [good("registration", 统一社会信用代码=code, 企业名称="同名商行", 曾用名="") for code in TWINS]
    assert bringer(database, folder)("registration", twins).rows_faulty == 0
    print(f"seed {seed}")
    path = folder / "penalty_spoiled.csv"
    lines = spoiled_file(path, sound, bad, seed)
    report = ingest_file(role, path)

    assert (report.rows_read, report.rows_valid, report.rows_new, report.rows_faulty) == (
        sound + bad,
        sound,
        sound,
        bad,
    )
    _every_fault_is_the_stated_one(database, report, lines)
    with database.owner().connect() as connection:
        loaded = set(connection.execute(text("SELECT row_no FROM penalty")).scalars())
    assert loaded == {number for number, line in lines.items() if line.fault is None}, (
        "a bad row blocked a good one"
    )

    again = ingest_file(role, mend(database, report, lines, folder))
    assert (again.rows_read, again.rows_new, again.rows_faulty) == (bad, bad, 0), again.faults
    whole = [line.row | line.mended for line in lines.values()]
    straight = ingest_file(role, write_csv(folder / "penalty_straight.csv", whole))
    assert straight.rows_same == sound + bad, "what was mended is not what was meant"
    assert "penalty" in version_tables()


def _every_fault_is_the_stated_one(database: Database, report: BatchReport, lines: dict[int, Line]) -> None:
    columns = select(RowFault.row_no, RowFault.code, RowFault.column, RowFault.sentence, RowFault.raw)
    with database.owner().connect() as connection:
        faults = connection.execute(columns.where(RowFault.batch_id == report.batch_id)).all()
    stated = {number: line.fault for number, line in lines.items() if line.fault}
    found = {fault.row_no: (fault.code, fault.column) for fault in faults}
    assert len(faults) == len(stated), "a fault too many or too few"
    wrong = [(n, stated.get(n), found.get(n)) for n in {*stated, *found} if stated.get(n) != found.get(n)]
    assert not wrong, wrong[:5]
    assert {fault.code for fault in faults} == {code for code, _ in KINDS}
    assert len({fault.code for fault in faults}) >= 25
    vague = {
        f.code: f.sentence for f in faults if not REMEDY.search(f.sentence) or f.sentence.count("。") != 1
    }
    assert not vague, f"no single sentence that ends with what to do: {vague}"
    assert all(not fault.raw for fault in faults if fault.code == "natural_person")


def mend(database: Database, report: BatchReport, lines: dict[int, Line], folder: Path) -> Path:
    """The fault workbook with the stated cells put right, and nothing else touched; its own columns stay in it."""
    out = folder / "penalty_faults.xlsx"
    with database.engine_for("ingest").connect() as connection:
        assert write_fault_workbook(connection, report.batch_id or 0, out) == report.rows_faulty
    headings, *rows = CalamineWorkbook.from_path(str(out)).get_sheet_by_index(0).to_python()
    mended = []
    for cells in rows:
        row = dict(zip(map(str, headings), map(str, cells), strict=True))
        line = lines[int(row["【原行号】"])]
        nothing_kept = not any(row[heading] for heading in HEADINGS)
        mended.append(row | (line.row if nothing_kept else {}) | line.mended)
    return write_xlsx(folder / "penalty_mended.xlsx", mended)
