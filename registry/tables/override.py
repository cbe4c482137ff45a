"""Overrides (人工调整): a class set by two people for a reason and a limited time. Internal."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class GradeOverride(Table):
    """A proposal to set an enterprise's class from one day to another; acts decide on it."""

    __tablename__ = "grade_override"
    __table_args__ = (Index("ix_grade_override_enterprise", "place", "enterprise_code"), written_by("risk"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    place: Mapped[str]
    enterprise_code: Mapped[str]
    credit_risk_class: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    """The last day; after it the class is what model and rules say, by itself."""
    reason: Mapped[str]
    basis: Mapped[str]
    by_appeal: Mapped[bool]
    """Made by an upheld appeal: the record behind a direct class was found wrong, so that class does not bind it."""
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]


class OverrideAct(Table):
    """What was done with a proposal: approved, rejected, withdrawn. Each at most once, nothing overwritten."""

    __tablename__ = "override_act"
    __table_args__ = (UniqueConstraint("override_id", "act"), written_by("risk"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    override_id: Mapped[int] = mapped_column(ForeignKey("grade_override.id"))
    act: Mapped[str]
    acted_by: Mapped[str]
    reason: Mapped[str]
    acted_at: Mapped[datetime]
