"""What people enter at the doors: results of visits, cases, and decisions on proposals."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Identity, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class ResultSubmission(Table):
    """A result as the inspector entered it. `device_id` is made on the phone: a repeat has one effect."""

    __tablename__ = "result_submission"
    __table_args__ = (
        UniqueConstraint("device_id"),
        written_by("portal", ("state", "reviewed_by", "reviewed_at")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    device_id: Mapped[str]
    content_hash: Mapped[str]
    receipt_no: Mapped[str] = mapped_column(unique=True)
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    staff_no: Mapped[str]
    department: Mapped[str]
    inspected_on: Mapped[date]
    item_results: Mapped[dict[str, object]] = mapped_column(JSONB)
    """item code → {checked, result_code, note}."""
    state: Mapped[str]
    """待审核, 已公示, 审核退回."""
    submitted_at: Mapped[datetime]
    reviewed_by: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    """Of a published result: the day it became public."""


class WaiverCase(Table):
    """A case an officer puts to the waiver rules: the facts of domain.md 4.4's engine."""

    __tablename__ = "waiver_case"
    __table_args__ = written_by("portal")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    enterprise_code: Mapped[str] = mapped_column(index=True)
    item_code: Mapped[str]
    occurred_on: Mapped[date]
    goods_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    """货值, 元."""
    illegal_gain: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    duration_days: Mapped[int | None]
    corrected_on: Mapped[date | None]
    order_deadline: Mapped[date | None]
    harm: Mapped[bool | None]
    facts: Mapped[dict[str, object]] = mapped_column(JSONB)
    entered_by: Mapped[str]
    entered_at: Mapped[datetime]


class WaiverDecision(Table):
    """An officer's decision on a proposal; the second half of Art. 33 leaves it to a person."""

    __tablename__ = "waiver_decision"
    __table_args__ = (UniqueConstraint("proposal_id"), written_by("portal"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("waiver_proposal.id"))
    waived: Mapped[bool]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
