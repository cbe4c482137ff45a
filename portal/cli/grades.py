"""Commands about whole gradings (各期分类结果): compare two, release one that the monitor holds back."""

from datetime import datetime
from typing import Annotated

import typer

from portal.cli.console import Json, Place, app, opened, tell
from risk.migration import migration_matrix
from risk.release import release_held

grades_commands = typer.Typer(no_args_is_help=True, help="Gradings: compare two, release one held back.")
app.add_typer(grades_commands, name="grades")


@grades_commands.command()
def release(
    snapshot: Annotated[int, typer.Argument(help="number of the grading, as the monitor says it")],
    by: Annotated[str, typer.Option("--by", help="who asks for it")],
    approve: Annotated[str, typer.Option("--approve", help="who approves; another person")],
    reason: Annotated[
        str, typer.Option("--reason", help="which sources were checked and why the change is real")
    ],
    as_json: Json = False,
) -> None:
    """Release a grading that was held back (两人放行), after both have read the monitoring report."""
    with opened() as (database, _, _):
        release_held(database.engine_for("risk"), snapshot, by, approve, reason)
    tell({"snapshot": snapshot, "released": True}, as_json, f"分类结果 {snapshot} 已放行，已记入审计日志。")


@grades_commands.command()
def matrix(
    since: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"])],
    until: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"])],
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Migration of classes (类别迁移矩阵) between two gradings, with the row of those without news."""
    with opened(place) as (database, settings, _), database.engine_for("risk").connect() as connection:
        found = migration_matrix(connection, settings.place, since.date(), until.date())
    tell(found, as_json, found.text())
