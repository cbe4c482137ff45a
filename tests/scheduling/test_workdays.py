"""Working days: 调休 both ways, overrides, and years nobody has announced."""

from __future__ import annotations

from datetime import date

import pytest

from scheduling.problem import Calendar, DayOverride
from scheduling.workdays import EstimatedYear, is_official, is_working, working_days

PLAIN = Calendar()


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 10, 1), False),  # National Day
        (date(2026, 10, 10), True),  # a Saturday that makes up for it
        (date(2026, 10, 11), False),
        (date(2026, 9, 20), True),  # a Sunday that makes up
        (date(2026, 10, 12), True),
    ],
)
def test_announced_days(day: date, works: bool) -> None:
    assert is_working(day, PLAIN) is works


def test_an_operator_overrides_a_day() -> None:
    storm = Calendar(overrides=(DayOverride(date(2026, 10, 12), working=False),))
    assert not is_working(date(2026, 10, 12), storm)
    assert date(2026, 10, 12) not in working_days(date(2026, 10, 8), date(2026, 10, 16), storm)


def test_an_unannounced_year_is_refused() -> None:
    assert not is_official(2027, PLAIN)
    with pytest.raises(EstimatedYear, match="2027"):
        working_days(date(2026, 12, 30), date(2027, 1, 5), PLAIN)


def test_a_guess_is_made_only_when_told() -> None:
    days = working_days(date(2027, 1, 4), date(2027, 1, 10), Calendar(allow_estimated=True))
    assert days == [date(2027, 1, d) for d in (4, 5, 6, 7, 8)]


def test_an_operators_year_is_official() -> None:
    table = Calendar(overrides=(DayOverride(date(2027, 1, 1), working=False),), official_years=(2027,))
    assert working_days(date(2027, 1, 1), date(2027, 1, 4), table) == [date(2027, 1, 4)]
