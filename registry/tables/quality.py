"""Quality of data (数据质量): thresholds that were passed, and rows that said again what was already known."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class QualityAlert(Table):
    """A threshold passed (占比预警): once a month, dataset, office and measure, as it was when first noticed."""

    __tablename__ = "quality_alert"
    __table_args__ = (
        UniqueConstraint("month", "dataset", "office", "measure"),
        written_by("ingest"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    month: Mapped[date]
    """The first day of the month."""
    dataset: Mapped[str]
    office: Mapped[str]
    measure: Mapped[str]
    value: Mapped[float]
    threshold: Mapped[float]
    rows: Mapped[int]
    """How many rows, decisions or corrections the value is of."""
    rule: Mapped[str]
    basis: Mapped[str]
    as_of: Mapped[date]
    noticed_at: Mapped[datetime]


class RowRepeat(Table):
    """A row that repeats another (重复数据): of the same file, or of an earlier one. Nothing new came of it."""

    __tablename__ = "row_repeat"
    __table_args__ = written_by("ingest")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id"), index=True)
    row_no: Mapped[int]
    natural_key: Mapped[str]
    sender: Mapped[str]
    first_batch_id: Mapped[int] = mapped_column(BigInteger)
    first_row_no: Mapped[int]
