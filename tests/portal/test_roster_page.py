"""The officers' page of a roster version: aims, reasons and pictures, for the highest office only."""

from typing import Any

import pytest
from sqlalchemy import insert, select

from registry import tables as t
from registry.tables.visit import RosterVersion, Visit
from scheduling.problem import Roster, problem_to_json, roster_to_json
from scheduling.records import plain
from scheduling.solve import Stop, solve
from tests.journeys import records as r
from tests.scheduling.towns import Size, make_town

TOWN = make_town(3, Size(objects=40, inspectors=12, pins=2))


@pytest.fixture(scope="module")
def solved() -> Roster:
    return solve(TOWN, Stop(seconds=None, rounds=3), "S")


@pytest.fixture(scope="module")
def version(town: Any, records: r.Records, solved: Roster) -> int:
    """A second roster version, with the town's visits in the tables."""
    row = {
        "plan_id": records.plan_id,
        "version": 2,
        "reason": "安静日调整",
        "state": "dated",
        "draw_id": records.draw_id,
        "problem": problem_to_json(TOWN),
        "roster": roster_to_json(solved),
        "statistics": {},
        "violations": [],
        "unplaced": plain(solved.unplaced),
        "made_by": "zhangsan",
        "made_at": r.LONG_AGO,
    }
    with town.owner().begin() as connection:
        query = insert(RosterVersion).values(**row).returning(RosterVersion.id)
        number = int(connection.execute(query).scalar_one())
        visits = [
            {
                "roster_id": number,
                "visit_no": visit.id,
                "object_id": visit.object_id,
                "enterprise_code": visit.object_id,
                "premises_no": 1,
                "visit_date": visit.day,
                "half": visit.half,
                "lead_department": visit.lead,
                "cluster": "街道",
                "localadm": r.CITY,
                "reasons": [],
            }
            for visit in solved.visits
        ]
        connection.execute(insert(t.Visit), visits)
        stored = select(Visit.id).where(Visit.roster_id == number)
        assert len(connection.execute(stored).all()) == len(solved.visits) > 20
    return number


def test_the_page_says_aims_reasons_and_draws_them(visitor: Any, version: int, solved: Roster) -> None:
    page = visitor("zhangsan").get(f"/staff/rosters/{version}").text
    assert "安静日调整" in page
    assert f"入企 {len(solved.visits)} 次" in page
    assert all(missed.sentence in page for missed in solved.unplaced)
    for title in ("求解过程", "各部门外出人数", "检查日历"):
        assert f"<figcaption>{title}</figcaption>" in page
    assert page.count("<svg") >= 3
    assert " style=" not in page, "the content security policy forbids style attributes"


def test_the_plan_leads_to_it_and_a_district_is_not_let_in(
    visitor: Any, version: int, records: r.Records
) -> None:
    path = f"/staff/rosters/{version}"
    assert path in visitor("zhangsan").get(f"/staff/plans/{records.plan_id}").text
    assert path not in visitor("beian").get(f"/staff/plans/{records.plan_id}").text
    assert visitor("beian").get(path).status_code == 403


def test_an_unknown_and_an_unreadable_version_are_refused(visitor: Any, records: r.Records) -> None:
    assert visitor("zhangsan").get("/staff/rosters/999999").status_code in (403, 404)
    answer = visitor("zhangsan").get(f"/staff/rosters/{records.roster_id}")
    assert (answer.status_code, "不能读取" in answer.text) == (409, True)


def test_nobody_is_named_and_no_urgency_shown_before_the_lottery(visitor: Any, version: int) -> None:
    page = visitor("zhangsan").get(f"/staff/rosters/{version}").text
    assert "人员外出安排" not in page
    assert TOWN.inspectors[0].id not in page
    assert "urgency" not in page
