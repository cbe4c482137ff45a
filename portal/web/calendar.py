"""Officers' pages for the roster (检查日历): a month with quiet days shaded, and one day."""

from datetime import date, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import enterprises, roster
from portal.web.pages import render
from registry import clock
from registry.errors import Refusal

router = APIRouter(prefix="/staff/roster", include_in_schema=False)


@router.get("")
def month_page(
    request: Request, visitor: Visitor = guard(Permission.ROSTER_READ), month: str = ""
) -> Response:
    """A month: visits a day, quiet days shaded with their basis."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        shown = _month(month) or roster.first_visit_day(connection, clock.today()) or clock.today()
        shown = shown.replace(day=1)
        counts = roster.month_counts(connection, scope, shown)
        quiet = roster.quiet_days(connection, house.settings.place, shown)
    return render(
        request,
        "staff/roster.html",
        month=shown,
        weeks=roster.weeks_of(shown),
        counts=counts,
        quiet=quiet,
        make_up=roster.make_up_days(house.settings.place, shown),
        busiest=max(counts.values(), default=1),
        bases=sorted({sentence for sentences in quiet.values() for sentence in sentences}),
        before=shown - timedelta(days=1),
        after=shown + timedelta(days=32),
    )


@router.get("/{day}")
def day_page(request: Request, day: date, visitor: Visitor = guard(Permission.ROSTER_READ)) -> Response:
    """A day: each visit with its departments, people and items, and who stays at the desks, by number."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        visits = roster.visits_on(connection, scope, day)
        tasks, members = roster.tasks_and_members(connection, [visit["id"] for visit in visits])
        firms = enterprises.by_code(connection, [visit["enterprise_code"] for visit in visits])
        codes = {code for due in tasks.values() for task in due for code in task["item_codes"]}
        items = enterprises.items_by_code(connection, codes)
        staff = {member["staff_no"] for team in members.values() for member in team}
        people = enterprises.people_by_staff_no(connection, staff)
        quiet = roster.quiet_days(connection, house.settings.place, day).get(day, [])
        desks = roster.desks_on(connection, day)
    return render(
        request,
        "staff/day.html",
        day=day,
        visits=visits,
        tasks=tasks,
        members=members,
        firms=firms,
        people=people,
        items=items,
        quiet=quiet,
        desks=desks,
    )


def _month(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Refusal("roster.month", f"“{text}”不是月份。", "请用 2026-12 这样的写法。", 404) from None
