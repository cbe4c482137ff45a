"""Annual plans (年度抽查工作计划): what a place will draw in a year; a change is a later version with its reason."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import Table, written_by


class AnnualPlan(Table):
    """One version of a year's plan (年度抽查工作计划). Acts are columns that fill once: make, approve, publish, file."""

    __tablename__ = "annual_plan"
    __table_args__ = (
        UniqueConstraint("number", "version"),
        written_by(
            "schedule",
            ("state", "approved_by", "approved_at", "published_by", "published_at", "filed_by", "filed_on", "filing_no"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str]
    """34000020171000 = region + year + sequence, of one sequence with the batches' plans."""
    version: Mapped[int]
    year: Mapped[int]
    name: Mapped[str]
    place: Mapped[str]
    initiating_department: Mapped[str]
    state: Mapped[str]
    """draft, approved, published, superseded."""
    change_reason: Mapped[str | None]
    """Why this version took the place of the one before; NULL in the first."""
    rules_version: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    published_at: Mapped[datetime | None]
    filed_by: Mapped[str | None]
    filed_on: Mapped[date | None]
    """备案: reported to the next higher level."""
    filing_no: Mapped[str | None]


class AnnualTask(Table):
    """One task of an annual plan (年度计划任务): scope, rates, window, who leads and who takes part."""

    __tablename__ = "annual_task"
    __table_args__ = (UniqueConstraint("annual_plan_id", "seq"), written_by("schedule"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    annual_plan_id: Mapped[int] = mapped_column(ForeignKey("annual_plan.id"), index=True)
    seq: Mapped[int]
    name: Mapped[str]
    department: Mapped[str]
    """发起部门: it draws the objects and leads the visit."""
    partners: Mapped[list[str]] = mapped_column(ARRAY(String))
    """配合部门: each checks its own items at the objects that the initiator drew."""
    directed: Mapped[bool]
    """True 定向, False 不定向."""
    conditions: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    """Of a 定向 task: kinds, industries, districts, scales, tags → wanted values; empty for 不定向."""
    library: Mapped[str]
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    level: Mapped[str]
    method: Mapped[str]
    class_rates: Mapped[dict[str, float]] = mapped_column(JSONB)
    batches: Mapped[int]
    """In how many batches of the year it is drawn; a batch takes its share of the rates."""
    window_from: Mapped[date]
    window_to: Mapped[date]
