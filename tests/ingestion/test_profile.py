"""The profile's format: every conversion, every entry that can be wrong, and names that came as GBK bytes."""

import os
import time
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from ingestion.conversions import AmountForm, amount_form, convert, date_form
from ingestion.dry_run import try_profile
from ingestion.intake import ingest_file
from ingestion.mapping import load_profile
from ingestion.profile import find_profile
from ingestion.safe_pattern import compile_pattern
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import INN, STALL, TEA

PROFILE = """
name = "bay"
[[file]]
pattern = ["处罚*", "fines*"]
delimiter = "^"
heading_row = 3
encoding = "gb18030"
extra_columns = true
personal = ["身份证号"]

[[file.feeds]]
dataset = "penalty"
hold_unknown = ["行政相对人类别"]
date_format = "%Y/%m/%d"
[file.feeds.columns]
"行政相对人代码_1(统一社会信用代码)" = "代码"
"行政相对人类别" = "类"
"违法行为类型" = "案由"
"违法事实" = "事实"
"处罚依据" = "依据"
"处罚类别" = "种类"
"处罚内容" = "内容"
"罚款金额(万元)" = "罚"
"没收违法所得、没收非法财物的金额(万元)" = "没"
"公示截止期" = "截止"
"数据更新时间" = "改于"
[file.feeds.constants]
"处罚机关" = "湾区市场监督管理局"
"处罚机关统一社会信用代码" = "11990100MAPC08GC5K"
"处罚有效期" = "2099-12-31"
"数据来源单位" = "湾区市场监督管理局"
"数据来源单位统一社会信用代码" = "11990100MAPC08GC5K"
[[file.feeds.split]]
from = "文号和日期"
pattern = '(?P<no>[^（]+)（(?P<day>[\\d.]+)）'
into = { no = "行政处罚决定书文号", day = "处罚决定日期" }
[file.feeds.values."行政相对人类别"]
"企业*" = "法人及非法人组织"
"个体" = "个体工商户"
[file.feeds.defaults]
"处罚依据" = "见决定书"
[file.feeds.dates]
"处罚决定日期" = { format = "%y.%m.%d", century_from = 1950 }
"数据更新时间" = "epoch_milliseconds"
[file.feeds.amounts]
"罚款金额(万元)" = { unit = "元", decimal = ",", thousands = "." }
"没收违法所得、没收非法财物的金额(万元)" = "亿元"
"""

HEAD = "代码^类^文号和日期^案由^事实^依据^种类^内容^罚^没^截止^改于^身份证号^多余"
LINES = [
    f"{TEA}^企业法人^湾罚1号（26.02.26）^过期^卖过期茶^^罚款^罚^1.234,50^^2029/02/26^1772442000000^x^1",
    f"{INN}^企业^湾罚2号（26.02.27）^过期^卖过期茶^食品法^没收^没收^^0.00003^长期^1772442000000^x^2",
    f"{STALL}^摊贩^湾罚3号（26.02.27）^过期^卖^法^警告^警告^^^^1772442000000^x^3",
    f"{TEA}^企业^湾罚4号 26.02.27^过期^卖^法^警告^警告^^^^1772442000000^x^4",
    f"{TEA}^企业^湾罚5号（26.13.27）^过期^卖^法^罚款^警告^1,5,0^^^1772442000000^x^5",
]


def write_bay(folder: Path) -> tuple[Path, Path]:
    profile = folder / "bay.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    file = folder / "fines_2026.csv"
    file.write_text("\n".join(["湾区处罚台账", "", HEAD, *LINES]), encoding="gb18030")
    return profile, file


def test_a_vendor_s_layout_comes_in_without_code(town: Ingest, database: Database, tmp_path: Path) -> None:
    profile, file = write_bay(tmp_path)
    report = ingest_file(database.engine_for("ingest"), file, profile=profile)
    assert (report.rows_new, report.rows_faulty) == (2, 3), report.faults
    assert report.fault_counts == {"bad_format": 2, "unmapped": 1, "split_mismatch": 1}, (
        "one fault a cell, no more"
    )
    assert {(f["row_no"], f["column"], f["code"]) for f in report.faults} == {
        (6, "类", "unmapped"), (7, "文号和日期", "split_mismatch"), (8, "文号和日期", "bad_format"), (8, "罚", "bad_format"),
    }  # fmt: skip
    with database.owner().connect() as connection:
        rows = connection.execute(text(
            "SELECT cf_wsh, cf_yj, cf_nr_fk::float, cf_nr_wfff::float, cf_jdrq::text, cf_gsjzq::text, known_at::text, cf_cfjg"
            " FROM penalty ORDER BY 1"
        )).all()  # fmt: skip
        batch = connection.execute(
            text("SELECT profile FROM batch WHERE id = :id"), {"id": report.batch_id}
        ).scalar_one()
        senders = connection.execute(text("SELECT DISTINCT sender FROM row_fault")).scalars().all()
        kept = connection.execute(text("SELECT raw FROM row_fault")).scalars().all()
    assert [tuple(row) for row in rows] == [
        (
            "湾罚1号",
            "见决定书",
            0.12345,
            None,
            "2026-02-26",
            "2029-02-26",
            "2026-03-02 17:00:00",
            "湾区市场监督管理局",
        ),
        ("湾罚2号", "食品法", None, 0.3, "2026-02-27", None, "2026-03-02 17:00:00", "湾区市场监督管理局"),
    ]
    assert batch == load_profile(profile).version
    assert batch.startswith("bay@")
    assert senders == ["湾区市场监督管理局"], "a row held by its profile still has its office"
    assert all("身份证号" not in cells for cells in kept)


def test_a_changed_profile_has_another_version(tmp_path: Path) -> None:
    profile, _ = write_bay(tmp_path)
    before = load_profile(profile).version
    profile.write_text(PROFILE.replace("见决定书", "见卷宗"), encoding="utf-8")
    assert load_profile(profile).version != before


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    profile, file = write_bay(tmp_path)
    (run,) = try_profile(profile, file)
    assert (run.rows, run.faulty, run.fault_counts) == (
        5,
        3,
        {"bad_format": 1, "unmapped": 1, "split_mismatch": 1},
    )
    with pytest.raises(Refusal, match="没有说怎样读"):
        try_profile(profile, tmp_path / "other.csv")


def test_a_sheet_by_name_and_a_file_by_a_name_of_gbk_bytes(tmp_path: Path) -> None:
    profile, _ = write_bay(tmp_path)
    rule = load_profile(profile).files[0]
    assert rule.fits("处罚台账2026.csv")
    assert rule.fits("处罚台账".encode("gbk").decode("cp437") + ".csv"), "an old zip"
    assert rule.fits(os.fsdecode("处罚台账.csv".encode("gbk"))), "a folder of an old system"
    assert not rule.fits("许可台账.csv")
    book = tmp_path / "fines.xlsx"
    with xlsxwriter.Workbook(book) as workbook:
        workbook.add_worksheet("说明").write_row(0, 0, ["机构代码", "说明"])
        workbook.add_worksheet("数据").write_row(0, 0, ["代码", "名"])
        workbook.get_worksheet_by_name("数据").write_row(1, 0, ["X1", "东所"])  # type: ignore[union-attr]
    office = (
        '[[file]]\npattern = "fines*"\nsheet = "数据"\n[[file.feeds]]\ndataset = "office"\n[file.feeds.columns]\n'
        '"机构代码" = "代码"\n"机构名称" = "名"\n[file.feeds.constants]\n"层级" = "所"\n"行政区划" = "990101"\n'
    )
    small = tmp_path / "office.toml"
    small.write_text(office, encoding="utf-8")
    (run,) = try_profile(small, book)
    assert (run.rows, run.faulty) == (1, 0), run.faults
    small.write_text(office.replace('"数据"', '"资料"'), encoding="utf-8")
    with pytest.raises(Refusal, match="说明、数据"):
        try_profile(small, book)


FEED = '[[file]]\npattern = "x"\n[[file.feeds]]\ndataset = "penalty"\n'


@pytest.mark.parametrize(
    ("spoiled", "entry", "what"),
    [
        ('[[file]]\nfeeds = []', "第 1 个 [[file]] pattern", "样式"),
        ('[[file]]\npattern = "x"\nheader = 3', "第 1 个 [[file]]", "header"),
        ('[[file]]\npattern = "x"\nencoding = "gbk18030"', "（x） encoding", "不是编码"),
        ('[[file]]\npattern = "x"\ndelimiter = "ab"', "delimiter", "ab"),
        ('[[file]]\npattern = "x"\nheading_row = 0', "heading_row", "0"),
        ('[[file]]\npattern = "x"\nextra_columns = "yes"', "extra_columns", "true"),
        ('identity = "foreign"', "identity", "foreign"),
        (FEED + 'date_format = "yyyy-mm-dd"', "第 1 个 feeds date_format", "yyyy-mm-dd"),
        (FEED + 'date_format = "%H:%M"', "date_format", "没有年月日"),
        (FEED + '[file.feeds.dates]\n"处罚决定日期" = 3', "dates.“处罚决定日期”", "列表"),
        (FEED + '[file.feeds.amounts]\n"罚款金额(万元)" = "块"', "amounts.“罚款金额(万元)”", "块"),
        (FEED + '[file.feeds.amounts]\n"罚款金额(万元)" = {unit="元", decimal=",", thousands=","}', "amounts", "不同"),
        (FEED + '[[file.feeds.split]]\nfrom = "a"\npattern = "(?P<a>(x+)+)"\ninto = {a = "违法事实"}', "第 1 个 split pattern", "重复里面"),
        (FEED + '[[file.feeds.split]]\nfrom = "a"\npattern = "(?P<a>x)"\ninto = {b = "违法事实"}', "split into", "不一致"),
        (FEED + '[[file.feeds.split]]\nfrom = "a"', "第 1 个 split", "pattern"),
        (
            FEED + '[[file.feeds.threshold]]\ncolumn = "处罚内容"\nfrom = "a"\nbelow = "x"\nthen = ""\notherwise = ""',
            "threshold below", "x",
        ),
        (FEED + '[file.feeds.join]\n"违法事实" = "a"', "join.“违法事实”", "列表"),
        (FEED + '[file.feeds.columns]\n"违法事实" = 5', "columns", "文字"),
        (FEED + 'hold_unknown = "x"', "hold_unknown", "文字"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_named(tmp_path: Path, spoiled: str, entry: str, what: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(spoiled, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load_profile(path)
    assert refused.value.code == "profile.malformed"
    assert entry in refused.value.sentence
    assert what in str(refused.value)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('[file.feeds.dates]\n"机构名称" = "%Y-%m-%d"', "不是日期"),
        ('[file.feeds.defaults]\n"上级机构代码" = "x"', "没有给出这一列"),
        ('[file.feeds.join]\n"机构代码" = ["a", "b"]', "给了两次：机构代码"),
    ],
)
def test_what_is_said_of_a_column_must_fit_it(tmp_path: Path, line: str, what: str) -> None:
    base = (
        '[[file]]\npattern = "x"\n[[file.feeds]]\ndataset = "office"\n[file.feeds.columns]\n"机构代码" = "a"\n'
        '"机构名称" = "b"\n"层级" = "c"\n"行政区划" = "d"\n'
    )
    path = tmp_path / "p.toml"
    path.write_text(base, encoding="utf-8")
    load_profile(path)
    path.write_text(base + line, encoding="utf-8")
    with pytest.raises(Refusal, match=what):
        load_profile(path)


def test_the_example_of_the_documentation_is_sound(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
    path = tmp_path / "example.toml"
    path.write_text(page.split("## A whole example")[1].split("```toml")[1].split("```")[0], encoding="utf-8")
    (feed,) = load_profile(path).files[0].feeds
    assert feed.split[0].pattern.fullmatch("湾罚1号（26.02.26）")


def test_a_profile_by_name(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    own = tmp_path / "profiles" / "bay.toml"
    own.write_text(PROFILE, encoding="utf-8")
    assert find_profile("bay", tmp_path) == own
    assert find_profile(str(own), Path("/nowhere")) == own
    assert find_profile("austin", tmp_path).name == "austin.toml"
    with pytest.raises(Refusal, match=r"没有对照方案“sea”.*austin、bay、zhejiang"):
        find_profile("sea", tmp_path)


@pytest.mark.parametrize(
    ("form", "written", "iso"),
    [
        ("%d.%m.%Y", "03.02.2026", "2026-02-03"),
        (["%Y-%m-%d", "%d/%m/%Y"], "３/2/2026", "2026-02-03"),
        ("%y-%m-%d", "99-12-31", "1999-12-31"),
        ({"format": "%y-%m-%d", "century_from": 1930}, "31-01-02", "1931-01-02"),
        ({"format": "%y-%m-%d", "century_from": 1930}, "29-01-02", "2029-01-02"),
        ("epoch_seconds", "1772442000", "2026-03-02 17:00:00"),
        ("epoch_milliseconds", "1772380800000", "2026-03-02"),
        ("excel_serial", "46083", "2026-03-02"),
        ("excel_serial", "46083.5", "2026-03-02 12:00:00"),
        ("%d/%m/%Y %H:%M", "02/03/2026 09:30", "2026-03-02 09:30:00"),
    ],
)  # fmt: skip
def test_dates_as_others_write_them(form: object, written: str, iso: str) -> None:
    assert date_form(form).read(written) == iso


def test_what_does_not_fit_its_form_is_not_read_in_another_way() -> None:
    cells = pd.Series(["20260203", "", "长期", "03.02.2026"], index=[3, 4, 5, 6], dtype=object)
    made, wrong = convert(cells, date_form("%d.%m.%Y").read)
    assert list(made) == ["20260203", "", "长期", "2026-02-03"]
    assert list(wrong.index[wrong]) == [3]


@pytest.mark.parametrize(
    ("form", "written", "wan"),
    [
        ("元", "12,345.60", "1.23456"), ("亿元", "0.5", "5000"), ("万元", "¥ 3", "3"), ("元", "3万元", "3"),
        ({"unit": "元", "decimal": ",", "thousands": "."}, "1.234.567,89", "123.456789"), ("千元", "-7", "-0.7"),
        ({"unit": "万元", "decimal": ",", "thousands": " "}, "1 200,5", "1200.5"),
    ],
)  # fmt: skip
def test_amounts_as_others_write_them(form: object, written: str, wan: str) -> None:
    assert amount_form(form).read(written) == wan


@given(st.decimals(min_value=0, max_value=10**10, places=2))
def test_marks_of_thousands_and_decimals_change_no_amount(amount: object) -> None:
    english = f"{amount:,}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert AmountForm("元").read(english) == AmountForm("元", ",", ".").read(german)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<a>(x+)+)y", r"(?P<a>(a|aa)*)b", r"(?P<a>.*)(?P<b>.*)(?P<c>.*)x", r"(?P<a>x)\1", r"(?P<a>x)(?=y)", "abc",
        "(?P<a>[", f"(?P<a>{'a?' * 30})b", r"(?P<a>(?:a?){30})b",
    ],
)  # fmt: skip
def test_patterns_that_could_take_for_ever_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "cell"),
    [
        (r"(?P<no>.+)（(?P<day>\d{4}-\d{1,2}-\d{1,2})）", "（" * 400),
        (r"(?P<a>[^,]+),(?P<b>[^,]+),(?P<c>[^,]+),(?P<d>[^,]+),(?P<e>.*)", "x," * 200),
        (r"(?P<a>\d+)(?P<b>[元万]*)", "1" * 400),
        (r"(?P<a>.*)-(?P<b>.*)", "-" * 400),
    ],
)
def test_patterns_that_pass_are_quick_on_the_worst_cell(pattern: str, cell: str) -> None:
    compiled = compile_pattern(pattern)
    started = time.perf_counter()
    compiled.fullmatch(cell + "\n")
    assert time.perf_counter() - started < 0.5
