"""The pool (对象池): who may be drawn for each task, in which stratum; every exclusion has a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, func, select, update

from registry.facts import as_of
from registry.rules import Rulebook, load_rules
from registry.tables import HonestMember, InspectionResult, Plan, PoolExclusion, PoolObject, Task
from registry.vocabulary import IN_BUSINESS
from scheduling.acts import act, copy_rows, locked_plan, refuse
from scheduling.candidates import UNREGISTERED, library_members, read_candidates, tag_members
from scheduling.conditions import meets
from scheduling.disturbance import frozen_members, on_site, planned_visits, read_ledger
from scheduling.exclusions import PoolRules, PoolTask, find_exclusions
from scheduling.legal_checks import legal_checks
from scheduling.quota import HonestSet, disturbed_codes, honest_codes

_DAYS_BACK = 366
"""The ledger must reach back over the calendar year of an annual cap and the longest spacing."""


@dataclass(frozen=True)
class Facts:
    """What a plan's date knows, read once (时点数据)."""

    candidates: pd.DataFrame
    libraries: dict[str, frozenset[str]]
    honest: HonestSet
    rules: PoolRules
    everybody: str
    tags: dict[str, frozenset[str]]


def freeze_pool(engine: Engine, plan_id: int, actor: str = "system") -> dict[str, int]:
    """Freeze the pool of an approved plan (冻结对象池): its eligible objects and exclusions, for good.

    Returns counts: objects, excluded, honest, disturbed. Raises Refusal plan.wrong_step (409) unless the plan is
    approved and not yet frozen, pool.empty where a task has nobody to draw from.
    """
    with act(engine, actor, "pool.frozen", f"plan {plan_id}") as step:
        plan = locked_plan(step.connection, plan_id, "approved")
        facts = read_facts(step.connection, plan, load_rules())
        total = {"objects": 0, "excluded": 0}
        for task in plan_tasks(step.connection, plan_id):
            eligible, excluded, in_business = pool_of(task, facts)
            if eligible.empty and not (excluded["reason"] == "duty").any():
                raise _empty_pool(task)
            total["objects"] += _store(step.connection, PoolObject, plan_id, task, eligible)
            total["excluded"] += _store(step.connection, PoolExclusion, plan_id, task, excluded)
            step.connection.execute(
                update(Task).where(Task.id == task["id"]).values(object_total=in_business)
            )
        _store_honest(step.connection, plan_id, facts.honest)
        honest = {"honest_set_size": len(facts.honest.codes), "honest_disturbed": len(facts.honest.disturbed)}
        step.connection.execute(update(Plan).where(Plan.id == plan_id).values(state="frozen", **honest))
        step.detail |= total | honest
        return total | {"honest": len(facts.honest.codes), "disturbed": len(facts.honest.disturbed)}


def frozen_sizes(connection: Connection, plan_id: int) -> dict[str, int]:
    """Counts of a pool that is frozen already (已冻结的对象池): what `freeze_pool` returned when it froze it."""
    sizes = {
        name: connection.execute(
            select(func.count()).select_from(table).where(table.plan_id == plan_id)
        ).scalar_one()
        for name, table in (("objects", PoolObject), ("excluded", PoolExclusion))
    }
    plan = connection.execute(
        select(Plan.honest_set_size, Plan.honest_disturbed).where(Plan.id == plan_id)
    ).one()
    return sizes | {"honest": plan.honest_set_size or 0, "disturbed": plan.honest_disturbed or 0}


def plan_tasks(connection: Connection, plan_id: int) -> Sequence[RowMapping]:
    """The plan's tasks in the order T1, T2 …"""
    return (
        connection.execute(select(*Task.__table__.c).where(Task.plan_id == plan_id).order_by(Task.id))
        .mappings()
        .all()
    )


def duties_of(connection: Connection, plan_id: int) -> Sequence[RowMapping]:
    """The plan's duties (必查名单), nearest deadline first: deadline, department, task, object_id, sentence."""
    wanted = (
        select(
            PoolExclusion.deadline,
            Task.department,
            Task.name.label("task"),
            PoolExclusion.object_id,
            PoolExclusion.sentence,
        )
        .join(Task, Task.id == PoolExclusion.task_id)
        .where(PoolExclusion.plan_id == plan_id, PoolExclusion.reason == "duty")
        .order_by(PoolExclusion.deadline.nulls_last(), PoolExclusion.object_id, Task.id)
    )
    return connection.execute(wanted).mappings().all()


def read_facts(connection: Connection, plan: RowMapping, rulebook: Rulebook) -> Facts:
    """Everything the pool and the roster need to know as of the plan's date."""
    day = plan["as_of"]

    def value(key: str) -> Any:
        return rulebook.value(key, plan["place"], day)

    candidates = read_candidates(connection, day, value("quota.ungraded_class"))
    libraries = library_members(connection, day)
    spacing, recognition = int(value("caps.spacing_days")), int(value("caps.recognition_days"))
    since = min(date(day.year, 1, 1), day - timedelta(days=max(_DAYS_BACK, spacing)))
    unplanned = value("caps.unplanned_types")
    ledger = read_ledger(connection, day, since)
    white_list = libraries.get(value("quota.white_list_library"), frozenset())
    # The set is frozen with the plan: what arrives later with an earlier date no longer changes it.
    codes = frozen_members(connection, plan["id"]) or honest_codes(
        connection, day, candidates, value("quota.honest_classes"), white_list
    )
    start = date(plan["window_from"].year, 1, 1) if value("quota.period") == "year" else plan["window_from"]
    disturbed = disturbed_codes(planned_visits(ledger), codes, start, plan["window_to"])
    rules = PoolRules(
        as_of=day,
        spacing_days=spacing,
        visits_per_year={k: int(v) for k, v in value("caps.visits_per_year").items()},
        recognition_days=recognition,
        white_list=white_list,
        white_list_spares=frozenset(value("quota.white_list_spares")),
        duty_libraries={n: libraries[n] for n in value("duty.libraries") if n in libraries},
        ledger=on_site(ledger, unplanned),
        recognised=recognised_results(connection, day, recognition),
        **legal_checks(connection, day, value),
    )
    honest = HonestSet(codes, disturbed, float(value("quota.undisturbed_share")))
    return Facts(
        candidates,
        libraries,
        honest,
        rules,
        value("plan.everybody_library"),
        _tags(connection, plan["id"], day),
    )


def _tags(connection: Connection, plan_id: int, day: date) -> dict[str, frozenset[str]]:
    """Members of the tags that the plan's 定向 tasks ask for."""
    asked = {
        tag for task in plan_tasks(connection, plan_id) for tag in (task["conditions"] or {}).get("tags", ())
    }
    return tag_members(connection, day, asked) if asked else {}


def recognised_results(connection: Connection, day: date, recognition_days: int) -> pd.DataFrame:
    """Item results of the recognition period that say something (结果互认): enterprise_code, item, day, department."""
    results = as_of(InspectionResult, day).subquery().c
    edge = day - timedelta(days=recognition_days)
    found = select(
        results.enterprise_code,
        func.unnest(results.item_codes).label("item"),
        results.inspdate.label("day"),
        results.department,
    ).where(results.problem.is_not(None), results.inspdate >= edge, results.inspdate <= day)
    return pd.read_sql(found, connection)


def pool_of(task: RowMapping, facts: Facts) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """One task's eligible objects (with stratum and honest), exclusions, and number in business."""
    objects = in_scope(facts, task["library"])
    if task["conditions"]:
        objects = objects[meets(objects, task["conditions"], facts.tags)]
    excluded = find_exclusions(objects, _pool_task(task), facts.rules)
    excluded = excluded.assign(object_id=objects.loc[excluded.index, "object_id"])
    eligible = objects.drop(excluded.index)
    stratum = eligible["klass"] + "-" + eligible["district"]
    honest = eligible["enterprise_code"].isin(facts.honest.codes)
    in_business = int(objects["regstate"].isin([*IN_BUSINESS, UNREGISTERED]).sum())
    columns = ["object_id", "enterprise_code", "premises_no"]
    return (
        eligible[columns].assign(stratum=stratum, honest=honest),
        excluded[["object_id", "reason", "sentence", "deadline"]],
        in_business,
    )


def in_scope(facts: Facts, library: str) -> pd.DataFrame:
    """Objects of a library; 主体综合库 is everybody in the registration data."""
    if library == facts.everybody:
        return facts.candidates[facts.candidates["regstate"] != UNREGISTERED]
    inside = facts.candidates["enterprise_code"].isin(facts.libraries.get(library, frozenset()))
    return facts.candidates[inside]


def _pool_task(task: RowMapping) -> PoolTask:
    return PoolTask(
        department=task["department"],
        item_codes=tuple(task["item_codes"]),
        library=task["library"],
        level=task["level"],
        method=task["method"],
        window_from=task["window_from"],
        window_to=task["window_to"],
        everybody_drawn=min(task["class_rates"].values()) >= 1,
        full_classes=frozenset(klass for klass, rate in task["class_rates"].items() if rate >= 1),
    )


def _store(
    connection: Connection,
    table: type[PoolObject] | type[PoolExclusion],
    plan_id: int,
    task: RowMapping,
    rows: pd.DataFrame,
) -> int:
    return copy_rows(connection, table, rows.assign(plan_id=np.int64(plan_id), task_id=np.int64(task["id"])))


def _store_honest(connection: Connection, plan_id: int, honest: HonestSet) -> None:
    codes = sorted(honest.codes)
    before = [code in honest.disturbed for code in codes]
    members = {"plan_id": np.int64(plan_id), "enterprise_code": codes, "disturbed_before": before}
    copy_rows(connection, HonestMember, pd.DataFrame(members))


def _empty_pool(task: RowMapping) -> Exception:
    return refuse(
        "pool.empty",
        f"任务“{task['name']}”在库“{task['library']}”中没有可抽取的对象。",
        "核对该库在数据时点是否已导入，或从计划中去掉这项任务。",
    )
