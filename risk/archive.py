"""The archive (时点档案): every fact known by a day, read once, and what was in force on any earlier day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, Date, Integer, Select, collate, func, literal, select, type_coerce

from registry.clock import end_of
from registry.facts import history
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

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

EPOCH = date(1970, 1, 1)

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

    Dates are days since 1970-01-01 (NaN: none). `superseded_at` is when the next version of the same record
    was known, so that any earlier day is a comparison. Rows that arrive later never change the order of
    those before them: sums come out the same to the last bit.
    """

    latest: date
    tables: dict[str, pd.DataFrame]

    def in_force(self, table: str, day: date) -> pd.DataFrame:
        """The versions in force as of the end of `day`, withdrawn ones left out; as `registry.facts.as_of`."""
        if day > self.latest:
            raise ValueError(f"archive holds facts until {self.latest}, not {day}")
        frame, instant = self.tables[table], pd.Timestamp(end_of(day))
        known = (frame["known_at"] < instant) & ~(frame["superseded_at"] < instant)
        return frame[(known & ~frame["retracted"]).to_numpy()]


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
        limits = ((last_ids or {}).get(name), (without or {}).get(name))
        frame = pd.read_sql(_versions(table, columns, latest, codes, *limits), connection)
        tables[table.__tablename__] = _typed(table, frame)
    return Archive(latest, tables | load_other_facts(connection, latest, codes, last_ids, without))


def _versions(
    table: type[Any],
    columns: tuple[str, ...],
    latest: date,
    codes: Sequence[str] | None,
    last_id: int | None = None,
    without: list[str] | None = None,
) -> Select[Any]:
    read = history(table, latest).order_by(None)
    if last_id is not None:
        read = read.where(table.id <= last_id)
    if without:
        read = read.where(table.natural_key.not_in(without))
    known = read.subquery()
    order = (collate(known.c.natural_key, "C"), known.c.known_at, known.c.id)
    following = func.lead(known.c.known_at).over(partition_by=order[0], order_by=order[1:])
    chosen = [
        type_coerce(known.c[name] - literal(EPOCH, Date), Integer).label(name)
        if _is_date(table, name)
        else known.c[name]
        for name in columns
    ]
    fixed = (known.c.id, known.c.known_at, known.c.retracted, known.c.enterprise_code)
    statement = select(*fixed, following.label("superseded_at"), *chosen).order_by(*order)
    return statement.where(known.c.enterprise_code.in_(codes)) if codes is not None else statement


def _is_date(table: type[Any], name: str) -> bool:
    return isinstance(table.__table__.c[name].type, Date)


def _typed(table: type[Any], frame: pd.DataFrame) -> pd.DataFrame:
    """Fixed types, so that an empty table and a column of blanks behave like any other."""
    for name in ("known_at", "superseded_at"):
        frame[name] = pd.to_datetime(frame[name])
    frame["retracted"] = frame["retracted"].astype(bool)
    for name in COLUMNS[table]:
        kind = table.__table__.c[name].type.python_type
        if kind in (str, list):
            frame[name] = frame[name].astype(object)
        else:
            frame[name] = frame[name].astype(float)  # true is 1, a missing value is NaN
    frame["enterprise_code"] = frame["enterprise_code"].astype(object)
    return frame
