"""Events in the life of an enterprise (企业动态信息): changes, annual reports, permits."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from risk.archive import EPOCH, BoolArray, FloatArray
from risk.indicators.view import Column, Rows, View, mentions

CHANGES = {
    "chg_name_cnt": "名称|字号",
    "chg_addr_cnt": "住所|经营场所|地址",
    "chg_lerep_cnt": "法定代表人|负责人|经营者|执行事务合伙人",
    "chg_equity_cnt": "股权|股东|投资人|合伙人出资",
    "chg_scope_cnt": "经营范围|业务范围",
}
"""变更事项 by their text: every region numbers them differently."""
CAPITAL = "注册资本|出资额|资金数额"
AMOUNT = re.compile(r"\d+(?:\.\d+)?")


def dynamic(view: View) -> Iterator[Column]:
    """Columns of the family, in any order."""
    yield from _changes(view)
    yield from _reports(view)
    yield from _permits(view)


def _changes(view: View) -> Iterator[Column]:
    filings = view.rows("filing")
    for key, words in CHANGES.items():
        picked = view.within(key, filings["altdate"]) & mentions(filings["altitem"], words)
        yield Column(key, filings.count(picked), picked)
    jumped = view.within("cap_jump", filings["altdate"]) & mentions(filings["altitem"], CAPITAL)
    jumped[jumped] = _doubled(filings["altbe"][jumped], filings["altaf"][jumped])
    yield Column("cap_jump", filings.count(jumped), jumped)
    late = view.within("filing_overdue", filings["altdate"]) & (filings["altdate"] > filings["due_on"])
    yield Column("filing_overdue", filings.count(late), late)


def _doubled(before: Any, after: Any) -> BoolArray:
    """Where the amount after is at least twice the one before."""
    old, new = _amounts(before), _amounts(after)
    return (old > 0) & (new >= 2 * old)


def _amounts(texts: Any) -> FloatArray:
    """The first number in each text; NaN where none. Each distinct text is read once."""
    at, distinct = pd.factorize(texts.codes)
    read = ["" if code < 0 else texts.categories[code].replace(",", "") for code in distinct]
    found = map(AMOUNT.search, read)
    return np.array([float(number[0]) if number else np.nan for number in found], float)[at]


def last_due_year(view: View) -> int:
    """The latest report year whose deadline (`annual_report.deadline`) has passed."""
    due = view.setting("annual_report.deadline")
    passed = view.as_of > date(view.as_of.year, due["month"], due["day"])
    return view.as_of.year - (1 if passed else 2)


def _reports(view: View) -> Iterator[Column]:
    reports = view.rows("annual_report")
    everyone = np.ones(len(reports.row), bool)
    yield Column("ar_missing_cnt", _missing_years(view, reports).sum(axis=1).astype(float))
    last = reports.last("report_year", everyone)
    newest = np.zeros(len(everyone), bool)
    newest[last[last >= 0]] = True
    recent = newest & view.within("ar_late_days", reports["submitted_on"])
    lateness = np.zeros(len(everyone))
    lateness[recent] = reports["submitted_on"][recent] - _deadlines(view, reports["report_year"][recent])
    yield Column("ar_late_days", reports.total(np.clip(lateness, 0, None), recent), recent)
    zero = newest & (reports["all_zero"] == 1)
    yield Column("ar_all_zero", reports.count(zero), zero)
    uninsured = newest & (reports["empnum"] > 0) & (reports["insured"] == 0)
    yield Column("social_ins_zero", reports.count(uninsured), uninsured)
    amended = view.within("ar_amend_cnt", reports["submitted_on"]) & (reports["amended"] > 0)
    yield Column("ar_amend_cnt", reports.total(reports["amended"], amended), amended)


def _deadlines(view: View, years: FloatArray) -> FloatArray:
    due = view.setting("annual_report.deadline")
    distinct, codes = np.unique(years, return_inverse=True)
    days = [(date(int(year) + 1, due["month"], due["day"]) - EPOCH).days for year in distinct]
    return np.array(days, float)[codes] if len(distinct) else np.zeros(0)


def due_years(view: View) -> list[int]:
    """Report years due inside the window and covered by what the place sends, oldest first."""
    reports = view.rows("annual_report")
    if not len(reports.row):
        return []
    newest = last_due_year(view)
    oldest = max(newest - view.months("ar_missing_cnt") // 12 + 1, int(reports["report_year"].min()))
    return list(range(oldest, newest + 1))


def _missing_years(view: View, reports: Rows) -> BoolArray:
    """Enterprise x due year: was due, and is not there."""
    years = due_years(view)
    established = view.enterprise["estdate"].to_numpy(float)
    missing = np.zeros((view.size, len(years)), bool)
    for column, year in enumerate(years):
        filed = reports.count(reports["report_year"] == year) > 0
        first_due_after = (date(year + 1, 1, 1) - EPOCH).days
        missing[:, column] = ~filed & (established < first_due_after)
    return missing


def missing_years(view: View) -> list[list[int]]:
    """For each enterprise the report years that were due and are not there, oldest first."""
    years = due_years(view)
    return [
        [years[j] for j in np.flatnonzero(row)] for row in _missing_years(view, view.rows("annual_report"))
    ]


def expired_permits(view: View) -> BoolArray:
    """Permit rows past their last day, still marked valid, with no valid permit of the same certificate."""
    permits = view.rows("permit")
    if not len(permits.row):
        return np.zeros(0, bool)
    ends, valid = permits["xk_yxqzi"], permits["xk_zt"] == "1"
    over = ends < view.today
    expired = valid & over & (ends > view.since("lic_expired"))
    concerned = np.zeros(view.size, bool)
    concerned[permits.row[expired]] = True
    current = np.flatnonzero(valid & ~over & concerned[permits.row])
    kind = permits["xk_xkzs"]
    pair = permits.row * (len(kind.categories) + 1) + kind.codes
    expired[expired] = ~pd.Index(pair[expired]).isin(pair[current])
    return expired


def _permits(view: View) -> Iterator[Column]:
    permits = view.rows("permit")
    ends, valid = permits["xk_yxqzi"], permits["xk_zt"] == "1"
    current = valid & ~(ends < view.today)
    yield Column("lic_cnt", permits.count(current), current)
    soon = current & (ends <= view.today + view.setting("indicator.lic_expiring")["days"])
    yield Column("lic_expiring", permits.count(soon), soon)
    expired = expired_permits(view)
    yield Column("lic_expired", permits.count(expired), expired)
    invalid = permits["xk_zt"] == "2"
    yield Column("lic_invalid_cnt", permits.count(invalid), invalid)
