"""Reading outsiders' tables: encodings, separators, titles, ragged rows, spreadsheets, JSON; every refusal's sentence."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Refusal
from risk.outside.columns import Column, Dropped, decide, read_time
from risk.outside.label import read_label
from risk.outside.layout import Roles, lay_out
from risk.outside.reading import Table, read_table
from risk.outside.values import date_form, day, has_decimal_comma, number

HEAD = "企业,注册资本,标签\n"
BODY = "甲,10,1\n乙,?,0\n丙,NA,0\n"


def _file(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _refused(path: Path, *needed: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_table(path, needed)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_one_table_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    table = read_table(_file(tmp_path, (HEAD + BODY).encode(encoding)), ["标签"])
    assert list(table.columns) == ["企业", "注册资本", "标签"]
    assert table.column("企业").tolist() == ["甲", "乙", "丙"]
    assert table.column("注册资本").tolist() == ["10", "", ""]
    assert table.rows.tolist() == [2, 3, 4]


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_separators_quotes_titles_and_empty_rows(tmp_path: Path, separator: str) -> None:
    lines = ["某市名单", "", separator.join(["名称", "值", "标签"]), separator.join(['"a\nb"', "1", "0"]), "",
             separator.join(["c", "2", "1"])]  # fmt: skip
    table = read_table(_file(tmp_path, "\n".join(lines)), ["标签"])
    assert table.column("名称").tolist() == ["a\nb", "c"]
    assert table.rows.tolist() == [4, 7], "rows are lines of the file, a quoted line break included"
    assert any("第 3 行是列名" in note for note in table.notes)


def test_short_rows_are_filled_long_ones_left_out_and_said(tmp_path: Path) -> None:
    body = "".join(f"{i},x,{i % 2}\n" for i in range(300))
    table = read_table(_file(tmp_path, "a,b,y\n1\n1,2,3,4\n1,2,0,\n" + body))
    assert len(table) == 302
    assert table.column("y")[0] == ""
    assert "第 3 行的格数多于列名，未使用。" in table.notes


def test_nameless_and_repeated_headings_get_names(tmp_path: Path) -> None:
    table = read_table(_file(tmp_path, "a,,a,y\n1,2,3,0\n"))
    assert list(table.columns) == ["a", "第2列", "a'", "y"]
    assert len(table.notes) == 2


def test_spreadsheet_says_the_same_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("数据")
        sheet.write_row(1, 1, ["名称", "金额", "日期", "标签"])
        sheet.write_row(2, 1, ["甲", 12.5, "", True])
        sheet.write_datetime(2, 3, date(2026, 1, 2), book.add_format({"num_format": "yyyy-mm-dd"}))  # type: ignore[arg-type]
        sheet.write_row(3, 1, ["乙", 3, "NA", False])
        book.add_worksheet("说明").write(0, 0, "x")
    table = read_table(path, ["标签"])
    assert table.column("金额").tolist() == ["12.5", "3"]
    assert table.column("日期").tolist() == ["2026-01-02", ""]
    assert table.column("标签").tolist() == ["true", "false"]
    assert table.rows.tolist() == [3, 4]
    assert any("只读第一张“数据”" in note for note in table.notes)


def test_json_lines_and_a_json_list(tmp_path: Path) -> None:
    records = [{"a": 1, "y": True}, {"y": False, "b": None, "c": {"d": 1}}]
    lines = read_table(_file(tmp_path, "\n".join(json.dumps(r) for r in records), "t.jsonl"))
    listed = read_table(_file(tmp_path, json.dumps(records), "t.json"))
    for table in (lines, listed):
        assert list(table.columns) == ["a", "y", "b", "c"]
        assert table.column("y").tolist() == ["true", "false"]
        assert table.column("c").tolist() == ["", '{"d": 1}']


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("t.csv", b"", "table.empty", "是空的"),
        ("t.csv", b"a,y\n", "table.empty", "没有数据行"),
        ("t.csv", b"a,y\n1,0\n\xff\xff,1\n", "table.encoding", "第 3 行"),
        ("t.csv", b"a,y\n1,2,3\n1,2,3\n1,0\n", "table.ragged", "第 2、3 行"),
        ("t.csv", b"y,y\n1,2\n", "table.same_heading", "多列都叫“y”"),
        ("t.doc", b"x", "table.unknown_kind", "不认识“t.doc”"),
        ("t.xlsx", b"no zip", "table.broken", "打不开"),
        ("t.jsonl", b'{"y": 1}\n{y}\n', "table.broken", "第 2 行不是 JSON"),
        ("t.jsonl", b"3\n", "table.broken", "第 1 行不是一个对象"),
        ("t.json", b"[1, 2", "table.broken", "不是完整的 JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, name: str, content: bytes, code: str, said: str
) -> None:
    refusal = _refused(_file(tmp_path, content, name), "y")
    assert refusal.code == code
    assert said in refusal.sentence
    assert refusal.remedy


def test_missing_files_and_columns(tmp_path: Path) -> None:
    assert _refused(tmp_path / "none.csv").code == "table.missing"
    table = read_table(_file(tmp_path, HEAD + BODY))
    with pytest.raises(Refusal, match="没有“label”列，有：企业、注册资本、标签"):
        table.column("label")


def test_parquet_without_its_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("risk.outside.reading.importlib.util.find_spec", lambda name: None)
    refusal = _refused(_file(tmp_path, b"PAR1", "t.parquet"))
    assert (refusal.code, "pyarrow" in refusal.sentence) == ("table.no_pyarrow", True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234.5", 1234.5), ("１２３", 123.0), ("-3", -3.0), ("(1,200)", -1200.0), ("12.5%", 0.125), ("3.5万", 35000.0),
        ("¥1,200", 1200.0), ("1200元", 1200.0), ("2亿元", 2e8), ("1e-3", 0.001), (".5", 0.5), ("+7", 7.0),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["abc", "1,23", "12-3", "1 2 x", "元", "%", "", "1_000", "0x1f"])
def test_what_is_no_number(text: str) -> None:
    assert number(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_bit_for_bit(value: float) -> None:
    assert number(repr(value)) == value


def test_decimal_commas_only_where_they_cannot_be_thousands() -> None:
    assert has_decimal_comma(["1,5", "2,25", "3"])
    assert not has_decimal_comma(["1,500", "2,250"])
    assert number("1.234,5", decimal_comma=True) == 1234.5


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2026-11-27", "2025-01-02"], date(2026, 11, 27)),
        (["20261127", "20250102"], date(2026, 11, 27)),
        (["2026年11月27日"], date(2026, 11, 27)),
        (["27/11/2026", "01/02/2026"], date(2026, 11, 27)),
        (["11/27/2026", "01/02/2026"], date(2026, 11, 27)),
        (["2026-11-27T12:00:00Z"], date(2026, 11, 27)),
    ],
)
def test_dates_in_the_form_that_all_fit(texts: list[str], first: date) -> None:
    form = date_form(texts)
    assert form is not None
    found = day(texts[0], form)
    assert found is not None
    assert int(found) == (first - date(1970, 1, 1)).days


def _decide(*texts: str) -> Column | Dropped:
    return decide("x", np.array(texts, dtype=object), [])


def test_kinds_of_columns() -> None:
    many = [str(i) for i in range(100)]
    assert _decide("1", "2.5", "") == Column("x", "number")
    assert _decide("是", "否", "未知") == Column("x", "flag")
    assert _decide("甲", "乙", "甲") == Column("x", "category")
    assert _decide("007", "012", "007") == Column("x", "category"), "leading zeros are a code"
    assert _decide("5", "", "5") == Column("x", "present")
    assert _decide("2026-01-01", "2025-01-01").kind == "date"  # type: ignore[union-attr]
    assert _decide("", "") == Dropped("x", "全是空的")
    assert _decide("5", "5") == Dropped("x", "只有一个值")
    assert _decide(*many) == Dropped("x", "每行不同的编号")
    assert isinstance(_decide(*(f"公司{i}" for i in range(100))), Dropped)


def test_a_few_strange_cells_become_unknown_and_are_said() -> None:
    notes: list[str] = []
    texts = np.array([str(i % 7) for i in range(199)] + ["坏"], dtype=object)
    column = decide("x", texts, notes)
    assert column == Column("x", "number")
    assert notes == ["“x”列有 1 格不是数（如“坏”），按未知处理。"]
    assert np.isnan(column.read(texts, None)[-1])  # type: ignore[union-attr]


def _table(**columns: list[str]) -> Table:
    arrays = {name: np.array(texts, dtype=object) for name, texts in columns.items()}
    return Table("t", arrays, np.arange(2, 2 + len(next(iter(arrays.values())))))


@pytest.mark.parametrize(
    ("yes", "no"),
    [("1", "0"), ("1.0", "0.0"), ("true", "False"), ("是", "否"), ("不合格", "合格"), ("Y", "n")],
)
def test_labels_by_custom(yes: str, no: str) -> None:
    label = read_label(_table(y=[yes, no, ""] * 20), "y")
    assert label.problem[:2].tolist() == [1.0, 0.0]
    assert np.isnan(label.problem[2])


def test_of_two_other_values_the_rarer_happened_unless_told() -> None:
    table = _table(y=["bankrupt"] * 10 + ["alive"] * 30)
    found = read_label(table, "y")
    assert (found.positive, found.problem.sum()) == ("BANKRUPT", 10)
    assert "较少的一类" in found.how
    assert read_label(table, "y", "alive").problem.sum() == 30
    many = _table(y=["A", "B", "C", "D"] * 15)
    assert read_label(many, "y", "D").problem.sum() == 15


@pytest.mark.parametrize(
    ("values", "positive", "code", "said"),
    [
        (["1", "0"] * 20 + ["2", "x"], None, "label.not_two", "第 42 行“2”、第 43 行“x”，共 2 行"),
        (["1"] * 20, None, "label.one_value", "只有一个值“1”"),
        ([""] * 20, None, "label.one_value", "全是空的"),
        (["1"] * 3 + ["0"] * 30, None, "label.too_few", "发生（“1”）3 行，未发生 30 行"),
        (["1", "0"] * 20, "是", "label.no_positive", "没有“是”这个值"),
    ],
)
def test_labels_that_cannot_be_learned_from(
    values: list[str], positive: str | None, code: str, said: str
) -> None:
    with pytest.raises(Refusal) as caught:
        read_label(_table(y=values), "y", positive)
    assert caught.value.code == code
    assert said in caught.value.sentence


def test_roles_times_and_tables_without_columns_are_refused() -> None:
    y = ["1", "0"] * 20
    for roles, code, said in (
        (Roles("y", id="y"), "roles.double", "“y”被指定了两种用途"),
        (Roles("y", time="t"), "time.unreadable", "时间列“t”既不是日期也不是数：第 2 行“早”"),
        (Roles("y", left_out=("t",)), "table.no_features", "没有可用于学习的列"),
        (Roles("y", group="g"), "table.no_column", "没有“g”列"),
    ):
        with pytest.raises(Refusal) as caught:
            lay_out(_table(y=y, t=["早", "晚"] * 20), roles)
        assert caught.value.code == code
        assert said in caught.value.sentence


def test_times_may_be_dates_or_numbers() -> None:
    assert read_time(_table(t=["2026-01-02", "", "2026-01-01"]), "t")[0][0] == 20455
    assert read_time(_table(t=[str(i) for i in range(100)]), "t")[0].tolist() == list(range(100))
