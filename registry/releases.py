"""Releases (分类结果放行): which gradings may be read. Scheduling, pages and reports see the released ones alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from registry.tables.judgement import FeatureSnapshot
from registry.tables.monitoring import SnapshotRelease


def released(snapshot_id: Any, before: datetime | None = None) -> ColumnElement[bool]:
    """Whether a column names a released grading, as a condition; `before`: released by that moment."""
    known = select(SnapshotRelease.snapshot_id)
    if before is not None:
        known = known.where(SnapshotRelease.released_at <= before)
    condition: ColumnElement[bool] = snapshot_id.in_(known)
    return condition


def standing(snapshot_id: Any, place: str) -> ColumnElement[bool]:
    """Whether a column names a grading that later ones are compared with: a released one.

    At a place where none was ever released (a trial, a test) every grading is. Held ones and trials are in force
    nowhere.
    """
    mine = select(SnapshotRelease.snapshot_id).join(
        FeatureSnapshot, FeatureSnapshot.id == SnapshotRelease.snapshot_id
    )
    condition: ColumnElement[bool] = (
        released(snapshot_id) | ~mine.where(FeatureSnapshot.place == place).exists()
    )
    return condition
