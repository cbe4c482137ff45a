"""Encodings, kinds of file, and limits against bombs. Nothing undecodable is ever stored."""

import json
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from sqlalchemy import text

from ingestion.decode import open_table
from ingestion.encoding import MARK, look_over
from ingestion.intake import ingest_file
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.papers import good, write_csv

RARE = "𠮷㐂茶庄（安和）"


def read_all(path: Path, known: tuple[str, ...] = ()) -> pd.DataFrame:
    return pd.concat([chunk.rows for chunk in open_table(path, known=known).chunks])


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"),
    ],
)  # fmt: skip
def test_rare_characters_survive_every_encoding(tmp_path: Path, encoding: str, seen: str) -> None:
    rows = [{"名称": RARE, "code": "０１２"}] * 30
    path = write_csv(tmp_path / "x.csv", rows, encoding)
    assert look_over(path).encoding == seen
    assert read_all(path).to_dict("records") == rows


def test_gbk_is_read_as_gb18030(tmp_path: Path) -> None:
    assert read_all(write_csv(tmp_path / "x.csv", [{"名称": "安和茶庄"}], "gbk"))["名称"].tolist() == [
        "安和茶庄"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_bad_byte_holds_its_row_and_names_its_column(
    one_database: Database, tmp_path: Path, encoding: str
) -> None:
    rows = [good("department", 部门=f"{encoding}{n}", 部门全称="人力资源和社会保障局" * 3) for n in range(3)]
    path = write_csv(tmp_path / "department_bytes.csv", rows, encoding)
    lines = path.read_bytes().split(b"\r\n")
    lines[2] = lines[2].replace("资源".encode(encoding), b"\xff\xff", 1)
    path.write_bytes(b"\r\n".join(lines))
    report = ingest_file(one_database.engine_for("ingest"), path)
    assert [(f["row_no"], f["column"], f["code"]) for f in report.faults] == [(3, "部门全称", "undecodable")]
    assert report.rows_new == 2
    with one_database.owner().connect() as connection:
        stored = connection.execute(text("SELECT string_agg(full_name, '') FROM department")).scalar_one()
    assert MARK not in stored


def test_a_file_that_brings_replacement_characters_of_its_own(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", [{"名称": f"安{MARK}和"}, {"名称": "好"}])
    chunk = next(open_table(path).chunks)
    assert [(f.row_no, f.code) for f in chunk.faults] == [(2, "undecodable")]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_separators_quotes_and_line_breaks_in_cells(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        f'甲{separator}乙\r\n"一{separator}二"{separator}"上\n下"\r\n三{separator}四\r\n', encoding="utf-8"
    )
    assert read_all(path).to_dict("records") == [
        {"甲": f"一{separator}二", "乙": "上\n下"},
        {"甲": "三", "乙": "四"},
    ]


def write_sheet(path: Path, rows: list[list[object]], first: int = 0) -> Path:
    with xlsxwriter.Workbook(
        str(path), {"default_date_format": "yyyy-mm-dd", "remove_timezone": True}
    ) as workbook:
        workbook.add_worksheet("空表")
        sheet = workbook.add_worksheet("数据")
        for line, row in enumerate(rows, start=first):
            for place, cell in enumerate(row):
                sheet.write(line, place, cell)
    return path


def test_a_workbook_with_an_empty_sheet_a_title_and_numbers(tmp_path: Path) -> None:
    day = pd.Timestamp(2026, 2, 3).to_pydatetime()
    path = write_sheet(
        tmp_path / "x.xlsx",
        [
            ["某局行政处罚汇总表", "", "", "", ""],
            ["代码", "日期", "注册号", "金额", "是否"],
            [9.13301007161036e17, day, 330108000000965, 0.5, True],
        ],
        first=2,
    )
    table = open_table(path, known=("代码", "日期"))
    assert table.headings == ["代码", "日期", "注册号", "金额", "是否"]
    chunk = next(table.chunks)
    assert chunk.rows.index.tolist() == [5], "the row number is the one Excel shows"
    row = chunk.rows.iloc[0]
    assert row["代码"].startswith("9.13301")
    assert "E+17" in row["代码"], "lost digits stay visible, so that the check digit is never guessed at"
    assert row.tolist()[1:] == ["2026-02-03", "330108000000965", "0.5", "是"]


def test_json_lines_with_lists_and_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(
        "\n".join(json.dumps(r, ensure_ascii=False) for r in ({"甲": ["a", "b"], "乙": None}, {"甲": 1})),
        encoding="utf-8",
    )
    assert read_all(path).to_dict("records") == [{"甲": "a;b", "乙": ""}, {"甲": "1", "乙": ""}]


def refusal_of(path: Path) -> str:
    with pytest.raises(Refusal) as refused:
        read_all(path)
    assert refused.value.remedy
    return refused.value.code


def test_what_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    (tmp_path / "b.pdf").write_bytes(b"%PDF")
    (tmp_path / "c.csv").write_bytes(b" \n\n")
    (tmp_path / "d.csv").write_text("甲,甲\n1,2\n", encoding="utf-8")
    (tmp_path / "e.csv").write_text("甲,,丙\n1,2,3\n", encoding="utf-8")
    found = [refusal_of(tmp_path / name) for name in ("a.xlsx", "b.pdf", "c.csv", "d.csv", "e.csv")]
    assert found == [
        "file.unreadable",
        "file.unknown_kind",
        "file.empty",
        "file.bad_headings",
        "file.bad_headings",
    ]


def test_bombs_are_refused_before_they_unpack(tmp_path: Path) -> None:
    bomb = tmp_path / "x.xlsx"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet,
    ):
        for _ in range(40):
            sheet.write(b"0" * (1 << 20))
    started = time.perf_counter()
    assert refusal_of(bomb) == "file.bomb"
    assert time.perf_counter() - started < 1


def test_too_many_columns_and_too_long_a_cell(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text(
        ",".join(f"c{n}" for n in range(200)) + "\n" + ",".join("1" * 200), encoding="utf-8"
    )
    (tmp_path / "long.csv").write_text('甲,乙\n1,"' + "x" * 1_000_000 + '"\n', encoding="utf-8")
    assert refusal_of(tmp_path / "wide.csv") == "file.too_wide"
    assert refusal_of(tmp_path / "long.csv") == "file.cell_too_long"


def test_a_sheet_that_repeats_the_headings_goes_on_with_the_data(tmp_path: Path) -> None:
    path = tmp_path / "penalty_two.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for heading, rows in (
            (("甲", "乙"), []),
            (("说明", "乙"), [("x", "y")]),
            (("甲", "乙"), [("1", "2"), ("3", "4")]),
        ):
            sheet = book.add_worksheet()
            for number, row in enumerate([heading, *rows]):
                sheet.write_row(number, 0, row)
    assert read_all(path)["甲"].tolist() == ["1", "3"]
