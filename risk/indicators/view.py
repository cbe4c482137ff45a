"""The view (时点视图): a cohort and, for each table, its rows in force as of a day, ready for counting."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
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
    """The rows of one table about a cohort; `row[i]` is the position in the cohort of source row i.

    The table itself is never copied: a column is picked out when it is first asked for.
    """

    def __init__(self, table: pd.DataFrame, index: IntArray, row: IntArray, size: int, today: int) -> None:
        self.table, self.index, self.row, self.size, self.today = table, index, row, size, today
        self._columns: dict[str, Any] = {}

    @property
    def frame(self) -> pd.DataFrame:
        """All columns of these rows, for looking at a few."""
        return self.table.iloc[self.index].reset_index(drop=True)

    def __getitem__(self, name: str) -> Any:
        """A column: numbers as doubles, dates as days since 1970, NaN where none; texts as `pandas.Categorical`."""
        if name not in self._columns:
            self._columns[name] = self.table[name].array.take(self.index)
            if not isinstance(self._columns[name], pd.Categorical):
                self._columns[name] = self._columns[name].to_numpy()
        return self._columns[name]

    @cached_property
    def in_order(self) -> bool:
        """Whether the rows of one enterprise stand together, enterprises in the order of the cohort."""
        return bool((self.row[1:] >= self.row[:-1]).all())

    def count(self, picked: BoolArray) -> FloatArray:
        """How many picked rows each enterprise has."""
        return np.bincount(self.row[picked], minlength=self.size).astype(float)

    def total(self, values: FloatArray, picked: BoolArray) -> FloatArray:
        """Sum of a value over the picked rows of each enterprise; blanks count as nothing."""
        return np.bincount(self.row[picked], np.nan_to_num(values[picked]), minlength=self.size).astype(float)

    def extreme(self, values: FloatArray, picked: BoolArray, largest: bool = True) -> FloatArray:
        """Largest (or smallest) value over the picked rows; NaN where none."""
        best = self._best(self.row[picked], values[picked], np.maximum if largest else np.minimum)
        return np.where(np.isfinite(best), best, np.nan)

    def last(self, column: str, picked: BoolArray) -> IntArray:
        """Index of each enterprise's latest picked row by date (ties: the last in order); -1 where none."""
        index = np.flatnonzero(picked)
        row, when = self.row[index], self[column][index]
        when = np.where(np.isnan(when), np.inf, when)  # an unknown date stands after all known ones
        latest = when == self._best(row, when, np.maximum)[row]
        found = np.full(self.size, -1)
        found[row[latest]] = index[latest]  # in order: of several the last one stays
        return found

    def of_last(self, values: Any, last: IntArray) -> FloatArray:
        """A value of the rows that `last` names; NaN where none."""
        if not len(values):
            return np.full(self.size, np.nan)
        return np.where(last >= 0, values[last], np.nan).astype(float)

    def _best(self, row: IntArray, values: FloatArray, better: np.ufunc) -> FloatArray:
        """The best value of each enterprise by `better`, the worst there is where it has none."""
        best = np.full(self.size, -np.inf if better is np.maximum else np.inf)
        if self.in_order and len(row):
            start = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
            best[row[start]] = better.reduceat(values, start)
            return best
        better.at(best, row, values)
        return best


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
        held = self.enterprise["enterprise_code"].cat
        self.codes = held.categories.to_numpy(dtype=object)[held.codes.to_numpy()]
        self._position = np.full(len(held.categories), -1)
        self._position[held.codes.to_numpy()] = np.arange(len(self.enterprise))

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
            index = np.flatnonzero(self.archive.standing(table, self.as_of))
            frame = self.archive.tables[table]
            row = self._position[frame["enterprise_code"].cat.codes.to_numpy()[index]]
            self._rows[table] = _rows(frame, index, row, self.size, self.today)
        return self._rows[table]

    def once(self, name: str, make: Callable[[View], T]) -> T:
        """What several families need and one makes, e.g. the industries; `name` stands for it."""
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
    about = frame["enterprise_code"]
    held = about.array if isinstance(about.dtype, pd.CategoricalDtype) else pd.Categorical(about)
    position = np.append(pd.Index(codes).get_indexer(held.categories), -1)  # the last place: about nobody
    return _rows(frame, np.arange(len(frame)), position[held.codes], len(codes), today)


def _rows(frame: pd.DataFrame, index: IntArray, row: IntArray, size: int, today: int) -> Rows:
    """`row`: the position in the cohort that each of the rows `index` is about, -1 where it is not judged."""
    about = row >= 0
    if not about.all():
        index, row = index[about], row[about]
    return Rows(frame, index, row, size, today)


def mentions(texts: Any, words: str) -> BoolArray:
    """Which texts of a column contain one of the words (a regular expression); each distinct text is read once."""
    held = texts.array if isinstance(texts, pd.Series) else texts
    if not isinstance(held, pd.Categorical):
        held = pd.Categorical(held)
    matches = re.compile(words).search
    hits = [matches(text) is not None for text in held.categories]
    return np.array([*hits, matches("") is not None])[held.codes]  # the last place stands for no text


def days_before(day: date, months: int) -> int:
    """The day `months` before, in days since 1970; the end of a short month stands for its missing days."""
    shifted = pd.Timestamp(day) - pd.DateOffset(months=months)
    return (shifted.date() - EPOCH).days
