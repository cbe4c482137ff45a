"""What every table declares: who may write it, and the two times of a fact."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

WRITERS = ("wurao_ingest", "wurao_risk", "wurao_schedule", "wurao_report", "wurao_portal")
"""One database role a stage; the migration grants each table's writer, and nobody else, INSERT."""


class Table(DeclarativeBase):
    """Every table of the registry. Constraint names are fixed so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: String, datetime: DateTime(timezone=False)}


def written_by(stage: str, changes: tuple[str, ...] = ()) -> dict[str, Any]:
    """Options of a table that only `stage` writes; `changes` names the columns it may UPDATE.

    Everything else is append-only: what a person relied on is superseded, never overwritten.
    """
    role = f"wurao_{stage}"
    if role not in WRITERS:
        raise ValueError(f"no such stage: {stage}")
    return {"info": {"writer": role, "changes": changes}}


class Fact:
    """A fact with two times: when it was true (its own date columns) and when we learned it (`known_at`).

    Rows are versions. The version in force as of a date is, for each `natural_key`, the last one known by
    then; `retracted` marks a withdrawal (revoked penalty, credit repair of a record entered in error).
    `known_at` is Beijing time without zone. `content_hash` covers every business column.
    """

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-10)
    natural_key: Mapped[str] = mapped_column(sort_order=-9)
    content_hash: Mapped[str] = mapped_column(String(64), sort_order=-8)
    known_at: Mapped[datetime] = mapped_column(sort_order=-7)
    retracted: Mapped[bool] = mapped_column(default=False, server_default="false", sort_order=-6)
    batch_id: Mapped[int] = mapped_column(BigInteger, index=True, sort_order=-5)
    row_no: Mapped[int] = mapped_column(sort_order=-4)

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        from sqlalchemy import Index

        name = cls.__tablename__  # type: ignore[attr-defined]
        index = Index(f"ix_{name}_version", "natural_key", "known_at", "id")
        return (index, written_by("ingest"))


class AboutEnterprise(Fact):
    """A fact about one enterprise. `enterprise_code` is its 统一社会信用代码, or 15-digit number if it has none."""

    enterprise_code: Mapped[str] = mapped_column(index=True, sort_order=-3)
