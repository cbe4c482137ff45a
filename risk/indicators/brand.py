"""Namesakes (同名关联): what was found at others that carry the same name, branches of a chain above all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.basic import SMALLEST_PRIOR
from risk.indicators.view import Column, View

_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_NO_LETTER = re.compile(r"[\W\d_]+")


def namesakes(view: View) -> Iterator[Column]:
    """Problem rate and mean score of the others of the name, shrunk to everybody else's; own results never count."""
    checks, brand = view.rows("inspection_result"), brands(view)
    when = checks["inspdate"]
    problem = checks["problem"]
    seen = ~np.isnan(problem) & view.within("brand_problem_rate", when)
    found, visits = checks.total(problem, seen), checks.count(seen)
    prior = _prior(view, "brand_problem_rate")
    yield Column("brand_problem_rate", _of_others(brand, found, visits, prior, SMALLEST_PRIOR))
    scored = ~np.isnan(checks["measure"]) & view.within("brand_mean_measure", when)
    total, visits = checks.total(checks["measure"], scored), checks.count(scored)
    yield Column("brand_mean_measure", _of_others(brand, total, visits, _prior(view, "brand_mean_measure")))


def brands(view: View) -> IntArray:
    """A number for each name without brackets, digits, punctuation and what tells branches apart; -1 for no name."""
    stop = re.compile("|".join(map(re.escape, view.setting("indicator.branch_words"))))
    distinct, at = np.unique(view.enterprise["entname"].fillna("").astype(str), return_inverse=True)
    keys = [_NO_LETTER.sub("", stop.split(_BRACKETS.sub("", name))[0]).casefold() for name in distinct]
    numbers = pd.factorize(pd.Series(keys, dtype=object).replace("", None))[0].astype(np.int64)
    return np.asarray(numbers[at]) if len(keys) else np.zeros(0, np.int64)


def _prior(view: View, key: str) -> float:
    return float(view.setting(f"indicator.{key}")["prior_visits"])


def _of_others(
    brand: IntArray,
    total: FloatArray,
    visits: FloatArray,
    prior: float,
    start: tuple[float, float] = (0.0, 0.0),
) -> FloatArray:
    """Mean over the others of the name, `prior` visits borrowed from the mean of everybody else.

    start: total and visits added to everybody else's; without them the mean is NaN where nobody else was visited.
    """
    named: BoolArray = brand >= 0
    size = int(brand.max(initial=-1)) + 1
    sums, counts = np.zeros(len(brand)), np.zeros(len(brand))
    sums[named] = np.bincount(brand[named], total[named], size)[brand[named]] - total[named]
    counts[named] = np.bincount(brand[named], visits[named], size)[brand[named]] - visits[named]
    elsewhere, theirs = visits.sum() - visits + start[1], total.sum() - total + start[0]
    usual = np.divide(theirs, elsewhere, out=np.full(len(brand), np.nan), where=elsewhere > 0)
    return np.asarray((sums + prior * usual) / (counts + prior))
