"""Batches (归集批次) and their faults, for officers."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select, text

from registry.scope import not_yours
from registry.tables.batch import Batch, RowFault

PAGE = 50
FAULTS_A_PAGE = 100
EXAMPLES = 3
STATES = {
    "loaded": "已入库",
    "faulty": "有问题行",
    "held": "待处理",
    "failed": "失败",
    "loading": "入库中",
    "undone": "已撤销",
    "undo": "撤销操作",
}
"""What batches can be listed by, and what they are called."""


@dataclass(frozen=True)
class Page:
    """One page of a list."""

    rows: list[Any]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


def state_of(batch: RowMapping) -> str:
    """What the list calls a batch: its state, or that it is undone or an undo."""
    if batch["undone_by"] is not None:
        return "undone"
    return "undo" if batch["undoes"] is not None and batch["state"] == "loaded" else str(batch["state"])


def batch_page(connection: Connection, dataset: str = "", state: str = "", page: int = 1) -> Page:
    """Batches of a dataset in a state, newest first."""
    wanted = select(Batch.__table__)
    if dataset:
        wanted = wanted.where(Batch.dataset == dataset)
    if state == "undone":
        wanted = wanted.where(Batch.undone_by.is_not(None))
    elif state == "undo":
        wanted = wanted.where(Batch.undoes.is_not(None))
    elif state == "faulty":
        wanted = wanted.where(Batch.rows_faulty > 0)
    elif state:
        wanted = wanted.where(Batch.state == state, Batch.undone_by.is_(None), Batch.undoes.is_(None))
    return _paged(connection, wanted.order_by(Batch.id.desc()), page, PAGE)


def one_batch(connection: Connection, batch_id: int) -> RowMapping:
    """A batch. Raises Refusal scope.not_yours for an unknown one."""
    batch = connection.execute(select(Batch.__table__).where(Batch.id == batch_id)).mappings().first()
    if batch is None:
        raise not_yours()
    return batch


def same_file(connection: Connection, batch: RowMapping) -> list[RowMapping]:
    """The other batches of the same file, and the undos of this one, in order."""
    wanted = select(Batch.id, Batch.dataset, Batch.undoes, Batch.undone_by, Batch.state, Batch.made_by, Batch.reason,
                    Batch.received_at)  # fmt: skip
    related = wanted.where(
        Batch.id != batch["id"], (Batch.sha256 == batch["sha256"]) | (Batch.undoes == batch["id"])
    )
    return list(connection.execute(related.order_by(Batch.id).limit(20)).mappings())


def fault_groups(connection: Connection, batch_id: int) -> list[dict[str, Any]]:
    """Faults by code, commonest first: how many, in how many rows, at which columns, and the first few."""
    counted = (
        select(
            RowFault.code, func.count().label("faults"), func.count(RowFault.row_no.distinct()).label("rows"),
            func.array_agg(RowFault.column.distinct()).label("columns"),
        )
        .where(RowFault.batch_id == batch_id)
        .group_by(RowFault.code)
    )  # fmt: skip
    groups = {row["code"]: dict(row) | {"examples": []} for row in connection.execute(counted).mappings()}
    first = text(
        'SELECT code, row_no, "column", sentence FROM (SELECT code, row_no, "column", sentence,'
        " row_number() OVER (PARTITION BY code ORDER BY row_no, id) AS place FROM row_fault WHERE batch_id = :batch) f"
        " WHERE place <= :many ORDER BY code, place"
    )
    for example in connection.execute(first, {"batch": batch_id, "many": EXAMPLES}).mappings():
        groups[example["code"]]["examples"].append(example)
    return sorted(groups.values(), key=lambda group: (-group["faults"], group["code"]))


def fault_page(connection: Connection, batch_id: int, code: str = "", page: int = 1) -> Page:
    """Faults of a batch, of one code or all, in the order of the file.

    `raw` stays out: a faulty row may hold personal data that its columns should not have carried.
    """
    wanted = select(RowFault.row_no, RowFault.column, RowFault.code, RowFault.sentence).where(
        RowFault.batch_id == batch_id
    )
    if code:
        wanted = wanted.where(RowFault.code == code)
    return _paged(connection, wanted.order_by(RowFault.row_no, RowFault.id), page, FAULTS_A_PAGE)


def _paged(connection: Connection, wanted: Any, page: int, size: int) -> Page:
    total = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    rows = connection.execute(wanted.limit(size).offset((page - 1) * size)).mappings().all()
    return Page(list(rows), total, page, size)
