"""Allocation (数量分配) of a frozen plan: reads pool, rules and people, settles the numbers, stores and explains them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry.rules import Rulebook, load_rules
from registry.tables import Plan, PoolObject, StratumCount, Task
from scheduling.acts import act, locked_plan, refuse
from scheduling.candidates import read_candidates
from scheduling.count_model import allocate_counts
from scheduling.count_problem import Allocation, CountProblem, Stratum, TaskCount
from scheduling.manpower import Effort, find_patterns, find_rooms, pattern_counts
from scheduling.open_calendar import read_calendar
from scheduling.pool import plan_tasks
from scheduling.staff import Assistance, read_officers
from scheduling.task_spec import KEY, ON_SITE
from scheduling.workdays import EstimatedYear

__all__ = ["allocate", "allocate_counts", "count_problem"]

Row = RowMapping | Mapping[str, Any]
"""A row of a table, or what would become one."""

_BASIS = {
    "floor": "ratio.floor.public_information",
    "at_least_one": "ratio.at_least_one",
    "class_low": "ratio.lowest_share",
    "class_high": "ratio.highest",
    "rising": "ratio.general",
    "item_cap": "ratio.general",
    "full_coverage": "ratio.full_coverage_classes",
    "honest_quota": "quota.undisturbed_share",
    "manpower": "capacity.half_days_a_month",
}

_YEAR_REMEDY = (
    "放假通知公布后，在规则 calendar.overrides、calendar.official_years（rules/calendar.toml）补录，"
    "再继续办理这一步；已冻结的对象池不变。"
)


def allocate(engine: Engine, plan_id: int, actor: str = "system") -> Allocation:
    """Settle how many objects each task draws from each stratum (分配抽取数量), once for a frozen pool.

    Raises Refusal plan.wrong_step (409) unless the pool is frozen and nothing allocated yet; allocation.conflict
    (409), with the smallest set of rules that cannot hold together, each with its basis and relief;
    allocation.year (409) where the window lies in a year whose days off nobody has announced yet.
    """
    with act(engine, actor, "counts.allocated", f"plan {plan_id}") as step:
        plan = locked_plan(step.connection, plan_id, "frozen")
        try:
            problem = count_problem(step.connection, plan, load_rules())
        except EstimatedYear as unannounced:
            raise refuse("allocation.year", f"{unannounced}。", _YEAR_REMEDY) from unannounced
        found = allocate_counts(problem)
        if found.conflict:
            raise _conflict(plan, found)
        _store(step.connection, plan, problem, found)
        step.detail |= {"total": found.total, "aims": [asdict(aim) for aim in found.aims]}
    return found


def count_problem(connection: Connection, plan: RowMapping, rulebook: Rulebook) -> CountProblem:
    """The plan's allocation as plain data: strata of the frozen pool, rates, quota and manpower."""
    tasks = plan_tasks(connection, plan["id"])
    pool = _pool(connection, plan["id"])
    objects = read_candidates(
        connection, plan["as_of"], rulebook.value("quota.ungraded_class", plan["place"], plan["as_of"])
    )
    return problem_of(connection, plan, rulebook, pool, tasks, objects)


def problem_of(
    connection: Connection,
    plan: Row,
    rulebook: Rulebook,
    pool: pd.DataFrame,
    tasks: Sequence[Row],
    objects: pd.DataFrame,
) -> CountProblem:
    """The allocation of a plan that need not be stored: `pool` has object_id, task (its short name), stratum, honest.

    `plan` has place, as_of, honest_set_size and honest_disturbed; `tasks` the columns of table task; `objects` are
    the candidates. Reads officers and quiet-day records.
    """

    def value(key: str) -> Any:
        return rulebook.value(key, plan["place"], plan["as_of"])

    there = set(pool["task"])
    counted = [_task_count(task, value) for task in tasks if task["short"] in there]
    patterns, rooms = _manpower(connection, plan, rulebook, pool, tasks, objects)
    basis = {rule: rulebook.rule(key, plan["place"], plan["as_of"]).basis for rule, key in _BASIS.items()}
    return CountProblem(
        strata=_strata(pool, patterns),
        tasks=tuple(counted),
        honest_total=plan["honest_set_size"] or 0,
        honest_disturbed=plan["honest_disturbed"] or 0,
        undisturbed_share=float(value("quota.undisturbed_share")),
        rooms=rooms,
        at_least_one=value("ratio.at_least_one"),
        raise_order=tuple(value("ratio.raise_order")),
        half_days_a_day=int(value("capacity.half_days_a_day")),
        basis=basis,
    )


def _pool(connection: Connection, plan_id: int) -> pd.DataFrame:
    """Pool rows with the task's short name: object_id, task, stratum, honest."""
    query = (
        select(
            PoolObject.object_id,
            Task.short.label("task"),
            PoolObject.stratum,
            PoolObject.honest,
        )
        .join(Task, Task.id == PoolObject.task_id)
        .where(PoolObject.plan_id == plan_id)
    )
    return pd.read_sql(query, connection)


def _task_count(task: Row, value: Any) -> TaskCount:
    full = tuple(value("ratio.full_coverage_classes")) if task["level"] == KEY else ()
    return TaskCount(
        task=task["short"],
        name=task["name"],
        department=task["department"],
        rates={k: float(v) for k, v in task["class_rates"].items()},
        lowest={k: float(v) for k, v in value("ratio.lowest_share").items()},
        highest={k: float(v) for k, v in value("ratio.highest").items()},
        onsite=task["method"] == ON_SITE,
        floor=task["rate_floor"],
        cap=task["rate_cap"],
        base=task["object_total"],
        full_classes=full,
        # Which department leads is settled by merging, later; two people for everybody is the safe side.
        seats=int(value("teams.lead")),
        halves=min(
            int(value("capacity.half_days_a_day")),
            -(-task["minutes"] // int(value("capacity.half_day_minutes"))),
        ),
        qualification=task["qualification"],
        desk=task["minutes"] * int(value("capacity.desk_people")) / int(value("capacity.half_day_minutes")),
    )


def _strata(pool: pd.DataFrame, patterns: dict[tuple[str, str], tuple[int, ...]]) -> tuple[Stratum, ...]:
    sizes = pool.groupby(["task", "stratum"]).agg(size=("object_id", "size"), honest=("honest", "sum"))
    return tuple(
        Stratum(
            task=str(task),
            klass=str(stratum).split("-", 1)[0],
            district=str(stratum).split("-", 1)[1],
            size=int(size),
            honest=int(honest),
            patterns=patterns.get((str(task), str(stratum)), ()),
        )
        for (task, stratum), size, honest in zip(sizes.index, sizes["size"], sizes["honest"], strict=True)
    )


def _manpower(
    connection: Connection,
    plan: Row,
    rulebook: Rulebook,
    pool: pd.DataFrame,
    tasks: Sequence[Row],
    objects: pd.DataFrame,
) -> tuple[dict[tuple[str, str], tuple[int, ...]], tuple[Any, ...]]:
    """Patterns of each (task, stratum) and the rooms of people on their days; off site only where desks are counted."""

    def value(key: str) -> Any:
        return rulebook.value(key, plan["place"], plan["as_of"])

    desks = int(value("capacity.desk_people")) > 0
    counted = [task for task in tasks if desks or task["method"] == ON_SITE]
    if not counted or pool.empty:
        return {}, ()
    calendar = read_calendar(connection, rulebook, plan["place"], plan["as_of"], objects)
    first, last = min(t["window_from"] for t in counted), max(t["window_to"] for t in counted)
    days = calendar.days(first, last)
    rows = pool[["object_id", "task", "stratum"]].merge(objects, on="object_id", how="inner")
    rows = rows[rows["task"].isin([task["short"] for task in counted])].reset_index(drop=True)
    found = find_patterns(_open_matrix(rows, counted, calendar, days))
    counts: dict[tuple[str, str], tuple[int, ...]] = {}
    for short, members in rows.groupby("task"):
        by_stratum = pattern_counts(members["stratum"], found.of[members.index], len(found.days))
        counts |= {(str(short), stratum): numbers for stratum, numbers in by_stratum.items()}
    officers = read_officers(connection, plan["as_of"], first, last, value("teams.certificate"))
    effort = Effort(
        int(value("capacity.half_days_a_day")),
        float(value("capacity.half_days_a_month")),
        float(value("capacity.reserve_share")),
    )
    needed: dict[str, set[str]] = defaultdict(set)
    for task in counted:
        needed[task["department"]] |= {task["qualification"]} - {None} if task["method"] == ON_SITE else set()
    assistance = Assistance(
        officers, int(value("teams.lead")), int(value("teams.choice")), bool(value("teams.own_district"))
    )
    return counts, find_rooms(officers, found, days, effort, needed, set(rows["district"]), assistance)


def _open_matrix(rows: pd.DataFrame, tasks: Any, calendar: Any, days: list[date]) -> Any:
    """Bool pool row × day inside the task's window; on site, open to its categories: a desk knows no quiet days."""
    matrix = np.zeros((len(rows), len(days)), dtype=bool)
    for task in tasks:
        mine = (rows["task"] == task["short"]).to_numpy()
        window = np.array([task["window_from"] <= day <= task["window_to"] for day in days], dtype=bool)
        at_the_door = task["method"] == ON_SITE
        matrix[mine] = (
            calendar.open(rows[mine], days, check_categories(task)) & window if at_the_door else window
        )
    return matrix


def check_categories(task: Row) -> tuple[str, ...]:
    """Quiet-day categories of a drawn check: it is 双随机, and what its items are about."""
    return tuple(sorted({"double_random", task["category"] or "double_random"}))


def _store(connection: Connection, plan: RowMapping, problem: CountProblem, found: Allocation) -> None:
    numbers = {task["short"]: task["id"] for task in plan_tasks(connection, plan["id"])}
    reasons = {(c.task, c.klass): c.reason for c in found.classes}
    rates = {task.task: task.rates for task in problem.tasks}
    rows = [
        {
            "plan_id": plan["id"],
            "task_id": numbers[s.task],
            "stratum": s.name,
            "size": s.size,
            "rate": rates[s.task].get(s.klass, 0.0),
            "count": found.counts[s.task, s.name],
            "reason": reasons[s.task, s.klass],
        }
        for s in problem.strata
    ]
    connection.execute(insert(StratumCount), rows)
    totals: dict[str, int] = defaultdict(int)
    for (task, _), count in found.counts.items():
        totals[task] += count
    for short, number in numbers.items():
        connection.execute(update(Task).where(Task.id == number).values(target_total=totals[short]))
    report = {
        "total": found.total,
        "seconds": round(found.seconds, 3),
        "aims": [asdict(aim) for aim in found.aims],
        "moved": [asdict(c) for c in found.classes if c.count != c.planned],
        "honest_overlap": "各任务抽中的诚信主体户次全部相加，不扣除同一主体被多项任务抽中的重叠（从严）",
    }
    connection.execute(update(Plan).where(Plan.id == plan["id"]).values(state="allocated", allocation=report))


def _conflict(plan: RowMapping, found: Allocation) -> Exception:
    reasons = "；".join(
        f"（{n}）{c.sentence}〔依据：{c.basis}〕" for n, c in enumerate(found.conflict, start=1)
    )
    relief = " ".join(f"（{n}）{c.relief}" for n, c in enumerate(found.conflict, start=1))
    return refuse(
        "allocation.conflict",
        f"计划 {plan['number']} 的以下规定不能同时满足：{reasons}。",
        f"可以：{relief}",
    )
