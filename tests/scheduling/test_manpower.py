"""People and days for the allocation: patterns of open days, half-days that are left, who may assist where."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from scheduling.manpower import MOST_PATTERNS, Effort, find_patterns, find_rooms, pattern_counts
from scheduling.staff import Assistance, Officer, serves

DAYS = [date(2026, 10, 8) + timedelta(days=n) for n in range(4)]
EAST, WEST = "990101", "990102"


def officer(number: str, district: str | None = None, **changes: Any) -> Officer:
    """An officer of 消防 who is always there."""
    plain: dict[str, Any] = {
        "staff_no": number, "department": "消防", "district": district, "certificate_from": date(2020, 1, 1),
        "certificate_to": date(2030, 1, 1), "qualifications": frozenset(), "leave": frozenset(),
    }  # fmt: skip
    return Officer(**(plain | changes))


def bits(*texts: str) -> Any:
    """Rows of 0 and 1."""
    return np.array([[c == "1" for c in t] for t in texts], dtype=bool)


def test_patterns_tell_common_open_days_apart() -> None:
    found = find_patterns(bits("1111", "1111", "0011", "0011", "0011"))
    assert [list(d) for d in found.days.astype(int)] == [[0, 0, 1, 1], [1, 1, 1, 1]]
    assert list(found.of) == [1, 1, 0, 0, 0]


def test_a_rare_pattern_counts_as_the_smallest_that_contains_it() -> None:
    many = [f"{n:07b}" for n in range(1, 40)] + ["1111111"] * 50 + ["0000111"] * 40
    matrix = bits(*many)
    found = find_patterns(matrix)
    assert len(found.days) <= MOST_PATTERNS
    for row, number in zip(matrix, found.of, strict=True):
        assert not (row & ~found.days[number]).any(), "never promise a day that is closed"
        smaller = [d for d in found.days if d.sum() < found.days[number].sum()]
        assert all((row & ~d).any() for d in smaller)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_no_objects_or_no_days(shape: tuple[int, int]) -> None:
    found = find_patterns(np.zeros(shape, dtype=bool))
    assert len(found.of) == shape[0]


def test_rooms_count_present_certified_people_by_district() -> None:
    officers = [
        officer("A"),
        officer("B", EAST, leave=frozenset(DAYS[:2])),
        officer("C", EAST, certificate_to=DAYS[0]),
        officer("D", EAST),
        officer("E", EAST),
    ]
    patterns = find_patterns(bits("1111", "1111", "0011"))
    rule = Assistance(officers, 2, 2, True)
    rooms = find_rooms(officers, patterns, DAYS, Effort(2, 100, 0.0), {"消防": set()}, {EAST}, rule)
    by_days = {room.patterns: room for room in rooms}
    late, whole = by_days[frozenset({0})], by_days[frozenset({0, 1})]
    assert (late.anywhere, late.own) == (4, {EAST: 4 + 0 + 4 + 4})
    assert (whole.anywhere, whole.own) == (8, {EAST: 4 + 2 + 8 + 8})


def test_the_month_and_the_reserve_limit_what_a_person_gives() -> None:
    patterns = find_patterns(bits("1111"))
    rule = Assistance([officer("A")], 2, 2, False)
    (room,) = find_rooms([officer("A")], patterns, DAYS, Effort(2, 38, 0.2), {"消防": set()}, {EAST}, rule)
    assert Effort(2, 38, 0.2).most(DAYS[0], DAYS[-1]) == 5
    assert room.anywhere == pytest.approx(5 * 0.8)


def test_holders_have_a_room_of_their_own() -> None:
    officers = [officer("A", qualifications=frozenset({"Q"})), officer("B")]
    rule = Assistance(officers, 2, 2, False)
    rooms = find_rooms(
        officers, find_patterns(bits("1111")), DAYS, Effort(2, 100, 0), {"消防": {"Q"}}, {EAST}, rule
    )
    assert {room.qualification: room.anywhere for room in rooms} == {None: 16, "Q": 8}


def test_district_people_stay_at_home_unless_too_few() -> None:
    east = [officer(f"E{n}", EAST) for n in range(4)]
    west = [officer("W0", WEST)]
    rule = Assistance([*east, *west], team=2, choice=2, own_district=True)
    assert not serves(east[0], WEST, True)
    assert rule.may_go(east[0], WEST), "one person is no team"
    assert not rule.may_go(west[0], EAST), "four are twice a team"
    strong = Assistance([*east, *(officer(f"W{n}", WEST) for n in range(4))], 2, 2, True)
    assert not strong.may_go(east[0], WEST)
    assert Assistance([*east, *west], 2, 2, False).may_go(west[0], EAST)


def test_only_holders_assist_where_a_qualification_is_missing() -> None:
    holder = officer("H", EAST, qualifications=frozenset({"Q"}))
    plain = officer("P", EAST)
    west = [officer(f"W{n}", WEST) for n in range(4)]
    rule = Assistance([holder, plain, *west], 2, 2, True)
    assert rule.may_go(holder, WEST)
    assert not rule.may_go(plain, WEST)


def test_counts_of_patterns_by_stratum() -> None:
    import pandas as pd

    counts = pattern_counts(pd.Series(["A-1", "A-1", "B-1"]), np.array([0, 2, 2]), 3)
    assert counts == {"A-1": (1, 0, 1), "B-1": (0, 0, 1)}
