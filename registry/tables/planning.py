"""Plans, tasks, pools and draws (计划、任务、对象池、抽取)."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import Table, written_by


class Plan(Table):
    """A plan (抽查工作计划) of one batch: all departments' tasks drawn together, as of a date."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("number", "version"),
        written_by("schedule", ("state", "approved_by", "honest_set_size", "honest_disturbed", "allocation")),
    )

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
    """draft, approved, frozen, allocated, drawn, rostered, superseded."""
    made_by: Mapped[str]
    approved_by: Mapped[str | None]
    honest_set_size: Mapped[int | None]
    """Enterprises of the honest set when the pool was frozen: the denominator of 无事不扰."""
    honest_disturbed: Mapped[int | None]
    """How many of them had had a planned on-site visit in the quota's period before that."""
    rules_version: Mapped[str]
    annual_plan_id: Mapped[int | None] = mapped_column(ForeignKey("annual_plan.id"))
    """The year's plan that the batch was made from; NULL: made from the check items in force."""
    allocation: Mapped[dict[str, object] | None] = mapped_column(JSONB)
    """Solver status, bounds, raised floors, notes: what settled how many."""
    made_at: Mapped[datetime]


class Task(Table):
    """One department's task (抽查任务) in a plan."""

    __tablename__ = "task"
    __table_args__ = written_by("schedule", ("object_total", "target_total"))

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
    level: Mapped[str]
    """重点 or 一般 (检查事项类别)."""
    class_rates: Mapped[dict[str, float]] = mapped_column(JSONB)
    rate_floor: Mapped[float | None]
    """Least share of the objects overall, e.g. 3 % of 公示信息 checks; NULL where no rule sets one."""
    rate_cap: Mapped[float | None]
    """Largest share of the objects overall (一般检查事项比例上限), or NULL."""
    object_total: Mapped[int]
    """Objects in business in the task's library when the pool was frozen; 0 before."""
    target_total: Mapped[int]
    """How many are to be drawn; 0 before the allocation."""
    conditions: Mapped[dict[str, list[str]] | None] = mapped_column(JSONB(none_as_null=True))
    """Of a 定向 task: kinds, industries, districts, scales, tags → wanted values; NULL: the whole library."""
    partners: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    """配合部门 named by the annual plan."""


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
    deadline: Mapped[date | None]
    """Of a duty with a statutory period: the last day on which the check is in time."""


class HonestMember(Table):
    """One enterprise of the honest set (诚信主体) as frozen with a plan: the denominator of 无事不扰, by name."""

    __tablename__ = "honest_member"
    __table_args__ = written_by("schedule")

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    enterprise_code: Mapped[str] = mapped_column(primary_key=True)
    disturbed_before: Mapped[bool]
    """Had a planned on-site visit in the quota's period before the pool was frozen."""


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
    """committed, seeded, drawn, published, superseded (by a later version)."""
    salt: Mapped[str]
    key_hex: Mapped[str | None]
    """Secret until the audit bundle; never in a public page when strata carry the class."""
    class_secret: Mapped[bool]
    pool_hash: Mapped[str]
    """SHA-256 of pool.csv; of teams.csv in a draw of teams."""
    counts_hash: Mapped[str | None]
    key_hash: Mapped[str | None]
    commitment: Mapped[str]
    committed_file: Mapped[bytes | None] = mapped_column(LargeBinary)
    """teams.csv byte for byte; NULL for objects, whose files are rebuilt from the frozen pool and compared."""
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
