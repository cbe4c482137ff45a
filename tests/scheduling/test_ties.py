"""Ties from the tables: declared, related, relatives, former employers, and who went there last time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from registry.rules import load_rules
from registry.tables import InspectionResult, InspectorEmployment, InspectorRelative, Relation
from scheduling.pool import read_facts
from scheduling.problem import Problem
from scheduling.recusal import barred
from scheduling.roster_problem import places_due, roster_problem
from scheduling.ties import last_teams, read_ties
from tests.scheduling.town_records import (
    AS_OF,
    EAST,
    PLACE,
    WEST,
    add,
    code,
    drawn_plan,
    fact,
    result,
    rows,
    town,
)

FIRST = date(2026, 10, 1)
KEY, OTHER = "sealed:" + "1" * 64, "sealed:" + "2" * 64


def behind(n: int, key: str, kind: str = "股东", until: date | None = None) -> dict[str, Any]:
    return fact(
        f"rel{n}{key[7]}{kind}", enterprise_code=code(n), kind=kind, party_kind="自然人", other_code=None, other_name=None,
        person_key=key, other_key=key, role=None, share=None, amount=None, date_from=None, date_to=until,
    )  # fmt: skip


def worked(n: int, staff_no: str, until: date | None) -> dict[str, Any]:
    values = {
        "staff_no": staff_no,
        "enterprise_code": code(n),
        "role": None,
        "date_from": None,
        "date_to": until,
    }
    return fact(f"emp{staff_no}{n}", **values)


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    with town(server, template) as owner:
        add(owner, InspectorRelative, fact("k1", staff_no="S001", kinship="配偶", person_key=KEY))
        add(owner, InspectorRelative, fact("k2", staff_no="S002", kinship="本人", person_key=OTHER))
        add(owner, Relation, behind(2, KEY))
        add(owner, Relation, behind(3, KEY, until=date(2026, 9, 30)))
        add(owner, Relation, behind(4, KEY, "同一电话"))
        add(owner, Relation, behind(5, OTHER, "法定代表人", until=date(2026, 10, 1)))
        add(owner, Relation, behind(6, "sealed:" + "3" * 64))
        add(owner, InspectorEmployment, worked(8, "S003", date(2023, 10, 1)))
        add(owner, InspectorEmployment, worked(9, "S003", date(2023, 9, 30)))
        add(owner, InspectorEmployment, worked(10, "S003", None))
        add(owner, InspectorEmployment, worked(11, "S003", None) | {"known_at": datetime(2026, 12, 1)})
        yield owner


def value(key: str) -> Any:
    return load_rules().value(key, PLACE, AS_OF)


def test_each_tie_has_its_kind_and_its_reason(engine: Engine) -> None:
    with engine.connect() as connection:
        ties = read_ties(connection, AS_OF, FIRST, value)
    told = {(who, tie.enterprise_code): tie for who, own in ties.items() for tie in own}
    assert {key: tie.kind for key, tie in told.items()} == {
        ("R000", code(1)): "declared",
        ("S001", code(2)): "relative",
        ("S002", code(5)): "relation",
        ("S003", code(8)): "former_employer",
        ("S003", code(10)): "former_employer",
    }
    assert told["S001", code(2)].sentence == "配偶是该企业股东，依关联关系自动回避"
    assert "2023-10-01 离职，未满 3 年" in told["S003", code(8)].sentence
    assert "仍在任" in told["S003", code(10)].sentence
    assert not any("sealed" in tie.sentence for tie in told.values())


def test_the_look_back_and_the_relations_are_those_of_the_rules(engine: Engine) -> None:
    changed = {"teams.recusal_relations": ["同一电话"], "teams.former_employer_years": 0}
    with engine.connect() as connection:
        ties = read_ties(connection, AS_OF, FIRST, changed.__getitem__)
    assert [(who, tie.enterprise_code) for who, own in sorted(ties.items()) for tie in own] == [
        ("R000", code(1)), ("S001", code(4)), ("S003", code(10)),
    ]  # fmt: skip


def test_the_last_team_is_that_of_each_departments_last_visit(engine: Engine) -> None:
    for number, day, department, people in (
        (1, date(2026, 3, 1), "市场监管", ["S000", "S004"]),
        (2, date(2026, 6, 1), "市场监管", ["S001", "S003"]),
        (3, date(2026, 5, 1), "人社", ["R001"]),
        (4, date(2026, 7, 1), "市场监管", []),
    ):
        add(
            engine,
            InspectionResult,
            result(12, day, department, ["SJ-01"], insp_no=f"L{number}", inspectors=people),
        )
    by_paper = result(
        12, date(2026, 8, 1), "市场监管", ["SJ-01"], insp_no="L9", method="书面", inspectors=["S002"]
    )
    add(engine, InspectionResult, by_paper)
    with engine.connect() as connection:
        plan = {
            "id": 0,
            "as_of": AS_OF,
            "place": PLACE,
            "window_from": FIRST,
            "window_to": date(2026, 12, 31),
        }
        objects = read_facts(connection, plan, load_rules()).candidates  # type: ignore[arg-type]
        teams = last_teams(connection, 0, AS_OF, FIRST, objects)
    assert teams == {code(12): ("R001", "S001", "S003")}


def test_the_roster_problem_carries_reasons_teams_minutes_and_desks(engine: Engine) -> None:
    plan, draw = drawn_plan(engine)
    drawn = rows(engine, "SELECT min(object_id) FROM drawn_object WHERE draw_id = :d", d=draw)[0][0]
    add(engine, Relation, behind(99, KEY) | {"enterprise_code": drawn})
    with engine.connect() as connection:
        row = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)[0]._mapping
        facts = read_facts(connection, row, load_rules())
        problem: Problem = roster_problem(connection, row, draw, load_rules(), facts)
    assert problem.rules.separate_pairs
    assert problem.rules.desk_people == value("capacity.desk_people")
    assert {basis for rule, basis in problem.rules.basis if rule == "recused"} != {""}
    for check in problem.checks:
        assert sum(check.item_minutes) == check.minutes
    recusals = {(p.id, r.object_id): r for p in problem.inspectors for r in p.recusals}
    assert recusals["S001", drawn].sentence == "配偶是该企业股东，依关联关系自动回避"
    masks = barred(problem, problem.inspectors)
    index = {person.id: n for n, person in enumerate(problem.inspectors)}
    assert all(masks[where] >> index[who] & 1 for who, where in recusals)


def test_every_place_of_a_drawn_plan_has_a_travel_cluster(engine: Engine) -> None:
    plan, draw = drawn_plan(engine)
    with engine.connect() as connection:
        row = rows(engine, "SELECT * FROM plan WHERE id = :p", p=plan)[0]._mapping
        facts = read_facts(connection, row, load_rules())
        places = places_due(connection, row, draw, load_rules(), facts)
        unstated = facts.candidates.assign(cluster="", longitude=124.0, latitude=30.0)
        near = places_due(connection, row, draw, load_rules(), replace(facts, candidates=unstated))
    assert set(places["object_id"]) >= {
        r[0] for r in rows(engine, "SELECT object_id FROM drawn_object WHERE draw_id = :d", d=draw)
    }
    assert all(name.split("-")[0] in (EAST, WEST) for name in places["cluster"])
    assert set(near["cluster"]) == {f"{EAST}片1", f"{WEST}片1"}
