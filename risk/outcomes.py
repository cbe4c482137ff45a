"""Outcomes (分类之后查到了什么): what visits since a grading found, against what it had stated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta
from sqlalchemy import Connection, select

from registry.rules import Rulebook
from registry.tables import Grade
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import EPOCH, Archive, BoolArray, FloatArray, Texts
from risk.graded import Graded, read_graded, released_days
from risk.labels import labels
from risk.metrics import jeffreys_interval, jeffreys_test


@dataclass(frozen=True)
class Outcome:
    """A past grading and what was found since: `problem` 1, 0 or NaN (not visited), `source` of the visit.

    complete: the whole horizon has passed, so that what was found is what the probability was about.
    """

    graded: Graded
    until: date
    complete: bool
    problem: FloatArray
    source: Texts

    @property
    def visited(self) -> BoolArray:
        """Who was visited with a conclusive result."""
        return ~np.isnan(self.problem)


def exact_interval(found: float, visits: float, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's exact interval of a rate (Biometrika 26, 1934); [0, 1] without a visit."""
    if not visits:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, found, visits - found + 1)) if found else 0.0
    high = float(beta.ppf(1 - tail, found + 1, visits - found)) if found < visits else 1.0
    return low, high


def read_outcome(
    connection: Connection, archive: Archive, as_of: date, place: str, book: Rulebook
) -> Outcome | None:
    """What became of the newest released grading whose horizon has passed; else of the oldest one there is.

    None where no released grading is old enough for a result of a visit to be public.
    """
    horizon = int(book.value("label.horizon_months", place, as_of))
    settled = as_of - timedelta(days=int(book.value("label.settle_days", place, as_of)))
    days = released_days(connection, place, EPOCH, settled - timedelta(days=1))
    if not days:
        return None
    full = [entry for entry in days if _after(entry[1], horizon) <= settled]
    snapshot, day = full[-1] if full else days[0]
    graded = read_graded(connection, snapshot)
    until = min(_after(day, horizon), settled)
    found = labels(archive, graded.codes, (day, until, as_of), book, place, as_of)
    return Outcome(graded, until, bool(full), found.problem, found.source)


def calibration_by_class(outcome: Outcome, level: float = 0.95) -> list[dict[str, Any]]:
    """By the model's own class: stated probability (mean of the visited), visits, problems, Jeffreys interval and test.

    The model's class and not the final one: a hard rule puts an enterprise into D whatever its probability.
    """
    rows = []
    probability = outcome.graded.grades["probability"].to_numpy(float)
    for name in CREDIT_RISK_CLASSES:
        mine = outcome.visited & (outcome.graded.grades["model_class"] == name).to_numpy(bool)
        visits, problems = int(mine.sum()), int(np.nansum(outcome.problem[mine]))
        stated = float(probability[mine].mean()) if visits else None
        p = jeffreys_test(stated, problems, visits) if stated is not None else (None, None)
        rows.append({
            "class": name, "visits": visits, "problems": problems, "stated": stated,
            "interval": list(jeffreys_interval(problems, visits, level)), "p_worse": p[0], "p_two_sided": p[1],
        })  # fmt: skip
    return rows


def random_finds(
    connection: Connection, archive: Archive, as_of: date, place: str, book: Rulebook
) -> dict[str, Any]:
    """Find rate on random draws (不定向) by the final class in force at the visit, with exact intervals.

    The lottery's sample is the unbiased one. `unclassed`: visits before the enterprise's first released grading.
    """
    months = int(book.value("monitor.find_months", place, as_of))
    level = float(book.value("monitor.interval", place, as_of))
    since = _after(as_of, -months)
    visits = _random_visits(archive, since, as_of, book.value("label.sources", place, as_of)["random"])
    visits = _with_class(connection, visits, place, since, as_of)
    rows = []
    for name in CREDIT_RISK_CLASSES:
        found = visits.loc[visits["class"] == name, "problem"]
        low, high = exact_interval(found.sum(), len(found), level)
        rows.append({
            "class": name, "visits": len(found), "problems": int(found.sum()),
            "rate": float(found.mean()) if len(found) else None, "interval": [low, high],
        })  # fmt: skip
    return {"since": str(since), "classes": rows, "unclassed": int(visits["class"].isna().sum())}


def _random_visits(archive: Archive, since: date, until: date, kinds: list[str]) -> pd.DataFrame:
    checks = archive.in_force("inspection_result", until)
    first, last = ((day - EPOCH).days for day in (since, until))
    kept = checks["draw_type"].isin(kinds) & checks["problem"].notna()
    kept &= (checks["inspdate"] > first) & (checks["inspdate"] <= last)
    found = checks.loc[kept, ["enterprise_code", "inspdate", "problem"]]
    return found.astype({"enterprise_code": object}).sort_values("inspdate", kind="stable")


def _with_class(
    connection: Connection, visits: pd.DataFrame, place: str, since: date, until: date
) -> pd.DataFrame:
    """The visits with `class`: of the last released grading from before the visit's day."""
    days = released_days(connection, place, EPOCH, until)
    before = [day for _, day in days if day < since]
    days = [
        entry for entry in days if entry[1] >= max(before, default=since)
    ]  # the last one before still counts
    wanted = select(Grade.enterprise_code, Grade.snapshot_id, Grade.credit_risk_class.label("class")).where(
        Grade.snapshot_id.in_([snapshot for snapshot, _ in days]),
        Grade.enterprise_code.in_(visits["enterprise_code"].unique().tolist()),
    )
    classes = pd.read_sql(wanted, connection).astype({"enterprise_code": object, "class": object})
    number = {snapshot: float((day - EPOCH).days) for snapshot, day in days}
    classes["graded"] = classes["snapshot_id"].map(number).astype(float)
    return pd.merge_asof(
        visits.astype({"inspdate": float}), classes.sort_values("graded", kind="stable"), left_on="inspdate",
        right_on="graded", by="enterprise_code", allow_exact_matches=False,
    )  # fmt: skip


def _after(day: date, months: int) -> date:
    return (pd.Timestamp(day) + pd.DateOffset(months=months)).date()
