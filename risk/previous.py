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
from risk.copying import read_matrix
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import FeatureFrame

COLUMNS = (
    Grade.enterprise_code,
    Grade.credit_risk_class,
    Grade.model_class,
    Grade.deciding_layer,
    Grade.rule_code,
    Grade.settled_class,
    Grade.ruled_class,
)
ROWS_AT_ONCE = 16_384
"""Compared at a time: two snapshots of a city are a gigabyte, and a comparison makes several copies."""


@dataclass(frozen=True)
class Previous:
    """Grades and indicators of one snapshot; empty frames if there is none. `as_of` is its day."""

    grades: pd.DataFrame
    names: tuple[str, ...]
    codes: Texts
    matrix: FloatArray
    snapshot_id: int | None = None
    as_of: date | None = None

    def published(self, codes: Texts) -> Texts:
        """The previous final class of each enterprise, "" where none."""
        return self._texts("credit_risk_class")[self._at(codes)]

    def rule_codes(self, codes: Texts) -> Texts:
        """The hard rule that had decided, "" where none."""
        return self._texts("rule_code")[self._at(codes)]

    def classes(self, codes: Texts) -> IntArray:
        """Class numbers to be stable against: the settled class, before hard rules and overrides, whose end is no
        reason to stay."""
        return self._numbers(self._below("settled_class", ("hard_rule", "override"), "model_class"), codes)

    def ruled(self, codes: Texts) -> IntArray:
        """Class numbers after hard rules and before overrides: a step without news is counted from here."""
        return self._numbers(self._below("ruled_class", ("override",), "model_class"), codes)

    def news(self, frame: FeatureFrame) -> BoolArray:
        """Where one of the enterprise's own indicators changed: an event, a repair, or an expiry.

        Clocks and neighbours are not news. Indicators that the previous snapshot did not have are not compared.
        """
        return self.changes(frame)[0]

    def changes(self, frame: FeatureFrame) -> tuple[BoolArray, BoolArray]:
        """Where there is news, and where it is only bad: own indicators got worse and none better."""
        return news_between(self.codes, self.matrix, self.names, frame.codes, frame.matrix, frame.names)

    def _below(self, column: str, layers: tuple[str, ...], other: str) -> Texts:
        """A layer's class; gradings from before it was stored give the final class, or the model's own."""
        stored = self.grades[column].to_numpy(dtype=object)
        above = np.isin(self.grades["deciding_layer"].to_numpy(dtype=object).astype(str), layers)
        older = np.where(above, self.grades[other], self.grades["credit_risk_class"])
        return np.where(pd.isna(stored), older, stored).astype(object)

    def _numbers(self, classes: Texts, codes: Texts) -> IntArray:
        numbers = np.array([CREDIT_RISK_CLASSES.index(c) for c in classes] + [NONE], dtype=np.int64)
        return numbers[self._at(codes)]

    def _texts(self, column: str) -> Texts:
        return np.append(self.grades[column].fillna("").to_numpy(dtype=object), "")

    def _at(self, codes: Texts) -> IntArray:
        return places(self.grades["enterprise_code"].to_numpy(dtype=object), codes)


def places(known: Texts, codes: Texts) -> IntArray:
    """Where each of `codes` stands among `known`, -1 where it does not. Mostly the same enterprises in the same order."""
    if len(known) == len(codes) and (known == codes).all():
        return np.arange(len(codes))
    return pd.Index(known).get_indexer(pd.Index(codes))


def news_between(
    codes_then: Texts, then: FloatArray, names_then: tuple[str, ...],
    codes: Texts, now: FloatArray, names: tuple[str, ...],
) -> tuple[BoolArray, BoolArray]:  # fmt: skip
    """For each of `codes` whether an own indicator differs between two snapshots, or it is new; and whether all that
    changed with a direction got riskier. A value that became known or unknown is news, but not bad news."""
    shared = [n for n in names if n in names_then and BY_KEY[n].own]
    found = places(codes_then, codes)
    columns = [names_then.index(n) for n in shared], [names.index(n) for n in shared]
    direction = np.array([BY_KEY[n].direction for n in shared], dtype=float)
    news, adverse = found < 0, np.zeros(len(codes), bool)
    # Some thousands of rows at a time: a city's snapshots are half a gigabyte each.
    for start in range(0, len(codes) if len(codes_then) else 0, ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        before, after = then[found[part]][:, columns[0]], now[part][:, columns[1]]
        differ = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        differ[found[part] < 0] = False
        moved = np.flatnonzero(differ.any(axis=1))  # few: most of a city has no news in a month
        worse = (after[moved] - before[moved]) * direction
        unclear = (np.isnan(worse) & differ[moved]) & (direction != 0)
        news[start + moved] = True
        adverse[start + moved] = (worse > 0).any(axis=1) & ~(worse < 0).any(axis=1) & ~unclear.any(axis=1)
    return news, adverse


def read_previous(connection: Connection, as_of: date, place: str) -> Previous:
    """The newest snapshot of the place from before `as_of` (grading a day again compares with the same one).

    One that the monitor holds back, and a trial, were in force nowhere: nothing is compared with them.
    """
    newest = (
        select(FeatureSnapshot.id)
        .where(FeatureSnapshot.place == place, FeatureSnapshot.as_of < as_of)
        .where(standing(FeatureSnapshot.id, place))
        .order_by(FeatureSnapshot.as_of.desc(), FeatureSnapshot.id.desc())
        .limit(1)
    )
    return read_snapshot(connection, connection.execute(newest).scalar_one_or_none())


def read_snapshot(connection: Connection, snapshot_id: int | None) -> Previous:
    """One snapshot with its grades; nothing for None."""
    about = select(FeatureSnapshot.feature_names, FeatureSnapshot.as_of).where(
        FeatureSnapshot.id == snapshot_id
    )
    found = connection.execute(about).first()
    grades = pd.read_sql(select(*COLUMNS).where(Grade.snapshot_id == (snapshot_id or -1)), connection)
    names = tuple(found.feature_names) if found else ()
    columns = ("snapshot_id", "enterprise_code", "feature_values")
    codes, matrix = read_matrix(connection, FeatureRow, columns, snapshot_id or -1, len(names))
    day = found.as_of if found else None
    return Previous(grades.astype(object), names, codes, matrix, snapshot_id if found else None, day)
