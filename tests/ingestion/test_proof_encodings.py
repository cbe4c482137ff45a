"""C-4: every encoding and line end that bureaus send. What cannot be read holds its row; nothing garbled is ever stored."""

import codecs
import csv
import io
import itertools
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from registry.database import Database
from registry.tables import Table
from tests.ingestion.papers import good

RARE = ("𠮷野家", "㐂多茶庄", "䶮记", "𫖯氏", "㑇·阿不都", "€１２Ａｂ", "（安和）“老店”", "ñÄé")
PLAIN = ("安和茶庄", "云来客栈", "１２Ａｂ", "（安和）")
SERIAL = itertools.count(1)
UNDECODABLE = "含有无法识别的字节，请用 UTF-8 或 GB18030 重新导出这一行。"


def people(names: tuple[str, ...], many: int) -> list[dict[str, str]]:
    """Rows of inspectors, each with a number of its own and one of the names."""
    return [good("inspector", 工号=f"E{next(SERIAL)}", 姓名=names[n % len(names)]) for n in range(many)]


def as_text(rows: list[dict[str, str]], end: str = "\r\n") -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return buffer.getvalue()


def bring(database: Database, path: Path, content: bytes) -> BatchReport:
    path.write_bytes(content)
    return ingest_file(database.engine_for("ingest"), path)


def stored(database: Database, rows: list[dict[str, str]]) -> list[str | None]:
    """The names that the registry holds for rows, in their order; None where a row was not loaded."""
    with database.owner().connect() as connection:
        found = connection.execute(text("SELECT staff_no, name FROM inspector WHERE staff_no = ANY(:numbers)"),
                                   {"numbers": [row["工号"] for row in rows]})  # fmt: skip
        names = {row.staff_no: row.name for row in found}
    return [names.get(row["工号"]) for row in rows]


def assert_nothing_garbled_is_stored(database: Database, report: BatchReport) -> None:
    """No replacement character, control character or byte-order mark in any text of any table that a batch wrote.

    The copy of a faulty row that is kept for its sender (row_fault.raw) may show where it could not be read.
    """
    garbled = "[\ufffd\ufeff\x01-\x08\x0b\x0c\x0e-\x1f]"
    own = {"batch": "id = :batch", "journal": "subject = 'batch:' || :batch"}
    with database.owner().connect() as connection:
        for name, table in Table.metadata.tables.items():
            of_the_batch = own.get(name) or ("batch_id = :batch" if "batch_id" in table.c else "true")
            texts = [
                c.name
                for c in table.c
                if str(c.type).startswith(("VARCHAR", "ARRAY", "JSON")) and c.name != "raw"
            ]
            for column in texts:
                bad = connection.execute(
                    text(
                        f'SELECT count(*) FROM "{name}" WHERE {of_the_batch} AND "{column}"::text ~ :garbled'
                    ),
                    {"garbled": garbled, "batch": report.batch_id},
                )
                assert bad.scalar_one() == 0, f"{name}.{column}"


@pytest.mark.parametrize(
    ("encoding", "bom", "names"),
    [
        ("utf-8", b"", RARE), ("utf-8", codecs.BOM_UTF8, RARE), ("gb18030", b"", RARE), ("gbk", b"", PLAIN),
        ("utf-16-le", b"", RARE), ("utf-16-le", codecs.BOM_UTF16_LE, RARE), ("utf-16-be", b"", RARE),
        ("utf-16-be", codecs.BOM_UTF16_BE, RARE),
    ],
)  # fmt: skip
def test_every_encoding(
    one_database: Database, tmp_path: Path, encoding: str, bom: bytes, names: tuple[str, ...]
) -> None:
    """Enough rows that every character falls across a block that is read at once."""
    rows = people(names, 3_000)
    report = bring(one_database, tmp_path / "inspector_e.csv", bom + as_text(rows).encode(encoding))
    assert (report.state, report.rows_new, report.rows_faulty) == ("loaded", 3_000, 0), report
    assert stored(one_database, rows) == [row["姓名"] for row in rows]
    assert_nothing_garbled_is_stored(one_database, report)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16-le"])
def test_full_width_numbers_are_numbers(
    one_town: object, one_database: Database, tmp_path: Path, encoding: str
) -> None:
    changes = {
        "从业人数": "１２",
        "注册资本(万元)": "３，０００．５",
        "成立日期": "２０１６－０５－０４",
        "行业门类": "Ｆ",
    }
    row = good("registration", 数据更新时间="２０２６－０８－０１", 经营范围=encoding, **changes)
    report = bring(one_database, tmp_path / "registration_w.csv", as_text([row]).encode(encoding))
    assert (report.state, report.rows_faulty) == ("loaded", 0), report.faults
    with one_database.owner().connect() as connection:
        found = connection.execute(text("SELECT empnum, regcap, estdate::text, industryphy FROM enterprise"
                                        " WHERE opscope = :scope"), {"scope": encoding}).one()  # fmt: skip
    assert tuple(map(str, found)) == ("12", "3000.500000", "2016-05-04", "F")


@pytest.mark.parametrize(
    ("encoding", "wrong"),
    [
        ("utf-8", b"\xff"), ("utf-8", b"\xe5\xae"), ("utf-8", b"\xed\xa0\x80"), ("utf-8", b"\xc0\xaf"),
        ("gb18030", b"\xff"), ("gb18030", b"\x81\x30\x81"), ("gb18030", b"\xfe\x39\xfe\x39"),
        ("utf-16-le", b"\x00\xd8"), ("utf-16-be", b"\xd8\x00"), ("utf-16-le", b"\x00\xdc"),
    ],
)  # fmt: skip
def test_undecodable_bytes_hold_their_row_and_no_other(
    one_database: Database, tmp_path: Path, encoding: str, wrong: bytes
) -> None:
    rows = people(("安和茶庄@店",), 12)
    mark = "@".encode(encoding)
    parts = as_text(rows).encode(encoding).split(mark)
    spoiled = mark.join(parts[:3]) + wrong + mark.join(parts[3:])
    report = bring(one_database, tmp_path / "inspector_u.csv", spoiled)
    assert [(f["row_no"], f["code"], f["sentence"]) for f in report.faults] == [
        (4, "undecodable", UNDECODABLE)
    ]
    assert stored(one_database, rows) == [None if n == 2 else "安和茶庄@店" for n in range(12)]
    assert_nothing_garbled_is_stored(one_database, report)


@pytest.mark.parametrize(("most", "some"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_two_encodings_in_one_file(
    one_town: object, one_database: Database, tmp_path: Path, most: str, some: str
) -> None:
    """Rows pasted from another system: they are faults, never stored as other characters than were meant. The layout
    has no column with a code table, by which garbled rows would be noticed anyway, and every text is of an even number
    of characters: as UTF-8 that is valid GB18030, only of other characters."""
    reason, office = "拒不履行行政处罚决定", "安和市市场监督管理局"
    day = date(2024, 1, 1) if most == "utf-8" else date(2023, 1, 1)
    rows = [
        good(
            "serious_violation",
            列入原因=reason,
            列入决定机关=office,
            列入日期=str(day + timedelta(n)),
            企业名称="",
            列入决定书文号="",
        )
        for n in range(40)
    ]
    lines = as_text(rows).splitlines(keepends=True)
    strange = {5, 6, 21, 40}
    content = b"".join(line.encode(some if n in strange else most) for n, line in enumerate(lines))
    report = bring(one_database, tmp_path / "serious_violation_m.csv", content)
    with one_database.owner().connect() as connection:
        facts = connection.execute(text("SELECT serillrea, decorg FROM serious_violation WHERE batch_id = :batch"),
                                   {"batch": report.batch_id}).all()  # fmt: skip
        held = connection.execute(text("SELECT row_no FROM row_fault WHERE batch_id = :batch AND code = 'undecodable'"),
                                  {"batch": report.batch_id}).scalars()  # fmt: skip
        assert {tuple(fact) for fact in facts} == {(reason, office)}, "stored as other characters"
        assert {n - 1 for n in held} == strange
    assert report.rows_faulty == len(strange)
    assert_nothing_garbled_is_stored(one_database, report)


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE),
     ("gb18030", b"\x84\x31\x95\x33")],
)  # fmt: skip
def test_a_byte_order_mark_in_the_middle(
    one_database: Database, tmp_path: Path, encoding: str, bom: bytes
) -> None:
    """Two files put one behind the other: the second one's mark, and its headings, which are a row that is no record."""
    rows = people(("安和茶庄",), 20)
    first, second = as_text(rows[:10]), as_text(rows[10:])
    content = bom + first.encode(encoding) + bom + second.encode(encoding)
    report = bring(one_database, tmp_path / "inspector_b.csv", content)
    assert stored(one_database, rows) == ["安和茶庄"] * 20
    assert {fault["row_no"] for fault in report.faults} <= {12}
    assert_nothing_garbled_is_stored(one_database, report)


@pytest.mark.parametrize("bare", [True, False])
def test_a_mark_before_a_cell_is_no_part_of_it(one_database: Database, tmp_path: Path, bare: bool) -> None:
    rows = people(("安和茶庄",), 4)
    lines = as_text(rows).splitlines(keepends=True)
    lines[3] = "\ufeff" + (lines[3].replace('"', "") if bare else lines[3])
    report = bring(one_database, tmp_path / "inspector_c.csv", "".join(lines).encode())
    assert (report.rows_new, report.rows_faulty) == (4, 0), report.faults
    assert stored(one_database, rows) == ["安和茶庄"] * 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_and_breaks_inside_quotes(
    one_database: Database, tmp_path: Path, end: str, encoding: str
) -> None:
    rows = people(("安和,茶庄", "云来\n客栈", "老街\r\n面馆", "阿桂\r水果", '"北坡"', "青叶"), 30)
    content = as_text(rows, end).rstrip("\r\n") + end * 3
    report = bring(one_database, tmp_path / "inspector_l.csv", content.encode(encoding))
    assert (report.rows_read, report.rows_new, report.rows_faulty) == (30, 30, 0), report.faults
    flat = [name and name.replace("\r", "").replace("\n", "") for name in stored(one_database, rows)]
    assert flat == [row["姓名"].replace("\r", "").replace("\n", "") for row in rows]


def test_line_ends_mixed_and_the_last_one_missing(one_database: Database, tmp_path: Path) -> None:
    rows = people(("安和茶庄",), 7)
    lines = as_text(rows, "\n").splitlines()
    content = "".join(
        line + end for line, end in zip(lines, itertools.cycle(("\r\n", "\n", "\r")), strict=False)
    )
    report = bring(one_database, tmp_path / "inspector_x.csv", content.rstrip("\r\n").encode())
    assert (report.rows_read, report.rows_new) == (7, 7), report
    assert stored(one_database, rows) == ["安和茶庄"] * 7


@pytest.mark.parametrize("place", ["in a cell", "a cell alone", "after the end"])
def test_embedded_nul(one_database: Database, tmp_path: Path, place: str) -> None:
    rows = people(("安和茶庄",), 50)
    content = as_text(rows)
    if place == "in a cell":
        content = content.replace("安和茶庄", "安和\0茶庄", 3)
    elif place == "a cell alone":
        content = content.replace("食药;质监", "\0", 2)
    else:
        content += "\0" * 4096
    report = bring(one_database, tmp_path / "inspector_n.csv", content.encode())
    assert (report.state, report.rows_new) == ("loaded", 50), report
    assert stored(one_database, rows) == ["安和茶庄"] * 50


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udc00", "\\ufffd"])
@pytest.mark.parametrize("also_faulty", [False, True])
def test_json_escapes_of_no_character(
    one_database: Database, tmp_path: Path, escape: str, also_faulty: bool
) -> None:
    """NUL and half surrogates are JSON, and nothing a database can hold: their row is mended or held, the others go on."""
    rows = people(("安和茶庄",), 5)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    lines[2] = lines[2].replace("安和茶庄", f"安和{escape}茶庄")
    if also_faulty:
        lines[2] = lines[2].replace('"人员状态": "有效"', '"人员状态": "还行"')
    report = bring(one_database, tmp_path / "inspector_j.jsonl", "\n".join(lines).encode())
    assert (report.state, report.rows_read) == ("loaded", 5), report
    names = stored(one_database, rows)
    assert names[:2] + names[3:] == ["安和茶庄"] * 4
    assert names[2] in (None, "安和茶庄")
    assert report.rows_faulty == (names[2] is None)
    if also_faulty:
        assert report.rows_faulty == 1
    assert_nothing_garbled_is_stored(one_database, report)


def test_a_file_cut_within_a_character(one_database: Database, tmp_path: Path) -> None:
    rows = people(("安和茶庄",), 5)
    content = as_text(rows).encode()
    content = content[: content.rindex("茶".encode()) + 1]
    report = bring(one_database, tmp_path / "inspector_t.csv", content)
    assert (report.rows_new, report.rows_faulty) == (4, 1), report
    assert stored(one_database, rows) == ["安和茶庄"] * 4 + [None]
    assert_nothing_garbled_is_stored(one_database, report)
