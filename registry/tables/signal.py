"""Signals from courts, registers of security, tax and social insurance (司法、税务、社保信息)."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import AboutEnterprise, Table


class JudicialSignal(AboutEnterprise, Table):
    """One court case, freeze, pledge or mortgage (司法和担保信息); its end is a later version."""

    __tablename__ = "judicial_signal"

    kind: Mapped[str]
    """失信被执行人, 被执行人, 涉诉被告, 股权冻结, 股权出质, 动产抵押, 限制高消费, 破产."""
    case_no: Mapped[str]
    organ: Mapped[str]
    cause: Mapped[str | None]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    """万元."""
    happened_on: Mapped[date]
    valid_to: Mapped[date | None]
    ended_on: Mapped[date | None]
    state: Mapped[str]
    """有效, 解除 or 强制转让."""


class TaxSignal(AboutEnterprise, Table):
    """One finding of tax or social insurance for one period (税务和社保信息)."""

    __tablename__ = "tax_signal"

    kind: Mapped[str]
    """欠税, 非正常户, 纳税信用等级, 参保, 欠缴社保, 重大税收违法."""
    period: Mapped[str]
    """2025, 2025Q3 or 2025-09."""
    tax_grade: Mapped[str | None]
    """纳税信用等级 A, B, M, C, D: the tax bureau's, not our class."""
    amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    insured: Mapped[int | None]
    organ: Mapped[str]
    happened_on: Mapped[date]
    ended_on: Mapped[date | None]
