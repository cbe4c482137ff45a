"""Penalties (行政处罚), 双公示 field codes."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import AboutEnterprise, Table


class Penalty(AboutEnterprise, Table):
    """One penalty decision (行政处罚), domain.md 6.1. Credit repair (信用修复) is a later version."""

    __tablename__ = "penalty"

    cf_wsh: Mapped[str]
    cf_wfxw: Mapped[str]
    """违法行为类型."""
    violation_code: Mapped[str | None]
    """Normalised kind of violation, for 'same kind' tests (domain.md 4)."""
    cf_sy: Mapped[str]
    cf_yj: Mapped[str]
    cf_cflb: Mapped[str]
    cf_nr: Mapped[str]
    cf_nr_fk: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    """罚款金额, 万元."""
    cf_nr_wfff: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    cf_jdrq: Mapped[date]
    cf_gsjzq: Mapped[date | None]
    cf_cfjg: Mapped[str]
    cf_cfjgdm: Mapped[str | None]
    department: Mapped[str]
    repaired_on: Mapped[date | None]
    """信用修复: from this day the record no longer counts."""
