"""Frequency caps of single items (事项频次上限): how often one item may be checked at one object, from the list's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5}
_NUMBER = r"(\d+|[一两二三四五])"
_BOUND = re.compile(r"不超过|不得超过|不多于|至多|最多|≤|<=|以内|^\s*=")
_TIMES = re.compile(rf"{_NUMBER}\s*次")
_BARE = re.compile(r"^\s*=\s*(\d+)\s*$")
_YEARS = re.compile(rf"每?\s*{_NUMBER}\s*年")


@dataclass(frozen=True)
class ItemCap:
    """At most `most` checks of the item at one object in `years` years (1: the calendar year; more: rolling)."""

    most: int
    years: int

    @property
    def sentence(self) -> str:
        """The cap in words."""
        return f"每年不超过 {self.most} 次" if self.years == 1 else f"每 {self.years} 年不超过 {self.most} 次"

    def counts_from(self, day: date) -> date:
        """The first day whose checks count towards a check on `day`."""
        if self.years == 1:
            return date(day.year, 1, 1)
        return _years_before(day, self.years)


def read_cap(frequency: str) -> ItemCap | None:
    """The upper bound that an item's 抽查频次 states; None where it states a least or a usual frequency.

    >>> read_cap("不超过2次/年"), read_cap("每2年不超过1次"), read_cap("=1")
    (ItemCap(most=2, years=1), ItemCap(most=1, years=2), ItemCap(most=1, years=1))
    >>> read_cap("1次/年"), read_cap(">=1"), read_cap("")
    (None, None, None)
    """
    if bare := _BARE.search(frequency):
        return ItemCap(int(bare[1]), 1)
    times = _TIMES.search(frequency)
    if times is None or not _BOUND.search(frequency):
        return None
    years = _YEARS.search(frequency)
    return ItemCap(_number(times[1]), _number(years[1]) if years else 1)


def item_caps(
    items: Iterable[Mapping[Any, Any]], by_words: Iterable[Mapping[str, Any]]
) -> dict[str, ItemCap]:
    """Item code → its strictest cap: the item's own words, or those of rule `caps.items` that its text contains.

    `items` carry item_code, item_name, object_scope, frequency; `by_words` carry words, most, years.
    """
    rules = [(str(rule["words"]), ItemCap(int(rule["most"]), int(rule["years"]))) for rule in by_words]
    caps: dict[str, ItemCap] = {}
    for item in items:
        text = f"{item['item_name']} {item['object_scope']}"
        found = [cap for words, cap in rules if words in text]
        own = read_cap(item["frequency"] or "")
        if own:
            found.append(own)
        if found:
            caps[item["item_code"]] = min(found, key=lambda cap: (cap.most / cap.years, cap.most))
    return caps


def _number(text: str) -> int:
    return _DIGITS.get(text) or int(text)


def _years_before(day: date, years: int) -> date:
    """The same day `years` ago; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
