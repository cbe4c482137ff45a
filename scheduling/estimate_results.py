"""Drawn results (抽查结果) of a plan, by task and group, and what they say about the whole pool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from registry.errors import Refusal
from registry.facts import as_of, read_frame
from registry.rules import load_rules
from registry.tables import Draw, DrawnObject, Enterprise, InspectionResult, Plan, PoolObject, Task
from registry.vocabulary import RESULTS
from scheduling.estimate import Cell, Estimate, estimate

GROUPINGS = {"all": "全部对象", "class": "信用风险类别", "district": "区县", "industry": "行业门类"}
"""What an estimate may be broken down by. By class it is internal and never published."""
PLANNED = ("不定向", "定向")
"""Kinds of check that carry a plan out. What a complaint or a transfer led to is no answer of chance."""
UNKNOWN = "未知"


@dataclass(frozen=True)
class TaskEstimates:
    """One task's problem rates: of the whole pool and of each group (grouping → estimates)."""

    task: str
    name: str
    department: str
    directed: bool
    groups: dict[str, list[Estimate]]


@dataclass(frozen=True)
class PlanEstimates:
    """What the drawn results of a plan say, as known on a day (问题率估计). Internal: it holds classes."""

    plan_id: int
    as_of: date
    level: float
    tasks: list[TaskEstimates]

    def public(self) -> PlanEstimates:
        """The same without the break-down by class."""
        tasks = [
            TaskEstimates(
                t.task, t.name, t.department, t.directed, {k: v for k, v in t.groups.items() if k != "class"}
            )
            for t in self.tasks
        ]
        return PlanEstimates(self.plan_id, self.as_of, self.level, tasks)


def estimate_plan(connection: Connection, plan_id: int, day: date) -> PlanEstimates:
    """Problem rates of each task's pool from its drawn objects' results known by the end of `day`.

    A result is the first conclusive one of a planned check of the task's department at the enterprise between the plan's as_of and the end
    of the grace after its window (rule `estimate.grace_days`); with results by item, the task's own items decide.
    Raises Refusal estimate.no_plan (404), estimate.not_drawn (409).
    """
    plan = connection.execute(select(Plan.__table__).where(Plan.id == plan_id)).mappings().first()
    if plan is None:
        raise Refusal("estimate.no_plan", f"没有计划 {plan_id}。", "用 wurao plan list 查看。", status=404)
    draw = _draw_of(connection, plan_id)
    book = load_rules()
    level = float(book.value("estimate.level", plan["place"], day))
    grace = timedelta(days=int(book.value("estimate.grace_days", plan["place"], day)))
    pool = _pool(connection, plan_id, draw, plan["as_of"])
    results = _results(connection, day, plan["as_of"], plan["window_to"] + grace)
    tasks = connection.execute(
        select(Task.__table__).where(Task.plan_id == plan_id).order_by(Task.id)
    ).mappings()
    found = []
    for task in tasks:
        mine = pool[pool["task_id"] == task["id"]]
        outcome = outcomes(results[results["department"] == task["department"]], task["item_codes"])
        rows = mine.assign(problem=mine["enterprise_code"].map(outcome))
        groups = {grouping: estimates_by(rows, grouping, level) for grouping in GROUPINGS}
        found.append(TaskEstimates(task["short"], task["name"], task["department"], task["directed"], groups))
    return PlanEstimates(plan_id, day, level, found)


def _draw_of(connection: Connection, plan_id: int) -> int:
    wanted = (
        select(Draw.id)
        .where(Draw.plan_id == plan_id, Draw.kind == "objects", Draw.state.in_(("drawn", "published")))
        .order_by(Draw.version.desc())
        .limit(1)
    )
    draw = connection.execute(wanted).scalar_one_or_none()
    if draw is None:
        raise Refusal(
            "estimate.not_drawn",
            f"计划 {plan_id} 还没有抽取，没有可以推断的结果。",
            "先完成公开抽取：wurao draw run。",
            status=409,
        )
    return int(draw)


def _pool(connection: Connection, plan_id: int, draw: int, day: date) -> pd.DataFrame:
    """Frozen pool: task_id, object_id, enterprise_code, stratum, drawn, class, district, industry."""
    drawn = select(DrawnObject.task_id, DrawnObject.object_id).where(DrawnObject.draw_id == draw).subquery().c
    known = as_of(Enterprise, day).subquery().c
    section = select(known.enterprise_code, func.max(known.industryphy).label("industry"))
    firm = section.group_by(known.enterprise_code).subquery().c
    pool = PoolObject
    joined = (
        select(
            pool.task_id, pool.object_id, pool.enterprise_code, pool.stratum, firm.industry,
            drawn.object_id.is_not(None).label("drawn"),
        )
        .outerjoin(drawn.object_id.table, (drawn.task_id == pool.task_id) & (drawn.object_id == pool.object_id))
        .outerjoin(firm.industry.table, firm.enterprise_code == pool.enterprise_code)
        .where(pool.plan_id == plan_id)
        .order_by(pool.task_id, pool.object_id)
    )  # fmt: skip
    frame = read_frame(connection, joined)
    parts = frame["stratum"].str.partition("-")
    frame["all"], frame["class"] = GROUPINGS["all"], parts[0]
    frame["district"] = parts[2].replace("", UNKNOWN)
    frame["industry"] = frame["industry"].fillna("").replace("", UNKNOWN)
    frame["drawn"] = frame["drawn"].astype(bool)
    return frame


def _results(connection: Connection, day: date, first: date, last: date) -> pd.DataFrame:
    known = as_of(InspectionResult, day).subquery().c
    wanted = (
        select(known.enterprise_code, known.department, known.inspdate, known.problem, known.item_results)
        .where(known.inspdate > first, known.inspdate <= last, known.problem.is_not(None))
        .where(known.draw_type.in_(PLANNED))
        .order_by(known.inspdate, known.id)
    )
    return read_frame(connection, wanted)


def outcomes(results: pd.DataFrame, item_codes: list[str]) -> dict[str, float]:
    """Enterprise code → 1 or 0: what the first conclusive result of one department says of a task's items.

    Columns: enterprise_code, problem, item_results (item code → {checked, result_code} or None), oldest first.
    """
    found: dict[str, float] = {}
    for code, problem, items in zip(
        results["enterprise_code"], results["problem"], results["item_results"], strict=True
    ):
        said = _of_items(items, item_codes) if isinstance(items, dict) else float(problem)
        if said is not None:
            found.setdefault(code, said)
    return found


def _of_items(items: dict[str, dict[str, object]], wanted: list[str]) -> float | None:
    """Whether any of the wanted items had a problem; None if none of them was checked with a result that says so."""
    codes = [str(items[item].get("result_code")) for item in wanted if item in items]
    said = [RESULTS[code][1] for code in codes if code in RESULTS]
    known = [problem for problem in said if problem is not None]
    return float(any(known)) if known else None


def estimates_by(rows: pd.DataFrame, grouping: str, level: float) -> list[Estimate]:
    """One estimate a group. Cells are stratum x group; a cell in which nobody was concluded borrows the figures of
    its stratum, and where that has none either, of its class."""
    strata, classes = ({str(k): _cell(part) for k, part in rows.groupby(by)} for by in ("stratum", "class"))
    cells: dict[str, list[Cell]] = {}
    for group, stratum, part in _parts(rows, grouping):
        own = _cell(part)
        for lender in (strata[stratum], classes[str(part["class"].iloc[0])]):
            if not own.told.concluded and lender.concluded:
                own = replace(own, lender=lender)
        cells.setdefault(group, []).append(own)
    return [estimate(group, parts, level) for group, parts in cells.items()]


def _parts(rows: pd.DataFrame, grouping: str) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for group, inside in rows.groupby(grouping, sort=True):
        for stratum, part in inside.groupby("stratum", sort=True):
            yield str(group), str(stratum), part


def _cell(part: pd.DataFrame) -> Cell:
    answered = part["drawn"].to_numpy(bool) & part["problem"].notna().to_numpy()
    problems = int(np.nansum(part["problem"].to_numpy(float)[answered]))
    return Cell(len(part), int(part["drawn"].sum()), int(answered.sum()), problems)
