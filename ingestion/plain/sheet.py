"""Sealing of plain rows (规整行封装): whole columns become COPY lines and content hashes, as `ingestion.sealing` makes them."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingestion.copytext import NOTHING, column_texts
from ingestion.plain.columns import Texts
from ingestion.plain.held import HeldRows
from ingestion.sealing import BETWEEN, Rows, Sealed, seal

_ESCAPED = r"[\\\x08-\x0d]"
"""Characters that COPY text escapes."""


@dataclass
class PlainSheet:
    """Plain rows of one table as columns of text (待封装规整行)."""

    row_no: NDArray[np.int32]
    batch_id: int
    key: list[Texts]
    business: list[tuple[Texts, Texts]]
    """In the order of the table: for the content hash, and for COPY."""
    known_at: Texts
    retracted: Texts
    dated: NDArray[np.bool_]
    sender: Texts
    places: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def only(self, rows: NDArray[np.int64]) -> "PlainSheet":
        """Some of the rows; `row_no` is of these already."""
        return replace(
            self, key=[_only(column, rows) for column in self.key],
            business=[(_only(plain, rows), _only(written, rows)) for plain, written in self.business],
            known_at=_only(self.known_at, rows), retracted=_only(self.retracted, rows), dated=self.dated[rows],
            sender=_only(self.sender, rows),
        )  # fmt: skip


def _only(texts: Texts, rows: NDArray[np.int64]) -> Texts:
    return texts if isinstance(texts, str) else texts[rows]


def seal_plain(sheet: PlainSheet, held: bool) -> Sealed:
    """What `ingestion.sealing.seal` makes of the same rows, byte for byte; and the order of their keys.

    held: whether their lines for the verdict are held back.
    """
    many = len(sheet.row_no)
    hashes = _content_hashes([plain for plain, _ in sheet.business], many)
    plain_key = key = _together(list(map(_without_nothing, sheet.key)), "|", many)
    ranks = np.empty(many, np.int32)
    ranks[key.arg_sort().to_numpy()] = np.arange(many, dtype=np.int32)
    if key.str.contains(_ESCAPED).any():
        key = pl.Series(column_texts(key.to_list())[1])
    row_no = pl.Series(sheet.row_no).cast(pl.String)
    version: list[Texts] = [key, hashes, sheet.known_at, sheet.retracted]
    lines = _lines([*version, str(sheet.batch_id), row_no, *(written for _, written in sheet.business)], many)
    if held:
        sender = _series(sheet.sender, many)
        return Sealed(lines, b"", ranks, HeldRows(hash_keys(plain_key), sheet.dated, sender))
    places, dated = pl.Series(sheet.places).cast(pl.String), pl.Series(np.where(sheet.dated, "t", "f"))
    return Sealed(lines, _lines([places, row_no, *version, dated, sheet.sender], many), ranks)


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


def _without_nothing(texts: Texts) -> Texts:
    """An empty part of a key stays empty."""
    if isinstance(texts, str):
        return "" if texts == NOTHING else texts
    return texts.replace(NOTHING, "") if (texts == NOTHING).any() else texts


def _series(texts: Texts, many: int) -> pl.Series:
    return pl.repeat(texts, many, eager=True) if isinstance(texts, str) else texts


def _merged(columns: Sequence[Texts], between: str) -> list[Texts]:
    """Neighbours that are the same in all rows as one: what nobody fills, and codes of the office that sends the file."""
    merged: list[Texts] = []
    for texts in columns:
        if merged and isinstance(texts, str) and isinstance(merged[-1], str):
            merged[-1] += between + texts
        else:
            merged.append(texts)
    return merged


def _together(columns: Sequence[Texts], between: str, many: int) -> pl.Series:
    merged = _merged(columns, between)
    if isinstance(merged[0], str) and len(merged) == 1:
        return _series(merged[0], many)
    series = {str(place): texts for place, texts in enumerate(merged) if not isinstance(texts, str)}
    parts = [pl.lit(texts) if isinstance(texts, str) else pl.col(str(n)) for n, texts in enumerate(merged)]
    return pl.DataFrame(series).select(pl.concat_str(parts, separator=between)).to_series()


def _content_hashes(plain: Sequence[Texts], many: int) -> pl.Series:
    told = len(plain)
    while told and _nobody_fills(plain[told - 1]):
        told -= 1  # columns at the end that nobody fills, which the hash leaves out
    if not told:
        return pl.repeat(hashlib.sha256(b"").hexdigest(), many, eager=True)
    joined = _together(plain[:told], BETWEEN, many)
    ends = joined.str.ends_with(NOTHING)
    if ends.any():
        joined = joined.zip_with(~ends, joined.str.strip_chars_end(BETWEEN + NOTHING))
    sha256 = hashlib.sha256
    return pl.Series([sha256(content).hexdigest() for content in joined.cast(pl.Binary).to_list()])


def _nobody_fills(texts: Texts) -> bool:
    return texts == NOTHING if isinstance(texts, str) else bool((texts == NOTHING).all())


def _lines(columns: Sequence[Texts], many: int) -> bytes:
    """Columns as lines, cells apart by tabs; nothing is quoted, since every cell is COPY text already."""
    merged = [_series(texts, many).alias(str(place)) for place, texts in enumerate(_merged(columns, "\t"))]
    frame: Any = pl.DataFrame(merged)
    buffer = io.BytesIO()
    frame.write_csv(buffer, include_header=False, separator="\t", quote_style="never")
    return buffer.getvalue()
