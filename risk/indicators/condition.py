"""Condition (存续与担保状况): winding up, liaison, what stands as security, and figures that do not agree."""

from collections.abc import Iterator

import numpy as np

from risk.archive import BoolArray, FloatArray
from risk.indicators.view import Column, Rows, View, mentions


def condition(view: View) -> Iterator[Column]:
    """Columns of the group, in any order."""
    filings = view.rows("filing")
    words = "|".join(view.setting("indicator.liquidation_words"))
    winding = view.within("in_liquidation", filings["altdate"]) & mentions(filings["altitem"], words)
    in_state = np.asarray(view.enterprise["regstate"] == "清算", dtype=np.float64)
    yield Column("in_liquidation", np.maximum(in_state, np.minimum(filings.count(winding), 1.0)), winding)
    yield Column("no_liaison", _unreachable(view))
    yield from _securities(view)
    yield from _outliers(view)


def live_cases(view: View, kind: str) -> BoolArray:
    """Court cases and registered securities of a kind that hold on the day: begun, not ended, not run out."""
    cases = view.rows("judicial_signal")
    ended = (cases["ended_on"] <= view.today) | (np.isnan(cases["ended_on"]) & (cases["state"] != "有效"))
    begun = (cases["kind"] == kind) & (cases["happened_on"] <= view.today)
    return begun & ~ended & ~(cases["valid_to"] < view.today)


def _securities(view: View) -> Iterator[Column]:
    cases = view.rows("judicial_signal")
    for key, kind in (("equity_pledge_cnt", "股权出质"), ("chattel_mortgage_cnt", "动产抵押")):
        standing = live_cases(view, kind) & view.within(key, cases["happened_on"])
        yield Column(key, cases.count(standing), standing)
    for key, kind in (("equity_frozen", "股权冻结"), ("bankrupt_now", "破产")):
        standing = live_cases(view, kind)
        yield Column(key, np.minimum(cases.count(standing), 1.0), standing)


def _unreachable(view: View) -> FloatArray:
    """Neither a telephone nor a liaison officer (联络员); nobody is, at a place that sends no telephones."""
    silent = view.enterprise["tel_hash"].fillna("").astype(str).to_numpy() == ""
    if silent.all():
        return np.zeros(view.size)
    relations = view.rows("relation")
    words = "|".join(view.setting("indicator.liaison_words"))
    liaison = mentions(relations["role"], words) & in_force(relations)
    return (silent & ~(relations.count(liaison) > 0)).astype(float)


def in_force(relations: Rows) -> BoolArray:
    """Relations that hold on the day: begun (or of unknown beginning) and not ended."""
    begun = ~(relations["date_from"] > relations.today)
    return begun & ~(relations["date_to"] <= relations.today)


def _outliers(view: View) -> Iterator[Column]:
    """Checks of the last report's figures against each other, the year before and the registration (勾稽)."""
    reports = view.rows("annual_report")
    everyone = np.ones(len(reports.row), bool)
    if not len(everyone):
        yield Column("ar_outlier_score", np.zeros(view.size), everyone)
        return
    year, staff, insured = reports["report_year"], reports["empnum"], reports["insured"]
    last = reports.last("report_year", everyone)
    newest = np.zeros(len(everyone), bool)
    newest[last[last >= 0]] = True
    previous = reports.last("report_year", year < reports.of_last(year, last)[reports.row])
    factor = float(view.setting("indicator.ar_outlier_score")["factor"])
    before = reports.of_last(staff, previous)[reports.row]
    registered = view.enterprise["empnum"].to_numpy(float)[reports.row]
    failed = (insured > staff).astype(float)
    failed += (reports["all_zero"] == 1) & ((staff > 0) | (insured > 0))
    failed += _far_apart(staff, before, factor)
    failed += _far_apart(staff, registered, factor)
    recent = newest & view.within("ar_outlier_score", reports["submitted_on"])
    yield Column("ar_outlier_score", reports.total(failed, recent), recent & (failed > 0))


def _far_apart(one: FloatArray, other: FloatArray, factor: float) -> BoolArray:
    """Numbers of people of which one is many times the other; one is added so that 0 can be compared."""
    ratio = (one + 1) / (other + 1)
    return (ratio >= factor) | (ratio <= 1 / factor)
