"""Statutory minima and checks that exclude one another (法定最低频次、互斥检查): what the law adds to or takes from the draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, literal, select, union_all

from registry.clock import end_of
from registry.facts import as_of, read_frame
from registry.tables import InspectionResult, LibraryEntry, RosterVersion, Visit, VisitTask
from scheduling.task_spec import ON_SITE

ITEM_COLUMNS = ["enterprise_code", "item", "day", "draw_type", "method"]


@dataclass(frozen=True)
class Minimum:
    """Operators that the law wants checked within so many months (食品监督检查办法第二十二条), and by when each one."""

    name: str
    department: str
    libraries: frozenset[str]
    months: int
    overdue_is_duty: bool
    """False where the records are too thin to prove that somebody was not checked: such objects stay in the draw."""
    deadlines: pd.DataFrame
    """Indexed by enterprise_code: `last` (date or NaT: no check on record) and `deadline` (date or NaT: unknown)."""


@dataclass(frozen=True)
class Exclusive:
    """A check that another check of the same year replaces (同一年度不重复检查)."""

    excluded: frozenset[str]
    """Items that are not checked again."""
    name: str
    done: pd.DataFrame
    """enterprise_code, day: the checks that replace them."""


def items_named(items: pd.DataFrame, words: str) -> frozenset[str]:
    """Codes of check items whose name or sub-item contains the words."""
    text = items["item_name"] + " " + items["sub_item"].fillna("")
    return frozenset(items.loc[text.str.contains(words, regex=False), "item_code"])


def read_exclusive(
    items: pd.DataFrame, checks: pd.DataFrame, rules: Sequence[Mapping[str, str]]
) -> tuple[Exclusive, ...]:
    """Rule `caps.exclusive_checks` with the checks that took place; `checks` as checks_of_items gives them."""
    found = []
    for rule in rules:
        by = items_named(items, rule["by"])
        done = checks.loc[checks["item"].isin(by) & (checks["method"] == ON_SITE), ["enterprise_code", "day"]]
        found.append(Exclusive(items_named(items, rule["excluded"]) - by, rule["by"], done))
    return tuple(found)


def read_minimums(
    connection: Connection,
    day: date,
    items: pd.DataFrame,
    checks: pd.DataFrame,
    rules: Sequence[Mapping[str, Any]],
    unplanned: Sequence[str],
) -> tuple[Minimum, ...]:
    """Rule `duty.rolling_minimum` with each operator's last full check and deadline.

    A full check is a planned on-site check of an item that the department draws from one of the libraries; before
    the first one, the period runs from the oldest licence on record.
    """
    entries = read_frame(connection, as_of(LibraryEntry, day))
    entries = entries[entries["active"].astype(bool)]
    found = []
    for rule in rules:
        libraries = frozenset(rule["libraries"])
        mine = items[(items["department"] == rule["department"]) & items["library"].isin(libraries)]
        full = checks[checks["item"].isin(mine["item_code"]) & (checks["method"] == ON_SITE)]
        full = full[~full["draw_type"].isin(list(unplanned))]
        inside = entries[entries["library"].isin(libraries)]
        found.append(
            Minimum(
                rule["name"],
                rule["department"],
                libraries,
                int(rule["months"]),
                bool(rule["overdue_is_duty"]),
                deadlines_of(inside, full, int(rule["months"])),
            )
        )
    return tuple(found)


def deadlines_of(entries: pd.DataFrame, full: pd.DataFrame, months: int) -> pd.DataFrame:
    """Last full check and deadline of every enterprise in `entries`, as Minimum.deadlines.

    entries: enterprise_code, approved_on; full: enterprise_code, day. The deadline is the last day of the period.
    """
    licensed = pd.to_datetime(entries["approved_on"]).groupby(entries["enterprise_code"]).min()
    last = pd.to_datetime(full["day"]).groupby(full["enterprise_code"]).max().reindex(licensed.index)
    deadline = last.fillna(licensed) + pd.DateOffset(months=months)
    return pd.DataFrame({"last": last, "deadline": deadline}, index=licensed.index)


def checks_of_items(connection: Connection, day: date, since: date, items: Sequence[str]) -> pd.DataFrame:
    """Checks of these items known on `day`, from `since` on, results and visits of checked rosters: ITEM_COLUMNS."""
    if not items:
        return pd.DataFrame(columns=ITEM_COLUMNS)
    both = union_all(_result_items(day, since, items), _rostered_items(day, since)).subquery().c
    checks = read_frame(connection, select(*both).where(both.item.in_(list(items))))
    return checks.drop_duplicates(["enterprise_code", "item", "day"], ignore_index=True)


def _result_items(day: date, since: date, items: Sequence[str]) -> Select[Any]:
    result = as_of(InspectionResult, day).subquery().c
    return select(
        result.enterprise_code,
        func.unnest(result.item_codes).label("item"),
        result.inspdate.label("day"),
        result.draw_type,
        result.method,
    ).where(
        result.inspdate >= since,
        result.inspdate <= day,
        result.problem.is_not(None),
        result.item_codes.overlap(list(items)),
    )


def _rostered_items(day: date, since: date) -> Select[Any]:
    return (
        select(
            Visit.enterprise_code,
            func.unnest(VisitTask.item_codes).label("item"),
            Visit.visit_date.label("day"),
            literal("定向").label("draw_type"),
            literal(ON_SITE).label("method"),
        )
        .join(VisitTask, VisitTask.visit_id == Visit.id)
        .join(RosterVersion, RosterVersion.id == Visit.roster_id)
        .where(
            RosterVersion.state == "checked",
            RosterVersion.made_at < end_of(day),
            Visit.visit_date >= since,
        )
    )
