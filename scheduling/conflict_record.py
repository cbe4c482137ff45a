"""A conflict of rules and its ways out (规定冲突与缓解办法): plain data, part of a roster's public file.

A proved conflict is a sum that anybody can add up: wherever the visits go, each takes at least so much of what
some days hold; together that is more than the days hold. scheduling/check_conflict.py adds it up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Prices:
    """What each way out costs (缓解办法的代价): policy of the place, not law. One unit is a visit a week later.

    `off_site` is one visit turned into a check in writing, times the visit's urgency, whatever a week is worth; `exemption_day` one
    quiet day opened by an approved exemption; `borrowed_person` one person lent at all and `borrowed_day` for each
    day; `later_week` one visit moved a week past its window; `shorter_spacing` one visit sooner than the spacing, never below
    `least_spacing_days` (null: never); `cluster_door` one more door a day in a park; `workload_visit` one more
    visit for everybody with a workload limit; `unpin` one pinned visit set free.
    """

    off_site: float = 12.0
    exemption_day: float = 6.0
    borrowed_person: float = 2.0
    borrowed_day: float = 1.0
    later_week: float = 1.0
    shorter_spacing: float = 4.0
    least_spacing_days: int | None = None
    cluster_door: float = 8.0
    workload_visit: float = 5.0
    unpin: float = 3.0
    longest_delay_days: int = 61

    def in_writing(self, urgency: int) -> float:
        """The price of a visit of this urgency in writing instead: the riskier the enterprise, the dearer."""
        return self.off_site * urgency


@dataclass(frozen=True)
class Supply:
    """What some days hold together (可用名额), counted `weight` times in the sum.

    `kind`: people (half-day seats of a department), workload (visits its people may make on these days), limited
    (visits of those who may make no more than `at_most` in the period, for seats that all others are too few for),
    cluster (doors a day in a park or street) or object (one visit by anyone in a stretch of days). `name` is the
    department, cluster or object; `seats` are the seat kinds counted, each the qualifications one person must
    hold joined by +, empty for any certified person. `half` is am or pm, empty for both. `holders`: how many people.
    """

    kind: str
    name: str
    days: tuple[date, ...]
    holds: int
    weight: int = 1
    seats: tuple[str, ...] = ()
    half: str = ""
    holders: int = 0
    at_most: int | None = None


@dataclass(frozen=True)
class Claim:
    """A visit in conflict (冲突中的检查): its checks, and the least it takes of the supplies wherever it goes."""

    object_id: str
    checks: tuple[str, ...]
    least: int


@dataclass(frozen=True)
class Measure:
    """One thing to decide (一项措施) and how much of it.

    `kind`: off_site, exemption, borrow, window, spacing, cluster_cap, workload or unpin. `checks` and `days` say
    which checks and days it concerns; `lender` is the department that lends, empty for one from outside.
    """

    kind: str
    amount: int
    unit: str
    sentence: str
    price: float
    checks: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    department: str = ""
    lender: str = ""
    qualifications: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """Measures that together place what the conflict leaves out (缓解方案), tried by planning again.

    `placed` visits of the conflict that had no date got one, or need none, when the measures were tried.
    """

    measures: tuple[Measure, ...]
    price: float
    sentence: str
    placed: int


@dataclass(frozen=True)
class Conflict:
    """A smallest set of rules that cannot hold together for these visits (规定冲突), with its priced remedies.

    `proved`: no plan can place all of `visits`; at least `missing` stay out. Then either a rule alone says so, or
    `demand`, the sum of the visits' `least`, exceeds `supply`, the sum of weight times holds. Not proved means
    that the search found no place and no sum shows there is none.
    """

    rules: tuple[str, ...]
    sentence: str
    proved: bool
    visits: tuple[Claim, ...]
    missing: int
    left_out: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    supplies: tuple[Supply, ...] = ()
    demand: int = 0
    supply: int = 0
    remedies: tuple[Remedy, ...] = ()
