"""The previous grading (上期分类): its classes, and what is news since then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from registry.releases import standing
from registry.tables import FeatureRow, FeatureSnapshot, Grade
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, FloatArray, IntArray, Texts
from risk.bands import NONE
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import FeatureFrame


@dataclass(frozen=True)
class Previous:
    """Grades and indicators of the newest snapshot before a day; empty frames if there was none."""

    grades: pd.DataFrame
    names: tuple[str, ...]
    codes: Texts
    matrix: FloatArray

    def published(self, codes: Texts) -> Texts:
        """The previous final class of each enterprise, "" where none."""
        found = self._at(codes)
        classes = np.append(self.grades["credit_risk_class"].to_numpy(dtype=object), "")
        return classes[found]

    def classes(self, codes: Texts) -> IntArray:
        """Class numbers to be stable against: the previous final class, or the model's own where a hard rule
        had decided (its end is no reason to stay)."""
        hard = self.grades["deciding_layer"].to_numpy(dtype=object) == "hard_rule"
        standing = np.where(hard, self.grades["model_class"], self.grades["credit_risk_class"]).astype(object)
        numbers = np.array([CREDIT_RISK_CLASSES.index(c) for c in standing] + [NONE], dtype=np.int64)
        return numbers[self._at(codes)]

    def news(self, frame: FeatureFrame) -> BoolArray:
        """Where one of the enterprise's own indicators changed: an event, a repair, or an expiry.

        Clocks and neighbours are not news. Indicators that the previous snapshot did not have are not compared.
        """
        shared = [n for n in frame.names if n in self.names and BY_KEY[n].own]
        found = pd.Index(self.codes).get_indexer(pd.Index(frame.codes))
        old = np.append(self.matrix, np.full((1, self.matrix.shape[1]), np.nan), axis=0)
        then = old[found][:, [self.names.index(n) for n in shared]]
        now = frame.matrix[:, [frame.names.index(n) for n in shared]]
        same = (then == now) | (np.isnan(then) & np.isnan(now))
        return ~same.all(axis=1) | (found < 0)

    def _at(self, codes: Texts) -> IntArray:
        return pd.Index(self.grades["enterprise_code"]).get_indexer(pd.Index(codes))


def read_previous(connection: Connection, as_of: date, place: str) -> Previous:
    """The newest snapshot of the place from before `as_of` (grading a day again compares with the same one).

    One that the monitor holds back, and a trial, were in force nowhere: nothing is compared with them.
    """
    newest = (
        select(FeatureSnapshot.id, FeatureSnapshot.feature_names)
        .where(FeatureSnapshot.place == place, FeatureSnapshot.as_of < as_of)
        .where(standing(FeatureSnapshot.id, place))
        .order_by(FeatureSnapshot.as_of.desc(), FeatureSnapshot.id.desc())
        .limit(1)
    )
    found = connection.execute(newest).first()
    snapshot = found.id if found else -1
    columns = (Grade.enterprise_code, Grade.credit_risk_class, Grade.model_class, Grade.deciding_layer)
    grades = pd.read_sql(select(*columns).where(Grade.snapshot_id == snapshot), connection).astype(object)
    wanted = select(FeatureRow.enterprise_code, FeatureRow.feature_values).where(
        FeatureRow.snapshot_id == snapshot
    )
    rows = connection.execute(wanted).all()
    names = tuple(found.feature_names) if found else ()
    matrix = np.array([values for _, values in rows], dtype=float).reshape(len(rows), len(names))
    return Previous(grades, names, np.array([code for code, _ in rows], dtype=object), matrix)
