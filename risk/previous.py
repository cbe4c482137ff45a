"""The previous grading (上期分类): its classes, and what is news since then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from registry.tables import FeatureRow, FeatureSnapshot, Grade
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, FloatArray, IntArray, Texts
from risk.bands import NONE
from risk.copying import read_matrix
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import FeatureFrame

ROWS_AT_ONCE = 16_384
"""Compared at a time: two snapshots of a city are a gigabyte, and a comparison makes several copies."""


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
        number = {name: place for place, name in enumerate(CREDIT_RISK_CLASSES)}
        numbers = np.array([number[c] for c in standing] + [NONE], dtype=np.int64)
        return numbers[self._at(codes)]

    def news(self, frame: FeatureFrame) -> BoolArray:
        """Where one of the enterprise's own indicators changed: an event, a repair, or an expiry.

        Clocks and neighbours are not news. Indicators that the previous snapshot did not have are not compared.
        """
        shared = [n for n in frame.names if n in self.names and BY_KEY[n].own]
        found = places(self.codes, frame.codes)
        then, now = [self.names.index(n) for n in shared], [frame.names.index(n) for n in shared]
        news = found < 0
        for start in range(0, len(found), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            if len(self.codes):
                before, after = self.matrix[found[rows]][:, then], frame.matrix[rows][:, now]
                same = (before == after) | (np.isnan(before) & np.isnan(after))
                news[rows] |= ~same.all(axis=1)
        return news

    def _at(self, codes: Texts) -> IntArray:
        return places(self.grades["enterprise_code"].to_numpy(dtype=object), codes)


def places(known: Texts, codes: Texts) -> IntArray:
    """Where each of `codes` stands among `known`, -1 where it does not. Mostly the same enterprises in the same order."""
    if len(known) == len(codes) and (known == codes).all():
        return np.arange(len(codes))
    return pd.Index(known).get_indexer(pd.Index(codes))


def read_previous(connection: Connection, as_of: date, place: str) -> Previous:
    """The newest snapshot of the place from before `as_of` (grading a day again compares with the same one)."""
    newest = (
        select(FeatureSnapshot.id, FeatureSnapshot.feature_names)
        .where(FeatureSnapshot.place == place, FeatureSnapshot.as_of < as_of)
        .order_by(FeatureSnapshot.as_of.desc(), FeatureSnapshot.id.desc())
        .limit(1)
    )
    found = connection.execute(newest).first()
    snapshot = found.id if found else -1
    columns = (Grade.enterprise_code, Grade.credit_risk_class, Grade.model_class, Grade.deciding_layer)
    grades = pd.read_sql(select(*columns).where(Grade.snapshot_id == snapshot), connection).astype(object)
    names = tuple(found.feature_names) if found else ()
    columns_of = ("snapshot_id", "enterprise_code", "feature_values")
    codes, matrix = read_matrix(connection, FeatureRow, columns_of, snapshot, len(names))
    return Previous(grades, names, codes, matrix)
