"""Visits that stand through roster versions (跨版本不变的检查): a change makes a new version, not a new visit.

Each version has its own rows. What was said of a visit, its notice, its door code, its results, holds for the row of
every later version in which day, half-day, people and tasks are the same.
"""

from sqlalchemy import CTE, ColumnElement, ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from registry.tables.visit import RosterVersion, Visit, VisitMember, VisitTask


def first_told() -> ScalarSelect[int]:
    """For a query over `Visit`: the id of the first row of that same visit, in this or an earlier version.

    Rows of a draw anew (a further version of the plan's objects draw) count as well: the visit is the same.
    """
    earlier, then, now = aliased(Visit), aliased(RosterVersion), aliased(RosterVersion)
    return (
        select(func.min(earlier.id))
        .join(then, then.id == earlier.roster_id)
        .join(now, now.plan_id == then.plan_id)
        .where(
            now.id == Visit.roster_id,
            earlier.enterprise_code == Visit.enterprise_code,
            earlier.visit_no == Visit.visit_no,
            earlier.visit_date == Visit.visit_date,
            earlier.half == Visit.half,
            earlier.id <= Visit.id,
            _people(earlier).is_not_distinct_from(_people(Visit)),
            _tasks(earlier).is_not_distinct_from(_tasks(Visit)),
        )
        .correlate(Visit)
        .scalar_subquery()
    )


def standing(chosen: ColumnElement[bool]) -> CTE:
    """For the chosen rows of `Visit`: visit_id and first_id, worked out once, whatever they are joined with."""
    told = select(Visit.id.label("visit_id"), first_told().label("first_id")).where(chosen)
    return told.cte("standing").prefix_with("MATERIALIZED")


def _people(visit: type[Visit] | AliasedClass[Visit]) -> ColumnElement[list[str]]:
    listed = func.array_agg(aggregate_order_by(VisitMember.staff_no, VisitMember.staff_no))
    return select(listed).where(VisitMember.visit_id == visit.id).correlate(visit).scalar_subquery()


def _tasks(visit: type[Visit] | AliasedClass[Visit]) -> ColumnElement[list[str]]:
    one = func.concat(VisitTask.task_id, ":", func.array_to_string(VisitTask.item_codes, ","))
    listed = func.array_agg(aggregate_order_by(one, VisitTask.task_id))
    return select(listed).where(VisitTask.visit_id == visit.id).correlate(visit).scalar_subquery()
