"""Plans (抽查工作计划): one batch of all departments' tasks, made by one person and approved by another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from registry import clock
from registry.errors import Refusal
from registry.progress import Progress
from registry.rules import load_rules
from registry.tables import AnnualPlan, Plan, Task
from registry.vocabulary import CREDIT_RISK_CLASSES
from scheduling.acts import act, locked_plan, refuse, second_person
from scheduling.conditions import refuse_bad_conditions
from scheduling.numbers import NUMBER_LOCK, last_of
from scheduling.task_spec import PlanFrame, TaskSpec
from scheduling.tasks import derive_tasks

__all__ = ["PlanFrame", "TaskSpec", "approve_plan", "make_plan"]


def make_plan(
    engine: Engine,
    as_of: date,
    place: str,
    window_from: date,
    window_to: date,
    made_by: str,
    tasks: Sequence[TaskSpec] | None = None,
    progress: Progress | None = None,
    annual_plan: int | None = None,
) -> int:
    """Write a plan and its tasks as a draft (编制计划); its id.

    Without `tasks`, they are derived from the check items in force as of the date; `annual_plan` is the version of
    the year's plan that they were taken from. Raises Refusal plan.window,
    plan.exists (409) where the same window is being planned already, plan.no_items, plan.rates, or a rules.*
    refusal where the law of the place is missing.
    """
    frame = PlanFrame(as_of, place, window_from, window_to, load_rules())
    refuse_bad_window(frame)
    with act(engine, made_by, "plan.made", f"{place} {window_from}—{window_to}") as step:
        if tasks is None:
            _refuse_same_again(step.connection, frame)
        specs = list(tasks) if tasks is not None else derive_tasks(step.connection, frame)
        for spec in specs:
            refuse_bad_rates(spec)
        number = next_plan_number(step.connection, place, window_from.year)
        plan_id = _insert_plan(step.connection, frame, number, made_by, specs, annual_plan)
        _insert_tasks(step.connection, plan_id, frame, specs)
        step.subject = f"plan {plan_id}"
        step.detail |= {"number": number, "tasks": [s.name for s in specs], "as_of": str(as_of)}
    if progress:
        progress(f"计划 {number}：{len(specs)} 项任务", 1.0)
    return plan_id


def approve_plan(engine: Engine, plan_id: int, approver: str) -> None:
    """Approve a draft (计划审批). Raises Refusal plan.same_person (409): the second person is another person."""
    with act(engine, approver, "plan.approved", f"plan {plan_id}") as step:
        plan = locked_plan(step.connection, plan_id, "draft")
        second_person(plan["made_by"], approver, "plan", f"计划 {plan['number']} 由 {plan['made_by']} 编制")
        step.connection.execute(
            update(Plan).where(Plan.id == plan_id).values(state="approved", approved_by=approver)
        )
        step.detail |= {"number": plan["number"]}


def refuse_bad_window(frame: PlanFrame) -> None:
    """Raise Refusal plan.window for a period that is turned round or not after what is known."""
    if frame.window_from > frame.window_to or frame.window_to <= frame.as_of:
        raise Refusal(
            "plan.window",
            f"计划期 {frame.window_from} 至 {frame.window_to} 颠倒，或不晚于数据时点 {frame.as_of}。",
            "更改起止日期：开始不晚于结束，结束晚于数据时点。",
        )


def _refuse_same_again(connection: Connection, frame: PlanFrame) -> None:
    """One plan a window until it is drawn: a second press of the button is not a second plan."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": NUMBER_LOCK})
    same = select(Plan.number, Plan.state).where(
        Plan.place == frame.place,
        Plan.window_from == frame.window_from,
        Plan.window_to == frame.window_to,
        Plan.state.in_(("draft", "approved", "frozen", "allocated")),
    )
    found = connection.execute(same.limit(1)).first()
    if found:
        raise refuse(
            "plan.exists",
            f"{frame.window_from} 至 {frame.window_to} 已有计划 {found.number}，尚未抽取。",
            "继续办理该计划；确需另编的，先完成或撤回该计划。",
        )


def refuse_bad_rates(spec: TaskSpec) -> None:
    """Raise Refusal plan.rates, plan.conditions or plan.no_items for a task that cannot be drawn."""
    rates = [spec.class_rates.get(name) for name in CREDIT_RISK_CLASSES]
    known = [rate for rate in rates if rate is not None]
    if len(known) != len(rates) or any(not 0 <= rate <= 1 for rate in known) or known != sorted(known):
        raise Refusal(
            "plan.rates",
            f"任务“{spec.name}”的分类抽查比例 {spec.class_rates} 不是 0 至 1 之间、由 A 到 D 不降低的四个数。",
            "按信用风险分类 A、B、C、D 依次填写比例（国市监信发〔2022〕6号）。",
        )
    refuse_bad_conditions(spec.directed, spec.conditions, f"任务“{spec.name}”")
    if not spec.item_codes:
        raise Refusal("plan.no_items", f"任务“{spec.name}”没有检查事项。", "从抽查事项清单中选择至少一项。")


def next_plan_number(connection: Connection, place: str, year: int) -> str:
    """34000020171000 = region + year + four digits (domain.md 2.3), of one sequence with the annual plans."""
    prefix = f"{place}{year}"
    return f"{prefix}{last_of(connection, (Plan, AnnualPlan), prefix, 4) + 1:04d}"


def _insert_plan(
    connection: Connection,
    frame: PlanFrame,
    number: str,
    made_by: str,
    specs: Sequence[TaskSpec],
    annual_plan: int | None,
) -> int:
    leading = [spec.department for spec in specs if spec.lead] or [spec.department for spec in specs]
    values = {
        "number": number,
        "version": 1,
        "name": f"{frame.window_from:%Y年%m月%d日}至{frame.window_to:%m月%d日}双随机联合抽查计划",
        "place": frame.place,
        "as_of": frame.as_of,
        "window_from": frame.window_from,
        "window_to": frame.window_to,
        "initiating_department": leading[0],
        "state": "draft",
        "made_by": made_by,
        "rules_version": frame.rulebook.version,
        "annual_plan_id": annual_plan,
        "made_at": clock.now(),
    }
    return int(connection.execute(insert(Plan).values(**values).returning(Plan.id)).scalar_one())


def _insert_tasks(connection: Connection, plan_id: int, frame: PlanFrame, specs: Sequence[TaskSpec]) -> None:
    prefix = f"{frame.place}{frame.as_of:%Y%m%d}"
    already = connection.execute(
        select(func.count()).select_from(Task).where(Task.number.like(f"{prefix}____"))
    ).scalar_one()
    rows = [
        {
            **task_columns(spec, frame),
            "plan_id": plan_id,
            "number": f"{prefix}{already + order:04d}",
            "short": f"T{order}",
        }
        for order, spec in enumerate(specs, start=1)
    ]
    connection.execute(insert(Task), rows)


def task_columns(spec: TaskSpec, frame: PlanFrame) -> dict[str, Any]:
    """A task as table task holds it, before its pool is known."""
    return {
        "name": spec.name,
        "department": spec.department,
        "lead": spec.lead,
        "directed": spec.directed,
        "item_codes": list(spec.item_codes),
        "library": spec.library,
        "method": spec.method,
        "category": spec.category,
        "qualification": spec.qualification,
        "minutes": spec.minutes,
        "window_from": spec.window_from or frame.window_from,
        "window_to": spec.window_to or frame.window_to,
        "level": spec.level,
        "class_rates": spec.class_rates,
        "rate_floor": spec.rate_floor,
        "rate_cap": spec.rate_cap,
        "conditions": {name: list(wanted) for name, wanted in spec.conditions.items()} or None,
        "partners": list(spec.partners) or None,
        "object_total": 0,
        "target_total": 0,
    }
