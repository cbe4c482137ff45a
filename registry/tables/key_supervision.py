"""The key supervision list (重点监管名单)."""

from datetime import date

from sqlalchemy.orm import Mapped

from registry.tables.declaration import AboutEnterprise, Table


class KeySupervision(AboutEnterprise, Table):
    """An enterprise under key supervision (重点监管) in one field, from when to when."""

    __tablename__ = "key_supervision"

    field: Mapped[str]
    """监管领域, e.g. 食品生产."""
    item_code: Mapped[str | None]
    reason: Mapped[str]
    basis: Mapped[str | None]
    listed_on: Mapped[date]
    removed_on: Mapped[date | None]
    organ: Mapped[str]
    frequency: Mapped[str | None]
