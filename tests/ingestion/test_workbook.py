"""The fault workbook goes out, is mended in a spreadsheet, and comes back as the same records."""

import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from ingestion.intake import ingest_file
from ingestion.mending import workbook_name
from ingestion.workbook import write_fault_workbook
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import TEA, good, write_csv

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


Row = dict[str, str]


def sent_out(database: Database, batch_id: int, folder: Path) -> tuple[Path, list[Row]]:
    """The fault workbook of a batch under its own name, and its rows."""
    with database.engine_for("ingest").connect() as connection:
        path = folder / workbook_name(connection, batch_id)
        write_fault_workbook(connection, batch_id, path)
    headings, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return path, [dict(zip(map(str, headings), map(str, cells), strict=True)) for cells in rows]


def written_back(path: Path, rows: list[Row]) -> Path:
    """What a person saves over the workbook."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet("问题数据")
        for line, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            for place, cell in enumerate(cells):
                sheet.write_string(line, place, cell)
    return path


def test_a_workbook_finds_its_dataset_by_its_name_and_keeps_what_is_still_wrong(
    one_town: Ingest, one_database: Database, tmp_path: Path
) -> None:
    """The first file's name says nothing; lines that were no rows come back, too; a browser adds its (1)."""
    role = one_database.engine_for("ingest")
    rows = [good("complaint", 投诉举报编号=f"m{n}", 登记日期="无日") for n in range(3)]
    path = write_csv(tmp_path / "十一月 (终).csv", rows, "utf-8")
    path.write_text(path.read_text(encoding="utf-8") + "m3,投诉\n", encoding="utf-8")
    first = ingest_file(role, path, "complaint")
    assert first.fault_counts == {"bad_date": 3, "too_few_cells": 1}

    out, held = sent_out(one_database, first.batch_id or 0, tmp_path)
    assert out.name == f"十一月_(终).csv.第{first.batch_id}批问题数据.xlsx"
    assert held[3]["【原文】"] == "m3｜投诉"
    held[0]["登记日期"] = "2026-02-01"
    held[3] |= {
        heading: cell for heading, cell in good("complaint", 投诉举报编号="m3").items() if heading in held[3]
    }
    second = ingest_file(role, written_back(out.with_stem(f"{out.stem} (1)"), held))
    assert (second.dataset, second.rows_new, second.fault_counts) == ("complaint", 2, {"bad_date": 2})

    again, held = sent_out(one_database, second.batch_id or 0, tmp_path)
    assert again.name == f"十一月_(终).csv.第{second.batch_id}批问题数据.xlsx"
    mended = written_back(again, [row | {"登记日期": "2026-02-01"} for row in held])
    third = ingest_file(role, mended)
    assert (third.dataset, third.rows_new, third.rows_faulty) == ("complaint", 2, 0), third.faults


PROFILE = """
name = "河东"
[[file]]
pattern = "举报台账.csv"
personal = ["举报人"]
[[file.feeds]]
dataset = "complaint"
[file.feeds.columns]
"投诉举报编号" = "编号"
"统一社会信用代码" = "主体代码"
"登记日期" = "日期"
"涉及事项" = "事项"
[file.feeds.constants]
"类型" = "投诉"
"""


def test_a_workbook_finds_its_profile_too(
    one_town: Ingest, one_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    profile = tmp_path / "data" / "profiles" / "hedong.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(PROFILE, encoding="utf-8")
    role = one_database.engine_for("ingest")
    row = {"编号": "p1", "主体代码": TEA, "日期": "昨天", "事项": "短斤少两", "举报人": "某某"}
    path = write_csv(tmp_path / "举报台账.csv", [row, row | {"编号": "p2", "日期": "2026-02-01"}], "utf-8")
    path.write_text(path.read_text(encoding="utf-8") + "p3,不成一行\n", encoding="utf-8")
    first = ingest_file(role, path, profile=profile)
    assert (first.rows_new, first.fault_counts) == (1, {"bad_date": 1, "too_few_cells": 1}), first.sentence

    out, held = sent_out(one_database, first.batch_id or 0, tmp_path)
    assert "举报人" not in held[0]
    held[0]["日期"] = "2026-02-01"
    held[1] |= {"编号": "p3", "主体代码": TEA, "日期": "2026-02-02", "事项": "价格"}
    again = ingest_file(role, written_back(out, held))
    assert (again.dataset, again.state, again.rows_new) == ("complaint", "loaded", 2), again.sentence

    profile.unlink()
    with pytest.raises(Refusal, match="找不到对照方案“河东”"):
        ingest_file(role, out)


def test_no_cell_is_a_formula_or_a_number(one_town: Ingest, one_database: Database, tmp_path: Path) -> None:
    """C-10, by the cells' own types: every one a string with the text format, the active ones quoted."""
    active = ["=1+1", "+861057", "-5", "@SUM(A1)", "\t=1", "\r=1"]
    digits = "370102197001011234"  # eighteen digits that are no resident's number
    rows = [good("complaint", 投诉举报编号=f"c{n}", 涉及事项=cell, 登记日期="无日", 统一社会信用代码=digits)
            for n, cell in enumerate(active)]  # fmt: skip
    report = one_town("complaint", rows)
    out, held = sent_out(one_database, report.batch_id or 0, tmp_path)
    assert [row["涉及事项"].strip() for row in held] == [cell.strip() for cell in active]
    assert {row["统一社会信用代码"] for row in held} == {digits}
    with zipfile.ZipFile(out) as parts:
        sheet, styles = parts.read("xl/worksheets/sheet1.xml").decode(), parts.read("xl/styles.xml").decode()
    cells = re.findall(r"<c [^>]*>", sheet)
    assert len(cells) > 60
    assert "<f>" not in sheet
    assert {re.search(r't="(\w+)"', cell)[1] for cell in cells if "t=" in cell} == {"inlineStr"}  # type: ignore[index]
    formats = re.findall(r"<xf [^>]*>", styles.split("<cellXfs")[1].split("</cellXfs>")[0])
    topics = [re.search(r' s="(\d+)"', cell)[1]  # type: ignore[index]
              for cell in cells if re.search(rf'r="{column_of(held[0], "涉及事项")}[2-7]"', cell)]  # fmt: skip
    assert len(topics) == len(active)
    for style in topics:
        assert 'quotePrefix="1"' in formats[int(style)]
        assert 'numFmtId="49"' in formats[int(style)]


def column_of(row: Row, heading: str) -> str:
    """The letter of a heading's column."""
    return chr(ord("A") + list(row).index(heading))
