"""Officers' pages for checks outside the draw and for the ledger of all visits (线索核查、入企台账)."""

from datetime import date

from fastapi import APIRouter, Request
from sqlalchemy import Connection, RowMapping
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.ledger_file import ledger_csv
from portal.reading import disturbance, enterprises
from portal.web.exemptions import day_of
from portal.web.pages import render, see
from registry import clock
from registry.errors import Refusal
from registry.scope import Scope, not_yours
from scheduling import leads
from scheduling.disturbance import REASONS, measure

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("/leads")
def lead_list(request: Request, visitor: Visitor = guard(Permission.LEAD_HANDLE)) -> Response:
    """Leads of the own area, and the form for a new one."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        rows = leads.list_leads(connection)
        firms = enterprises.by_code(connection, [row["enterprise_code"] for row in rows])
    return render(
        request,
        "staff/leads.html",
        leads=[row for row in rows if _in_area(scope, firms.get(row["enterprise_code"]))],
        firms=firms,
        sources=leads.SOURCES,
        methods=leads.METHODS,
        states=leads.STATES,
    )


@router.post("/leads")
def enter_lead(
    request: Request, visitor: Visitor = guard(Permission.LEAD_HANDLE), form: FormData = form_of_guarded()
) -> Response:
    """Enter a lead about an enterprise of the own area."""
    house: House = request.app.state.house
    names = ("source", "source_no", "department", "reason", "method")
    words = {name: str(form.get(name, "")).strip() for name in names}
    spec = leads.LeadSpec(
        house.settings.place,
        enterprise_code=str(form.get("enterprise_code", "")).strip().upper(),
        item_codes=tuple(str(form.get("item_codes", "")).replace("；", " ").replace(";", " ").split()),
        received_on=day_of(form, "received_on"),
        first_day=day_of(form, "first_day"),
        last_day=day_of(form, "last_day"),
        **words,
    )
    with house.engine.connect() as connection:
        _refuse_elsewhere(connection, scope_for(request, visitor), spec.enterprise_code)
    leads.propose_lead(house.engine_for("schedule"), spec, visitor.signature)
    return see("/staff/leads")


@router.post("/leads/{lead_id}/decide")
def decide(
    request: Request,
    lead_id: int,
    visitor: Visitor = guard(Permission.LEAD_HANDLE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Approve or refuse (another account), then say that the check took place or was given up."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        lead = leads.one_lead(connection, lead_id)
        _refuse_elsewhere(connection, scope_for(request, visitor), lead["enterprise_code"])
    engine, note, choice = house.engine_for("schedule"), str(form.get("note", "")), form.get("choice")
    # The author's own signature again where it is the same account, so that the stage refuses it by name.
    by = lead["proposed_by"] if visitor.signed(lead["proposed_by"]) else visitor.signature
    if choice in ("approve", "refuse"):
        leads.decide_lead(engine, lead_id, choice == "approve", by, note)
    elif choice == "visited":
        result_no = str(form.get("result_no", "")).strip()
        leads.close_lead(engine, lead_id, day_of(form, "visited_on"), visitor.signature, result_no, note)
    elif choice == "withdraw":
        leads.withdraw_lead(engine, lead_id, visitor.signature, note)
    else:
        raise Refusal("lead.choice", "没有选择办理意见。", "请选择后提交。")
    return see("/staff/leads")


@router.get("/disturbance")
def ledger(
    request: Request,
    reason: str = "",
    since: str = "",
    page: int = 1,
    visitor: Visitor = guard(Permission.DISTURBANCE_READ),
) -> Response:
    """The ledger of the own area; the whole place also sees both undisturbed ratios."""
    house: House = request.app.state.house
    scope, day = scope_for(request, visitor), clock.today()
    first = _since(since, day)
    with house.engine.connect() as connection:
        found = disturbance.own_ledger(connection, scope, day, first)
        shown = disturbance.ledger_page(connection, found, reason, page)
        measured = measure(connection, day) if scope.whole_place else None
    return render(
        request,
        "staff/disturbance.html",
        ledger=shown,
        measured=measured,
        reason=reason if reason in (*REASONS, "off_site") else "",
        since=first,
        reasons=REASONS,
    )


@router.get("/disturbance/ledger.csv")
def ledger_file(
    request: Request, since: str = "", visitor: Visitor = guard(Permission.DISTURBANCE_READ)
) -> Response:
    """The ledger of the own area as a file."""
    house: House = request.app.state.house
    day = clock.today()
    with house.engine.connect() as connection:
        found = disturbance.own_ledger(connection, scope_for(request, visitor), day, _since(since, day))
    headers = {"Content-Disposition": f'attachment; filename="disturbance-{day}.csv"'}
    return Response(ledger_csv(found, REASONS), media_type="text/csv; charset=utf-8", headers=headers)


def _since(text: str, day: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date(day.year, 1, 1)


def _in_area(scope: Scope, firm: RowMapping | None) -> bool:
    return firm is not None and firm["localadm"] in scope.offices


def _refuse_elsewhere(connection: Connection, scope: Scope, code: str) -> None:
    if not _in_area(scope, enterprises.by_code(connection, [code]).get(code)):
        raise not_yours()
