"""Training apart and the backtest's door: a process of its own, the same model; a table, a page and a CSV."""

import csv
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select

from portal.cli.console import run
from portal.training import train_apart
from registry.database import Database
from registry.errors import Refusal
from registry.postgres import EmbeddedServer
from registry.tables import ModelRun
from risk.train import train
from tests.conftest import make_database
from tests.risk.town import PLACE, store, town

AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="module")
def small_town(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """Three hundred enterprises and five years."""
    with make_database(server, template) as database:
        store(database.owner(), town(300, seed=3))
        yield database


def _hash(engine: Engine, run_id: int) -> str:
    with engine.connect() as connection:
        return str(connection.execute(select(ModelRun.model_hash).where(ModelRun.id == run_id)).scalar_one())


def test_a_process_of_its_own_makes_the_same_model(small_town: Database) -> None:
    """Progress comes through, the model is the same to the byte, and this process was not the one."""
    engine = small_town.engine_for("risk")
    told: list[float] = []
    before = os.times()
    apart = train_apart(engine, AS_OF, PLACE, progress=lambda _stage, share: told.append(share))
    after = os.times()
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert after.children_user > before.children_user, "a child did it"
    here = train(engine, AS_OF, PLACE)
    assert _hash(engine, apart.model_run_id) == _hash(engine, here.model_run_id)
    assert apart.metrics == here.metrics


def test_its_refusals_come_home_and_its_death_is_noticed(small_town: Database) -> None:
    """An unknown place is refused as ever; a child that cannot even connect is no report."""
    engine = small_town.engine_for("risk")
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Refusal) as refused:
        train_apart(engine, AS_OF, "nowhere")
    assert refused.value.code == "rules.unknown_place"
    assert refused.value.remedy
    with pytest.raises(ChildProcessError):
        train_apart(nowhere, AS_OF, PLACE)


def test_the_door_of_the_backtest(
    small_town: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table on the terminal; a page that asks nothing of the outside; a row for each window and score."""
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_DATABASE_URL", small_town.url)
    monkeypatch.setenv("WURAO_PLACE", PLACE)
    folder = tmp_path / "report"
    asked = ["backtest", "--as-of", AS_OF.isoformat(), "--windows", "2", "--report", str(folder)]
    assert run(asked) == 0
    said = capsys.readouterr().out
    assert "2 个检验期" in said
    assert "上次结果" in said
    page = (folder / "backtest.html").read_text(encoding="utf-8")
    addresses = set(re.findall(r'(?:src|href|url)\s*=?\s*[("]+(https?:[^)"]+)', page))
    assert addresses <= {"http://www.w3.org/1999/xlink"}
    assert page.count("<svg") == 5
    with (folder / "backtest.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["score"] for row in rows} >= {"chosen", "rule_score", "last_result", "group_rate"}
    assert len({row["snapshot"] for row in rows}) == 2
    assert all(row["trained_until"] <= row["snapshot"] for row in rows)
    assert all(float(row["auc_low"]) <= float(row["auc"]) <= float(row["auc_high"]) for row in rows)
