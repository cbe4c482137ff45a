"""The command line: usage, refusals in sentences, JSON for machines, faults in a file; never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from portal.cli import ROOMS, app
from portal.cli.console import out, run
from registry import journal

COMMANDS = {
    "demo",
    "ingest",
    "quality",
    "mapping",
    "train",
    "grade",
    "explain",
    "indicators",
    "appeal",
    "override",
    "model",
    "grades",
    "plan",
    "draw",
    "verify",
    "roster",
    "report",
    "serve",
    "worker",
    "db",
    "template",
}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WURAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WURAO_TODAY", "2026-10-08")
    return tmp_path


@pytest.fixture
def on_test_database(database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WURAO_DATABASE_URL", database.url)


def test_every_command_of_the_issue_is_there() -> None:
    named = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    assert {*named, *(group.name for group in app.registered_groups)} >= COMMANDS


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nosuch"], 2, "nosuch"),
        (["ingest"], 2, "缺少参数 SOURCE"),
        (["grade", "--as-of", "2026-99-99"], 2, "2026-99-99"),
        (["ingest", "/nonexistent"], 1, "找不到"),
        (["verify", "/nonexistent.zip"], 1, "验证未通过"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == code
    printed = capsys.readouterr()
    assert said in printed.out + printed.err
    assert "Traceback" not in printed.out + printed.err


@pytest.mark.usefixtures("on_test_database")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["grade", "--as-of", "2026-09-30"], "grade.no_model"),
        (["explain", "91990101MA00000000"], "explain"),
        (
            ["plan", "make", "--window-from", "2026-10-01", "--window-to", "2026-12-31", "--by", "甲"],
            "plan.no_items",
        ),
        (["plan", "approve", "7", "--by", "乙"], "plan."),
        (["draw", "seed", "7", "--text", "x", "--source", "y", "--by", "甲"], "draw."),
        (["roster", "check", "7"], "roster.unknown"),
        (["report", "7"], "reports.no_roster"),
        (["annual", "approve", "7", "--by", "乙"], "annual.unknown"),
        (["exemption", "approve", "7", "--by", "乙"], "exemption.unknown"),
        (["lead", "approve", "7", "--by", "乙"], "lead.unknown"),
        (["record", "show", "check_item", "SJ-01"], "edit.unknown"),
        (
            ["record", "edit", "penalty", "x", "--set", "a=b", "--by", "甲", "--reason", "说明理由"],
            "edit.dataset",
        ),
        (
            ["record", "edit", "check_item", "x", "--set", "没有等号", "--by", "甲", "--reason", "说明理由"],
            "edit.form",
        ),
        (["grade", "--place", "XX"], "rules.unknown_place"),
    ],
)
def test_an_empty_house_refuses_with_a_code_and_a_way_out(
    words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1
    said = capsys.readouterr().err
    assert code in said.replace("\n", "")
    assert "→" in said


@pytest.mark.usefixtures("on_test_database")
@pytest.mark.parametrize(
    "words",
    [
        ["plan", "list"],
        ["roster", "list"],
        ["quality"],
        ["db", "status"],
        ["db", "verify-journal"],
        ["annual", "list"],
        ["exemption", "list"],
        ["exemption", "rate"],
        ["lead", "list"],
        ["disturbance"],
        ["record", "prompts"],
    ],
)
def test_machines_get_one_json_value(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--json"]) == 0
    json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("on_test_database")
def test_a_bad_file_is_reported_row_by_row_and_a_foreign_one_held(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = own_folder / "penalty_x.csv"
    held.write_text("甲,乙\n1,2\n")
    assert run(["ingest", str(held), "--json"]) == 1
    (batch,) = json.loads(capsys.readouterr().out)
    assert batch["state"] == "held"
    assert "行政处罚决定书文号" in batch["sentence"]


def test_a_narrow_terminal_cuts_no_code_short(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(*("列" for _ in range(8)))
    table.add_row(*(f"91990101MA9JBN70{n}N" for n in range(8)))
    out.print(table, width=60)
    said = capsys.readouterr().out
    assert "…" not in said
    columns = [[part.strip() for part in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    assert ["".join(parts) for parts in zip(*columns, strict=True)] == [
        f"91990101MA9JBN70{n}N" for n in range(8)
    ]


def test_our_own_fault_goes_to_a_file_not_to_the_user(
    own_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("inner")

    monkeypatch.setattr("portal.cli.planning.verify_bundle", broken)
    assert run(["verify", "x"]) == 3
    assert "Traceback" not in capsys.readouterr().err
    (log,) = (own_folder / "data" / "logs").glob("fault-*.txt")
    assert "ZeroDivisionError" in log.read_text()


def test_a_wrong_setting_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WURAO_TODAY", "garbage")
    assert run(["plan", "list"]) == 1
    assert "WURAO_TODAY='garbage'" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.usefixtures("on_test_database")
def test_the_demonstration_spares_any_data_not_its_own(database, capsys: pytest.CaptureFixture[str]) -> None:
    with database.engine_for("portal").begin() as connection:
        journal.append(connection, "甲", "act", "s", {})
    assert run(["demo", "--enterprises", "1000"]) == 1
    assert "demo.foreign_data" in capsys.readouterr().err.replace("\n", "")


def test_every_command_is_found_in_its_room() -> None:
    """A command that its room does not list would be answered with "no such command"."""
    registered = {
        command.name or command.callback.__name__: command.callback.__module__
        for command in app.registered_commands
    }  # type: ignore[union-attr]
    for group in app.registered_groups:
        commands = group.typer_instance.registered_commands  # type: ignore[union-attr]
        registered[str(group.name)] = commands[0].callback.__module__  # type: ignore[union-attr]
    listed = {command: f"portal.cli.{room}" for room, commands in ROOMS.items() for command in commands}
    assert listed == registered


def test_bringing_data_in_loads_neither_solver_nor_learner_nor_web_server() -> None:
    code = "import sys; from portal.cli.rooms import open_rooms; open_rooms(['ingest']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"ortools", "lightgbm", "sklearn", "matplotlib", "fastapi"}.isdisjoint(loaded)
