"""Relations between enterprises, and with the persons behind them (关联关系)."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import AboutEnterprise, Table


class Relation(AboutEnterprise, Table):
    """One relation (关联关系). A natural person is a keyed hash and a role: never a name, never a number."""

    __tablename__ = "relation"

    kind: Mapped[str]
    """股东, 法定代表人, 主要人员, 实际控制人, 对外投资, 分支机构, 隶属企业, 同一住所, 同一电话, 同一代办."""
    party_kind: Mapped[str]
    """企业 or 自然人."""
    other_code: Mapped[str | None] = mapped_column(index=True)
    """The other enterprise's code."""
    other_name: Mapped[str | None]
    """The other enterprise's name; NULL for a natural person."""
    person_key: Mapped[str | None] = mapped_column(index=True)
    """Equal keys are the same person; nothing else can be read from it."""
    other_key: Mapped[str]
    """Whichever of the three there is, for the natural key."""
    role: Mapped[str | None]
    share: Mapped[float | None]
    """持股比例, percent."""
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    """认缴出资额, 万元."""
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]
