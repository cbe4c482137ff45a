"""The summary and the public page: complete for the bureau, silent about classes for everybody else."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from registry.errors import Refusal
from registry.tables import Draw, Enterprise
from registry.vocabulary import CLASS_NAMES
from reports.publication import public_name, write_announcement, write_public_page
from reports.roster import RosterView
from reports.summary import measure_loads, solver_facts, write_summary
from tests.reports.sample_plan import SECRET_KEY, Sample
from tests.reports.sample_records import HOSTILE_NAME


@pytest.fixture
def summary(connection: Connection, sample: Sample, tmp_path: Path) -> str:
    book = tmp_path / "elsewhere" / "roster.xlsx"
    folder = tmp_path / "reports"
    return write_summary(connection, sample.plan_id, sample.roster_id, folder, {"排班": book}).read_text(
        "utf-8"
    )


@pytest.fixture
def public(connection: Connection, sample: Sample, tmp_path: Path) -> str:
    return write_public_page(connection, sample.plan_id, tmp_path).read_text("utf-8")


def test_the_summary_names_every_exclusion_reason(summary: str, view: RosterView) -> None:
    assert len(view.exclusions) == 4
    for line in view.exclusions:
        assert line.reason_name in summary
        assert line.example in summary


def test_the_summary_is_marked_internal_and_self_contained(summary: str) -> None:
    assert "内部资料" in summary
    assert not re.search(r'(?:src|href)="https?://', summary)
    assert "<script" not in summary
    assert summary.count("<svg") == 6
    assert summary.count("<details>") >= 6


def test_the_summary_escapes_names_and_links_files(summary: str) -> None:
    assert "alert(1)" not in summary
    assert 'href="../elsewhere/roster.xlsx"' in summary


def test_the_summary_tells_the_figures(summary: str) -> None:
    for said in (
        "18 户次",
        "少敲 6 次门",
        "40.00%",
        "0.810（0.790–0.830）",
        "窗口内没有空余人员",
        "2.1%",
        "生态环境",
        "时间用完",
    ):
        assert said in summary


def test_a_roster_of_another_plan_is_refused(connection: Connection, sample: Sample, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="不属于"):
        write_summary(connection, sample.plan_id + 1, sample.roster_id, tmp_path)


def test_the_public_page_shows_the_draw(public: str, sample: Sample) -> None:
    for said in ("4" * 64, "1" * 64, "2026-10-21 骰子 3 6 1 4", "wurao verify", "病假", "共 18 户次"):
        assert said in public
    assert all(code in public for code in sample.codes[:12])
    assert not any(code in public for code in sample.codes[12:])


def test_the_public_page_and_announcement_betray_nothing(
    connection: Connection, sample: Sample, public: str, tmp_path: Path
) -> None:
    announced = write_announcement(connection, sample.plan_id, tmp_path).read_text("utf-8")
    ticket = f"{5:064x}"
    secrets = (
        *CLASS_NAMES.values(),
        "-990101",
        SECRET_KEY,
        ticket,
        "0.40625",
        "5a" * 16,
        "检查员",
        "S001",
        "分类",
    )
    for secret in secrets:
        assert secret not in public
        assert secret not in announced
    assert "<script>alert" not in public


def test_no_list_before_the_draw_is_published(connection: Connection, sample: Sample, tmp_path: Path) -> None:
    connection.execute(update(Draw).values(state="seeded"))
    page = write_public_page(connection, sample.plan_id, tmp_path).read_text("utf-8")
    assert sample.codes[3] not in page
    assert "4" * 64 in page


def test_names_of_persons_are_masked(connection: Connection, sample: Sample, tmp_path: Path) -> None:
    assert public_name("张小三", "3") == "张**"
    assert public_name("张记面馆", "3") == "张记面馆"
    assert public_name("中石化", "1") == "中石化"
    connection.execute(
        update(Enterprise)
        .values(entname="李小四", entkind="3")
        .where(Enterprise.enterprise_code == sample.codes[4])
    )
    assert "李小四" not in write_public_page(connection, sample.plan_id, tmp_path).read_text("utf-8")


def test_the_announcement_has_title_tasks_and_deadline(
    connection: Connection, sample: Sample, tmp_path: Path
) -> None:
    text = write_announcement(connection, sample.plan_id, tmp_path).read_text("utf-8")
    assert text.startswith("安和市市场监管局2026年度第1001号抽查任务公告")
    assert "劳动用工检查（A09）" in text
    assert "20 个工作日" in text


def test_loads_count_own_minutes_only(view: RosterView) -> None:
    loads = {load.staff_no: load for load in measure_loads(view)}
    assert sum(load.visits for load in loads.values()) == sum(len(visit.members) for visit in view.visits)
    assert loads["S001"].minutes == 40 * loads["S001"].visits


def test_solver_facts_are_words() -> None:
    said = dict(
        solver_facts(
            {
                "gap": 0.5,
                "stopped": "gap",
                "settled": [{"kind": "off_site"}, {"kind": "off_site"}, {"kind": "recognised"}],
                "aims": [{"name": "doors", "value": 9, "bound": 8}],
            }
        )
    )
    assert said == {
        "入企次数": "9（下界 8）", "先急后缓与下界的差距": "50.0%", "求解停止": "差距已够小",
        "书面、网络检查（不入企）": "2 户次", "结果互认免查": "1 户次（其他事项照查的仍入企）",
    }  # fmt: skip
    assert solver_facts({}) == []


def test_the_hostile_name_is_shown_as_text(public: str) -> None:
    assert HOSTILE_NAME.replace('"', "&#34;") in public
