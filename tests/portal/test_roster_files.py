"""`wurao roster` on files, through the real command: no database, faults with the path of the field, Ctrl-C."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.cli.console import run
from portal.cli.roster_explain import spans
from scheduling.check import check_roster
from scheduling.problem import Roster, problem_from_json, problem_to_json, roster_from_json, roster_to_json
from scheduling.seating import seat_everybody
from tests.scheduling.towns import Size, make_town

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "roster-problem.json"
TOWN = make_town(3, Size(objects=40, inspectors=12, pins=2))


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever opens the database here fails: these commands need none."""

    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("a command on files opened the database")

    monkeypatch.setattr("portal.cli.console.open_database", opened)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town's problem and its roster."""
    where = tmp_path_factory.mktemp("town")
    (where / "town.json").write_text(problem_to_json(TOWN))
    assert run(["roster", "solve", str(where / "town.json"), "--rounds", "3", "--json"]) == 0
    return where


@pytest.fixture
def town(folder: Path) -> tuple[str, str]:
    return str(folder / "town.json"), str(folder / "town-roster.json")


@pytest.fixture(scope="module")
def roster(folder: Path) -> Roster:
    return roster_from_json((folder / "town-roster.json").read_text())


def documented() -> list[tuple[list[str], list[str]]]:
    """Commands of docs/roster.md that the example file can run, with the lines printed below them."""
    found = []
    for block in re.findall(r"```\n\$ wurao (.*?)```", (DOCS / "roster.md").read_text(), re.DOTALL):
        command, *lines = block.strip("\n").split("\n")
        if "broken" not in command:
            found.append((command.split(), lines))
    return found


def test_the_worked_example_prints_what_the_page_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(EXAMPLE, tmp_path)
    commands = documented()
    assert [words[1] for words, _ in commands] == ["solve", "check", "explain", "explain"]
    for words, lines in commands:
        assert run(words) == 0
        printed = [line.rstrip() for line in capsys.readouterr().out.split("\n")]
        assert [line for line in lines if line not in printed] == [], words


def test_solve_writes_a_roster_that_keeps_every_rule(town: tuple[str, str], roster: Roster) -> None:
    assert check_roster(TOWN, roster, teams=False) == []
    assert roster.stopped == "rounds"
    assert {c for v in roster.visits for c in v.checks}


def test_rounds_alone_give_the_same_roster_again(
    town: tuple[str, str], roster: Roster, tmp_path: Path
) -> None:
    target = tmp_path / "deep" / "again.json"
    assert run(["roster", "solve", town[0], "--rounds", "3", "--out", str(target)]) == 0
    again = roster_from_json(target.read_text())
    assert (again.visits, again.unplaced, again.groups) == (roster.visits, roster.unplaced, roster.groups)
    assert list(target.parent.iterdir()) == [target], "no half-written file is left"


def test_pictures_are_written_with_their_labels(town: tuple[str, str], tmp_path: Path, capsys: Any) -> None:
    words = [
        "roster",
        "solve",
        town[0],
        "--rounds",
        "1",
        "--out",
        str(tmp_path / "r.json"),
        "--picture",
        "pictures",
    ]
    assert run([*words, "--json"]) == 0
    paths = json.loads(capsys.readouterr().out)["pictures"]
    labels = {"search.svg": "已证明的下界", "manning.svg": "市场监管 上午", "month.svg": "休息日"}
    assert [Path(path).name for path in paths] == list(labels)
    assert all(labels[Path(path).name] in Path(path).read_text() for path in paths)


def test_check_judges_teams_where_there_are_any(
    town: tuple[str, str], roster: Roster, tmp_path: Path, capsys: Any
) -> None:
    seated = replace(roster, seats=seat_everybody(roster.groups, TOWN.inspectors).seats)
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(roster_to_json(seated))
    bad.write_text(roster_to_json(replace(seated, seats=seated.seats[1:])))
    assert run(["roster", "check", town[0], str(good)]) == 0
    assert run(["roster", "check", town[0], town[1]]) == 0
    assert run(["roster", "check", town[0], town[1], "--teams"]) == 1
    capsys.readouterr()
    assert run(["roster", "check", town[0], str(bad), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {v["rule"] for v in told["violations"]} == {"team_size"}
    assert run(["roster", "check", town[0], str(bad), "--no-teams"]) == 0


def test_a_broken_rule_is_named_with_its_visit(
    town: tuple[str, str], roster: Roster, tmp_path: Path, capsys: Any
) -> None:
    visit = roster.visits[0]
    moved = replace(visit, day=visit.day.replace(month=10, day=4))
    (tmp_path / "sunday.json").write_text(roster_to_json(replace(roster, visits=(moved, *roster.visits[1:]))))
    assert run(["roster", "check", town[0], "sunday.json"]) == 1
    printed = capsys.readouterr()
    assert f"工作日（working_day） {visit.id}" in printed.out
    assert "处违规" in printed.err


def test_a_roster_of_another_problem_is_pointed_out(
    town: tuple[str, str], tmp_path: Path, capsys: Any
) -> None:
    shorter = replace(TOWN, results=())
    (tmp_path / "other.json").write_text(problem_to_json(shorter))
    run(["roster", "check", "other.json", town[1]])
    assert "problem_hash 不一致" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["solve", "check", "explain", "compare"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "找不到"),
        (b"\xff\xfe\x00", "不是 UTF-8"),
        (b"", "不是 JSON"),
        (b"{", "第 1 行第 2 字 应有带双引号的字段名"),
        (b'{"format" 1}', "应有冒号"),
        (b"{}{}", "之后还有多余的内容"),
        (b"[]", "problem.format"),
        (b'{"format":"wurao-roster-1"}', "wurao-problem-1"),
    ],
)
def test_a_file_that_is_none_is_refused(
    command: str, content: bytes | None, told: str, town: tuple[str, str], tmp_path: Path, capsys: Any
) -> None:
    if content is not None:
        (tmp_path / "bad.json").write_bytes(content)
    rosters = {"solve": 0, "check": 1, "explain": 1, "compare": 2}[command]
    assert run(["roster", command, "bad.json", *[town[1]] * rosters]) == 1
    said = capsys.readouterr().err.replace("\n", "")
    assert told in said
    assert "roster.file" in said
    assert "→" in said


FAULTS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda p: p["checks"][3].update(minutes="long"), "problem.checks[3].minutes:应为整数"),
    (lambda p: p["checks"][3].update(minutes=0), "problem.checks[3].minutes:任务"),
    (lambda p: p["checks"][3].update(items=[]), "problem.checks[3].items:任务"),
    (lambda p: p["checks"][3].update(items=[" "]), "problem.checks[3].items:任务"),
    (
        lambda p: p["checks"][3].update(pinned_day="2026-10-12", pinned_half="night"),
        "problem.checks[3].pinned_half:任务",
    ),
    (lambda p: p["checks"][3].update(colour="red"), "problem.checks[3].colour:不认识"),
    (lambda p: p["checks"][3].pop("items"), "problem.checks[3].items:缺少"),
    (lambda p: p["checks"][3].update(object_id="nobody"), "problem.checks[3].object_id"),
    (lambda p: p["checks"][3].update(window_from="2026-02-30"), "problem.checks[3].window_from:没有"),
    (lambda p: p["checks"][3].update(window_to="2026-01-01"), "problem.checks[3].window_from"),
    (lambda p: p["checks"].append(p["checks"][0]), "已出现过"),
    (lambda p: p["rules"].update(lead_team=0), "problem.rules.lead_team"),
    (lambda p: p["rules"]["weights"].update(cluster_day=-1), "problem.rules.weights.cluster_day"),
    (lambda p: p["rules"]["weights"].update(unplaced=10**12), "problem.rules.weights.unplaced"),
    (lambda p: p["inspectors"][0].update(half_days_per_day=3), "problem.inspectors[0].half_days_per_day"),
    (lambda p: p["quiet_rules"][0].update(month_days=[32]), "problem.quiet_rules[0].month_days"),
    (lambda p: p.update(last_day="2026-01-01"), "problem.first_day"),
    (lambda p: p.update(last_day="2096-01-01"), "problem.last_day:计划期超过"),
    (lambda p: p.update(as_of="0001-01-01"), "problem.as_of"),
    (lambda p: p["rules"].update(partner_team=10**6), "problem.rules.partner_team"),
    (lambda p: p["rules"].update(recognition_days=10**9), "problem.rules.recognition_days"),
    (lambda p: p["rules"].update(annual_caps=[{"most": -1}]), "problem.rules.annual_caps[0].most"),
    (lambda p: p["inspectors"][0].update(visits_total=-1), "problem.inspectors[0].visits_total"),
    (
        lambda p: p["quiet_rules"][3].update(ranges=[["2026-10-09", "2026-10-08"]]),
        "problem.quiet_rules[3].ranges[0]",
    ),
]


@pytest.mark.parametrize(("spoil", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_a_fault_is_one_sentence_with_the_path_of_the_field(
    spoil: Callable[[Any], Any], told: str, tmp_path: Path, capsys: Any
) -> None:
    loaded = json.loads(problem_to_json(TOWN))
    spoil(loaded)
    (tmp_path / "bad.json").write_text(json.dumps(loaded))
    assert run(["roster", "solve", "bad.json", "--rounds", "0"]) == 1
    said = capsys.readouterr().err.replace("\n", "")
    assert told in said
    assert "Traceback" not in said
    assert not (tmp_path / "bad-roster.json").exists()


@pytest.mark.parametrize("command", ["check", "explain", "compare"])
def test_an_unknown_half_day_of_a_roster_is_refused(
    command: str, town: tuple[str, str], roster: Roster, tmp_path: Path, capsys: Any
) -> None:
    visits = (replace(roster.visits[0], half="night"), *roster.visits[1:])
    (tmp_path / "bad.json").write_text(roster_to_json(replace(roster, visits=visits)))
    assert run(["roster", command, town[0], *["bad.json"] * (2 if command == "compare" else 1)]) == 1
    said = capsys.readouterr().err.replace("\n", "")
    assert "roster.visits[0].half" in said
    assert "night" in said


def test_a_last_visit_that_lies_ahead_is_pointed_out(tmp_path: Path, capsys: Any) -> None:
    """It may be a visit that another plan has dated, so it is no fault."""
    places = (replace(TOWN.objects[0], last_visit=TOWN.last_day), *TOWN.objects[1:])
    (tmp_path / "ahead.json").write_text(problem_to_json(replace(TOWN, objects=places)))
    assert run(["roster", "solve", "ahead.json", "--rounds", "0"]) == 0
    said = capsys.readouterr().err.replace("\n", "")
    assert f"problem.objects[0].last_visit:{TOWN.objects[0].object_id}" in said
    assert str(TOWN.last_day) in said
    assert run(["roster", "check", "ahead.json", "ahead-roster.json"]) == 0
    assert "problem.objects[0].last_visit" in capsys.readouterr().err.replace("\n", "")


def test_many_faults_are_told_together_but_not_all(tmp_path: Path, capsys: Any) -> None:
    loaded = json.loads(problem_to_json(TOWN))
    for check in loaded["checks"]:
        check["minutes"] = 0
    (tmp_path / "bad.json").write_text(json.dumps(loaded))
    assert run(["roster", "solve", "bad.json"]) == 1
    said = capsys.readouterr().err.replace("\n", "")
    assert f"有 {len(TOWN.checks)} 处错误" in said
    assert said.count("应大于 0") == 5


def test_a_year_without_a_calendar_says_what_to_set(tmp_path: Path, capsys: Any) -> None:
    loaded = json.loads(EXAMPLE.read_text().replace("2026-11", "2096-11"))
    (tmp_path / "far.json").write_text(json.dumps(loaded))
    assert run(["roster", "solve", "far.json"]) == 1
    assert "allow_estimated" in capsys.readouterr().err.replace("\n", "")
    loaded["calendar"] = {"allow_estimated": True}
    (tmp_path / "far.json").write_text(json.dumps(loaded))
    assert run(["roster", "solve", "far.json", "--rounds", "1"]) == 0


@pytest.mark.parametrize("target", ["/proc/none/r.json", "town.json/r.json"])
def test_a_place_that_cannot_be_written_is_a_sentence(target: str, tmp_path: Path, capsys: Any) -> None:
    shutil.copy(EXAMPLE, tmp_path / "town.json")
    assert run(["roster", "solve", "town.json", "--rounds", "0", "--out", target]) == 1
    assert "roster.write" in capsys.readouterr().err.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check", "x"], "roster.no_roster"),
        (["schema", "plan"], "roster.schema"),
        (["explain", "P", "R", "--visit", "Vnone"], "roster.no_visit"),
        (["explain", "P", "R", "--object", "nobody"], "roster.no_visit"),
    ],
)
def test_what_is_not_there_is_refused(
    words: list[str], code: str, town: tuple[str, str], capsys: Any
) -> None:
    named = [{"P": town[0], "R": town[1]}.get(word, word) for word in words]
    assert run(["roster", *named]) == 1
    assert code in capsys.readouterr().err.replace("\n", "")


def test_explain_lists_reasons_and_draws_a_calendar(
    town: tuple[str, str], roster: Roster, capsys: Any
) -> None:
    assert run(["roster", "explain", *town]) == 0
    printed = capsys.readouterr().out
    assert all(missed.sentence in printed for missed in roster.unplaced)
    visit = roster.visits[7]
    assert run(["roster", "explain", *town, "--visit", visit.id]) == 0
    printed = capsys.readouterr().out
    assert re.search(rf"(^|\s){visit.day.day}排", printed, re.MULTILINE)
    assert all(reason in printed for reason in visit.reasons)
    assert run(["roster", "explain", *town, "--visit", visit.id, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    (chosen,) = [day for day in told["days"] if day["chosen"]]
    assert (chosen["day"], told["half"]) == (str(visit.day), visit.half)
    assert visit.half in chosen["halves"]


def test_days_without_any_certified_people_have_their_own_sign(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "nobody.json").write_text(problem_to_json(replace(TOWN, inspectors=())))
    assert run(["roster", "solve", "nobody.json", "--rounds", "0"]) == 0
    assert "紧急优先差距 —" in capsys.readouterr().out
    missed = roster_from_json((tmp_path / "nobody-roster.json").read_text()).unplaced[0]
    assert run(["roster", "explain", "nobody.json", "nobody-roster.json", "--object", missed.object_id]) == 0
    printed = capsys.readouterr().out
    assert "无 没有持证人员可派" in printed
    assert "满 人员已排满" not in printed


def test_explain_solves_for_a_moment_where_no_roster_is_given(town: tuple[str, str], capsys: Any) -> None:
    assert run(["roster", "explain", town[0], "--seconds", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["unplaced"]
    refused = {check for missed in told["unplaced"] for check in missed["checks"]}
    assert {check for conflict in told["conflicts"] for check in conflict["left_out"]} == refused


def test_ways_out_are_priced_at_the_place(town: tuple[str, str], capsys: Any) -> None:
    shutil.copy(EXAMPLE, "example.json")
    assert run(["roster", "explain", "example.json", "--json"]) == 0
    (conflict,) = json.loads(capsys.readouterr().out)["conflicts"]
    assert conflict["rules"] == ["window", "quiet_day", "spacing"]
    assert [remedy["price"] for remedy in conflict["remedies"]] == sorted(
        r["price"] for r in conflict["remedies"]
    )
    assert all(remedy["placed"] == 1 for remedy in conflict["remedies"])
    assert run(["roster", "explain", "example.json", "--place", "XX"]) == 1
    assert "rules.unknown_place" in capsys.readouterr().err.replace("\n", "")


def test_compare_tells_moves_and_says_when_there_are_none(
    town: tuple[str, str], roster: Roster, capsys: Any
) -> None:
    assert run(["roster", "compare", town[0], town[1], town[1]]) == 0
    assert "两份排班表相同" in capsys.readouterr().out
    visit = roster.visits[3]
    other = replace(visit, half="pm" if visit.half == "am" else "am")
    Path("b.json").write_text(
        roster_to_json(replace(roster, visits=tuple(other if v is visit else v for v in roster.visits)))
    )
    assert run(["roster", "compare", town[0], town[1], "b.json"]) == 0
    assert f"{visit.id} {visit.object_id}：{visit.day}" in capsys.readouterr().out
    assert run(["roster", "compare", town[0], town[1], "b.json", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(m["visit"], m["to_half"]) for m in told["moved"]] == [(visit.id, other.half)]
    assert told["is_same"] is False


def test_the_schema_is_printed_or_written(tmp_path: Path, capsys: Any) -> None:
    assert run(["roster", "schema", "problem"]) == 0
    assert capsys.readouterr().out == (DOCS / "problem.schema.json").read_text()
    assert run(["roster", "schema", "roster", "--out", "s.json"]) == 0
    assert (tmp_path / "s.json").read_text() == (DOCS / "roster.schema.json").read_text()
    assert run(["roster", "schema", "change"]) == 0
    assert capsys.readouterr().out == (DOCS / "change.schema.json").read_text()


def test_days_in_a_row_are_spans() -> None:
    days = [problem_from_json(EXAMPLE.read_text()).first_day.replace(day=d) for d in (2, 3, 4, 6, 9, 10)]
    assert spans(days) == "11-02 至 11-04、11-06、11-09 至 11-10"


COMMAND = [sys.executable, "-c", "from portal.cli import main; main()", "roster"]


def test_ctrl_c_keeps_the_best_roster_so_far(tmp_path: Path) -> None:
    """A real interrupt in a real process: exit code 0, a roster that keeps every rule, and why it stopped."""
    problem = make_town(7, Size(objects=150, inspectors=20, days=45))
    (tmp_path / "p.json").write_text(problem_to_json(problem))
    words = [*COMMAND, "solve", "p.json", "--seconds", "600"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as searching:
        assert searching.stderr is not None
        for line in searching.stderr:
            if "排期" in line:
                break
        time.sleep(1)
        searching.send_signal(signal.SIGINT)
        assert searching.wait(120) == 0
    roster = roster_from_json((tmp_path / "p-roster.json").read_text())
    assert roster.stopped == "interrupted"
    assert roster.visits
    assert check_roster(problem, roster, teams=False) == []


def test_checking_loads_no_solver(town: tuple[str, str]) -> None:
    code = (
        "import sys; from portal.cli.console import run; "
        f"assert run(['roster', 'check', {town[0]!r}, {town[1]!r}]) == 0; print(*sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert {"ortools", "matplotlib", "scipy", "typst"}.isdisjoint(done.stdout.split())
