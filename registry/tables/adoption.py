"""Adoptions (模型启用): a trained model grades nobody before two people have decided that it shall."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Table, written_by


class ModelAdoption(Table):
    """A proposal that a model run with its cut-offs shall grade a place from a day on; acts decide on it."""

    __tablename__ = "model_adoption"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    model_run_id: Mapped[int] = mapped_column(ForeignKey("model_run.id"), index=True)
    place: Mapped[str]
    in_force_from: Mapped[date]
    reason: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]


class AdoptionAct(Table):
    """What a second person did with a proposal: approved, rejected, or later withdrawn. Each at most once."""

    __tablename__ = "adoption_act"
    __table_args__ = (UniqueConstraint("adoption_id", "act"), written_by("risk"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    adoption_id: Mapped[int] = mapped_column(ForeignKey("model_adoption.id"))
    act: Mapped[str]
    acted_by: Mapped[str]
    reason: Mapped[str]
    acted_at: Mapped[datetime]
