"""From a drawn plan to a staffed, checked roster in the tables, in the role of the stage that may write them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import chinese_calendar
import pytest
from sqlalchemy import Engine, text

from registry.errors import Refusal
from registry.tables import LibraryEntry
from scheduling.ceremony import publish_draw, record_seed, simulated_seed
from scheduling.check import check_roster
from scheduling.draw import digest
from scheduling.problem import problem_from_json, roster_from_json
from scheduling.roster_book import commit_team_draw, make_roster, staff_roster
from scheduling.rounding import round_table, team_state
from scheduling.team_chance import BlockChance
from scheduling.team_draw import veiled
from scheduling.team_table import FIRST_FORMAT, read_team_table
from scheduling.teams import publish_probabilities
from scheduling.verify import verify_bundle
from tests.conftest import make_database
from tests.scheduling.town_records import (
    AS_OF,
    EAST,
    WEST,
    WINDOW,
    add,
    build_town,
    code,
    drawn_plan,
    journalled,
    listed,
    rows,
)

SECONDS = 1.0


class Made(NamedTuple):
    """A town with one plan carried through."""

    engine: Engine
    plan: int
    draw: int
    roster: int
    team: int
    folder: Path


@pytest.fixture(scope="module")
def made(server: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with make_database(server, template) as database:
        build_town(database.owner())
        add(database.owner(), LibraryEntry, listed(77, "重点监管名单"))
        engine = database.engine_for("schedule")
        plan, draw = drawn_plan(engine)
        roster = make_roster(engine, plan, SECONDS, "甲")
        team = commit_team_draw(engine, roster, "甲", "市局大厅 2026-09-30 16:00")
        record_seed(engine, team, simulated_seed(engine, team, AS_OF), "模拟掷骰", "乙")
        assert staff_roster(engine, roster) == []
        yield Made(engine, plan, draw, roster, team, tmp_path_factory.mktemp("bundles"))


def version(made: Made, roster: int | None = None) -> Any:
    """A roster version's row."""
    (row,) = rows(made.engine, "SELECT * FROM roster_version WHERE id = :r", r=roster or made.roster)
    return row


def test_every_drawn_check_is_visited_once_settled_or_explained(made: Made) -> None:
    drawn = rows(
        made.engine,
        "SELECT t.short || ':' || object_id AS check FROM drawn_object d JOIN task t ON t.id = d.task_id WHERE draw_id = :d",
        d=made.draw,
    )
    visited = rows(
        made.engine,
        "SELECT t.short || ':' || v.object_id AS check FROM visit v JOIN visit_task x ON x.visit_id = v.id"
        " JOIN task t ON t.id = x.task_id WHERE roster_id = :r",
        r=made.roster,
    )
    row = version(made)
    unplaced = [check for each in row.unplaced for check in each["checks"]]
    settled = [s["check"] for s in row.statistics["settled"]]
    duties = [f"T{n}:{code(77)}" for n in range(1, 5)]
    found = sorted([r.check for r in visited] + unplaced + settled)
    assert found == sorted([r.check for r in drawn] + duties)
    assert not unplaced


def test_duties_are_carried_out_beside_the_draw(made: Made) -> None:
    found = rows(
        made.engine,
        "SELECT * FROM visit WHERE roster_id = :r AND enterprise_code = :c",
        r=made.roster,
        c=code(77),
    )
    assert len(found) == 1, "all departments at one door"
    assert not rows(
        made.engine,
        "SELECT 1 FROM drawn_object WHERE draw_id = :d AND object_id = :c",
        d=made.draw,
        c=code(77),
    )


def test_visits_fall_on_working_open_days_of_the_window(made: Made) -> None:
    found = rows(
        made.engine,
        "SELECT v.*, e.scaled FROM visit v JOIN enterprise e USING (enterprise_code) WHERE roster_id = :r",
        r=made.roster,
    )
    assert found
    for visit in found:
        assert WINDOW[0] <= visit.visit_date <= WINDOW[1]
        assert chinese_calendar.is_workday(visit.visit_date)
        assert not (visit.scaled and visit.visit_date.day <= 20), "规上 have quiet days 1 to 20"
        assert not (visit.enterprise_code == code(3) and visit.visit_date.day <= 25), "set by record"
        assert visit.half in {"am", "pm", "day"}
        assert visit.localadm in {EAST + "001", WEST + "001"}
        assert visit.reasons


def test_one_door_for_all_departments(made: Made) -> None:
    doors = rows(
        made.engine,
        "SELECT object_id, count(*) AS n FROM visit WHERE roster_id = :r GROUP BY 1",
        r=made.roster,
    )
    assert {d.n for d in doors} == {1}
    joint = rows(
        made.engine,
        "SELECT visit_id FROM visit_task x JOIN visit v ON v.id = x.visit_id WHERE roster_id = :r"
        " GROUP BY 1 HAVING count(DISTINCT department) > 1",
        r=made.roster,
    )
    assert len(joint) > len(doors) / 3


def test_teams_are_certified_enough_and_not_recused(made: Made) -> None:
    found = rows(
        made.engine,
        "SELECT m.*, v.visit_date, v.enterprise_code, v.lead_department, v.localadm FROM visit_member m"
        " JOIN visit v ON v.id = m.visit_id WHERE roster_id = :r",
        r=made.roster,
    )
    teams: dict[tuple[int, str], int] = {}
    for m in found:
        teams[m.visit_id, m.department] = teams.get((m.visit_id, m.department), 0) + 1
        assert m.lead == (m.department == m.lead_department)
        assert 0 < m.probability <= 1
        assert not (m.staff_no == "R000" and m.enterprise_code == code(1)), "declared conflict"
        assert not (m.staff_no == "S000" and date(2026, 10, 9) <= m.visit_date <= date(2026, 10, 16)), (
            "on leave"
        )
        home = {"S002": EAST, "S006": EAST, "S003": WEST, "S007": WEST}.get(m.staff_no)
        assert home is None or m.localadm.startswith(home), "district inspectors serve their district"
    tasks = rows(
        made.engine,
        "SELECT DISTINCT x.visit_id, x.department, v.lead_department FROM visit_task x JOIN visit v ON v.id = x.visit_id"
        " WHERE roster_id = :r",
        r=made.roster,
    )
    for t in tasks:
        assert teams[t.visit_id, t.department] >= (2 if t.department == t.lead_department else 1)


def test_the_stored_problem_and_roster_check_again(made: Made) -> None:
    row = version(made)
    problem, roster = problem_from_json(row.problem), roster_from_json(row.roster)
    assert check_roster(problem, roster, teams=False) == []
    assert roster.seats == (), "the solver's answer is anonymous"
    assert row.state == "checked"
    assert row.violations == []
    assert row.statistics["aims"][0]["name"] == "unplaced"
    assert rows(made.engine, "SELECT state FROM plan WHERE id = :p", p=made.plan)[0].state == "rostered"


def test_the_problem_carries_no_class_but_the_cap_of_its_class(made: Made) -> None:
    problem = problem_from_json(version(made).problem)
    tags = {t for c in problem.checks for t in c.categories if t.startswith("cap-")}
    assert tags <= {"cap-1", "cap-2"}
    assert {c.most for c in problem.rules.annual_caps} == {1, 2}
    assert problem.rules.honest_quota is not None
    assert problem.rules.honest_quota.undisturbed_share == 0.9


def test_the_team_table_is_public_and_veils_who_is_visited_when(made: Made) -> None:
    (draw,) = rows(made.engine, "SELECT * FROM draw WHERE id = :d", d=made.team)
    table = bytes(draw.committed_file).decode()
    assert draw.kind == "teams"
    assert code(1)[:10] not in table
    visits = [
        r.visit_no
        for r in rows(made.engine, "SELECT visit_no FROM visit WHERE roster_id = :r", r=made.roster)
    ]
    assert not [v for v in visits if v in table]
    groups = {m.seat_group for m in rows(made.engine, "SELECT seat_group FROM visit_member")}
    assert all(g in table for g in groups)
    assert veiled("salt", "x") != veiled("other", "x")


def test_publication_adds_the_teams_and_the_bundle_verifies(made: Made) -> None:
    paths = publish_draw(made.engine, made.draw, made.folder, "乙")
    verdict = verify_bundle(paths.public, paths.audit)
    assert verdict.ok
    assert any("派员" in check.zh for check in verdict.checks)
    states = rows(made.engine, "SELECT state FROM draw WHERE id IN (:a, :b)", a=made.draw, b=made.team)
    assert {s.state for s in states} == {"published"}


def test_nothing_is_done_twice(made: Made) -> None:
    subject = f"roster {made.roster}"
    for act, attempt in (
        ("teams.committed", lambda: commit_team_draw(made.engine, made.roster, "甲", "某处")),
        ("teams.drawn", lambda: staff_roster(made.engine, made.roster)),
    ):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.status == 409
        assert journalled(made.engine, f"{act}.refused", subject)
    with pytest.raises(Refusal) as refused:
        make_roster(made.engine, made.plan, SECONDS, "甲")
    assert refused.value.code == "roster.exists"


def test_a_later_version_needs_a_reason_and_keeps_the_earlier(made: Made) -> None:
    plan, _ = drawn_plan(made.engine)
    first = make_roster(made.engine, plan, SECONDS, "甲")
    second = make_roster(made.engine, plan, SECONDS, "甲", reason="两名人员长期病假")
    assert (version(made, second).version, version(made, second).state) == (2, "dated")
    assert version(made, first).state == "superseded"
    assert rows(made.engine, "SELECT 1 FROM visit WHERE roster_id = :r LIMIT 1", r=first)
    with pytest.raises(Refusal) as refused:
        commit_team_draw(made.engine, first, "甲", "某处")
    assert refused.value.code == "roster.wrong_step"


def test_no_team_draw_before_its_seed_and_none_from_a_changed_table(made: Made) -> None:
    plan, _ = drawn_plan(made.engine)
    roster = make_roster(made.engine, plan, SECONDS, "甲")
    with pytest.raises(Refusal) as refused:
        staff_roster(made.engine, roster)
    assert refused.value.code == "teams.wrong_step"
    team = commit_team_draw(made.engine, roster, "甲", "某处")
    with pytest.raises(Refusal) as refused:
        staff_roster(made.engine, roster)
    assert refused.value.code == "teams.wrong_step"
    assert not rows(made.engine, "SELECT 1 FROM draw WHERE id = :t AND drawn_at IS NOT NULL", t=team)
    with pytest.raises(Exception, match="permission denied"), made.engine.begin() as connection:
        connection.execute(text("UPDATE draw SET committed_file = 'x' WHERE id = :t"), {"t": team})


def test_no_roster_without_a_draw(made: Made) -> None:
    with pytest.raises(Refusal) as refused:
        make_roster(made.engine, 10**6, SECONDS, "甲")
    assert refused.value.code == "roster.not_drawn"


def test_nobody_is_sent_out_twice_on_a_day_by_two_plans(made: Made) -> None:
    """Last in this module: it adds a second plan of the same window to the town."""
    second, _ = drawn_plan(made.engine)
    roster = make_roster(made.engine, second, SECONDS, "甲")
    team = commit_team_draw(made.engine, roster, "甲", "市局大厅 2026-09-30 17:00")
    record_seed(made.engine, team, simulated_seed(made.engine, team, AS_OF), "模拟掷骰", "乙")
    assert staff_roster(made.engine, roster) == []
    with made.engine.connect() as connection:
        twice = connection.execute(
            text(
                "SELECT m.staff_no, v.visit_date FROM visit_member m JOIN visit v ON v.id = m.visit_id "
                "JOIN roster_version r ON r.id = v.roster_id WHERE r.state <> 'superseded' "
                "GROUP BY 1, 2 HAVING count(DISTINCT r.plan_id) > 1"
            )
        ).all()
        sent = connection.execute(
            text("SELECT count(*) FROM visit WHERE roster_id = :roster"), {"roster": roster}
        ).scalar_one()
    assert sent > 0
    assert twice == []


def test_people_drawn_elsewhere_since_the_dates_were_set_are_not_promised_again(made: Made) -> None:
    # Within a few working days two plans cannot but meet.
    plans = [drawn_plan(made.engine, window=(date(2026, 10, 26), date(2026, 11, 13)))[0] for _ in range(2)]
    first, second = (make_roster(made.engine, plan, SECONDS, "甲") for plan in plans)
    team = commit_team_draw(made.engine, first, "甲", "市局大厅")
    record_seed(made.engine, team, simulated_seed(made.engine, team, AS_OF), "模拟掷骰", "乙")
    staff_roster(made.engine, first)
    with pytest.raises(Refusal, match="已被其他计划的抽签派出") as refused:
        commit_team_draw(made.engine, second, "甲", "市局大厅")
    assert refused.value.status == 409


def test_a_table_committed_under_the_earlier_format_is_drawn_under_it(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update of the service between commitment and seed changes nothing about a lottery already announced."""
    plan, _ = drawn_plan(made.engine)
    roster = make_roster(made.engine, plan, SECONDS, "甲")
    earlier = lambda *asked: replace(publish_probabilities(*asked), edition=FIRST_FORMAT)  # noqa: E731
    monkeypatch.setattr("scheduling.team_draw.publish_probabilities", earlier)
    team = commit_team_draw(made.engine, roster, "甲", "市局大厅")
    monkeypatch.undo()
    record_seed(made.engine, team, simulated_seed(made.engine, team, AS_OF), "模拟掷骰", "乙")
    assert staff_roster(made.engine, roster) == []
    (draw,) = rows(made.engine, "SELECT * FROM draw WHERE id = :t", t=team)
    table = bytes(draw.committed_file)
    assert table.startswith(b"wurao-team-1,")
    assert draw.commitment == digest(f"wurao-team-1\n{digest(table)}\n")
    chance = BlockChance(team_state(draw.commitment, draw.seed_text))
    teams = round_table(read_team_table(table), chance)
    assert draw.result_hash == digest("".join(f"{g},{n}\n" for g in sorted(teams) for n in teams[g]))
