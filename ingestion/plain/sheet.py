"""Sealing of plain rows (规整行封装): whole columns become COPY lines and content hashes, as `ingestion.sealing` makes them."""

import hashlib
import io
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingestion.copytext import NOTHING, column_texts
from ingestion.plain.held import HeldRows
from ingestion.sealing import BETWEEN, Rows, Sealed, seal

_ESCAPED = r"[\\\x08-\x0d]"
"""Characters that COPY text escapes."""


@dataclass
class PlainSheet:
    """Plain rows of one table as columns of text (待封装规整行)."""

    row_no: NDArray[np.int32]
    batch_id: int
    key: list[pl.Series]
    business: list[tuple[pl.Series, pl.Series]]
    """In the order of the table: for the content hash, and for COPY."""
    known_at: pl.Series
    retracted: pl.Series
    dated: NDArray[np.bool_]
    sender: pl.Series
    places: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def only(self, rows: NDArray[np.int64]) -> "PlainSheet":
        """Some of the rows; `row_no` is of these already."""
        return replace(
            self, key=[column.gather(rows) for column in self.key],
            business=[(plain.gather(rows), written.gather(rows)) for plain, written in self.business],
            known_at=self.known_at.gather(rows), retracted=self.retracted.gather(rows), dated=self.dated[rows],
            sender=self.sender.gather(rows),
        )  # fmt: skip


def seal_plain(sheet: PlainSheet, held: bool) -> Sealed:
    """What `ingestion.sealing.seal` makes of the same rows, byte for byte; and the order of their keys.

    held: whether their lines for the verdict are held back.
    """
    many = len(sheet.row_no)
    hashes = _content_hashes([plain for plain, _ in sheet.business], many)
    parts = [column.replace(NOTHING, "") if _has_nothing(column) else column for column in sheet.key]
    plain_key = key = _together(parts, "|")
    ranks = np.empty(many, np.int32)
    ranks[key.arg_sort().to_numpy()] = np.arange(many, dtype=np.int32)
    if key.str.contains(_ESCAPED).any():
        key = pl.Series(column_texts(key.to_list())[1])
    row_no, batch = pl.Series(sheet.row_no).cast(pl.String), pl.repeat(str(sheet.batch_id), many, eager=True)
    version = [key, hashes, sheet.known_at, sheet.retracted]
    lines = _lines([*version, batch, row_no, *(written for _, written in sheet.business)])
    if held:
        return Sealed(lines, b"", ranks, HeldRows(hash_keys(plain_key), sheet.dated, sheet.sender))
    places, dated = pl.Series(sheet.places).cast(pl.String), pl.Series(np.where(sheet.dated, "t", "f"))
    return Sealed(lines, _lines([places, row_no, *version, dated, sheet.sender]), ranks)


def seal_others(rows: Rows, held: bool) -> Sealed:
    """Rows that went the long way, beside plain ones, with which they may share a key."""
    sealed = seal(rows)
    if not held:
        return sealed
    keys, sender = (pl.Series(texts, dtype=pl.String) for texts in (rows.keys, column_texts(rows.sender)[1]))
    return replace(sealed, slim=b"", held=HeldRows(hash_keys(keys), np.array(rows.dated, bool), sender))


def hash_keys(keys: pl.Series) -> NDArray[np.uint64]:
    """A number for each natural key, before COPY escapes it."""
    return keys.hash(seed=0).to_numpy()


def _has_nothing(column: pl.Series) -> bool:
    return bool((column == NOTHING).any())


def _together(columns: list[pl.Series], between: str) -> pl.Series:
    frame = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
    return frame.select(pl.concat_str(pl.all(), separator=between)).to_series()


def _content_hashes(plain: list[pl.Series], many: int) -> pl.Series:
    told = len(plain)
    while told and bool((plain[told - 1] == NOTHING).all()):
        told -= 1  # columns at the end that nobody fills, which the hash leaves out
    if not told:
        return pl.repeat(hashlib.sha256(b"").hexdigest(), many, eager=True)
    joined = _together(plain[:told], BETWEEN)
    ends = joined.str.ends_with(NOTHING)
    if ends.any():
        joined = joined.zip_with(~ends, joined.str.strip_chars_end(BETWEEN + NOTHING))
    sha256 = hashlib.sha256
    return pl.Series([sha256(content).hexdigest() for content in joined.cast(pl.Binary).to_list()])


def _lines(columns: list[pl.Series]) -> bytes:
    """Columns as lines, cells apart by tabs; nothing is quoted, since every cell is COPY text already."""
    frame: Any = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, separator="\t", quote_style="never")
    return buffer.getvalue()
