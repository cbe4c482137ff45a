"""`wurao quality` and `wurao mapping`: figures, a report that asks nothing of the outside, proposals and dry runs."""

import json
import re
from pathlib import Path

import pytest

from ingestion.intake import ingest_file
from portal.cli.console import run
from registry.database import Database
from tests.ingestion.conftest import bringer, settle
from tests.ingestion.foreign_layouts import foreign_rows, layouts
from tests.ingestion.papers import good, write_csv
from tests.ingestion.test_profile import write_bay


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_TODAY", "2026-10-08")
    monkeypatch.setenv("WURAO_DATABASE_URL", database.url)
    return tmp_path


def a_bad_month(database: Database, folder: Path) -> None:
    """Twelve decisions of March, seven of them late, and one faulty row."""
    town = settle(bringer(database, folder))
    rows = [
        good("penalty", 行政处罚决定书文号=f"n{n}", 处罚决定日期="2026-01-05" if n < 7 else "2026-02-27")
        for n in range(12)
    ]
    assert town("penalty", [*rows, good("penalty", 行政处罚决定书文号="bad", 违法事实="")]).rows_faulty == 1


def test_a_month_with_its_alert_and_the_report(
    database: Database, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_bad_month(database, own_folder)
    folder = own_folder / "report"
    assert (
        run(["quality", "--month", "2026-10", "--months", "8", "--by-office", "--report", str(folder)]) == 0
    )
    said = capsys.readouterr().out
    assert "迟报率 58.33%，高于 50.00%（共 12 件）" in said
    assert "新记录" in said
    page = (folder / "quality.html").read_text(encoding="utf-8")
    addresses = set(re.findall(r'(?:src|href|url)\s*=?\s*[("]+(https?:[^)"]+)', page))
    assert addresses <= {"http://www.w3.org/1999/xlink"}, "nothing is asked of the outside"
    assert page.count("<svg") >= 5
    assert "瞒报率" in page
    lines = (folder / "quality.csv").read_text(encoding="utf-8-sig").splitlines()
    assert any(line.startswith("2026-03,行政处罚,") and ",12,7," in line for line in lines), lines
    assert "missing" in (folder / "faults.csv").read_text(encoding="utf-8-sig")
    assert run(["quality", "--month", "2026-10", "--months", "8"]) == 0
    assert "新记录" not in capsys.readouterr().out, "an alert is recorded once"


def test_without_a_month_it_is_everything_and_with_one_only_it(
    database: Database, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_bad_month(database, own_folder)
    assert run(["quality", "--json"]) == 0
    everything = {row["dataset"]: row for row in json.loads(capsys.readouterr().out)}
    assert (everything["penalty"]["read"], everything["penalty"]["late"]) == (13, 7)
    assert run(["quality", "--month", "2026-03", "--json"]) == 0
    march = {row["dataset"]: row for row in json.loads(capsys.readouterr().out)}
    assert (march["penalty"]["read"], march["penalty"]["dated"]) == (0, 12), (
        "received in October, dated in March"
    )
    assert run(["quality", "--month", "march"]) == 1
    assert "请写成 2026-03" in capsys.readouterr().err


def test_propose_try_and_use(
    database: Database, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(bringer(database, own_folder))
    names = layouts("abnormal")["厂商字段名"]
    file = write_csv(own_folder / "yichang.csv", foreign_rows("abnormal", names))
    profile = own_folder / "data" / "profiles" / "yichang.toml"
    assert run(["mapping", "suggest", str(file), "abnormal", "--out", str(profile)]) == 0
    assert "方案已写入" in capsys.readouterr().out.replace("\n", "")
    assert run(["mapping", "suggest", str(file), "abnormal", "--out", str(profile)]) == 1
    assert "已经存在" in capsys.readouterr().err
    assert run(["mapping", "check", "yichang", str(file), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["profile"].startswith("yichang@")
    assert (answer["feeds"][0]["rows"], answer["feeds"][0]["faulty"]) == (4, 0)
    assert run(["ingest", str(file), "--profile", "yichang", "--json"]) == 0
    (batch,) = json.loads(capsys.readouterr().out)
    assert (batch["rows_new"], batch["rows_faulty"]) == (4, 0)


def test_a_dry_run_is_readable_and_writes_nothing(
    database: Database, own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile, file = write_bay(own_folder)
    assert run(["mapping", "check", str(profile)]) == 0
    assert run(["mapping", "check", str(profile), str(file)]) == 0
    said = capsys.readouterr().out.replace("\n", "")
    assert "试读 5 行，可用 2，有问题 3" in said
    assert "split_mismatch" in said
    assert run(["mapping", "suggest", str(file), "abnormal", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dataset"] == "abnormal"
    assert run(["mapping", "suggest", str(own_folder / "no.csv"), "abnormal"]) == 1
    assert run(["mapping", "suggest", str(file), "nosuch"]) == 1
    assert run(["mapping", "check", "nosuch"]) == 1
    assert "没有对照方案" in capsys.readouterr().err
    report = ingest_file(
        database.engine_for("ingest"), write_csv(own_folder / "office_1.csv", [good("office")])
    )
    assert report.batch_id == 1, "the dry runs left no batch behind"
