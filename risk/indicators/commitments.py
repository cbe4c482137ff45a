"""Commitments (告知承诺) and waivers (免罚): what was granted on somebody's word, and whether the word held."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from risk.archive import BoolArray
from risk.indicators.view import Column, View


def commitments(view: View) -> Iterator[Column]:
    """Columns of the group, in any order."""
    made = view.rows("commitment")
    recent = view.within("promise_cnt", made["committed_on"])
    yield Column("promise_cnt", made.count(recent), recent)
    checks = view.rows("commitment_check")
    broken = broken_commitments(view)
    yield Column("promise_breach_cnt", checks.count(broken), broken)
    waivers = view.rows("waiver_decision")
    granted = view.within("waiver_cnt", waivers["decided_on"])
    yield Column("waiver_cnt", waivers.count(granted), granted)


def broken_commitments(view: View) -> BoolArray:
    """The last check of each commitment in the window, where it found a breach that is not mended (整改完成)."""
    checks = view.rows("commitment_check")
    day = checks["checked_on"]
    recent = np.flatnonzero(view.within("promise_breach_cnt", day))
    numbers = pd.factorize(pd.Series(checks["commitment_no"], dtype=object), use_na_sentinel=False)[0]
    pair = checks.row * (int(numbers.max(initial=0)) + 1) + numbers
    order = recent[np.argsort(day[recent], kind="stable")]
    newest = pd.Series(pair[order]).drop_duplicates(keep="last").index.to_numpy()
    last = np.zeros(len(day), bool)
    last[order[newest]] = True
    breach = np.zeros(len(day), bool)
    for outcome in view.setting("indicator.breach_outcomes"):
        breach |= checks["outcome"] == outcome
    return last & breach & ~(checks["mended_on"] <= view.today)
