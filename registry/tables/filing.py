"""Filing and changes (备案与变更)."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class Filing(AboutEnterprise, Table):
    """One change or filing (变更/备案事项): ALTITEM, ALTDATE, ALTBE, ALTAF of domain.md 6.2."""

    __tablename__ = "filing"

    kind: Mapped[str]
    """变更 or 备案."""
    altitem: Mapped[str]
    altdate: Mapped[date]
    due_on: Mapped[date | None]
    altbe: Mapped[str | None]
    altaf: Mapped[str | None]
