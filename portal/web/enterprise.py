"""Enterprises' pages (经营主体): facts, bases, deadlines and rights. Never a class, a score or a reason code."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal import casework
from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import enterprises, visits
from portal.web.pages import render
from portal.web.waiver_items import waiver_items
from registry import clock, rules

router = APIRouter(prefix="/enterprise", include_in_schema=False)


@router.get("")
def my_warnings(request: Request, visitor: Visitor = guard(Permission.OWN_AFFAIRS)) -> Response:
    """What to see to, until when, on what basis, and the way out."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        warnings = enterprises.own_warnings(connection, scope, house.settings.place)
        firm = enterprises.by_code(connection, [visitor.subject]).get(visitor.subject)
    return render(request, "enterprise/warnings.html", warnings=warnings, firm=firm)


@router.get("/visits")
def my_visits(request: Request, visitor: Visitor = guard(Permission.OWN_AFFAIRS)) -> Response:
    """Checks whose notice has been issued; before that there is nothing to see."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        noticed = visits.noticed_visits(connection, scope_for(request, visitor))
    return render(request, "enterprise/visits.html", noticed=noticed)


@router.get("/waivers")
def my_waivers(request: Request, visitor: Visitor = guard(Permission.OWN_AFFAIRS)) -> Response:
    """First and minor offences that an officer decided, with article, deadline and duties."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        decided = casework.decided_for(connection, scope_for(request, visitor))
    items = waiver_items(house.settings.place, clock.today())
    return render(request, "enterprise/waivers.html", decided=decided, items=items)


@router.get("/rights")
def my_rights(request: Request, visitor: Visitor = guard(Permission.OWN_AFFAIRS)) -> Response:
    """What an enterprise may ask of whoever comes to inspect (国办发〔2024〕54号)."""
    house: House = request.app.state.house
    book, today = rules.load_rules(), clock.today()
    rights, prohibitions, contacts = (
        book.rule(f"notice.{name}", house.settings.place, today)
        for name in ("rights", "prohibitions", "contacts")
    )
    return render(
        request, "enterprise/rights.html", rights=rights, prohibitions=prohibitions, contacts=contacts
    )
