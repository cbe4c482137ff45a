"""Other facts (其他时点资料): what no table holds as a fact about one enterprise, in the archive's own form.

Addresses on the negative list belong to nobody until they are compared; waivers are decisions of officers; results of
single items stand inside a check. Each becomes a frame with `id`, `known_at`, `superseded_at`, `retracted` and, where
there is one, `enterprise_code`; dates are days since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Date, Select, case, cast, collate, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from registry.clock import end_of
from registry.facts import history
from registry.tables import AddressNegative, InspectionResult, WaiverDecision, WaiverProposal

RECORDED_IN = {"inspection_item": "inspection_result", "branch": "enterprise", "invested": "enterprise"}
"""Where the record ids of rows are found that are no table of their own."""


FIXED = ("known_at", "superseded_at", "retracted")


def load_other_facts(
    connection: Connection,
    latest: date,
    codes: Sequence[str] | None = None,
    last_ids: dict[str, int] | None = None,
    without: dict[str, list[str]] | None = None,
) -> dict[str, pd.DataFrame]:
    """Frames by name, of what was known by the end of `latest`; `codes` narrows to a few enterprises.

    `last_ids` and `without` (by the table that holds the rows) as in `risk.archive.load_archive`.
    """
    last = last_ids or {}
    checks = (last.get("inspection_result"), (without or {}).get("inspection_result"))
    statements = {
        "address_negative": _addresses(latest, last.get("address_negative")),
        "waiver_decision": _waivers(latest, codes, last.get("waiver_decision")),
        "inspection_item": _items(latest, codes, *checks),
    }
    return {name: _typed(pd.read_sql(wanted, connection)) for name, wanted in statements.items()}


def no_other_facts() -> dict[str, pd.DataFrame]:
    """The frames of a place where nothing of the kind is known, for archives made by hand."""
    own = {
        "address_negative": ("address_key", "listed_on", "removed_on"),
        "waiver_decision": ("enterprise_code", "decided_on"),
        "inspection_item": ("enterprise_code", "inspdate", "item_code", "result_code"),
    }
    return {name: _typed(pd.DataFrame(columns=["id", *FIXED, *columns])) for name, columns in own.items()}


def _addresses(latest: date, last_id: int | None) -> Select[Any]:
    read = history(AddressNegative, latest).order_by(None)
    known = (read if last_id is None else read.where(AddressNegative.id <= last_id)).subquery()
    order = (collate(known.c.natural_key, "C"), known.c.known_at, known.c.id)
    following = func.lead(known.c.known_at).over(partition_by=order[0], order_by=order[1:])
    fixed = (known.c.id, known.c.known_at, known.c.retracted, following.label("superseded_at"))
    return select(*fixed, known.c.address_key, known.c.listed_on, known.c.removed_on).order_by(*order)


def _waivers(latest: date, codes: Sequence[str] | None, last_id: int | None) -> Select[Any]:
    """Waivers granted (不予处罚); a decision is made once and never changed, so it is its own only version."""
    columns: tuple[Any, ...] = (
        WaiverDecision.id, WaiverDecision.decided_at.label("known_at"), WaiverProposal.enterprise_code,
        cast(WaiverDecision.decided_at, Date).label("decided_on"),
    )  # fmt: skip
    wanted = (
        select(*columns)
        .join(WaiverProposal, WaiverProposal.id == WaiverDecision.proposal_id)
        .where(WaiverDecision.waived, WaiverDecision.decided_at < end_of(latest))
        .order_by(WaiverDecision.decided_at, WaiverDecision.id)
    )
    if last_id is not None:
        wanted = wanted.where(WaiverDecision.id <= last_id)
    return wanted.where(WaiverProposal.enterprise_code.in_(codes)) if codes is not None else wanted


def _items(
    latest: date, codes: Sequence[str] | None, last_id: int | None, without: list[str] | None
) -> Select[Any]:
    """One row an item of a check: its code and result; of a later version of the check, its later items.

    Only checks that name items in some version are sorted at all: most sources send none.
    """
    with_items = select(InspectionResult.natural_key).where(
        func.jsonb_typeof(InspectionResult.item_results) == "object"
    )
    read = history(InspectionResult, latest).order_by(None)
    if last_id is not None:
        read = read.where(InspectionResult.id <= last_id)
    if without:
        read = read.where(InspectionResult.natural_key.not_in(without))
    known = read.subquery()
    order = (collate(known.c.natural_key, "C"), known.c.known_at, known.c.id)
    following = func.lead(known.c.known_at).over(partition_by=order[0], order_by=order[1:])
    fixed = ("id", "natural_key", "known_at", "retracted", "enterprise_code", "inspdate", "item_results")
    versions = (
        select(*(known.c[name] for name in fixed), following.label("superseded_at"))
        .where(known.c.natural_key.in_(with_items))
        .subquery()
    )
    named = func.jsonb_typeof(versions.c.item_results) == "object"
    item = func.jsonb_each(
        case((named, versions.c.item_results), else_=cast(literal({}, JSONB), JSONB))
    ).table_valued("key", column("value", JSONB), name="item")
    result = item.c.value.op("->>")("result_code")
    carried = ("id", "known_at", "retracted", "enterprise_code", "superseded_at", "inspdate")
    wanted = (
        select(
            *(versions.c[name] for name in carried),
            item.c.key.label("item_code"),
            result.label("result_code"),
        )
        .select_from(versions)
        .join(item, result.is_not(None))
        .order_by(collate(versions.c.natural_key, "C"), versions.c.known_at, versions.c.id, item.c.key)
    )
    return wanted.where(versions.c.enterprise_code.in_(codes)) if codes is not None else wanted


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The archive's types, also of a frame without rows."""
    for name in ("known_at", "superseded_at"):
        frame[name] = pd.to_datetime(frame[name]) if name in frame else pd.NaT
    frame["superseded_at"] = pd.to_datetime(frame["superseded_at"])
    frame["retracted"] = frame["retracted"].astype(bool) if "retracted" in frame else False
    for name in frame.columns:
        if name.endswith("_on") or name == "inspdate":
            days = (pd.to_datetime(frame[name]) - pd.Timestamp(0)).dt.days
            frame[name] = days.astype(float)
        elif name in ("enterprise_code", "item_code", "result_code", "address_key"):
            frame[name] = frame[name].astype(object)
    return frame
