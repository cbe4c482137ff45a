"""A second version of the records' roster: a generated town's problem, its roster, and the visits as told."""

from sqlalchemy import Connection, insert

from registry import tables as t
from registry.tables.visit import RosterVersion
from scheduling.problem import Problem, Roster, problem_to_json, roster_to_json
from scheduling.records import plain
from tests.journeys import records as r


def store_version(connection: Connection, records: r.Records, problem: Problem, roster: Roster) -> int:
    """Number of the stored version."""
    row = {
        "plan_id": records.plan_id,
        "version": 2,
        "reason": "安静日调整",
        "state": "dated",
        "draw_id": records.draw_id,
        "problem": problem_to_json(problem),
        "roster": roster_to_json(roster),
        "statistics": {},
        "violations": [],
        "unplaced": plain(roster.unplaced),
        "made_by": "zhangsan",
        "made_at": r.LONG_AGO,
    }
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
        for visit in roster.visits
    ]
    connection.execute(insert(t.Visit), visits)
    return number
