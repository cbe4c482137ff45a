"""Penalties (行政处罚), 双公示 field codes."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import AboutEnterprise, Table


class Penalty(AboutEnterprise, Table):
    """One penalty decision (行政处罚), domain.md 6.1. Credit repair (信用修复) is a later version."""

    __tablename__ = "penalty"

    cf_wsh: Mapped[str]
    cf_wfxw: Mapped[str | None]
    """违法行为类型; NULL where the layout of 2015 had none."""
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
    sanctions: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    """处罚类别 one by one, in the words of the standard."""
    cf_nr_zkdx: Mapped[str | None]
    """暂扣或吊销证照名称及编号."""
    cf_yxq: Mapped[date | None]
    """处罚有效期; NULL is 长期."""
    counterpart: Mapped[str | None]
    """行政相对人类别: 法人及非法人组织 or 个体工商户; natural persons never enter."""
    cf_xdr_mc: Mapped[str | None]
    """The name that the decision bears."""
    cf_xdr_zzjg: Mapped[str | None]
    cf_xdr_swdj: Mapped[str | None]
    cf_xdr_sydw: Mapped[str | None]
    cf_xdr_shzz: Mapped[str | None]
    cf_sjly: Mapped[str | None]
    """数据来源单位: who sent the record, and answers for it."""
    cf_sjlydm: Mapped[str | None]
    bz: Mapped[str | None]
    layout: Mapped[str | None]
    """Which standard the row came in: 2018, or 2015 with fewer fields."""
    cf_cfmc: Mapped[str | None]
    """处罚名称 or 案件名称, in the layout of 2015 only; so are the four below."""
    cf_syfw: Mapped[str | None]
    cf_sxyzcd: Mapped[str | None]
    dfbm: Mapped[str | None]
    old_state: Mapped[str | None]
    """正常, 撤销, 异议, 其他."""
