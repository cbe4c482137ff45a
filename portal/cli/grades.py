"""Commands about whole gradings (各期分类结果): release one that the monitor holds back."""

from typing import Annotated

import typer

from portal.cli.console import Json, app, opened, tell
from risk.release import release_held

grades_commands = typer.Typer(no_args_is_help=True, help="Gradings: release one that the monitor holds back.")
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
