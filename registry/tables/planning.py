"""Plans, tasks, pools and draws (计划、任务、对象池、抽取)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import Table, written_by


class Plan(Table):
    """A plan (抽查工作计划) of one batch: all departments' tasks drawn together, as of a date."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("number", "version"), written_by("schedule", ("state",)))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str]
    """34000020171000 = region + year + sequence (domain.md 2.3)."""
    version: Mapped[int]
    name: Mapped[str]
    place: Mapped[str]
    as_of: Mapped[date]
    window_from: Mapped[date]
    window_to: Mapped[date]
    initiating_department: Mapped[str]
    state: Mapped[str]
    """draft, approved, frozen, drawn, rostered, superseded."""
    made_by: Mapped[str]
    approved_by: Mapped[str | None]
    honest_set_size: Mapped[int | None]
    rules_version: Mapped[str]
    allocation: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    """Solver status, bounds, raised floors, notes: what settled how many."""
    made_at: Mapped[datetime]


class Task(Table):
    """One department's task (抽查任务) in a plan."""

    __tablename__ = "task"
    __table_args__ = written_by("schedule")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    number: Mapped[str]
    """340000201709041000 = region + date + sequence."""
    short: Mapped[str]
    """T1, T2 …: the task's name in pool.csv."""
    name: Mapped[str]
    department: Mapped[str]
    lead: Mapped[bool]
    directed: Mapped[bool]
    """True 定向, False 不定向."""
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    library: Mapped[str]
    method: Mapped[str]
    category: Mapped[str | None]
    """Quiet-day exemption category of the check, or NULL."""
    qualification: Mapped[str | None]
    minutes: Mapped[int]
    window_from: Mapped[date]
    window_to: Mapped[date]
    class_rates: Mapped[dict[str, float]] = mapped_column(JSONB)
    object_total: Mapped[int]
    target_total: Mapped[int]


class PoolObject(Table):
    """One object of one task in the frozen pool (对象池), with its stratum."""

    __tablename__ = "pool_object"
    __table_args__ = written_by("schedule")

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    enterprise_code: Mapped[str]
    premises_no: Mapped[int]
    stratum: Mapped[str]
    honest: Mapped[bool]
    """In the honest set (无事不扰 denominator), frozen with the plan."""


class PoolExclusion(Table):
    """One object left out of one task, and why. An exclusion without a reason does not exist."""

    __tablename__ = "pool_exclusion"
    __table_args__ = written_by("schedule")

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    """deregistered, revoked, moved, spacing, annual_cap, recognised_result, white_list, duty …"""
    sentence: Mapped[str]


class StratumCount(Table):
    """How many from each stratum (分配结果), with what moved it away from the plain rate."""

    __tablename__ = "stratum_count"
    __table_args__ = written_by("schedule")

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    stratum: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    rate: Mapped[float]
    count: Mapped[int]
    reason: Mapped[str]


class Draw(Table):
    """One public lottery (公开抽取). Acts are columns that fill once, in order: none can be skipped."""

    __tablename__ = "draw"
    __table_args__ = (
        UniqueConstraint("plan_id", "kind", "version"),
        written_by(
            "schedule",
            (
                "seed_text",
                "seed_source",
                "seeded_at",
                "drawn_at",
                "published_at",
                "result_hash",
                "state",
                "bundle",
            ),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    kind: Mapped[str]
    """objects or teams."""
    version: Mapped[int]
    state: Mapped[str]
    """committed, seeded, drawn, published."""
    salt: Mapped[str]
    key_hex: Mapped[str | None]
    """Secret until the audit bundle; never in a public page when strata carry the class."""
    class_secret: Mapped[bool]
    pool_hash: Mapped[str]
    counts_hash: Mapped[str]
    key_hash: Mapped[str]
    commitment: Mapped[str]
    ceremony: Mapped[str]
    """Place and time of the seed ceremony, published with the commitment."""
    committed_at: Mapped[datetime]
    seed_text: Mapped[str | None]
    seed_source: Mapped[str | None]
    seeded_at: Mapped[datetime | None]
    drawn_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    result_hash: Mapped[str | None]
    redraw_reason: Mapped[str | None]
    made_by: Mapped[str]
    second_approver: Mapped[str | None]
    bundle: Mapped[str | None]
    """Folder of the published bundle below the data folder."""


class DrawnObject(Table):
    """An object that chance picked, its ticket, and its exact inclusion probability count / size."""

    __tablename__ = "drawn_object"
    __table_args__ = written_by("schedule")

    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(primary_key=True)
    stratum: Mapped[str]
    ticket: Mapped[str]
    inclusion: Mapped[float]
