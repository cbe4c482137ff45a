"""Simulation (测算): what a plan would come to under other ratios, quotas or quiet days. Nothing is stored.

Each alternative goes the way of a plan: tasks from the items in force, the pool with its exclusions, the numbers.
What the draw would do with them is computed, not drawn (scheduling/expectation.py). Duties are visited apart from
the draw and are not counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pandas as pd
from sqlalchemy import Connection, Engine, RowMapping, text

from registry.errors import Refusal
from registry.progress import Progress
from registry.vocabulary import CREDIT_RISK_CLASSES, IN_BUSINESS
from scheduling.allocation import problem_of
from scheduling.count_model import allocate_counts
from scheduling.count_problem import Allocation, CountProblem
from scheduling.expectation import (
    Chances,
    chances,
    expected_doors,
    expected_doors_apart,
    expected_joint_share,
)
from scheduling.plan import refuse_bad_rates, refuse_bad_window, task_columns
from scheduling.pool import Facts, pool_of, read_facts
from scheduling.task_spec import ON_SITE, PlanFrame, TaskSpec
from scheduling.tasks import derive_tasks
from scheduling.what_if import Alternative, altered_rules
from scheduling.workdays import EstimatedYear


@dataclass(frozen=True)
class Simulated:
    """What one alternative comes to (测算结果). Shares are of 1; `conflict` says why there are no numbers."""

    name: str
    conflict: tuple[str, ...] = ()
    relief: tuple[str, ...] = ()
    checks: int = 0
    onsite: int = 0
    doors: float = 0.0
    doors_apart: float = 0.0
    joint_share: float = 0.0
    undisturbed: float = 1.0
    undisturbed_worst: float = 1.0
    coverage: dict[str, float] = field(default_factory=dict)
    coverage_onsite: dict[str, float] = field(default_factory=dict)
    capacity: dict[str, float] = field(default_factory=dict)
    moved: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    """Changed rates that changed no task, and why: a reader must not take "no difference" for an answer."""


_OWN = "本期事项的比例由清单自定，按 ratio.by_item 的倍数分到各类。"
RATES = {
    "ratio.general": _OWN,
    "ratio.key": _OWN,
    "ratio.by_item": "本期事项的比例不由清单自定，按 ratio.general、ratio.key。",
}
"""Rates by class → why a change of one may change nothing."""
NOT_STORED = -1
"""Number of a plan that no table holds: nothing was frozen with it."""


@dataclass(frozen=True)
class Supposed:
    """One alternative's plan as far as its numbers (假设的计划)."""

    problem: CountProblem
    found: Allocation
    pool: pd.DataFrame
    facts: Facts
    idle: tuple[str, ...]


def simulate(
    engine: Engine, frame: PlanFrame, alternatives: Sequence[Alternative], progress: Progress | None = None
) -> tuple[Simulated, ...]:
    """Work out each alternative as of the frame's date, in a transaction that cannot write.

    Raises the refusals of plans and rules; a conflict of rules is an answer and no refusal.
    """
    refuse_bad_window(frame)
    found = []
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        for number, alternative in enumerate(alternatives):
            if progress:
                progress(f"测算 {alternative.name}", number / len(alternatives))
            try:
                found.append(describe(alternative.name, suppose(connection, frame, alternative)))
            except EstimatedYear as unannounced:
                remedy = "补录该年工作日历，或改用已公布放假安排的期间测算。"
                raise Refusal("simulation.year", f"{unannounced}。", remedy) from unannounced
    return tuple(found)


def suppose(connection: Connection, frame: PlanFrame, alternative: Alternative) -> Supposed:
    """The alternative's pool and numbers. Raises Refusal simulation.empty where nobody could be drawn at all."""
    rulebook = altered_rules(frame.rulebook, alternative, frame.place, frame.as_of)
    own = replace(frame, rulebook=rulebook)
    specs = derive_tasks(connection, own)
    for spec in specs:
        refuse_bad_rates(spec)
    plan: dict[str, Any] = {
        "id": NOT_STORED, "as_of": frame.as_of, "place": frame.place, "window_from": frame.window_from, "window_to": frame.window_to,
    }  # fmt: skip
    facts = read_facts(connection, cast(RowMapping, plan), rulebook)
    plan |= {"honest_set_size": len(facts.honest.codes), "honest_disturbed": len(facts.honest.disturbed)}
    tasks, pools = [], []
    for order, spec in enumerate(specs, start=1):
        task = task_columns(spec, own) | {"short": f"T{order}"}
        eligible, _, in_business = pool_of(cast(RowMapping, task), facts)
        tasks.append(task | {"object_total": in_business})
        onsite = spec.method == ON_SITE
        pools.append(eligible.assign(task=task["short"], department=spec.department, onsite=onsite))
    pool = pd.concat(pools, ignore_index=True)
    if pool.empty:
        raise Refusal(
            "simulation.empty", f"方案“{alternative.name}”没有可抽取的对象。", "核对数据时点和对象名录库。"
        )
    problem = problem_of(connection, plan, rulebook, pool, tasks, facts.candidates)
    return Supposed(
        problem, allocate_counts(problem), pool, facts, _idle(connection, frame, alternative, specs)
    )


def _idle(
    connection: Connection, frame: PlanFrame, alternative: Alternative, specs: Sequence[TaskSpec]
) -> tuple[str, ...]:
    """Sentences on changed rates without which every task would be the same."""
    sentences = []
    for key in (key for key in alternative.values if key in RATES):
        others = {name: value for name, value in alternative.values.items() if name != key}
        rules = altered_rules(frame.rulebook, replace(alternative, values=others), frame.place, frame.as_of)
        if derive_tasks(connection, replace(frame, rulebook=rules)) == list(specs):
            sentences.append(f"改动 {key} 没有影响任何任务：{RATES[key]}")
    return tuple(sentences)


def describe(name: str, supposed: Supposed) -> Simulated:
    """The figures of an alternative; where its rules conflict, the conflict."""
    found, problem = supposed.found, supposed.problem
    if found.conflict:
        sentences = tuple(f"{c.sentence}〔依据：{c.basis}〕" for c in found.conflict)
        return Simulated(name, sentences, tuple(c.relief for c in found.conflict), idle=supposed.idle)
    sizes = {(s.task, s.name): s.size for s in problem.strata}
    names = zip(supposed.pool["task"], supposed.pool["stratum"], strict=True)
    pool = supposed.pool.assign(p=[found.counts[name] / sizes[name] for name in names])
    doors = pool[pool["onsite"].astype(bool)]
    at_doors, anywhere = chances(doors), chances(pool)
    onsite_tasks = {task.task for task in problem.tasks if task.onsite}
    expected, worst = _undisturbed(supposed, at_doors)
    return Simulated(
        name,
        checks=found.total,
        onsite=sum(count for (task, _), count in found.counts.items() if task in onsite_tasks),
        doors=expected_doors(at_doors),
        doors_apart=expected_doors_apart(doors),
        joint_share=expected_joint_share(at_doors),
        undisturbed=expected,
        undisturbed_worst=worst,
        coverage=_coverage(supposed.facts, anywhere),
        coverage_onsite=_coverage(supposed.facts, at_doors),
        capacity=_capacity(problem, found),
        moved=tuple(c.reason for c in found.classes if c.count != c.planned),
        idle=supposed.idle,
    )


def _undisturbed(supposed: Supposed, at_doors: Chances) -> tuple[float, float]:
    """无事不扰比例 expected over all draws, and in the worst draw that chance could bring."""
    honest, problem = supposed.facts.honest, supposed.problem
    if not honest.codes:
        return 1.0, 1.0
    spared = pd.Series(1 - at_doors.any, index=at_doors.objects.str.split("#").str[0])
    fresh = spared[spared.index.isin(honest.codes - honest.disturbed)].groupby(level=0).prod()
    onsite = {task.task for task in problem.tasks if task.onsite}
    hit = sum(
        min(s.honest, supposed.found.counts[s.task, s.name]) for s in problem.strata if s.task in onsite
    )
    many, before = len(honest.codes), len(honest.disturbed)
    expected = 1 - (before + float((1 - fresh).sum())) / many
    return expected, max(0.0, 1 - (before + hit) / many)


def _coverage(facts: Facts, found: Chances) -> dict[str, float]:
    """Of each class's objects in business, the share that somebody checks, expected."""
    objects = facts.candidates[facts.candidates["regstate"].isin(IN_BUSINESS)]
    p = objects["object_id"].map(pd.Series(found.any, index=found.objects)).fillna(0.0)
    by_class = p.groupby(objects["klass"]).mean()
    return {klass: float(by_class[klass]) for klass in CREDIT_RISK_CLASSES if klass in by_class.index}


def _capacity(problem: CountProblem, found: Allocation) -> dict[str, float]:
    """Of each department's half-days on all open days, the share that the checks take; 1 is all there is."""
    used: dict[str, float] = defaultdict(float)
    tasks = {task.task: task for task in problem.tasks}
    for (name, _), count in found.counts.items():
        task = tasks[name]
        used[task.department] += count * (task.seats * task.halves if task.onsite else task.desk)
    shares = {}
    for room in problem.rooms:
        widest = max((r.patterns for r in problem.rooms if r.department == room.department), key=len)
        if room.qualification is None and room.patterns == widest and used[room.department]:
            given = room.anywhere + sum(room.own.values())
            shares[room.department] = used[room.department] / given if given else float("inf")
    return shares
