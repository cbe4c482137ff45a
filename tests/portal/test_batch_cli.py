"""`wurao batch` and `wurao match` from the command line: list, show, faults out and in again, undo, accept."""

import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from portal.cli.console import run
from registry.database import Database
from tests.ingestion.papers import TEA, good, town_registration, write_csv


@pytest.fixture(autouse=True)
def own_house(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_DATABASE_URL", database.url)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """`told("batch", "list")`: what the command answers a machine."""

    def answer(*words: str, code: int = 0) -> Any:
        assert run([*words, "--json"]) == code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return answer


def test_a_batch_from_arrival_to_undo(
    told: Any, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told("ingest", str(write_csv(tmp_path / "registration_1.csv", town_registration())))
    rows = [good("complaint", 投诉举报编号=f"c{n}", 登记日期="x" if n else "2026-02-01") for n in range(3)]
    (batch,) = told("ingest", str(write_csv(tmp_path / "complaint_1.csv", rows)))
    number = str(batch["batch_id"])

    assert [b["dataset"] for b in told("batch", "list")] == ["complaint", "registration"]
    assert [b["id"] for b in told("batch", "list", "--state", "faulty", "--limit", "1")] == [
        batch["batch_id"]
    ]
    assert told("batch", "list", "--dataset", "penalty") == []
    shown = told("batch", "show", number)
    assert (shown["rows_read"], shown["written"], shown["faults"][0]["rows"]) == (3, {"complaint": 1}, 2)
    assert [fault["row_no"] for fault in told("batch", "faults", number)] == [3, 4]
    written = told("batch", "faults", number, "--out", str(tmp_path))
    assert written["rows"] == 2
    assert Path(written["path"]).name == f"complaint_1.csv.第{number}批问题数据.xlsx"
    with database.owner().connect() as connection:
        acts = connection.execute(text("SELECT actor, act FROM journal ORDER BY number DESC LIMIT 1"))
        assert [tuple(act) for act in acts] == [("命令行", "batch.faults_downloaded")]
    assert len(CalamineWorkbook.from_path(written["path"]).get_sheet_by_index(0).to_python()) == 3
    (again,) = told("ingest", written["path"])
    assert (again["dataset"], again["rows_faulty"]) == ("complaint", 2), (
        "what is still wrong comes back as faults"
    )

    undone = told("batch", "undo", number, "--reason", "旧表", "--by", "王芳")
    assert undone["written"] == {"complaint": 1}
    assert told("batch", "list", "--state", "undone")[0]["id"] == batch["batch_id"]
    for words in (["list"], ["show", number], ["show", str(undone["batch_id"])], ["faults", number]):
        assert run(["batch", *words]) == 0
        assert "Traceback" not in capsys.readouterr().out
    for words, said in (
        (["undo", number, "--reason", "旧表", "--by", "王芳"], "undo.already"),
        (["undo", number, "--reason", " ", "--by", "王芳"], "undo.no_reason"),
        (["list", "--state", "nosuch"], "batch.strange"),
        (["show", "999999"], "scope.not_yours"),
        (["faults", str(undone["batch_id"]), "--out", str(tmp_path / "x.xlsx")], "batch.without_faults"),
    ):
        assert run(["batch", *words]) == 1
        assert said in capsys.readouterr().err.replace("\n", "")


def test_a_name_from_question_to_answer(
    told: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told("ingest", str(write_csv(tmp_path / "registration_1.csv", town_registration())))
    rows = [good("complaint", 投诉举报编号="q1", 统一社会信用代码="", 企业名称="青叶茶业有限公司")]
    told("ingest", str(write_csv(tmp_path / "complaint_1.csv", rows)))
    (question,) = told("match", "list")
    number = str(question["id"])
    assert (question["waiting"], question["enterprise_code"]) == (1, TEA)
    assert told("match", "show", number)["candidates"][0]["enterprise_code"] == TEA
    assert run(["match", "list"]) == run(["match", "show", number]) == 0
    assert "安和市青叶茶业有限公司" in capsys.readouterr().out
    assert "新设主体" not in told("match", "reject", number, "--by", "王芳")["sentence"]
    assert told("match", "list") == []
    assert "登记信息到后" in told("match", "wait", number, "--by", "王芳")["sentence"]
    done = told("match", "accept", number, TEA, "--by", "王芳", "--reason", "执照复印件")
    assert done["batches"][0]["rows_new"] == 1
    assert [q["state"] for q in told("match", "list", "--state", "all")] == ["accepted"]
    for words, said in (
        (["reject", number, "--by", "王芳"], "match.no_reason"),
        (["accept", number, "x", "--by", "王芳"], "match.no_enterprise"),
        (["list", "--state", "nosuch"], "match.strange"),
        (["show", "999999"], "scope.not_yours"),
    ):
        assert run(["match", *words]) == 1
        assert said in capsys.readouterr().err.replace("\n", "")
