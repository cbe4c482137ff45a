"""Commands that bring data in: ingest, quality."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from ingestion.arrivals import ingest_path
from ingestion.ledger import BatchReport
from ingestion.quality import quality
from portal.cli.console import AsOf, Json, Place, app, opened, out, progress, tell
from registry.errors import Refusal

FAULTS_SHOWN = 3
STATES = {"loaded": "已入库", "held": "待处理", "failed": "失败"}
QUALITY_COLUMNS = {
    "dataset": "数据集", "office": "机构", "read": "读入", "faulty": "问题", "pass_rate": "合格率", "repeat_rate": "重复率",
    "timely_rate": "及时率", "mended": "已更正", "mending_days": "更正时长（工作日）",
}  # fmt: skip


@app.command()
def ingest(
    source: Annotated[Path, typer.Argument(help="a file, a zip, or a folder of both")],
    dataset: Annotated[
        str | None, typer.Option(help="which dataset it is; default: by each file's name")
    ] = None,
    profile: Annotated[Path | None, typer.Option(help="mapping profile (TOML) for a foreign layout")] = None,
    as_json: Json = False,
) -> None:
    """Bring files in (数据归集): good rows become facts, every faulty row gets a sentence."""
    if not source.exists():
        raise Refusal("ingest.no_such_file", f"找不到 {source}。", "检查路径。")
    with opened() as (database, _, _), progress(as_json) as report:
        engine = database.engine_for("ingest")
        batches = ingest_path(engine, source, dataset, profile=profile, progress=report)
    tell(batches, as_json, lambda: _show_batches(batches))
    if any(batch.state != "loaded" for batch in batches):
        raise typer.Exit(1)


def _show_batches(batches: list[BatchReport]) -> None:
    table = Table(
        "数据集",
        "文件",
        "读入",
        "合格",
        "问题",
        "新增",
        "相同",
        "更新",
        "状态",
        "用时",
        "行/秒",
        title="归集结果",
    )
    for batch in batches:
        counts = (
            batch.rows_read, batch.rows_valid, batch.rows_faulty, batch.rows_new, batch.rows_same, batch.rows_superseding,
        )  # fmt: skip
        pace = f"{batch.rows_read / batch.seconds:,.0f}" if batch.seconds and batch.rows_read else ""
        shown = (
            *(f"{n:,}" for n in counts),
            STATES.get(batch.state, batch.state),
            f"{batch.seconds:.1f} s",
            pace,
        )
        table.add_row(batch.dataset, batch.file_name, *shown)
    out.print(table)
    for batch in batches:
        if batch.state != "loaded":
            out.print(f"[red]✗[/red] {batch.file_name}：{batch.sentence}")
        for fault in batch.faults[:FAULTS_SHOWN]:
            out.print(f"  第 {fault['row_no']} 行 {fault['column']}（{fault['code']}）：{fault['sentence']}")
        if batch.rows_faulty:
            out.print(
                f"  共 {batch.rows_faulty:,} 行有问题：wurao batch faults {batch.batch_id} --out 问题数据.xlsx"
            )


@app.command(name="quality")
def show_quality(
    as_of: AsOf = None,
    place: Place = None,
    by_office: Annotated[bool, typer.Option("--by-office", help="one row a dataset and office")] = False,
    as_json: Json = False,
) -> None:
    """Data quality (数据质量): 合格率, 及时率, 重复率, 更正时长 by dataset and office."""
    with (
        opened(place, as_of) as (database, settings, day),
        database.engine_for("ingest").connect() as connection,
    ):
        frame = quality(connection, day, settings.place, by_office)

    def show() -> None:
        table = Table(*QUALITY_COLUMNS.values(), title=f"数据质量（截至 {day}）")
        for row in frame.to_dict("records"):
            table.add_row(*(_shown(name, row[name]) for name in QUALITY_COLUMNS))
        out.print(table)

    tell(frame.to_dict("records"), as_json, show)


def _shown(column: str, value: Any) -> str:
    if pd.isna(value):
        return "—"
    return f"{value:.2%}" if column.endswith("_rate") else str(value)
