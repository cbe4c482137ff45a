"""Changes of a stored roster: a new version with its reasons, people by seat tickets, the old version untouched."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from portal.cli.console import run
from portal.reading.visits import door_code, inspector_visit, noticed_visits
from portal.submissions import Entry, submit
from registry.database import Database
from registry.errors import Refusal
from registry.scope import Scope
from reports.notices import issue_notices
from reports.publication import write_public_page
from reports.roster import read_roster
from reports.statistics import count_completion
from scheduling.ceremony import publish_draw, record_seed, simulated_seed
from scheduling.change_book import change_stored_roster
from scheduling.check import check_roster
from scheduling.disturbances import (
    Change,
    Disturbance,
    InspectorAbsent,
    ObjectClosed,
    Unfinished,
    UrgentLead,
    VisitCarriedOut,
)
from scheduling.problem import Check
from scheduling.roster_book import commit_team_draw, make_roster, staff_roster
from scheduling.told import told_roster
from scheduling.verify import verify_bundle
from tests.conftest import make_database
from tests.scheduling.town_records import AS_OF, build_town, drawn_plan, journalled, rows

SECONDS = 1.0


class Made(NamedTuple):
    """A town with one plan carried through to its teams."""

    engine: Engine
    plan: int
    draw: int
    roster: int
    team: int
    folder: Path
    database: Database


@pytest.fixture
def made(server: Any, template: str, tmp_path: Path) -> Iterator[Made]:
    with make_database(server, template) as database:
        build_town(database.owner())
        engine = database.engine_for("schedule")
        plan, draw = drawn_plan(engine)
        roster = make_roster(engine, plan, SECONDS, "甲")
        team = commit_team_draw(engine, roster, "甲", "市局大厅 2026-09-30 16:00")
        record_seed(engine, team, simulated_seed(engine, team, AS_OF), "模拟掷骰", "乙")
        assert staff_roster(engine, roster) == []
        yield Made(engine, plan, draw, roster, team, tmp_path, database)


def told(made: Made, roster: int) -> Any:
    with made.engine.connect() as connection:
        return told_roster(connection, roster)


def busy_day(made: Made) -> tuple[date, Any]:
    """A day about the middle, and the roster."""
    roster = told(made, made.roster)[1]
    days = sorted(v.day for v in roster.visits)
    return days[len(days) // 3], roster


def test_illness_and_a_closed_firm_make_a_version_whose_bundle_verifies(made: Made) -> None:
    publish_draw(made.engine, made.draw, made.folder, "乙")
    as_of, before = busy_day(made)
    later = [v for v in before.visits if v.day >= as_of]
    sick = next(s.inspector for s in before.seats if s.visit == later[0].id)
    closed = next(v for v in later if v.id != later[0].id)
    asked: tuple[Disturbance, ...] = (
        InspectorAbsent(sick, as_of, as_of + timedelta(days=90), "病假在家"),
        ObjectClosed(closed.object_id, "已办注销"),
    )
    recorded = change_stored_roster(made.engine, made.plan, Change(as_of, asked), "甲")
    problem, after = told(made, recorded.roster_id)
    assert check_roster(problem, after) == []
    assert closed.id not in {v.id for v in after.visits}
    assert not [s for s in after.seats if s.inspector == sick and s.visit in {v.id for v in later}]
    assert [v for v in after.visits if v.day < as_of] == [v for v in before.visits if v.day < as_of]
    (old, new) = rows(made.engine, "SELECT * FROM roster_version ORDER BY id")
    assert (old.state, new.state, new.version) == ("superseded", "checked", 2)
    assert new.reason == "调整：人员缺勤、对象停业或注销"
    assert new.team_draw_id == made.team
    replaced = rows(
        made.engine,
        "SELECT replaced, count(*) AS n FROM visit_member m JOIN visit v ON v.id = m.visit_id"
        " WHERE roster_id = :r AND replaced IS NOT NULL GROUP BY 1",
        r=recorded.roster_id,
    )
    assert {r.replaced: r.n for r in replaced} == recorded.changed.replaced_by_cause()
    assert new.statistics["change"]["replaced"] == recorded.changed.replaced_by_cause()
    assert journalled(made.engine, "roster.changed", f"plan {made.plan}")
    paths = publish_draw(made.engine, made.draw, made.folder, "乙")
    verdict = verify_bundle(paths.public, paths.audit)
    assert verdict.ok, [c for c in verdict.checks if c.status == "failed"]
    assert any("替补" in check.zh for check in verdict.checks)
    assert told(made, made.roster)[1].visits == before.visits, "the old version stays as it was"


def test_a_second_change_builds_on_the_first_and_keeps_earlier_reasons(made: Made) -> None:
    as_of, before = busy_day(made)
    later = sorted(
        s.inspector for s in before.seats if s.visit in {v.id for v in before.visits if v.day >= as_of}
    )
    first = change_stored_roster(
        made.engine, made.plan, Change(as_of, (InspectorAbsent(later[0], as_of, as_of, "病假在家"),)), "甲"
    )
    second = change_stored_roster(
        made.engine, made.plan, Change(as_of, (InspectorAbsent(later[-1], as_of, as_of, "参加培训"),)), "甲"
    )
    kept = first.changed.replaced_by_cause().get("人员缺勤", 0)
    counted = rows(
        made.engine,
        "SELECT count(*) AS n FROM visit_member m JOIN visit v ON v.id = m.visit_id"
        " WHERE roster_id = :r AND replaced IS NOT NULL",
        r=second.roster_id,
    )[0].n
    assert counted >= max(kept, len(second.changed.replacements))
    problem, roster = told(made, second.roster_id)
    assert check_roster(problem, roster) == []


def test_unfinished_items_are_carried_forward_into_a_visit_of_their_own(made: Made) -> None:
    problem, before = told(made, made.roster)
    first = min(before.visits, key=lambda v: (v.day, v.id))
    check = next(c for c in problem.checks if c.id in first.checks)
    rest = Unfinished(check.id, check.items[:1], first.day, problem.last_day, counted=False)
    change = Change(first.day + timedelta(days=1), (VisitCarriedOut(first.id, (rest,), "负责人不在场"),))
    recorded = change_stored_roster(made.engine, made.plan, change, "甲")
    problem, after = told(made, recorded.roster_id)
    assert check_roster(problem, after) == []
    again = [v for v in after.visits if v.object_id == first.object_id and v.day > first.day]
    assert len(again) == 1
    found = rows(
        made.engine,
        "SELECT x.item_codes FROM visit v JOIN visit_task x ON x.visit_id = v.id WHERE roster_id = :r AND visit_no = :v",
        r=recorded.roster_id,
        v=again[0].id,
    )
    assert [list(f.item_codes) for f in found] == [list(rest.items)]


def test_what_cannot_be_is_refused(made: Made) -> None:
    as_of, before = busy_day(made)
    nobody = Change(as_of, (InspectorAbsent("没有此人", as_of, as_of, "病假在家"),))
    with pytest.raises(Refusal, match="没有此人") as refused:
        change_stored_roster(made.engine, made.plan, nobody, "甲")
    assert refused.value.code == "roster.change"
    lead = Check("L1", before.visits[0].object_id, "别的任务", "市场监管", ("x",), as_of, as_of, 60)
    with pytest.raises(Refusal) as refused:
        change_stored_roster(made.engine, made.plan, Change(as_of, (UrgentLead(lead, "群众举报"),)), "甲")
    assert refused.value.code == "roster.task"
    with pytest.raises(Refusal) as refused:
        change_stored_roster(made.engine, 10**6, nobody, "甲")
    assert refused.value.status == 404
    assert len(rows(made.engine, "SELECT 1 FROM roster_version")) == 1


def test_before_the_team_lottery_only_dates_change_and_the_lottery_follows(made: Made) -> None:
    plan, _ = drawn_plan(made.engine)
    roster = make_roster(made.engine, plan, SECONDS, "甲")
    before = told(made, roster)[1]
    day = min(v.day for v in before.visits)
    closed = before.visits[0].object_id
    recorded = change_stored_roster(made.engine, plan, Change(day, (ObjectClosed(closed, "停业整顿"),)), "甲")
    team = commit_team_draw(made.engine, recorded.roster_id, "甲", "市局大厅 2026-09-30 18:00")
    with pytest.raises(Refusal) as refused:
        change_stored_roster(made.engine, plan, Change(day, (ObjectClosed(closed, "停业整顿"),)), "甲")
    assert refused.value.code == "roster.between"
    record_seed(made.engine, team, simulated_seed(made.engine, team, AS_OF), "模拟掷骰", "乙")
    assert staff_roster(made.engine, recorded.roster_id) == []


def test_the_seats_file_names_no_visit_and_no_reason_of_a_seat(made: Made) -> None:
    as_of, before = busy_day(made)
    person = next(
        s.inspector for s in before.seats if s.visit in {v.id for v in before.visits if v.day >= as_of}
    )
    change = Change(as_of, (InspectorAbsent(person, as_of, as_of + timedelta(days=60), "住院治疗"),))
    recorded = change_stored_roster(made.engine, made.plan, change, "甲")
    (row,) = rows(made.engine, "SELECT statistics FROM roster_version WHERE id = :r", r=recorded.roster_id)
    content = row.statistics["change"]["seats"]
    assert "住院治疗" not in content
    assert not [v.id for v in before.visits if v.id in content or v.object_id in content]
    assert {g for g, _, _ in json.loads(content)["taken"]}


def test_notices_and_door_codes_hold_for_whatever_stays_and_are_renewed_for_the_rest(made: Made) -> None:
    report = made.database.engine_for("report")
    as_of, before = busy_day(made)
    issued = issue_notices(report, made.roster, AS_OF)
    assert len(issued) == len(before.visits)
    person = next(
        s.inspector for s in before.seats if s.visit in {v.id for v in before.visits if v.day >= as_of}
    )
    change = Change(as_of, (InspectorAbsent(person, as_of, as_of + timedelta(days=90), "病假在家"),))
    recorded = change_stored_roster(made.engine, made.plan, change, "甲")
    touched = {r.visit for r in recorded.changed.replacements}
    touched |= {d.visit for d in recorded.changed.differences}
    assert 0 < len(touched) < len(before.visits)
    with report.connect() as connection:
        view = read_roster(connection, recorded.roster_id)
    assert {v.visit_no for v in view.visits if not v.notice_no} == touched
    renewed = issue_notices(report, recorded.roster_id, as_of)
    assert len(renewed) == len(touched)
    assert issue_notices(report, recorded.roster_id, as_of) == []
    calm = next(v for v in view.visits if v.visit_no not in touched and v.day >= as_of)
    firm = Scope("enterprise", enterprise_code=calm.enterprise_code)
    with made.database.engine_for("portal").connect() as connection:
        known = noticed_visits(connection, firm)
        assert [row["number"] for row, _ in known] == [calm.notice_no]
        assert door_code(connection, calm.first_id)
        inspector = Scope("inspector", staff_no=calm.members[0].staff_no)
        old = inspector_visit(connection, inspector, calm.first_id)
        new = inspector_visit(connection, inspector, calm.id)
    assert old.visit == new.visit
    assert new.visit["first_id"] == calm.first_id != calm.id


def test_the_command_changes_a_stored_roster_and_the_public_page_counts_by_reason(
    made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WURAO_DATA", str(made.folder / "data"))
    monkeypatch.setenv("WURAO_DATABASE_URL", made.database.url)
    as_of, before = busy_day(made)
    person = next(
        s.inspector for s in before.seats if s.visit in {v.id for v in before.visits if v.day >= as_of}
    )
    away = ["--absent", person, str(as_of), str(as_of + timedelta(days=60)), "--reason", "病假在家"]
    asked = ["roster", "change", str(made.plan), *away, "--as-of", str(as_of)]
    assert run(asked) == 1
    assert "由谁" in capsys.readouterr().err
    assert run([*asked, "--by", "甲", "--json"]) == 0
    told_there = json.loads(capsys.readouterr().out)
    number = str(told_there["roster"])
    capsys.readouterr()
    assert run([*asked, "--by", "甲"]) == 1
    assert "roster.nothing_changes" in capsys.readouterr().err.replace("\n", "")
    assert len(rows(made.engine, "SELECT 1 FROM roster_version")) == 2, "no empty version"
    assert run(["roster", "list"]) == 0
    listed = "".join(capsys.readouterr().out.split())
    assert "已被取代（superseded）" in listed
    assert "已独立核验（checked）" in listed
    assert run(["roster", "check", number]) == 0
    files = made.folder / "files"
    assert run(["roster", "export", number, "--out", str(files)]) == 0
    two = [str(files / name) for name in (f"roster-{number}-problem.json", f"roster-{number}.json")]
    assert run(["roster", "check", *two]) == 0
    assert run(["roster", "explain", str(told_there["roster"]), "--json"]) == 0
    capsys.readouterr()
    with made.database.engine_for("report").connect() as connection:
        page = write_public_page(connection, made.plan, made.folder).read_text()
    for reason, many in told_there["replaced"].items():
        assert f'<td>{reason}</td><td class="n">{many}</td>' in page
    assert person not in page
    assert "病假在家" not in page


def test_a_result_entered_before_a_change_still_counts_and_stands_after_it(made: Made) -> None:
    problem, before = told(made, made.roster)
    first = min(before.visits, key=lambda v: (v.day, v.id))
    seat = next(s for s in before.seats if s.visit == first.id and s.department == first.lead)
    inspector = Scope("inspector", staff_no=seat.inspector)
    portal = made.database.engine_for("portal")
    (row,) = rows(
        made.engine, "SELECT id FROM visit WHERE roster_id = :r AND visit_no = :v", r=made.roster, v=first.id
    )

    def enter(device: str, visit: int) -> str:
        with portal.connect() as connection:
            sheet = inspector_visit(connection, inspector, visit)
        assert sheet.items
        form = {"device_id": device * 16, "inspected_on": str(AS_OF)}
        entry = Entry(form["device_id"], sheet.visit["first_id"], seat.inspector, first.lead, AS_OF, {})
        return submit(portal, "S", entry)

    receipt = enter("a", row.id)
    change = Change(first.day + timedelta(days=1), (ObjectClosed(before.visits[-1].object_id, "停业整顿"),))
    recorded = change_stored_roster(made.engine, made.plan, change, "甲")
    (now,) = rows(
        made.engine,
        "SELECT id FROM visit WHERE roster_id = :r AND visit_no = :v",
        r=recorded.roster_id,
        v=first.id,
    )
    assert now.id != row.id
    with made.database.engine_for("report").connect() as connection:
        counted = {c.department: c.checked for c in count_completion(connection, made.plan, date(2027, 1, 1))}
    tasks = [c for c in first.checks if c in {k.id for k in problem.checks if k.department == first.lead}]
    assert counted[first.lead] == len({t.split(":")[0] for t in tasks})
    for address in (now.id, row.id):
        with pytest.raises(Refusal, match=receipt) as refused:
            enter("b", address)
        assert refused.value.code == "result.standing"
