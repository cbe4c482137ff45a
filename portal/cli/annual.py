"""Commands about the annual plan: annual draft, make, change, approve, publish, file, list, show, batch."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from portal.annual_tasks import read_tasks, write_tasks
from portal.cli.console import AsOf, Json, Place, app, opened, out, tell
from registry import clock
from registry.errors import Refusal
from registry.rules import load_rules
from scheduling import annual_plan as annual
from scheduling.annual_batch import make_batch

annual_commands = typer.Typer(
    no_args_is_help=True,
    help="The annual plan: draft, make, change, approve, publish, file, list, show, batch.",
)
app.add_typer(annual_commands, name="annual")

Actor = Annotated[str, typer.Option("--by", help="who does it; goes into the journal")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]
Plan = Annotated[int, typer.Argument(help="the version's id, see wurao annual list")]
Tasks = Annotated[Path, typer.Option(help="JSON file of tasks; wurao annual draft writes one")]


@annual_commands.command()
def draft(
    year: int,
    file: Annotated[Path, typer.Argument(help="where to write the tasks")],
    as_of: AsOf = None,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Write the tasks that the check items in force would give (任务初稿) into a JSON file, to be changed by people."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("schedule").connect() as connection,
    ):
        tasks = annual.draft_annual_tasks(connection, settings.place, year, day)
    file.write_text(write_tasks(tasks), encoding="utf-8")
    tell(
        {"tasks": len(tasks), "file": file},
        as_json,
        f"{len(tasks)} 项任务写入 {file}；改好后 wurao annual make {year} …",
    )


@annual_commands.command()
def make(
    year: int,
    tasks: Tasks,
    department: Annotated[str, typer.Option(help="initiating department (发起部门)")],
    by: Actor,
    place: Place = None,
    as_json: Json = False,
) -> None:
    """Make the year's plan (编制年度计划); a second person approves it."""
    with opened(place) as (database, settings, _):
        engine = database.engine_for("schedule")
        made = annual.make_annual_plan(engine, settings.place, year, department, _tasks(tasks), by)
    tell(
        {"annual_plan": made},
        as_json,
        f"年度计划 {made} 已编制，需另一人批准：wurao annual approve {made} --by …",
    )


@annual_commands.command()
def change(
    plan: Plan,
    tasks: Tasks,
    reason: Annotated[str, typer.Option(help="why")],
    by: Actor,
    as_json: Json = False,
) -> None:
    """Change the plan (变更): a later version with its reason, approved and filed again."""
    with opened() as (database, _, _):
        made = annual.change_annual_plan(database.engine_for("schedule"), plan, _tasks(tasks), reason, by)
    tell(
        {"annual_plan": made},
        as_json,
        f"新版本 {made} 已编制，批准前原版本继续有效：wurao annual approve {made} --by …",
    )


@annual_commands.command()
def approve(plan: Plan, by: Actor, as_json: Json = False) -> None:
    """Approve a version (审批): a second person, never the one who made it."""
    with opened() as (database, _, _):
        annual.approve_annual_plan(database.engine_for("schedule"), plan, by)
    tell(
        {"annual_plan": plan, "state": "approved"},
        as_json,
        f"年度计划 {plan} 已批准。下一步：wurao annual publish {plan}",
    )


@annual_commands.command()
def publish(plan: Plan, by: Actor, as_json: Json = False) -> None:
    """Publish an approved version (公示) on the public page."""
    with opened() as (database, _, _):
        annual.publish_annual_plan(database.engine_for("schedule"), plan, by)
    tell(
        {"annual_plan": plan, "state": "published"}, as_json, f"年度计划 {plan} 已公示：/annual-plans/{plan}"
    )


@annual_commands.command(name="file")
def file_it(
    plan: Plan,
    filed_on: Day,
    filing_no: Annotated[str, typer.Option(help="number under which it was filed")],
    by: Actor,
    as_json: Json = False,
) -> None:
    """Record that the version was filed with the next higher level (备案)."""
    with opened() as (database, _, _):
        annual.file_annual_plan(database.engine_for("schedule"), plan, filed_on.date(), filing_no, by)
    tell({"annual_plan": plan, "filed_on": filed_on.date()}, as_json, f"年度计划 {plan} 已备案。")


@annual_commands.command(name="list")
def list_them(as_json: Json = False) -> None:
    """All versions and where they stand, with what is late."""
    book, today = load_rules(), clock.today()
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        rows: list[dict[str, Any]] = [
            dict(row)
            | {"filing_due": annual.filing_due(row, book), "late": annual.late_words(row, book, today)}
            for row in annual.annual_plans(connection)
        ]

    def show_table() -> None:
        table = Table("版本", "编号", "版", "年度", "状态", "编制", "审批", "备案", "逾期")
        for row in rows:
            filed = row["filed_on"] or (f"{row['filing_due']} 前" if row["filing_due"] else "")
            table.add_row(
                str(row["id"]), row["number"], str(row["version"]), str(row["year"]), annual.STATES[row["state"]],
                row["made_by"], row["approved_by"] or "", str(filed), "".join(row["late"]),
            )  # fmt: skip
        out.print(table)

    tell(rows, as_json, show_table)


@annual_commands.command()
def show(plan: Plan, as_json: Json = False) -> None:
    """One version with its tasks, as the JSON file that `change` takes."""
    with opened() as (database, _, _), database.engine_for("schedule").connect() as connection:
        row, tasks = annual.annual_plan(connection, plan)
    tell(dict(row) | {"tasks": tasks}, as_json, write_tasks(tasks))


@annual_commands.command()
def batch(
    plan: Plan, window_from: Day, window_to: Day, by: Actor, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Make a batch's plan from the annual plan (编制批次); it goes on with wurao plan approve."""
    with opened(None, as_of) as (database, _, day):
        window = (window_from.date(), window_to.date())
        made = make_batch(database.engine_for("schedule"), plan, day, *window, by)
    tell({"plan": made}, as_json, f"批次计划 {made} 已拟定，需另一人批准：wurao plan approve {made} --by …")


def _tasks(file: Path) -> list[annual.AnnualTaskSpec]:
    if not file.is_file():
        raise Refusal("annual.file", f"找不到 {file}。", "先用 wurao annual draft 写出任务文件。")
    return read_tasks(file.read_text(encoding="utf-8"))
