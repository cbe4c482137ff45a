"""Labels (标签): what was found in the horizon after a day, by whom it was looked for, and NULL where nobody looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from registry.rules import Rulebook
from risk.archive import EPOCH, Archive, BoolArray, FloatArray, Texts
from risk.indicators.view import Rows, rows_about

SOURCES = ("random", "targeted", "complaint")
"""In order of trust: a lottery's sample is unbiased, so it names the label if any visit came from it."""


@dataclass(frozen=True)
class Labels:
    """Outcomes of a cohort in (since, until], from facts known by `known_by`.

    problem: 1 or 0 for the inspected, NaN for the others (uninspected is unknown, never 0).
    source: random, targeted, complaint or "". inspectors: staff numbers of the visits, for the training offset.
    events: penalties and listings in the horizon, inspected or not (reported, not trained on).
    days: mean days from the snapshot to the visits that label, NaN where none; only leak alarms look at it.
    """

    since: date
    until: date
    known_by: date
    problem: FloatArray
    source: Texts
    inspectors: list[tuple[str, ...]]
    events: FloatArray
    days: FloatArray


Window = tuple[date, date, date]
"""(snapshot, end of horizon, known by)."""


def label_windows(book: Rulebook, place: str, as_of: date, count: int | None = None) -> list[Window]:
    """Windows for training as of a date, oldest first; every label is settled by then.

    count: how many (default: `label.snapshots`). Steps may be shorter than the horizon, so that horizons overlap: who
    learns for a snapshot may use only windows that were settled by it (`settled`).
    """
    horizon = int(book.value("label.horizon_months", place, as_of))
    step = int(book.value("label.step_months", place, as_of))
    settle = timedelta(days=int(book.value("label.settle_days", place, as_of)))
    newest = _months_before(as_of - settle, horizon)
    many = count or int(book.value("label.snapshots", place, as_of))
    snapshots = [_months_before(newest, step * k) for k in range(many)]
    windows = [(day, _months_before(day, -horizon)) for day in reversed(snapshots)]
    return [(day, until, min(until + settle, as_of)) for day, until in windows]


def settled(windows: Sequence[Window], day: date) -> list[int]:
    """Numbers of the windows all of whose labels were known by the end of `day`."""
    return [number for number, (_, _, known_by) in enumerate(windows) if known_by <= day]


def apart(windows: Sequence[Window], numbers: Sequence[int]) -> list[int]:
    """Of these windows the newest, and going back those whose horizons do not overlap; oldest first."""
    kept: list[int] = []
    for number in sorted(numbers, reverse=True):
        if not kept or windows[number][1] <= windows[kept[-1]][0]:
            kept.append(number)
    return kept[::-1]


def _months_before(day: date, months: int) -> date:
    return (pd.Timestamp(day) - pd.DateOffset(months=months)).date()


def labels(archive: Archive, codes: Texts, window: Window, book: Rulebook, place: str, on: date) -> Labels:
    """Outcomes of `codes` in a window of `label_windows`.

    A problem is one found at an inspection, a new penalty or a listing in the horizon (domain.md 1.4); only
    inspections whose kind is in `label.sources` label anybody. Withdrawn results are not results.
    """
    since, until, known_by = window
    sources = book.value("label.sources", place, on)
    checks = rows_about(archive.in_force("inspection_result", known_by), codes, (known_by - EPOCH).days)
    inside = _inside(checks["inspdate"], since, until) & ~np.isnan(checks["problem"])
    kind = np.full(len(inside), "", dtype=object)
    for source in SOURCES:
        kind[np.isin(checks["draw_type"].astype(str), sources[source])] = source
    counted = inside & (kind != "")
    events = _events(archive, codes, window, book, place, on)
    inspected = checks.count(counted) > 0
    found = (checks.total(checks["problem"], counted) > 0) | (events > 0)
    problem = np.where(inspected, found.astype(float), np.nan)
    waited = checks.total(checks["inspdate"] - (since - EPOCH).days, counted)
    days = np.divide(waited, checks.count(counted), out=np.full(len(problem), np.nan), where=inspected)
    best, staff = _best_source(checks, counted, kind), _staff(checks, counted)
    return Labels(since, until, known_by, problem, best, staff, events, days)


def _inside(dates: FloatArray, since: date, until: date) -> BoolArray:
    return (dates > (since - EPOCH).days) & (dates <= (until - EPOCH).days)


def _events(
    archive: Archive, codes: Texts, window: Window, book: Rulebook, place: str, on: date
) -> FloatArray:
    since, until, known_by = window
    today = (known_by - EPOCH).days
    listings = rows_about(archive.in_force("abnormal_listing", known_by), codes, today)
    causes = np.isin(listings["specause"].astype(str), book.value("label.listing_causes", place, on))
    total = listings.count(causes & _inside(listings["abntime"], since, until))
    if book.value("label.penalty_counts", place, on):
        penalties = rows_about(archive.in_force("penalty", known_by), codes, today)
        total = total + penalties.count(_inside(penalties["cf_jdrq"], since, until))
    serious = rows_about(archive.in_force("serious_violation", known_by), codes, today)
    return total + serious.count(_inside(serious["abntime"], since, until))


def _best_source(checks: Rows, counted: BoolArray, kind: Texts) -> Texts:
    source = np.full(checks.size, "", dtype=object)
    for name in reversed(SOURCES):
        source[checks.row[counted & (kind == name)]] = name
    return source


def _staff(checks: Rows, counted: BoolArray) -> list[tuple[str, ...]]:
    staff: list[set[str]] = [set() for _ in range(checks.size)]
    for position, names in zip(checks.row[counted], checks["inspectors"][counted], strict=True):
        staff[position].update(names or ())
    return [tuple(sorted(names)) for names in staff]
