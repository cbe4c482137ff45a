"""Rows held back (待判行): what the verdict may need of a file's rows until it is known which of them need one.

In a table that knows no other file, a key that only one row has needs no verdict: the row is new. So of each row only a hash of
its key is kept, and what its line for the facts does not say. When the whole file has been read, the lines for the verdict are
made of the few rows that share a key with another, out of their lines in the spool.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingestion.copytext import copied_text
from ingestion.spool import Spool


@dataclass(frozen=True)
class HeldRows:
    """Some rows, in the order of the file."""

    keys: NDArray[np.uint64]
    """A hash of each natural key; equal keys of one file have equal ones, others hardly ever."""
    dated: NDArray[np.bool_]
    sender: pl.Series
    """As COPY reads it."""


@dataclass
class Held:
    """The rows of the only table that a file feeds."""

    senders: Counter[str] = field(default_factory=Counter)
    """Office → rows of which the database was told nothing for the verdict; known after `release`."""
    _kept: list[HeldRows] = field(default_factory=list)
    _kind: pl.Categorical = field(default_factory=lambda: pl.Categorical(pl.Categories.random()))

    def keep(self, sheets: list[HeldRows], places: list[NDArray[np.int64]]) -> None:
        """Put the rows of some sheets, which may alternate, behind the others."""
        keys, dated = np.concatenate([s.keys for s in sheets]), np.concatenate([s.dated for s in sheets])
        sender = pl.concat([s.sender for s in sheets]).cast(self._kind)
        if len(sheets) > 1:
            order = np.argsort(np.concatenate(places), kind="stable")
            keys, dated, sender = keys[order], dated[order], sender[order]
        self._kept.append(HeldRows(keys, dated, sender))

    def release(self, spool: Spool, alone: bool) -> Iterator[bytes]:
        """The lines of the rows that need a verdict, in pieces. alone: whether the table knows no other file."""
        keys = np.concatenate([np.zeros(0, np.uint64), *(rows.keys for rows in self._kept)])
        found, many = np.unique(keys, return_counts=True)
        shared, first = found[many > 1], 0
        spool.rewind()
        for rows in self._kept:
            wanted = np.isin(rows.keys, shared) if alone else np.ones(len(rows.keys), bool)
            self._count(rows.sender.filter(pl.Series(~wanted)))
            if wanted.any():
                lines = spool.take(len(wanted)).each()
                places = np.flatnonzero(wanted)
                senders = rows.sender[places].cast(pl.String).to_list()
                yield b"".join(
                    _line(first + place, lines[place], bool(rows.dated[place]), sender)
                    for place, sender in zip(places.tolist(), senders, strict=True)
                )
            else:
                spool.skip(len(wanted))
            first += len(wanted)
        self._kept = []

    def _count(self, sender: pl.Series) -> None:
        for office, many in sender.cast(pl.String).value_counts().iter_rows():
            # One office may be written in several ways.
            self.senders[copied_text(office) or ""] += many


def _line(place: int, facts: memoryview, dated: bool, sender: str) -> bytes:
    """A line for the verdict, out of a row's line for the facts (`Spool.columns`)."""
    key, content_hash, known_at, retracted, _, row_no, _ = bytes(facts).split(b"\t", 6)
    cells = (
        str(place).encode(),
        row_no,
        key,
        content_hash,
        known_at,
        retracted,
        b"t" if dated else b"f",
        sender.encode(),
    )
    return b"\t".join(cells) + b"\n"
