"""Manpower (检查力量) for the allocation: half-days of people on the days that quiet days and holidays leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scheduling.count_problem import Room
from scheduling.staff import Assistance, Officer

MOST_PATTERNS = 6
"""Open-day patterns that are told apart; a rarer one counts as the smallest of these that contains it."""
_DAYS_A_MONTH = 30.4
_WORKING_DAYS_A_MONTH = 21


@dataclass(frozen=True)
class Patterns:
    """Which sets of days objects can be visited on: `days` is bool pattern × day, `of` the pattern of each row."""

    days: NDArray[np.bool_]
    of: NDArray[np.int64]


@dataclass(frozen=True)
class Effort:
    """What one person gives to planned visits (工作量): half-days a day and a month, and the share kept back."""

    a_day: int
    a_month: float
    reserve: float

    def most(self, first: date, last: date) -> int:
        """Half-days in the window, whatever the number of open days."""
        return int(self.a_month * ((last - first).days + 1) / _DAYS_A_MONTH)

    @property
    def a_further_day(self) -> float:
        """Half-days of one person on one more working day: what the day holds and the month's share of it allows."""
        return min(self.a_day, self.a_month / _WORKING_DAYS_A_MONTH) * (1 - self.reserve)


def find_patterns(open_matrix: NDArray[np.bool_]) -> Patterns:
    """The commonest rows of bool object × day, at most MOST_PATTERNS with the all-embracing one, and who has which."""
    if not open_matrix.size:
        return Patterns(np.zeros((1, open_matrix.shape[1]), dtype=bool), np.zeros(len(open_matrix), np.int64))
    packed = np.packbits(open_matrix, axis=1)
    whole = np.ascontiguousarray(packed).view([("row", np.void, packed.shape[1])]).reshape(-1)
    _, first, which, counts = np.unique(whole, return_index=True, return_inverse=True, return_counts=True)
    distinct = open_matrix[first]
    common = np.argsort(-counts, kind="stable")[: MOST_PATTERNS - 1]
    kept = np.unique(np.vstack([distinct[common], distinct.any(axis=0)]), axis=0)
    kept = kept[np.argsort(kept.sum(axis=1), kind="stable")]
    contains = (~distinct[:, None, :] | kept[None, :, :]).all(axis=2)
    return Patterns(kept, contains.argmax(axis=1)[which.reshape(-1)])


def find_rooms(
    officers: Sequence[Officer],
    patterns: Patterns,
    days: Sequence[date],
    effort: Effort,
    needed: dict[str, set[str]],
    districts: Iterable[str],
    assistance: Assistance,
) -> tuple[Room, ...]:
    """Rooms of every department in `needed`, for all its people and for the holders of each qualification needed.

    Where people must assist in some of the `districts`, all of them count as serving anywhere.
    """
    rooms: list[Room] = []
    districts = sorted(districts)
    for department, qualifications in sorted(needed.items()):
        people = [officer for officer in officers if officer.department == department]
        for qualification in [None, *sorted(qualifications)]:
            able = [p for p in people if qualification is None or qualification in p.qualifications]
            shared = any(assistance.needed(department, qualification, district) for district in districts)
            bound = assistance.own_district and not shared
            rooms += _rooms(department, qualification, able, patterns, days, effort, bound)
    return tuple(rooms)


def _rooms(
    department: str,
    qualification: str | None,
    people: Sequence[Officer],
    patterns: Patterns,
    days: Sequence[date],
    effort: Effort,
    own_district: bool,
) -> Iterator[Room]:
    further, further_anywhere = _by_district(people, [effort.a_further_day] * len(people), own_district)
    for inside, union in _day_sets(patterns):
        given = [_half_days(person, union, days, effort) for person in people]
        own, anywhere = _by_district(people, given, own_district)
        yield Room(
            department, qualification, inside, _named(union, days), own, anywhere, further, further_anywhere
        )


def _by_district(
    people: Sequence[Officer], given: Sequence[float], own_district: bool
) -> tuple[dict[str, float], float]:
    """Half-days of those who serve their own district, by district, and of those who serve anywhere."""
    own: dict[str, float] = {}
    anywhere = 0.0
    for person, half_days in zip(people, given, strict=True):
        if person.district is None or not own_district:
            anywhere += half_days
        else:
            own[person.district] = own.get(person.district, 0.0) + half_days
    return own, anywhere


def _day_sets(patterns: Patterns) -> Iterator[tuple[frozenset[int], NDArray[np.bool_]]]:
    """Each union of patterns once, with all the patterns inside it."""
    seen: set[bytes] = set()
    numbers = range(len(patterns.days))
    for size in range(1, len(patterns.days) + 1):
        for chosen in combinations(numbers, size):
            union: NDArray[np.bool_] = np.logical_or.reduce(patterns.days[list(chosen)])
            if union.tobytes() in seen:
                continue
            seen.add(union.tobytes())
            inside = frozenset(n for n in numbers if not (patterns.days[n] & ~union).any())
            yield inside, union


def _half_days(person: Officer, union: NDArray[np.bool_], days: Sequence[date], effort: Effort) -> float:
    present = sum(1 for open_day, day in zip(union, days, strict=True) if open_day and person.works(day))
    share = 1.0 if not days else effort.most(days[0], days[-1])
    return min(present * effort.a_day, share) * (1 - effort.reserve)


def _named(union: NDArray[np.bool_], days: Sequence[date]) -> str:
    chosen = [day for day, open_day in zip(days, union, strict=True) if open_day]
    if not chosen:
        return "无可用工作日"
    return f"{chosen[0]:%m月%d日}至{chosen[-1]:%m月%d日}的 {len(chosen)} 个可用工作日"


def pattern_counts(strata: pd.Series, patterns: NDArray[np.int64], many: int) -> dict[str, tuple[int, ...]]:
    """Stratum → number of its objects with each pattern."""
    table = pd.crosstab(strata.to_numpy(), patterns).reindex(columns=range(many), fill_value=0)
    return {
        str(name): tuple(int(n) for n in row) for name, row in zip(table.index, table.to_numpy(), strict=True)
    }
