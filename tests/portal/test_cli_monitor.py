"""The commands: grade releases, monitor reports, model-card writes, grades release needs two people."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.cli.console import run
from portal.house import House
from portal.tasks import monthly_grade
from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.settings import load_settings
from registry.tables import ModelRun
from risk.adoption import adopt
from risk.train import train
from tests.conftest import make_database
from tests.risk.test_release import BROKEN, FIRST, ROWS, SECOND
from tests.risk.town import PLACE, store

REASON = "市局已核对处罚数据，系集中撤销。"


@pytest.fixture(scope="module")
def town(
    server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with make_database(server, template) as database, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WURAO_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("WURAO_DATABASE_URL", database.url)
        patch.setenv("WURAO_PLACE", PLACE)
        patch.setenv("WURAO_TODAY", SECOND.isoformat())
        store(database.owner(), ROWS)
        engine = database.engine_for("risk")
        adopt(engine, train(engine, FIRST, PLACE).model_run_id, "甲", "乙", "测试期指标已核对", FIRST)
        yield database


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_from_a_grading_to_a_release(
    town: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first is released at once; a month with a broken source is held, by the worker as by the command."""
    trial = _json(capsys, "grade", "--as-of", str(FIRST), "--run", "1")
    assert "released" not in trial, "a trial is stored nowhere"
    assert _json(capsys, "grade", "--as-of", str(FIRST))["released"] is True

    store(town.owner(), {"penalty": BROKEN["all penalties vanish"][1]})
    house = House(town.engine_for, load_settings())
    done = monthly_grade(house, {}, lambda *_: None)
    assert done["released"] is False
    assert "须两人核实" in done["sentence"]
    files = sorted(file.name for file in (house.reports / f"monitor-{SECOND}").iterdir())
    assert files == [
        "model-card-1.html",
        "model-card-1.pdf",
        f"monitor-{SECOND}.html",
        f"monitor-{SECOND}.pdf",
    ]

    told = _json(capsys, "monitor", "--as-of", str(SECOND), "--report", str(tmp_path))
    assert told["blocks"] is True
    page = (tmp_path / f"monitor-{SECOND}.html").read_text()
    for said in (
        "没有放行",
        "停止放行",
        "行政处罚次数",
        "PSI 上期",
        "Jeffreys",
        "不定向抽查发现率",
        "上年同期",
        "分组核查",
    ):
        assert said in page, said
    assert page.count("<svg") >= 8
    assert (tmp_path / f"monitor-{SECOND}.pdf").read_bytes().startswith(b"%PDF-")

    held = ["grades", "release", str(told["snapshot_id"]), "--reason", REASON]
    assert run([*held, "--by", "张三", "--approve", "张三"]) == 1
    assert "release.same_person" in capsys.readouterr().err
    assert run([*held, "--by", "张三", "--approve", "李四"]) == 0
    assert "已放行" in capsys.readouterr().out
    assert run(["monitor", "--as-of", str(SECOND)]) == 0
    assert "这一期已两人放行" in capsys.readouterr().out


def test_a_card_of_a_real_run_says_what_the_run_recorded(
    town: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sqlalchemy import select

    files = _json(capsys, "model-card", "--out", str(tmp_path))
    page = Path(files[0]).read_text()
    with town.owner().connect() as connection:
        row = connection.execute(select(ModelRun.model_hash, ModelRun.data_hash, ModelRun.metrics)).one()
    auc = row.metrics["test"]["all"]["scores"]["logistic"]["auc"]
    assert row.model_hash in page
    assert row.data_hash in page
    assert f"{auc[0]:.3f}（{auc[1]:.3f}–{auc[2]:.3f}）" in page
    for name, visits in re.findall(
        r'"(random|targeted)": (\d+)', json.dumps(row.metrics["labelled"]["by_source"])
    ):
        assert f"{int(visits):,} 次" in page, name
    assert Path(files[1]).read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["model-card", "999"], "card.no_run"),
        (["model-card", "--place", "CN"], "card.no_run"),
        (["monitor", "--as-of", "2020-01-01"], "monitor.no_grading"),
        (
            ["grades", "release", "999", "--by", "甲", "--approve", "乙", "--reason", REASON],
            "release.no_grading",
        ),
    ],
)
def test_refusals_are_sentences(
    town: Database, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1
    said = capsys.readouterr().err
    assert code in said
    assert "→" in said
