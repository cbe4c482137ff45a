"""Templates through the doors: from the batches page, and by command."""

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from python_calamine import CalamineWorkbook

from ingestion.datasets import DATASETS
from portal.cli.console import run


def test_every_template_is_offered_and_can_be_fetched(visitor: Any) -> None:
    client = visitor("zhangsan")
    page = client.get("/staff/batches").text
    for name, dataset in DATASETS.items():
        assert f'href="/staff/templates/{name}"' in page
        answer = client.get(f"/staff/templates/{name}")
        assert answer.status_code == 200
        assert f"{name}_{dataset.title}模板.xlsx" in unquote(answer.headers["content-disposition"])
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        assert book.sheet_names == ["填报", "填写说明", "代码表"]


def test_what_is_no_dataset_has_no_template(visitor: Any) -> None:
    assert visitor("zhangsan").get("/staff/templates/nothing").status_code == 404


def test_the_command_writes_one_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["template", "penalty", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == "penalty_模板.xlsx"
    assert (tmp_path / "penalty_模板.xlsx").stat().st_size > 5_000
    assert run(["template", "penalty"]) == 1
    assert "已经存在" in capsys.readouterr().err
    assert run(["template", "permit", "--out", str(tmp_path / "nowhere" / "x.xlsx")]) == 1
    assert run(["template", "penalties"]) == 1
    assert "penalty" in capsys.readouterr().err
