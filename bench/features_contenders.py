"""The contenders of bench.features (参赛者): each runs in a process of its own and reports what it cost."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.features_city import AS_OF, LATEST, PLACE, City, Facts, Text
from bench.features_polars import KNOWN, Peer
from bench.features_tables import as_polars
from registry.rules import load_rules
from risk.archive import COLUMNS, Archive, with_shared_codes
from risk.indicators import feature_frame
from risk.indicators.basic import basic
from risk.indicators.catalogue import NAMES
from risk.indicators.dynamic import dynamic
from risk.indicators.relations import relations
from risk.indicators.reputation import reputation
from risk.indicators.supervision import supervision
from risk.other_facts import no_other_facts
from risk.versions import with_blank

SHAPES = {
    "conditions as columns, then group_by; in memory": (True, "in-memory"),
    "conditions inside agg; streaming engine": (False, "streaming"),
    "conditions as columns, then group_by; streaming engine": (True, "streaming"),
}
"""Name → (flags first, engine). Conditions inside agg, in memory, was slower than all three and is left out."""
WURAO = "wurao"
EVERYTHING = "wurao, the whole catalogue"
SAME = tuple(name for name in NAMES if name in KNOWN)
"""The indicators that both sides make."""
FAMILIES = (basic, dynamic, supervision, relations, reputation)
"""The families that make them."""


@dataclass(frozen=True)
class Cost:
    """CPU seconds of all threads, user and system apart, seconds on the wall, peak resident megabytes."""

    user: float
    system: float
    wall: float
    megabytes: float

    @property
    def cpu(self) -> float:
        """Seconds of CPU."""
        return self.user + self.system


def measured(act: Callable[[], Any]) -> tuple[Any, Cost]:
    """What a call gives and what it cost this process."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of what was before
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    result = act()
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - start
    line = next(
        part for part in Path("/proc/self/status").read_text().splitlines() if part.startswith("VmHWM")
    )
    used = (after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime)
    return result, Cost(*used, wall, int(line.split()[1]) / 1024)


def best_of(runs: int, act: Callable[[], Any]) -> tuple[Any, Cost]:
    """The cheapest of several runs, and its peak; the result of the last. Each run gives its memory back first."""
    result, costs = None, []
    for _ in range(runs):
        result = None
        result, cost = measured(act)
        costs.append(cost)
    return result, min(costs, key=lambda cost: cost.cpu)


def contender(name: str, city: City, whole_keys: bool) -> Callable[[], Any]:
    """A call that computes the matrix of indicators; everything before it is nobody's clock."""
    book = load_rules()
    if name in (WURAO, EVERYTHING):
        frames = as_frames(city, whole_keys)
        wanted: dict[str, Any] = {"names": SAME, "families": FAMILIES} if name == WURAO else {}
        if whole_keys:
            archive = Archive(LATEST, frames)
            return lambda: feature_frame(archive, AS_OF, book, PLACE, **wanted)
        return lambda: feature_frame(
            Archive(LATEST, with_shared_codes({n: f.copy(deep=False) for n, f in frames.items()})),
            AS_OF,
            book,
            PLACE,
            **wanted,
        )
    flags_first, engine = SHAPES[name]
    peer = Peer(as_polars(city, whole_keys), AS_OF, book, PLACE, flags_first, engine)
    return peer.matrix


def as_frames(city: City, whole_keys: bool) -> dict[str, pd.DataFrame]:
    """The city as the archive holds it; tables and columns that it does not have are empty."""
    shared = pd.Index(city.codes, dtype=object)
    return {
        table.__tablename__: _frame(table, city.tables.get(table.__tablename__), columns, shared, whole_keys)
        for table, columns in COLUMNS.items()
    } | no_other_facts()


def _frame(
    table: Any, facts: Facts | None, columns: tuple[str, ...], codes: pd.Index, whole_keys: bool
) -> pd.DataFrame:
    never = np.array([], "M8[us]")
    facts = facts or Facts(np.zeros(0, np.int32), never, never, np.zeros(0, bool))
    found: dict[str, Any] = {
        "id": np.arange(len(facts.key)),
        "known_at": facts.known_at,
        "retracted": facts.retracted,
        "enterprise_code": _codes(facts.key, codes, whole_keys),
        "superseded_at": facts.superseded_at,
    }
    for name in columns:
        kind = table.__table__.c[name].type.python_type
        found[name] = _column(facts.columns.get(name), kind, len(facts.key))
    return pd.DataFrame(found)


def _codes(key: np.ndarray, codes: pd.Index, whole_keys: bool) -> Any:
    if whole_keys:
        return pd.Categorical.from_codes(key, categories=codes, validate=False)
    each = (
        codes.to_numpy().astype("U18")[key].astype(object)
    )  # a text of its own for every row, as a driver gives
    return pd.Series(each, dtype=object)


def _column(values: np.ndarray | Text | None, kind: type, rows: int) -> Any:
    if kind is str:
        text = values if isinstance(values, Text) else Text(np.full(rows, -1), np.array([""], object))
        return with_blank(text.codes, pd.Index(text.distinct, dtype=object))
    if kind in (list, dict):
        lists = [text.strip("{}").split(",") for text in values.distinct] if isinstance(values, Text) else []
        distinct = np.empty(len(lists) + 1, dtype=object)
        distinct[:-1] = lists
        return pd.Series(
            distinct[values.codes if isinstance(values, Text) else np.full(rows, -1)], dtype=object
        )
    return np.full(rows, np.nan) if values is None else np.asarray(values, float)
