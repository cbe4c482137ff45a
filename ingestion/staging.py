"""Staging (暂存): a whole file is seen before any fact is written.

What decides about a row (its key, times and content hash) waits in a temporary table, where the database compares
rows with one another and with the facts. The rows themselves wait in a spool beside it, already in COPY's text, so
that each is sent to the database once.
"""

import gc
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from ingestion.copytext import copy_text
from ingestion.faults import Fault
from ingestion.sealing import Here, Rows, Sealed, seal, sealer_for
from ingestion.spool import Spool, in_order
from registry.facts import table_named

if TYPE_CHECKING:
    from ingestion.plain.held import Held

VERSION = ("id", "natural_key", "content_hash", "known_at", "retracted", "batch_id", "row_no")
_SENT = 1 << 20
_SLIM = ("place", "row_no", "natural_key", "content_hash", "known_at", "retracted", "dated", "sender")


def business_columns(table: str) -> list[str]:
    """The columns of a fact table that its rows fill, without the version's own."""
    return [column.name for column in table_named(table).__table__.columns if column.name not in VERSION]


class Sheet(Protocol):
    """Rows of one table that are to be sealed (待封装行)."""

    places: Any

    @property
    def row_no(self) -> Any:
        """Row numbers, ascending."""


Seal = Callable[[Any], Sealed]
"""A sheet → its COPY lines."""
Kept = Callable[[], list[bytes]]
"""Waits until some rows are in their spool; gives the lines of theirs that are to be sent for the verdict."""


@dataclass
class Staging:
    """All that waits of one file (暂存区): a spool for each table that it feeds."""

    batch_id: int
    spools: dict[str, Spool]
    conflicts: list[int] = field(default_factory=list)
    """Row numbers that were taken out because their record has two contents at one time."""
    sealer: Executor = field(default_factory=Here)
    beside: Executor | None = None
    """A thread in which rows are sealed and spooled while the next are read, instead of `sealer`."""
    held: "Held | None" = None
    """Rows of the only table that a file feeds, where their lines for the verdict are held back until it has been read."""
    waiting: deque[tuple[str, Kept]] = field(default_factory=deque)
    """What is being sealed, in the order of the file."""

    def put(self, connection: Connection, table: str, sheets: Sequence[tuple[Seal, Sheet]]) -> None:
        """Hand in the next rows of a table, in one or more sheets whose rows may alternate, each with what seals it."""
        spool = self.spools[table]
        numbers = np.concatenate([np.asarray(sheet.row_no, np.int32) for _, sheet in sheets])
        order = np.argsort(numbers, kind="stable")
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(spool.rows, spool.rows + len(order))
        own = np.split(places, np.cumsum([len(sheet.row_no) for _, sheet in sheets])[:-1])
        for (_, sheet), stands in zip(sheets, own, strict=True):
            sheet.places = stands.tolist()
        spool.numbers.append(numbers[order])
        spool.rows += len(numbers)
        if self.beside:
            done = self.beside.submit(lambda: self._keep(spool, own, [act(sheet) for act, sheet in sheets]))
            self.waiting.append((table, done.result))
        else:
            sealed = [self.sealer.submit(act, sheet) for act, sheet in sheets]
            self.waiting.append((table, lambda: self._keep(spool, own, [each.result() for each in sealed])))
        self.finish(connection, but=len(self.spools))

    def _keep(self, spool: Spool, places: list[NDArray[np.int64]], sealed: list[Sealed]) -> list[bytes]:
        if len(sealed) == 1:
            spool.keep(sealed[0].lines, sealed[0].ranks)
        else:
            spool.keep(in_order(places, [each.lines for each in sealed]))
        if self.held is None:
            return [each.slim for each in sealed]
        self.held.keep([each.held for each in sealed], places)
        return []

    def finish(self, connection: Connection, but: int = 0) -> None:
        """Spool and COPY what has been sealed, all but the last so many."""
        while len(self.waiting) > but:
            table, kept = self.waiting.popleft()
            for slim in kept():
                copy_lines(connection, f"staging_{table}", _SLIM, slim)

    def release(self, connection: Connection, table: str) -> None:
        """Send the lines for the verdict that were held back, as far as one is needed; the caller holds the table."""
        if self.held is None:
            return
        alone = not knows_others(connection, table, self.batch_id)
        for slim in self.held.release(self.spools[table], alone):
            copy_lines(connection, f"staging_{table}", _SLIM, slim)

    def unsent(self) -> Mapping[str, int]:
        """Office → rows of which the database was told nothing for the verdict."""
        return self.held.senders if self.held else {}

    def close(self) -> None:
        """Forget the spools."""
        for executor in filter(None, (self.sealer, self.beside)):
            executor.shutdown(cancel_futures=True)
        for spool in self.spools.values():
            spool.close()


def first_and_last_batch(connection: Connection, table: str) -> tuple[int, int] | None:
    """The lowest and the highest batch that has rows in a table of facts; None where it is empty."""
    # The ends of an index, not EXISTS: right after a large load the planner would look through the whole table.
    first, last = connection.execute(text(f'SELECT min(batch_id), max(batch_id) FROM "{table}"')).one()
    return None if first is None else (first, last)


def knows_others(connection: Connection, table: str, batch_id: int) -> bool:
    """Whether a table of facts has rows of another batch."""
    return first_and_last_batch(connection, table) not in (None, (batch_id, batch_id))


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Let the collector of reference cycles run rarely: rows are millions of small objects and make no cycles.

    Measured: a fifth of the CPU of reading a file.
    """
    usual = gc.get_threshold()
    gc.set_threshold(500_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def make_staging(connection: Connection, tables: Sequence[str], batch_id: int, size: int = 0) -> Staging:
    """Empty temporary tables, one a fact table, one for faults and one for aliases, and empty spools.

    size: bytes of the file, which decide whether a second process helps.
    """
    for table in tables:
        connection.execute(text(f"DROP TABLE IF EXISTS staging_{table}"))
        connection.execute(
            text(
                f"CREATE TEMP TABLE staging_{table} (place int, row_no int, natural_key text, content_hash text,"
                " known_at timestamp, retracted boolean, dated boolean, sender text)"
            )
        )
    connection.execute(text("DROP TABLE IF EXISTS staging_fault, staging_alias"))
    connection.execute(
        text(
            'CREATE TEMP TABLE staging_fault (row_no int, "column" text, code text, sentence text, raw jsonb,'
            " natural_key text, sender text)"
        )
    )
    connection.execute(
        text(
            "CREATE TEMP TABLE staging_alias (kind text, alias text, enterprise_code text, known_at timestamp,"
            " row_no int)"
        )
    )
    return Staging(batch_id, {table: _spool(table) for table in tables}, sealer=sealer_for(size))


def _spool(table: str) -> Spool:
    columns = ["natural_key", "content_hash", "known_at", "retracted", "batch_id", "row_no"]
    return Spool(table, [*columns, *business_columns(table)])


def copy_lines(connection: Connection, target: str, columns: Sequence[str], lines: bytes) -> None:
    """COPY text into a table on the session's own connection."""
    names = ", ".join(f'"{name}"' for name in columns)
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with cursor, cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
        for start in range(
            0, len(lines), _SENT
        ):  # written at once, all of it would be in memory a second time
            copy.write(lines[start : start + _SENT])


def copy_rows(
    connection: Connection, target: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY a few rows of values into a temporary table."""
    lines = ["\t".join(map(copy_text, row)) for row in rows]
    if lines:
        copy_lines(connection, target, columns, ("\n".join(lines) + "\n").encode())


def natural_keys(rows: pd.DataFrame, key: Sequence[str]) -> list[str]:
    """The key columns of each row, joined; an empty part stays empty."""
    parts = [["" if part is None else str(part) for part in rows[name].tolist()] for name in key]
    return list(map("|".join, zip(*parts, strict=True)))


def stage_rows(
    connection: Connection, staging: Staging, table: str, rows: pd.DataFrame, key: Sequence[str]
) -> None:
    """Put good rows into the staging of a table; `staging.finish` makes sure that the last ones have arrived."""
    if not rows.empty:
        staging.put(connection, table, [(seal, sheet_of(staging, table, rows, key))])


def sheet_of(staging: Staging, table: str, rows: pd.DataFrame, key: Sequence[str]) -> Rows:
    """Good rows as `seal` takes them.

    rows carries row_no, known_at, retracted, dated, sender and every business column; the content hash covers the latter.
    """
    if not rows["row_no"].is_monotonic_increasing:
        rows = rows.sort_values("row_no", kind="stable")
    own = {name: rows[name].tolist() for name in ("known_at", "retracted", "row_no", "dated", "sender")}
    values = [rows[name].tolist() for name in business_columns(table)]
    return Rows(values, natural_keys(rows, key), batch_id=staging.batch_id, **own)


def stage_faults(connection: Connection, faults: Iterable[Fault], raw: dict[int, dict[str, str]],
                 keys: dict[int, str], senders: dict[int, str]) -> None:  # fmt: skip
    """Put faults, with their rows as they came, into staging."""
    texts = {row_no: json.dumps(cells, ensure_ascii=False) for row_no, cells in raw.items()}
    columns = ("row_no", "column", "code", "sentence", "raw", "natural_key", "sender")
    copy_rows(
        connection, "staging_fault", columns,
        (
            (f.row_no, f.column, f.code, f.sentence, texts.get(f.row_no, "{}"), keys.get(f.row_no),
             senders.get(f.row_no))
            for f in faults
        ),
    )  # fmt: skip


def stage_aliases(connection: Connection, rows: pd.DataFrame, names: list[list[str]]) -> None:
    """Put the numbers and names of registered enterprises into staging. `names` are comparison keys."""

    def aliases() -> Iterable[tuple[Any, ...]]:
        columns = (
            rows[n].tolist() for n in ("given_code", "given_regno", "enterprise_code", "known_at", "row_no")
        )
        for (code, regno, enterprise, known_at, row_no), keys in zip(
            zip(*columns, strict=True), names, strict=True
        ):
            for number in filter(None, (code, regno)):
                yield ("uniscid" if len(number) == 18 else "regno", number, enterprise, known_at, row_no)
            yield from (("name", key, enterprise, known_at, row_no) for key in keys)

    columns = ("kind", "alias", "enterprise_code", "known_at", "row_no")
    copy_rows(connection, "staging_alias", columns, aliases())
