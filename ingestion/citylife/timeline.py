"""Time in the city (时间): the five years told, working days, and how late the registry learns of things."""

from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
import numpy as np
from numpy.typing import NDArray

YEARS = 5
Dates = NDArray[np.datetime64]
NEVER = np.datetime64("NaT", "D")
"""An empty date."""
LATE_SHARE = 0.045
"""Share of records that reach the platform long after the event: 及时率 is below 100 % in every real bureau."""


@dataclass(frozen=True)
class Timeline:
    """`edges` are the six anniversaries from as_of − 5 years to as_of; `workdays` the days offices are open."""

    as_of: np.datetime64
    edges: Dates
    workdays: Dates

    @property
    def start(self) -> np.datetime64:
        """First day of the history."""
        return self.edges[0]

    def year(self, days: Dates) -> NDArray[np.int64]:
        """Year of the history, 0 to 4, in which each day falls."""
        return np.clip(np.searchsorted(self.edges, days, side="right") - 1, 0, YEARS - 1)

    def workday(self, days: Dates) -> Dates:
        """Each day, or the next day on which offices are open."""
        spot = np.searchsorted(self.workdays, days)
        return self.workdays[np.clip(spot, 0, len(self.workdays) - 1)]

    def after(self, days: Dates, count: NDArray[np.int64]) -> Dates:
        """The day `count` working days later."""
        spot = np.searchsorted(self.workdays, days, side="right") + count - 1
        return self.workdays[np.clip(spot, 0, len(self.workdays) - 1)]

    def learned(self, random: np.random.Generator, days: Dates, late: float = LATE_SHARE) -> Dates:
        """When the platform learned of events (数据更新时间): mostly 1–6 working days later, some far later."""
        count = 1 + random.binomial(5, 0.35, len(days))
        slow = random.random(len(days)) < late
        count = np.where(slow, random.integers(8, 40, len(days)), count)
        seconds = random.integers(8 * 3600, 19 * 3600, len(days))
        return self.after(days, count).astype("datetime64[s]") + seconds.astype("timedelta64[s]")


def unroll(as_of: date) -> Timeline:
    """The timeline that ends on a date."""
    edges = np.array(
        [*(_anniversary(as_of, back) for back in range(YEARS, 0, -1)), as_of], dtype="datetime64[D]"
    )
    first = _anniversary(as_of, 12)
    days = [first + timedelta(days=k) for k in range((as_of - first).days + 120)]
    return Timeline(
        np.datetime64(as_of), edges, np.array([d for d in days if _open(d)], dtype="datetime64[D]")
    )


def known_in_time(timeline: Timeline, known: Dates) -> NDArray[np.bool_]:
    """Which records had reached the platform by the end of `as_of`: the others are not in the files."""
    return known < (timeline.as_of + 1).astype("datetime64[s]")


def _anniversary(day: date, years: int) -> date:
    """The last day of the year that ended so many years before `day` did."""
    after = day + timedelta(days=1)
    if (after.month, after.day) == (2, 29):
        after += timedelta(days=1)
    return after.replace(year=after.year - years) - timedelta(days=1)


def _open(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5
