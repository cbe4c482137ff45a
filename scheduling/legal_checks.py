"""What the law says of single items (事项法定要求) on a plan's date: caps, checks that exclude one another, statutory minima."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from registry.facts import as_of, read_frame
from registry.tables import CheckItem
from scheduling.frequency import item_caps
from scheduling.statutory import checks_of_items, items_named, read_exclusive, read_minimums

_DAYS_A_MONTH, _DAYS_A_YEAR = 31, 366


def legal_checks(connection: Connection, day: date, value: Callable[[str], Any]) -> dict[str, Any]:
    """Fields of PoolRules: item_caps, item_checks, exclusive, minimums, as known on `day`.

    `value` gives a rule's value at the plan's place on its date.
    """
    items = read_frame(connection, as_of(CheckItem, day))
    caps = item_caps(items.to_dict("records"), value("caps.items"))
    exclusive, minimums = value("caps.exclusive_checks"), value("duty.rolling_minimum")
    unplanned = value("caps.unplanned_types")
    years = max((cap.years for cap in caps.values()), default=1)
    months = max((int(rule["months"]) for rule in minimums), default=0)
    back = max(years * _DAYS_A_YEAR, months * _DAYS_A_MONTH)
    wanted = set(caps).union(
        *(items_named(items, rule["by"]) for rule in exclusive), *_minimum_items(items, minimums)
    )
    checks = checks_of_items(
        connection, day, min(date(day.year, 1, 1), day - timedelta(days=back)), sorted(wanted)
    )
    counted = checks[checks["item"].isin(list(caps)) & ~checks["draw_type"].isin(list(unplanned))]
    return {
        "item_caps": caps,
        "item_checks": counted,
        "exclusive": read_exclusive(items, checks, exclusive),
        "minimums": read_minimums(connection, day, items, checks, minimums, unplanned),
    }


def _minimum_items(items: pd.DataFrame, rules: list[dict[str, Any]]) -> list[set[str]]:
    return [
        set(
            items.loc[
                (items["department"] == rule["department"]) & items["library"].isin(rule["libraries"]),
                "item_code",
            ]
        )
        for rule in rules
    ]
