"""Inspectors' pages (执法检查人员), made for a phone: my checks, one check, my receipts."""

import secrets
from itertools import groupby

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from portal import submissions
from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import enterprises, visits
from portal.web.pages import render, see
from registry import clock
from registry.scope import not_yours
from registry.vocabulary import RESULTS

router = APIRouter(prefix="/inspector", include_in_schema=False)


@router.get("")
def my_visits(request: Request, visitor: Visitor = guard(Permission.CHECK_CARRY_OUT)) -> Response:
    """Today and later, by day."""
    house: House = request.app.state.house
    scope, today = scope_for(request, visitor), clock.today()
    with house.engine.connect() as connection:
        upcoming = visits.inspector_visits(connection, scope, today)
        firms = enterprises.by_code(connection, [visit["enterprise_code"] for visit in upcoming])
        receipts = submissions.receipts_of(connection, str(scope.staff_no))
    days = [(day, list(rows)) for day, rows in groupby(upcoming, key=lambda visit: visit["visit_date"])]
    return render(
        request,
        "inspector/visits.html",
        days=days,
        firms=firms,
        entered={receipt["visit_id"] for receipt in receipts},
    )


@router.get("/visits/{visit_id}")
def visit_page(
    request: Request, visit_id: int, visitor: Visitor = guard(Permission.CHECK_CARRY_OUT)
) -> Response:
    """One visit: address, people, and only its own items, with the form for my department's results."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        sheet = visits.inspector_visit(connection, scope, visit_id)
        first = sheet.visit["first_id"]
        door_code = visits.door_code(connection, first)
        receipts = [
            r for r in submissions.receipts_of(connection, str(scope.staff_no)) if r["visit_id"] == first
        ]
    me = next(member for member in sheet.members if member["staff_no"] == scope.staff_no)
    return render(
        request,
        "inspector/visit.html",
        sheet=sheet,
        visit=sheet.visit,
        me=me,
        door_code=door_code,
        receipts=receipts,
        results=RESULTS,
        device_id=secrets.token_hex(16),
    )


@router.post("/visits/{visit_id}/results")
def enter_result(
    request: Request,
    visit_id: int,
    visitor: Visitor = guard(Permission.CHECK_CARRY_OUT),
    form: FormData = form_of_guarded(),
) -> Response:
    """Receive a result once, and show its receipt."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        sheet = visits.inspector_visit(connection, scope, visit_id)
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    entry = submissions.entry_from(values, sheet, str(scope.staff_no))
    receipt = submissions.submit(house.engine, visitor.login, entry)
    return see(f"/inspector/receipts/{receipt}")


@router.get("/receipts")
def receipt_list(request: Request, visitor: Visitor = guard(Permission.CHECK_CARRY_OUT)) -> Response:
    """Everything I submitted, with its receipt number and state."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        rows = submissions.receipts_of(connection, str(scope.staff_no))
        firms = enterprises.by_code(connection, [row["enterprise_code"] for row in rows])
    return render(request, "inspector/receipts.html", receipts=rows, firms=firms)


@router.get("/receipts/{receipt_no}")
def receipt_page(
    request: Request, receipt_no: str, visitor: Visitor = guard(Permission.CHECK_CARRY_OUT)
) -> Response:
    """One receipt of mine."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        mine = [
            r
            for r in submissions.receipts_of(connection, str(scope.staff_no))
            if r["receipt_no"] == receipt_no
        ]
        if not mine:
            raise not_yours()
        firms = enterprises.by_code(connection, [mine[0]["enterprise_code"]])
        items = enterprises.items_by_code(connection, mine[0]["item_results"])
    return render(request, "inspector/receipt.html", receipt=mine[0], firms=firms, items=items)
