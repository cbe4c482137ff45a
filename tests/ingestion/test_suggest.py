"""Suggestions, measured: how many columns of shuffled foreign layouts find their own, and how many find a wrong one."""

from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.datasets import DATASETS
from ingestion.dry_run import try_profile
from ingestion.intake import ingest_file
from ingestion.mapping import load_profile
from ingestion.suggest import suggest
from ingestion.suggest_text import profile_text
from registry.database import Database
from tests.ingestion.conftest import Ingest
from tests.ingestion.foreign_layouts import foreign_rows, layouts
from tests.ingestion.papers import GOOD, write_csv

PROFILES = Path(__file__).parents[2] / "ingestion" / "profiles"
AT_LEAST = {
    "标准代码": 0.99,
    "厂商字段名": 0.99,
    "日常叫法": 0.85,
    "英文": 0.8,
    "拼音首字母": 0.9,
    "无意义列名": 0.15,
}
"""What was measured when this was written, less a little; see docs/mapping.md."""


def measure(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Kind of layout → (columns, right, wrong)."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for dataset in DATASETS:
        if dataset not in GOOD:
            continue
        for kind, names in layouts(dataset).items():
            if not names:
                continue
            path = write_csv(folder / f"{dataset}_{len(totals)}.csv", foreign_rows(dataset, names))
            found = {match.column: match.heading for match in suggest(path, dataset).matches}
            right = sum(found.get(ours) == theirs for ours, theirs in names.items())
            wrong = sum(names.get(ours) != theirs for ours, theirs in found.items())
            totals[kind][0] += len(names)
            totals[kind][1] += right
            totals[kind][2] += wrong
    return {kind: (many[0], many[1], many[2]) for kind, many in totals.items()}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int, int]]:
    found = measure(tmp_path_factory.mktemp("foreign"))
    for kind, (many, right, wrong) in found.items():
        print(f"{kind}: {right}/{many} = {right / many:.1%} right, {wrong} wrong")
    return found


@pytest.mark.parametrize("kind", list(AT_LEAST))
def test_columns_find_their_own(measured: dict[str, tuple[int, int, int]], kind: str) -> None:
    many, right, wrong = measured[kind]
    assert many > 10
    assert right / many >= AT_LEAST[kind], f"{right} of {many}, {wrong} wrong"


def test_a_good_proposal_is_used_as_it_is(town: Ingest, database: Database, tmp_path: Path) -> None:
    """Vendor headings, German dates, amounts in 元: propose, load, ingest."""
    names = layouts("penalty")["日常叫法"] | {
        "行政处罚决定书文号": "penDecNo",
        "罚款金额(万元)": "罚款数额(元)",
    }
    rows = foreign_rows("penalty", names)
    for row in rows:
        row["作出处罚日期"] = ".".join(reversed(row["作出处罚日期"].split("-")))
        row["罚款数额(元)"] = "5000"
        row["当事人手机"] = "13800001234"
        row["备用"] = "x"
    file = write_csv(tmp_path / "城关局案件_202603.csv", rows, "gb18030")
    proposal = suggest(file, "penalty")
    assert proposal.missing == []
    assert proposal.personal == ["当事人手机"]
    profile = tmp_path / "案件.toml"
    profile.write_text(profile_text(proposal), encoding="utf-8")
    assert load_profile(profile).rule_for("城关局案件_202604.csv")
    report = ingest_file(database.engine_for("ingest"), file, profile=profile)
    assert (report.rows_new, report.rows_faulty) == (4, 0), report.faults
    with database.owner().connect() as connection:
        fines = connection.execute(text("SELECT DISTINCT cf_nr_fk::float, cf_jdrq::text FROM penalty")).all()
    assert {fine for fine, _ in fines} == {0.5}
    assert ("2026-02-26" in {day for _, day in fines}) is True


def test_unknown_texts_become_stubs_and_missing_columns_are_said(tmp_path: Path) -> None:
    rows = foreign_rows("registration", {"企业名称": "商户名称", "登记状态": "状态(新)", "住所": "地址"})
    for number, row in enumerate(rows):
        row["状态(新)"] = ["存续(开业)", "冻结", "吊销，未注销。", "开业", "注销"][number]
    proposal = suggest(write_csv(tmp_path / "商户.csv", rows), "registration")
    assert {"主体类别", "管辖单位", "行业门类"} <= set(proposal.missing)
    written = profile_text(proposal)
    assert '"管辖单位" = ""' in written
    assert '# "冻结" = ""' in written
    path = tmp_path / "p.toml"
    path.write_text(written, encoding="utf-8")
    load_profile(path)
    (run,) = try_profile(path, tmp_path / "商户.csv")
    assert run.faulty == 5, "an empty constant of a required column holds every row until somebody fills it"


def test_the_real_files(shared_data: Path) -> None:
    """Against the profiles that people wrote by hand."""
    for path, dataset, profile in (
        (shared_data / "zhejiang-2017-draw-list" / "advertising-businesses.xlsx", "library", "zhejiang"),
        (shared_data / "zhejiang-2017-draw-list" / "direct-selling.xlsx", "library", "zhejiang"),
        (shared_data / "austin-food-inspections" / "inspections_merged.csv", "inspection", "austin"),
    ):
        rule = load_profile(PROFILES / f"{profile}.toml").rule_for(path.name)
        assert rule
        (feed,) = (feed for feed in rule.feeds if feed.dataset == dataset)
        proposal = suggest(path, dataset)
        found = {match.column: match.heading for match in proposal.matches}
        by_hand = {
            ours: theirs
            for ours, theirs in feed.columns.items()
            if list(feed.columns.values()).count(theirs) == 1
        }
        hit = sum(found.get(ours) == theirs for ours, theirs in by_hand.items())
        print(f"{path.name} → {dataset}: {hit}/{len(by_hand)}; missing {proposal.missing}")
        assert hit >= len(by_hand) - (1 if dataset == "inspection" else 0), (found, by_hand)


def test_a_title_above_the_headings_is_passed_over(tmp_path: Path) -> None:
    rows = foreign_rows("abnormal", layouts("abnormal")["厂商字段名"])
    path = write_csv(tmp_path / "异常.csv", rows, "utf-8")
    path.write_text("2026年经营异常名录台账\n\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert {match.column for match in suggest(path, "abnormal").matches} == set(
        layouts("abnormal")["厂商字段名"]
    )
