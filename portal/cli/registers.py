"""Commands that keep the 一单两库: record show, edit, add, retire, history, prompts, confirm."""

from datetime import datetime
from typing import Annotated, Any

import typer

from ingestion import edits
from ingestion.ledger import BatchReport
from ingestion.removals import confirm_removal, removal_prompts
from portal.cli.console import AsOf, Json, app, opened, out, tell
from registry import clock
from registry.errors import Refusal

record_commands = typer.Typer(
    no_args_is_help=True,
    help="Check items, libraries, inspectors: show, edit, add, retire, history, prompts, confirm.",
)
app.add_typer(record_commands, name="record")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
Dataset = Annotated[str, typer.Argument(help="one of: " + ", ".join(edits.EDITABLE))]
Key = Annotated[str, typer.Argument(help="natural key, as lists and history show it")]
Reason = Annotated[str, typer.Option(help="why")]
Cells = Annotated[list[str], typer.Option("--set", help="HEADING=TEXT; may be given several times")]


@record_commands.command()
def show(dataset: Dataset, key: Key, as_of: AsOf = None, as_json: Json = False) -> None:
    """One record as in force on a day (现行版本)."""
    with opened(None, as_of) as (database, _, day), database.engine_for("portal").connect() as connection:
        kept = edits.editable(dataset)
        cells = edits.cells_of(kept, edits.current_record(connection, kept, key, day))
    tell(cells, as_json, "\n".join(f"{heading}：{text}" for heading, text in cells.items()))


@record_commands.command()
def edit(dataset: Dataset, key: Key, cells: Cells, by: Actor, reason: Reason, as_json: Json = False) -> None:
    """Change a record (修改); the change is a later version and can be undone like any batch."""
    with opened() as (database, _, _):
        report = edits.edit_record(database.engine_for("ingest"), dataset, key, _read(cells), by, reason)
    _tell(report, as_json)


@record_commands.command()
def add(dataset: Dataset, cells: Cells, by: Actor, reason: Reason, as_json: Json = False) -> None:
    """Add a record (新增), with the same checks as a file's row."""
    with opened() as (database, _, _):
        report = edits.edit_record(database.engine_for("ingest"), dataset, None, _read(cells), by, reason)
    _tell(report, as_json)


@record_commands.command()
def retire(
    dataset: Dataset,
    key: Key,
    by: Actor,
    reason: Reason,
    last_day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="of a check item; default: today")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a record out of use (停用、移出); its history stays."""
    with opened() as (database, _, _):
        last = last_day.date() if last_day else None
        report = edits.retire_record(database.engine_for("ingest"), dataset, key, by, reason, last)
    _tell(report, as_json)


@record_commands.command()
def history(dataset: Dataset, key: Key, as_json: Json = False) -> None:
    """All versions of a record (历史版本), with who changed it here and why."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        versions = edits.record_history(connection, edits.editable(dataset), key)

    def display() -> None:
        earlier: dict[str, str] = {}
        for version in versions:
            changed = [f"{h}：{t}" for h, t in version.cells.items() if earlier.get(h) != t]
            who = f"{version.by}（{version.reason}）" if version.by else version.file_name
            out.print(
                f"{version.known_at:%Y-%m-%d %H:%M} 第 {version.batch_id} 批 {who}{'，撤销' if version.withdrawn else ''}"
            )
            out.print("  " + "；".join(changed or ["没有变化"]))
            earlier = version.cells

    tell(versions, as_json, display)


@record_commands.command()
def prompts(as_of: AsOf = None, as_json: Json = False) -> None:
    """Entries that should leave their library (移出提示): licence expired, enterprise gone. A person confirms each."""
    with opened(None, as_of) as (database, _, day), database.engine_for("portal").connect() as connection:
        found = removal_prompts(connection, day)

    lines = [f"{each.key}\n  {each.entname}：{each.sentence}" for each in found]
    tell(
        found,
        as_json,
        "\n".join([*lines, f"共 {len(found):,} 条。确认移出：wurao record confirm 记录 --by …"]),
    )


@record_commands.command()
def confirm(
    keys: Annotated[list[str], typer.Argument(help="keys of the prompts")], by: Actor, as_json: Json = False
) -> None:
    """Confirm removals (确认移出): each becomes a later version of its entry, with the prompt's reason."""
    with opened() as (database, _, _):
        reports = [confirm_removal(database.engine_for("ingest"), key, by, clock.today()) for key in keys]
    tell([report.batch_id for report in reports], as_json, f"已移出 {len(reports)} 条，可逐批撤销。")


def _read(cells: list[str]) -> dict[str, str]:
    pairs = [cell.partition("=") for cell in cells]
    if bad := [heading for heading, sign, _ in pairs if not sign]:
        raise Refusal("edit.form", f"“{'、'.join(bad)}”没有写成 项目=内容。", "例如 --set 抽查比例=5%。")
    return {heading.strip(): text for heading, _, text in pairs}


def _tell(report: BatchReport, as_json: bool) -> None:
    facts: dict[str, Any] = {
        "batch": report.batch_id,
        "new": report.rows_new,
        "superseding": report.rows_superseding,
    }
    tell(
        facts,
        as_json,
        f"已保存为第 {report.batch_id} 批；有误可撤销：wurao batch undo {report.batch_id} --by … --reason …",
    )
