"""Commands for sources (归集来源): add, list, show, run, pause, resume."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ingestion.sources import register
from ingestion.sources.definition import read_definition
from ingestion.sources.pull import Places, pull_source
from portal.cli.console import Json, app, opened, out, progress, tell
from portal.house import House
from portal.reading import sources as reading

source_commands = typer.Typer(
    no_args_is_help=True, help="Sources that are watched or pulled: add, list, show, run, pause, resume."
)
app.add_typer(source_commands, name="source")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
PULLS_SHOWN = 10


@source_commands.command()
def add(
    file: Annotated[Path, typer.Argument(help="definition (TOML), see docs/sources.md")],
    by: Actor,
    replace: Annotated[bool, typer.Option("--replace", help="change a source of that name")] = False,
    as_json: Json = False,
) -> None:
    """Register a source (登记来源) from its definition; a running worker notices it by itself."""
    definition = read_definition(file)
    with opened() as (database, _, _):
        engine = database.engine_for("ingest")
        number = register.add_source(engine, definition, by, file.resolve().parent, replace)
    said = f"来源 {definition.name} 已登记（编号 {number}）。先试一次：wurao source run {definition.name} --by {by}"
    tell({"source": number, "name": definition.name}, as_json, escape(said))


@source_commands.command(name="list")
def list_sources(as_json: Json = False) -> None:
    """Every source: timetable, last pull, watermark, and how it stands in one sentence (来源一览)."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        found = reading.all_sources(connection)

    def show() -> None:
        table = Table("来源", "方式", "时刻表", "启用", "上次取数", "水位", "累计行数")
        for source in found:
            last = source["last"]
            table.add_row(
                escape(source["name"]), source["kind_title"], source["timetable"], "是" if source["active"] else "否",
                f"{last['started_at']:%Y-%m-%d %H:%M}" if last else "—", source["watermark"] or "—",
                f"{source['rows']:,}",
            )  # fmt: skip
        out.print(table)
        for source in found:
            mark = "[red]✗[/red]" if source["failures"] else "·"
            out.print(f"{mark} {escape(source['name'])}：{escape(source['sentence'])}")

    tell(found, as_json, show)


@source_commands.command(name="show")
def show_source(name: str, as_json: Json = False) -> None:
    """One source with its settings and latest pulls (来源详情); secrets are named, never shown."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        number = register.find_source(connection, name)["id"]
        source, pulls = reading.one_source(connection, number)

    def show() -> None:
        out.print(escape(f"{source['name']}  {source['kind_title']}  {source['timetable']}"))
        out.print(escape(source["sentence"]))
        for title, key in (
            ("水位", "watermark"),
            ("数据集", "dataset"),
            ("对照方案", "profile"),
            ("机构", "office"),
        ):
            if source[key]:
                out.print(escape(f"{title}：{source[key]}"))
        out.print(escape(f"设置：{source['settings']}"))
        table = Table("编号", "开始", "结果", "水位", "行数", "批次", "说明", title="最近几次取数")
        for pull in pulls[:PULLS_SHOWN]:
            table.add_row(*_pull_row(pull))
        out.print(table)

    tell({"source": source, "pulls": pulls}, as_json, show)


@source_commands.command()
def run(
    name: str,
    by: Actor,
    since: Annotated[str | None, typer.Option(help="begin here instead of at the watermark")] = None,
    as_json: Json = False,
) -> None:
    """Pull a source now (马上取), in this process; the timetable goes on as before."""
    with opened() as (database, settings, _), progress(as_json) as report:
        places = Places(settings.data, House(database.engine_for, settings).inbox)
        done = pull_source(database.engine_for("ingest"), places, name, by, since, report)
    tell(done, as_json, escape(done.sentence))


@source_commands.command()
def pause(name: str, by: Actor, as_json: Json = False) -> None:
    """Pull it no more by itself (暂停)."""
    _switch(name, by, as_json, active=False)


@source_commands.command()
def resume(name: str, by: Actor, as_json: Json = False) -> None:
    """Pull it by itself again, from where it was read last (恢复)."""
    _switch(name, by, as_json, active=True)


def _switch(name: str, by: str, as_json: bool, active: bool) -> None:
    with opened() as (database, _, _):
        register.set_active(database.engine_for("ingest"), name, active, by)
    tell({"name": name, "active": active}, as_json, escape(f"来源 {name} 已{'恢复' if active else '暂停'}。"))


def _pull_row(pull: dict[str, Any]) -> list[str]:
    moved = f" → {pull['watermark_after']}" if pull["watermark_after"] else ""
    return [
        str(pull["id"]), f"{pull['started_at']:%Y-%m-%d %H:%M}", pull["state_text"],
        f"{pull['watermark_before'] or '从头'}{moved}", f"{pull['rows']:,}",
        "、".join(map(str, pull["batches"])), escape(pull["sentence"]),
    ]  # fmt: skip
