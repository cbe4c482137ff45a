"""Lists: abnormal operation (经营异常名录) and serious violation (严重违法失信名单)."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class AbnormalListing(AboutEnterprise, Table):
    """Entry on the abnormal list (经营异常名录), or the mark of an individual business (标记异常状态)."""

    __tablename__ = "abnormal_listing"

    specause: Mapped[str]
    """Cause 1–4 (domain.md 5.2), or 9 for another that a law names."""
    abntime: Mapped[date]
    decorg: Mapped[str]
    decno: Mapped[str | None]
    remexcpres: Mapped[str | None]
    remdate: Mapped[date | None]
    """移出日期; NULL while listed."""
    redecorg: Mapped[str | None]
    listing: Mapped[str | None]
    """经营异常名录 or 异常状态标记; NULL where neither the file nor the code tells."""
    removal: Mapped[str | None]
    """Why it ended, under one name for enterprises and individuals: 补报年度报告, 履行公示义务, 更正公示信息,
    变更住所登记, 重新取得联系; NULL while listed or for another reason (`remexcpres` has the words)."""


class SeriousViolation(AboutEnterprise, Table):
    """Entry on the list of serious violations (严重违法失信名单)."""

    __tablename__ = "serious_violation"

    serillrea: Mapped[str]
    abntime: Mapped[date]
    decorg: Mapped[str]
    decno: Mapped[str | None]
    remexcpres: Mapped[str | None]
    remdate: Mapped[date | None]
    redecorg: Mapped[str | None]
