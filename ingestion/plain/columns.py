"""Columns (整列): what a column of text becomes, for a whole block at once.

A column of few distinct texts is a book of them and a code for each row; everything is found out once for a text.
A column of texts or moments of their own is asked whole. Both say which rows are odd: those go the long way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingestion.clean import BLANKS, reader_of
from ingestion.copytext import NOTHING, NULL, column_texts
from ingestion.datasets.contract import Column
from ingestion.faults import Unreadable

Odd = NDArray[np.bool_]
"""For each row of a block: it is not plain, and goes the long way."""
Codes = NDArray[np.uint32]

MOST, MOST_CHARACTERS = 200_000, 4_000_000
"""Distinct texts of one column that are kept, and their characters; a column of more begins a new book."""
NO_DAY = np.iinfo(np.int32).min
SAMPLE = 1_000

_CHANGED = r"[\p{C}\p{Z}&&[^ ]]|^ | $|\\|[1-9]\d{10}"
"""Found in every text that cleaning could change, or that COPY must escape: what is not printable, blanks at an edge, a
backslash, eleven digits in a row."""
_LONGEST_BLANK = max(len(text.encode()) for text in BLANKS)
_USUAL_MOMENT = r"^(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})-\d{2}-\d{2} \d{2}:[0-5]\d:[0-5]\d$"
_DAYS_BEFORE = date(1970, 1, 1).toordinal()


Texts = pl.Series | str
"""The texts of some rows; a `str` where all have the same one."""


class Whole(Protocol):
    """One column of a block (整列)."""

    def texts(self) -> tuple[Texts, Texts]:
        """As the content hash reads it, nothing being `NOTHING`, and as COPY reads it; one series where they are equal."""

    def missing(self) -> Odd:
        """Where there is nothing."""

    def days(self) -> NDArray[np.int32]:
        """Of dates and moments: the day, as `date.toordinal` counts; NO_DAY for nothing."""


class Book:
    """Distinct values in the order in which they came (列词表), with everything that is known of each.

    A book grows with every block, so what is known is only ever added to: making it anew cost a third of a file's reading.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._plain, self._written = _Growing(), _Growing()
        self._alike = True
        self._odd = self._nothing = np.zeros(0, bool)
        self._days = np.zeros(0, np.int32)

    def add(self, values: Sequence[Any], odd: Sequence[bool]) -> None:
        """More values."""
        self.values += values
        self._odd = np.concatenate([self._odd, np.array(odd, bool)])

    def texts(self) -> tuple[pl.Series, pl.Series]:
        """For the content hash and for COPY; one series where they are equal."""
        if fresh := self.values[len(self._plain) :]:
            plain, written = column_texts(fresh)
            if self._alike and plain != written:
                self._written.add(self._plain.texts.to_list())
                self._alike = False
            self._plain.add(plain)
            if not self._alike:
                self._written.add(written)
        return self._plain.texts, (self._plain if self._alike else self._written).texts

    def odd(self) -> Odd:
        """Which values are odd."""
        return self._odd

    def nothing(self) -> Odd:
        """Which are None."""
        if fresh := self.values[len(self._nothing) :]:
            self._nothing = np.concatenate([self._nothing, np.array([v is None for v in fresh])])
        return self._nothing

    def days(self) -> NDArray[np.int32]:
        """The day of each value."""
        if fresh := self.values[len(self._days) :]:
            days = np.array([NO_DAY if v is None else v.toordinal() for v in fresh], np.int32)
            self._days = np.concatenate([self._days, days])
        return self._days


class _Growing:
    """Texts to which more are added."""

    def __init__(self) -> None:
        self.texts = pl.Series([], dtype=pl.String)

    def __len__(self) -> int:
        return len(self.texts)

    def add(self, more: Sequence[str]) -> None:
        self.texts = pl.concat([self.texts, pl.Series(more, dtype=pl.String)], rechunk=True)


@dataclass
class Coded:
    """A column as codes into a book."""

    codes: Codes
    book: Book

    def texts(self) -> tuple[Texts, Texts]:
        """See Whole."""
        plain, written = self.book.texts()
        if len(plain) == 1:
            return plain.item(), written.item()
        found = plain[self.codes]
        return found, found if written is plain else written[self.codes]

    def values(self, rows: NDArray[np.int64]) -> list[Any]:
        """The typed values of some rows."""
        return [self.book.values[code] for code in self.codes[rows].tolist()]

    def missing(self) -> Odd:
        """See Whole."""
        return self.book.nothing()[self.codes]

    def days(self) -> NDArray[np.int32]:
        """See Whole."""
        return self.book.days()[self.codes]

    def odd(self) -> Odd:
        """Which rows have an odd value."""
        return self.book.odd()[self.codes]


@dataclass
class Own:
    """A column of texts of their own (各不相同的文字): they stay as they are; null is nothing."""

    filled: pl.Series

    def texts(self) -> tuple[pl.Series, pl.Series]:
        """See Whole."""
        if not self.filled.null_count():
            return self.filled, self.filled
        return self.filled.fill_null(NOTHING), self.filled.fill_null(NULL)

    def missing(self) -> Odd:
        """See Whole."""
        return self.filled.is_null().to_numpy()

    def days(self) -> NDArray[np.int32]:
        """Texts have no day."""
        raise TypeError("a column of texts has no days")


@dataclass
class Moments:
    """A column of moments written as most systems write them; as COPY and the content hash want them, too."""

    said: pl.Series
    read: pl.Series

    def texts(self) -> tuple[pl.Series, pl.Series]:
        """See Whole."""
        return self.said, self.said

    def missing(self) -> Odd:
        """Odd ones only, which are read elsewhere."""
        return self.read.is_null().to_numpy()

    def days(self) -> NDArray[np.int32]:
        """See Whole."""
        since = self.read.dt.date().to_physical().fill_null(NO_DAY).to_numpy()
        return np.where(since == NO_DAY, NO_DAY, since + _DAYS_BEFORE).astype(np.int32)


def book_of(value: Any) -> Book:
    """A book of one value, for a column that is the same in every row."""
    book = Book()
    book.add([value], [False])
    return book


class Vocabulary:
    """The distinct texts of one column of a file (列词表), each read once by the cleaner of its kind."""

    def __init__(self, column: Column) -> None:
        self._read = reader_of(column)
        self._begin()

    def _begin(self) -> None:
        self._kind = pl.Categorical(pl.Categories.random())
        # Codes last as long as somebody holds a series of theirs.
        self._anchor = pl.Series([], dtype=self._kind)
        self.book, self._characters = Book(), 0

    def of(self, texts: pl.Series) -> Coded:
        """The column as codes; texts that are new are read first."""
        codes = texts.cast(self._kind).to_physical().to_numpy().astype(np.uint32)
        many = len(self.book.values)
        full = many > MOST or self._characters > MOST_CHARACTERS
        if full and int(codes.max(initial=0)) >= many:
            self._begin()
            return self.of(texts)
        fresh = np.flatnonzero(codes >= many)
        if len(fresh):
            found, first = np.unique(codes[fresh], return_index=True)
            if not np.array_equal(found, np.arange(many, many + len(found))):
                raise RuntimeError("codes of a column have a gap: every text would be read as another")
            self._learn(texts.gather(fresh[first]).to_list())
        return Coded(codes, self.book)

    def _learn(self, texts: list[str]) -> None:
        values, odd = [], []
        self._characters += sum(map(len, texts))
        for text in texts:
            try:
                values.append(self._read(text))
                odd.append(False)
            except Unreadable:
                values.append(None)
                odd.append(True)
        self.book.add(values, odd)


def own_texts(texts: pl.Series, column: Column) -> tuple[Own, Odd]:
    """Texts of their own, and which of them cleaning could change or refuse."""
    odd = (texts.str.contains(_CHANGED) | (texts.str.len_chars() > column.longest)).to_numpy()
    short = texts.str.len_bytes() <= _LONGEST_BLANK
    if not short.any():
        return Own(texts), odd
    blank = texts.is_in(list(BLANKS)).to_numpy()
    if column.required or column.blank is not None:
        return Own(texts), odd | blank
    return Own(texts.set(pl.Series(blank), None)), odd & ~blank


def own_moments(texts: pl.Series) -> tuple[Moments, Odd]:
    """Moments of their own, and which of them are written otherwise than 2026-01-31 09:30:00."""
    usual = texts.str.contains(_USUAL_MOMENT)
    read = texts.set(~usual, None).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    return Moments(texts, read), read.is_null().to_numpy()


def mostly_distinct(texts: pl.Series) -> bool:
    """Whether more than half of the first texts are different ones."""
    sample = texts.head(SAMPLE)
    return bool(sample.n_unique() * 2 > len(sample))
