"""Undo (撤销批次): what a batch said is taken back by later versions; nothing is deleted, and an undo can be undone."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, text, update

from ingestion.datasets import DATASETS, Dataset
from ingestion.matching.questions import search_again
from ingestion.standing import restate, tables_of
from ingestion.verdict import restore_confirmed
from registry import clock, journal
from registry.errors import Refusal
from registry.facts import table_named
from registry.progress import Progress, silent
from registry.tables.batch import Batch

LONGEST_REASON = 500


@dataclass(frozen=True)
class UndoReport:
    """What an undo did (撤销回执)."""

    batch_id: int
    """The undo's own number: undo this one to bring the records back."""
    undoes: int
    file_batch: int
    """The batch of the file whose records it is about."""
    restored: bool
    """True where this undo took back an earlier undo, so that the file counts again."""
    keys: int
    written: dict[str, int]
    """Table → versions written."""
    same_since: tuple[tuple[int, int], ...]
    """(batch, rows) of later files that said the same and were therefore not written again."""
    sentence: str


def undo_batch(
    engine: Engine, batch_id: int, reason: str, by: str, progress: Progress | None = None
) -> UndoReport:
    """Take back what a batch said. `engine` acts in the role wurao_ingest.

    For each natural key that its file wrote, what the remaining batches say is restated as known from now on;
    where they say nothing the record is withdrawn. Later files win and are left alone; past as-of answers stay.
    A killed undo goes on when it is asked for again. Raises Refusal batch.* and undo.*.
    """
    say = progress or silent
    with engine.connect() as connection:
        refuse_wordless(reason, by)
        lock = {"key": f"undo {file_of(connection, batch_id)['id']}"}
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:key))"), lock)
        connection.commit()
        try:
            target = refuse_not_undoable(connection, batch_id)
            act, file = _open_undo(connection, target, reason.strip(), by.strip())
            written = _restate_all(connection, DATASETS[file["dataset"]], file["id"], act, say)
            return _close_undo(connection, act, target, file, written)
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(hashtext(:key))"), lock)
            connection.commit()


def refuse_wordless(reason: str, by: str) -> None:
    """Raise Refusal undo.no_reason: an undo carries a person and a reason."""
    if not reason.strip() or not by.strip():
        raise Refusal("undo.no_reason", "撤销需要写明理由和经办人。", "请填写后再提交。")
    if len(reason.strip()) > LONGEST_REASON:
        raise Refusal("undo.long_reason", f"理由超过 {LONGEST_REASON} 字。", "请写得短些。")


def refuse_not_undoable(connection: Connection, batch_id: int) -> RowMapping:
    """The batch, if it can be undone now (or its killed undo taken up). Raises Refusal batch.* and undo.*."""
    batch = _batch(connection, batch_id)
    if batch["state"] == "loading":
        remedy = (
            "请再次归集同一个文件，完成后再撤销。" if batch["undoes"] is None else "请再次提交原来的撤销。"
        )
        raise Refusal("undo.loading", f"第 {batch_id} 批还在处理，或中途断了。", remedy, 409)
    if batch["state"] != "loaded":
        raise Refusal("undo.nothing", f"第 {batch_id} 批没有归集任何一行。", "无需撤销。", 409)
    if batch["undone_by"] is not None:
        undo = _batch(connection, batch["undone_by"])
        if undo["state"] == "loading":
            return batch
        raise Refusal(
            "undo.already", f"第 {batch_id} 批已由{undo['made_by']}撤销（第 {undo['id']} 批）。",
            f"如需恢复，请撤销第 {undo['id']} 批。", 409,
        )  # fmt: skip
    last = _last_act(connection, file_of(connection, batch_id)["id"])
    if batch["undoes"] is not None and last != batch_id:
        raise Refusal(
            "undo.not_last", f"第 {batch_id} 批之后，同一文件又有第 {last} 批撤销或恢复。",
            f"请从最后一次做起：第 {last} 批。", 409,
        )  # fmt: skip
    return batch


def file_of(connection: Connection, batch_id: int) -> RowMapping:
    """The batch of the file that a batch is, or whose undo (or undo of an undo) it is. Raises Refusal batch.unknown."""
    batch = _batch(connection, batch_id)
    while batch["undoes"] is not None:
        batch = _batch(connection, batch["undoes"])
    return batch


def written_by_batch(connection: Connection, dataset: Dataset, batch_id: int) -> dict[str, int]:
    """Table → versions that a batch wrote."""
    counts = {}
    for name in tables_of(dataset):
        table: Any = table_named(name)
        counted = select(func.count()).where(table.batch_id == batch_id)
        counts[name] = connection.execute(counted).scalar_one()
    return counts


def same_since(connection: Connection, batch_id: int) -> tuple[tuple[int, int], ...]:
    """(batch, rows) of standing later files of its dataset with rows that said nothing new, and were not kept twice."""
    this = _batch(connection, batch_id)
    wanted = select(Batch.id, Batch.rows_same).where(
        Batch.dataset == this["dataset"], Batch.id > batch_id, Batch.rows_same > 0, Batch.undoes.is_(None),
        Batch.undone_by.is_(None),
    )  # fmt: skip
    return tuple((row.id, row.rows_same) for row in connection.execute(wanted.order_by(Batch.id)))


def _batch(connection: Connection, batch_id: int) -> RowMapping:
    found = connection.execute(select(Batch.__table__).where(Batch.id == batch_id)).mappings().first()
    if found is None:
        raise Refusal("batch.unknown", f"没有第 {batch_id} 批。", "请从批次列表里选择。", 404)
    return found


def _last_act(connection: Connection, file_batch: int) -> int:
    """The last undo in the line that begins at a file's batch, or that batch itself."""
    line, number = [file_batch], 0
    while number < len(line):
        later = select(Batch.id).where(Batch.undoes == line[number])
        line += connection.execute(later).scalars().all()
        number += 1
    return max(line)


def _open_undo(connection: Connection, target: RowMapping, reason: str, by: str) -> tuple[int, RowMapping]:
    """The undo's own batch, or the one that a killed undo left; from here on the target no longer counts."""
    file = file_of(connection, target["id"])
    if target["undone_by"] is not None:
        return target["undone_by"], file
    digest = hashlib.sha256(f"undo {target['id']}".encode()).hexdigest()
    values = {
        "dataset": file["dataset"], "file_name": f"撤销第 {target['id']} 批", "sha256": digest, "state": "loading",
        "received_at": clock.now(), "undoes": target["id"], "made_by": by, "reason": reason,
    }  # fmt: skip
    act = connection.execute(insert(Batch).values(**values).returning(Batch.id)).scalar_one()
    connection.execute(update(Batch).where(Batch.id == target["id"]).values(undone_by=act))
    # Each act in a file's line turns it over: undone, back in force, undone again.
    now = act if file["undone_by"] is None else None
    connection.execute(update(Batch).where(Batch.id == file["id"]).values(undone_by=now))
    connection.commit()
    return act, file


def _restate_all(connection: Connection, dataset: Dataset, file_batch: int, act: int,
                 say: Callable[[str, float], None]) -> dict[str, int]:  # fmt: skip
    tables, written = tables_of(dataset), {}
    for number, table in enumerate(tables):
        keys = f'SELECT DISTINCT natural_key FROM "{table}" WHERE batch_id = :source'

        def told(part: float, number: int = number) -> None:
            say(f"撤销 {dataset.title}", (number + part) / len(tables))

        restore_confirmed(connection, table, keys, {"source": file_batch})
        restate(connection, table, keys, {"source": file_batch}, act, told)
        counted = text(f'SELECT count(DISTINCT natural_key) FROM "{table}" WHERE batch_id = :act')
        written[table] = connection.execute(counted, {"act": act}).scalar_one()
    return written


def _close_undo(
    connection: Connection, act: int, target: RowMapping, file: RowMapping, written: dict[str, int]
) -> UndoReport:
    table = DATASETS[file["dataset"]].table
    counted = text(f'SELECT count(DISTINCT natural_key) FROM "{table}" WHERE batch_id = :source')
    keys = connection.execute(counted, {"source": file["id"]}).scalar_one()
    counts = {
        "rows_read": keys, "rows_valid": keys, "rows_superseding": written[table], "rows_same": keys - written[table]
    }  # fmt: skip
    closed = update(Batch).where(Batch.id == act).values(state="loaded", finished_at=clock.now(), **counts)
    undo = connection.execute(closed.returning(Batch.made_by, Batch.reason)).one()
    if DATASETS[file["dataset"]].identity == "self":
        search_again(connection)
    restored = _batch(connection, file["id"])["undone_by"] is None
    detail = {
        "undo": act, "reason": undo.reason, "file": file["file_name"], "file_batch": file["id"], "restored": restored,
        "keys": keys, "written": written,
    }  # fmt: skip
    journal.append(connection, str(undo.made_by), "batch.undone", f"batch:{target['id']}", detail)
    since = () if restored else same_since(connection, file["id"])
    connection.commit()
    sentence = _sentence(target["id"], act, file["id"], restored, keys, written[table], since)
    return UndoReport(act, target["id"], file["id"], restored, keys, written, since, sentence)


def _sentence(target: int, act: int, file: int, restored: bool, keys: int, written: int,
              since: tuple[tuple[int, int], ...]) -> str:  # fmt: skip
    what = f"第 {file} 批恢复生效" if restored else f"第 {file} 批不再生效"
    parts = [f"已撤销第 {target} 批，{what}：涉及 {keys} 条记录，改写 {written} 条，其余以后来的数据为准。"]
    if since:
        named = "、".join(f"第 {batch} 批 {rows} 行" for batch, rows in since[:5])
        parts.append(
            f"此后的文件里有与原有内容相同而没有另存的行（{named}），其中若有仍然有效的，请重新报送那些文件。"
        )
    parts.append(f"如需恢复原状，撤销第 {act} 批即可。")
    return "".join(parts)
