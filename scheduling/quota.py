"""无事不扰: the honest set, who of it was disturbed, and what the quota still allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, select

from registry.facts import as_of
from registry.tables import AbnormalListing, SeriousViolation
from registry.vocabulary import IN_BUSINESS

_TINY = 1e-9


@dataclass(frozen=True)
class HonestSet:
    """The honest set frozen with a plan (诚信主体): who is in it, and who of them was already disturbed."""

    codes: frozenset[str]
    disturbed: frozenset[str]
    share: float

    @property
    def room(self) -> int:
        """How many more of them a planned on-site visit may still disturb."""
        return remaining(len(self.codes), len(self.disturbed), self.share)


def remaining(honest: int, disturbed: int, share: float) -> int:
    """Honest enterprises that may still be disturbed so that `share` of `honest` stay undisturbed; never < 0.

    >>> remaining(100_000, 0, 0.9499)
    5010
    """
    return max(0, honest - math.ceil(honest * share - _TINY) - disturbed)


def undisturbed_ratio(honest: int, disturbed: int) -> float:
    """无事不扰比例 R = 1 − |V| / |H| (domain.md 3.4); 1 where nobody is in the honest set.

    >>> undisturbed_ratio(100_000, 5_010)
    0.9499
    """
    return 1.0 if honest == 0 else (honest - disturbed) / honest


def honest_codes(
    connection: Connection,
    day: date,
    candidates: pd.DataFrame,
    classes: list[str],
    white_list: frozenset[str],
) -> frozenset[str]:
    """Enterprises of the honest classes or the white list, in business and on no list (诚信主体口径)."""
    listed = _listed(connection, day)
    in_business = candidates[candidates["regstate"].isin(IN_BUSINESS)]
    good = in_business["klass"].isin(classes) | in_business["enterprise_code"].isin(white_list)
    return frozenset(in_business.loc[good, "enterprise_code"]) - listed


def _listed(connection: Connection, day: date) -> frozenset[str]:
    """Codes on the abnormal or serious list on `day`."""
    found: set[str] = set()
    for table in (AbnormalListing, SeriousViolation):
        rows = as_of(table, day).subquery().c
        still = (rows.abntime <= day) & (rows.remdate.is_(None) | (rows.remdate > day))
        found |= set(connection.execute(select(rows.enterprise_code).where(still)).scalars())
    return frozenset(found)


def disturbed_codes(visits: pd.DataFrame, codes: frozenset[str], since: date, until: date) -> frozenset[str]:
    """Members of `codes` with one of the planned on-site `visits` from `since` to `until`, both included.

    `visits`: enterprise_code and day, as `scheduling.disturbance.planned_visits` gives them.
    """
    days = visits["day"].map(lambda day: since <= day <= until).astype(bool)
    return codes & frozenset(visits.loc[days, "enterprise_code"])
