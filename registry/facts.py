"""What was known as of a date: the only way in which a stage reads facts."""

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from registry.clock import end_of
from registry.tables.declaration import Fact, Table


def as_of(table: type[Fact], day: date) -> Select[Any]:
    """SELECT of the versions in force as of the end of `day` (时点数据), withdrawn ones left out.

    For each natural key the last version known by then (`known_at`, then arrival). Columns are the
    table's own; wrap with `.subquery()` to join.
    """
    columns = table.__table__.c  # type: ignore[attr-defined]
    latest = (
        select(*columns)
        .where(columns.known_at < end_of(day))
        .ext(distinct_on(columns.natural_key))
        .order_by(columns.natural_key, columns.known_at.desc(), columns.id.desc())
        .subquery()
    )
    return select(*latest.c).where(~latest.c.retracted)


def history(table: type[Fact], day: date) -> Select[Any]:
    """SELECT of *all* versions known by the end of `day`, oldest first."""
    columns = table.__table__.c  # type: ignore[attr-defined]
    return select(*columns).where(columns.known_at < end_of(day)).order_by(columns.known_at, columns.id)


def read_frame(connection: Connection, statement: Select[Any]) -> pd.DataFrame:
    """The rows of a statement as a frame, columns in its order."""
    return pd.read_sql(statement, connection)


def table_named(name: str) -> type[Table]:
    """The mapped class of a table. Raises KeyError for a name that no table has."""
    return {mapper.class_.__tablename__: mapper.class_ for mapper in Table.registry.mappers}[name]
