"""Blocks (整块读取): a CSV file in pieces of whole rows, each read by a compiled reader.

Python's csv decides what a row is. A block is only read otherwise where both readers must agree: quotes open and
close cells, every row has a cell for each heading, and no line is blank. That is found out from the bytes themselves.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingestion.encoding import Look

BLOCK = 4 << 20
"""Bytes read at a time: some six thousand rows, so that a few of them in memory are no burden."""
LONGEST_HEAD = 1 << 20
"""Bytes of a title above the headings in which quotes are looked for."""
LONGEST_ROW = 100_000
"""Bytes of a row that may hold a cell beyond the limit; it is read the long way, which tells."""
READ_PLAINLY = ("utf-8", "utf-8-sig", "gb18030")
"""Encodings in which a line break, a quote and a comma are one byte that is part of no other character."""

_OTHER_FORMATS = (b"x", b"\x1f", b"\xef\xbb\xbf")
"""How compressed data begin, and a byte order mark: polars would unpack the one and leave out the other."""
_QUOTE, _BREAK, _RETURN = ord('"'), ord("\n"), ord("\r")


@dataclass(frozen=True)
class Block:
    """Rows of a file as columns of text (规整行块), under the file's headings, and the number of the first."""

    columns: pl.DataFrame
    first: int


@dataclass(frozen=True)
class Uneven:
    """Rows that need Python's csv (待逐行读取), as cells, and the number of the first."""

    rows: list[list[str]]
    first: int


@dataclass(frozen=True)
class Rest:
    """From this row and byte on the file is not cut into blocks any more: where its quotes end cannot be told."""

    offset: int
    first: int


def readable_in_blocks(look: Look, separator: str) -> bool:
    """Whether the bytes of such a file can be cut into rows without decoding them."""
    return look.plain and look.spotless and look.encoding in READ_PLAINLY and separator.isascii()


def after_rows(path: Path, look: Look, separator: str, many: int) -> int | None:
    """The byte after the first `many` rows; None where Python's csv would not end a row there."""
    head = b""
    with path.open("rb") as file:
        for _ in range(many):
            head += file.readline(LONGEST_ROW)
            while head.count(b'"') % 2 and len(head) < LONGEST_HEAD and (more := file.readline(LONGEST_ROW)):
                head += more
    rows = csv.reader(io.StringIO(head.decode(look.encoding), newline=""), delimiter=separator)
    return len(head) if head.endswith(b"\n") and sum(1 for _ in rows) == many else None


def read_blocks(
    path: Path, look: Look, separator: str, headings: Sequence[str], offset: int, first: int
) -> Iterator[Block | Uneven | Rest]:
    """The rows from a byte on, the first of which has the number `first`. A `Rest` is the last thing that comes."""
    with path.open("rb") as file:
        for start, whole in _pieces(file, offset):
            text = whole if look.encoding != "gb18030" else whole.decode("gb18030").encode()
            shape = _shape(text, separator, len(headings)) if whole else None
            if shape is None:
                yield Rest(start, first)
                return
            if shape.even:
                block = Block(_parse(text, separator, headings, shape.quoted), first)
                yield block
                first += len(block.columns)
            else:
                rows = list(csv.reader(io.StringIO(text.decode(), newline=""), delimiter=separator))
                yield Uneven(rows, first)
                first += len(rows)


def rows_from(path: Path, look: Look, separator: str, rest: Rest) -> Iterator[list[str]]:
    """The rows of a `Rest`, by Python's csv."""
    with path.open("rb") as file:
        file.seek(rest.offset)
        text = io.TextIOWrapper(file, look.encoding.removesuffix("-sig"), newline="")
        yield from csv.reader(text, delimiter=separator)


def _pieces(file: IO[bytes], offset: int) -> Iterator[tuple[int, bytes]]:
    """(offset, whole rows) in turn; nothing, where no row ends for long. One ends at a line break before which quotes
    are paired."""
    size = BLOCK
    while held := _at(file, offset, size):
        if cut := _last_end(held):
            yield offset, held[:cut]
            offset, size = offset + cut, BLOCK
        elif len(held) < size:  # the end of the file
            yield offset, held
            return
        elif size > 8 * BLOCK:
            yield offset, b""
            return
        else:
            size += BLOCK


def _at(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _last_end(held: bytes) -> int:
    """The byte after the last row that ends in these; 0 where none does."""
    cut = held.rfind(b"\n") + 1
    quotes = held.count(b'"', 0, cut)
    while cut and quotes % 2:
        before = held.rfind(b"\n", 0, cut - 1) + 1
        quotes -= held.count(b'"', before, cut)
        cut = before
    return cut


@dataclass(frozen=True)
class _Shape:
    """How a block is built: whether every row has a cell for each heading, and whether there are quotes."""

    even: bool
    quoted: bool


def _shape(text: bytes, separator: str, width: int) -> _Shape | None:
    """None where a quote stands elsewhere than around a cell."""
    data = np.frombuffer(text, np.uint8)
    returns = int(np.count_nonzero(data == _RETURN))
    quotes = np.flatnonzero(data == _QUOTE) if b'"' in text else np.zeros(0, np.int64)
    if len(quotes) and not _around_cells(data, quotes, ord(separator)):
        return None
    breaks, between = np.flatnonzero(data == _BREAK), np.flatnonzero(data == ord(separator))
    stray = returns != np.count_nonzero(data[breaks[breaks > 0] - 1] == _RETURN)
    if len(quotes):
        breaks, between = breaks[_outside(breaks, quotes)], between[_outside(between, quotes)]
    if not len(breaks) or breaks[-1] != len(data) - 1:
        breaks = np.append(breaks, len(data))
    counts = np.diff(np.searchsorted(between, breaks), prepend=0)
    lengths = np.diff(breaks, prepend=-1)
    even = (
        b"\0" not in text
        and not stray
        and not (returns and len(quotes))
        and width > 1
        and not text.startswith(_OTHER_FORMATS)
        and bool((counts == width - 1).all())
        and int(lengths.max()) <= LONGEST_ROW
    )
    return _Shape(even, bool(len(quotes)))


def _outside(places: NDArray[np.int64], quotes: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.searchsorted(quotes, places) % 2 == 0


def _around_cells(data: NDArray[np.uint8], quotes: NDArray[np.int64], separator: int) -> bool:
    """Whether each first quote of a pair begins a cell, or goes on after a doubled one, and each second ends one."""
    if len(quotes) % 2:
        return False
    before = np.where(quotes[::2] > 0, data[quotes[::2] - 1], _BREAK)
    after = np.where(quotes[1::2] + 1 < len(data), data[np.minimum(quotes[1::2] + 1, len(data) - 1)], _BREAK)
    begins = (before == separator) | (before == _BREAK) | (before == _QUOTE)
    ends = (after == separator) | (after == _BREAK) | (after == _RETURN) | (after == _QUOTE)
    return bool(begins.all() and ends.all())


def _parse(text: bytes, separator: str, headings: Sequence[str], quoted: bool) -> pl.DataFrame:
    return pl.read_csv(
        text, has_header=False, schema=dict.fromkeys(headings, pl.String), separator=separator,
        quote_char='"' if quoted else None, empty_string_is_null=False, infer_schema=False,
    )  # fmt: skip
