"""Changes of a stored roster (排班调整): a new version with its reasons, never an overwrite, people by seat tickets.

The team lottery's seed stays the only chance: its state S gives every seat ticket, the salt of its table the names of
the seats. What the version keeps of the change: disturbances, every difference, every replacement, the seats' file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry.errors import Refusal
from registry.progress import Progress
from registry.rules import load_rules
from registry.tables import Draw, Plan, RosterVersion, Visit, VisitMember
from scheduling.acts import act, locked_plan, refuse
from scheduling.change import change_roster
from scheduling.changed import CAUSE_NAMES, NOTHING_CHANGES, NOTHING_REMEDY, Changed
from scheduling.check import check_roster
from scheduling.check_change import check_change
from scheduling.disturbances import KIND_NAMES, Change
from scheduling.pool import plan_tasks, read_facts
from scheduling.problem import Problem, ProblemError, Roster, problem_hash
from scheduling.records import plain
from scheduling.roster_book import store_version, store_visits
from scheduling.rounding import team_state
from scheduling.seat_file import seat_file
from scheduling.staff import booked_days
from scheduling.team_draw import veiled, visit_numbers
from scheduling.told import told_roster
from scheduling.workdays import EstimatedYear


@dataclass(frozen=True)
class Recorded:
    """A stored change (已保存的调整): the new version's id and what changed."""

    roster_id: int
    changed: Changed


@dataclass(frozen=True)
class _Worked:
    """A change worked out, not yet stored: the plan, the version it changes, and the outcome."""

    plan: RowMapping
    version: RowMapping
    changed: Changed
    salt: str


def preview_change(
    engine: Engine, plan_id: int, change: Change, progress: Progress | None = None
) -> tuple[int, Changed]:
    """What a change would do (调整预览): the version it would change, and the outcome. Raises as change_stored_roster does."""
    worked = _work_out(engine, plan_id, change, progress)
    return int(worked.version["id"]), worked.changed


def change_stored_roster(
    engine: Engine,
    plan_id: int,
    change: Change,
    by: str,
    progress: Progress | None = None,
    agreed: str | None = None,
) -> Recorded:
    """Change the newest roster of a plan and store the next version (调整排班表).

    `agreed` is the fingerprint of the preview that somebody has agreed to. Raises Refusal roster.none (404) without a
    roster, roster.between (409) while its team lottery is under way, roster.change where the change names what is not
    there, roster.nothing_changes (409) where it was made already or touches nobody, roster.task where a new check carries
    out no task of the plan, roster.violation (409) where an independent check finds a broken rule, roster.stale (409)
    where the outcome is no longer the one agreed to.
    """
    worked = _work_out(engine, plan_id, change, progress)
    changed, version = worked.changed, worked.version
    if agreed is not None and changed.fingerprint() != agreed:
        raise refuse("roster.stale", "预览之后情况有变，调整结果与所确认的不同。", "重新预览，再确认。")
    with act(engine, by, "roster.changed", f"plan {plan_id}") as step:
        locked_plan(step.connection, plan_id, "drawn", "rostered")
        if _newest(step.connection, plan_id)["id"] != version["id"]:
            raise refuse("roster.between", "其间已有另一次调整。", "在新的版本上重新办理。")
        roster_id = _store(step.connection, worked, change, by)
        step.detail |= {"roster": roster_id, "before": version["id"], "replaced": changed.replaced_by_cause()}
        step.detail |= {"reason": _reason(change), **plain(changed.disturbed)}
    return Recorded(roster_id, changed)


def _work_out(engine: Engine, plan_id: int, change: Change, progress: Progress | None) -> _Worked:
    with engine.connect() as connection:
        version = _newest(connection, plan_id)
        plan = connection.execute(select(*Plan.__table__.c).where(Plan.id == plan_id)).mappings().one()
        problem, roster = _as_booked(connection, plan_id, *told_roster(connection, version["id"]))
        state, salt = _lottery(connection, version)
        tasks = {task["short"] for task in plan_tasks(connection, plan_id)}
    share = float(load_rules().value("roster.change_share", plan["place"], change.as_of))
    try:
        changed = change_roster(
            problem, roster, change, share, state, lambda name: veiled(salt, name), progress
        )
    except (ProblemError, EstimatedYear) as fault:
        raise refuse("roster.change", f"不能这样调整：{fault}。", "按提示改正调整内容后重试。") from fault
    if changed.is_idle(problem):
        raise refuse("roster.nothing_changes", NOTHING_CHANGES, NOTHING_REMEDY)
    _refuse_strange_tasks(changed, tasks)
    _refuse_broken(problem, roster, change, changed)
    return _Worked(plan, version, changed, salt)


def _newest(connection: Connection, plan_id: int) -> RowMapping:
    columns = [c for c in RosterVersion.__table__.c if c.name not in ("problem", "roster", "statistics")]
    wanted = (
        select(*columns)
        .where(RosterVersion.plan_id == plan_id, RosterVersion.state != "superseded")
        .order_by(RosterVersion.version.desc())
    )
    version = connection.execute(wanted.limit(1)).mappings().first()
    if version is None:
        raise Refusal(
            "roster.none", f"计划 {plan_id} 还没有排班表。", "先编制排班表：wurao roster make 计划。", 404
        )
    if version["state"] != "checked" and (version["state"] != "dated" or version["team_draw_id"] is not None):
        raise refuse(
            "roster.between",
            f"排班表 {version['id']} 的人员抽取尚未完成，不能调整。",
            "登记种子并完成派员（wurao roster staff），再调整。",
        )
    return version


def _as_booked(
    connection: Connection, plan_id: int, problem: Problem, roster: Roster
) -> tuple[Problem, Roster]:
    """The problem with the days on which other plans have since sent the same people out."""
    booked = booked_days(connection, plan_id, problem.first_day, problem.last_day)
    days = {visit.id: visit.day for visit in roster.visits}
    sent = {(seat.inspector, days[seat.visit]) for seat in roster.seats}
    people = tuple(
        replace(
            i,
            leave=tuple(sorted({*i.leave, *(d for d in booked.get(i.id, ()) if (i.id, d) not in sent)})),
        )
        for i in problem.inspectors
    )
    known = replace(problem, inspectors=people)
    return known, replace(roster, problem_hash=problem_hash(known))


def _lottery(connection: Connection, version: RowMapping) -> tuple[str | None, str]:
    """The team lottery's state S and salt; before it, no state."""
    if version["team_draw_id"] is None:
        return None, ""
    draw = connection.execute(
        select(Draw.commitment, Draw.seed_text, Draw.salt).where(Draw.id == version["team_draw_id"])
    ).one()
    return team_state(draw.commitment, draw.seed_text), draw.salt


def _refuse_strange_tasks(changed: Changed, tasks: set[str]) -> None:
    strange = sorted({c.task_id for c in changed.problem.checks} - tasks)
    if strange:
        raise refuse(
            "roster.task",
            f"计划中没有任务 {'、'.join(strange)}，其检查不能排入本计划的排班表。",
            "写明本计划的任务编号；不属于任何任务的线索用 wurao lead 登记办理。",
        )


def _refuse_broken(problem: Problem, roster: Roster, change: Change, changed: Changed) -> None:
    found = check_roster(changed.problem, changed.roster, teams=bool(roster.seats))
    found += check_change(problem, roster, change, changed)
    if found:
        raise refuse(
            "roster.violation",
            f"独立校核发现 {len(found)} 处违规，未予保存：{found[0].sentence}",
            "这是程序缺陷，请保留调整内容并报告。",
        )


def _reason(change: Change) -> str:
    counts = Counter(KIND_NAMES[d.kind] for d in change.disturbances)
    return "调整：" + "、".join(f"{kind} {n} 项" if n > 1 else kind for kind, n in counts.items())


def told_of(change: Change, changed: Changed) -> dict[str, Any]:
    """What a version keeps of its change, and what a preview shows (调整说明)."""
    return {
        "as_of": change.as_of,
        "disturbances": change.disturbances,
        "differences": changed.differences,
        "replacements": changed.replacements,
        "desks": changed.desks,
        "disturbed": changed.disturbed,
        "replaced": changed.replaced_by_cause(),
    }


def _store(connection: Connection, worked: _Worked, change: Change, by: str) -> int:
    plan, version, changed, salt = worked.plan, worked.version, worked.changed, worked.salt
    told = told_of(change, changed)
    if changed.filling is not None:
        told["seats"] = seat_file(changed.filling, changed.replaced_by_cause()).decode()
    columns = {name: version[name] for name in ("draw_id", "state", "team_draw_id")}
    columns |= {"reason": _reason(change), "made_by": by, "statistics": {"change": told}}
    roster_id = store_version(connection, plan["id"], changed.problem, changed.roster, columns)
    offices = _offices(connection, plan, changed.roster)
    store_visits(connection, roster_id, plan["id"], changed.problem, changed.roster, offices)
    _store_members(connection, version["id"], roster_id, changed, salt)
    if version["team_draw_id"] is not None:
        # The seats' file is new: the public bundle may, and should, be published once more.
        again = update(Draw).where(Draw.id == version["team_draw_id"], Draw.state == "published")
        connection.execute(again.values(state="drawn"))
    return roster_id


def _offices(connection: Connection, plan: RowMapping, roster: Roster) -> dict[str, str]:
    """管辖单位 by object_id: from earlier versions, else from the facts of the plan's date."""
    earlier = select(Visit.object_id, Visit.localadm).join(RosterVersion, RosterVersion.id == Visit.roster_id)
    rows = connection.execute(earlier.where(RosterVersion.plan_id == plan["id"]).distinct())
    known = {row.object_id: row.localadm for row in rows}
    if {v.object_id for v in roster.visits} <= set(known):
        return known
    objects = read_facts(connection, plan, load_rules()).candidates
    return {**dict(zip(objects["object_id"], objects["localadm"], strict=True)), **known}


def _store_members(connection: Connection, before: int, roster_id: int, changed: Changed, salt: str) -> None:
    """People of the new version: who stays keeps the published probability, a replacement its equal chance."""
    stood = select(Visit.visit_no, VisitMember.staff_no, VisitMember.probability, VisitMember.replaced)
    rows = connection.execute(
        stood.join(Visit, Visit.id == VisitMember.visit_id).where(Visit.roster_id == before)
    )
    kept = {(row.visit_no, row.staff_no): row for row in rows}
    causes = {(r.visit, r.group, r.taken): CAUSE_NAMES[r.cause] for r in changed.replacements}
    groups = {g.id: g for g in changed.roster.groups}
    leads = {v.id: v.lead for v in changed.roster.visits}
    numbers = visit_numbers(connection, roster_id)
    members = []
    for seat in changed.roster.seats:
        group, old = groups[seat.group], kept.get((seat.visit, seat.inspector))
        cause = causes.get((seat.visit, seat.group, seat.inspector))
        stays = old is not None and cause is None
        members.append(
            {
                "visit_id": numbers[seat.visit],
                "staff_no": seat.inspector,
                "department": seat.department,
                "seat_group": veiled(salt, seat.group),
                "qualification": group.qualification or None,
                "lead": seat.department == leads[seat.visit],
                "probability": old.probability if old and stays else group.need / len(group.eligible),
                "replaced": old.replaced if old and stays else cause,
            }
        )
    if members:
        connection.execute(insert(VisitMember), members)
