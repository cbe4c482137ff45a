"""Publication of a draw (抽取结果公布): the public bundle and the audit bundle, written once and then handed out."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, RowMapping, select, update

from registry import clock
from registry.clock import BEIJING
from registry.facts import as_of
from registry.tables import Draw, Enterprise, LibraryEntry, Plan, RosterVersion
from scheduling.acts import act, locked_draw, refuse
from scheduling.bundle import DrawRecord, TeamRecord, make_bundles, write_zip
from scheduling.committed import OBJECTS, committed_files, drawn_hash, replay
from scheduling.draw import DrawFault

_DRAWN = ("drawn", "published")


class BundlePaths(NamedTuple):
    """Where the two bundles lie (公示包与审计包). The audit bundle is not for the public."""

    public: Path
    audit: Path


def publish_draw(engine: Engine, draw_id: int, folder: Path, actor: str) -> BundlePaths:
    """Write `draw-<plan number>-v<version>.zip` and `audit-….zip` into `folder` (公布抽取结果).

    The first call marks the draw published; a later one, after the team lottery, adds its part to the public
    bundle and leaves the audit bundle as it was. Raises Refusal draw.wrong_step (409) before the draw.
    """
    with act(engine, actor, "draw.published", f"draw {draw_id}") as step:
        draw = locked_draw(step.connection, draw_id)
        if draw["kind"] != OBJECTS or draw["state"] not in _DRAWN:
            raise refuse(
                "draw.wrong_step", "还没有抽取结果可以公布，或该次抽取已被取代。", "先完成抽取，再公布。"
            )
        team = _team_draw(step.connection, draw)
        if draw["state"] == "published" and (team is None or team["state"] == "published"):
            raise refuse("draw.wrong_step", "抽取结果已经公布，没有新的内容。", "使用已公布的资料包。")
        paths = _write(step.connection, draw, team, folder)
        published = {"state": "published", "published_at": clock.now(), "bundle": str(folder)}
        done = [draw_id] if team is None else [draw_id, team["id"]]
        step.connection.execute(update(Draw).where(Draw.id.in_(done)).values(**published))
        step.detail |= {"public": paths.public.name, "audit": paths.audit.name, "team": team is not None}
    return paths


def _write(connection: Connection, draw: RowMapping, team: RowMapping | None, folder: Path) -> BundlePaths:
    plan = connection.execute(select(*Plan.__table__.c).where(Plan.id == draw["plan_id"])).mappings().one()
    result = replay(connection, draw)
    if drawn_hash(result) != draw["result_hash"]:
        raise refuse("draw.result_changed", "重放的结果与抽取时登记的不一致。", "停止公布，查明原因。")
    pool, counts = committed_files(connection, draw["plan_id"], draw["salt"])
    names = _names(connection, plan, {row.object_id for row in result.drawn})
    try:
        bundles = make_bundles(
            _record(plan, draw),
            pool,
            counts,
            bytes.fromhex(draw["key_hex"]),
            names,
            _team_record(connection, team),
        )
    except DrawFault as fault:
        raise refuse("draw.bundle", fault.zh, "核对承诺、种子的时间和批准人后重试。") from fault
    stem = f"{plan['number']}-v{draw['version']}.zip"
    public = write_zip(bundles.public, folder / f"draw-{stem}")
    return BundlePaths(public, write_zip(bundles.audit, folder / f"audit-{stem}"))


def _record(plan: RowMapping, draw: RowMapping) -> DrawRecord:
    approvers = (plan["approved_by"], draw["second_approver"])
    return DrawRecord(
        batch=plan["number"],
        version=draw["version"],
        place=draw["ceremony"],
        ceremony_at=draw["ceremony"],
        committed_at=_moment(draw["committed_at"]),
        seed_text=draw["seed_text"],
        seed_source=draw["seed_source"],
        seed_at=_moment(draw["seeded_at"]),
        approved_by=tuple(dict.fromkeys(person for person in approvers if person)),
        class_secret=draw["class_secret"],
        redraw_reason=draw["redraw_reason"] or "",
    )


def _team_record(connection: Connection, team: RowMapping | None) -> TeamRecord | None:
    if team is None:
        return None
    seats = RosterVersion.statistics["change"]["seats"].astext
    later = select(seats).where(RosterVersion.team_draw_id == team["id"], seats.is_not(None))
    return TeamRecord(
        table=team["committed_file"],
        place=team["ceremony"],
        ceremony_at=team["ceremony"],
        committed_at=_moment(team["committed_at"]),
        seed_text=team["seed_text"],
        seed_source=team["seed_source"],
        seed_at=_moment(team["seeded_at"]),
        seats=tuple(
            text.encode() for text in connection.execute(later.order_by(RosterVersion.version)).scalars()
        ),
    )


def _team_draw(connection: Connection, draw: RowMapping) -> RowMapping | None:
    """The team lottery of this draw's newest roster, once it has been held."""
    query = (
        select(*Draw.__table__.c)
        .join(RosterVersion, RosterVersion.team_draw_id == Draw.id)
        .where(RosterVersion.draw_id == draw["id"], RosterVersion.state == "checked", Draw.state.in_(_DRAWN))
        .order_by(RosterVersion.version.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def _names(connection: Connection, plan: RowMapping, drawn: set[str]) -> dict[str, str]:
    """Names as they stand in the public register, by object_id of the drawn."""
    codes = {object_id.split("#")[0] for object_id in drawn}
    known: dict[str, str] = {}
    for table in (LibraryEntry, Enterprise):
        rows = as_of(table, plan["as_of"]).subquery().c
        found = select(rows.enterprise_code, rows.entname).where(rows.enterprise_code.in_(codes))
        known |= {row.enterprise_code: row.entname for row in connection.execute(found)}
    return {object_id: known.get(object_id.split("#")[0], "") for object_id in drawn}


def _moment(naive: datetime) -> str:
    return naive.replace(tzinfo=BEIJING).isoformat()
