"""无事不扰 without a database: the room that is left, and whose planned visits count, at the edges of the period."""

from datetime import date

import pandas as pd
import pytest

from scheduling.quota import HonestSet, disturbed_codes, remaining, undisturbed_ratio

SINCE, UNTIL = date(2026, 1, 1), date(2026, 9, 30)


def planned(*visits: tuple[str, date]) -> pd.DataFrame:
    """enterprise, day."""
    return pd.DataFrame(visits, columns=["enterprise_code", "day"])


def test_the_first_and_the_last_day_count() -> None:
    visits = planned(
        ("before", date(2025, 12, 31)),
        ("first", SINCE),
        ("last", UNTIL),
        ("after", date(2026, 10, 1)),
        ("stranger", UNTIL),
    )
    honest = frozenset({"before", "first", "last", "after"})
    assert disturbed_codes(visits, honest, SINCE, UNTIL) == {"first", "last"}


def test_several_visits_are_one_disturbed_enterprise() -> None:
    visits = planned(("one", SINCE), ("one", UNTIL))
    assert disturbed_codes(visits, frozenset({"one"}), SINCE, UNTIL) == {"one"}


def test_nobody_was_visited() -> None:
    assert disturbed_codes(planned(), frozenset({"one"}), SINCE, UNTIL) == frozenset()


@pytest.mark.parametrize(
    ("many", "before", "share", "room"),
    [(100, 0, 0.9, 10), (100, 7, 0.9, 3), (100, 12, 0.9, 0), (40, 1, 0.95, 1)],
)
def test_the_room_of_a_set_is_what_its_numbers_leave(many: int, before: int, share: float, room: int) -> None:
    codes = frozenset(map(str, range(many)))
    assert HonestSet(codes, frozenset(map(str, range(before))), share).room == room
    assert remaining(many, before, share) == room


def test_a_share_that_is_no_binary_number_is_not_rounded_against_anybody() -> None:
    """0.9 of 10 is 9.000000000000002 in some orders of arithmetic; nine stay in peace, one may be visited."""
    for share in (0.1, 0.2, 0.3, 0.6, 0.7, 0.9, 0.55):
        assert remaining(1000, 0, share) == 1000 - round(1000 * share)


def test_the_ratio_is_the_undisturbed_part() -> None:
    assert undisturbed_ratio(200, 50) == 0.75
    assert undisturbed_ratio(200, 0) == 1.0
    assert undisturbed_ratio(1, 1) == 0.0
    assert undisturbed_ratio(0, 0) == 1.0
