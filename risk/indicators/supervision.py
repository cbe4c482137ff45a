"""Supervision (监管信息): penalties, lists and inspections. A repaired penalty and a passed window count no more."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.basic import DAYS_PER_MONTH
from risk.indicators.view import Column, Rows, View, mentions


def supervision(view: View) -> Iterator[Column]:
    """Columns of the family, in any order."""
    yield from _penalties(view)
    yield from _listings(view)
    yield from _checks(view)
    yield from _measures(view)


def live_penalties(view: View) -> BoolArray:
    """Penalties decided by the day and not repaired by it (信用修复)."""
    penalties = view.rows("penalty")
    return (penalties["cf_jdrq"] <= view.today) & ~(penalties["repaired_on"] <= view.today)


def _penalties(view: View) -> Iterator[Column]:
    penalties, live = view.rows("penalty"), live_penalties(view)
    decided = penalties["cf_jdrq"]

    def counted(key: str, which: BoolArray) -> Column:
        picked = live & which & view.within(key, decided)
        return Column(key, penalties.count(picked), picked)

    everything = np.ones(len(live), bool)
    yield counted("pen_cnt_12", everything)
    yield counted("pen_cnt_36", everything)
    kinds = penalties["cf_cflb"]
    yield counted("pen_severe_cnt", mentions(kinds, _words(view, "severe_penalty_words")))
    yield counted("pen_suspension_cnt", mentions(kinds, _words(view, "suspension_words")))
    yield counted("pen_other_dept_cnt", penalties["department"] != view.setting("indicator.own_department"))
    yield counted(
        "pen_same_type_repeat", _repeats(penalties, live & view.within("pen_same_type_repeat", decided))
    )
    recent = live & view.within("pen_amount_log", decided)
    amount = np.nan_to_num(penalties["cf_nr_fk"]) + np.nan_to_num(penalties["cf_nr_wfff"])
    yield Column("pen_amount_log", np.log1p(penalties.total(amount, recent)), recent)
    latest = penalties.extreme(decided, live)
    longest = float(view.setting("indicator.pen_recency_days")["full"])
    yield Column("pen_recency_days", _capped(view.today - latest, longest), live)


def _words(view: View, key: str) -> str:
    return "|".join(view.setting(f"indicator.{key}"))


def _repeats(penalties: Rows, picked: BoolArray) -> BoolArray:
    """Penalties after the first of the same kind of violation."""
    index = np.flatnonzero(picked)
    kind, kinds = _kinds(penalties["violation_code"][index], penalties["cf_wfxw"][index])
    known = kind >= 0  # of a penalty in the layout of 2015 nobody knows the kind
    index, kind = index[known], kind[known]
    pair = penalties.row[index] * kinds + kind
    order = np.lexsort((penalties["cf_jdrq"][index], pair))
    repeated = np.zeros(len(picked), bool)
    repeated[index[order[1:]][pair[order[1:]] == pair[order[:-1]]]] = True
    return repeated


def _kinds(codes: Any, words: Any) -> tuple[IntArray, int]:
    """The kind of each violation as an integer (its code, else its words; -1 for neither), and how many there are."""
    place, distinct = pd.factorize(np.concatenate([codes.categories, words.categories]))
    by_code = np.append(place[: len(codes.categories)], -1)
    by_words = np.append(place[len(codes.categories) :], -1)
    return np.where(codes.codes >= 0, by_code[codes.codes], by_words[words.codes]), len(distinct)


def _capped(values: FloatArray, longest: float) -> FloatArray:
    """Time since an event, at most `longest`; never having had one is the longest time, not an unknown."""
    return np.minimum(np.where(np.isnan(values), longest, values), longest)


def _listings(view: View) -> Iterator[Column]:
    listings = view.rows("abnormal_listing")
    start, end = listings["abntime"], listings["remdate"]
    current = listed_now(listings)
    yield Column("abn_in_now", np.minimum(listings.count(current), 1.0), current)
    window = view.within("abn_cnt", start)
    yield Column("abn_cnt", listings.count(window), window)
    for key, cause in (("abn_cause_unreachable", "4"), ("abn_cause_false", "3")):
        picked = (listings["specause"] == cause) & view.within(key, start)
        yield Column(key, listings.count(picked), picked)
    until = np.where(np.isnan(end), view.today, np.minimum(end, view.today))
    days = np.clip(until - np.maximum(start, view.since("abn_days_total")), 0, None)
    yield Column("abn_days_total", listings.total(days, days > 0), days > 0)
    serious = view.rows("serious_violation")
    current = listed_now(serious)
    yield Column("ser_in_now", np.minimum(serious.count(current), 1.0), current)
    past = view.within("ser_hist", serious["abntime"])
    yield Column("ser_hist", serious.count(past), past)


def listed_now(listings: Rows) -> BoolArray:
    """Entries in force on the day: entered, and not removed by it."""
    return (listings["abntime"] <= listings.today) & ~(listings["remdate"] <= listings.today)


def _checks(view: View) -> Iterator[Column]:
    checks = view.rows("inspection_result")
    when, problem, code = checks["inspdate"], checks["problem"], checks["result_code"]
    conclusive = ~np.isnan(problem)

    def counted(key: str, which: BoolArray) -> Column:
        picked = which & view.within(key, when)
        return Column(key, checks.count(picked), picked)

    visits, found = counted("insp_cnt", conclusive), counted("insp_problem_cnt", problem == 1)
    yield visits
    yield found
    yield counted("insp_uncoop", code == "R06")
    yield counted("insp_false_info", code == "R03")
    yield counted("insp_rectify_cnt", code == "R05")
    prior = float(view.setting("indicator.insp_problem_share")["prior_visits"])
    base = float(view.setting("indicator.insp_problem_share")["prior_rate"])
    yield Column("insp_problem_share", (found.values + prior * base) / (visits.values + prior), visits.picked)
    seen = conclusive & view.within("insp_last_problem", when)
    last = checks.last("inspdate", seen)
    newest = np.zeros(len(seen), bool)
    newest[last[last >= 0]] = True
    yield Column("insp_last_problem", np.nan_to_num(checks.of_last(problem, last)), newest)
    any_past = conclusive & (when <= view.today)
    yield Column("months_since_insp", _months(view.today - checks.extreme(when, any_past)), any_past & newest)
    bad = any_past & (problem == 1)
    longest = float(view.setting("indicator.months_since_problem")["full"])
    yield Column(
        "months_since_problem", _capped(_months(view.today - checks.extreme(when, bad)), longest), bad
    )


def _months(days: FloatArray) -> FloatArray:
    return np.floor(days / DAYS_PER_MONTH)


def _measures(view: View) -> Iterator[Column]:
    """Scores that some sources give beside the outcome (e.g. 0–100); unknown where they give none."""
    checks = view.rows("inspection_result")
    scored = ~np.isnan(checks["measure"]) & view.within("insp_mean_measure", checks["inspdate"])
    visits = checks.count(scored)
    total = checks.total(checks["measure"], scored)
    mean = np.divide(total, visits, out=np.full(view.size, np.nan), where=visits > 0)
    yield Column("insp_mean_measure", mean, scored)
    last = checks.last("inspdate", scored)
    newest = np.zeros(len(scored), bool)
    newest[last[last >= 0]] = True
    yield Column("insp_last_measure", checks.of_last(checks["measure"], last), newest)
    yield Column("insp_worst_measure", checks.extreme(checks["measure"], scored, largest=False), scored)


def in_trouble(view: View, months_of: str) -> BoolArray:
    """Enterprises with a live penalty or a problem found in the window of `months_of`, or listed now."""
    return view.once(f"trouble {view.months(months_of)}", lambda v: _in_trouble(v, months_of))


def _in_trouble(view: View, months_of: str) -> BoolArray:
    penalties, checks = view.rows("penalty"), view.rows("inspection_result")
    listings, serious = view.rows("abnormal_listing"), view.rows("serious_violation")
    found = np.zeros(view.size, bool)
    found[penalties.row[live_penalties(view) & view.within(months_of, penalties["cf_jdrq"])]] = True
    found[checks.row[(checks["problem"] == 1) & view.within(months_of, checks["inspdate"])]] = True
    found[listings.row[listed_now(listings)]] = True
    found[serious.row[listed_now(serious)]] = True
    return found
