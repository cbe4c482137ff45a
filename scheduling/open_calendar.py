"""The open calendar (可入企日历): quiet-day rules of the region and by record, exemptions, working days, as known on a date."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from registry.facts import as_of, read_frame
from registry.rules import Rulebook
from registry.tables import QuietDayRecord
from scheduling.exemptions import approved_exemptions
from scheduling.problem import Calendar, DayOverride, Exemption, QuietRule
from scheduling.quiet import Matrix, ObjectFrame, open_days
from scheduling.workdays import working_days

_SELECTOR = {"park": "parks", "industry": "industries", "region": "regions"}
_SCALED = "规上"
_NAMED = 8
"""Hex digits of a recorded rule's name."""


@dataclass(frozen=True)
class OpenCalendar:
    """Everything that decides on which days a door may be opened."""

    as_of: date
    rules: tuple[QuietRule, ...]
    exemptions: tuple[Exemption, ...]
    calendar: Calendar

    def days(self, first: date, last: date) -> list[date]:
        """Working days of the window. Raises EstimatedYear for a year that nobody announced."""
        return working_days(first, last, self.calendar)

    def open(self, objects: pd.DataFrame, days: list[date], categories: tuple[str, ...]) -> Matrix:
        """Bool object × day for checks of these categories; `objects` are rows of candidates."""
        frame = ObjectFrame(
            *(
                objects[name].to_numpy(dtype=np.str_)
                for name in ("object_id", "district", "park", "scale", "industry")
            )
        )
        return open_days(frame, self.rules, days, self.exemptions, categories, self.as_of)


def read_calendar(
    connection: Connection, rulebook: Rulebook, place: str, day: date, objects: pd.DataFrame
) -> OpenCalendar:
    """Rules of rules/*.toml in force at the place, and the records of table quiet_day_rule known on the day."""

    def value(key: str) -> Any:
        return rulebook.value(key, place, day)

    regional = tuple(
        _regional(rule.key, rule.value, rule.basis) for rule in rulebook.in_force("quiet_day.", place, day)
    )
    premises: dict[str, list[str]] = defaultdict(list)
    for code, object_id in zip(objects["enterprise_code"], objects["object_id"], strict=True):
        premises[code].append(object_id)
    recorded = _recorded(read_frame(connection, as_of(QuietDayRecord, day)), premises)
    calendar = Calendar(
        tuple(DayOverride(**entry) for entry in value("calendar.overrides")),
        tuple(value("calendar.official_years")),
        bool(value("calendar.allow_estimated")),
    )
    exemptions = approved_exemptions(connection, rulebook, place, day, dict(premises))
    return OpenCalendar(day, (*regional, *recorded), exemptions, calendar)


def _regional(key: str, value: dict[str, Any], basis: str) -> QuietRule:
    """A rule of quiet_days.toml: the same names as QuietRule's fields."""
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
    plain["ranges"] = tuple((first, last) for first, last in value.get("ranges", []))
    return QuietRule(id=key, basis=basis, **plain)


def _recorded(records: pd.DataFrame, premises: dict[str, list[str]]) -> list[QuietRule]:
    """Records of one scope that say the same become one rule; an enterprise's record covers all its premises."""
    alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    rows: Iterable[Any] = records.sort_values("natural_key").itertuples()
    for row in rows:
        days, exempt = tuple(row.month_days or ()), tuple(row.exempt or ())
        said = (row.scope, days, _day(row.date_from), _day(row.date_to), exempt, row.basis)
        alike[said].append(row.scope_value)
    rules = [_rule(said, values, premises) for said, values in alike.items()]
    return [rule for rule in rules if rule.month_days or rule.ranges]


def _rule(said: tuple[Any, ...], values: list[str], premises: dict[str, list[str]]) -> QuietRule:
    """Days of the month hold from the first to the last date; without them the dates are the quiet days."""
    scope, month_days, first, last, exempt, basis = said
    selector: dict[str, Any] = {"scaled": {"scales": (_SCALED,)}}.get(scope, {})
    if scope == "enterprise":
        selector = {"object_ids": tuple(o for v in values for o in premises.get(v, [v]))}
    elif scope in _SELECTOR:
        selector = {_SELECTOR[scope]: tuple(values)}
    monthly = bool(month_days)
    # An exemption names its rule, so the name must not change when another record is added.
    name = hashlib.sha256(repr(said).encode()).hexdigest()[:_NAMED]
    return QuietRule(
        id=f"record-{name}",
        name="企业安静日（登记）",
        month_days=month_days,
        ranges=() if monthly or not (first and last) else ((first, last),),
        valid_from=first if monthly else None,
        valid_to=last if monthly else None,
        exempt_categories=exempt,
        basis=basis,
        **selector,
    )


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else value
