"""The annual plan (年度抽查工作计划): made, approved by a second person, published, filed; a change is a later version.

国市监信〔2019〕38号: batches are drawn from it one after another; it says scope, number and time of each, and is filed
with the next higher level. Numbers are real ones: region + year + sequence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, text, update

from registry import clock
from registry.errors import Refusal
from registry.rules import Rulebook, load_rules
from registry.tables import AnnualPlan, AnnualTask
from scheduling.acts import act, locked_row, reasoned, refuse, second_person
from scheduling.numbers import NUMBER_LOCK
from scheduling.plan import next_plan_number, refuse_bad_rates
from scheduling.task_spec import GENERAL, ON_SITE, PlanFrame, TaskSpec
from scheduling.tasks import derive_all_tasks

STATES = {"draft": "已编制", "approved": "已审批", "published": "已公示", "superseded": "已被新版本取代"}


@dataclass(frozen=True)
class AnnualTaskSpec:
    """One task of the year (年度任务). `class_rates` are the whole year's, drawn in `batches` equal parts."""

    name: str
    department: str
    library: str
    item_codes: tuple[str, ...]
    class_rates: dict[str, float]
    window_from: date
    window_to: date
    partners: tuple[str, ...] = ()
    directed: bool = True
    conditions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    level: str = GENERAL
    method: str = ON_SITE
    batches: int = 1


def draft_annual_tasks(connection: Connection, place: str, year: int, as_of: date) -> list[AnnualTaskSpec]:
    """What the check items in force would give for the year (年度任务初稿): a start that people change."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    frame = PlanFrame(as_of, place, first, last, load_rules())
    everybody, batches = frame.value("plan.everybody_library"), int(frame.value("plan.batches_a_year"))
    return [
        AnnualTaskSpec(
            spec.name,
            spec.department,
            spec.library,
            spec.item_codes,
            # Tasks of everybody come with one batch's share of the year's rates.
            {
                k: round(min(1.0, r * (batches if spec.library == everybody else 1)), 6)
                for k, r in spec.class_rates.items()
            },
            max(first, as_of),
            last,
            directed=spec.directed,
            level=spec.level,
            method=spec.method,
            batches=batches if spec.library == everybody else 1,
        )
        for spec in derive_all_tasks(connection, frame)
    ]


def make_annual_plan(
    engine: Engine, place: str, year: int, department: str, tasks: Sequence[AnnualTaskSpec], by: str
) -> int:
    """Write a year's plan as a draft (编制年度计划); its id.

    Raises Refusal annual.exists (409) where the place has one for the year already: it is changed, not made again.
    """
    with act(engine, by, "annual_plan.made", f"annual plan {place} {year}") as step:
        _refuse_bad_tasks(tasks, year)
        step.connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": NUMBER_LOCK})
        same = select(AnnualPlan.number).where(AnnualPlan.place == place, AnnualPlan.year == year)
        if found := step.connection.execute(same.limit(1)).scalar_one_or_none():
            raise refuse(
                "annual.exists", f"{year} 年度已有计划 {found}。", "变更原计划，写明理由，形成新的版本。"
            )
        number = next_plan_number(step.connection, place, year)
        plan = _insert(step.connection, number, 1, place, year, department, tasks, by, None)
        step.subject = f"annual plan {plan}"
        step.detail |= {"number": number, "tasks": [task.name for task in tasks]}
    return plan


def change_annual_plan(
    engine: Engine, plan: int, tasks: Sequence[AnnualTaskSpec], reason: str, by: str
) -> int:
    """Write a later version with its reason (变更年度计划), a draft to be approved and filed again; its id.

    The version in force stays in force until the new one is approved.
    """
    with act(engine, by, "annual_plan.changed", f"annual plan {plan}") as step:
        row = _locked(step.connection, plan, "draft", "approved", "published")
        why = reasoned(reason, "annual.reason", "变更")
        _refuse_bad_tasks(tasks, row["year"])
        newest = select(func.max(AnnualPlan.version)).where(AnnualPlan.number == row["number"])
        version = int(step.connection.execute(newest).scalar_one()) + 1
        if version - 1 != row["version"]:
            raise refuse(
                "annual.later_version",
                f"计划 {row['number']} 已有第 {version - 1} 版。",
                "请从最新的版本变更。",
            )
        made = _insert(
            step.connection, row["number"], version, row["place"], row["year"], row["initiating_department"], tasks, by,
            why,
        )  # fmt: skip
        if row["state"] == "draft":
            _set(step.connection, plan, state="superseded")
        step.detail |= {"number": row["number"], "version": version, "reason": why, "plan": made}
    return made


def approve_annual_plan(engine: Engine, plan: int, by: str) -> None:
    """Approve a draft (审批); the version before it is superseded. Raises Refusal annual.same_person (409)."""
    with act(engine, by, "annual_plan.approved", f"annual plan {plan}") as step:
        row = _locked(step.connection, plan, "draft")
        second_person(row["made_by"], by, "annual", f"计划 {row['number']} 由 {row['made_by']} 编制")
        earlier = (AnnualPlan.number == row["number"]) & (AnnualPlan.version < row["version"])
        step.connection.execute(update(AnnualPlan).where(earlier).values(state="superseded"))
        _set(step.connection, plan, state="approved", approved_by=by, approved_at=clock.now())
        step.detail |= {"number": row["number"], "version": row["version"]}


def publish_annual_plan(engine: Engine, plan: int, by: str) -> None:
    """Publish an approved version (公示): it appears on the public page."""
    with act(engine, by, "annual_plan.published", f"annual plan {plan}") as step:
        row = _locked(step.connection, plan, "approved")
        _set(step.connection, plan, state="published", published_by=by, published_at=clock.now())
        step.detail |= {"number": row["number"], "version": row["version"]}


def file_annual_plan(engine: Engine, plan: int, filed_on: date, filing_no: str, by: str) -> None:
    """Record that an approved version was filed with the next higher level (备案), once."""
    with act(engine, by, "annual_plan.filed", f"annual plan {plan}") as step:
        row = _locked(step.connection, plan, "approved", "published")
        if row["filed_on"] is not None:
            raise refuse(
                "annual.filed",
                f"计划 {row['number']} 第 {row['version']} 版已于 {row['filed_on']} 备案。",
                "无需重复。",
            )
        if not row["approved_at"].date() <= filed_on <= clock.today() or not filing_no.strip():
            raise Refusal(
                "annual.filing",
                f"备案日期 {filed_on} 早于审批或晚于今天，或没有备案文号。",
                "核对备案日期和文号。",
            )
        _set(step.connection, plan, filed_by=by, filed_on=filed_on, filing_no=filing_no.strip())
        step.detail |= {
            "number": row["number"],
            "version": row["version"],
            "filed_on": str(filed_on),
            "no": filing_no,
        }


def filing_due(plan: RowMapping, book: Rulebook) -> date | None:
    """The last day on which the version is filed in time; None before it is approved."""
    if plan["approved_at"] is None:
        return None
    day = plan["approved_at"].date()
    return day + timedelta(days=int(book.value("plan.annual.filing_days", plan["place"], day)))


def late_words(plan: RowMapping, book: Rulebook, today: date) -> list[str]:
    """What is late about a version (逾期提示): made after the date of the rule, or not filed in time."""
    said = []
    month, day = map(
        int, str(book.value("plan.annual.made_by", plan["place"], plan["made_at"].date())).split("-")
    )
    last = date(plan["year"], month, day)
    if plan["version"] == 1 and (plan["approved_at"] or clock.now()).date() > last:
        said.append(f"应在 {last} 前审批印发。")
    due = filing_due(plan, book)
    if due and (plan["filed_on"] or today) > due and plan["state"] != "superseded":
        said.append(f"应在 {due} 前报上一级备案。")
    return said


def annual_plans(connection: Connection) -> list[RowMapping]:
    """All versions, newest year and version first."""
    table = AnnualPlan.__table__
    return list(
        connection.execute(
            select(table).order_by(table.c.year.desc(), table.c.number, table.c.version.desc())
        ).mappings()
    )


def annual_plan(connection: Connection, plan: int) -> tuple[RowMapping, list[AnnualTaskSpec]]:
    """One version and its tasks. Raises Refusal annual.unknown (404)."""
    row = connection.execute(select(AnnualPlan.__table__).where(AnnualPlan.id == plan)).mappings().first()
    if row is None:
        raise Refusal(*_unknown(plan), 404)
    wanted = select(AnnualTask.__table__).where(AnnualTask.annual_plan_id == plan).order_by(AnnualTask.seq)
    return row, [_spec(task) for task in connection.execute(wanted).mappings()]


def _spec(row: RowMapping) -> AnnualTaskSpec:
    names = AnnualTaskSpec.__dataclass_fields__
    lists = {"item_codes": tuple(row["item_codes"]), "partners": tuple(row["partners"])}
    return AnnualTaskSpec(**({name: row[name] for name in names} | lists))


def _refuse_bad_tasks(tasks: Sequence[AnnualTaskSpec], year: int) -> None:
    names = [task.name for task in tasks]
    if not tasks or len(set(names)) != len(names):
        raise Refusal("annual.tasks", "年度计划没有任务，或有同名的任务。", "至少列一项任务，名称各不相同。")
    for task in tasks:
        refuse_bad_rates(
            TaskSpec(
                task.name,
                task.department,
                task.item_codes,
                task.library,
                task.class_rates,
                directed=task.directed,
                conditions=task.conditions,
            )
        )
        if not (task.window_from.year == task.window_to.year == year and task.window_from <= task.window_to):
            raise Refusal(
                "annual.window",
                f"任务“{task.name}”的时间 {task.window_from} 至 {task.window_to} 颠倒或不在 {year} 年内。",
                "更改起止日期。",
            )
        if task.batches < 1 or task.department in task.partners:
            raise Refusal(
                "annual.tasks",
                f"任务“{task.name}”的批次数不足 1，或发起部门又是配合部门。",
                "更正后重新提交。",
            )


def _insert(
    connection: Connection, number: str, version: int, place: str, year: int, department: str,
    tasks: Sequence[AnnualTaskSpec], by: str, reason: str | None,
) -> int:  # fmt: skip
    values = {
        "number": number, "version": version, "year": year, "place": place, "initiating_department": department,
        "name": f"{year} 年度双随机、一公开抽查工作计划", "state": "draft", "change_reason": reason,
        "rules_version": load_rules().version, "made_by": by, "made_at": clock.now(),
    }  # fmt: skip
    plan = int(connection.execute(insert(AnnualPlan).values(**values).returning(AnnualPlan.id)).scalar_one())
    rows = [
        vars(task)
        | {
            "annual_plan_id": plan,
            "seq": seq,
            "item_codes": list(task.item_codes),
            "partners": list(task.partners),
            "conditions": {name: list(wanted) for name, wanted in task.conditions.items()},
        }
        for seq, task in enumerate(tasks, start=1)
    ]
    connection.execute(insert(AnnualTask), rows)
    return plan


def _locked(connection: Connection, plan: int, *states: str) -> RowMapping:
    row = locked_row(connection, AnnualPlan, plan, *_unknown(plan))
    if row["state"] not in states:
        allowed = "或".join(STATES[state] for state in states)
        raise refuse(
            "annual.wrong_step",
            f"计划 {row['number']} 第 {row['version']} 版目前{STATES[row['state']]}，这一步只能在{allowed}时办理。",
            "按 编制、审批、公示、备案 的次序办理；变更从最新的版本开始。",
        )
    return row


def _set(connection: Connection, plan: int, **values: Any) -> None:
    connection.execute(update(AnnualPlan).where(AnnualPlan.id == plan).values(**values))


def _unknown(plan: int) -> tuple[str, str, str]:
    return "annual.unknown", f"没有编号为 {plan} 的年度计划。", "从年度计划列表中选择。"
