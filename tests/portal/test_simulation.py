"""The simulation at its doors: the page for officers of the whole place, the command, and the report."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from portal.cli.console import run
from tests.conftest import make_database
from tests.scheduling.town_records import build_town

WINDOW = "as_of=2026-11-30&window_from=2026-12-01&window_to=2026-12-31"
COMMAND = [
    "plan", "simulate", "--window-from", "2026-10-01", "--window-to", "2026-12-31",
    "--as-of", "2026-09-30", "--place", "990100",
]  # fmt: skip


@pytest.fixture
def town_of_80(server: Any, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A place with objects, items and people, for the command line."""
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_TODAY", "2026-10-08")
    with make_database(server, template) as database:
        owner: Engine = database.owner()
        build_town(owner)
        monkeypatch.setenv("WURAO_DATABASE_URL", database.url)
        yield database


def test_the_command_compares_and_reports(
    town_of_80: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, page = tmp_path / "alternatives.toml", tmp_path / "simulation.html"
    file.write_text(
        '[[alternative]]\nname = "<b>天天安静</b>"\nrules = { "quiet_day.x" = { month_days = ['
        + ",".join(map(str, range(1, 32)))
        + "] } }\n",
        encoding="utf-8",
    )
    changed = [
        "--set",
        "ratio.by_item={A=1,B=1,C=1.5,D=2}",
        "--alternatives",
        str(file),
        "--report",
        str(page),
    ]
    assert run([*COMMAND, *changed, "--json"]) == 0
    now, quiet, more = json.loads(capsys.readouterr().out)
    assert [now["name"], quiet["name"], more["name"]] == ["现行规则", "<b>天天安静</b>", "设定"]
    assert now["checks"] > 0
    assert quiet["conflict"]
    assert more["checks"] >= now["checks"]
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 4
    assert "<b>天天安静</b>" not in text
    assert "&lt;b&gt;天天安静" in text
    assert "规定冲突" in text
    addresses = set(re.findall(r'(?:src|href|url)\s*=?\s*[("]+(https?:[^)"]+)', text))
    assert addresses <= {"http://www.w3.org/1999/xlink"}, "nothing is asked of the outside"
    assert run([*COMMAND, *changed[:2]]) == 0
    assert "联合检查占比" in capsys.readouterr().out


def test_a_bad_setting_is_a_sentence_and_not_a_traceback(
    town_of_80: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*COMMAND, "--set", "quota.undisturbed_share=九成"]) == 1
    assert "simulation.setting" in capsys.readouterr().err


def test_the_page_has_its_form_and_its_figures(visitor: Any) -> None:
    client = visitor("zhangsan")
    form = client.get("/staff/simulation")
    assert form.status_code == 200
    assert "不编制计划，不抽取，不保存" in form.text
    assert "<svg" not in form.text
    page = client.get(f"/staff/simulation?run=1&{WINDOW}&undisturbed=95")
    assert page.status_code == 200, page.text
    assert "quota.undisturbed_share：0.9 → 0.95" in page.text
    assert "现行规则" in page.text
    assert ' style="' not in page.text, "the policy forbids style attributes"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (f"{WINDOW}&undisturbed=many", "不是 0 至 100 之间的百分数"),
        (f"{WINDOW}&general_A=101", "不是 0 至 100 之间的百分数"),
        (f"{WINDOW}&quiet=99", "没有安静日选项"),
        ("window_from=soon", "不是日期"),
        ("as_of=2026-12-01&window_from=2027-03-01&window_to=2027-01-01", "颠倒"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(visitor: Any, query: str, sentence: str) -> None:
    answer = visitor("zhangsan").get(f"/staff/simulation?run=1&{query}")
    assert answer.status_code == 422
    assert sentence in answer.text


def test_an_office_of_a_district_may_not(visitor: Any) -> None:
    assert visitor("beian").get("/staff/simulation").status_code == 403


def test_a_published_number_below_the_floor_is_warned_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path))
    monkeypatch.setenv("WURAO_PLACE", "990100")
    assert run(["plan", "check-number", "1200", "40065", "--as-of", "2026-09-30"]) == 1
    assert "还差 2 户" in capsys.readouterr().out
    assert run(["plan", "check-number", "1202", "40065", "--as-of", "2026-09-30"]) == 0
