"""Paper that leaves the bureau (文书): notices, and the numbers they carry."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class Notice(Table):
    """An inspection notice (行政检查通知书), numbered 部门字号 + 类型 + 〔年〕 + 第 N 号, and what it said."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("door_code"),
        UniqueConstraint("visit_id", "kind"),
        written_by("report"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str]
    kind: Mapped[str]
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"), index=True)
    enterprise_code: Mapped[str] = mapped_column(index=True)
    door_code: Mapped[str]
    """Unguessable code that the enterprise checks at the door (入企码)."""
    content: Mapped[dict[str, object]] = mapped_column(JSONB)
    """Everything the notice said, so that it can be printed again word for word."""
    issued_on: Mapped[date]
    supersedes: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    """The notice of an earlier roster version that this one takes the place of (替代前发通知书)."""
    made_at: Mapped[datetime]


class NumberSequence(Table):
    """The next document number of an office, kind and year: gapless, taken under a row lock."""

    __tablename__ = "number_sequence"
    __table_args__ = written_by("report", ("last",))

    office: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
