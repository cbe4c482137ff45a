"""Commands that bring data in: ingest."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ingestion.arrivals import ingest_path
from ingestion.ledger import BatchReport
from ingestion.profile import find_profile
from portal.cli.console import Json, app, opened, out, progress, tell
from registry.errors import Refusal

FAULTS_SHOWN = 3
STATES = {"loaded": "已入库", "held": "待处理", "failed": "失败"}


@app.command()
def ingest(
    source: Annotated[Path, typer.Argument(help="a file, a zip, or a folder of both")],
    dataset: Annotated[
        str | None, typer.Option(help="which dataset it is; default: by each file's name")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="mapping profile for a foreign layout: a TOML file, or its name in data/profiles"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring files in (数据归集): good rows become facts, every faulty row gets a sentence."""
    if not source.exists():
        raise Refusal("ingest.no_such_file", f"找不到 {source}。", "检查路径。")
    with opened() as (database, settings, _), progress(as_json) as report:
        engine = database.engine_for("ingest")
        mapping = find_profile(profile, settings.data) if profile else None
        batches = ingest_path(engine, source, dataset, profile=mapping, progress=report)
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
