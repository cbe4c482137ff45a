"""Published draws (公开抽取): what anybody may read, taken from the public bundle and the announcement only.

The pages never read the drawn tables: those carry stratum and ticket, and a stratum may be a class.
"""

import csv
import io
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from registry.rules import load_rules
from registry.scope import not_yours
from registry.tables.planning import Draw, Plan, Task
from registry.tables.visit import RosterVersion
from scheduling.bundle_files import read_files
from scheduling.draw import DrawFault
from scheduling.verify import Verdict, verify_bundle

_ANNOUNCED = [
    Draw.__table__.c[name]
    for name in (
        "id",
        "kind",
        "version",
        "state",
        "pool_hash",
        "counts_hash",
        "key_hash",
        "commitment",
        "ceremony",
        "committed_at",
        "seed_text",
        "seed_source",
        "seeded_at",
        "published_at",
        "class_secret",
        "redraw_reason",
        "bundle",
        "plan_id",
    )
]
_PLAN = [
    Plan.number.label("plan_number"),
    Plan.name.label("plan_name"),
    Plan.window_from,
    Plan.window_to,
    Plan.initiating_department,
    Plan.place,
    Plan.as_of,
]
LISTED = 500
"""Rows of the drawn list on the page; the file holds all."""


@dataclass(frozen=True)
class PublicBundle:
    """The public bundle's zip, and its files as they are in it."""

    path: Path
    files: dict[str, bytes]


def announced_draws(connection: Connection) -> list[RowMapping]:
    """Draws from the announcement of their commitment on, newest first."""
    wanted = (
        select(*_ANNOUNCED, *_PLAN).join(Plan, Plan.id == Draw.plan_id).order_by(Draw.id.desc()).limit(200)
    )
    return list(connection.execute(wanted).mappings())


def announced_draw(connection: Connection, draw_id: int) -> RowMapping:
    """One announced draw. Raises Refusal scope.not_yours."""
    wanted = select(*_ANNOUNCED, *_PLAN).join(Plan, Plan.id == Draw.plan_id).where(Draw.id == draw_id)
    draw = connection.execute(wanted).mappings().first()
    if draw is None:
        raise not_yours()
    return draw


def public_bundle(connection: Connection, draw: RowMapping) -> PublicBundle | None:
    """The public bundle that tells a published draw; None before it is published.

    The team lottery is told in the bundle of the draw of objects that it staffs. The audit bundle lies in the
    same folder and is never named here.
    """
    if draw["state"] != "published" or not draw["bundle"]:
        return None
    version = draw["version"] if draw["kind"] == "objects" else _version_staffed_by(connection, draw["id"])
    path = Path(draw["bundle"]) / f"draw-{draw['plan_number']}-v{version}.zip"
    return _opened(path, path.stat().st_mtime_ns) if path.is_file() else None


def bundle_file(bundle: PublicBundle | None, name: str) -> bytes:
    """One file of the bundle. Raises Refusal scope.not_yours."""
    if bundle is None or name not in bundle.files:
        raise not_yours()
    return bundle.files[name]


def drawn_list(bundle: PublicBundle, tasks: dict[str, str]) -> list[dict[str, Any]]:
    """The objects of drawn.csv in its order, each with its name and the tasks that drew it."""
    lines = io.StringIO(bundle.files.get("drawn.csv", b"").decode("utf-8"), newline="")
    found: dict[str, dict[str, Any]] = {}
    for row in csv.DictReader(lines):
        line = found.setdefault(
            row["object_id"], {"object_id": row["object_id"], "name": row["name"], "tasks": []}
        )
        line["tasks"].append(tasks.get(row["task"], row["task"]))
    return list(found.values())


def task_names(connection: Connection, plan_id: int) -> dict[str, str]:
    """T1 → what the task is called."""
    return {
        row.short: row.name
        for row in connection.execute(select(Task.short, Task.name).where(Task.plan_id == plan_id))
    }


def names_are_public(draw: RowMapping) -> bool:
    """Whether the place publishes the drawn names before the visit (抽取对象名单是否公示)."""
    return bool(load_rules().value("publication.list_drawn_objects", draw["place"], draw["as_of"]))


def verdict_of(bundle: PublicBundle | None) -> Verdict:
    """Replay the bundle now, from its file. Raises Refusal scope.not_yours where none is published."""
    if bundle is None:
        raise not_yours()
    return _verified(bundle.path, bundle.path.stat().st_mtime_ns)


def replays_in_full(verdict: Verdict) -> bool:
    """Whether every check could be made; a class-secret public bundle leaves the replay to the audit bundle."""
    return all(check.status != "skipped" for check in verdict.checks)


def _version_staffed_by(connection: Connection, team_draw_id: int) -> int | None:
    told_in = (
        select(Draw.version)
        .join(RosterVersion, RosterVersion.draw_id == Draw.id)
        .where(RosterVersion.team_draw_id == team_draw_id)
        .order_by(RosterVersion.version.desc())
        .limit(1)
    )
    return connection.execute(told_in).scalar_one_or_none()


@lru_cache(maxsize=8)
def _opened(path: Path, written: int) -> PublicBundle:
    """Once for each state of the file (`written`, its time of writing).

    A damaged file has no files to show; its verification then says what is wrong with it.
    """
    try:
        return PublicBundle(path, read_files(path))
    except DrawFault:
        return PublicBundle(path, {})


@lru_cache(maxsize=32)
def _verified(path: Path, written: int) -> Verdict:
    """Once for each state of the file: anybody may ask, and asking must stay cheap.

    The checks name the file; where it lies on our machine is nobody's business.
    """
    verdict = verify_bundle(path)
    checks = tuple(
        replace(
            check,
            **{name: getattr(check, name).replace(str(path), path.name) for name in ("zh", "en", "found")},
        )
        for check in verdict.checks
    )
    return Verdict(path.name, checks)
