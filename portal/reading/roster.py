"""The roster calendar (检查日历): visits by month and day, with quiet days shaded."""

import calendar
from collections import Counter
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB, distinct_on

from registry import clock, rules
from registry.facts import as_of
from registry.scope import Scope, office_rows
from registry.tables.library import QuietDayRecord
from registry.tables.planning import Plan
from registry.tables.visit import RosterVersion, Visit, VisitMember, VisitTask
from scheduling.problem import Calendar, DayOverride
from scheduling.workdays import is_official, working_days


def in_current_roster() -> ColumnElement[bool]:
    """Visits of each plan's newest roster that nothing has superseded."""
    return Visit.roster_id.in_(_current_rosters())


def _current_rosters() -> Select[int]:
    return (
        select(RosterVersion.id)
        .join(Plan, Plan.id == RosterVersion.plan_id)
        .where(RosterVersion.state != "superseded", Plan.state != "superseded")
        .ext(distinct_on(RosterVersion.plan_id))
        .order_by(RosterVersion.plan_id, RosterVersion.version.desc())
    )


def month_counts(connection: Connection, scope: Scope, month: date) -> dict[date, int]:
    """Day → visits in the month of `month`."""
    first, last = month_span(month)
    counted = (
        select(Visit.visit_date, func.count())
        .where(in_current_roster(), office_rows(scope, Visit.localadm), Visit.visit_date.between(first, last))
        .group_by(Visit.visit_date)
    )
    return {row[0]: row[1] for row in connection.execute(counted)}


def visits_on(connection: Connection, scope: Scope, day: date) -> list[RowMapping]:
    """The visits of a day, by half-day and area."""
    wanted = (
        select(Visit.__table__)
        .where(in_current_roster(), office_rows(scope, Visit.localadm), Visit.visit_date == day)
        .order_by(Visit.half, Visit.cluster, Visit.visit_no)
    )
    return list(connection.execute(wanted).mappings())


def desks_on(connection: Connection, day: date) -> list[tuple[str, str, int]]:
    """(department, half, people) that current rosters keep at their desks on the day (书面、网络检查), by name."""
    kept: Counter[tuple[str, str]] = Counter()
    desks = select(cast(RosterVersion.roster, JSONB)["desk"]).where(RosterVersion.id.in_(_current_rosters()))
    for desk in connection.execute(desks).scalars():
        for row in desk or []:
            if row["day"] == day.isoformat():
                kept[row["department"], row["half"]] += row["people"]
    return [(*key, people) for key, people in sorted(kept.items())]


def tasks_and_members(
    connection: Connection, visit_ids: list[int]
) -> tuple[dict[int, list[RowMapping]], dict[int, list[RowMapping]]]:
    """Visit → its departments' tasks, and visit → its members, leaders first."""
    tasks = select(VisitTask.__table__).where(VisitTask.visit_id.in_(visit_ids)).order_by(VisitTask.task_id)
    members = (
        select(VisitMember.__table__)
        .where(VisitMember.visit_id.in_(visit_ids))
        .order_by(VisitMember.lead.desc(), VisitMember.department, VisitMember.staff_no)
    )
    return _by_visit(connection.execute(tasks).mappings()), _by_visit(connection.execute(members).mappings())


def first_visit_day(connection: Connection, since: date) -> date | None:
    """The first day with visits on or after `since`, else the last one before it."""
    later = select(func.min(Visit.visit_date)).where(in_current_roster(), Visit.visit_date >= since)
    earlier = select(func.max(Visit.visit_date)).where(in_current_roster())
    return connection.execute(later).scalar_one() or connection.execute(earlier).scalar_one()


def quiet_days(connection: Connection, place: str, month: date) -> dict[date, list[str]]:
    """Day → the quiet-day rules and registrations of the place that cover it, in words (安静日).

    Single enterprises' own quiet days are left out: a calendar of a whole place cannot shade them.
    """
    first, last = month_span(month)
    registered = as_of(QuietDayRecord, clock.today()).subquery()
    wanted = select(registered).where(registered.c.scope != "enterprise").order_by(registered.c.natural_key)
    records = connection.execute(wanted).mappings().all()
    found: dict[date, list[str]] = {}
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        said = [*_by_rule(place, day), *_by_basis([row for row in records if _is_quiet(row, day)])]
        if said:
            found[day] = list(dict.fromkeys(said))
    return found


def _by_rule(place: str, day: date) -> list[str]:
    in_force = rules.load_rules().in_force("quiet_day.", place, day)
    return [
        f"{rule.value['name']}（{rule.basis}）"
        for rule in in_force
        if day.day in rule.value.get("month_days", ())
    ]


def _by_basis(rows: list[RowMapping]) -> list[str]:
    """One sentence a legal basis, naming everybody it covers that day."""
    covered: dict[str, list[str]] = {}
    for row in rows:
        covered.setdefault(row["basis"], []).append(row["scope_value"])
    return [f"{'、'.join(values)}安静日（{basis}）" for basis, values in covered.items()]


def _is_quiet(row: RowMapping, day: date) -> bool:
    bounded = row["date_from"] is not None or row["date_to"] is not None
    within = (row["date_from"] or day) <= day <= (row["date_to"] or day)
    return within and (day.day in row["month_days"] or (bounded and not row["month_days"]))


def make_up_days(place: str, month: date) -> set[date]:
    """The month's Saturdays and Sundays on which people work (调休上班), as far as announced."""
    book, (first, last) = rules.load_rules(), month_span(month)
    corrected = book.value("calendar.overrides", place, first)
    overrides = tuple(DayOverride(**entry) for entry in corrected)
    years = tuple(book.value("calendar.official_years", place, first))
    calendar_of_place = Calendar(overrides=overrides, official_years=years)
    if not is_official(month.year, calendar_of_place):
        return set()
    return {day for day in working_days(first, last, calendar_of_place) if day.weekday() > 4}


def weeks_of(month: date) -> list[list[date | None]]:
    """Monday to Sunday rows; None outside the month."""
    weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
    return [[day if day.month == month.month else None for day in week] for week in weeks]


def month_span(month: date) -> tuple[date, date]:
    """First and last day."""
    return month.replace(day=1), month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _by_visit(rows: object) -> dict[int, list[RowMapping]]:
    grouped: dict[int, list[RowMapping]] = {}
    for row in rows:  # type: ignore[attr-defined]
        grouped.setdefault(row["visit_id"], []).append(row)
    return grouped
