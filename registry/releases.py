"""Releases (分类结果放行): which gradings may be read. Scheduling, pages and reports see the released ones alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from registry.tables.monitoring import MonitorReport, SnapshotRelease


def released(snapshot_id: Any, before: datetime | None = None) -> ColumnElement[bool]:
    """Whether a column names a released grading, as a condition; `before`: released by that moment."""
    known = select(SnapshotRelease.snapshot_id)
    if before is not None:
        known = known.where(SnapshotRelease.released_at <= before)
    condition: ColumnElement[bool] = snapshot_id.in_(known)
    return condition


def held(snapshot_id: Any) -> ColumnElement[bool]:
    """Whether a column names a grading that was monitored and not released: it is in force nowhere."""
    monitored = select(MonitorReport.snapshot_id).where(
        MonitorReport.snapshot_id.not_in(select(SnapshotRelease.snapshot_id))
    )
    condition: ColumnElement[bool] = snapshot_id.in_(monitored)
    return condition
