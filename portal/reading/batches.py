"""Batches (归集批次) and their faults, for officers."""

from sqlalchemy import Connection, RowMapping, select

from registry.scope import not_yours
from registry.tables.batch import Batch, RowFault

FAULTS_SHOWN = 200


def latest_batches(connection: Connection, limit: int = 100) -> list[RowMapping]:
    """The last batches, newest first."""
    return list(connection.execute(select(Batch.__table__).order_by(Batch.id.desc()).limit(limit)).mappings())


def one_batch(connection: Connection, batch_id: int) -> tuple[RowMapping, list[RowMapping]]:
    """A batch and the first faults of its rows. Raises Refusal scope.not_yours for an unknown one."""
    batch = connection.execute(select(Batch.__table__).where(Batch.id == batch_id)).mappings().first()
    if batch is None:
        raise not_yours()
    # `raw` stays out: a faulty row may hold the personal data that its columns should not have carried.
    faults = (
        select(RowFault.row_no, RowFault.column, RowFault.code, RowFault.sentence)
        .where(RowFault.batch_id == batch_id)
        .order_by(RowFault.row_no, RowFault.id)
        .limit(FAULTS_SHOWN)
    )
    return batch, list(connection.execute(faults).mappings())
