"""Confirmations (重申): what a later row said again without changing anything."""

from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class Confirmation(Table):
    """The same content said again at a later time (重申): no new version, but not forgotten either.

    Files arrive late. If another content of a time in between comes in afterwards, the confirmation is what says
    that the first content was in force again; it then becomes a version of its own.
    """

    __tablename__ = "confirmation"
    __table_args__ = (
        Index("ix_confirmation_record", "fact_table", "natural_key"),
        written_by("ingest"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    fact_table: Mapped[str]
    natural_key: Mapped[str]
    known_at: Mapped[datetime]
    content_hash: Mapped[str] = mapped_column(String(64))
    retracted: Mapped[bool]
    batch_id: Mapped[int] = mapped_column(BigInteger, index=True)
