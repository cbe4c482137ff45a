"""Profiles: one file into two datasets, values and thresholds as data, and refusals before any file is touched."""

from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.intake import ingest_file, ingest_folder
from ingestion.mapping import load_profile
from registry.database import Database
from registry.errors import Refusal
from tests.ingestion.papers import write_csv

PROFILE = """
name = "lakeside"
identity = "opaque"
encoding = "latin-1"
blank = ["n/a"]

[[file]]
pattern = "visits*"
ignore = ["memo"]
personal = ["ssn"]

[[file.feeds]]
dataset = "registration"
[file.feeds.columns]
"统一社会信用代码" = "id"
"企业名称" = "name"
"住所" = "street"
"数据更新时间" = "day"
[file.feeds.constants]
"市场主体类型" = "restaurant"
"主体类别" = "企业"
"登记机关" = "Lakeside"
"管辖单位" = "L1"
"登记状态" = "存续"
"住所行政区划" = "L"
"行业门类" = "H"
"行业代码" = "62"

[[file.feeds]]
dataset = "inspection"
date_format = "%d.%m.%Y"
[file.feeds.columns]
"统一社会信用代码" = "id"
"检查日期" = "day"
"抽查类型" = "why"
"检查得分" = "points"
"数据更新时间" = "day"
[file.feeds.join]
"检查编号" = ["id", "day"]
[file.feeds.constants]
"检查部门" = "卫健"
"检查方式" = "现场"
[file.feeds.values."抽查类型"]
"turn" = "不定向"
"again" = "定向"
[[file.feeds.threshold]]
column = "检查结果"
from = "points"
below = 70
then = "发现问题已责令改正"
otherwise = "未发现问题"
[[file.feeds.exclude]]
column = "points"
values = ["", "0"]
sentence = "没有得分，不作结果；请补填。"

[[records.office]]
"机构代码" = "L1"
"机构名称" = "Lakeside"
"层级" = "所"
"行政区划" = "000000"
"""

VISITS = [
    {"id": "a/1", "name": "Café Nord", "street": "Quay 1", "day": "03.02.2026", "why": "turn", "points": "69", "memo": "x", "ssn": "1"},
    {"id": "a/1", "name": "Café Nord", "street": "Quay 1", "day": "09.02.2026", "why": "again", "points": "70", "memo": "", "ssn": "1"},
    {"id": "b", "name": "Inn", "street": "Quay 2", "day": "09.02.2026", "why": "turn", "points": "n/a", "memo": "", "ssn": "2"},
    {"id": "b", "name": "Inn", "street": "Quay 2", "day": "11.02.2026", "why": "surprise", "points": "80", "memo": "", "ssn": "3"},
]  # fmt: skip


def test_one_file_feeds_two_datasets(database: Database, tmp_path: Path) -> None:
    profile = tmp_path / "lakeside.toml"
    profile.write_text(
        PROFILE.replace(
            '[[file.feeds]]\ndataset = "reg', '[[file.feeds]]\ndate_format = "%d.%m.%Y"\ndataset = "reg'
        ),
        encoding="utf-8",
    )
    folder = tmp_path / "in"
    folder.mkdir()
    write_csv(folder / "visits.csv", VISITS, "latin-1")
    office, registration, inspection = ingest_folder(database.engine_for("ingest"), folder, profile)
    assert (office.rows_new, registration.rows_new, registration.rows_same, registration.rows_faulty) == (
        1,
        2,
        2,
        0,
    )
    assert (inspection.rows_new, inspection.fault_counts) == (2, {"excluded": 1, "unknown_code": 1})
    assert [fault["column"] for fault in inspection.faults] == ["points", "why"]
    with database.owner().connect() as connection:
        found = connection.execute(text(
            "SELECT insp_no, enterprise_code, draw_type, problem, measure, known_at::date::text FROM inspection_result ORDER BY inspdate"
        )).all()  # fmt: skip
        names = connection.execute(text("SELECT entname, uniscid, regno FROM enterprise ORDER BY 1")).all()
        raw = connection.execute(text("SELECT raw FROM row_fault")).scalars().all()
    assert [tuple(row) for row in found] == [
        ("a/1-03.02.2026", "a/1", "不定向", True, 69.0, "2026-02-03"),
        ("a/1-09.02.2026", "a/1", "定向", False, 70.0, "2026-02-09"),
    ]
    assert [tuple(row) for row in names] == [("Café Nord", None, "a/1"), ("Inn", None, "b")]
    assert all("ssn" not in cells for cells in raw), "a personal column is not kept with a fault either"


def test_a_file_that_is_not_the_profile_s_is_held(database: Database, tmp_path: Path) -> None:
    profile = tmp_path / "lakeside.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    rows = [{("score" if k == "points" else k): v for k, v in row.items()} for row in VISITS]
    report = ingest_file(
        database.engine_for("ingest"), write_csv(tmp_path / "visits.csv", rows, "latin-1"), profile=profile
    )
    states = {each.dataset: each.state for each in (report, *report.parts)}
    assert states == {"registration": "held", "inspection": "held", "office": "loaded"}, (
        "a single file comes in after its profile's records, too"
    )
    assert "缺少列：points" in report.sentence
    assert "不认识的列：score" in report.sentence


@pytest.mark.parametrize(
    ("spoiled", "names"),
    [
        ("name = 'x'\nfile = 3 4", "读不了"),
        ("nmae = 'x'", "nmae"),
        ('[[file]]\npattern = "x"\n[[file.feeds]]\ndataset = "penalties"', "penalties"),
        ('[[file]]\npattern = "x"\n[[file.feeds]]\ndataset = "office"\ncolums = {}', "colums"),
        (
            '[[file]]\npattern = "x"\n[[file.feeds]]\ndataset = "office"\n[file.feeds.columns]\n"局" = "a"',
            "局",
        ),
        (
            '[[file]]\npattern = "x"\n[[file.feeds]]\ndataset = "office"\n[file.feeds.columns]\n"机构代码" = "a"',
            "机构名称",
        ),
        ('[[records.department]]\n"部门" = "x"', "部门全称"),
    ],
)
def test_a_wrong_profile_is_refused_whole(tmp_path: Path, spoiled: str, names: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(spoiled, encoding="utf-8")
    with pytest.raises(Refusal, match=names):
        load_profile(path)


@pytest.mark.parametrize("name", ["austin", "zhejiang"])
def test_the_profiles_we_ship_are_sound(name: str) -> None:
    assert load_profile(Path(__file__).parents[2] / "ingestion" / "profiles" / f"{name}.toml").files
