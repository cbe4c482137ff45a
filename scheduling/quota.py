"""无事不扰: the honest set, the ledger of who was disturbed, and what the quota still allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, String, case, cast, literal, select, union_all

from registry.clock import end_of
from registry.facts import as_of, read_frame
from registry.tables import (
    AbnormalListing,
    InspectionResult,
    RosterVersion,
    SeriousViolation,
    Visit,
    VisitTask,
)
from registry.vocabulary import IN_BUSINESS
from scheduling.task_spec import ON_SITE

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


def disturbance_ledger(connection: Connection, day: date, since: date, unplanned: list[str]) -> pd.DataFrame:
    """Every on-site visit by any department known on `day`, from `since` on (入企台账).

    Columns: enterprise_code, day, department, planned. Results that came in, and visits of earlier checked
    rosters, whose day may lie ahead; a visit that has a result appears once for each department and day.
    `unplanned` are the sources that the quota and the caps do not count (投诉举报 …).
    """
    results = as_of(InspectionResult, day).subquery().c
    seen = select(
        results.enterprise_code,
        results.inspdate.label("day"),
        results.department,
        case((results.draw_type.in_(unplanned), False), else_=True).label("planned"),
    ).where(results.method == ON_SITE, results.inspdate >= since, results.inspdate <= day)
    rostered = (
        select(
            Visit.enterprise_code,
            Visit.visit_date.label("day"),
            cast(VisitTask.department, String).label("department"),
            literal(True).label("planned"),
        )
        .join(VisitTask, VisitTask.visit_id == Visit.id)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .where(
            RosterVersion.state == "checked",
            RosterVersion.made_at < end_of(day),
            Visit.visit_date >= since,
        )
    )
    ledger = read_frame(connection, select(*union_all(seen, rostered).subquery().c))
    return ledger.drop_duplicates(["enterprise_code", "day", "department"], ignore_index=True)


def disturbed_codes(ledger: pd.DataFrame, codes: frozenset[str], since: date, until: date) -> frozenset[str]:
    """Members of `codes` with a planned on-site visit from `since` to `until`, both included."""
    planned = ledger[ledger["planned"].astype(bool) & ledger["enterprise_code"].isin(codes)]
    days = planned["day"].map(lambda d: since <= d <= until).astype(bool)
    return frozenset(planned.loc[days, "enterprise_code"])
