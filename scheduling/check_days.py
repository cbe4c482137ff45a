"""The checker's calendar (工作日历校核): judged here again, straight from the announcements and the operator's corrections."""

from __future__ import annotations

from datetime import date

import chinese_calendar
from chinese_calendar.constants import holidays

from scheduling.problem import Problem


def works(day: date, problem: Problem) -> bool | None:
    """Working day or not; None where the year is a guess and guessing is not allowed."""
    for override in problem.calendar.overrides:
        if override.day == day:
            return override.working
    if any(h.year == day.year for h in holidays):
        return bool(chinese_calendar.is_workday(day))
    if day.year in problem.calendar.official_years or problem.calendar.allow_estimated:
        return day.weekday() <= 4
    return None
