"""Tasks about batches (批次后台任务): bring a file in, undo a batch, bring claimed rows in."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, exists, select
from sqlalchemy.orm import aliased

from ingestion.intake import ingest_file
from ingestion.matching.decisions import after_decision, bring_in_known
from ingestion.mending import workbook_name
from ingestion.undo import undo_batch
from portal.house import House, Progress
from registry.errors import Refusal
from registry.tables.batch import Batch

target = aliased(Batch)


def ingest_upload(house: House, arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Bring an uploaded file in; a mended workbook goes where its rows came from."""
    path = Path(arguments["path"])
    if not path.is_relative_to(house.uploads):
        raise Refusal("upload.outside", "文件不在上传文件夹里。", "请重新上传。")
    report = ingest_file(
        house.engine_for("ingest"),
        path,
        arguments["dataset"],
        progress=lambda stage, share: progress(share, stage),
        file_name=_ledger_name(house, arguments["mends"], path) if "mends" in arguments else None,
    )
    if report.state != "loaded":
        remedy = "请核对数据类别和文件格式；批次页面列出了原因。"
        raise Refusal(f"batch.{report.state}", report.sentence or "文件没有入库。", remedy)
    sentence = (
        report.sentence
        or f"读入 {report.rows_read} 行，有效 {report.rows_valid}，问题 {report.rows_faulty}。"
    )
    return {"batch_id": report.batch_id, "sentence": sentence}


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
