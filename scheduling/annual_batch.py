"""Batches of an annual plan (按年度计划逐批次抽取): its tasks of the window become one plan, partners with their own items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Engine, func, select

from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables import AnnualPlan, Plan, Task
from registry.vocabulary import CREDIT_RISK_CLASSES
from scheduling.acts import refuse
from scheduling.annual_plan import STATES, AnnualTaskSpec, annual_plan
from scheduling.plan import make_plan
from scheduling.task_spec import PlanFrame, TaskSpec
from scheduling.tasks import items_in_force, spec_of_items


def make_batch(
    engine: Engine, annual: int, as_of: date, window_from: date, window_to: date, made_by: str
) -> int:
    """Make a batch's plan from the annual plan (编制批次): its tasks whose time falls into the window; the plan's id.

    A task takes its share of the year's rates and stops when all its batches are made. Each partner checks its own
    items at the same objects: same library, conditions and rates, and shared tickets pick the same ones. Raises
    Refusal annual.wrong_step (409) for a plan that nobody approved, annual.nothing_due (409), annual.items.
    """
    book = load_rules()
    with engine.begin() as connection:
        # Held until the batch is stored: a second press of the button finds the first one's tasks made.
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("annual batch"))))
        row, tasks = annual_plan(connection, annual)
        if row["state"] not in ("approved", "published"):
            raise refuse(
                "annual.wrong_step",
                f"计划 {row['number']} 第 {row['version']} 版目前{STATES[row['state']]}，不能编制批次。",
                "先由另一人审批；已被取代的，从最新的版本编制。",
            )
        used = _batches_made(connection, row["number"])
        due = [t for t in tasks if _falls_into(t, window_from, window_to) and used[t.name] < t.batches]
        if not due:
            raise refuse(
                "annual.nothing_due",
                f"计划 {row['number']} 在 {window_from} 至 {window_to} 没有还要抽取的任务。",
                "更改批次的起止日期，或变更年度计划。",
            )
        frame = PlanFrame(as_of, row["place"], window_from, window_to, book)
        items = items_in_force(connection, frame)
        specs = [spec for task in due for spec in _specs(task, items, frame, row["initiating_department"])]
        return make_plan(
            engine, as_of, row["place"], window_from, window_to, made_by, specs, annual_plan=annual
        )


def _falls_into(task: AnnualTaskSpec, first: date, last: date) -> bool:
    return task.window_from <= last and task.window_to >= first


def _batches_made(connection: Connection, number: str) -> Counter[str]:
    """Task name → batches already made from any version of the annual plan, given-up ones left out."""
    made = (
        select(Task.name)
        .join(Plan, Plan.id == Task.plan_id)
        .join(AnnualPlan, AnnualPlan.id == Plan.annual_plan_id)
        .where(AnnualPlan.number == number, Plan.state != "superseded")
    )
    return Counter(connection.execute(made).scalars())


def _specs(task: AnnualTaskSpec, items: pd.DataFrame, frame: PlanFrame, initiator: str) -> Iterator[TaskSpec]:
    """The task itself, then one for each partner."""
    own = items[items["item_code"].isin(task.item_codes)]
    missing = sorted(set(task.item_codes) - set(own["item_code"]))
    if missing:
        raise Refusal(
            "annual.items",
            f"任务“{task.name}”的事项 {'、'.join(missing)} 在批次期内没有生效。",
            "变更年度计划，去掉失效的事项（国办发〔2024〕54号：未公布的事项不得实施）。",
        )
    yield _spec(task, own, frame, task.name, task.department, task.department == initiator)
    for partner in task.partners:
        theirs = items[
            (items["department"] == partner)
            & items["library"].isin([task.library, frame.value("plan.everybody_library")])
            & (items["method"] == task.method)
        ]
        special = theirs[theirs["library"] == task.library]
        theirs = special if len(special) else theirs
        if theirs.empty:
            raise Refusal(
                "annual.items",
                f"任务“{task.name}”的配合部门{partner}没有可在{task.library}实施的{task.method}检查事项。",
                "变更年度计划，去掉这个配合部门，或先公布它的检查事项。",
            )
        yield _spec(task, theirs, frame, f"{task.name}（{partner}配合）", partner, False)


def _spec(
    task: AnnualTaskSpec, items: pd.DataFrame, frame: PlanFrame, name: str, department: str, leads: bool
) -> TaskSpec:
    plain = spec_of_items(items, leads, frame)
    share = {k: round(task.class_rates[k] / task.batches, 6) for k in CREDIT_RISK_CLASSES}
    return replace(
        plain,
        name=name,
        department=department,
        library=task.library,
        class_rates=share,
        level=task.level,
        method=task.method,
        directed=task.directed,
        lead=leads,
        conditions=task.conditions,
        partners=task.partners if department == task.department else (),
        window_from=max(task.window_from, frame.window_from),
        window_to=min(task.window_to, frame.window_to),
    )
