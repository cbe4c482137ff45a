"""Officers' form that changes a roster (排班调整): what has happened, a preview of every difference, then a new version.

The three commonest disturbances; all others by `wurao roster change`. As there, nobody else approves: whoever confirms
stands in the journal and on the version.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import RowMapping
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import plans
from portal.reading.names import names_in
from portal.web.exemptions import day_of
from portal.web.naming import naming
from portal.web.pages import render, see
from portal.web.roster_words import change_words, texts_of_change
from registry import clock
from registry.errors import Refusal
from registry.scope import require_whole_place
from scheduling.change_book import change_stored_roster, preview_change, told_of
from scheduling.disturbances import KIND_NAMES, Change, Disturbance, InspectorAbsent, ObjectClosed, Postponed
from scheduling.problem import Problem, Roster
from scheduling.records import plain

router = APIRouter(prefix="/staff", include_in_schema=False)

FIELDS = {
    "inspector_absent": ("inspector", "first_day", "last_day", "reason"),
    "object_closed": ("object_id", "reason"),
    "postponed": ("object_id", "first_day", "last_day", "reason"),
}
"""The disturbances of the form, and what each asks for."""


def may_change(version: RowMapping) -> bool:
    """Whether the version is its plan's present one and no team lottery is under way (可以调整)."""
    return version["state"] == "checked" or (version["state"] == "dated" and version["team_draw_id"] is None)


def form_facts(problem: Problem, roster: Roster) -> dict[str, Any]:
    """Whom and what the form offers: people once they have been drawn, and every object with a visit still to come."""
    today = clock.today()
    coming: dict[str, date] = {}
    for visit in sorted(roster.visits, key=lambda v: v.day):
        if visit.day >= today:
            coming.setdefault(visit.object_id, visit.day)
    people = [(i.id, i.department) for i in problem.inspectors] if roster.seats else []
    last = problem.last_day
    return {
        "people": sorted(people),
        "objects": coming,
        "today": today,
        "last": max(last, today + timedelta(1)),
    }


@router.post("/rosters/{roster_id}/preview")
def preview(
    request: Request,
    roster_id: int,
    visitor: Visitor = guard(Permission.ROSTER_CHANGE),
    form: FormData = form_of_guarded(),
) -> Response:
    """What the change would do, before anything is stored."""
    version, change = _asked(request, roster_id, visitor, form)
    house: House = request.app.state.house
    number, changed = preview_change(house.engine_for("schedule"), version["plan_id"], change)
    _refuse_other(roster_id, number)
    told = plain(told_of(change, changed))
    places = {visit.id: visit.object_id for visit in changed.roster.visits}
    with house.engine.connect() as connection:
        named = naming(names_in(connection, [*texts_of_change(told), *places.values()], people=True))
    return render(
        request,
        "staff/roster_change.html",
        version=version,
        kind=KIND_NAMES[str(form["kind"])],
        change=change_words(told),
        named=named,
        places=places,
        agreed=changed.fingerprint(),
        asked={name: str(form[name]) for name in ("kind", *FIELDS[str(form["kind"])])},
    )


@router.post("/rosters/{roster_id}/change")
def confirm(
    request: Request,
    roster_id: int,
    visitor: Visitor = guard(Permission.ROSTER_CHANGE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Store what was previewed as the next version, if it still comes out the same."""
    version, change = _asked(request, roster_id, visitor, form)
    house: House = request.app.state.house
    made = change_stored_roster(
        house.engine_for("schedule"),
        version["plan_id"],
        change,
        visitor.signature,
        agreed=str(form.get("agreed", "")),
    )
    return see(f"/staff/rosters/{made.roster_id}")


def _asked(request: Request, roster_id: int, visitor: Visitor, form: FormData) -> tuple[RowMapping, Change]:
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine_for("schedule").connect() as connection:
        version = plans.one_roster(connection, roster_id)
    if not may_change(version):
        _refuse_other(roster_id, None)
    return version, Change(clock.today(), (disturbance_of(form),))


def _refuse_other(roster_id: int, newest: int | None) -> None:
    if newest != roster_id:
        raise Refusal(
            "roster.between",
            f"排班表 {roster_id} 已被新版本取代，或人员抽取尚未完成，不能在这里调整。",
            "打开计划页，在最新的版本上办理。",
            409,
        )


def disturbance_of(form: FormData) -> Disturbance:
    """What the form says has happened (调整事由). Raises Refusal roster.kind, form.date."""

    def word(name: str) -> str:
        return str(form.get(name, "")).strip()

    makers: dict[str, Callable[[], Disturbance]] = {
        "inspector_absent": lambda: InspectorAbsent(
            word("inspector"), day_of(form, "first_day"), day_of(form, "last_day"), word("reason")
        ),
        "object_closed": lambda: ObjectClosed(word("object_id").upper(), word("reason")),
        "postponed": lambda: Postponed(
            word("object_id").upper(), day_of(form, "first_day"), day_of(form, "last_day"), word("reason")
        ),
    }
    if word("kind") not in makers:
        raise Refusal("roster.kind", "没有选择发生了什么。", "在人员缺勤、对象停业、改期中选择一项。")
    return makers[word("kind")]()
