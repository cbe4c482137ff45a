"""The view (时点视图): a cohort and, for each table, its rows in force as of a day, ready for counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from registry.rules import Rulebook
from risk.archive import EPOCH, Archive, BoolArray, FloatArray, IntArray, Texts
from risk.cohort import cohort

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """One indicator's values (one an enterprise) and the source rows it counted (None: no event rows)."""

    key: str
    values: FloatArray
    picked: BoolArray | None = None


class Rows:
    """The rows of one table about a cohort; `row[i]` is the position in the cohort of source row i."""

    def __init__(self, frame: pd.DataFrame, row: IntArray, size: int, today: int) -> None:
        self.frame, self.row, self.size, self.today = frame, row, size, today

    def __getitem__(self, name: str) -> Any:
        """A column as a numpy array; dates are days since 1970, NaN where none."""
        return self.frame[name].to_numpy()

    def count(self, picked: BoolArray) -> FloatArray:
        """How many picked rows each enterprise has."""
        return np.bincount(self.row[picked], minlength=self.size).astype(float)

    def total(self, values: FloatArray, picked: BoolArray) -> FloatArray:
        """Sum of a value over the picked rows of each enterprise; blanks count as nothing."""
        return np.bincount(self.row[picked], np.nan_to_num(values[picked]), minlength=self.size).astype(float)

    def extreme(self, values: FloatArray, picked: BoolArray, largest: bool = True) -> FloatArray:
        """Largest (or smallest) value over the picked rows; NaN where none."""
        start, pick = (-np.inf, np.maximum) if largest else (np.inf, np.minimum)
        best = np.full(self.size, start)
        pick.at(best, self.row[picked], values[picked])
        return np.where(np.isfinite(best), best, np.nan)

    def last(self, column: str, picked: BoolArray) -> IntArray:
        """Index of each enterprise's latest picked row by date (ties: the last in order); -1 where none."""
        index = np.flatnonzero(picked)
        order = index[np.argsort(self[column][index], kind="stable")]
        found = np.full(self.size, -1)
        found[self.row[order]] = order
        return found

    def of_last(self, values: Any, last: IntArray) -> FloatArray:
        """A value of the rows that `last` names; NaN where none."""
        if not len(values):
            return np.full(self.size, np.nan)
        return np.where(last >= 0, values[last], np.nan).astype(float)


@dataclass
class View:
    """What was known as of `as_of` about everyone judged then. Definitions are the rules in force on `on`."""

    archive: Archive
    as_of: date
    book: Rulebook
    place: str
    on: date
    enterprise: pd.DataFrame = field(init=False)
    codes: Texts = field(init=False)
    _rows: dict[str, Rows] = field(default_factory=dict)
    _made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.enterprise = cohort(self.archive, self.as_of, self.book, self.place, self.on)
        self.codes = self.enterprise["enterprise_code"].to_numpy(dtype=object)

    @property
    def size(self) -> int:
        """How many enterprises are judged."""
        return len(self.codes)

    @property
    def today(self) -> int:
        """`as_of` in days since 1970."""
        return (self.as_of - EPOCH).days

    def rows(self, table: str) -> Rows:
        """The table's rows in force about the cohort, in the archive's order."""
        if table not in self._rows:
            self._rows[table] = rows_about(self.archive.in_force(table, self.as_of), self.codes, self.today)
        return self._rows[table]

    def derived(self, name: str, make: Callable[[View], pd.DataFrame]) -> Rows:
        """Rows that are no table's own (e.g. branches of a parent), made once; `make` gives them by enterprise."""
        if name not in self._rows:
            self._rows[name] = rows_about(make(self), self.codes, self.today)
        return self._rows[name]

    def once(self, name: str, make: Callable[[View], T]) -> T:
        """What several families need and one makes, e.g. the ties; `name` stands for it."""
        if name not in self._made:
            self._made[name] = make(self)
        made: T = self._made[name]
        return made

    def setting(self, key: str) -> Any:
        """The value of a rule in force."""
        return self.book.value(key, self.place, self.on)

    def months(self, key: str) -> int:
        """The window of an indicator in months (`indicator.<key>` in rules/indicators.toml)."""
        return int(self.setting(f"indicator.{key}")["months"])

    def since(self, key: str) -> int:
        """The day after which events count for an indicator, in days since 1970."""
        return days_before(self.as_of, self.months(key))

    def within(self, key: str, dates: FloatArray) -> BoolArray:
        """Events inside the window of an indicator that ends on `as_of` (有效期内)."""
        return (dates > self.since(key)) & (dates <= self.today)


def rows_about(frame: pd.DataFrame, codes: Texts, today: int) -> Rows:
    """The rows of a frame that are about these enterprises."""
    position = pd.Index(codes).get_indexer(pd.Index(frame["enterprise_code"]))
    about = position >= 0
    return Rows(frame[about].reset_index(drop=True), position[about].astype(np.int64), len(codes), today)


def days_before(day: date, months: int) -> int:
    """The day `months` before, in days since 1970; the end of a short month stands for its missing days."""
    shifted = pd.Timestamp(day) - pd.DateOffset(months=months)
    return (shifted.date() - EPOCH).days
