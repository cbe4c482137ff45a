"""Signals (司法、税务、社保信息): what courts, the tax bureau and social insurance say, while it is in force."""

from collections.abc import Iterator

import numpy as np

from risk.archive import BoolArray
from risk.indicators.condition import live_cases
from risk.indicators.view import Column, View

CURRENT_CASES = {"dishonest_executed": "失信被执行人", "lerep_restricted": "限制高消费"}
CURRENT_TAX = {
    "tax_arrears": "欠税", "tax_abnormal": "非正常户", "social_ins_arrears": "欠缴社保",
    "tax_major_illegal": "重大税收违法",
}  # fmt: skip


def signals(view: View) -> Iterator[Column]:
    """Columns of the groups, in any order."""
    yield from _courts(view)
    yield from _tax(view)


def _courts(view: View) -> Iterator[Column]:
    cases = view.rows("judicial_signal")
    for key, kind in CURRENT_CASES.items():
        standing = live_cases(view, kind)
        yield Column(key, np.minimum(cases.count(standing), 1.0), standing)
    executed = live_cases(view, "被执行人") & view.within("executed_cnt", cases["happened_on"])
    yield Column("executed_cnt", cases.count(executed), executed)
    sued = (cases["kind"] == "涉诉被告") & view.within("lawsuit_def_cnt", cases["happened_on"])
    yield Column("lawsuit_def_cnt", cases.count(sued), sued)


def standing_tax(view: View, kind: str) -> BoolArray:
    """Findings of a kind that are not settled by the day (清缴、解除)."""
    found = view.rows("tax_signal")
    begun = (found["kind"] == kind) & (found["happened_on"] <= view.today)
    return begun & ~(found["ended_on"] <= view.today)


def _tax(view: View) -> Iterator[Column]:
    found = view.rows("tax_signal")
    for key, kind in CURRENT_TAX.items():
        standing = standing_tax(view, kind)
        if key == "tax_major_illegal":
            standing &= view.within(key, found["happened_on"])
        yield Column(key, np.minimum(found.count(standing), 1.0), standing)
    points = np.full(len(found.row), np.nan)
    for grade, worth in view.setting("indicator.tax_grade")["points"].items():
        points[np.asarray(found["tax_grade"] == grade, bool)] = worth
    graded = standing_tax(view, "纳税信用等级") & ~np.isnan(points)
    graded &= view.within("tax_grade", found["happened_on"])
    last = found.last("happened_on", graded)
    newest = np.zeros(len(graded), bool)
    newest[last[last >= 0]] = True
    yield Column("tax_grade", found.of_last(points, last), newest)
