"""The roster as people were told it (已下达的排班): dates and names from the tables, for a second independent check."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, select

from registry.errors import Refusal
from registry.tables import Draw, RosterVersion, Visit, VisitMember
from scheduling.problem import Problem, Roster, Seat, problem_from_json, roster_from_json
from scheduling.team_draw import veiled


def told_roster(connection: Connection, roster_id: int) -> tuple[Problem, Roster]:
    """A stored version's problem, and its roster with the days and people of tables visit and visit_member.

    A visit that was moved, or a person who was exchanged, in the tables alone is thus checked as it stands.
    Raises Refusal roster.unknown (404).
    """
    columns = (RosterVersion.problem, RosterVersion.roster, RosterVersion.team_draw_id)
    stored = connection.execute(select(*columns).where(RosterVersion.id == roster_id)).first()
    if stored is None:
        raise Refusal(
            "roster.unknown", f"没有排班表 {roster_id}。", "wurao roster list 列出全部排班表。", 404
        )
    roster = roster_from_json(stored.roster)
    told = {
        row.visit_no: row
        for row in connection.execute(
            select(Visit.visit_no, Visit.visit_date, Visit.half).where(Visit.roster_id == roster_id)
        )
    }
    visits = tuple(
        replace(visit, day=told[visit.id].visit_date, half=told[visit.id].half)
        for visit in roster.visits
        if visit.id in told
    )
    seats = _seats(connection, roster_id, roster, stored.team_draw_id)
    return problem_from_json(stored.problem), replace(roster, visits=visits, seats=seats)


def _seats(connection: Connection, roster_id: int, roster: Roster, team_draw: int | None) -> tuple[Seat, ...]:
    if team_draw is None:
        return ()
    salt = connection.execute(select(Draw.salt).where(Draw.id == team_draw)).scalar_one()
    groups = {veiled(salt, group.id): group.id for group in roster.groups}
    members = (
        select(Visit.visit_no, VisitMember.department, VisitMember.seat_group, VisitMember.staff_no)
        .join(Visit, Visit.id == VisitMember.visit_id)
        .where(Visit.roster_id == roster_id)
        .order_by(Visit.visit_no, VisitMember.staff_no)
    )
    return tuple(
        Seat(row.visit_no, row.department, groups.get(row.seat_group, row.seat_group), row.staff_no)
        for row in connection.execute(members)
    )
