"""The register of sources (来源登记): add, change, pause, resume; every act leaves one journal record."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from ingestion.mapping import load_profile
from ingestion.profile import find_profile
from ingestion.sources.definition import Definition
from registry import clock, journal
from registry.errors import Refusal
from registry.settings import data_folder
from registry.tables.source import Source, SourcePull

INBOX = "inbox"
"""The source that every house has: the drop folder of its settings."""
CHANGING = ("office", "dataset", "profile", "settings", "cron")


def add_source(
    engine: Engine, definition: Definition, made_by: str, beside: Path, replace: bool = False
) -> int:
    """Register a source; its id. `beside` is the folder in which a relative profile is looked for first.

    Raises Refusal source.exists for a name with another content unless `replace`, source.kind, profile.*.
    """
    values = _values(definition, beside)
    with engine.begin() as connection:
        found = (
            connection.execute(select(Source.__table__).where(Source.name == definition.name))
            .mappings()
            .first()
        )
        if found is None:
            made = insert(Source).values(
                name=definition.name,
                kind=definition.kind,
                created_by=made_by,
                created_at=clock.now(),
                **values,
            )
            source_id = int(connection.execute(made.returning(Source.id)).scalar_one())
            detail = {"kind": definition.kind, **values}
            journal.append(connection, made_by, "source.added", f"source:{definition.name}", detail)
            return source_id
        before = {name: found[name] for name in CHANGING}
        if found["kind"] != definition.kind:
            raise Refusal("source.kind", f"来源 {definition.name} 已登记为另一种。", "请换一个名称。")
        if before == values:
            return int(found["id"])
        if not replace:
            raise Refusal(
                "source.exists",
                f"已有名为 {definition.name} 的来源，内容不同。",
                "要改动它请加 --replace，水位保留。",
            )
        connection.execute(update(Source).where(Source.id == found["id"]).values(**values))
        detail = {"before": before, "after": values}
        journal.append(connection, made_by, "source.changed", f"source:{definition.name}", detail)
        return int(found["id"])


def keep_inbox(engine: Engine) -> None:
    """Make the house's own drop folder known; whatever was changed about it stays."""
    with engine.begin() as connection:
        values: dict[str, Any] = {"name": INBOX, "kind": "folder", "settings": {}, "created_by": "system"}
        made = upsert(Source).values(created_at=clock.now(), **values)
        connection.execute(made.on_conflict_do_nothing(index_elements=["name"]))


def set_active(engine: Engine, name: str, active: bool, by: str) -> None:
    """Pause or resume a source. Raises Refusal source.unknown."""
    with engine.begin() as connection:
        found = find_source(connection, name)
        if found["active"] == active:
            return
        connection.execute(update(Source).where(Source.id == found["id"]).values(active=active))
        journal.append(connection, by, "source.resumed" if active else "source.paused", f"source:{name}", {})


def find_source(connection: Connection, name: str) -> RowMapping:
    """A source by name. Raises Refusal source.unknown."""
    found = connection.execute(select(Source.__table__).where(Source.name == name)).mappings().first()
    if found is None:
        names = "、".join(connection.execute(select(Source.name).order_by(Source.name)).scalars()) or "还没有"
        raise Refusal("source.unknown", f"没有名为 {name} 的来源。", f"已登记的来源：{names}。", 404)
    return found


def active_sources(connection: Connection) -> list[RowMapping]:
    """Sources that are switched on."""
    wanted = select(Source.__table__).where(Source.active).order_by(Source.name)
    return list(connection.execute(wanted).mappings())


def watermark_of(connection: Connection, source_id: int) -> str | None:
    """Where the next pull begins: the watermark of the last one that was loaded."""
    reached = select(SourcePull.watermark_after).where(
        SourcePull.source_id == source_id, SourcePull.state == "done", SourcePull.watermark_after.is_not(None)
    )
    return connection.execute(reached.order_by(SourcePull.id.desc()).limit(1)).scalar_one_or_none()


def _profile_of(given: str, beside: Path) -> Path:
    """A profile beside the definition, else by path or by name. Raises Refusal profile.unknown."""
    near = beside / given
    return near if near.is_file() else find_profile(given, data_folder())


def _values(definition: Definition, beside: Path) -> dict[str, Any]:
    profile = _profile_of(definition.profile, beside) if definition.profile else None
    if profile:
        rules = load_profile(profile)
        name = getattr(definition.settings, "file_name", None)
        if definition.kind != "folder" and (name is None or rules.rule_for(name) is None):
            patterns = "、".join(pattern for rule in rules.files for pattern in rule.patterns)
            raise Refusal(
                "source.file_name",
                f"对照方案 {profile.name} 不认识到件的名字 {name or '（没有写 file_name）'}。",
                f"请写 file_name，符合方案里的一种：{patterns}。",
            )
    return {
        "office": definition.office,
        "dataset": definition.dataset,
        "profile": str(profile) if profile else None,
        "settings": definition.settings.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "cron": definition.cron,
    }
