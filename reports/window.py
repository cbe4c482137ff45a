"""The days of a window (检查窗口日历): working days, quiet days and visits, read from a roster's published problem.

The problem's JSON (wurao-problem-1) carries every quiet-day rule and object, so the picture shows what the
roster was made under, not today's rules.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import chinese_calendar

from reports.roster import RosterView


@dataclass(frozen=True)
class WindowDay:
    """One day: whether people work, the share of the roster's objects for whom it is quiet, and its visits."""

    day: date
    working: bool
    quiet_share: float
    visits: int


def read_window(view: RosterView) -> list[WindowDay]:
    """Every day of the plan's window, whole weeks, with the visits that fall on it."""
    problem = json.loads(view.roster["problem"])
    placed = Counter(visit.day for visit in view.visits)
    overrides = {o["day"]: o["working"] for o in problem.get("calendar", {}).get("overrides", [])}
    first, last = view.plan["window_from"], view.plan["window_to"]
    return [
        WindowDay(day, _works(day, overrides), _quiet_share(problem, day), placed[day])
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
    ]


def _works(day: date, overrides: Mapping[str, bool]) -> bool:
    if day.isoformat() in overrides:
        return overrides[day.isoformat()]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # a year whose holidays nobody has announced yet
        return day.weekday() < 5


def _quiet_share(problem: Mapping[str, Any], day: date) -> float:
    rules = [rule for rule in problem.get("quiet_rules", []) if _covers(rule, day)]
    objects = problem.get("objects", [])
    quiet = sum(any(_applies(rule, thing) for rule in rules) for thing in objects) if rules else 0
    return quiet / len(objects) if objects else 0.0


def _covers(rule: Mapping[str, Any], day: date) -> bool:
    text = day.isoformat()
    if (rule.get("valid_from") or text) > text or (rule.get("valid_to") or text) < text:
        return False
    named = day.day in rule.get("month_days", ()) or day.weekday() in rule.get("weekdays", ())
    return named or any(first <= text <= last for first, last in rule.get("ranges", ()))


def _applies(rule: Mapping[str, Any], thing: Mapping[str, Any]) -> bool:
    exact = (("object_ids", "object_id"), ("parks", "park"), ("scales", "scale"))
    prefixed = (("regions", "district"), ("industries", "industry"))
    return all(_one_of(rule.get(many), thing.get(one, "")) for many, one in exact) and all(
        not rule.get(many) or str(thing.get(one, "")).startswith(tuple(rule[many])) for many, one in prefixed
    )


def _one_of(wanted: Iterable[str] | None, value: str) -> bool:
    return not wanted or value in wanted
