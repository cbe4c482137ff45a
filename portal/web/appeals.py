"""Officers' pages for appeals (异议) and overrides (人工调整): open, compare, decide by two people. Internal."""

from datetime import date

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import decisions, grades
from portal.web.adoption import act_of, day_of
from portal.web.pages import render, see
from portal.web.staff import LAYERS
from registry import clock
from registry.rules import load_rules
from registry.vocabulary import CLASS_NAMES
from risk import appeals, overrides

router = APIRouter(prefix="/staff", include_in_schema=False)

CHANGES = ("approved", "rejected", "withdrawn")
OPINIONS = ("uphold", "reject")


@router.get("/grades/{code}/review")
def review_page(request: Request, code: str, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """One class: what would better it, the records that may be disputed, and the forms to open an appeal or override."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    place, day = house.settings.place, clock.today()
    found = decisions.review_of(house.engine, scope, place, code, day)
    longest = load_rules().value("grade.override.longest_days", place, day)
    return render(
        request, "staff/review.html", **found, class_names=CLASS_NAMES, layers=LAYERS, longest=longest,
        override_states=overrides.STATES,
    )  # fmt: skip


@router.get("/appeals")
def appeal_list(request: Request, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """The appeals of the area."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = decisions.appeals_in(connection, scope_for(request, visitor), house.settings.place)
    return render(request, "staff/appeals.html", appeals=rows, states=appeals.STATES)


@router.post("/appeals")
def open_appeal(
    request: Request, visitor: Visitor = guard(Permission.GRADE_DECIDE), form: FormData = form_of_guarded()
) -> Response:
    """Open an appeal: the class is computed again without the records."""
    house: House = request.app.state.house
    code, place = str(form.get("enterprise_code", "")), house.settings.place
    with house.engine.connect() as connection:
        grade, _, _ = grades.one_grade(connection, scope_for(request, visitor), place, code)
    named = appeals.facts_named(",".join(str(fact) for fact in form.getlist("facts")))
    number = appeals.open_appeal(
        house.engine_for("risk"), code, grade["as_of"], place, named, str(form.get("reason", "")), visitor.signature
    )  # fmt: skip
    return see(f"/staff/appeals/{number}")


@router.get("/appeals/{appeal_id}")
def appeal_page(
    request: Request, appeal_id: int, visitor: Visitor = guard(Permission.GRADE_READ)
) -> Response:
    """Old and new side by side, the difference by group, and the decision."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        found = decisions.one_appeal(connection, scope_for(request, visitor), appeal_id)
    opinion = found["acts"].get("uphold") or found["acts"].get("reject")
    return render(
        request, "staff/appeal.html", appeal=found, opinion=opinion, states=appeals.STATES, layers=LAYERS,
        class_names=CLASS_NAMES,
    )  # fmt: skip


@router.post("/appeals/{appeal_id}/propose")
def propose_decision(
    request: Request,
    appeal_id: int,
    visitor: Visitor = guard(Permission.GRADE_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """The first person's opinion."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        decisions.one_appeal(connection, scope_for(request, visitor), appeal_id)
    act = act_of(form, OPINIONS, visitor, "")
    appeals.propose_decision(
        house.engine_for("risk"), appeal_id, act == "uphold", visitor.signature, str(form.get("reason", ""))
    )
    return see(f"/staff/appeals/{appeal_id}")


@router.post("/appeals/{appeal_id}/approve")
def approve_decision(
    request: Request,
    appeal_id: int,
    visitor: Visitor = guard(Permission.GRADE_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """The second person approves the opinion."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        found = decisions.one_appeal(connection, scope_for(request, visitor), appeal_id)
    opinion = found["acts"].get("uphold") or found["acts"].get("reject")
    act_of(form, ("approved",), visitor, opinion["acted_by"] if opinion else "")
    appeals.approve_decision(
        house.engine_for("risk"), appeal_id, visitor.signature, str(form.get("reason", ""))
    )
    return see(f"/staff/appeals/{appeal_id}")


@router.get("/overrides")
def override_list(request: Request, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """The overrides of the area, and which are in force."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = decisions.overrides_in(
            connection, scope_for(request, visitor), house.settings.place, clock.today()
        )
    return render(request, "staff/overrides.html", overrides=rows, states=overrides.STATES)


@router.post("/overrides")
def propose_override(
    request: Request, visitor: Visitor = guard(Permission.GRADE_DECIDE), form: FormData = form_of_guarded()
) -> Response:
    """Propose a class for a time."""
    house: House = request.app.state.house
    code, place = str(form.get("enterprise_code", "")), house.settings.place
    with house.engine.connect() as connection:
        grades.one_grade(connection, scope_for(request, visitor), place, code)
    proposal = overrides.Proposal(
        code, str(form.get("klass", "")), str(form.get("reason", "")), str(form.get("basis", "")), clock.today(),
        _last_day(form),
    )  # fmt: skip
    overrides.propose_override(house.engine_for("risk"), place, proposal, visitor.signature)
    return see("/staff/overrides")


@router.post("/overrides/{override_id}/decide")
def decide_override(
    request: Request,
    override_id: int,
    visitor: Visitor = guard(Permission.GRADE_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """A second person approves or rejects; an override in force may be withdrawn."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        proposed_by = decisions.require_own_override(connection, scope_for(request, visitor), override_id)
    act = act_of(form, CHANGES, visitor, proposed_by)
    overrides.decide_override(
        house.engine_for("risk"), override_id, act, visitor.signature, str(form.get("reason", ""))
    )
    return see("/staff/overrides")


def _last_day(form: FormData) -> date | None:
    """The last day; empty: as long as the rules allow."""
    return day_of(form, "valid_to") if form.get("valid_to") else None
