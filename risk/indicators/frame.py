"""The feature frame (指标快照): all indicators of a cohort as of a date, and the hash that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection

from registry.rules import Rulebook, load_rules
from risk.archive import Archive, BoolArray, FloatArray, Texts, load_archive
from risk.indicators.addresses import addresses
from risk.indicators.basic import basic
from risk.indicators.brand import namesakes
from risk.indicators.catalogue import BY_KEY, NAMES
from risk.indicators.commitments import commitments
from risk.indicators.condition import condition
from risk.indicators.dynamic import dynamic
from risk.indicators.findings import findings
from risk.indicators.graph import graph
from risk.indicators.honours import honours
from risk.indicators.ownership import ownership
from risk.indicators.relations import relations
from risk.indicators.reputation import reputation
from risk.indicators.signals import signals
from risk.indicators.supervision import supervision
from risk.indicators.view import Column, View

ROWS_AT_ONCE = 2_048
"""So many rows of indicators stay in the processor's own memory while they are put together."""
FAMILIES = (
    basic, addresses, dynamic, condition, commitments, supervision, findings, signals, relations, namesakes, ownership, graph,
    reputation, honours,
)  # fmt: skip


Family = Callable[[View], Iterator[Column]]


@dataclass(frozen=True)
class FeatureFrame:
    """Indicator values as of a date. `matrix` is enterprises x `names`, NaN where unknown; `codes` are sorted.

    `picked` tells for each event indicator which rows of its source table it counted (for evidence).
    """

    as_of: date
    place: str
    codes: Texts
    names: tuple[str, ...]
    matrix: FloatArray
    data_hash: str
    view: View
    picked: dict[str, BoolArray]

    def __getitem__(self, name: str) -> FloatArray:
        """One indicator's values."""
        return self.matrix[:, self.names.index(name)]


def features(connection: Connection, as_of: date, place: str) -> FeatureFrame:
    """All indicators of everyone judged at `place`, from what was known by the end of `as_of`."""
    return feature_frame(load_archive(connection, as_of), as_of, load_rules(), place)


def feature_frame(
    archive: Archive,
    as_of: date,
    book: Rulebook,
    place: str,
    rules_on: date | None = None,
    names: tuple[str, ...] = NAMES,
    families: Sequence[Family] | None = None,
) -> FeatureFrame:
    """The same from an archive in memory; definitions are the rules in force on `rules_on` (default `as_of`).

    names and families: fewer indicators, and the families that make them (default: all). Raises ValueError where they do not.
    """
    view = View(archive, as_of, book, place, rules_on or as_of)
    columns = {column.key: column for family in families or FAMILIES for column in family(view)}
    wrong = set(names) - columns.keys() | columns.keys() - BY_KEY.keys()
    if wrong:
        raise ValueError(f"catalogue and indicators disagree: {sorted(wrong)}")
    matrix = _matrix([columns[name].values for name in names], view.size)
    picked = {key: column.picked for key, column in columns.items() if column.picked is not None}
    digest = hash_of(view.codes, matrix, names)
    return FeatureFrame(as_of, place, view.codes, names, matrix, digest, view, picked)


def _matrix(columns: list[FloatArray], size: int) -> FloatArray:
    """Columns side by side, a block of rows at a time: a row is a line of memory, and so is a column."""
    matrix = np.empty((size, len(columns)))
    for start in range(0, size, ROWS_AT_ONCE):
        block = matrix[start : start + ROWS_AT_ONCE]
        for number, column in enumerate(columns):
            block[:, number] = column[start : start + ROWS_AT_ONCE]
        # one bit pattern for unknown, or the hash would depend on how it arose
        block[np.isnan(block)] = np.nan
    return matrix


def hash_of(codes: Texts, matrix: FloatArray, names: tuple[str, ...] = NAMES) -> str:
    """SHA-256 over names, codes and every value's bits."""
    digest = hashlib.sha256("\x1f".join(names).encode() + b"\0" + "\x1f".join(codes).encode() + b"\0")
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        block = matrix[start : start + ROWS_AT_ONCE] + 0.0  # + 0.0 turns -0.0 into 0.0
        digest.update(np.ascontiguousarray(block).data)
    return digest.hexdigest()
