"""Complaints and reports (投诉举报)."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class Complaint(AboutEnterprise, Table):
    """One 12315 complaint or report; nothing about the complainant ever enters."""

    __tablename__ = "complaint"

    complaint_no: Mapped[str]
    kind: Mapped[str]
    """投诉 or 举报."""
    received_on: Mapped[date]
    topic: Mapped[str]
    verified: Mapped[bool | None]
    """NULL until decided."""
    closed_on: Mapped[date | None]
