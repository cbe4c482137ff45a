"""Persons (经办人): when two names are one person's. Whatever needs a second person asks here."""

import unicodedata


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, as people tell names apart: width, case and blanks aside."""
    return _known_as(one) == _known_as(other)


def _known_as(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
