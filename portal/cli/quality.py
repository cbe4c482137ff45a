"""The command that tells how good the data are: quality."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ingestion.quality_alerts import record_alerts, with_records
from portal.cli.console import AsOf, Json, Place, app, opened, out, tell
from portal.quality_report import DATASET_COLUMNS, OFFICE_COLUMNS, for_people, write_quality_report
from portal.reading.quality import MONTHS, NAMES, Desk, month_of, read_desk

SHOWN = ("read", "faulty", "pass_rate", "repeat_rate", "late_rate", "timely_rate", "mended", "mending_days")
ALERTS_SHOWN = 20


@app.command(name="quality")
def show_quality(
    as_of: AsOf = None,
    place: Place = None,
    by_office: Annotated[bool, typer.Option("--by-office", help="one row a dataset and office")] = False,
    month: Annotated[
        str | None, typer.Option(help="last month of the period, YYYY-MM (default: that of the date)")
    ] = None,
    months: Annotated[
        int | None,
        typer.Option(help="how many months the period has (default: all there is; with --month 1)"),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="folder for an HTML report with plots, and the figures as CSV")
    ] = None,
    as_json: Json = False,
) -> None:
    """Data quality (数据质量): 合格率, 及时率, 重复率, 更正时长 by dataset, office and month; thresholds passed are recorded."""
    last = month_of(month) if month else None
    span = months or (1 if last else MONTHS if report else None)
    with opened(place, as_of) as (database, settings, day):
        with database.engine_for("ingest").begin() as connection:
            desk = read_desk(connection, day, settings.place, last, span, pictures=report is not None)
            fresh = record_alerts(connection, desk.alerts, day)
            desk = replace(desk, alerts=with_records(connection, desk.alerts))
        files = write_quality_report(desk, settings.place, report) if report else []
    rows = desk.by_office if by_office else [row | {"office": ""} for row in desk.by_dataset]
    tell(rows, as_json, lambda: _show(desk, rows, by_office, span is None))
    if files and not as_json:
        out.print(f"报告：{files[0]}（图表和数据都在其中），{files[1].name}、{files[2].name}")
    if fresh and not as_json:
        out.print(f"新记录 {len(fresh)} 条预警。")


def _show(desk: Desk, rows: list[dict[str, Any]], by_office: bool, whole: bool) -> None:
    columns = [
        name
        for name in (OFFICE_COLUMNS if by_office else DATASET_COLUMNS)
        if name in ("dataset", "office", *SHOWN)
    ]
    period = "" if whole else f"{desk.months[0]:%Y-%m} 至 {desk.months[-1]:%Y-%m}，"
    table = Table(*(NAMES[name] for name in columns), title=f"数据质量（{period}截至 {desk.day}）")
    for row in for_people(desk, rows, columns):
        table.add_row(*row.values())
    out.print(table)
    for alert in desk.alerts[-ALERTS_SHOWN:]:
        out.print(f"[yellow]预警[/yellow] {alert.sentence(desk.offices)}")
    if len(desk.alerts) > ALERTS_SHOWN:
        out.print(
            f"[dim]以上是最近的 {ALERTS_SHOWN} 条，共 {len(desk.alerts)} 条；用 --month 看某一个月。[/dim]"
        )
