"""Permits (行政许可), 双公示 field codes."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class Permit(AboutEnterprise, Table):
    """One permit decision (行政许可), domain.md 6.1; personal columns never enter."""

    __tablename__ = "permit"

    xk_wsh: Mapped[str]
    xk_xkws: Mapped[str]
    xk_xklb: Mapped[str]
    xk_xkzs: Mapped[str | None]
    xk_xkbh: Mapped[str | None]
    xk_nr: Mapped[str]
    xk_jdrq: Mapped[date]
    xk_yxqz: Mapped[date]
    xk_yxqzi: Mapped[date | None]
    """NULL is 长期 (2099-12-31, 9999-09-09 in files)."""
    xk_xkjg: Mapped[str]
    xk_xkjgdm: Mapped[str | None]
    xk_zt: Mapped[str]
    """1 有效, 2 无效."""
