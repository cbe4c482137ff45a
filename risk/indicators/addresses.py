"""Registered addresses (住所): hosted ones, those on the negative list, and calls that found nobody there."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from registry.addresses import address_key
from risk.indicators.view import Column, View

NOBODY_THERE = "R04"
"""通过登记的住所（经营场所）无法联系 (domain.md 2.4 a)."""


def addresses(view: View) -> Iterator[Column]:
    """Columns of the group, in any order."""
    words = "|".join(view.setting("indicator.hosted_words"))
    hosted = view.enterprise["dom"].fillna("").astype(str).str.contains(words)
    yield Column("addr_is_hosted", np.asarray(hosted, dtype=np.float64))
    listed = view.derived("address_negative", at_listed_addresses)
    everything = np.ones(len(listed.row), bool)
    yield Column("addr_negative_list", np.minimum(listed.count(everything), 1.0), everything)
    checks = view.rows("inspection_result")
    absent = (checks["result_code"] == NOBODY_THERE) & view.within(
        "addr_uncontactable_hist", checks["inspdate"]
    )
    yield Column("addr_uncontactable_hist", checks.count(absent), absent)


def at_listed_addresses(view: View) -> pd.DataFrame:
    """Entries of the negative list in force on the day, one row for each enterprise registered there."""
    entries = view.archive.in_force("address_negative", view.as_of)
    current = (entries["listed_on"] <= view.today) & ~(entries["removed_on"] <= view.today)
    entries = entries[current.to_numpy(bool)]
    if not len(entries):
        return entries.assign(enterprise_code=pd.Series(dtype=object))
    wanted = set(entries["address_key"])
    keys = [address_key(str(address or "")) for address in view.enterprise["dom"]]
    there = [position for position, key in enumerate(keys) if key in wanted]
    homes = pd.DataFrame(
        {
            "enterprise_code": view.codes[there],
            "address_key": np.array([keys[p] for p in there], dtype=object),
        }
    )
    return entries.merge(homes, on="address_key", how="inner")
