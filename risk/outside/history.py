"""History (历史): what a row's id showed strictly before the row's time. Rows of one time never see each other.

Every figure is a running one inside its id, so that altering later rows, or rows of others, leaves the earlier
ones the same byte for byte. An outcome counts as known from its own time on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray, IntArray, Texts

FRESH = 0.35
"""Weight of the newest event in the recency-weighted mean, the older ones sharing what is left."""
OWN_PRIOR = 3.0
GROUP_PRIOR = 20.0
"""Events of the wider circle's rate that shrink an id's rate to its group's, and a group's to everybody's."""
EVERYBODY = ""
SOURCE = "历史 history"

LABEL_FEATURES = (
    "earlier events 以前次数", "earlier outcomes 以前有结论次数", "share positive 以前发生率", "last label 上次结论",
    "recent label 近期加权发生率", "days since last 距上次", "days since positive 距上次发生", "mean gap 平均间隔",
    "group rate 同组发生率", "rate shrunk to group 向同组收缩的发生率",
)  # fmt: skip
MEASURE_FEATURES = ("last 上次", "mean 以前平均", "recent 近期加权", "trend 上次减平均")
RECENT = LABEL_FEATURES.index("recent label 近期加权发生率")
LAST = LABEL_FEATURES.index("last label 上次结论")
SINCE = LABEL_FEATURES.index("days since last 距上次")


@dataclass(frozen=True)
class Events:
    """Rows as events: id, group ("" : everybody's), time, outcome (NaN: unknown), measures by name."""

    ids: Texts
    groups: Texts
    when: FloatArray
    problem: FloatArray
    measures: Mapping[str, FloatArray]


def history_names(measures: list[str]) -> list[tuple[str, str]]:
    """(source, what it holds) of each column of `earlier`."""
    own = [(SOURCE, name) for name in LABEL_FEATURES]
    return own + [(name, what) for name in measures for what in MEASURE_FEATURES]


def column_of(number: int) -> str:
    """Name, in a prepared table, of one of LABEL_FEATURES."""
    return f"{SOURCE} · {LABEL_FEATURES[number]}"


def earlier(events: Events, group_rates: Mapping[str, float] | None = None) -> FloatArray:
    """Rows x `history_names`, in the order of the rows; NaN: nothing earlier.

    group_rates: rates as training left them, for scoring; without them each row takes its group's rate so far.
    """
    ids = pd.factorize(events.ids)[0]
    order = np.lexsort((np.arange(len(ids)), events.when, ids))
    walk = _Walk.of(ids[order], events.when[order])
    problem = events.problem[order]
    rates = _group_rates(events)[order] if group_rates is None else _stored(events.groups[order], group_rates)
    parts = [_of_labels(walk, events.when[order], problem, rates)]
    parts += [_of_measure(walk, values[order]) for values in events.measures.values()]
    result = np.empty((len(ids), sum(part.shape[1] for part in parts)))
    result[order] = np.column_stack(parts)
    return result


def final_group_rates(events: Events) -> dict[str, float]:
    """Rate of each group over all its rows, shrunk to everybody's; EVERYBODY stands for groups never seen."""
    known = ~np.isnan(events.problem)
    found, rows = events.problem[known].sum(), known.sum()
    everybody = (found + 0.5) / (rows + 1)
    codes, groups = pd.factorize(events.groups[known])
    counts, positives = np.bincount(codes), np.bincount(codes, events.problem[known])
    rates = (positives + GROUP_PRIOR * everybody) / (counts + GROUP_PRIOR)
    return {EVERYBODY: float(everybody)} | {str(g): float(r) for g, r in zip(groups, rates, strict=True)}


@dataclass(frozen=True)
class _Walk:
    """Sorted rows: `before` is the last row of the same id with an earlier time; `known` where there is one."""

    ids: IntArray
    before: IntArray
    known: BoolArray
    count: FloatArray
    """Earlier rows of the id."""

    @classmethod
    def of(cls, ids: IntArray, when: FloatArray) -> _Walk:
        places = np.arange(len(ids))
        new_id = np.append(True, ids[1:] != ids[:-1])
        new_time = new_id | np.append(True, when[1:] != when[:-1])
        start, first = np.maximum.accumulate(np.where(new_time, places, 0)), np.where(new_id, places, 0)
        first = np.maximum.accumulate(first)
        return cls(ids, np.maximum(start - 1, 0), start > first, (start - first).astype(float))

    def seen(self, running: FloatArray, nothing: float = np.nan) -> FloatArray:
        """A running figure as it stood before each row's time."""
        return np.where(self.known, running[self.before], nothing)

    def total(self, values: FloatArray) -> FloatArray:
        """Running sum inside the id, unknown values counting nothing."""
        return np.asarray(pd.Series(values).fillna(0.0).groupby(self.ids).cumsum(), dtype=np.float64)

    def latest(self, values: FloatArray) -> FloatArray:
        """The newest known value so far inside the id."""
        return np.asarray(pd.Series(values).groupby(self.ids).ffill(), dtype=np.float64)

    def recent(self, values: FloatArray) -> FloatArray:
        """Mean so far, each step back in the id counting less."""
        means = pd.Series(values).groupby(self.ids, sort=False).ewm(alpha=FRESH, ignore_na=True).mean()
        return np.asarray(means, dtype=np.float64)


def _of_labels(walk: _Walk, when: FloatArray, problem: FloatArray, rates: FloatArray) -> FloatArray:
    outcomes = walk.seen(walk.total((~np.isnan(problem)).astype(float)), 0.0)
    positives = walk.seen(walk.total(problem), 0.0)
    share = np.divide(positives, outcomes, out=np.full(len(when), np.nan), where=outcomes > 0)
    first = pd.Series(when).groupby(walk.ids).transform("first").to_numpy(float)
    gaps = walk.count - 1
    gap = np.divide(walk.seen(when) - first, gaps, out=np.full(len(when), np.nan), where=gaps > 0)
    return np.column_stack([
        walk.count, outcomes, share, walk.seen(walk.latest(problem)), walk.seen(walk.recent(problem)),
        when - walk.seen(when), when - walk.seen(walk.latest(np.where(problem == 1, when, np.nan))), gap,
        rates, (positives + OWN_PRIOR * rates) / (outcomes + OWN_PRIOR),
    ])  # fmt: skip


def _of_measure(walk: _Walk, values: FloatArray) -> FloatArray:
    rows = walk.total((~np.isnan(values)).astype(float))
    mean = np.divide(walk.total(values), rows, out=np.full(len(values), np.nan), where=rows > 0)
    last = walk.latest(values)
    columns = (last, mean, walk.recent(values), last - mean)
    return np.column_stack([walk.seen(column) for column in columns])


def _group_rates(events: Events) -> FloatArray:
    """Each row's group's rate over strictly earlier times, shrunk to everybody's so far."""
    found, rows = _so_far(np.zeros(len(events.when), dtype=np.int64), events)
    everybody = (found + 0.5) / (rows + 1)
    in_group, group_rows = _so_far(pd.factorize(events.groups)[0], events)
    return (in_group + GROUP_PRIOR * everybody) / (group_rows + GROUP_PRIOR)


def _so_far(codes: IntArray, events: Events) -> tuple[FloatArray, FloatArray]:
    """(positives, outcomes) with the same code at strictly earlier times."""
    order = np.lexsort((events.when, codes))
    walk = _Walk.of(codes[order], events.when[order])
    problem = events.problem[order]
    found, rows = np.empty(len(codes)), np.empty(len(codes))
    found[order] = walk.seen(walk.total(problem), 0.0)
    rows[order] = walk.seen(walk.total((~np.isnan(problem)).astype(float)), 0.0)
    return found, rows


def _stored(groups: Texts, rates: Mapping[str, float]) -> FloatArray:
    return np.array([rates.get(group, rates[EVERYBODY]) for group in groups], dtype=float)
