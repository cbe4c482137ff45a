"""The archive (时点档案): every fact known by a day, read once, and what was in force on any earlier day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection

from registry.clock import end_of
from registry.tables import (
    AbnormalListing,
    AnnualReport,
    Commitment,
    CommitmentCheck,
    Complaint,
    Enterprise,
    Filing,
    Honour,
    InspectionResult,
    JudicialSignal,
    KeySupervision,
    Penalty,
    Permit,
    Premises,
    Relation,
    SeriousViolation,
    TaxSignal,
)
from risk.other_facts import load_other_facts
from risk.versions import EPOCH, Asked, read_versions

__all__ = ["COLUMNS", "EPOCH", "Archive", "BoolArray", "FloatArray", "IntArray", "Texts", "load_archive"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

COLUMNS: dict[type[Any], tuple[str, ...]] = {
    Enterprise: (
        "entname",
        "entkind",
        "is_branch",
        "regcap",
        "reccap",
        "estdate",
        "opto",
        "regstate",
        "dom",
        "domdistrict",
        "opscope",
        "industryphy",
        "industryco",
        "empnum",
        "scaled",
        "lerep",
        "tel_hash",
        "regno",
        "parent_code",
    ),
    Premises: ("premises_no",),
    Filing: ("kind", "altitem", "altdate", "due_on", "altbe", "altaf"),
    Permit: ("xk_xkzs", "xk_yxqz", "xk_yxqzi", "xk_zt"),
    Penalty: (
        "violation_code",
        "cf_wfxw",
        "cf_cflb",
        "cf_nr_fk",
        "cf_nr_wfff",
        "cf_jdrq",
        "department",
        "repaired_on",
    ),
    AbnormalListing: ("specause", "abntime", "remdate"),
    SeriousViolation: ("abntime", "remdate"),
    AnnualReport: ("report_year", "submitted_on", "all_zero", "amended", "empnum", "insured"),
    InspectionResult: (
        "inspdate", "draw_type", "result_code", "problem", "measure", "inspectors", "rectify_due", "rectified_on",
    ),
    Complaint: ("kind", "received_on", "topic", "verified", "closed_on"),
    Relation: ("kind", "other_code", "person_key", "role", "share", "date_from", "date_to"),
    JudicialSignal: ("kind", "happened_on", "valid_to", "ended_on", "state"),
    TaxSignal: ("kind", "tax_grade", "happened_on", "ended_on"),
    Honour: ("kind", "awarded_on", "valid_to", "active"),
    Commitment: ("committed_on",),
    CommitmentCheck: ("commitment_no", "checked_on", "outcome", "mended_on"),
    KeySupervision: ("listed_on", "removed_on"),
}  # fmt: skip
"""What grading reads of each table. Inspectors are read for the training offset alone."""


@dataclass(frozen=True)
class Archive:
    """All versions known by `latest`, by table name, in the order (natural key, known_at, id).

    Dates are days since 1970-01-01 (NaN: none). Texts are categories: small integers and their distinct values;
    all tables share one list of enterprise codes, so that nothing is ever joined by text. `superseded_at` is when
    the next version of the same record was known, so that any earlier day is a comparison. Rows that arrive later
    never change the order of those before them: sums come out the same to the last bit.
    """

    latest: date
    tables: dict[str, pd.DataFrame]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", with_shared_codes(self.tables))

    def standing(self, table: str, day: date) -> BoolArray:
        """Which versions are in force as of the end of `day`, withdrawn ones left out; as `registry.facts.as_of`."""
        if day > self.latest:
            raise ValueError(f"archive holds facts until {self.latest}, not {day}")
        frame = self.tables[table]
        known, superseded = frame["known_at"].to_numpy(), frame["superseded_at"].to_numpy()
        instant = np.datetime64(end_of(day), "us")
        found: BoolArray = known < instant
        found &= ~(superseded < instant)
        found &= ~frame["retracted"].to_numpy()
        return found

    def in_force(self, table: str, day: date) -> pd.DataFrame:
        """The rows of `standing`."""
        return self.tables[table].iloc[np.flatnonzero(self.standing(table, day))]


def load_archive(
    connection: Connection,
    latest: date,
    codes: Sequence[str] | None = None,
    last_ids: dict[str, int] | None = None,
    without: dict[str, list[str]] | None = None,
) -> Archive:
    """Read every fact that grading uses and that was known by the end of `latest`; `codes` narrows to a few.

    For a past grading: `last_ids` (by table) leaves out rows that arrived after it, whatever day they claim to
    have been known on; `without` (natural keys by table) leaves out every version of the records disputed.
    """
    tables = {}
    for table, columns in COLUMNS.items():
        name = table.__tablename__
        asked = Asked(latest, codes, (last_ids or {}).get(name), tuple((without or {}).get(name, ())))
        tables[name] = read_versions(connection, table, columns, asked)
    return Archive(latest, tables | load_other_facts(connection, latest, codes, last_ids, without))


def with_shared_codes(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The same tables, `enterprise_code` a category of one list: all codes there are, in order.

    Tables that share one list already come back as they are; so do those about no enterprise.
    """
    about = {name: frame["enterprise_code"] for name, frame in tables.items() if "enterprise_code" in frame}
    kinds = [codes.dtype for codes in about.values()]
    lists = {id(kind.categories) for kind in kinds if isinstance(kind, pd.CategoricalDtype)}
    if len(lists) == 1 and all(isinstance(kind, pd.CategoricalDtype) for kind in kinds):
        return tables
    values = {name: _values(codes) for name, codes in about.items()}
    place, every = pd.factorize(np.concatenate([*values.values(), np.zeros(0, dtype=object)]))
    ordered = sorted(range(len(every)), key=every.__getitem__)
    rank = np.full(len(every) + 1, -1)  # the last place stands for no code at all
    rank[ordered] = np.arange(len(every))
    categories, shared, start = pd.Index(every[ordered], dtype=object), {}, 0
    for name, codes in about.items():
        numbers = np.append(rank[place[start : start + len(values[name])]], -1)
        start += len(values[name])
        held = numbers[codes.cat.codes] if isinstance(codes.dtype, pd.CategoricalDtype) else numbers[:-1]
        shared[name] = pd.Categorical.from_codes(held, categories=categories, validate=False)
    return tables | {name: tables[name].assign(enterprise_code=codes) for name, codes in shared.items()}


def _values(texts: pd.Series) -> Any:
    """The distinct values of a category, else every row's own."""
    if isinstance(texts.dtype, pd.CategoricalDtype):
        return texts.cat.categories.to_numpy(dtype=object)
    return texts.to_numpy(dtype=object)
