"""Commands about batches: list, show, faults, undo."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlalchemy import Connection

from ingestion.datasets import DATASETS
from ingestion.mending import workbook_name
from ingestion.undo import same_since, undo_batch, written_by_batch
from ingestion.workbook import write_fault_workbook
from portal.cli.console import Json, app, opened, out, progress, tell
from portal.reading import batches
from registry import journal
from registry.errors import Refusal

batch_commands = typer.Typer(no_args_is_help=True, help="Batches: list, show, faults, undo.")
app.add_typer(batch_commands, name="batch")

Number = Annotated[int, typer.Argument(help="number of the batch")]


@batch_commands.command(name="list")
def list_batches(
    dataset: Annotated[str, typer.Option(help="only of this dataset")] = "",
    state: Annotated[str, typer.Option(help="only in this state: " + " / ".join(batches.STATES))] = "",
    limit: Annotated[int, typer.Option(help="how many at most, newest first", min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """Batches (归集批次), newest first, with their counts."""
    _refuse_strange("数据集", dataset, list(DATASETS))
    _refuse_strange("状态", state, list(batches.STATES))
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        found: list[Any] = []
        for page in range(1, -(-limit // batches.PAGE) + 1):
            found += batches.batch_page(connection, dataset, state, page).rows
    rows = [dict(row) | {"listed_as": batches.state_of(row)} for row in found[:limit]]

    def show() -> None:
        table = Table(
            "批次", "数据集", "文件", "收到", "读入", "有效", "新增", "更正", "相同", "问题", "状态"
        )
        for row in rows:
            counts = ("rows_read", "rows_valid", "rows_new", "rows_superseding", "rows_same", "rows_faulty")
            table.add_row(
                str(row["id"]), row["dataset"], row["file_name"], f"{row['received_at']:%Y-%m-%d %H:%M}",
                *(f"{row[name]:,}" for name in counts), batches.STATES.get(row["listed_as"], row["listed_as"]),
            )  # fmt: skip
        out.print(table)

    tell(rows, as_json, show)


@batch_commands.command()
def show(batch: Number, as_json: Json = False) -> None:
    """One batch: its ledger, faults by code, senders, hash, what it wrote, whether it is undone."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        found = batches.one_batch(connection, batch)
        dataset = DATASETS.get(found["dataset"])
        whole = dict(found) | {
            "listed_as": batches.state_of(found),
            "faults": batches.fault_groups(connection, batch),
            "written": written_by_batch(connection, dataset, batch) if dataset else {},
            "related": [dict(row) for row in batches.same_file(connection, found)],
            "same_since": same_since(connection, batch),
        }
    whole["faults"] = [
        group | {"examples": [dict(e) for e in group["examples"]]} for group in whole["faults"]
    ]
    tell(whole, as_json, lambda: _show_batch(whole))


@batch_commands.command()
def faults(
    batch: Number,
    file: Annotated[
        Path | None, typer.Option("--out", help="write the fault workbook here (a file or a folder)")
    ] = None,
    code: Annotated[str, typer.Option(help="only faults of this code")] = "",
    page: Annotated[int, typer.Option(help="page of the list", min=1)] = 1,
    by: Annotated[str, typer.Option("--by", help="who takes the workbook; goes into the journal")] = "命令行",
    as_json: Json = False,
) -> None:
    """Faulty rows (问题数据): printed page by page, or written as a workbook to mend and bring in again."""
    with opened() as (database, _, _), database.engine_for("portal").connect() as connection:
        if file is not None:
            _write_workbook(connection, batch, file, by, as_json)
            return
        batches.one_batch(connection, batch)
        found = batches.fault_page(connection, batch, code, page)
    rows = [dict(row) for row in found.rows]

    def show_faults() -> None:
        table = Table(
            "行",
            "列",
            "代码",
            "问题",
            title=f"第 {batch} 批，第 {page}/{found.pages} 页，共 {found.total:,} 个问题",
        )
        for row in rows:
            table.add_row(str(row["row_no"]), row["column"], row["code"], row["sentence"])
        out.print(table)

    tell(rows, as_json, show_faults)


@batch_commands.command()
def undo(
    batch: Number,
    reason: Annotated[str, typer.Option(help="why; goes into the journal")],
    by: Annotated[str, typer.Option("--by", help="who does it; goes into the journal")],
    as_json: Json = False,
) -> None:
    """Take a batch back (撤销) by later versions; nothing is deleted, and an undo can be undone."""
    with opened() as (database, _, _), progress(as_json) as report:
        done = undo_batch(database.engine_for("ingest"), batch, reason, by, progress=report)
    tell(done, as_json, done.sentence)


def _refuse_strange(what: str, given: str, known: list[str]) -> None:
    if given and given not in known:
        raise Refusal("batch.strange", f"没有“{given}”这个{what}。", f"可用：{'、'.join(known)}。")


def _write_workbook(connection: Connection, batch: int, file: Path, by: str, as_json: bool) -> None:
    path = file / workbook_name(connection, batch) if file.is_dir() else file
    rows = write_fault_workbook(connection, batch, path)
    connection.rollback()
    journal.append(connection, by, "batch.faults_downloaded", f"batch:{batch}", {"rows": rows})
    connection.commit()
    remedy = "改正后用 wurao ingest 归集；不改文件名就能找回数据集和对照方案。"
    if path.name != workbook_name(connection, batch):
        remedy = f"改正后归集时请写明数据集，或把文件名改成 {workbook_name(connection, batch)}。"
    tell({"path": path, "rows": rows}, as_json, f"{rows} 行写入 {path}。{remedy}")


def _show_batch(batch: dict[str, Any]) -> None:
    title = DATASETS[batch["dataset"]].title if batch["dataset"] in DATASETS else batch["dataset"]
    out.print(
        f"[bold]第 {batch['id']} 批[/bold] {title} {batch['file_name']}（{batches.STATES[batch['listed_as']]}）"
    )
    out.print(f"  读入 {batch['rows_read']:,} = 有效 {batch['rows_valid']:,} + 问题 {batch['rows_faulty']:,}")
    out.print(
        f"  有效 {batch['rows_valid']:,} = 新增 {batch['rows_new']:,} + 更正 {batch['rows_superseding']:,}"
        f" + 相同 {batch['rows_same']:,}"
    )
    out.print(f"  收到 {batch['received_at']:%Y-%m-%d %H:%M}，对照方案 {batch['profile'] or '数据标准'}")
    out.print(f"  SHA-256 {batch['sha256']}")
    out.print(
        f"  写入版本：{'，'.join(f'{table} {many:,}' for table, many in batch['written'].items()) or '无'}"
    )
    for office, (read, faulty, repeated) in (batch["senders"] or {}).items():
        out.print(f"  报送机构 {office or '（未写明）'}：{read:,} 行，问题 {faulty:,}，重复 {repeated:,}")
    for group in batch["faults"]:
        first = group["examples"][0]
        out.print(
            f"  [yellow]{group['code']}[/yellow] {group['faults']:,} 个，{group['rows']:,} 行；"
            f"如第 {first['row_no']} 行 {first['column']}：{first['sentence']}"
        )
    if batch["held_reason"]:
        out.print(f"  [red]✗[/red] {batch['held_reason']}")
    if batch["undoes"]:
        out.print(f"  {batch['made_by']}撤销了第 {batch['undoes']} 批：{batch['reason']}")
    if batch["undone_by"]:
        out.print(f"  [yellow]已撤销[/yellow]，见第 {batch['undone_by']} 批")
