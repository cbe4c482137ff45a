"""Movement (类别变动): how many changed class between two gradings, and how many of them without news (无新情况)."""

from __future__ import annotations

from typing import Any

import numpy as np

from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray
from risk.graded import Graded, in_both
from risk.indicators.catalogue import BY_KEY


def movement(then: Graded, now: Graded) -> dict[str, Any]:
    """Counts over the enterprises that both gradings judged, and who came and went.

    quiet: none of the enterprise's own indicators changed; `table`: [from, to, enterprises, of them quiet].
    """
    old, new = in_both(then, now)
    was = then.grades["credit_risk_class"].to_numpy(object)[old]
    is_now = now.grades["credit_risk_class"].to_numpy(object)[new]
    quiet = without_news(then, now)
    moved = was != is_now
    table = [
        [a, b, int(pair.sum()), int((pair & quiet).sum())]
        for a in CREDIT_RISK_CLASSES
        for b in CREDIT_RISK_CLASSES
        if (pair := (was == a) & (is_now == b)).any()
    ]
    return {
        "compared": len(old), "changed": int(moved.sum()), "quiet": int(quiet.sum()),
        "quiet_changed": int((moved & quiet).sum()), "entered": len(now.codes) - len(new),
        "left": len(then.codes) - len(old), "table": table,
    }  # fmt: skip


def without_news(then: Graded, now: Graded) -> BoolArray:
    """Of the enterprises in both: where every own indicator that both snapshots have is the same, or unknown twice."""
    old, new = in_both(then, now)
    shared = [name for name in now.names if name in then.names and BY_KEY[name].own]
    before = then.in_order_of(tuple(shared))[old]
    after = now.in_order_of(tuple(shared))[new]
    same: BoolArray = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
    return same
