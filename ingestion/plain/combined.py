"""Combinations (列组合): what a function of some columns says, asked once for each combination of their values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ingestion.plain.columns import MOST, Book, Coded, Codes

Answer = tuple[Mapping[str, Sequence[Any]], Sequence[bool]]
"""For each row of a question: the values of made columns, and whether the row is odd."""
_UNMET = np.iinfo(np.uint32).max
_LARGEST_TABLE = 1 << 22
"""Cells of a table of pairs (16 MB) before pairs are looked up in a dictionary instead."""


class Pairs:
    """Numbers for pairs of codes (组合编号), in the order in which they are met: 0, 1, …"""

    def __init__(self) -> None:
        self.many = 0
        self._table: Codes | None = np.full((1, 1), _UNMET, np.uint32)
        self._met: dict[int, int] = {}

    def number(self, ones: Codes, others: Codes) -> tuple[Codes, NDArray[np.int64]]:
        """The number of each row's pair, and the rows in which new pairs stand first, in the order of their numbers."""
        if self._table is not None:
            self._table = self._widened(self._table, int(ones.max(initial=0)), int(others.max(initial=0)))
        if self._table is None:
            return self._looked_up(ones, others)
        found = self._table[ones, others]
        unmet = np.flatnonzero(found == _UNMET)
        if not len(unmet):
            return found, unmet
        keys = ones[unmet].astype(np.uint64) << np.uint64(32) | others[unmet]
        first = unmet[np.unique(keys, return_index=True)[1]]
        self._table[ones[first], others[first]] = np.arange(
            self.many, self.many + len(first), dtype=np.uint32
        )
        self.many += len(first)
        return self._table[ones, others], first

    def _widened(self, table: Codes, one: int, other: int) -> Codes | None:
        high, wide = table.shape
        if one < high and other < wide:
            return table
        high, wide = (
            max(now, 1 << (most).bit_length()) for now, most in zip(table.shape, (one, other), strict=True)
        )
        if high * wide > _LARGEST_TABLE:
            rows, columns = np.nonzero(table != _UNMET)
            keys = rows.astype(np.uint64) << np.uint64(32) | columns.astype(np.uint64)
            self._met = dict(zip(keys.tolist(), table[rows, columns].tolist(), strict=True))
            return None
        wider = np.full((high, wide), _UNMET, np.uint32)
        wider[: table.shape[0], : table.shape[1]] = table
        return wider

    def _looked_up(self, ones: Codes, others: Codes) -> tuple[Codes, NDArray[np.int64]]:
        keys = ones.astype(np.uint64) << np.uint64(32) | others
        found, first, back = np.unique(keys, return_index=True, return_inverse=True)
        met = self._met
        numbers = np.array([met.setdefault(key, len(met)) for key in found.tolist()], np.uint32)
        fresh = numbers >= self.many
        self.many = len(met)
        return numbers[back], first[fresh]


@dataclass
class Combination:
    """A function of few columns (组合判定): its answers so far, for every combination that was met."""

    reads: tuple[str, ...]
    makes: tuple[str, ...]
    ask: Callable[[pd.DataFrame], Answer]
    """Rows of Python values in the columns that it reads, with the index 0, 1, … → the answer for each."""
    _books: dict[str, Book] = field(default_factory=dict)
    _met: list[Pairs] = field(default_factory=list)
    _sources: list[Book] = field(default_factory=list)

    def of(self, columns: Mapping[str, Coded]) -> tuple[dict[str, Coded], NDArray[np.bool_]]:
        """The made columns of a block, and which of its rows are odd."""
        read = [columns[name] for name in self.reads]
        if self._outdated([column.book for column in read]):
            self._begin([column.book for column in read])
        codes, first = self._combine(read)
        if len(first):
            self._learn(read, first)
        made = {name: Coded(codes, self._books[name]) for name in self.makes}
        return made, self._books[""].odd()[codes]

    def _outdated(self, books: list[Book]) -> bool:
        """A column has begun a new book, so its codes mean other values; or there are too many to keep."""
        if not self._books or len(self._books[""].values) > MOST:
            return True
        return any(now is not then for now, then in zip(books, self._sources, strict=True))

    def _begin(self, books: list[Book]) -> None:
        self._sources = books
        self._met = [Pairs() for _ in self.reads]
        self._books = {name: Book() for name in ("", *self.makes)}

    def _combine(self, read: Sequence[Coded]) -> tuple[Codes, NDArray[np.int64]]:
        """One number for each row, and the rows in which new ones stand first, in the order of the numbers."""
        joined = np.zeros(len(read[0].codes), np.uint32)
        first = np.zeros(0, np.int64)
        for place, (column, met) in enumerate(zip(read, self._met, strict=True)):
            # Columns made by one combination share their codes: the second says nothing that the first has not said.
            if not any(column.codes is earlier.codes for earlier in read[:place]):
                joined, first = met.number(joined, column.codes)
        return joined, first

    def _learn(self, read: Sequence[Coded], rows: NDArray[np.int64]) -> None:
        asked = {
            name: np.fromiter(column.values(rows), object, count=len(rows))
            for name, column in zip(self.reads, read, strict=True)
        }
        made, odd = self.ask(pd.DataFrame(asked, dtype=object))
        self._books[""].add([None] * len(rows), list(odd))
        for name in self.makes:
            self._books[name].add(list(made[name]), [False] * len(rows))
