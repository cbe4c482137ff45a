"""The lane of plain rows (规整行通道): a block of rows is cleaned, identified, checked and derived by whole columns.

It uses the same readers, checks and derivations as the long way, each asked once for a text or a combination of
texts. A row at which anything is odd is not judged here: it goes the long way, which also finds the words for what
is wrong. So this file decides nothing about a row but that nothing is wrong with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from sqlalchemy import Connection

from ingestion.checks import ItemSpans, row_checks
from ingestion.datasets.contract import Check, Column, Surroundings
from ingestion.identify import Directory, identify_rows
from ingestion.mapping import Layout
from ingestion.plain.blocks import Block
from ingestion.plain.columns import (
    NO_DAY,
    Book,
    Coded,
    Odd,
    Vocabulary,
    Whole,
    book_of,
    mostly_distinct,
    own_moments,
    own_texts,
)
from ingestion.plain.combined import Answer, Combination
from ingestion.plain.sheet import PlainSheet
from ingestion.staging import business_columns

IDENTITY = ("given_code", "given_regno")


def goes_plainly(layout: Layout) -> bool:
    """Whether rows of this layout can be judged by whole columns: everything about them says what it reads."""
    dataset = layout.dataset
    return (
        layout.feed is None
        and dataset.convert is None
        and not dataset.further
        and dataset.identity in ("must", None)
        and not dataset.has("entkind")
        and (dataset.derive is None or dataset.derive_reads is not None)
        and all(check.reads is not None for check in dataset.checks)
        and dataset.has("known_at")
        and dataset.has("retracted")
        and not any(column.kind == "choices" or column.sealed for column in dataset.columns)
    )


@dataclass(frozen=True)
class Cleaned:
    """A block whose columns have been read (已清洗的整块): what they hold, and which rows are odd so far."""

    block: Block
    columns: dict[str, Whole]
    odd: Odd


@dataclass
class Judged:
    """A block, judged (判定后的整块): its plain rows, ready to be sealed, and the others as they came."""

    plain: PlainSheet | None
    others: pd.DataFrame


class PlainLane:
    """What is kept from block to block of one file: the vocabulary of each column, and all answers so far."""

    def __init__(self, connection: Connection, layout: Layout, around: Surroundings, directory: Directory,
                 items: ItemSpans, batch_id: int) -> None:  # fmt: skip
        self.layout, self.dataset, self.around = layout, layout.dataset, around
        self.batch_id = batch_id
        self._columns = [c for c in self.dataset.columns if not c.personal]
        self._vocabularies = {c.name: Vocabulary(c) for c in self._columns}
        self._constants: dict[str, Book] = {}
        self._identity = Combination(
            IDENTITY, (*IDENTITY, "enterprise_code"), partial(self._identify, connection, directory)
        )
        self._checks = [
            Combination(check.reads or (), (), partial(self._check, check))
            for check in row_checks(self.dataset, items)
        ]
        self._derivation = self._derived()
        self._sender = self._sent_by()
        self._read_by_some = {
            *(name for check in self._checks for name in check.reads), *(self.dataset.derive_reads or ()),
            *IDENTITY, self.dataset.sender,
        }  # fmt: skip

    def clean(self, block: Block) -> Cleaned:
        """The columns of the block, read; may run in another thread than `judge`, ahead of it."""
        odd = np.zeros(len(block.columns), bool)
        columns: dict[str, Whole] = {}
        for column in self._columns:
            columns[column.name], strange = self._clean(column, block.columns)
            odd |= strange
        return Cleaned(block, columns, odd)

    def judge(self, cleaned: Cleaned) -> Judged:
        """Which rows of a block are plain, and what they become."""
        block, columns, odd = cleaned.block, dict(cleaned.columns), cleaned.odd.copy()
        blank = _blank(block.columns)
        odd |= self._missing(columns)
        for step in self._steps():
            made, strange = step.of(self._coded(columns, step.reads))
            columns |= made
            odd |= strange
        odd |= self._wrong_days(columns)
        for name, of in self.dataset.repeats.items():
            columns[name] = columns[of]
        others = self._as_they_came(block, np.flatnonzero(odd & ~blank))
        return Judged(self._sheet(block, columns, np.flatnonzero(~odd & ~blank)), others)

    def _steps(self) -> list[Combination]:
        first = [self._identity] if self.dataset.identity else []
        last = [step for step in (self._sender, self._derivation) if step]
        return [*first, *self._checks, *last]

    def _clean(self, column: Column, texts: pl.DataFrame) -> tuple[Whole, Odd]:
        heading = self.layout.heading.get(column.name)
        if heading is None:
            return self._constant(column.name, column.blank, len(texts)), np.zeros(len(texts), bool)
        series = texts[heading]
        if column.name not in self._read_by_some and mostly_distinct(series):
            if column.kind == "text" and not column.pattern:
                return own_texts(series, column)
            if column.kind == "datetime":
                return own_moments(series)
        coded = self._vocabularies[column.name].of(series)
        return coded, coded.odd()

    def _constant(self, name: str, value: Any, many: int) -> Coded:
        """One book a column, so that codes of it mean the same in every block."""
        return Coded(np.zeros(many, np.uint32), self._constants.setdefault(name, book_of(value)))

    def _coded(self, columns: Mapping[str, Whole], names: tuple[str, ...]) -> dict[str, Coded]:
        found = {name: columns[name] for name in names}
        if strange := [name for name, column in found.items() if not isinstance(column, Coded)]:
            raise TypeError(f"{self.dataset.name}: {strange} have no codes")
        return {name: column for name, column in found.items() if isinstance(column, Coded)}

    def _missing(self, columns: Mapping[str, Whole]) -> Odd:
        """Where a cell is empty that another column demands (条件必填)."""
        odd: Any = False
        for column in self.dataset.columns:
            if not column.required_if or column.name not in self.layout.heading:
                continue
            other, fragment = columns[column.required_if[0]], column.required_if[1]
            if isinstance(other, Coded):
                said = np.array([bool(v) and fragment in v for v in other.book.values], bool)
                demanded = said[other.codes]
            else:
                texts = other.texts()[0]
                assert isinstance(texts, pl.Series)
                demanded = texts.str.contains(fragment, literal=True).to_numpy()
            odd |= demanded & columns[column.name].missing()
        return odd

    def _identify(self, connection: Connection, directory: Directory, rows: pd.DataFrame) -> Answer:
        """Whose rows they are; a row that is known by its name only is odd."""
        rows["given_name"] = None
        named = rows["given_code"].isna() & rows["given_regno"].isna()
        faults = identify_rows(
            connection, self.dataset, rows, directory, self.around.foreign, self.layout.heading, set()
        )
        odd = named.to_numpy(bool) | rows["enterprise_code"].isna().to_numpy(bool)
        odd[[fault.row_no for fault in faults]] = True
        return {name: rows[name].tolist() for name in (*IDENTITY, "enterprise_code")}, odd.tolist()

    def _check(self, check: Check, rows: pd.DataFrame) -> Answer:
        odd = np.zeros(len(rows), bool)
        odd[[fault.row_no for fault in check.find(rows, self.layout.heading)]] = True
        return {}, odd.tolist()

    def _derived(self) -> Combination | None:
        derive, reads = self.dataset.derive, self.dataset.derive_reads
        if derive is None or reads is None:
            return None
        kept = set(business_columns(self.dataset.table)) | {"retracted"}
        makes = tuple(
            name
            for name in (*reads, *self.dataset.derived)
            if name in kept and name not in self.dataset.repeats
        )
        return Combination(reads, makes, partial(_derive, derive, makes, self.around))

    def _sent_by(self) -> Combination | None:
        """The office that answers for the row, by its code where the office tree knows it."""
        sender, offices = self.dataset.sender, self.around.offices
        if sender is None:
            return None

        def ask(rows: pd.DataFrame) -> Answer:
            said = rows[sender].tolist()
            return {"sender": [offices.get(s, s) for s in said]}, [False] * len(said)

        return Combination((sender,), ("sender",), ask)

    def _wrong_days(self, columns: Mapping[str, Whole]) -> Odd:
        """Dates that do not fit one another or the calendar (日期先后)."""
        received = self.around.received_at.date().toordinal()
        known = columns["known_at"].days()
        known = np.where(known == NO_DAY, received, known)
        odd = known > received
        if self.dataset.occurred:
            odd |= columns[self.dataset.occurred].days() > known
        for later, earlier in self.dataset.in_order:
            end, start = columns[later].days(), columns[earlier].days()
            odd |= (end < start) & (end != NO_DAY)
        return odd

    def _sheet(self, block: Block, columns: dict[str, Whole], rows: Any) -> PlainSheet | None:
        if not len(rows):
            return None
        dataset, many = self.dataset, len(block.columns)
        nothing = self._constant("", None, many)
        dated = ~columns["known_at"].missing()
        sender = columns.get("sender", nothing)
        known = columns["known_at"].texts()[1]
        if not dated.all():
            received = self.around.received_at.isoformat(" ")
            known = received if isinstance(known, str) else known.set(pl.Series(~dated), received)
        business = [columns.get(name, nothing) for name in business_columns(dataset.table)]
        sheet = PlainSheet(
            row_no=(rows + block.first).astype(np.int32), batch_id=self.batch_id,
            key=[columns[name].texts()[0] for name in dataset.key],
            business=[column.texts() for column in business],
            known_at=known, retracted=columns["retracted"].texts()[1], dated=dated, sender=sender.texts()[1],
        )  # fmt: skip
        return sheet if len(rows) == many else sheet.only(rows)

    def _as_they_came(self, block: Block, rows: Any) -> pd.DataFrame:
        """Rows for the long way, as `RawChunk` carries them."""
        cells = block.columns[rows] if len(rows) else block.columns.clear()
        made = {
            name: np.fromiter(cells[name].to_list(), object, count=len(rows))
            for name in block.columns.columns
        }
        index = pd.Index((rows + block.first).tolist(), dtype="int64")
        return pd.DataFrame(made, index=index, dtype=object)


def _blank(texts: pl.DataFrame) -> Odd:
    """Rows without a single filled cell are no rows (空行)."""
    blank = (texts.to_series(0) == "").to_numpy()
    if blank.any():
        blank = blank & texts.select(pl.all_horizontal(pl.all() == "")).to_series().to_numpy()
    return blank


def _derive(
    derive: Callable[..., None], makes: tuple[str, ...], around: Surroundings, rows: pd.DataFrame
) -> Answer:
    derive(rows, around)
    return {name: rows[name].tolist() for name in makes}, [False] * len(rows)
