"""The disturbance ledger (入企台账): every check of an enterprise by any department, and why it took place.

Reasons: planned (drawn or 定向), duty (100 %, key supervision, statutory minimum), lead (投诉举报、转办交办、数据监测),
patrol (日常巡查), application (依申请). Only on-site checks disturb; those in writing or online are listed and counted
apart (国办发〔2024〕54号).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, case, literal, select

from registry.clock import end_of
from registry.facts import as_of, read_frame
from registry.tables import (
    HonestMember,
    InspectionResult,
    Lead,
    Plan,
    PoolExclusion,
    RosterVersion,
    Task,
    Visit,
    VisitTask,
)
from scheduling.quota import undisturbed_ratio
from scheduling.task_spec import ON_SITE

COLUMNS = ["enterprise_code", "day", "department", "method", "reason", "source", "number"]
REASONS = {
    "planned": "计划内抽查",
    "duty": "法定或全覆盖检查",
    "patrol": "日常巡查",
    "lead": "线索核查",
    "application": "依企业申请",
}
"""Reason → words, in the order in which they decide where one visit has several: what was planned counts as planned."""
_PLANNED = ("planned", "patrol")
"""Reasons that the undisturbed ratio R counts (domain.md 3.4); the strict ratio R0 counts all."""
_DRAWN, _PATROL, _APPLICATION = ("不定向", "定向"), "日常巡查", "依申请"


@dataclass(frozen=True)
class Disturbance:
    """Undisturbed ratios of a plan's frozen honest set (无事不扰比例) from its first day to a date."""

    plan_id: int
    plan_number: str
    first_day: date
    last_day: date
    honest: int
    disturbed: int
    """|V|: members with at least one planned on-site visit."""
    disturbed_at_all: int
    """Members with an on-site visit for whatever reason."""

    @property
    def ratio(self) -> float:
        """R = 1 − |V| / |H|."""
        return undisturbed_ratio(self.honest, self.disturbed)

    @property
    def strict_ratio(self) -> float:
        """R0, as R but with every on-site visit."""
        return undisturbed_ratio(self.honest, self.disturbed_at_all)


def read_ledger(connection: Connection, day: date, since: date) -> pd.DataFrame:
    """Every check known on `day` that took or takes place from `since` on, one row an enterprise, day and department.

    Columns: COLUMNS. Visits of checked rosters may lie ahead of `day`. Where several sources tell of the same door,
    the roster knows best why; else, and among a department's several tasks in one visit, the planned one counts (从严);
    of equals the lowest number, so that the ledger of a day is the same whenever it is read.
    """
    sources = (_rostered(day, since), _leads(day, since), _results(day, since))
    parts = [read_frame(connection, each) for each in sources]
    whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    place = whole["reason"].map({reason: n for n, reason in enumerate(REASONS)})
    door = (whole["method"] != ON_SITE).astype(int)
    whole = whole.assign(door=door, place=place).sort_values(["door", "heard", "place", "number"])
    return whole.drop_duplicates(["enterprise_code", "day", "department"])[COLUMNS].reset_index(drop=True)


def on_site(ledger: pd.DataFrame, unplanned: Collection[str]) -> pd.DataFrame:
    """What caps and spacing read: enterprise_code, day, department, planned; `unplanned` are the sources not counted.

    A duty counts as planned here: the cap is on visits, whoever ordered them.
    """
    doors = ledger[ledger["method"] == ON_SITE]
    planned = ~doors["source"].isin(list(unplanned))
    return doors[["enterprise_code", "day", "department"]].assign(planned=planned).reset_index(drop=True)


def planned_visits(ledger: pd.DataFrame) -> pd.DataFrame:
    """On-site visits that the undisturbed ratio counts: no duty, lead or application."""
    return ledger[(ledger["method"] == ON_SITE) & ledger["reason"].isin(_PLANNED)]


def measure(connection: Connection, day: date, plan_id: int | None = None) -> Disturbance | None:
    """Both ratios of a plan's honest set as of a day; None: no such plan, or it has not begun by then.

    Without a plan, of the newest one frozen by then whose window has begun: next year's plan, frozen early,
    has disturbed nobody yet and says nothing.
    """
    wanted = select(Plan.id, Plan.number, Plan.window_from, Plan.window_to, Plan.honest_set_size)
    wanted = wanted.where(
        Plan.honest_set_size.is_not(None), Plan.made_at < end_of(day), Plan.window_from <= day
    )
    if plan_id is not None:
        wanted = wanted.where(Plan.id == plan_id)
    plan = connection.execute(wanted.order_by(Plan.window_from.desc(), Plan.id.desc()).limit(1)).first()
    if plan is None:
        return None
    last = min(plan.window_to, day)
    ledger = read_ledger(connection, day, plan.window_from)
    ledger = ledger[ledger["day"].map(lambda d: plan.window_from <= d <= last).astype(bool)]
    members = frozen_members(connection, plan.id)
    doors = ledger.loc[ledger["method"] == ON_SITE, "enterprise_code"]
    return Disturbance(
        plan.id,
        plan.number,
        plan.window_from,
        last,
        plan.honest_set_size,
        len(members & set(planned_visits(ledger)["enterprise_code"])),
        len(members & set(doors)),
    )


def frozen_members(connection: Connection, plan_id: int) -> frozenset[str]:
    """The honest set frozen with a plan, by code; empty for a plan frozen before sets were kept by name."""
    members = select(HonestMember.enterprise_code).where(HonestMember.plan_id == plan_id)
    return frozenset(connection.execute(members).scalars())


def _results(day: date, since: date) -> Select[Any]:
    result = as_of(InspectionResult, day).subquery().c
    reason = case(
        (result.draw_type.in_(_DRAWN), "planned"),
        (result.draw_type == _PATROL, "patrol"),
        (result.draw_type == _APPLICATION, "application"),
        else_="lead",
    )
    return select(
        result.enterprise_code,
        result.inspdate.label("day"),
        result.department,
        result.method,
        reason.label("reason"),
        result.draw_type.label("source"),
        result.insp_no.label("number"),
        literal(1).label("heard"),
    ).where(result.inspdate >= since, result.inspdate <= day)


def _rostered(day: date, since: date) -> Select[Any]:
    duty = (
        (PoolExclusion.plan_id == RosterVersion.plan_id)
        & (PoolExclusion.task_id == VisitTask.task_id)
        & (PoolExclusion.object_id == Visit.object_id)
        & (PoolExclusion.reason == "duty")
    )
    return (
        select(
            Visit.enterprise_code,
            Visit.visit_date.label("day"),
            VisitTask.department,
            Task.method,
            case((PoolExclusion.object_id.is_not(None), "duty"), else_="planned").label("reason"),
            case((Task.directed, "定向"), else_="不定向").label("source"),
            (Plan.number + " " + Visit.visit_no).label("number"),
            literal(0).label("heard"),
        )
        .join(VisitTask, VisitTask.visit_id == Visit.id)
        .join(Task, Task.id == VisitTask.task_id)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .join(Plan, Plan.id == RosterVersion.plan_id)
        .outerjoin(PoolExclusion, duty)
        .where(
            RosterVersion.state == "checked",
            RosterVersion.made_at < end_of(day),
            Visit.visit_date >= since,
            Task.method == ON_SITE,
        )
    )


def _leads(day: date, since: date) -> Select[Any]:
    reason = case(
        (Lead.source == _PATROL, "patrol"), (Lead.source == _APPLICATION, "application"), else_="lead"
    )
    return select(
        Lead.enterprise_code,
        Lead.visited_on.label("day"),
        Lead.department,
        Lead.method,
        reason.label("reason"),
        Lead.source,
        Lead.number,
        literal(1).label("heard"),
    ).where(
        Lead.state == "visited",
        Lead.closed_at < end_of(day),
        Lead.visited_on >= since,
        Lead.visited_on <= day,
    )
