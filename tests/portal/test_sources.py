"""Officers' pages and the command line of the sources, and the upload of zips."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from ingestion.sources import register
from ingestion.sources.definition import checked
from portal.cli.console import run
from portal.house import House
from portal.tasks import TASKS
from portal.worker import run_one
from registry import clock
from registry.tables import JournalRecord, Source, SourcePull
from registry.tables.job import JobRun

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HTTP = {"url": "https://data.example.gov.cn/penalties", "token": {"value": {"env": "PROVINCE_TOKEN"}}}


@pytest.fixture(scope="module")
def source(house: House) -> int:
    """A source that was pulled once and then failed three times."""
    content = {"name": "县平台", "dataset": "penalty", "office": "990101", "cron": "0 2 * * *", "http": HTTP}
    number = register.add_source(house.engine_for("ingest"), checked("x", content), "张三", Path("/"))
    said = [("done", "读入 5 行。", "2026-11-01 08:00:00"), *[("failed", "对方正忙。请核对。", None)] * 3]
    with house.engine_for("ingest").begin() as connection:
        for state, sentence, reached in said:
            values = {
                "source_id": number,
                "asked_by": "worker",
                "started_at": clock.now(),
                "state": state,
                "rows": 5,
            }
            connection.execute(
                insert(SourcePull).values(sentence=sentence, watermark_after=reached, **values)
            )
    return number


def post(client: Any, path: str) -> Any:
    token = TOKEN.findall(client.get("/staff/sources").text)[0]
    return client.post(path, data={"csrf_token": token}, follow_redirects=False)


def acts(house: House, name: str) -> list[tuple[str, str]]:
    with house.engine.connect() as connection:
        wanted = select(JournalRecord.act, JournalRecord.actor).where(
            JournalRecord.subject == f"source:{name}"
        )
        return [tuple(row) for row in connection.execute(wanted.order_by(JournalRecord.number))]


def test_the_pages_say_how_each_source_stands_failures_first(visitor: Any, source: int) -> None:
    client = visitor("lisi")
    page = client.get("/staff/sources").text
    for said in ("县平台", "接口拉取", "0 2 * * *", "2026-11-01 08:00:00", "连续失败 3 次", "到点仍会再取"):
        assert said in page, said
    assert page.index('role="alert"') < page.index("<table")
    own = client.get(f"/staff/sources/{source}").text
    assert "https://data.example.gov.cn/penalties" in own
    assert own.count("对方正忙") >= 3
    assert "PROVINCE_TOKEN" not in own
    assert client.get("/staff/sources/999").status_code == 404


def test_each_act_is_one_journal_record_and_pausing_twice_is_one_act(
    visitor: Any, house: House, source: int
) -> None:
    client = visitor("lisi")
    before = len(acts(house, "县平台"))
    for act in ("pause", "pause", "resume"):
        assert (
            post(client, f"/staff/sources/{source}/{act}").headers["location"] == f"/staff/sources/{source}"
        )
        if act == "pause":
            assert "已暂停" in client.get("/staff/sources").text
    assert acts(house, "县平台")[before:] == [("source.paused", "lisi"), ("source.resumed", "lisi")]
    assert post(client, "/staff/sources/999/pause").status_code == 404


def test_run_now_asks_once_however_often_it_is_clicked(visitor: Any, house: House, source: int) -> None:
    client = visitor("lisi")
    places = {post(client, f"/staff/sources/{source}/run").headers["location"] for _ in range(3)}
    assert len(places) == 1
    page = client.get(places.pop())
    assert "取数：县平台" in page.text
    run_one(house, TASKS, "w")
    with house.engine.connect() as connection:
        outcome = connection.execute(select(JobRun.outcome).where(JobRun.job == "pull:县平台")).scalar_one()
    assert outcome["code"] == "secret.missing"
    assert "PROVINCE_TOKEN" in outcome["remedy"]


def test_only_the_whole_place_s_officers(visitor: Any, source: int) -> None:
    for path in ("/staff/sources", f"/staff/sources/{source}"):
        assert visitor("beian").get(path).status_code == 403
        assert visitor("qiye").get(path).status_code == 403


def upload(client: Any, name: str, content: bytes, dataset: str = "") -> Any:
    token = TOKEN.findall(client.get("/staff/batches").text)[0]
    return client.post(
        "/staff/batches/upload",
        data={"csrf_token": token, "dataset": dataset},
        files={"file": (name, io.BytesIO(content), "application/zip")},
        follow_redirects=False,
    )


def test_a_zip_is_uploaded_without_choosing_a_dataset(visitor: Any, house: House) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("部门/department_a.csv", "部门,部门全称,可以发起\n文旅,安和市文化和旅游局,是\n")
        made.writestr("../office_b.csv", "x\n")
    client = visitor("lisi")
    answer = upload(client, "报送.zip", packed.getvalue())
    assert answer.status_code == 303
    while run_one(house, TASKS, "w"):
        pass
    page = client.get(answer.headers["location"]).text
    assert "1 个文件没有入库" in page
    assert "指到压缩包以外" in page
    assert "新增 1" in page


def test_a_file_whose_name_says_nothing_needs_a_choice(visitor: Any) -> None:
    client = visitor("lisi")
    assert upload(client, "十一月.csv", b"x\n").status_code == 422
    assert upload(client, "penalty_十一月.csv", b"x\n").status_code == 303
    assert upload(client, "十一月.csv", b"y\n", "penalty").status_code == 303
    assert upload(client, "十一月.csv", b"y\n", "nothing").status_code == 422


@pytest.fixture
def command_line(database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WURAO_DATABASE_URL", database.url)
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    (tmp_path / "share").mkdir()
    return tmp_path


def definition(folder: Path, **changes: str) -> str:
    entries = {"folder": str(folder / "share"), "settle_seconds": 0, **changes}
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in entries.items())
    file = folder / "share.toml"
    file.write_text(f'name = "share"\n[folder]\n{lines}\n')
    return str(file)


def test_the_command_line(command_line: Path, database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file = definition(command_line)
    assert run(["source", "run", "share", "--by", "甲"]) == 1
    assert "source.unknown" in capsys.readouterr().err.replace("\n", "")
    assert run(["source", "add", file, "--by", "甲"]) == 0
    (command_line / "share" / "department_a.csv").write_text(
        "部门,部门全称,可以发起\n文旅,安和市文化和旅游局,是\n"
    )
    capsys.readouterr()
    assert run(["source", "run", "share", "--by", "甲", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 1
    assert list((command_line / "share").rglob("done/*/department_a.csv"))
    assert run(["source", "pause", "share", "--by", "甲"]) == 0
    capsys.readouterr()
    assert run(["source", "list", "--json"]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["active"], shown["rows"]) == ("share", False, 1)
    assert run(["source", "resume", "share", "--by", "甲"]) == 0
    assert run(["source", "list"]) == 0
    assert run(["source", "show", "share"]) == 0
    printed = capsys.readouterr().out
    assert "取了 1 件" in printed.replace("\n", "")
    definition(command_line, settle_seconds=1)
    assert run(["source", "add", file, "--by", "甲"]) == 1
    assert run(["source", "add", file, "--by", "甲", "--replace"]) == 0
    with database.owner().connect() as connection:
        assert connection.execute(select(Source.settings)).scalar_one()["settle_seconds"] == 1
