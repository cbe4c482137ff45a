"""The ledger of batches (批次台账): opened when a file arrives, closed with its counts and one journal record."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ingestion.datasets.contract import Dataset
from registry import clock, journal
from registry.errors import Refusal
from registry.faultpoints import fault
from registry.tables.batch import COUNTS, Batch, RowFault

SAMPLE = 20
ACTOR = "ingestion"


@dataclass(frozen=True)
class BatchReport:
    """What became of one file for one dataset (批次回执). `parts` are the other datasets that the file fed."""

    batch_id: int | None
    dataset: str
    file_name: str
    state: str
    """loaded, held (layout not understood) or failed (file not readable)."""
    rows_read: int = 0
    rows_valid: int = 0
    rows_faulty: int = 0
    rows_new: int = 0
    rows_same: int = 0
    rows_superseding: int = 0
    faults: tuple[dict[str, Any], ...] = ()
    """The first faults: row_no, column, code, sentence."""
    fault_counts: dict[str, int] = field(default_factory=dict)
    """Fault code → number of faults."""
    sentence: str = ""
    seconds: float = 0.0
    """How long this run of it took."""
    parts: tuple["BatchReport", ...] = ()


def open_batch(connection: Connection, dataset: Dataset, file_name: str, sha256: str, profile: str | None,
               received_at: datetime, headings: dict[str, Any] | None = None) -> tuple[int, int, datetime]:  # fmt: skip
    """A batch for this file: a new one, or the one a killed import left open. (id, rows already done, received at).

    headings: as Batch keeps them. Raises Refusal undone.same_file for the very file that a person undid.
    """
    unfinished = select(Batch.id, Batch.rows_read, Batch.received_at).where(
        Batch.sha256 == sha256, Batch.dataset == dataset.name, Batch.profile.is_not_distinct_from(profile),
        Batch.state == "loading",
    )  # fmt: skip
    found = connection.execute(unfinished.order_by(Batch.id.desc()).limit(1)).first()
    if found:
        return found.id, found.rows_read, found.received_at
    _refuse_undone(connection, dataset.name, sha256, profile)
    values = {
        "dataset": dataset.name, "file_name": file_name, "sha256": sha256, "profile": profile, "headings": headings
    }  # fmt: skip
    made = insert(Batch).values(received_at=received_at, state="loading", **values).returning(Batch.id)
    return connection.execute(made).scalar_one(), 0, received_at


def _refuse_undone(connection: Connection, dataset: str, sha256: str, profile: str | None) -> None:
    """A file that a person undid does not come back by being found in its folder again; the person brings it back."""
    same = select(Batch.id, Batch.undone_by).where(
        Batch.sha256 == sha256, Batch.dataset == dataset, Batch.profile.is_not_distinct_from(profile),
        Batch.state == "loaded",
    )  # fmt: skip
    last = connection.execute(same.order_by(Batch.id.desc()).limit(1)).first()
    if last is None or last.undone_by is None:
        return
    undo = connection.execute(select(Batch.made_by, Batch.reason).where(Batch.id == last.undone_by)).one()
    raise Refusal(
        "undone.same_file",
        f"这个文件的内容就是第 {last.id} 批，{undo.made_by}已经撤销（{undo.reason}），没有再次归集。",
        f"若撤销有误，请撤销第 {last.undone_by} 批来恢复；若数据已改正，请报送改正后的文件。",
    )


def hold_file(connection: Connection, dataset: str, file_name: str, sha256: str, profile: str | None,
              received_at: datetime, refusal: Refusal, batch_id: int | None = None) -> BatchReport:  # fmt: skip
    """Record a file that was not brought in: held for a changed layout or an undo, failed for anything else.

    batch_id: the batch that was already open for it, e.g. where a file turns out unreadable half way.
    """
    state = "held" if refusal.code.startswith(("layout.", "undone.", "profile.")) else "failed"
    ended = {"state": state, "finished_at": clock.now(), "held_reason": str(refusal)}
    if batch_id is None:
        values = {
            "dataset": dataset, "file_name": file_name, "sha256": sha256, "profile": profile, "received_at": received_at,
        }  # fmt: skip
        made = insert(Batch).values(**values, **ended).returning(Batch.id)
        batch_id = connection.execute(made).scalar_one()
    else:
        connection.execute(update(Batch).where(Batch.id == batch_id).values(**ended))
    detail = {"file": file_name, "sha256": sha256, "code": refusal.code, "reason": str(refusal)}
    journal.append(connection, ACTOR, f"batch.{state}", f"batch:{batch_id}", detail)
    fault("ledger.before_hold_commit")
    connection.commit()
    return BatchReport(batch_id, dataset, file_name, state, sentence=f"{file_name}：{refusal}")


def close_batch(connection: Connection, batch_id: int, senders: dict[str, list[int]]) -> None:
    """Mark a batch loaded and put its counts in the journal."""
    closed = update(Batch).where(Batch.id == batch_id).values(
        state="loaded", finished_at=clock.now(), senders=senders
    ).returning(Batch.dataset, Batch.file_name, Batch.sha256, *(getattr(Batch, name) for name in COUNTS))  # fmt: skip
    detail = dict(connection.execute(closed).mappings().one())
    fault("ledger.before_journal")
    journal.append(connection, ACTOR, "batch.loaded", f"batch:{batch_id}", detail)
    fault("ledger.before_close_commit")
    connection.commit()
    fault("ledger.after_close_commit")


def report_batch(connection: Connection, batch_id: int) -> BatchReport:
    """The report of a batch, read back from the ledger. Raises NoResultFound."""
    batch = connection.execute(select(Batch.__table__).where(Batch.id == batch_id)).mappings().one()
    counted = (
        select(RowFault.code, func.count().label("many"))
        .where(RowFault.batch_id == batch_id)
        .group_by(RowFault.code)
    )
    codes = Counter({row.code: row.many for row in connection.execute(counted)})
    first = select(RowFault.row_no, RowFault.column, RowFault.code, RowFault.sentence)
    sample = connection.execute(
        first.where(RowFault.batch_id == batch_id).order_by(RowFault.id).limit(SAMPLE)
    )
    counts = {name: batch[name] for name in COUNTS}
    return BatchReport(
        batch_id, batch["dataset"], batch["file_name"], batch["state"], **counts,
        faults=tuple(dict(row) for row in sample.mappings()), fault_counts=dict(codes.most_common()),
        sentence=_sentence(batch["file_name"], counts),
    )  # fmt: skip


def _sentence(file_name: str, counts: dict[str, int]) -> str:
    held = f"，{counts['rows_faulty']} 行有问题待更正" if counts["rows_faulty"] else ""
    return (
        f"{file_name}：读入 {counts['rows_read']} 行，新增 {counts['rows_new']}，更新 {counts['rows_superseding']}，"
        f"未变 {counts['rows_same']}{held}。"
    )
