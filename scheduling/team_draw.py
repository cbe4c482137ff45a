"""The team lottery (检查人员公开抽取): probabilities before the seed, people after it, an independent check at the end."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict, replace

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry import clock
from registry.tables import Draw, Plan, RosterVersion, Visit, VisitMember
from scheduling.acts import act, locked_draw, locked_roster, refuse
from scheduling.check import check_roster
from scheduling.committed import TEAMS, as_refusal, next_version
from scheduling.draw import digest
from scheduling.problem import Problem, Roster, Seat, problem_from_json, roster_from_json
from scheduling.rounding import draw_teams, team_commitment, team_state
from scheduling.staff import booked_days
from scheduling.team_table import SeatGroup, Staff, TeamTable, read_team_table
from scheduling.teams import TeamShortage, publish_probabilities

_SALT_BYTES = 16
_NAME_DIGITS = 20


def commit_team_draw(engine: Engine, roster_id: int, made_by: str, ceremony_text: str) -> int:
    """Publish who may be sent where with what probability, before the seed (公布派员概率表); the draw's id.

    Raises Refusal roster.wrong_step (409) unless the roster is dated and not yet committed, teams.shortage (409)
    naming the groups that cannot be manned.
    """
    with act(engine, made_by, "teams.committed", f"roster {roster_id}") as step:
        connection = step.connection
        row = locked_roster(connection, roster_id)
        if row["state"] != "dated" or row["team_draw_id"] is not None:
            raise refuse(
                "roster.wrong_step",
                "这一版排班表已公布派员概率或已被取代。",
                "派员抽取只办理一次；改动须编制新版本。",
            )
        if not ceremony_text.strip():
            raise refuse("draw.no_ceremony", "没有写明种子仪式的地点和时间。", "写明地点、时间和见证方式。")
        problem, roster = problem_from_json(row["problem"]), roster_from_json(row["roster"])
        _refuse_double_booking(connection, row["plan_id"], problem, roster)
        salt = secrets.token_hex(_SALT_BYTES)
        table = team_table(problem, roster, salt)
        commitment = team_commitment(table.content)
        values = {
            "plan_id": row["plan_id"],
            "kind": TEAMS,
            "version": next_version(connection, row["plan_id"], TEAMS),
            "state": "committed",
            "salt": salt,
            "class_secret": False,
            "pool_hash": table.hash,
            "commitment": commitment,
            "committed_file": table.content,
            "ceremony": ceremony_text,
            "committed_at": clock.now(),
            "made_by": made_by,
        }
        draw_id = int(connection.execute(insert(Draw).values(**values).returning(Draw.id)).scalar_one())
        connection.execute(
            update(RosterVersion).where(RosterVersion.id == roster_id).values(team_draw_id=draw_id)
        )
        step.detail |= {"draw": draw_id, "commitment": commitment, "groups": len(table.groups)}
        step.detail |= {"smallest_share": float(table.achieved), "certain_seats": len(table.certain)}
    return draw_id


def staff_roster(engine: Engine, roster_id: int, actor: str = "system") -> list[dict[str, str]]:
    """Send people by the team lottery (抽取检查人员), check the roster independently, store both; the violations.

    The list of violations must be empty; the roster's state is `checked` if it is, else `staffed`. Raises Refusal
    teams.wrong_step (409) before the seed or a second time, teams.table_changed (409) where the table differs
    from the commitment.
    """
    with act(engine, actor, "teams.drawn", f"roster {roster_id}") as step:
        connection = step.connection
        row = locked_roster(connection, roster_id)
        draw = _seeded_team_draw(connection, row)
        problem, roster = problem_from_json(row["problem"]), roster_from_json(row["roster"])
        table = read_team_table(draw["committed_file"])
        teams = draw_teams(table, team_state(draw["commitment"], draw["seed_text"]))
        staffed = replace(roster, seats=tuple(_seats(roster, teams, draw["salt"])))
        violations = [asdict(v) for v in check_roster(problem, staffed)]
        _store_members(connection, roster_id, staffed, table, draw["salt"])
        state = "staffed" if violations else "checked"
        done = {"state": state, "violations": violations}
        connection.execute(update(RosterVersion).where(RosterVersion.id == roster_id).values(**done))
        result = digest("".join(f"{g},{name}\n" for g in sorted(teams) for name in teams[g]))
        drawn = {"state": "drawn", "drawn_at": clock.now(), "result_hash": result}
        connection.execute(update(Draw).where(Draw.id == draw["id"]).values(**drawn))
        if not violations:
            connection.execute(update(Plan).where(Plan.id == row["plan_id"]).values(state="rostered"))
        step.detail |= {"seats": len(staffed.seats), "violations": len(violations), "result_hash": result}
    return violations


def _refuse_double_booking(connection: Connection, plan_id: int, problem: Problem, roster: Roster) -> None:
    """People whom another plan's lottery sent out since this roster was dated cannot be promised twice."""
    booked = booked_days(connection, plan_id, problem.first_day, problem.last_day)
    days = {visit.id: visit.day for visit in roster.visits}
    twice = sorted({p for g in roster.groups for p in g.eligible if days[g.visit] in booked.get(p, ())})
    if twice:
        raise refuse(
            "teams.booked_elsewhere",
            f"排日之后，{'、'.join(twice[:5])} 等 {len(twice)} 人已被其他计划的抽签派出，同一天不能再派。",
            "写明理由重新编制排班表（新版本），再公布派员概率表。",
        )


def veiled(salt: str, group_id: str) -> str:
    """A seat group's name in the public table (席位组代号).

    The group's own id follows from the object and its tasks, which are public: beside a date it would tell an
    enterprise when it will be visited, and early dates would betray classes. The salt stays with the bureau.
    """
    return "G" + digest(f"{salt},{group_id}")[:_NAME_DIGITS]


def team_table(problem: Problem, roster: Roster, salt: str) -> TeamTable:
    """The probabilities to publish before the seed (派员概率表), groups veiled. Raises Refusal teams.shortage."""
    limits = {person.id: person.visits_total for person in problem.inspectors}
    groups = [SeatGroup(veiled(salt, g.id), g.slot, g.need, g.eligible) for g in roster.groups]
    people = sorted({name for group in groups for name in group.eligible})
    most = len(groups)
    staff = [Staff(name, most if limits[name] is None else min(most, limits[name] or 0)) for name in people]
    try:
        with as_refusal("teams.table", "核对检查人员编号和席位。"):
            return publish_probabilities(groups, staff)
    except TeamShortage as short:
        remedy = "增派人员、改期，或把一部分改为书面、网络检查后重新排班。"
        raise refuse("teams.shortage", short.zh, remedy) from short


def visit_numbers(connection: Connection, roster_id: int) -> dict[str, int]:
    """Visit number (visit_no) → row id of a roster version."""
    rows = connection.execute(select(Visit.visit_no, Visit.id).where(Visit.roster_id == roster_id))
    return {row.visit_no: row.id for row in rows}


def _seeded_team_draw(connection: Connection, row: RowMapping) -> RowMapping:
    if row["team_draw_id"] is None:
        raise refuse("teams.wrong_step", "还没有公布派员概率表。", "先公布概率表（承诺），再登记种子。")
    draw = locked_draw(connection, row["team_draw_id"])
    if draw["state"] != "seeded" or row["state"] != "dated":
        raise refuse(
            "teams.wrong_step",
            "派员抽取的种子尚未登记，或已经抽取过。",
            "按 承诺、种子、抽取 的次序办理一次。",
        )
    if team_commitment(draw["committed_file"]) != draw["commitment"]:
        raise refuse("teams.table_changed", "派员概率表在承诺之后被改动。", "停止抽取，查明原因。")
    return draw


def _seats(roster: Roster, teams: dict[str, tuple[str, ...]], salt: str) -> Iterable[Seat]:
    for group in roster.groups:
        for name in teams[veiled(salt, group.id)]:
            yield Seat(group.visit, group.department, group.id, name)


def _store_members(
    connection: Connection, roster_id: int, roster: Roster, table: TeamTable, salt: str
) -> None:
    numbers = visit_numbers(connection, roster_id)
    leads = {visit.id: visit.lead for visit in roster.visits}
    wanted = {group.id: group.qualification for group in roster.groups}
    rows = [
        {
            "visit_id": numbers[seat.visit],
            "staff_no": seat.inspector,
            "department": seat.department,
            "seat_group": veiled(salt, seat.group),
            "qualification": wanted[seat.group] or None,
            "lead": seat.department == leads[seat.visit],
            "probability": float(table.probability(veiled(salt, seat.group), seat.inspector)),
        }
        for seat in roster.seats
    ]
    if rows:
        connection.execute(insert(VisitMember), rows)
