"""The command that says what the drawn results tell of everybody: estimate."""

import csv
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from portal.cli.console import AsOf, Json, app, opened, out, tell
from registry.errors import Refusal
from reports.workbook import neutral
from scheduling.estimate import Estimate
from scheduling.estimate_results import GROUPINGS, PlanEstimates, estimate_plan

HEADINGS = ("任务", "分组", "对象池", "抽中", "有结论", "有问题", "问题率", "区间", "说明")


@app.command()
def estimate(
    plan: Annotated[int, typer.Argument(help="number of the plan, see wurao plan list")],
    by: Annotated[str, typer.Option(help=f"break-down: {', '.join(GROUPINGS)}")] = "all",
    as_of: AsOf = None,
    to_csv: Annotated[
        Path | None,
        typer.Option("--csv", help="write the break-downs to this file; by class only with --by class"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Problem rates of the whole pool (问题率估计) from what chance picked, with intervals. By class: internal."""
    if by not in GROUPINGS:
        raise Refusal("estimate.by", f"没有“{by}”这种分组。", f"可用：{'、'.join(GROUPINGS)}。")
    with opened(as_of=as_of) as (database, _, day), database.engine_for("schedule").connect() as connection:
        found = estimate_plan(connection, plan, day)
    if by != "class":  # a file is handed on: classes are in it only where somebody asked for them
        found = found.public()
    if to_csv:
        _write(found, to_csv)
    tell(asdict(found), as_json, lambda: _show(found, by))


def _show(found: PlanEstimates, by: str) -> None:
    title = f"计划 {found.plan_id} 的问题率（{GROUPINGS[by]}，截至 {found.as_of}，{found.level:.0%} 区间）"
    table = Table(*HEADINGS, title=title)
    for task in found.tasks:
        for row in task.groups[by]:
            table.add_row(f"{task.task} {task.name}", *_cells(row))
    out.print(table)
    if by == "class":
        out.print("[dim]按类别的数字只供内部使用，不得公布。[/dim]")


def _cells(row: Estimate) -> list[str]:
    numbers = [f"{n:,}" for n in (row.population, row.drawn, row.concluded, row.problems)]
    if row.rate is None:
        return [row.group, *numbers, "—", "—", "尚无结论"]
    return [row.group, *numbers, f"{row.rate:.1%}", f"{row.low:.1%} 至 {row.high:.1%}", remarks(row)]


def remarks(row: Estimate) -> str:
    """What a reader has to know of an estimate, in words."""
    said = ["精确区间" if row.exact else "近似区间"]
    if row.unanswered:
        said.append(
            f"{row.unanswered} 户尚无结论，若全无或全有问题：{row.worst[0]:.1%} 至 {row.worst[1]:.1%}"
        )
    if row.borrowed:
        said.append(f"{row.borrowed:,} 户所在层没有结论，借用同层或同类")
    return "；".join(said)


def _write(found: PlanEstimates, file: Path) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(("分组方式", *HEADINGS))
        for task in found.tasks:
            for by, rows in task.groups.items():
                for row in rows:
                    cells = (GROUPINGS[by], f"{task.task} {task.name}", *_cells(row))
                    writer.writerow([neutral(cell) for cell in cells])
