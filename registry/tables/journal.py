"""The journal (审计日志): append-only and hash-chained."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table


class JournalRecord(Table):
    """Who did what, when, to what. Every stage may append; nobody may change (grant and trigger)."""

    __tablename__ = "journal"
    __table_args__ = {"info": {"writer": "every stage", "changes": ()}}

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    written_at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, object]] = mapped_column(JSONB)
    previous_hash: Mapped[str]
    hash: Mapped[str]
