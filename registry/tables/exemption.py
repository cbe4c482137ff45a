"""Exemptions from quiet days (安静日豁免): proposed by one person, decided by another, revocable, never overwritten."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Identity
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class QuietDayExemption(Table):
    """One exemption (安静日豁免记录). Acts are columns that fill once: propose, decide, revoke.

    An empty `rule_id` means every quiet-day rule, an empty `enterprise_code` every enterprise.
    """

    __tablename__ = "quiet_day_exemption"
    __table_args__ = written_by(
        "schedule",
        ("state", "decided_by", "decided_at", "decision_note", "revoked_by", "revoked_at", "revoke_reason"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    """HM + region + date + sequence."""
    place: Mapped[str]
    category: Mapped[str]
    """Of registry.vocabulary.EXEMPT_CATEGORIES."""
    rule_id: Mapped[str]
    enterprise_code: Mapped[str]
    department: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str]
    basis: Mapped[str]
    state: Mapped[str]
    """proposed, approved, refused, revoked."""
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None]
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]
