"""Working days (工作日): by the national calendar with its make-up days (调休); the day after a decision is day 1."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import chinese_calendar
import numpy as np
from chinese_calendar.constants import holidays

_ANNOUNCED = {day.year for day in holidays}


def is_working(day: date) -> bool:
    """Whether offices work on a day; years whose holidays are not announced count Monday to Friday."""
    return bool(chinese_calendar.is_workday(day)) if day.year in _ANNOUNCED else day.weekday() < 5


def working_days_until(first: date, last: date) -> list[int]:
    """For every day from `first` to `last`: how many working days had passed by its end since `first`.

    The difference of two counts is the number of working days after the earlier day, up to the later.
    """
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return np.cumsum([is_working(day) for day in days]).tolist()


def working_days_after(first: Sequence[date], last: Sequence[date]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Working days from the day after each `first` to its `last`, both included."""
    if not first:
        return np.zeros(0, dtype=np.int64)
    start = min(*first, *last)
    until = working_days_until(start, max(*first, *last))
    return np.array(
        [until[(b - start).days] - until[(a - start).days] for a, b in zip(first, last, strict=True)]
    )
