"""Leads (线索核查): checks outside the draw, each with its source, reason and approval."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import Table, written_by


class Lead(Table):
    """One check that follows a lead (线索核查), never drawn. Acts are columns that fill once: propose, decide, close."""

    __tablename__ = "lead"
    __table_args__ = written_by(
        "schedule",
        (
            "state", "decided_by", "decided_at", "decision_note", "visited_on", "result_no", "closed_by", "closed_at",
            "close_note",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    """XS + region + date + sequence."""
    place: Mapped[str]
    source: Mapped[str]
    """转办交办, 投诉举报, 日常巡查, 数据监测, 依申请: the words of inspection_result.draw_type."""
    source_no: Mapped[str]
    """Number of the complaint, order or alert that it follows."""
    enterprise_code: Mapped[str] = mapped_column(index=True)
    department: Mapped[str]
    item_codes: Mapped[list[str]] = mapped_column(ARRAY(String))
    method: Mapped[str]
    """现场, 书面, 网络; only 现场 opens a door."""
    reason: Mapped[str]
    received_on: Mapped[date]
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str]
    """proposed, approved, refused, visited, withdrawn."""
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None]
    visited_on: Mapped[date | None]
    result_no: Mapped[str | None]
    """insp_no of the result, once it has one."""
    closed_by: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    close_note: Mapped[str | None]
