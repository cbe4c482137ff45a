"""Basic attributes (企业基础属性信息): what the enterprise is, and how often its like are found wanting."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.view import Column, View, mentions

DAYS_PER_MONTH = 365.25 / 12
SMALLEST_PRIOR = (0.5, 10.0)
"""Problems and visits added to the whole place, so that the very first visits do not give 0 % or 100 %."""


def basic(view: View) -> Iterator[Column]:
    """Columns of the family, in any order."""
    frame = view.enterprise
    yield Column("is_individual", _flag(frame["entkind"] == "3"))
    yield Column("is_cooperative", _flag(frame["entkind"] == "2"))
    yield Column("is_branch", frame["is_branch"].to_numpy(float))
    yield Column("is_scaled", frame["scaled"].to_numpy(float))
    yield Column("in_dormancy", _flag(frame["regstate"] == "歇业"))
    yield Column("reg_revoked", _flag(frame["regstate"] == "吊销"))
    yield from _age(view)
    yield from _size(view)
    yield from _scope(view)
    yield from _peers(view)
    premises = view.rows("premises")
    yield Column("premises_cnt", premises.count(np.ones(len(premises.row), bool)))


def _flag(where: pd.Series) -> FloatArray:
    return np.asarray(where, dtype=np.float64)


def _age(view: View) -> Iterator[Column]:
    established = view.enterprise["estdate"].to_numpy(float)
    yield Column("age_months", np.floor((view.today - established) / DAYS_PER_MONTH))
    yield Column("within_3m_of_setup", (established > view.since("within_3m_of_setup")).astype(float))
    ends = view.enterprise["opto"].to_numpy(float)
    yield Column("term_expired", (ends < view.today).astype(float))


def _size(view: View) -> Iterator[Column]:
    registered = view.enterprise["regcap"].to_numpy(float)
    paid = view.enterprise["reccap"].to_numpy(float)
    yield Column("reg_cap_log", np.log1p(np.clip(registered, 0, None)))
    share = np.divide(paid, registered, out=np.full(view.size, np.nan), where=registered > 0)
    yield Column("paid_in_ratio", np.clip(share, 0, 1))
    yield Column("employees_log", np.log1p(np.clip(view.enterprise["empnum"].to_numpy(float), 0, None)))


def _scope(view: View) -> Iterator[Column]:
    key = tuple(view.setting("indicator.key_industries"))
    held = view.enterprise["industryco"].array
    important = np.array([_digits(code).startswith(key) for code in [*held.categories, ""]], float)
    yield Column("is_key_industry", important[held.codes])
    needs = mentions(view.enterprise["opscope"], "|".join(view.setting("indicator.permit_scope_words")))
    yield Column("scope_has_permit_item", needs.astype(float))
    supplied = (
        len(view.rows("permit").row) > 0
    )  # a place that sends no permits is not a place without permits
    yield Column("permit_missing", (needs & ~holds_permit(view) & supplied).astype(float))


def holds_permit(view: View) -> BoolArray:
    """Who holds a permit valid on the day."""
    permits = view.rows("permit")
    ends = permits["xk_yxqzi"]
    return permits.count((permits["xk_zt"] == "1") & ~(ends < view.today)) > 0


def _digits(industry: str) -> str:
    """GB/T 4754 digits without the section letter."""
    return industry.lstrip("ABCDEFGHIJKLMNOPQRST")


def industries(view: View) -> IntArray:
    """The industry group of each enterprise as an integer: division (大类), else section (门类)."""
    return view.once("industries", _industries)


def _industries(view: View) -> IntArray:
    """Texts are put together for each pair of section and industry that there is, not for each enterprise."""
    letter, number = view.enterprise["industryphy"].array, view.enterprise["industryco"].array
    letters, numbers = [*letter.categories, ""], [*number.categories, ""]  # code -1 is the last: unknown
    pair = letter.codes.astype(np.int64) % len(letters) * len(numbers) + number.codes % len(numbers)
    at, pairs = pd.factorize(pair)
    keys = [f"{letters[p // len(numbers)]}{_digits(numbers[p % len(numbers)])[:2]}" for p in pairs.tolist()]
    return pd.factorize(np.array(keys, dtype=object), sort=True)[0].astype(np.int64)[at]


def _peers(view: View) -> Iterator[Column]:
    """Problem rates of the industry and of industry x district x permit, from past visits in the window.

    Each level borrows `grade.no_history.prior_visits` visits from the level above (empirical shrinkage).
    """
    checks = view.rows("inspection_result")
    conclusive = ~np.isnan(checks["problem"]) & view.within("industry_problem_rate", checks["inspdate"])
    visits, problems = checks.count(conclusive), checks.total(checks["problem"], conclusive)
    prior = float(view.setting("grade.no_history.prior_visits"))
    whole = (problems.sum() + SMALLEST_PRIOR[0]) / (visits.sum() + SMALLEST_PRIOR[1])
    industry = industries(view)
    by_industry = _rate(industry, visits, problems, np.full(view.size, whole), prior)
    yield Column("industry_problem_rate", by_industry)
    district = pd.factorize(view.enterprise["domdistrict"].fillna("").astype(str), sort=True)[0]
    local = industry * (int(district.max(initial=0)) + 1) + district
    by_district = _rate(local, visits, problems, by_industry, prior)
    permitted = local * 2 + holds_permit(view)
    yield Column("peer_problem_rate", _rate(permitted, visits, problems, by_district, prior))


def _rate(
    group: IntArray, visits: FloatArray, problems: FloatArray, above: FloatArray, prior: float
) -> FloatArray:
    if not len(group):
        return visits
    found, seen = np.bincount(group, problems)[group], np.bincount(group, visits)[group]
    return (found + prior * above) / (seen + prior)
