"""The 2015—2016 layouts of 双公示: recognised by their columns, honest about what they lack, persons kept out."""

import pytest
from sqlalchemy import text

from ingestion.datasets import DATASETS
from registry.database import Database
from tests.ingestion.conftest import Ingest, dump
from tests.ingestion.papers import OLD, TEA, good, good_old

CODE = "行政相对人代码_1(统一社会信用代码)"


@pytest.mark.parametrize("dataset", ["permit", "penalty"])
def test_codes_for_headings_are_the_same_layout(town: Ingest, database: Database, dataset: str) -> None:
    older = DATASETS[dataset].older[0]
    codes = {c.heading: c.code for c in older.columns if c.heading}
    coded = {codes[heading]: cell for heading, cell in good_old(dataset).items()}
    assert town(dataset, [good_old(dataset)]).rows_new == 1
    again = town(dataset, [coded])
    assert (again.rows_same, again.rows_new, again.rows_faulty) == (1, 0, 0), again.faults
    assert [row["layout"] for row in dump(database.owner(), dataset)] == ["2015"]


def test_a_withdrawn_record_is_gone_and_a_disputed_one_is_not(town: Ingest, database: Database) -> None:
    town("penalty", [good_old("penalty"), good_old("penalty", 行政处罚决定书文号="乙", 当前状态="2")])
    town("penalty", [good_old("penalty", 当前状态="撤销", 数据更新时间戳="2017-01-05 08:00:00")])
    rows = dump(database.owner(), "penalty")
    assert [(r["cf_wsh"], r["old_state"], r["retracted"]) for r in rows] == [
        ("乙", "异议", False), ("安市监罚〔2016〕5号", "正常", False), ("安市监罚〔2016〕5号", "撤销", True),
    ]  # fmt: skip


def test_what_the_old_layout_has_no_field_for_is_empty(town: Ingest, database: Database) -> None:
    town("permit", [good_old("permit")])
    town("penalty", [good_old("penalty")])
    permit, penalty = dump(database.owner(), "permit")[0], dump(database.owner(), "penalty")[0]
    assert [permit[name] for name in ("xk_xkws", "xk_yxqz", "xk_xkjgdm", "xk_lydw")] == [None] * 4
    assert permit["xk_xmmc"] == "食品经营许可"
    assert [penalty[name] for name in ("cf_wfxw", "cf_nr_fk", "cf_yxq", "cf_sjly")] == [None] * 4
    assert penalty["sanctions"] == ["罚款", "没收非法财物"]


@pytest.mark.parametrize(
    ("cells", "person"),
    [
        ({CODE: "", "行政相对人名称": "王小明"}, True),
        ({CODE: "", "行政相对人名称": "买买提·艾力"}, True),
        (
            {
                CODE: "",
                "行政相对人名称": "安和市老街面馆",
                "行政相对人代码_5(居民身份证号)": "110101199003070898",
            },
            True,
        ),
        ({CODE: "", "行政相对人名称": "老街面馆"}, False),
        ({CODE: "", "行政相对人名称": "安和市老街面馆"}, False),
        ({"行政相对人代码_5(居民身份证号)": "110101199003070898"}, False),
        ({CODE: "", "行政相对人代码_3(工商登记码)": OLD, "行政相对人名称": "王小明"}, False),
    ],
)
def test_natural_persons_leave_nothing_behind(
    one_town: Ingest, one_database: Database, cells: dict[str, str], person: bool
) -> None:
    report = one_town("penalty", [good_old("penalty", **cells)])
    assert ("natural_person" in report.fault_counts) is person, report.faults
    with one_database.owner().connect() as connection:
        kept = connection.execute(
            text("SELECT sentence, raw::text FROM row_fault WHERE batch_id = :batch"),
            {"batch": report.batch_id},
        ).all()
    assert "110101199003070898" not in str(kept)
    if person:
        assert cells["行政相对人名称"] not in str(kept)


def test_a_file_of_neither_layout_is_held_in_the_words_of_the_standard(town: Ingest) -> None:
    row = {heading: cell for heading, cell in good_old("penalty").items() if heading != "处罚事由"}
    report = town("penalty", [row])
    assert report.state == "held"
    assert "违法事实" in (report.sentence or "")
    assert town("penalty", [good("penalty")]).rows_new == 1


def test_a_held_row_of_the_old_layout_can_be_mended(town: Ingest, database: Database) -> None:
    wrong = town("penalty", [good_old("penalty", 处罚决定日期="2016-02-30")])
    assert wrong.fault_counts == {"impossible_date": 1}
    assert town("penalty", [good_old("penalty")]).rows_new == 1
    assert dump(database.owner(), "penalty")[0]["enterprise_code"] == TEA
