"""Gradings as they were stored (存档的分类结果): indicators, scores and classes of one snapshot, read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Select, select

from registry.errors import Refusal
from registry.releases import released
from registry.tables import FeatureRow, FeatureSnapshot, Grade
from risk.archive import FloatArray, IntArray, Texts

COLUMNS = (
    Grade.enterprise_code, Grade.probability, Grade.model_class, Grade.credit_risk_class, Grade.no_history,
)  # fmt: skip


@dataclass(frozen=True)
class Graded:
    """One grading. `matrix` is enterprises x `names`; `grades` has one row an enterprise, in the order of `codes`."""

    snapshot_id: int
    model_run_id: int
    as_of: date
    place: str
    names: tuple[str, ...]
    codes: Texts
    matrix: FloatArray
    grades: pd.DataFrame

    def column(self, name: str) -> FloatArray:
        """One indicator's values; all unknown where the snapshot does not have it."""
        if name not in self.names:
            return np.full(len(self.codes), np.nan)
        return self.matrix[:, self.names.index(name)]

    def in_order_of(self, names: tuple[str, ...]) -> FloatArray:
        """The indicators in another order; unknown where this snapshot lacks one."""
        return self.matrix if names == self.names else np.column_stack([self.column(name) for name in names])


def read_graded(connection: Connection, snapshot_id: int) -> Graded:
    """A grading by its snapshot. Raises Refusal monitor.no_grading (404) where there is none."""
    wanted = select(FeatureSnapshot.as_of, FeatureSnapshot.place, FeatureSnapshot.feature_names)
    found = connection.execute(wanted.where(FeatureSnapshot.id == snapshot_id)).first()
    mine = Grade.snapshot_id == snapshot_id
    run = connection.execute(select(Grade.model_run_id).where(mine).limit(1)).scalar_one_or_none()
    if found is None or run is None:
        raise Refusal(
            "monitor.no_grading", f"没有编号为 {snapshot_id} 的分类结果。", "先运行 wurao grade，或核对编号。", 404
        )  # fmt: skip
    grades = pd.read_sql(
        select(*COLUMNS).where(mine).order_by(Grade.enterprise_code.collate("C")), connection
    )
    rows = connection.execute(
        select(FeatureRow.enterprise_code, FeatureRow.feature_values)
        .where(FeatureRow.snapshot_id == snapshot_id)
        .order_by(FeatureRow.enterprise_code.collate("C"))
    ).all()
    names = tuple(found.feature_names)
    matrix = np.array([values for _, values in rows], dtype=float).reshape(len(rows), len(names))
    codes = np.array([code for code, _ in rows], dtype=object)
    return Graded(snapshot_id, run, found.as_of, found.place, names, codes, matrix, grades.astype(
        {"enterprise_code": object, "model_class": object, "credit_risk_class": object}
    ))  # fmt: skip


def newest_grading(connection: Connection, place: str, as_of: date) -> int:
    """Snapshot of the last grading of a place as of a day, released or not. Raises Refusal monitor.no_grading."""
    found = connection.execute(_newest(place).where(FeatureSnapshot.as_of <= as_of)).scalar_one_or_none()
    if found is None:
        raise Refusal(
            "monitor.no_grading",
            f"{place} 在 {as_of} 之前没有分类结果。",
            f"先运行 wurao grade --as-of {as_of}。",
            404,
        )
    return int(found)


def previous_released(connection: Connection, place: str, before: date) -> int | None:
    """Snapshot of the last released grading of a place from before a day; None where there was none."""
    wanted = _newest(place).where(FeatureSnapshot.as_of < before, released(FeatureSnapshot.id))
    return connection.execute(wanted).scalar_one_or_none()


def graded_on(connection: Connection, place: str, day: date) -> int | None:
    """Snapshot of a grading of just that day, the last if there are several; None where there was none."""
    return connection.execute(_newest(place).where(FeatureSnapshot.as_of == day)).scalar_one_or_none()


def released_days(connection: Connection, place: str, since: date, until: date) -> list[tuple[int, date]]:
    """(snapshot, as of) of the released gradings in [since, until], oldest first; of a day graded twice the last."""
    rows = connection.execute(
        select(FeatureSnapshot.id, FeatureSnapshot.as_of)
        .where(FeatureSnapshot.place == place, FeatureSnapshot.as_of.between(since, until))
        .where(released(FeatureSnapshot.id))
        .order_by(FeatureSnapshot.as_of, FeatureSnapshot.id)
    )
    last = {row.as_of: row.id for row in rows}
    return [(snapshot, day) for day, snapshot in last.items()]


def _newest(place: str) -> Select[int]:
    graded = select(Grade.snapshot_id).where(Grade.place == place)
    return (
        select(FeatureSnapshot.id)
        .where(FeatureSnapshot.place == place, FeatureSnapshot.id.in_(graded))
        .order_by(FeatureSnapshot.as_of.desc(), FeatureSnapshot.id.desc())
        .limit(1)
    )


def in_both(then: Graded, now: Graded) -> tuple[IntArray, IntArray]:
    """Positions in `then` and in `now` of the enterprises that both judged, in the same order."""
    at = pd.Index(then.codes).get_indexer(pd.Index(now.codes))
    here = np.flatnonzero(at >= 0)
    return at[here], here
