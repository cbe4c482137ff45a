"""`wurao roster change` on files through the real command, and the page that lists what a version changed."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from portal.cli.console import run
from registry import tables as t
from registry.tables.visit import RosterVersion
from scheduling.change import change_roster
from scheduling.changed import Changed, DeskDifference
from scheduling.check import check_roster
from scheduling.disturbances import Change, InspectorAbsent, ObjectClosed, change_to_json
from scheduling.problem import Roster, problem_from_json, problem_to_json, roster_from_json, roster_to_json
from scheduling.records import plain
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from tests.journeys import records as r
from tests.scheduling.towns import Size, make_town

TOWN = make_town(5, Size(objects=40, inspectors=14, days=45))
DAY = date(2026, 10, 12)


@pytest.fixture(scope="module")
def seated() -> Roster:
    roster = solve(TOWN, Stop(seconds=None, rounds=2), "S")
    return replace(roster, seats=seat_everybody(roster.groups, TOWN.inspectors).seats)


@pytest.fixture(scope="module")
def asked(seated: Roster) -> Change:
    later = [v for v in seated.visits if v.day >= DAY]
    back = date(2026, 10, 30)
    missed = {v.id for v in later if v.day <= back}
    # Whoever has most to do then: somebody else must take some of the seats.
    ((sick, _),) = Counter(s.inspector for s in seated.seats if s.visit in missed).most_common(1)
    absence = InspectorAbsent(sick, DAY, back, "病假在家")
    return Change(DAY, (absence, ObjectClosed(later[-1].object_id, "已办注销")))


@pytest.fixture
def folder(tmp_path: Path, seated: Roster, asked: Change, monkeypatch: pytest.MonkeyPatch) -> Path:
    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("a command on files opened the database")

    monkeypatch.setattr("portal.cli.console.open_database", opened)
    (tmp_path / "p.json").write_text(problem_to_json(TOWN))
    (tmp_path / "r.json").write_text(roster_to_json(seated))
    (tmp_path / "c.json").write_text(change_to_json(asked))
    return tmp_path


def test_a_change_file_makes_a_roster_that_the_checker_accepts(
    folder: Path, capsys: pytest.CaptureFixture[str], seated: Roster
) -> None:
    files = [str(folder / name) for name in ("p.json", "r.json", "c.json")]
    assert run(["roster", "change", *files, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["violations"] == []
    assert told["disturbed"]["share"] <= 0.05
    assert {d["kind"] for d in told["differences"]} >= {"cancelled"}
    problem = problem_from_json((folder / "p-changed.json").read_text())
    roster = roster_from_json((folder / "r-changed.json").read_text())
    assert check_roster(problem, roster) == []
    assert (folder / "r-differences.json").exists()
    assert json.loads((folder / "r-seats.json").read_text())["format"] == "wurao-seats-1"
    assert run(["roster", "check", str(folder / "p-changed.json"), str(folder / "r-changed.json")]) == 0


def test_options_name_what_happened_and_the_terminal_tells_the_difference(
    folder: Path, capsys: pytest.CaptureFixture[str], seated: Roster
) -> None:
    person = next(s for s in seated.seats if s.visit == max(seated.visits, key=lambda v: v.day).id).inspector
    files = [str(folder / name) for name in ("p.json", "r.json")]
    happened = [
        "--absent",
        person,
        "2026-10-12",
        "2026-11-14",
        "--reason",
        "参加培训",
        "--as-of",
        "2026-10-12",
    ]
    where = ["--out", str(folder), "--picture", str(folder / "pictures")]
    assert run(["roster", "change", *files, *happened, *where]) == 0
    shown = capsys.readouterr().out
    assert "紧急优先（加权周数）" in shown
    assert {p.name for p in (folder / "pictures").iterdir()} >= {"manning.svg", "people.svg", "month.svg"}
    assert "未受影响" in shown
    assert "人员缺勤" in shown


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (
            '{"format": "wurao-change-1", "as_of": "2026-10-12", "disturbances": [{"kind": "flood"}]}',
            "disturbances[0].kind",
        ),
        ('{"format": "wurao-change-1", "as_of": "soon", "disturbances": []}', "change.as_of"),
        ("[", "不是 JSON:第 1 行第 2 字 应有一个值"),
        ('{"format": "wurao-change-1", "as_of": "2026-10-12", "as_of": "2026-10-13"}', "as_of 出现两次"),
        (
            '{"format": "wurao-change-1", "as_of": "2026-10-12", "disturbances": [{"kind": []}]}',
            "disturbances[0].kind",
        ),
        (
            '{"format": "wurao-change-1", "as_of": "2026-10-12", "disturbances":'
            ' [{"kind": "object_closed", "object_id": "无此企业", "reason": "停业整顿"}]}',
            "无此企业 不在对象名录中",
        ),
        (
            '{"format": "wurao-change-1", "as_of": "2026-10-12", "disturbances":'
            ' [{"kind": "object_closed", "object_id": "91330000000000001X", "reason": " "}]}',
            "没有写明理由",
        ),
        (
            '{"format": "wurao-change-1", "as_of": "2026-10-12", "disturbances":'
            ' [{"kind": "object_closed", "object_id": "91330000000000001X", "reason": "关"}]}',
            "至少 4 个字",
        ),
    ],
)
def test_a_faulty_change_is_refused_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], harm: str, sentence: str
) -> None:
    (folder / "c.json").write_text(harm)
    assert run(["roster", "change", *(str(folder / n) for n in ("p.json", "r.json", "c.json"))]) == 1
    said = capsys.readouterr().err.replace("\n", "")
    assert sentence in said
    assert "docs/roster-format.md" not in said, "that is not where the change file is described"
    assert ("docs/roster-change.md" in said) == ("roster.file" in said)
    assert not (folder / "r-changed.json").exists()


def test_a_roster_of_another_problem_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "p.json").write_text(problem_to_json(replace(TOWN, inspectors=TOWN.inspectors[1:])))
    assert run(["roster", "change", *(str(folder / n) for n in ("p.json", "r.json", "c.json"))]) == 1
    assert "problem_hash" in capsys.readouterr().err


def test_the_same_change_again_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("p.json", "r.json", "c.json")
    assert run(["roster", "change", *(str(folder / n) for n in names), "--out", str(folder)]) == 0
    again = ("p-changed.json", "r-changed.json", "c.json")
    assert run(["roster", "change", *(str(folder / n) for n in again), "--out", str(folder)]) == 1
    said = capsys.readouterr().err.replace("\n", "")
    assert "不会改变任何事" in said
    assert "roster.nothing_changes" in said
    assert not (folder / "r-changed-changed.json").exists()


def test_nothing_named_and_nobody_named_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["roster", "change", str(folder / "p.json"), str(folder / "r.json")]) == 1
    assert "没有说明发生了什么" in capsys.readouterr().err
    assert run(["roster", "change", "7", "--closed", "X", "--reason", "停业整顿"]) == 1
    assert "由谁" in capsys.readouterr().err


@pytest.fixture(scope="module")
def changed(seated: Roster, asked: Change) -> Changed:
    return change_roster(TOWN, seated, asked, 0.05)


def test_the_page_of_a_version_lists_what_it_changed(
    town: Any, visitor: Any, records: r.Records, changed: Changed, asked: Change
) -> None:
    told = {
        "as_of": asked.as_of,
        "disturbances": asked.disturbances,
        "differences": changed.differences,
        "replacements": changed.replacements,
        "desks": [DeskDifference("市监", asked.as_of, "am", 2, 0, "desk_lost", "在岗 2 人,入企 2 人")],
        "disturbed": changed.disturbed,
        "replaced": changed.replaced_by_cause(),
    }
    row = {
        "plan_id": records.plan_id,
        "version": 7,
        "reason": "调整：人员缺勤",
        "state": "checked",
        "draw_id": records.draw_id,
        "problem": problem_to_json(changed.problem),
        "roster": roster_to_json(replace(changed.roster, seats=())),
        "statistics": plain({"change": told}),
        "violations": [],
        "unplaced": [],
        "made_by": "zhangsan",
        "made_at": r.LONG_AGO,
    }
    with town.owner().begin() as connection:
        query = insert(RosterVersion).values(**row).returning(RosterVersion.id)
        number = int(connection.execute(query).scalar_one())
        visit = changed.roster.visits[0]
        one = {
            "roster_id": number,
            "visit_no": visit.id,
            "object_id": visit.object_id,
            "enterprise_code": "X",
        }
        one |= {"premises_no": 1, "visit_date": visit.day, "half": visit.half, "lead_department": visit.lead}
        connection.execute(insert(t.Visit), [{**one, "cluster": "", "localadm": r.CITY, "reasons": []}])
    page = visitor("zhangsan").get(f"/staff/rosters/{number}").text
    assert "与上一版相比" in page
    assert "人员缺勤、对象停业或注销" in page
    assert all(one.object_id in page for one in changed.differences)
    assert "替补人次" in page
    assert "书面、网络检查留人 1 个半天有变化" in page
    assert f"{asked.as_of} 上午" in page
    assert "在岗 2 人,入企 2 人" in page
    assert " style=" not in page
