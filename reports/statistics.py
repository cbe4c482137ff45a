"""Statistics (统计): completion rates by department and the undisturbed ratio. Never a ranking of staff by findings.

Definitions as users read them on screen (domain.md 2.3, 3.4):
计划完成率 = 已完成 / 年度计划 · 任务完成率 = 已完成 / 任务 · 检查完成率 = 已检查数 / 应检查数 · 完结率 = 完结数 / 已检查数.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from registry import facts
from registry.clock import end_of
from registry.errors import Refusal
from registry.rules import load_rules
from registry.standing import standing
from registry.tables import (
    InspectionResult,
    Plan,
    PoolObject,
    ResultSubmission,
    RosterVersion,
    Task,
    Visit,
    VisitTask,
)
from registry.vocabulary import RESULTS
from reports.roster import read_departments, read_tasks

ON_SITE = "现场"
PUBLISHED = "已公示"


@dataclass(frozen=True)
class Completion:
    """One department's figures. A rate is None where its denominator is 0: nothing was due."""

    department: str
    tasks: int
    tasks_done: int
    due: int
    """应检查数: this department's checks in the rosters in force."""
    checked: int
    """已检查数: entered results, also 待审核 and 审核退回."""
    published: int
    settled: int
    """完结数: published, and no item asks for anything further."""

    @property
    def task_rate(self) -> float | None:
        """任务完成率 = 已完成 / 任务."""
        return _ratio(self.tasks_done, self.tasks)

    @property
    def check_rate(self) -> float | None:
        """检查完成率 = 已检查数 / 应检查数."""
        return _ratio(self.checked, self.due)

    @property
    def settled_rate(self) -> float | None:
        """完结率 = 完结数 / 已检查数."""
        return _ratio(self.settled, self.checked)


@dataclass(frozen=True)
class PlanCompletion:
    """年度计划 of a place: how many plans the year has, and how many are done."""

    year: int
    plans: int
    plans_done: int

    @property
    def rate(self) -> float | None:
        """计划完成率 = 已完成 / 年度计划."""
        return _ratio(self.plans_done, self.plans)


@dataclass(frozen=True)
class Undisturbed:
    """无事不扰: the honest set frozen with the plan, and who of it gets a visit (domain.md 3.4)."""

    honest: int
    disturbed: int
    """|V|: drawn on-site checks; clues, statutory minima, duties and applications apart."""
    disturbed_at_all: int
    """The same with every on-site visit, whoever caused it."""
    apart: int
    """Honest enterprises visited only by checks that are listed apart."""
    before: int = 0
    """Disturbed in the quota's period before the plan; added to both without deducting overlaps (从严)."""

    @property
    def ratio(self) -> float | None:
        """R = 1 − |V| / |H|."""
        return None if not self.honest else 1 - (self.before + self.disturbed) / self.honest

    @property
    def strict_ratio(self) -> float | None:
        """R0: as R, but counting all on-site visits."""
        return None if not self.honest else 1 - (self.before + self.disturbed_at_all) / self.honest


def count_completion(connection: Connection, plan_id: int, as_of: date) -> list[Completion]:
    """Every department's figures for a plan as of a date; departments with nothing to do stand there with 0."""
    plan = _plan(connection, plan_id)
    tasks = read_tasks(connection, plan_id)
    due = _due(connection, [plan_id])
    entered = _entered(connection, [plan_id], as_of)
    return [
        _completion(department, [task.id for task in tasks if task.department == department], due, entered)
        for department in read_departments(connection, plan.as_of, tasks)
    ]


def count_plans(connection: Connection, place: str, year: int, as_of: date) -> PlanCompletion:
    """Plans of the year in force as of a date, and how many have every check entered."""
    newest = select(Plan.number, func.max(Plan.version).label("version")).group_by(Plan.number).subquery()
    rows = connection.execute(
        select(Plan.id)
        .join(newest, (newest.c.number == Plan.number) & (newest.c.version == Plan.version))
        .where(Plan.place == place, func.extract("year", Plan.window_from) == year)
        .where(Plan.state != "superseded", Plan.made_at < end_of(as_of))
    )
    plans = list(rows.scalars())
    done = sum(_is_done(connection, plan_id, as_of) for plan_id in plans)
    return PlanCompletion(year, len(plans), done)


def count_undisturbed(connection: Connection, plan_id: int, as_of: date) -> Undisturbed:
    """The undisturbed ratio of a plan's honest set: from its roster in force and what is known by `as_of`.

    H is the size frozen with the plan; members are those in the frozen pool. An enterprise excluded from every
    pool has no planned visit, so it is rightly undisturbed in R.
    """
    plan = _plan(connection, plan_id)
    apart = load_rules().value("statistics.apart_categories", plan.place, as_of)
    honest = set(
        connection.execute(
            select(PoolObject.enterprise_code)
            .where(PoolObject.plan_id == plan_id, PoolObject.honest)
            .distinct()
        ).scalars()
    )
    visited = _visited(connection, plan_id)
    planned = {code for code, category, drawn in visited if drawn and category not in apart} & honest
    every = {code for code, _, _ in visited} & honest
    seen = every | (_inspected(connection, plan, as_of) & honest)
    size = plan.honest_set_size if plan.honest_set_size is not None else len(honest)
    return Undisturbed(size, len(planned), len(seen), len(every - planned), plan.honest_disturbed or 0)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _plan(connection: Connection, plan_id: int) -> "_PlanRow":
    row = connection.execute(
        select(*(getattr(Plan, name) for name in _PlanRow.__annotations__)).where(Plan.id == plan_id)
    ).first()
    if row is None:
        raise Refusal(
            "reports.no_such_plan", f"没有编号为 {plan_id} 的计划。", "用 wurao plan 列出计划。", status=404
        )
    return _PlanRow(*row)


@dataclass(frozen=True)
class _PlanRow:
    place: str
    as_of: date
    window_from: date
    window_to: date
    honest_set_size: int | None
    honest_disturbed: int | None


@dataclass(frozen=True)
class _Entry:
    task_id: int
    department: str
    published: bool
    settled: bool


def _rosters(plan_ids: list[int]) -> Select[int]:
    """The newest version of each plan's roster."""
    return (
        select(RosterVersion.id)
        .where(RosterVersion.plan_id.in_(plan_ids), RosterVersion.state != "superseded")
        .ext(distinct_on(RosterVersion.plan_id))
        .order_by(RosterVersion.plan_id, RosterVersion.version.desc())
    )


def _due(connection: Connection, plan_ids: list[int]) -> list[tuple[int, str]]:
    """(task, department) of every check that is due."""
    rows = connection.execute(
        select(VisitTask.task_id, VisitTask.department)
        .join(Visit, Visit.id == VisitTask.visit_id)
        .where(Visit.roster_id.in_(_rosters(plan_ids)))
    )
    return [(row.task_id, row.department) for row in rows]


def _entered(connection: Connection, plan_ids: list[int], as_of: date) -> list[_Entry]:
    """One entry for every check with a result by `as_of`; of several submissions the last one counts."""
    newest = (
        select(ResultSubmission)
        .where(ResultSubmission.submitted_at < end_of(as_of))
        .ext(distinct_on(ResultSubmission.visit_id, ResultSubmission.department))
        .order_by(
            ResultSubmission.visit_id,
            ResultSubmission.department,
            ResultSubmission.submitted_at.desc(),
            ResultSubmission.id.desc(),
        )
        .subquery()
    )
    told = standing(Visit.roster_id.in_(_rosters(plan_ids)))
    rows = connection.execute(
        select(VisitTask.task_id, VisitTask.department, newest.c.state, newest.c.item_results)
        .join(told, told.c.visit_id == VisitTask.visit_id)
        .join(
            newest,
            (newest.c.visit_id == told.c.first_id) & (newest.c.department == VisitTask.department),
        )
    )
    return [
        _Entry(task, department, state == PUBLISHED, state == PUBLISHED and _needs_nothing(results))
        for task, department, state, results in rows
    ]


def _needs_nothing(item_results: dict[str, dict[str, object]]) -> bool:
    """Whether no item asks for correction, listing or a case: 无需后续处置."""
    codes = [str(result.get("result_code", "")) for result in item_results.values()]
    return not any(RESULTS.get(code, ("", True))[1] for code in codes if code)


def _completion(
    department: str, task_ids: Iterable[int], due: list[tuple[int, str]], entered: list[_Entry]
) -> Completion:
    tasks = list(task_ids)
    mine = [entry for entry in entered if entry.department == department]
    wanted = [task for task, owner in due if owner == department]
    done = sum(
        wanted.count(task) > 0 and wanted.count(task) == sum(entry.task_id == task for entry in mine)
        for task in tasks
    )
    return Completion(
        department, len(tasks), done, len(wanted), len(mine), sum(e.published for e in mine),
        sum(e.settled for e in mine),
    )  # fmt: skip


def _is_done(connection: Connection, plan_id: int, as_of: date) -> bool:
    due = _due(connection, [plan_id])
    return bool(due) and len(_entered(connection, [plan_id], as_of)) == len(due)


def _visited(connection: Connection, plan_id: int) -> set[tuple[str, str | None, bool]]:
    """(enterprise, the task's category, whether the lottery drew it) of every on-site check in the roster."""
    drawn = (PoolObject.task_id == VisitTask.task_id) & (PoolObject.object_id == Visit.object_id)
    rows = connection.execute(
        select(Visit.enterprise_code, Task.category, PoolObject.object_id.is_not(None).label("drawn"))
        .join(VisitTask, VisitTask.visit_id == Visit.id)
        .join(Task, Task.id == VisitTask.task_id)
        .outerjoin(PoolObject, drawn & (PoolObject.plan_id == plan_id))
        .where(Visit.roster_id.in_(_rosters([plan_id])), Task.method == ON_SITE)
        .distinct()
    )
    return {(row.enterprise_code, row.category, row.drawn) for row in rows}


def _inspected(connection: Connection, plan: _PlanRow, as_of: date) -> set[str]:
    result = facts.as_of(InspectionResult, as_of).subquery()
    rows = connection.execute(
        select(result.c.enterprise_code)
        .where(result.c.method == ON_SITE, result.c.inspdate.between(plan.window_from, plan.window_to))
        .distinct()
    )
    return set(rows.scalars())
