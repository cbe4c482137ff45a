"""Working days (工作日与调休).

Days off and make-up days are announced by the State Council late in the year before; `chinese_calendar`
carries the announced years, and an operator's table corrects or extends it. A year nobody announced is
*estimated*: weekends only. A formal roster refuses estimated years unless told otherwise, because a holiday
moved by 调休 would silently put visits on days off.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import chinese_calendar
from chinese_calendar.constants import holidays

from scheduling.problem import Calendar

_ANNOUNCED = {day.year for day in holidays}


class EstimatedYear(ValueError):
    """The calendar of a year is not official yet (年度放假安排尚未公布)."""

    def __init__(self, year: int):
        self.year = year
        super().__init__(
            f"{year} 年放假调休安排尚未收录,不能据以排定正式日程;"
            "请在工作日历表中补录该年安排,或明确允许按周末推算"
        )


def is_official(year: int, calendar: Calendar) -> bool:
    """Whether the year's days off are announced, in the package or by the operator's table."""
    return year in _ANNOUNCED or year in calendar.official_years


def is_working(day: date, calendar: Calendar) -> bool:
    """Whether people work on `day`. Raises `EstimatedYear` if its year is a guess and guessing is refused."""
    overrides = {o.day: o.working for o in calendar.overrides}
    return _is_working(day, calendar, overrides)


def _is_working(day: date, calendar: Calendar, overrides: dict[date, bool]) -> bool:
    if not is_official(day.year, calendar) and not calendar.allow_estimated:
        raise EstimatedYear(day.year)
    if day in overrides:
        return overrides[day]
    if day.year in _ANNOUNCED:
        return bool(chinese_calendar.is_workday(day))
    return day.weekday() < 5


def working_days(first: date, last: date, calendar: Calendar) -> list[date]:
    """Working days from `first` to `last`, both included. Raises `EstimatedYear` as `is_working` does."""
    overrides = {o.day: o.working for o in calendar.overrides}
    return [day for day in each_day(first, last) if _is_working(day, calendar, overrides)]


def each_day(first: date, last: date) -> Iterator[date]:
    """Calendar days from `first` to `last`, both included."""
    for n in range((last - first).days + 1):
        yield first + timedelta(days=n)
