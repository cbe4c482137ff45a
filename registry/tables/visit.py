"""Rosters and visits (排班与联合检查): versions are added, never overwritten."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import Table, written_by


class RosterVersion(Table):
    """One version of a plan's roster (排班表), with the solver's bounds and the checker's verdict."""

    __tablename__ = "roster_version"
    __table_args__ = (
        UniqueConstraint("plan_id", "version"),
        written_by("schedule", ("state", "team_draw_id", "violations")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    version: Mapped[int]
    reason: Mapped[str]
    state: Mapped[str]
    """dated, staffed, checked, superseded."""
    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id"))
    """The draw of objects that it carries out."""
    team_draw_id: Mapped[int | None] = mapped_column(ForeignKey("draw.id"))
    problem: Mapped[str]
    """The whole problem as canonical JSON (wurao-problem-1): a roster can be checked again from it alone."""
    roster: Mapped[str]
    """The solver's anonymous answer as canonical JSON (wurao-roster-1)."""
    statistics: Mapped[dict[str, object]] = mapped_column(JSONB)
    violations: Mapped[list[object]] = mapped_column(JSONB)
    unplaced: Mapped[list[object]] = mapped_column(JSONB)
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class Visit(Table):
    """One door, one day, every department's due items (进一次门、查多项事)."""

    __tablename__ = "visit"
    __table_args__ = (UniqueConstraint("roster_id", "visit_no"), written_by("schedule"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    roster_id: Mapped[int] = mapped_column(ForeignKey("roster_version.id"), index=True)
    visit_no: Mapped[str]
    object_id: Mapped[str]
    enterprise_code: Mapped[str] = mapped_column(index=True)
    premises_no: Mapped[int]
    visit_date: Mapped[date] = mapped_column(index=True)
    half: Mapped[str]
    """am, pm, or day for both halves."""
    lead_department: Mapped[str]
    cluster: Mapped[str]
    localadm: Mapped[str]
    reasons: Mapped[list[str]] = mapped_column(JSONB)


class VisitTask(Table):
    """A drawn task carried out in a visit, with its items."""

    __tablename__ = "visit_task"
    __table_args__ = written_by("schedule")

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    department: Mapped[str]
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    minutes: Mapped[int]


class VisitMember(Table):
    """An inspector whom the second lottery sent, with the published probability that it would."""

    __tablename__ = "visit_member"
    __table_args__ = written_by("schedule")

    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), primary_key=True)
    staff_no: Mapped[str] = mapped_column(primary_key=True, index=True)
    department: Mapped[str]
    seat_group: Mapped[str]
    qualification: Mapped[str | None]
    lead: Mapped[bool]
    probability: Mapped[float]
    replaced: Mapped[str | None]
    """Reason of a replacement after the draw, or NULL."""
