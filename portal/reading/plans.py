"""Plans and draws (计划与抽取) as officers see them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from registry.scope import not_yours
from registry.tables.planning import Draw, DrawnObject, Plan, PoolExclusion, PoolObject, StratumCount, Task
from registry.tables.visit import RosterVersion

_NOT_FOR_PAGES = ("key_hex", "salt", "committed_file", "problem", "roster")
"""The key is secret, the rest is bulk."""


@dataclass(frozen=True)
class PlanFile:
    """A plan with everything that hangs on it."""

    plan: RowMapping
    tasks: list[RowMapping]
    exclusions: list[RowMapping]
    draws: list[RowMapping]
    rosters: list[RowMapping]


def all_plans(connection: Connection) -> list[RowMapping]:
    """Plans, newest first."""
    return list(connection.execute(select(Plan.__table__).order_by(Plan.id.desc()).limit(200)).mappings())


def plan_file(connection: Connection, plan_id: int) -> PlanFile:
    """One plan with its tasks, exclusions by reason, draws and rosters. Raises Refusal scope.not_yours."""
    plan = connection.execute(select(Plan.__table__).where(Plan.id == plan_id)).mappings().first()
    if plan is None:
        raise not_yours()
    return PlanFile(
        plan,
        _tasks(connection, plan_id),
        _exclusions(connection, plan_id),
        _of_plan(connection, Draw, plan_id),
        _of_plan(connection, RosterVersion, plan_id),
    )


def one_draw(connection: Connection, draw_id: int) -> RowMapping:
    """A draw with its plan's name, without its secret key. Raises Refusal scope.not_yours."""
    wanted = (
        select(
            *_shown(Draw),
            Plan.name.label("plan_name"),
            Plan.number.label("plan_number"),
            Plan.window_from,
            Plan.window_to,
        )
        .join(Plan, Plan.id == Draw.plan_id)
        .where(Draw.id == draw_id)
    )
    draw = connection.execute(wanted).mappings().first()
    if draw is None:
        raise not_yours()
    return draw


def one_roster(connection: Connection, roster_id: int) -> RowMapping:
    """A roster version with its plan's name and number. Raises Refusal scope.not_yours."""
    wanted = (
        select(*_shown(RosterVersion), Plan.name.label("plan_name"), Plan.number.label("plan_number"))
        .join(Plan, Plan.id == RosterVersion.plan_id)
        .where(RosterVersion.id == roster_id)
    )
    version = connection.execute(wanted).mappings().first()
    if version is None:
        raise not_yours()
    return version


def drawn_counts(connection: Connection, draw_id: int) -> list[RowMapping]:
    """Department and task → how many were drawn."""
    counted = (
        select(Task.department, Task.name, Task.short, func.count().label("drawn"))
        .join(DrawnObject, DrawnObject.task_id == Task.id)
        .where(DrawnObject.draw_id == draw_id)
        .group_by(Task.id)
        .order_by(Task.id)
    )
    return list(connection.execute(counted).mappings())


def _tasks(connection: Connection, plan_id: int) -> list[RowMapping]:
    allocated = (
        select(StratumCount.task_id, func.sum(StratumCount.count).label("allocated"))
        .where(StratumCount.plan_id == plan_id)
        .group_by(StratumCount.task_id)
        .subquery()
    )
    pooled = (
        select(PoolObject.task_id, func.count().label("pooled"))
        .where(PoolObject.plan_id == plan_id)
        .group_by(PoolObject.task_id)
        .subquery()
    )
    wanted = (
        select(Task.__table__, allocated.c.allocated, pooled.c.pooled)
        .outerjoin(allocated, allocated.c.task_id == Task.id)
        .outerjoin(pooled, pooled.c.task_id == Task.id)
        .where(Task.plan_id == plan_id)
        .order_by(Task.id)
    )
    return list(connection.execute(wanted).mappings())


def _exclusions(connection: Connection, plan_id: int) -> list[RowMapping]:
    counted = (
        select(
            PoolExclusion.reason,
            func.min(PoolExclusion.sentence).label("sentence"),
            func.count().label("objects"),
        )
        .where(PoolExclusion.plan_id == plan_id)
        .group_by(PoolExclusion.reason)
        .order_by(func.count().desc())
    )
    return list(connection.execute(counted).mappings())


def _of_plan(
    connection: Connection, table: type[Draw] | type[RosterVersion], plan_id: int
) -> list[RowMapping]:
    wanted = select(*_shown(table)).where(table.plan_id == plan_id).order_by(table.id.desc())
    return list(connection.execute(wanted).mappings())


def _shown(table: type[Draw] | type[RosterVersion]) -> list[Any]:
    return [column for column in table.__table__.c if column.name not in _NOT_FOR_PAGES]


def standing_plan(
    connection: Connection, place: str, window_from: date, window_to: date
) -> RowMapping | None:
    """A plan of the same place and window that is still on its way to a draw."""
    wanted = select(Plan.number, Plan.state).where(
        Plan.place == place,
        Plan.window_from == window_from,
        Plan.window_to == window_to,
        Plan.state.in_(("draft", "approved", "frozen", "allocated")),
    )
    return connection.execute(wanted.order_by(Plan.id.desc()).limit(1)).mappings().first()


def is_unfinished(connection: Connection, draw: RowMapping) -> bool:
    """Whether something is left to do after the seed: the draw itself, or the roster up to its team lottery."""
    if draw["state"] != "published":
        return draw["state"] in ("seeded", "drawn")
    if draw["kind"] != "objects":
        return False
    wanted = select(RosterVersion.id).where(
        RosterVersion.draw_id == draw["id"], RosterVersion.team_draw_id.is_not(None)
    )
    return connection.execute(wanted.limit(1)).first() is None
