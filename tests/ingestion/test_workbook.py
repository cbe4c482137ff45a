"""The fault workbook goes out, is mended in a spreadsheet, and comes back as the same records."""

from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from ingestion.intake import ingest_file
from ingestion.workbook import write_fault_workbook
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import TEA, good

CODE = "行政相对人代码_1(统一社会信用代码)"


def test_mended_rows_come_back(one_town: Ingest, one_database: Database, tmp_path: Path) -> None:
    rows = [good("penalty", 行政处罚决定书文号=f"w{n}") for n in range(4)]
    rows[1] |= {"处罚决定日期": "2026-02-30", "处罚内容": "=1+1", "违法事实": ""}
    rows[3] |= {CODE: TEA[:17] + "X"}
    report = one_town("penalty", rows)
    assert report.rows_faulty == 2

    out = tmp_path / "penalty_faults.xlsx"
    role = one_database.engine_for("ingest")
    with role.connect() as connection:
        assert write_fault_workbook(connection, report.batch_id or 0, out) == 2
    headings, *cells = CalamineWorkbook.from_path(str(out)).get_sheet_by_index(0).to_python()
    assert headings[-3:] == ["【原行号】", "【问题所在】", "【怎么改】"]
    first = dict(zip(headings, cells[0], strict=True))
    assert first["【原行号】"] == "3"
    assert set(first["【问题所在】"].split("、")) == {"处罚决定日期", "违法事实"}
    assert first["处罚内容"] == "=1+1", "text, not a formula"
    assert first[CODE] == TEA

    mended = tmp_path / "penalty_mended.xlsx"
    with xlsxwriter.Workbook(str(mended), {"strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet()
        for place, heading in enumerate(headings):
            sheet.write(0, place, heading)
        for line, row in enumerate(cells, start=1):
            fixed = dict(zip(headings, row, strict=True)) | {
                "处罚决定日期": "2026-02-26",
                "违法事实": "x",
                CODE: TEA,
            }
            for place, heading in enumerate(headings):
                sheet.write_string(line, place, fixed[heading])
    again = ingest_file(role, mended)
    assert (again.rows_read, again.rows_new, again.rows_faulty) == (2, 2, 0), again.faults
    with one_database.owner().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM penalty WHERE cf_wsh LIKE 'w%'")).scalar() == 4


def test_a_telephone_goes_out_hashed_and_comes_back_the_same(
    one_town: Ingest, one_database: Database, tmp_path: Path
) -> None:
    report = one_town("registration", [good("registration", 登记状态="开张", 数据更新时间="2026-07-01")])
    out = tmp_path / "registration_faults.xlsx"
    role = one_database.engine_for("ingest")
    with role.connect() as connection:
        write_fault_workbook(connection, report.batch_id or 0, out)
    headings, cells = CalamineWorkbook.from_path(str(out)).get_sheet_by_index(0).to_python()
    kept = dict(zip(headings, cells, strict=True))["联系电话"]
    assert kept.startswith("sha256:")
    assert "8888001" not in "".join(map(str, cells))
    one_town("registration", [good("registration", 联系电话=kept, 从业人数="99", 数据更新时间="2026-07-02")])
    with one_database.owner().connect() as connection:
        hashes = connection.execute(
            text(f"SELECT DISTINCT tel_hash FROM enterprise WHERE enterprise_code = '{TEA}'")
        ).all()
    assert len(hashes) == 1


def test_without_faults_there_is_no_workbook(
    one_town: Ingest, one_database: Database, tmp_path: Path
) -> None:
    report = one_town("department", [good("department")])
    with one_database.engine_for("ingest").connect() as connection:
        for batch in (report.batch_id or 0, 10**6):
            with pytest.raises(Refusal):
                write_fault_workbook(connection, batch, tmp_path / "x.xlsx")
