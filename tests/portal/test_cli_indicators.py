"""`wurao indicators`: the catalogue, one enterprise with its records, and a whole cohort as CSV."""

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from portal.cli.console import run
from registry.database import Database
from risk.indicators import CATALOGUE
from risk.indicators.domain_rows import ROWS
from risk.indicators.validity import validity_of
from tests.risk.suburb import signal
from tests.risk.town import enterprise, penalty, store

CODE = "91990101MA00000001"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_TODAY", "2026-06-01")
    monkeypatch.setenv("WURAO_PLACE", "990100")
    monkeypatch.setenv("WURAO_DATABASE_URL", database.url)
    return tmp_path


@pytest.fixture
def two(database: Database) -> None:
    """One enterprise with a penalty and a case, and a clean one."""
    rows = {
        "enterprise": [enterprise(CODE), enterprise("91990101MA00000002")],
        "penalty": [penalty(CODE, date(2026, 3, 1))],
        "judicial_signal": [signal(CODE, "被执行人", date(2026, 3, 1))],
    }
    store(database.owner(), rows)


def test_the_catalogue_needs_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["indicators", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["key"] for each in listed] == [indicator.key for indicator in CATALOGUE]
    assert all(each["name"] and each["english"] and each["validity"] for each in listed)
    assert run(["indicators"]) == 0
    assert "股东及其名下其他主体问题占比" in capsys.readouterr().out.replace("\n", "")


def test_one_enterprise_with_its_records(two: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["indicators", CODE, "--as-of", "2026-06-01", "--json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    lines = {line["key"]: line for line in sheet["lines"]}
    assert (lines["pen_cnt_36"]["value"], lines["executed_cnt"]["value"]) == (1, 1)
    assert lines["executed_cnt"]["table"] == "judicial_signal"
    assert (len(lines["executed_cnt"]["records"]), lines["executed_cnt"]["latest"]) == (1, "2026-03-01")
    assert run(["indicators", CODE]) == 0
    shown = capsys.readouterr().out
    assert "近36个月行政处罚次数 1 次" in shown.replace("\n", "")
    assert "来源未报送" in shown
    assert run(["indicators", CODE, "--as-of", "2026-02-01", "--json"]) == 0
    before = {line["key"]: line for line in json.loads(capsys.readouterr().out)["lines"]}
    assert (before["pen_cnt_36"]["value"], before["pen_cnt_36"]["records"]) == (0, [])


def test_the_whole_cohort_as_a_sheet(two: None, own_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = own_folder / "all.csv"
    assert run(["indicators", "--csv", str(file)]) == 0
    assert "2 户" in capsys.readouterr().out
    with file.open(encoding="utf-8-sig") as source:
        rows = list(csv.DictReader(source))
    assert [row["enterprise_code"] for row in rows] == [CODE, "91990101MA00000002"]
    assert (rows[0]["pen_cnt_36"], rows[1]["pen_cnt_36"], rows[0]["tax_grade"]) == ("1", "0", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["NOBODY"], "不在 990100 的分类对象里"),
        ([CODE, "--csv", "x.csv"], "不能同时只看一户"),
        (["--csv", "/nonexistent/x.csv"], "写不了"),
    ],
)
def test_refusals_are_sentences(
    two: None, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["indicators", *words]) == 1
    assert said in capsys.readouterr().err.replace("\n", "")


def test_every_row_of_the_design_is_answered_or_says_why_not() -> None:
    """84 rows in order; every key exists; a missing one has a remark; every indicator has a validity."""
    assert [row.number for row in ROWS] == list(range(1, 85))
    known = {indicator.key for indicator in CATALOGUE}
    assert {key for row in ROWS for key in row.keys} <= known
    assert all(row.remark for row in ROWS if not row.keys)
    answered = {key for row in ROWS for key in row.keys}
    beyond = {
        "premises_cnt",
        "employees_log",
        "key_supervision_now",
        "insp_last_measure",
        "insp_mean_measure",
        "insp_worst_measure",
        "insp_recent_measure",
        "brand_problem_rate",
        "brand_mean_measure",
    }
    assert known - answered == beyond
    assert all(validity_of(indicator) for indicator in CATALOGUE)
