"""Monitoring (运行监测): what moved between two gradings, and the release of a grading to everything downstream."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class MonitorReport(Table):
    """One monitoring of one grading (月度监测). Monitored again, a grading gets a later report."""

    __tablename__ = "monitor_report"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("feature_snapshot.id"), index=True)
    model_run_id: Mapped[int] = mapped_column(ForeignKey("model_run.id"))
    as_of: Mapped[date] = mapped_column(index=True)
    place: Mapped[str]
    status: Mapped[str]
    """green, amber or red: the worst of the findings."""
    blocks: Mapped[bool]
    """Whether the grading may be released by two people only."""
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """[{level, code, subject, sentence, remedy, blocks}], worst first."""
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    rules_version: Mapped[str]
    code_version: Mapped[str]
    made_at: Mapped[datetime]


class ReleaseProposal(Table):
    """One person's request to release a grading that was held back (放行申请); another one decides."""

    __tablename__ = "release_proposal"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("feature_snapshot.id"), index=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("monitor_report.id"))
    """What the person had before their eyes."""
    proposed_by: Mapped[str]
    reason: Mapped[str]
    proposed_at: Mapped[datetime]


class SnapshotRelease(Table):
    """A grading that everything downstream may read (分类结果放行), once and for good."""

    __tablename__ = "snapshot_release"
    __table_args__ = written_by("risk")

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("feature_snapshot.id"), primary_key=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("monitor_report.id"))
    how: Mapped[str]
    """automatic, persons, or earlier (graded before there was a gate)."""
    released_by: Mapped[str | None]
    """Who asked for it; NULL where nobody had to."""
    approved_by: Mapped[str | None]
    reason: Mapped[str]
    released_at: Mapped[datetime]
