"""Enterprises (经营主体) and the other numbers and names they are known by."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import AboutEnterprise, Table, written_by


class Enterprise(AboutEnterprise, Table):
    """Registration (登记注册信息), fields of domain.md 6.2. One version each time the registry changes."""

    __tablename__ = "enterprise"

    uniscid: Mapped[str | None]
    regno: Mapped[str | None]
    entname: Mapped[str]
    entname_sort: Mapped[str]
    """Pinyin key: PostgreSQL without ICU cannot order Chinese."""
    enttype: Mapped[str]
    entkind: Mapped[str]
    """1 企业 · 2 农专社 · 3 个体户 · 4 外企代表机构 (domain.md 6.2)."""
    is_branch: Mapped[bool]
    regcap: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    """注册资本, 万元."""
    reccap: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    estdate: Mapped[date | None]
    opfrom: Mapped[date | None]
    opto: Mapped[date | None]
    """NULL is 长期."""
    regorg: Mapped[str]
    localadm: Mapped[str]
    """管辖单位: the office code that decides jurisdiction, never the digits of the code."""
    regstate: Mapped[str]
    """Normalised by text: 存续, 吊销, 注销, 撤销, 迁出, 歇业, 清算, 其他."""
    dom: Mapped[str]
    domdistrict: Mapped[str]
    opscope: Mapped[str]
    industryphy: Mapped[str]
    industryco: Mapped[str]
    empnum: Mapped[int | None]
    scaled: Mapped[bool] = mapped_column(server_default="false")
    """规上 (above designated size): quiet days and scope predicates use it."""
    park: Mapped[str | None]
    lerep: Mapped[str | None]
    tel_hash: Mapped[str | None]
    """SHA-256 of the telephone: enough to find shared ones, useless to call."""
    enttype_code: Mapped[str | None]
    """市场主体类型 as CA16 digits, where the file gave them."""
    parent_code: Mapped[str | None]
    """隶属企业: the code of the enterprise whose branch this is."""


class EnterpriseAlias(Table):
    """A number or name an enterprise is or was known by (曾用名、注册号): kind is uniscid, regno or name.

    It identifies as long as the batch that said it stands; said again after an undo, it is written again.
    """

    __tablename__ = "enterprise_alias"
    __table_args__ = (
        UniqueConstraint("kind", "alias", "enterprise_code", "batch_id"),
        Index(
            "ix_enterprise_alias_organisation",
            text("substr(alias, 9, 9)"),
            postgresql_where=text("kind = 'uniscid'"),
        ),
        written_by("ingest", ("known_at",)),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    alias: Mapped[str] = mapped_column(index=True)
    enterprise_code: Mapped[str] = mapped_column(index=True)
    known_at: Mapped[datetime]
    batch_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """The batch that said it; None is older than the record of it, and always counts."""


class Premises(AboutEnterprise, Table):
    """A place of business (经营场所). `premises_no` 1 is the registered one; an object is enterprise + premises."""

    __tablename__ = "premises"

    premises_no: Mapped[int]
    address: Mapped[str]
    domdistrict: Mapped[str]
    localadm: Mapped[str]
    cluster: Mapped[str]
    """街道 or park: the unit of travel on a visiting day."""
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
