"""Spools (暂存行): finished COPY lines wait in files beside the database, so that each is sent to it once."""

import os
import tempfile
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

IN_MEMORY = 8 << 20
Piece = TypeVar("Piece")


def _file() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="wurao-spool-")  # closed by `close`


@dataclass
class Spool:
    """The staged rows of one table (暂存行): COPY lines in a file, and the row numbers they belong to, ascending."""

    table: str
    columns: list[str]
    """What a line holds, in order."""
    file: IO[bytes] = field(default_factory=_file)
    numbers: list[NDArray[np.int32]] = field(default_factory=list)
    lengths: list[NDArray[np.int32]] = field(default_factory=list)
    """Bytes of every line, its end included."""
    ranks: list[NDArray[np.int32]] = field(default_factory=list)
    """In which order lines are best sent: neighbours in it are neighbours in the index of the natural key."""
    rows: int = 0
    taken: int = 0

    def row_numbers(self) -> NDArray[np.int32]:
        """The row number of every line."""
        return np.concatenate([np.zeros(0, np.int32), *self.numbers])

    def keep(self, lines: bytes, ranks: NDArray[np.int32] | None = None) -> None:
        """Put finished lines behind the others. ranks: their order among themselves, 0, 1, …"""
        lengths = line_lengths(lines)
        before = sum(map(len, self.ranks))
        self.file.write(lines)
        self.lengths.append(lengths)
        self.ranks.append(
            (np.arange(len(lengths)) if ranks is None else ranks).astype(np.int32) + np.int32(before)
        )

    def rewind(self) -> None:
        """Go to the first line."""
        self.file.seek(0)
        self.lengths, self.taken = [np.concatenate([np.zeros(0, np.int32), *self.lengths])], 0
        self.ranks = [np.concatenate([np.zeros(0, np.int32), *self.ranks])]

    def skip(self, many: int) -> None:
        """Pass over the next lines unread."""
        passed = self.lengths[0][self.taken : self.taken + many]
        self.taken += len(passed)
        self.file.seek(int(passed.sum(dtype=np.int64)), os.SEEK_CUR)

    def take(self, many: int) -> "Lines":
        """The next lines."""
        part = slice(self.taken, self.taken + many)
        lengths = self.lengths[0][part]
        self.taken += len(lengths)
        return Lines(self.file.read(int(lengths.sum())), lengths, self.ranks[0][part])

    def close(self) -> None:
        """Forget it."""
        self.file.close()


@dataclass(frozen=True)
class Lines:
    """COPY lines in a row (COPY 行), and how long each of them is."""

    content: bytes
    lengths: NDArray[np.int32]
    ranks: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def only(self, wanted: NDArray[np.bool_]) -> bytes:
        """Some of them, in the order in which they are best sent."""
        if wanted.all() and (np.diff(self.ranks) > 0).all():
            return self.content
        each, order = (
            self.each(),
            np.argsort(self.ranks, kind="stable") if len(self.ranks) else np.arange(len(wanted)),
        )
        return b"".join(each[place] for place in order[wanted[order]].tolist())

    def each(self) -> list[memoryview]:
        """Line by line."""
        content, ends = memoryview(self.content), np.cumsum(self.lengths, dtype=np.int64)
        return [content[a:b] for a, b in zip((ends - self.lengths).tolist(), ends.tolist(), strict=True)]


def line_lengths(lines: bytes) -> NDArray[np.int32]:
    """Bytes of each line, its end included; COPY text has no other line breaks."""
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n"))
    return np.diff(ends, prepend=-1).astype(np.int32)


def in_order(places: Sequence[NDArray[np.int64]], sheets: Sequence[bytes]) -> bytes:
    """The lines of several sheets as they stand in the file."""
    lines = [line for sheet in sheets for line in Lines(sheet, line_lengths(sheet)).each()]
    return b"".join(lines[place] for place in np.argsort(np.concatenate(places)).tolist())


def ahead(pieces: Iterator[Piece]) -> Generator[Piece]:
    """The same pieces, of which the next is read while one is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = reader.submit(next, pieces, None)
            yield piece
