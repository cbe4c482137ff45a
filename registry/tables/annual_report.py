"""Annual reports (年度报告)."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class AnnualReport(AboutEnterprise, Table):
    """One year's report (年报); a corrected report (更正) is a later version."""

    __tablename__ = "annual_report"

    report_year: Mapped[int]
    submitted_on: Mapped[date]
    all_zero: Mapped[bool]
    """财务数据全零申报."""
    amended: Mapped[int]
    """How often corrected so far."""
    empnum: Mapped[int | None]
    insured: Mapped[int | None]
