"""Tasks about batches (批次后台任务): bring a file in, undo a batch, bring claimed rows in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from ingestion.arrivals import ingest_path, summary
from ingestion.intake import ingest_file
from ingestion.ledger import BatchReport
from ingestion.matching.decisions import after_decision, bring_in_known
from ingestion.mending import workbook_name
from ingestion.undo import undo_batch
from portal.house import House, Progress
from registry.errors import Refusal
from registry.tables.batch import Batch

target = aliased(Batch)


def ingest_upload(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Bring an uploaded file in, or every file of an uploaded zip; a mended workbook goes where its rows came from."""
    path = Path(arguments["path"])
    if not path.is_relative_to(house.uploads):
        raise Refusal("upload.outside", "文件不在上传文件夹里。", "请重新上传。")
    reports = _bring_in(house, path, arguments, lambda stage, share: progress(share, stage))
    loaded = [report for report in reports if report.state == "loaded"]
    if not loaded:
        remedy = "请核对数据类别和文件格式；批次页面列出了原因。"
        raise Refusal(f"batch.{reports[0].state}", summary(reports), remedy)
    outcome: dict[str, Any] = {
        "batches": [report.batch_id for report in loaded],
        "sentence": summary(reports),
    }
    return outcome | ({"batch_id": loaded[0].batch_id} if len(reports) == 1 else {})


def _bring_in(
    house: House, path: Path, arguments: dict[str, Any], progress: Callable[[str, float], None]
) -> list[BatchReport]:
    engine, dataset = house.engine_for("ingest"), arguments.get("dataset") or None
    if "mends" not in arguments:
        return ingest_path(engine, path, dataset, progress=progress)
    name = _ledger_name(house, arguments["mends"], path)
    report = ingest_file(engine, path, dataset, progress=progress, file_name=name)
    return [replace(report, parts=()), *report.parts]


def undo(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Undo a batch for the person who asked; asked for again after it was done, say so."""
    with house.engine.connect() as connection:
        done = _done_before(connection, arguments)
    if done is not None:
        return {"batch_id": done, "sentence": f"第 {arguments['batch_id']} 批已撤销，见第 {done} 批。"}
    report = undo_batch(
        house.engine_for("ingest"),
        int(arguments["batch_id"]),
        arguments["reason"],
        arguments["by"],
        progress=lambda stage, share: progress(share, stage),
    )
    return {"batch_id": report.batch_id, "sentence": report.sentence}


def bring_in_claimed(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Bring in the rows that waited for an answer that a person has given."""
    report = after_decision(
        house.engine_for("ingest"),
        int(arguments["question_id"]),
        progress=lambda stage, share: progress(share, stage),
    )
    return {"question_id": report.question_id, "sentence": report.sentence}


def bring_in_registered(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Bring in the rows that waited for an enterprise which has been registered meanwhile."""
    report = bring_in_known(house.engine_for("ingest"), progress=lambda stage, share: progress(share, stage))
    return {"sentence": report.sentence}


def _done_before(connection: Connection, arguments: dict[str, Any]) -> int | None:
    """The finished undo of this very wish, where a worker was lost after it was done and before it was told."""
    wanted = select(Batch.id).where(
        Batch.undoes == int(arguments["batch_id"]),
        Batch.made_by == arguments["by"],
        Batch.reason == arguments["reason"],
        Batch.state == "loaded",
        exists().where(target.id == Batch.undoes, target.undone_by == Batch.id),
    )
    return connection.execute(wanted).scalar_one_or_none()


def _ledger_name(house: House, batch_id: int, path: Path) -> str:
    """What the ledger calls a mended workbook, whatever the person called the file."""
    with house.engine.connect() as connection:
        return f"{Path(workbook_name(connection, batch_id)).stem}{path.suffix}"
