"""Commitments (告知承诺) and the checks that follow them."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class Commitment(AboutEnterprise, Table):
    """One commitment (告知承诺): something was granted on the word of the enterprise."""

    __tablename__ = "commitment"

    commitment_no: Mapped[str]
    kind: Mapped[str]
    """许可告知承诺, 证明事项告知承诺, 容缺受理承诺, 信用承诺, 信用修复承诺, 住所承诺, 其他."""
    matter: Mapped[str]
    content: Mapped[str | None]
    committed_on: Mapped[date]
    due_on: Mapped[date | None]
    organ: Mapped[str]
    organ_code: Mapped[str | None]
    published: Mapped[bool | None]


class CommitmentCheck(AboutEnterprise, Table):
    """One check of a commitment (承诺核查、履约): 未履行 and 承诺不实 are breaches."""

    __tablename__ = "commitment_check"

    commitment_no: Mapped[str]
    checked_on: Mapped[date]
    outcome: Mapped[str]
    """已履行, 部分履行, 未履行, 承诺不实, 履行中."""
    facts: Mapped[str | None]
    measure: Mapped[str | None]
    mended_on: Mapped[date | None]
    organ: Mapped[str]
