"""Sealing (封装): rows of values become COPY lines and content hashes, in this process or, of a large file, in a second one.

Imports nothing but COPY text and numpy, so that the second process is there in a moment.
"""

import hashlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingestion.copytext import NOTHING, column_texts, lines_of

BETWEEN = "\x1f"
LARGE = 16 << 20
"""Bytes of a file from which a second process pays."""
_LOOK_SECONDS = 2.0


@dataclass
class Rows:
    """Rows of one table as columns of values (待封装行)."""

    business: list[list[Any]]
    """In the order of the table; the content hash covers them."""
    keys: list[str]
    known_at: list[datetime]
    retracted: list[bool]
    row_no: list[int]
    dated: list[bool]
    sender: list[str | None]
    batch_id: int
    places: list[int] = field(default_factory=list)
    """Where each row stands among those of its table; known when it is handed in."""


@dataclass(frozen=True)
class Sealed:
    """Rows as COPY lines (封装行)."""

    lines: bytes
    """For the facts: natural key, hash, time known, whether withdrawn, batch, row number, the business columns."""
    slim: bytes
    """For the verdict: place, row number and what is compared. Empty where they are held back."""
    ranks: NDArray[np.int32] | None = None
    """The order of the natural keys."""
    held: Any = None
    """`ingestion.plain.held.HeldRows` where the lines for the verdict are held back."""


def seal(rows: Rows) -> Sealed:
    """Rows as COPY lines."""
    many = len(rows.keys)
    plain, written = zip(*map(column_texts, rows.business), strict=True)
    told = len(plain)
    while told and set(plain[told - 1]) == {NOTHING}:
        told -= 1  # columns at the end that nobody fills, which the hash leaves out
    joined = map(BETWEEN.join, zip(*plain[:told], strict=True)) if told else [""] * many
    hashes = list(map(content_hash, joined))
    keys, known_at, retracted, row_no, dated, sender = (
        column_texts(values)[1]
        for values in (rows.keys, rows.known_at, rows.retracted, rows.row_no, rows.dated, rows.sender)
    )
    batch, places = [str(rows.batch_id)] * many, list(map(str, rows.places))
    facts = lines_of([keys, hashes, known_at, retracted, batch, row_no, *written])
    slim = lines_of([places, row_no, keys, hashes, known_at, retracted, dated, sender])
    return Sealed(("\n".join(facts) + "\n").encode(), ("\n".join(slim) + "\n").encode())


def content_hash(joined: str) -> str:
    """SHA-256 of a row's business columns. Empty ones at the end do not count: a column that a later release adds,
    behind the others, leaves the hash of every row that does not fill it as it was."""
    told = joined.rstrip(BETWEEN + NOTHING) if joined.endswith(NOTHING) else joined
    return hashlib.sha256(told.encode()).hexdigest()


class Here(Executor):
    """Seals at once, in this process: a small file is done before a second one has started."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The result is there already."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def sealer_for(size: int) -> Executor:
    """Who seals the rows of a file of so many bytes. The second process ends with this one, however this one ends."""
    if size < LARGE or (os.cpu_count() or 1) < 2:
        return Here()
    return ProcessPoolExecutor(1, get_context("spawn"), initializer=leave_with, initargs=(os.getpid(),))


def leave_with(parent: int) -> None:
    """End this process when its parent is gone: after a SIGKILL nobody else tells it to."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
