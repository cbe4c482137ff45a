"""The roster book (排班簿): solve a drawn plan, keep every version, staff it by the team lottery, check it, store it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, update

from registry import clock
from registry.progress import Progress
from registry.rules import load_rules
from registry.tables import Plan, RosterVersion, Visit, VisitTask
from scheduling.acts import act, locked_plan, refuse
from scheduling.check import check_roster
from scheduling.committed import OBJECTS, draw_state, latest_draw
from scheduling.conflict_record import Conflict
from scheduling.conflict_words import remedy_words
from scheduling.draw import digest
from scheduling.merge import minutes_left
from scheduling.parallel import solve_any
from scheduling.pool import plan_tasks, read_facts
from scheduling.problem import Problem, ProblemError, Roster, problem_to_json, roster_to_json
from scheduling.records import plain
from scheduling.roster_problem import relief_prices, roster_problem
from scheduling.rule_names import rule_name
from scheduling.solve import Stop
from scheduling.team_draw import commit_team_draw, staff_roster, visit_numbers
from scheduling.workdays import EstimatedYear

__all__ = ["FIRST", "commit_team_draw", "make_roster", "staff_roster"]

FIRST = "初次排班"
PATIENCE = 60
"""Rounds without any improvement after which a roster is taken as it is; each frees some thirty visits."""


def make_roster(
    engine: Engine,
    plan_id: int,
    stop_seconds: float,
    made_by: str,
    progress: Progress | None = None,
    reason: str = FIRST,
) -> int:
    """Merge and date the drawn checks (编制排班表), without names, and store them as a new version; its id.

    What cannot be dated is explained, and ways out are priced and tried, in as many seconds again.
    Raises Refusal roster.not_drawn or roster.exists (409: a second version needs a reason), roster.problem where
    the data or calendar is unusable, roster.violation (409) where the independent check finds a broken rule.
    """
    with engine.connect() as connection:
        plan, draw = _drawn_plan(connection, plan_id, reason)
        facts = read_facts(connection, plan, load_rules())
        problem = roster_problem(connection, plan, draw["id"], load_rules(), facts)
        prices = relief_prices(load_rules(), plan)
    # S itself would betray tickets, hence classes: dates are broken by a hash of it.
    seed = digest(f"{draw_state(draw)},dates")
    try:
        stop = Stop(stop_seconds, patience=PATIENCE, remedies=prices, remedy_seconds=stop_seconds)
        roster = solve_any(problem, stop, seed, progress)
    except (ProblemError, EstimatedYear) as fault:
        raise refuse("roster.problem", f"无法排班：{fault}", "按提示补全数据或工作日历后重试。") from fault
    with act(engine, made_by, "roster.made", f"plan {plan_id}") as step:
        locked_plan(step.connection, plan_id, "drawn", "rostered")
        _drawn_plan(step.connection, plan_id, reason)
        _refuse_broken(problem, roster)
        version = {"draw_id": draw["id"], "state": "dated", "reason": reason, "made_by": made_by}
        roster_id = store_version(step.connection, plan_id, problem, roster, version)
        offices = dict(zip(facts.candidates["object_id"], facts.candidates["localadm"], strict=True))
        store_visits(step.connection, roster_id, plan_id, problem, roster, offices)
        step.detail |= {"roster": roster_id, "visits": len(roster.visits), "unplaced": len(roster.unplaced)}
        step.detail |= {"reason": reason, "problem_hash": roster.problem_hash}
    return roster_id


def _drawn_plan(connection: Connection, plan_id: int, reason: str) -> tuple[RowMapping, RowMapping]:
    plan = connection.execute(select(*Plan.__table__.c).where(Plan.id == plan_id)).mappings().first()
    draw = latest_draw(connection, plan_id, OBJECTS)
    if plan is None or draw is None or draw["state"] not in ("drawn", "published"):
        raise refuse(
            "roster.not_drawn", f"计划 {plan_id} 还没有抽取结果，不能排班。", "先完成检查对象的公开抽取。"
        )
    live = select(func.count()).where(RosterVersion.plan_id == plan_id, RosterVersion.state != "superseded")
    if connection.execute(live).scalar_one() and (reason == FIRST or not reason.strip()):
        raise refuse(
            "roster.exists", f"计划 {plan['number']} 已有排班表。", "写明理由，形成新的版本；原版本保留。"
        )
    return plan, draw


def _refuse_broken(problem: Problem, roster: Roster) -> None:
    violations = check_roster(problem, roster, teams=False)
    if violations:
        raise refuse(
            "roster.violation",
            f"独立校核发现 {len(violations)} 处违规，未予保存：{violations[0].sentence}",
            "这是程序缺陷，请保留问题文件并报告。",
        )


def store_version(
    connection: Connection, plan_id: int, problem: Problem, roster: Roster, version: dict[str, Any]
) -> int:
    """Store a roster as the plan's next version and supersede the others (新版本); its id.

    `version` holds the columns that its maker decides: draw_id, state, reason, made_by, perhaps team_draw_id and
    statistics to add to the roster's own.
    """
    number = next_roster_version(connection, plan_id)
    connection.execute(
        update(RosterVersion).where(RosterVersion.plan_id == plan_id).values(state="superseded")
    )
    values = {
        **version,
        "plan_id": plan_id,
        "version": number,
        "problem": problem_to_json(problem),
        "roster": roster_to_json(replace(roster, seats=())),
        "statistics": plain({**_statistics(roster), **version.get("statistics", {})}),
        "violations": [],
        "unplaced": plain(roster.unplaced),
        "made_at": clock.now(),
    }
    query = insert(RosterVersion).values(**values).returning(RosterVersion.id)
    return int(connection.execute(query).scalar_one())


def next_roster_version(connection: Connection, plan_id: int) -> int:
    """Number of the plan's next roster version."""
    last = connection.execute(
        select(func.max(RosterVersion.version)).where(RosterVersion.plan_id == plan_id)
    ).scalar_one()
    return int(last or 0) + 1


def _statistics(roster: Roster) -> dict[str, Any]:
    """What the solver says of itself, and the checks that need no visit."""
    return {
        **roster.statistics,
        "gap": roster.gap,
        "stopped": roster.stopped,
        "aims": roster.aims,
        "history": roster.history,
        "settled": roster.settled,
        "conflicts": [_in_short(conflict) for conflict in roster.conflicts],
    }


def _in_short(conflict: Conflict) -> dict[str, Any]:
    """A conflict as its readers need it; the whole sum stays in the roster's JSON."""
    return {
        "sentence": conflict.sentence,
        "rules": [rule_name(rule) for rule in conflict.rules],
        "proved": conflict.proved,
        "left_out": len(conflict.left_out),
        "remedies": [remedy_words(remedy) for remedy in conflict.remedies],
    }


def store_visits(
    connection: Connection,
    roster_id: int,
    plan_id: int,
    problem: Problem,
    roster: Roster,
    offices: dict[str, str],
) -> None:
    """Visits and the tasks each carries out (写入检查与任务); `offices` gives 管辖单位 by object_id."""
    if not roster.visits:
        return
    clusters = {o.object_id: o.cluster for o in problem.objects}
    rows = [
        {
            "roster_id": roster_id,
            "visit_no": visit.id,
            "object_id": visit.object_id,
            **_enterprise_of(visit.object_id),
            "visit_date": visit.day,
            "half": visit.half,
            "lead_department": visit.lead,
            "cluster": clusters[visit.object_id],
            "localadm": offices[visit.object_id],
            "reasons": list(visit.reasons),
        }
        for visit in roster.visits
    ]
    connection.execute(insert(Visit), rows)
    numbers = visit_numbers(connection, roster_id)
    tasks = {task["short"]: task["id"] for task in plan_tasks(connection, plan_id)}
    carried: dict[tuple[int, int], dict[str, Any]] = {}
    left, checks = _items_left(problem, roster), {c.id: c for c in problem.checks}
    for visit in roster.visits:
        for check in (checks[name] for name in visit.checks):
            key = (numbers[visit.id], tasks[check.task_id])
            # A check that joined later may carry out the same task: one row, all items.
            row = carried.setdefault(key, {"item_codes": [], "minutes": 0})
            row |= {"visit_id": key[0], "task_id": key[1], "department": check.department}
            row["item_codes"] += [item for item in left[check.id] if item not in row["item_codes"]]
            row["minutes"] += minutes_left(check, set(check.items) - set(left[check.id]))
    connection.execute(insert(VisitTask), list(carried.values()))


def _enterprise_of(object_id: str) -> dict[str, str | int]:
    """An object_id is the enterprise's code, plus # and the number of a further premises (draw.md 1)."""
    code, _, number = object_id.partition("#")
    return {"enterprise_code": code, "premises_no": int(number or 1)}


def _items_left(problem: Problem, roster: Roster) -> dict[str, list[str]]:
    """Items to check at the door: those that a recognised result settles are left out (结果互认)."""
    settled = {s.check: set(s.items) for s in roster.settled}
    return {c.id: [i for i in c.items if i not in settled.get(c.id, ())] for c in problem.checks}
