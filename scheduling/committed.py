"""What a draw has committed to (承诺的内容): its files rebuilt from the tables, its replay, its newest version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from registry.tables import Draw, PoolObject, StratumCount, Task
from scheduling.acts import refuse
from scheduling.draw import (
    DrawFault,
    DrawResult,
    PoolRow,
    counts_file,
    digest,
    draw_objects,
    pool_file,
    seed_state,
)

OBJECTS, TEAMS = "objects", "teams"


def latest_draw(connection: Connection, plan_id: int, kind: str) -> RowMapping | None:
    """The newest version of a plan's draw of objects or teams, or None."""
    query = select(*Draw.__table__.c).where(Draw.plan_id == plan_id, Draw.kind == kind)
    return connection.execute(query.order_by(Draw.version.desc()).limit(1)).mappings().first()


def next_version(connection: Connection, plan_id: int, kind: str) -> int:
    """Number of the plan's next draw of this kind."""
    last = connection.execute(
        select(func.max(Draw.version)).where(Draw.plan_id == plan_id, Draw.kind == kind)
    ).scalar_one()
    return int(last or 0) + 1


def committed_files(connection: Connection, plan_id: int, salt: str) -> tuple[bytes, bytes]:
    """pool.csv and counts.csv of a plan as its tables hold them now (对象库文件、抽取数量文件)."""
    pool = (
        select(PoolObject.object_id, Task.short, PoolObject.stratum)
        .join(Task, Task.id == PoolObject.task_id)
        .where(PoolObject.plan_id == plan_id)
    )
    counts = (
        select(Task.short, StratumCount.stratum, StratumCount.count)
        .join(Task, Task.id == StratumCount.task_id)
        .where(StratumCount.plan_id == plan_id)
    )
    rows = [PoolRow(*row) for row in connection.execute(pool)]
    wanted = {(row.short, row.stratum): row.count_ for row in connection.execute(_named(counts))}
    return pool_file(rows, salt), counts_file(wanted, salt)


def replay(connection: Connection, draw: RowMapping) -> DrawResult:
    """The draw again from tables, key and seed. Raises Refusal draw.pool_changed where they are not the committed."""
    with as_refusal("draw.pool_changed", "停止抽取，查明何人何时改动；确需更改的，编制新版本重新承诺。"):
        pool, counts = committed_files(connection, draw["plan_id"], draw["salt"])
    for name, content, committed in (
        ("对象池", pool, draw["pool_hash"]),
        ("抽取数量", counts, draw["counts_hash"]),
    ):
        if digest(content) != committed:
            raise refuse(
                "draw.pool_changed",
                f"{name}在公布承诺之后被改动：承诺的摘要是 {committed[:16]}…，现在是 {digest(content)[:16]}…。",
                "停止抽取，查明何人何时改动；确需更改的，编制新版本重新承诺。",
            )
    return draw_objects(pool, counts, bytes.fromhex(draw["key_hex"]), draw["seed_text"])


def draw_state(draw: RowMapping) -> str:
    """S of a drawn lottery of objects: the public randomness that later choices may use (抽取状态值)."""
    return seed_state(draw["commitment"], draw["seed_text"], bytes.fromhex(draw["key_hex"]))


def drawn_hash(result: DrawResult) -> str:
    """One hash over the drawn list, without stratum or ticket: the list that the public sees."""
    return digest("".join(f"{row.object_id},{row.task}\n" for row in result.drawn))


def _named(query: Any) -> Any:
    """`count` is a method of rows, so the column needs another name."""
    columns = query.subquery().c
    return select(columns.short, columns.stratum, columns["count"].label("count_"))


@contextmanager
def as_refusal(code: str, remedy: str) -> Iterator[None]:
    """A fault of the pure arithmetic as a refusal that people read."""
    try:
        yield
    except DrawFault as fault:
        raise refuse(code, fault.zh, remedy) from fault
