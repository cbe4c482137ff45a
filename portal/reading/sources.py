"""Sources (归集来源) and their pulls, for officers: what is set up, how far it is read, and whether it works."""

from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from ingestion.sources.definition import KIND_TITLES, settings_of
from ingestion.sources.register import watermark_of
from registry.errors import Refusal
from registry.scope import not_yours
from registry.tables.source import Source, SourcePull

PULLS_SHOWN = 100
STATES = {"running": "取数中", "done": "成功", "failed": "失败", "interrupted": "中断"}


def all_sources(connection: Connection) -> list[dict[str, Any]]:
    """Every source with its last pull, those that fail first."""
    rows = connection.execute(select(Source.__table__).order_by(Source.name)).mappings()
    described = [describe(connection, row) for row in rows.all()]
    return sorted(described, key=lambda source: (not source["alarming"], source["name"]))


def one_source(connection: Connection, source_id: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A source and its latest pulls. Raises Refusal scope.not_yours for an unknown one."""
    wanted = select(Source.__table__).where(Source.id == source_id)
    row = connection.execute(wanted).mappings().first()
    if row is None:
        raise not_yours()
    pulls = select(SourcePull.__table__).where(SourcePull.source_id == source_id)
    latest = connection.execute(pulls.order_by(SourcePull.id.desc()).limit(PULLS_SHOWN)).mappings()
    return describe(connection, row), [_titled(pull) for pull in latest]


def describe(connection: Connection, row: RowMapping) -> dict[str, Any]:
    """A source with what people ask about it: last pull, watermark, rows so far, failures in a row, one sentence."""
    pulls = select(SourcePull.__table__).where(SourcePull.source_id == row["id"])
    last = connection.execute(pulls.order_by(SourcePull.id.desc()).limit(1)).mappings().first()
    rows = select(func.coalesce(func.sum(SourcePull.rows), 0))
    loaded = rows.where(SourcePull.source_id == row["id"], SourcePull.state == "done")
    failures = _failures(connection, row["id"])
    alarming = failures >= _alarm_after(row)
    return dict(row) | {
        "kind_title": KIND_TITLES.get(row["kind"], row["kind"]),
        "timetable": _timetable(row),
        "last": _titled(last) if last else None,
        "watermark": watermark_of(connection, row["id"]),
        "rows": int(connection.execute(loaded).scalar_one()),
        "failures": failures,
        "alarming": alarming,
        "sentence": _sentence(row, last, failures, alarming),
    }


def _failures(connection: Connection, source_id: int) -> int:
    """Pulls that failed or were cut short since the last one that succeeded."""
    last_good = select(func.coalesce(func.max(SourcePull.id), 0)).where(
        SourcePull.source_id == source_id, SourcePull.state == "done"
    )
    since = select(func.count()).where(
        SourcePull.source_id == source_id,
        SourcePull.state.in_(("failed", "interrupted")),
        SourcePull.id > last_good.scalar_subquery(),
    )
    return int(connection.execute(since).scalar_one())


def _alarm_after(row: RowMapping) -> int:
    try:
        return settings_of(row["kind"], row["settings"]).alarm_after
    except Refusal:
        return 1


def _timetable(row: RowMapping) -> str:
    if row["cron"]:
        return str(row["cron"])
    return "随到随取" if row["kind"] == "folder" else "只在人工要求时"


def _sentence(row: RowMapping, last: RowMapping | None, failures: int, alarming: bool) -> str:
    paused = "" if row["active"] else "已暂停，不按时刻表取数。"
    if last is None:
        return paused or "还没有取过。"
    if alarming:
        goes_on = "" if paused else "到点仍会再取。"
        return f"{paused}连续 {failures} 次没有取成，请处理：{last['sentence']}{goes_on}"
    return f"{paused}{last['sentence']}"


def _titled(pull: RowMapping) -> dict[str, Any]:
    return dict(pull) | {"state_text": STATES.get(pull["state"], pull["state"])}
