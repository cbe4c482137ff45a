"""Commands that turn a drawn plan into people, days and paper: roster, report."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import select

from portal.cli.console import Json, app, err, opened, out, progress, tell
from portal.cli.roster_files import roster_commands
from registry.tables import RosterVersion
from scheduling.acts import ROSTER_STATES
from scheduling.rule_names import rule_words

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]


@roster_commands.command()
def make(
    plan: int,
    by: Actor,
    seconds: Annotated[float, typer.Option(help="time for the solver")] = 20.0,
    reason: Annotated[str | None, typer.Option(help="why a further version is made")] = None,
    as_json: Json = False,
) -> None:
    """Merge the drawn checks into visits and date them (合并、排日), without any inspector's name."""
    # Solver, lottery and printing cost seconds to load, which the commands on files should not pay.
    from scheduling import roster_book

    why = reason or roster_book.FIRST
    with opened() as (database, _, _), progress(as_json) as report:
        engine = database.engine_for("schedule")
        roster = roster_book.make_roster(engine, plan, seconds, by, progress=report, reason=why)
    tell(
        {"roster": roster},
        as_json,
        f"排班表 {roster} 已定日。下一步：wurao roster commit {roster} --by … --ceremony …",
    )


@roster_commands.command()
def commit(
    roster: int,
    by: Actor,
    ceremony: Annotated[str, typer.Option(help="place and time of the public seed, announced now")],
    as_json: Json = False,
) -> None:
    """Publish who may be sent with what probability (派员概率表), before any seed exists."""
    from scheduling import team_draw

    with opened() as (database, _, _):
        draw = team_draw.commit_team_draw(database.engine_for("schedule"), roster, by, ceremony)
    sentence = f"派员抽签 {draw} 已承诺。种子公布后：wurao draw seed {draw} …，再 wurao roster staff {roster}"
    tell({"draw": draw}, as_json, sentence)


@roster_commands.command()
def staff(roster: int, by: Actor, as_json: Json = False) -> None:
    """Send inspectors by the second lottery (派员) and have the roster checked independently."""
    from scheduling import team_draw

    with opened() as (database, _, _):
        violations = team_draw.staff_roster(database.engine_for("schedule"), roster, by)
    _tell_violations(roster, violations, as_json)


def _tell_violations(roster: int, violations: list[dict[str, Any]], as_json: bool) -> None:
    listed = "\n".join(f"[red]✗[/red] {rule_words(v['rule'])}：{v['sentence']}" for v in violations)
    tell(
        {"roster": roster, "violations": violations}, as_json, listed or f"排班表 {roster}：独立核验无违规。"
    )
    if violations:
        err.print(f"{len(violations)} 处违规。")
        raise typer.Exit(1)


@roster_commands.command(name="list")
def list_rosters(as_json: Json = False) -> None:
    """All versions of all rosters, and where they stand."""
    columns = (
        RosterVersion.id,
        RosterVersion.plan_id,
        RosterVersion.version,
        RosterVersion.state,
        RosterVersion.reason,
    )
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        rosters = [
            dict(row) for row in connection.execute(select(*columns).order_by(RosterVersion.id)).mappings()
        ]

    def show() -> None:
        table = Table("排班表", "计划", "版本", "状态", "理由")
        for roster in rosters:
            state = f"{ROSTER_STATES.get(roster['state'], '')}（{roster['state']}）"
            table.add_row(*(str(value) for value in {**roster, "state": state}.values()))
        out.print(table)

    tell(rosters, as_json, show)


@app.command()
def report(
    plan: int,
    roster: Annotated[int | None, typer.Option(help="roster version; default: the newest")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="where to write; default: reports in the data folder")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the roster workbook, printable PDF, notices and the summary (报表)."""
    from reports.everything import write_all

    with opened() as (database, settings, _), progress(as_json) as say:
        where = folder or settings.data / "reports" / f"plan-{plan}"
        paths = write_all(database.engine_for("report"), plan, roster, where, progress=say)
    tell(paths, as_json, "\n".join(f"{name:12} {path}" for name, path in paths.items()))
