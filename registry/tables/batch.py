"""Batches (归集批次) and their faults: what arrived, when, and what became of every row."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by

COUNTS = ("rows_read", "rows_valid", "rows_faulty", "rows_new", "rows_same", "rows_superseding")


class Batch(Table):
    """One file or pull (批次) and its ledger: read = valid + faulty; valid = new + same + superseding.

    An undo (撤销) is a batch of its own: `undoes` names the one whose effect it takes back.
    """

    __tablename__ = "batch"
    __table_args__ = written_by(
        "ingest", (*COUNTS, "state", "held_reason", "finished_at", "senders", "undone_by")
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    dataset: Mapped[str]
    file_name: Mapped[str]
    sha256: Mapped[str]
    profile: Mapped[str | None]
    source_office: Mapped[str | None]
    received_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    state: Mapped[str]
    """loading, loaded, held (layout not understood, or undone before), failed."""
    held_reason: Mapped[str | None]
    rows_read: Mapped[int] = mapped_column(server_default="0")
    rows_valid: Mapped[int] = mapped_column(server_default="0")
    rows_faulty: Mapped[int] = mapped_column(server_default="0")
    rows_new: Mapped[int] = mapped_column(server_default="0")
    rows_same: Mapped[int] = mapped_column(server_default="0")
    rows_superseding: Mapped[int] = mapped_column(server_default="0")
    senders: Mapped[dict[str, list[int]] | None] = mapped_column(JSONB)
    """Office that answers for the rows → [read, faulty, repeated]; data quality is reported by it."""
    headings: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """`file`: the file's headings in order, personal ones left out; `column`: our column → its heading."""
    undoes: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batch.id"), index=True)
    """The batch that this one takes back; None for a file."""
    undone_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batch.id"), index=True)
    """The batch that took this one back; of a file, None again once that was undone itself."""
    made_by: Mapped[str | None]
    """The person who undid; None for what arrived by itself."""
    reason: Mapped[str | None]
    """Why, in the person's words."""


class RowFault(Table):
    """One fault of one row (问题数据): where, a code, and a sentence to act on. Good rows go on."""

    __tablename__ = "row_fault"
    __table_args__ = written_by("ingest")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    row_no: Mapped[int]
    column: Mapped[str]
    code: Mapped[str]
    sentence: Mapped[str]
    raw: Mapped[dict[str, str]] = mapped_column(JSONB)
    """The row as it came, personal columns left out; the fault workbook is made of it."""
    natural_key: Mapped[str | None]
    """Of the record, where the row was good enough to tell: finds its correction later (更正时长)."""
    sender: Mapped[str | None]
    """The office that answers for the row, where it could be read."""
