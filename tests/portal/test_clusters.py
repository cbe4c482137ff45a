"""The command that shows travel clusters: a table, a map, JSON, and one sentence where nothing is drawn."""

import json
from pathlib import Path
from typing import Any

import pytest

from portal.cli.console import run
from tests.conftest import make_database
from tests.scheduling.town_records import build_town, drawn_plan


def test_the_clusters_of_a_drawn_plan(
    server: Any,
    template: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_TODAY", "2026-10-08")
    with make_database(server, template) as database:
        build_town(database.owner())
        monkeypatch.setenv("WURAO_DATABASE_URL", database.url)
        plan, _ = drawn_plan(database.engine_for("schedule"))
        picture = tmp_path / "map.svg"
        assert run(["clusters", str(plan), "--map", str(picture), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["plan"] == plan
        assert sum(one["doors"] for one in told["clusters"]) > 10
        assert all(one["kilometres"] is None for one in told["clusters"]), "this town has no coordinates"
        assert "没有经纬度" in picture.read_text(encoding="utf-8")
        assert run(["clusters", str(plan)]) == 0
        assert "最远两户" in capsys.readouterr().out
        assert run(["clusters", "999"]) == 1
        assert "还没有抽取结果" in capsys.readouterr().err
