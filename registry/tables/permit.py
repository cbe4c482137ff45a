"""Permits (行政许可), 双公示 field codes."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class Permit(AboutEnterprise, Table):
    """One permit decision (行政许可), domain.md 6.1; personal columns never enter."""

    __tablename__ = "permit"

    xk_wsh: Mapped[str]
    xk_xkws: Mapped[str | None]
    """NULL where the layout of 2015 had no title."""
    xk_xklb: Mapped[str]
    xk_xkzs: Mapped[str | None]
    xk_xkbh: Mapped[str | None]
    xk_nr: Mapped[str]
    xk_jdrq: Mapped[date]
    xk_yxqz: Mapped[date | None]
    xk_yxqzi: Mapped[date | None]
    """NULL is 长期 (2099-12-31, 9999-09-09 in files)."""
    xk_xkjg: Mapped[str]
    xk_xkjgdm: Mapped[str | None]
    xk_zt: Mapped[str | None]
    """1 有效, 2 无效; NULL where the layout of 2015 said 其他."""
    counterpart: Mapped[str | None]
    """行政相对人类别: 法人及非法人组织 or 个体工商户; natural persons never enter."""
    xk_xdr_mc: Mapped[str | None]
    """The name that the decision bears."""
    xk_xdr_zzjg: Mapped[str | None]
    xk_xdr_swdj: Mapped[str | None]
    xk_xdr_sydw: Mapped[str | None]
    xk_xdr_shzz: Mapped[str | None]
    xk_lydw: Mapped[str | None]
    """数据来源单位: who sent the record, and answers for it."""
    xk_lydwdm: Mapped[str | None]
    bz: Mapped[str | None]
    layout: Mapped[str | None]
    """Which standard the row came in: 2018, or 2015 with fewer fields."""
    xk_xmmc: Mapped[str | None]
    """项目名称, in the layout of 2015 only; so are dfbm and old_state."""
    dfbm: Mapped[str | None]
    old_state: Mapped[str | None]
    """正常, 撤销, 异议, 其他."""
