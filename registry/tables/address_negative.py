"""Addresses that may not be registered, or only with care (住所负面清单)."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.declaration import Fact, Table


class AddressNegative(Fact, Table):
    """One address on the negative list (住所负面清单)."""

    __tablename__ = "address_negative"

    address: Mapped[str]
    address_key: Mapped[str] = mapped_column(index=True)
    """Half width, without blanks and punctuation: compare a registered address made alike."""
    division: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    organ: Mapped[str]
    listed_on: Mapped[date]
    removed_on: Mapped[date | None]
