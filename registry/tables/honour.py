"""Honours and certificates (荣誉和认证)."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class Honour(AboutEnterprise, Table):
    """One honour or certificate (荣誉、体系认证、自愿认证) and how long it holds."""

    __tablename__ = "honour"

    kind: Mapped[str]
    title: Mapped[str]
    certificate_no: Mapped[str | None]
    level: Mapped[str | None]
    issuer: Mapped[str]
    awarded_on: Mapped[date]
    valid_to: Mapped[date | None]
    """NULL is without end."""
    active: Mapped[bool]
