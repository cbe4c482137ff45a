"""Gradings (分类批次): what one grading rested on, frozen so that any past class can be computed again."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class Grading(Table):
    """One grading of a place: model, adoption, cut-offs, previous grading, rules, and the facts read."""

    __tablename__ = "grading"
    __table_args__ = written_by("risk")

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("feature_snapshot.id"), primary_key=True)
    model_run_id: Mapped[int] = mapped_column(ForeignKey("model_run.id"))
    model_hash: Mapped[str]
    adoption_id: Mapped[int] = mapped_column(ForeignKey("model_adoption.id"))
    previous_snapshot_id: Mapped[int | None] = mapped_column(ForeignKey("feature_snapshot.id"))
    cuts: Mapped[list[float]] = mapped_column(ARRAY(DOUBLE_PRECISION))
    facts: Mapped[dict[str, dict[str, object]]] = mapped_column(JSONB)
    """Table → rows read, the highest record id among them, and the hash of all their ids."""
    rules_version: Mapped[str] = mapped_column(ForeignKey("rules_edition.version"))
    made_at: Mapped[datetime]


class RulesEdition(Table):
    """The text of the rules that a grading used (规则版本), so that a later edit of a file changes no past class."""

    __tablename__ = "rules_edition"
    __table_args__ = written_by("risk")

    version: Mapped[str] = mapped_column(primary_key=True)
    texts: Mapped[dict[str, str]] = mapped_column(JSONB)
    """File name → its whole text."""
    kept_at: Mapped[datetime]
