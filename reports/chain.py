"""What happened in a plan, stage by stage (全流程事实): batches, classes, allocation, draws, doors. Read only."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, case, func, select

from registry.releases import released
from registry.tables import (
    Batch,
    Draw,
    DrawnObject,
    Grade,
    ModelRun,
    PoolExclusion,
    PoolObject,
    RowFault,
    StratumCount,
    Task,
)
from registry.vocabulary import CREDIT_RISK_CLASSES
from reports.charts import Doors
from reports.roster import RosterView
from reports.statistics import ON_SITE

DRAW_COLUMNS = (
    "kind", "version", "state", "commitment", "pool_hash", "counts_hash", "key_hash", "ceremony", "committed_at",
    "seed_text", "seed_source", "seeded_at", "drawn_at", "published_at", "result_hash", "redraw_reason",
    "class_secret", "bundle",
)  # fmt: skip
"""What may be said of a draw. Never its key, its salt, a ticket or a stratum."""
DATASETS = {
    "registration": "登记注册", "filing": "变更备案", "permit": "行政许可", "penalty": "行政处罚",
    "abnormal": "经营异常名录", "serious_violation": "严重违法失信名单", "annual_report": "年度报告",
    "complaint": "投诉举报", "inspection": "检查结果", "check_item": "检查事项清单", "library": "检查对象名录库",
    "inspector": "检查人员", "inspector_certificate": "执法证与资质", "inspector_leave": "请假外出",
    "inspector_conflict": "回避关系", "inspector_relative": "亲属申报", "inspector_employment": "曾任职单位",
    "department": "部门", "office": "机构", "quiet_day": "企业安静日",
    "commitment": "信用承诺", "relation": "关联关系", "key_supervision": "重点监管对象", "premises": "经营场所",
}  # fmt: skip
"""Datasets in words; one that is not here is shown by its own name."""
LAYERS = {
    "model": "模型", "hard_rule": "刚性规则", "hysteresis": "防抖动", "one_step": "逐级调整", "override": "人工调整",
}  # fmt: skip


@dataclass(frozen=True)
class Intake:
    """One dataset's batches together (归集情况)."""

    dataset: str
    files: int
    read: int
    valid: int
    faulty: int
    held: int

    @property
    def name(self) -> str:
        """The dataset in words."""
        return DATASETS.get(self.dataset, self.dataset)


@dataclass(frozen=True)
class FaultKind:
    """One kind of fault of rows, with an example sentence (问题数据)."""

    dataset: str
    code: str
    rows: int
    example: str

    @property
    def name(self) -> str:
        """The dataset in words."""
        return DATASETS.get(self.dataset, self.dataset)


@dataclass(frozen=True)
class Grades:
    """The classes a plan was made on (信用风险分类结果). Internal."""

    as_of: date | None
    counts: dict[str, int]
    layers: dict[str, int]
    run: dict[str, Any] | None


@dataclass(frozen=True)
class ClassCount:
    """Planned rate and settled number of one task's class (数量分配). Internal."""

    task: str
    level: str
    size: int
    planned: float
    count: int


def read_intake(connection: Connection, until: datetime) -> list[Intake]:
    """Batches received by a moment, one line a dataset."""
    held = func.sum(case((Batch.state == "held", 1), else_=0))
    rows = connection.execute(
        select(
            Batch.dataset, func.count(), func.sum(Batch.rows_read), func.sum(Batch.rows_valid),
            func.sum(Batch.rows_faulty), held,
        )
        .where(Batch.received_at <= until)
        .group_by(Batch.dataset)
        .order_by(Batch.dataset)
    )  # fmt: skip
    return [Intake(row[0], *(int(value) for value in row[1:])) for row in rows]


def read_faults(connection: Connection, until: datetime, most: int = 12) -> list[FaultKind]:
    """The commonest kinds of faults among those batches."""
    rows = connection.execute(
        select(Batch.dataset, RowFault.code, func.count().label("many"), func.min(RowFault.sentence))
        .join(Batch, Batch.id == RowFault.batch_id)
        .where(Batch.received_at <= until)
        .group_by(Batch.dataset, RowFault.code)
        .order_by(func.count().desc(), Batch.dataset, RowFault.code)
        .limit(most)
    )
    return [FaultKind(*row) for row in rows]


def read_grades(connection: Connection, place: str, on: date, made_before: datetime) -> Grades:
    """Classes of the last released grading as of `on` or earlier, each enterprise once, and the model run behind them."""
    mine = (Grade.place == place) & (Grade.made_at <= made_before)
    mine &= released(Grade.snapshot_id, made_before)
    last = connection.execute(select(func.max(Grade.as_of)).where(mine, Grade.as_of <= on)).scalar_one()
    newest = (
        select(func.max(Grade.id))
        .where(mine, Grade.as_of == last)
        .group_by(Grade.enterprise_code)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(Grade.credit_risk_class, Grade.deciding_layer, func.count(), func.max(Grade.model_run_id))
        .where(Grade.id.in_(newest))
        .group_by(Grade.credit_risk_class, Grade.deciding_layer)
    ).all()
    counts = {level: sum(n for c, _, n, _ in rows if c == level) for level in CREDIT_RISK_CLASSES}
    layers = {name: sum(n for _, layer, n, _ in rows if layer == key) for key, name in LAYERS.items()}
    run = _run(connection, max(row[3] for row in rows)) if rows else None
    return Grades(last, counts, {name: many for name, many in layers.items() if many}, run)


def _run(connection: Connection, run_id: int) -> dict[str, Any] | None:
    columns = (ModelRun.id, ModelRun.learner, ModelRun.as_of, ModelRun.model_hash, ModelRun.metrics)
    row = connection.execute(select(*columns).where(ModelRun.id == run_id)).mappings().first()
    return dict(row) if row else None


def read_allocation(connection: Connection, plan_id: int) -> list[ClassCount]:
    """By task and class (the stratum's first part): objects, planned by plain rate, settled."""
    level = func.split_part(StratumCount.stratum, "-", 1).label("level")
    rows = connection.execute(
        select(
            Task.short, level, func.sum(StratumCount.size), func.sum(StratumCount.size * StratumCount.rate),
            func.sum(StratumCount.count),
        )
        .join(Task, Task.id == StratumCount.task_id)
        .where(StratumCount.plan_id == plan_id)
        .group_by(Task.id, Task.short, level)
        .order_by(Task.id, level)
    )  # fmt: skip
    return [
        ClassCount(task, level, int(size), float(plan), int(count)) for task, level, size, plan, count in rows
    ]


def read_draws(connection: Connection, plan_id: int) -> list[dict[str, Any]]:
    """The draws of a plan by kind, newest version of each; only columns that may be published."""
    columns = [Draw.id, *(getattr(Draw, name) for name in DRAW_COLUMNS)]
    rows = connection.execute(
        select(*columns).where(Draw.plan_id == plan_id).order_by(Draw.kind, Draw.version)
    ).mappings()
    return list({row["kind"]: dict(row) for row in rows}.values())


def public_bundle(draws: list[dict[str, Any]], plan_number: str) -> Path | None:
    """The zip that scheduling published for a plan's draw of objects; None before, or where it has gone."""
    for draw in draws:
        if draw["kind"] == "objects" and draw["state"] == "published" and draw["bundle"]:
            path = Path(draw["bundle"]) / f"draw-{plan_number}-v{draw['version']}.zip"
            return path if path.is_file() else None
    return None


def read_doors(connection: Connection, view: RosterView) -> Doors:
    """Doors of the on-site checks under independent draws (expected), under shared tickets, and in the roster.

    Were each task drawn with its own tickets, object o would be met with probability 1 − Π(1 − count/size)
    over its tasks; the sum over objects is the expected number of doors (permanent random numbers, Ohlsson
    1995). Duties are certain either way and count on every side.
    """
    on_site = select(Task.id).where(Task.plan_id == view.plan["id"], Task.method == ON_SITE)
    duty = (
        select(PoolExclusion.object_id)
        .where(PoolExclusion.plan_id == view.plan["id"], PoolExclusion.reason == "duty")
        .where(PoolExclusion.task_id.in_(on_site))
    )
    drawn = select(DrawnObject.object_id).where(
        DrawnObject.draw_id == view.roster["draw_id"], DrawnObject.task_id.in_(on_site)
    )
    duties, picked = list(connection.execute(duty).scalars()), list(connection.execute(drawn).scalars())
    met = _chance_of_a_visit(view.plan["id"], on_site)
    chance = select(func.coalesce(func.sum(met.c.met), 0.0)).where(met.c.object_id.not_in(duty))
    expected = float(connection.execute(chance).scalar_one()) + len(set(duties))
    placed = sum(len(visit.errands) for visit in view.visits)
    return Doors(len(picked) + len(duties), expected, len({*picked, *duties}), len(view.visits), placed)


def _chance_of_a_visit(plan_id: int, tasks: Any) -> Any:
    """Subquery of object_id and met: the chance that at least one of `tasks` draws it, tickets not shared."""
    sure = StratumCount.count >= StratumCount.size
    missed = case((sure, 1.0), else_=1 - StratumCount.count * 1.0 / StratumCount.size)
    met = case((func.bool_or(sure), 1.0), else_=1 - func.exp(func.sum(func.ln(missed))))
    return (
        select(PoolObject.object_id, met.label("met"))
        .join(
            StratumCount,
            (StratumCount.task_id == PoolObject.task_id)
            & (StratumCount.stratum == PoolObject.stratum)
            & (StratumCount.plan_id == PoolObject.plan_id),
        )
        .where(PoolObject.plan_id == plan_id, PoolObject.task_id.in_(tasks))
        .group_by(PoolObject.object_id)
        .subquery()
    )
