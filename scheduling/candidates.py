"""Candidates (检查对象): every enterprise at every premises as known on a date, with class, place and quiet-day traits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import Connection, outerjoin, select
from sqlalchemy.dialects.postgresql import distinct_on

from registry.class_in_force import class_in_force, overrides_in_force, same_enterprise
from registry.facts import as_of, read_frame
from registry.releases import released
from registry.tables import Enterprise, Grade, LibraryEntry, Premises
from registry.tables.declaration import Fact

UNREGISTERED = "未登记"
"""State of an object that stands in a special library but not in the registration data."""
SCALED = "规上"


def read_candidates(connection: Connection, day: date, ungraded_class: str) -> pd.DataFrame:
    """One row an object, sorted by object_id.

    Columns: object_id, enterprise_code, premises_no, entname, address, district, cluster, localadm, regstate,
    klass, scale, park, industry, entkind, longitude, latitude. `object_id` is the enterprise's code, plus `#` and the
    number for a further premises; `cluster` is "" where none is stated. Objects that only a special library knows are
    included with regstate 未登记.
    """
    enterprises = _enterprises(connection, day)
    places = _columns(
        connection,
        Premises,
        day,
        "enterprise_code",
        "premises_no",
        "address",
        "domdistrict",
        "localadm",
        "cluster",
        "longitude",
        "latitude",
    )
    objects = enterprises.merge(places, on="enterprise_code", how="left", suffixes=("", "_there"))
    objects["premises_no"] = objects["premises_no"].fillna(1).astype(int)
    first = objects["premises_no"] == 1
    objects["object_id"] = objects["enterprise_code"].where(
        first, objects["enterprise_code"] + "#" + objects["premises_no"].astype(str)
    )
    objects["district"] = _filled(objects["domdistrict_there"], objects["domdistrict"])
    objects["localadm"] = _filled(objects["localadm_there"], objects["localadm"])
    # Where the file states no 片区, the district stands in its place: no unit of travel (clusters.py finds one).
    stated = objects["cluster"].fillna("")
    objects["cluster"] = stated.where(stated != objects["district"], "")
    objects["address"] = _filled(objects["address"], objects["dom"])
    objects["klass"] = objects["enterprise_code"].map(latest_classes(connection, day)).fillna(ungraded_class)
    objects["scale"] = np.where(objects["scaled"].astype(bool), SCALED, "")
    objects["industry"] = objects["industryco"].fillna("")
    objects["park"] = objects["park"].fillna("")
    objects["entkind"] = objects["entkind"].fillna("")
    kept = [
        "object_id", "enterprise_code", "premises_no", "entname", "address", "district", "cluster", "localadm",
        "regstate", "klass", "scale", "park", "industry", "entkind", "longitude", "latitude",
    ]  # fmt: skip
    return objects[kept].drop_duplicates("object_id").sort_values("object_id", ignore_index=True)


def latest_classes(connection: Connection, day: date) -> dict[str, str]:
    """Enterprise code → class (分类结果) of its latest released grading not after `day`, or of an override in force then."""
    override = overrides_in_force(day)
    known = (
        select(Grade.enterprise_code, class_in_force(override).label("credit_risk_class"))
        .select_from(outerjoin(Grade, override, same_enterprise(override)))
        .where(Grade.as_of <= day, released(Grade.snapshot_id))
        .ext(distinct_on(Grade.enterprise_code))
        .order_by(Grade.enterprise_code, Grade.as_of.desc(), Grade.id.desc())
    )
    return {row.enterprise_code: row.credit_risk_class for row in connection.execute(known)}


def library_members(connection: Connection, day: date) -> dict[str, frozenset[str]]:
    """Library → codes of the enterprises that are in it on `day` (对象名录库)."""
    entries = as_of(LibraryEntry, day).subquery().c
    valid = entries.active & (entries.valid_to.is_(None) | (entries.valid_to >= day))
    rows = connection.execute(select(entries.library, entries.enterprise_code).where(valid))
    members: dict[str, set[str]] = {}
    for library, code in rows:
        members.setdefault(library, set()).add(code)
    return {library: frozenset(codes) for library, codes in members.items()}


def tag_members(connection: Connection, day: date, tags: Collection[str]) -> dict[str, frozenset[str]]:
    """Supervision tag (监管标签) → codes of the enterprises that bear it on `day`, in whichever library."""
    entries = as_of(LibraryEntry, day).subquery().c
    valid = entries.active & (entries.valid_to.is_(None) | (entries.valid_to >= day))
    rows = connection.execute(
        select(entries.tag, entries.enterprise_code).where(valid, entries.tag.in_(list(tags)))
    )
    members: dict[str, set[str]] = {tag: set() for tag in tags}
    for tag, code in rows:
        members[tag].add(code)
    return {tag: frozenset(codes) for tag, codes in members.items()}


def _enterprises(connection: Connection, day: date) -> pd.DataFrame:
    registered = _columns(
        connection, Enterprise, day,
        "enterprise_code", "entname", "regstate", "dom", "domdistrict", "localadm", "industryco", "scaled", "park",
        "entkind",
    )  # fmt: skip
    entries = as_of(LibraryEntry, day).subquery().c
    listed = read_frame(
        connection,
        select(entries.enterprise_code, entries.entname, entries.regorg, entries.localadm, entries.entkind)
        .where(entries.active)
        .order_by(entries.enterprise_code, entries.id),
    ).drop_duplicates("enterprise_code")
    unknown = listed[~listed["enterprise_code"].isin(registered["enterprise_code"])]
    if unknown.empty:
        return registered
    there = unknown["regorg"].where(unknown["regorg"].str.fullmatch(r"\d{6,}"), unknown["localadm"])
    extra = unknown[["enterprise_code", "entname", "localadm", "entkind"]].assign(
        regstate=UNREGISTERED, dom="", domdistrict=there, industryco="", scaled=False, park=None
    )
    return pd.concat([registered, extra[list(registered.columns)]], ignore_index=True)


def _columns(connection: Connection, table: type[Fact], day: date, *names: str) -> pd.DataFrame:
    known = as_of(table, day).subquery().c
    return read_frame(connection, select(*(known[name] for name in names)))


def _filled(first: pd.Series, second: pd.Series) -> pd.Series:
    """`first` where it says something, else `second`."""
    return first.where(first.notna() & (first != ""), second).fillna("")
