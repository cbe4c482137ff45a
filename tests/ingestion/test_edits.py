"""Edits at the door: a later version with all checks, a person and a reason; undone like any batch; removals a person confirms."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ingestion.datasets import DATASETS
from ingestion.edits import EDITABLE, cells_of, current_record, edit_record, record_history, retire_record
from ingestion.redaction import seal
from ingestion.removals import confirm_removal, removal_prompts
from ingestion.undo import undo_batch
from registry import clock
from registry.database import Database
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from scheduling.staff import read_officers
from tests.conftest import make_database
from tests.ingestion.conftest import Ingest, bringer, settle
from tests.ingestion.papers import INN, STALL, TEA, good, town_registration

KEY = {"check_item": "XF-01"}


@pytest.fixture(scope="module")
def house(server: EmbeddedServer, template: str) -> Iterator[Database]:
    with make_database(server, template) as made:
        yield made


@pytest.fixture(scope="module")
def ingest(house: Database, tmp_path_factory: pytest.TempPathFactory) -> Ingest:
    bring = settle(bringer(house, tmp_path_factory.mktemp("papers")))
    for name in EDITABLE:
        if name not in ("check_item",):
            report = bring(name, [good(name)])
            assert report.rows_faulty == 0, report.faults
    return bring


@pytest.fixture(scope="module")
def engine(house: Database, ingest: Ingest) -> Engine:
    return house.engine_for("ingest")


def key_in(engine: Engine, name: str) -> str:
    with engine.connect() as connection:
        found = connection.execute(
            text(f"SELECT natural_key FROM {DATASETS[name].table} ORDER BY id LIMIT 1")
        )
        return str(found.scalar_one())


def cells(engine: Engine, name: str, key: str) -> dict[str, str]:
    with engine.connect() as connection:
        return cells_of(DATASETS[name], current_record(connection, DATASETS[name], key, clock.today()))


def count(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {DATASETS[name].table}")).scalar_one())


@pytest.mark.parametrize("name", EDITABLE)
def test_what_is_written_out_is_read_back_the_same(engine: Engine, ingest: Ingest, name: str) -> None:
    """A record's cells, brought in unchanged, are the same content: the editor shows what is stored."""
    report = ingest(name, [good(name) | cells(engine, name, key_in(engine, name))])
    assert (report.rows_faulty, report.rows_same) == (0, 1), (
        report.faults,
        cells(engine, name, key_in(engine, name)),
    )


def test_an_edit_is_a_later_version_with_its_person(engine: Engine) -> None:
    key = key_in(engine, "check_item")
    before, many = cells(engine, "check_item", key), count(engine, "check_item")
    report = edit_record(
        engine, "check_item", key, {"抽查比例": "5%-10%", "备注": "按省局清单"}, "计划岗甲", "省局调整比例"
    )
    after = cells(engine, "check_item", key)
    assert (report.rows_superseding, count(engine, "check_item")) == (1, many + 1)
    assert after == before | {"抽查比例": "5%-10%", "备注": "按省局清单"}
    with engine.connect() as connection:
        row = current_record(connection, DATASETS["check_item"], key, clock.today())
        versions = record_history(connection, DATASETS["check_item"], key)
    assert (row["ratio_low"], row["ratio_high"]) == (0.05, 0.1), "what is derived follows"
    assert [v.cells["抽查比例"] for v in versions][-2:] == [before["抽查比例"], "5%-10%"]
    assert (versions[-1].by, versions[-1].reason) == ("计划岗甲", "省局调整比例")
    assert versions[0].by == "", "a file has no person"


def test_an_edit_is_undone_like_any_batch_and_can_be_made_again(engine: Engine) -> None:
    key = key_in(engine, "quiet_day")
    before = cells(engine, "quiet_day", key)
    report = edit_record(engine, "quiet_day", key, {"每月日期": "1-5"}, "甲", "企业来函更改")
    assert report.batch_id is not None
    undo_batch(engine, report.batch_id, "改错了一条", "乙")
    assert cells(engine, "quiet_day", key) == before
    edit_record(engine, "quiet_day", key, {"每月日期": "1-5"}, "甲", "企业再次来函")
    assert cells(engine, "quiet_day", key)["每月日期"] == "1;2;3;4;5"


@pytest.mark.parametrize(
    ("key", "changes", "by", "reason", "refusal"),
    [
        ("", {"抽查比例": "3%"}, "甲", "", "edit.reason"),
        ("", {"抽查比例": "3%"}, " ", "说明理由", "edit.reason"),
        ("", {"颜色": "红"}, "甲", "说明理由", "edit.heading"),
        ("", {"事项编码": "ZZ-99"}, "甲", "说明理由", "edit.key"),
        ("", {}, "甲", "说明理由", "edit.same"),
        ("", {"检查用时(分钟)": "很久"}, "甲", "说明理由", "edit.fault"),
        ("", {"失效日期": "1999-01-01"}, "甲", "说明理由", "edit.fault"),
        ("NOSUCH", {"抽查比例": "3%"}, "甲", "说明理由", "edit.unknown"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    engine: Engine, key: str, changes: dict[str, str], by: str, reason: str, refusal: str
) -> None:
    own = key_in(engine, "check_item")
    before = cells(engine, "check_item", own)
    with pytest.raises(Refusal) as refused:
        edit_record(engine, "check_item", key or own, changes, by, reason)
    assert refused.value.code == refusal
    assert cells(engine, "check_item", own) == before


def test_other_offices_data_is_not_edited_here(engine: Engine) -> None:
    with pytest.raises(Refusal, match="不能在这里修改"):
        edit_record(engine, "penalty", "x", {}, "甲", "说明理由")


def test_a_new_item_is_added_and_retired_and_stays_on_record(engine: Engine) -> None:
    new = good("check_item", 事项编码="XIN-01", 事项名称="新设事项检查", 生效日期="2020-01-01", 失效日期="")
    own = {h: t for h, t in new.items() if h not in ("数据更新时间", "数据状态")}
    assert edit_record(engine, "check_item", None, own, "甲", "新设检查事项").rows_new == 1
    with pytest.raises(Refusal) as twice:
        edit_record(engine, "check_item", None, own, "甲", "又新增一次")
    assert (twice.value.code, twice.value.status) == ("edit.exists", 409)
    retire_record(engine, "check_item", "XIN-01", "甲", "法规修订取消")
    after = cells(engine, "check_item", "XIN-01")
    assert (after["失效日期"], after["有效"]) == (clock.today().isoformat(), "失效")
    with engine.connect() as connection:
        assert len(record_history(connection, DATASETS["check_item"], "XIN-01")) == 2


def test_only_a_certificate_valid_on_the_day_sends_somebody(engine: Engine, ingest: Ingest) -> None:
    """Ingested, edited at the door, withdrawn: the officer goes on the days that the certificate in force covers."""
    ingest("inspector", [good("inspector", 工号="ZJ-1", 人员状态="有效")])
    paper = good(
        "inspector_certificate",
        工号="ZJ-1",
        证件类别="执法证",
        证件编号="E-1",
        有效期自="2025-01-01",
        有效期至="2026-10-15",
    )
    assert ingest("inspector_certificate", [paper]).rows_faulty == 0
    first, last = date(2026, 10, 1), date(2026, 12, 31)

    def days() -> tuple[bool, bool, bool]:
        with engine.connect() as connection:
            officers = read_officers(connection, clock.today(), first, last, "执法证")
        mine = next((o for o in officers if o.staff_no == "ZJ-1"), None)
        asked = (date(2026, 10, 15), date(2026, 10, 16), date(2026, 12, 31))
        return tuple(mine is not None and mine.works(day) for day in asked)  # type: ignore[return-value]

    assert days() == (True, False, False)
    edit_record(
        engine, "inspector_certificate", "ZJ-1|执法证|E-1", {"有效期至": "2026-12-30"}, "甲", "证件已换发"
    )
    assert days() == (True, True, False)
    retire_record(engine, "inspector_certificate", "ZJ-1|执法证|E-1", "甲", "调离执法岗位")
    assert days() == (False, False, False)


def test_entries_whose_licence_or_holder_is_gone_are_proposed_and_a_person_removes_them(
    engine: Engine, ingest: Ingest
) -> None:
    gone = [row | {"登记状态": "注销"} for row in town_registration() if row["统一社会信用代码"] == INN]
    entries = [
        good(
            "library",
            专项库="甲库",
            统一社会信用代码=TEA,
            许可证编号="L1",
            批准日期="2020-01-01",
            有效期至="2024-12-31",
        ),
        good(
            "library",
            专项库="甲库",
            统一社会信用代码=TEA,
            许可证编号="L2",
            批准日期="2024-12-31",
            有效期至="9999-09-09",
        ),
        good("library", 专项库="甲库", 统一社会信用代码=INN, 许可证编号="L3", 有效期至=""),
        good(
            "library",
            专项库="乙库",
            统一社会信用代码=STALL.upper(),
            主体类别="个体工商户",
            许可证编号="L4",
            有效期至="",
        ),
    ]
    assert ingest("library", entries).rows_faulty == 0
    later = f"{clock.now():%Y-%m-%d %H:%M:%S}"
    assert ingest("registration", [gone[0] | {"数据更新时间": later}]).rows_faulty == 0
    with engine.connect() as connection:
        prompts = {
            p.key: p for p in removal_prompts(connection, clock.today()) if p.library in ("甲库", "乙库")
        }
    assert {(p.enterprise_code, p.reason) for p in prompts.values()} == {(TEA, "expired"), (INN, "gone")}
    assert all(p.sentence.endswith("应移出甲库。") for p in prompts.values())
    expired = next(p for p in prompts.values() if p.reason == "expired")
    assert "|L1" in expired.key
    confirm_removal(engine, expired.key, "名录岗", clock.today())
    assert cells(engine, "library", expired.key)["状态"] == "失效"
    with engine.connect() as connection:
        left = {p.key for p in removal_prompts(connection, clock.today()) if p.library == "甲库"}
        (*_, last) = record_history(connection, DATASETS["library"], expired.key)
    assert expired.key not in left
    assert (last.by, "已过期" in last.reason) == ("名录岗", True)
    with pytest.raises(Refusal) as again:
        confirm_removal(engine, expired.key, "名录岗", clock.today())
    assert (again.value.code, again.value.status) == ("removal.none", 409)


def test_the_journal_tells_the_difference(engine: Engine) -> None:
    with engine.connect() as connection:
        wanted = text("SELECT actor, detail FROM journal WHERE act = 'record.edited' AND actor = '计划岗甲'")
        row: Any = connection.execute(wanted).first()
        refused = connection.execute(
            text("SELECT count(*) FROM journal WHERE act = 'record.edit_refused'")
        ).scalar_one()
    assert row.detail["changes"]["抽查比例"][1] == "5%-10%"
    assert refused == 2


def test_a_relatives_number_is_sealed_before_anything_is_written(engine: Engine) -> None:
    """Neither the table, its natural key, the journal nor the record's page may tell whose number it was."""
    number = "110101199003070898"
    own = good("inspector_relative", 工号="QS-1", 亲属证件号码=number)
    edit_record(
        engine,
        "inspector_relative",
        None,
        {h: t for h, t in own.items() if h not in ("数据更新时间", "数据状态")},
        "甲",
        "本人申报亲属",
    )
    with engine.connect() as connection:
        told = connection.execute(
            text("SELECT string_agg(t::text, ' ') FROM inspector_relative t")
        ).scalar_one()
        said = connection.execute(text("SELECT string_agg(j::text, ' ') FROM journal j")).scalar_one()
    assert number not in told + said
    assert seal(number) in told
