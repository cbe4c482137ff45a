"""Appeals (异议) against a class: what is disputed, the class computed again without it, and the decision. Internal."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class GradeAppeal(Table):
    """An appeal: the grade, the records disputed, and old and new side by side as computed when it was opened."""

    __tablename__ = "grade_appeal"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    grade_id: Mapped[int] = mapped_column(ForeignKey("grade.id"), index=True)
    place: Mapped[str]
    enterprise_code: Mapped[str] = mapped_column(index=True)
    disputed: Mapped[list[dict[str, object]]] = mapped_column(JSONB)
    """[{table, id, what, on}]."""
    comparison: Mapped[dict[str, object]] = mapped_column(JSONB)
    reason: Mapped[str]
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]


class AppealAct(Table):
    """A step of the decision: uphold or reject, proposed by one; approved by another. Each at most once."""

    __tablename__ = "appeal_act"
    __table_args__ = (UniqueConstraint("appeal_id", "act"), written_by("risk"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    appeal_id: Mapped[int] = mapped_column(ForeignKey("grade_appeal.id"))
    act: Mapped[str]
    """uphold or reject (the proposal of the decision), approved (by the second person)."""
    acted_by: Mapped[str]
    reason: Mapped[str]
    override_id: Mapped[int | None] = mapped_column(ForeignKey("grade_override.id"))
    acted_at: Mapped[datetime]
