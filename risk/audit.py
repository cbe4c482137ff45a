"""Audit (公平性核查): classes and outcomes by size, district and ownership, with counts and exact intervals.

It looks for groups that the model judges otherwise than visits do. It ranks nobody.
"""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from registry.facts import as_of as in_force
from registry.rules import Rulebook
from registry.tables import Enterprise
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, Texts
from risk.graded import Graded
from risk.metrics import jeffreys_test
from risk.outcomes import Outcome, exact_interval

DIMENSIONS = {"size": "规模", "district": "区县", "ownership": "所有制"}
UNKNOWN = "不详"
WORST = ("C", "D")


def audit(
    connection: Connection, graded: Graded, outcome: Outcome | None, book: Rulebook
) -> dict[str, list[dict[str, Any]]]:
    """Dimension → one entry a group, in order of its name or code: never of its rates.

    enterprises, classes (count each), worse (share of C and D with exact interval), mean probability; and of the
    visited of `outcome`: visits, problems, rate with exact interval, stated (mean probability then), and the
    two-sided Jeffreys p that the true rate is the stated one.
    """
    groups = read_groups(connection, graded.as_of, graded.place, book)
    level = float(book.value("monitor.interval", graded.place, graded.as_of))
    now = groups.reindex(graded.codes).fillna(UNKNOWN)
    then = groups.reindex(outcome.graded.codes).fillna(UNKNOWN) if outcome else None
    found = {}
    for name in DIMENSIONS:
        found[name] = [
            {"group": group, **_classes(graded, (now[name] == group).to_numpy(bool), level)}
            | _outcome(outcome, None if then is None else (then[name] == group).to_numpy(bool), level)
            for group in sorted(now[name].unique(), key=_rank)
        ]
    return found


def read_groups(connection: Connection, day: date, place: str, book: Rulebook) -> pd.DataFrame:
    """Enterprise code → size, district, ownership as known on a day (`monitor.audit.*`)."""
    known = in_force(Enterprise, day).subquery().c
    wanted = select(
        known.enterprise_code,
        known.scaled,
        known.empnum,
        known.domdistrict,
        known.enttype,
        known.enttype_code,
    )
    frame = pd.read_sql(wanted, connection)
    limits = [int(limit) for limit in book.value("monitor.audit.staff", place, day)]
    kinds = book.value("monitor.audit.ownership", place, day)
    types = frame[["enttype_code", "enttype"]].astype(object).where(lambda part: part.notna(), "")
    named = {
        (code, words): ownership(code, words, kinds)
        for code, words in set(types.itertuples(index=False, name=None))
    }
    return pd.DataFrame(
        {
            "size": sizes(frame["scaled"].to_numpy(bool), frame["empnum"].astype(float), limits),
            "district": frame["domdistrict"].astype(object).replace("", UNKNOWN).to_numpy(),
            "ownership": [named[pair] for pair in types.itertuples(index=False, name=None)],
        },
        index=pd.Index(frame["enterprise_code"].to_numpy(object)),
    )


def sizes(scaled: BoolArray, staff: pd.Series, limits: list[int]) -> Texts:
    """Size by staff (从业人员), those above designated size (规上) apart, those that do not say apart."""
    steps = [0, *limits]
    names = [f"从业 {low}–{high - 1} 人" for low, high in itertools.pairwise(steps)]
    names.append(f"从业 {steps[-1]} 人及以上")
    at = np.searchsorted(np.array(limits, float), staff.fillna(0).to_numpy(float), side="right")
    found: Texts = np.array(names, dtype=object)[at]
    found[staff.isna().to_numpy()] = "从业人数不详"
    found[scaled] = "规上企业"
    return found


def _rank(group: str) -> tuple[int, str]:
    """Sizes by their number, everything else by its name."""
    number = re.match(r"从业 (\d+)", group)
    return (int(number.group(1)) if number else 10**9, group)


def ownership(code: str, words: str, kinds: list[dict[str, Any]]) -> str:
    """Ownership by the type's code (its digits, longest match first), else by its words, else unknown."""
    digits = code if code.isdigit() else words if words.isdigit() else ""
    by_code = [
        (len(start), kind["name"]) for kind in kinds for start in kind["codes"] if digits.startswith(start)
    ]
    if digits and by_code:
        return str(max(by_code)[1])
    for kind in kinds:
        if any(word in words for word in kind["words"]):
            return str(kind["name"])
    return UNKNOWN


def _classes(graded: Graded, mine: BoolArray, level: float) -> dict[str, Any]:
    classes = graded.grades["credit_risk_class"].to_numpy(object)[mine]
    counts = {name: int((classes == name).sum()) for name in CREDIT_RISK_CLASSES}
    worse, total = sum(counts[name] for name in WORST), int(mine.sum())
    probability = graded.grades["probability"].to_numpy(float)[mine]
    return {
        "enterprises": total, "classes": counts, "probability": float(probability.mean()),
        "worse": [worse / total, *exact_interval(worse, total, level)],
    }  # fmt: skip


def _outcome(outcome: Outcome | None, mine: BoolArray | None, level: float) -> dict[str, Any]:
    nothing = {"visits": 0, "problems": 0, "rate": None, "stated": None, "p": None}
    if outcome is None or mine is None or not (mine & outcome.visited).any():
        return nothing
    seen = mine & outcome.visited
    visits, problems = int(seen.sum()), int(outcome.problem[seen].sum())
    stated = float(outcome.graded.grades["probability"].to_numpy(float)[seen].mean())
    return {
        "visits": visits, "problems": problems, "stated": stated,
        "rate": [problems / visits, *exact_interval(problems, visits, level)],
        "p": jeffreys_test(stated, problems, visits)[1],
    }  # fmt: skip
