"""Officers' page for exemptions from quiet days (安静日豁免): one account asks, another decides."""

from datetime import date

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.web.pages import render, see
from registry import clock
from registry.errors import Refusal
from registry.scope import require_whole_place
from registry.vocabulary import EXEMPT_CATEGORY_NAMES
from scheduling import exemptions
from scheduling.exemption_rate import measure_exemptions

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("/exemptions")
def exemption_list(request: Request, visitor: Visitor = guard(Permission.EXEMPTION_READ)) -> Response:
    """All requests, the rate of the year, and the form for a new request."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = exemptions.list_exemptions(connection)
        rate = measure_exemptions(connection, house.settings.place, clock.today())
    return render(
        request,
        "staff/exemptions.html",
        exemptions=rows,
        rate=rate,
        categories=EXEMPT_CATEGORY_NAMES,
        states=exemptions.STATES,
        whole_place=scope_for(request, visitor).whole_place,
    )


@router.post("/exemptions")
def ask(
    request: Request,
    visitor: Visitor = guard(Permission.EXEMPTION_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Enter a request."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    words = {name: str(form.get(name, "")).strip() for name in ("category", "department", "reason", "basis")}
    wanted = exemptions.ExemptionRequest(
        house.settings.place,
        first_day=day_of(form, "first_day"),
        last_day=day_of(form, "last_day"),
        enterprise_code=str(form.get("enterprise_code", "")).strip().upper(),
        rule_id=str(form.get("rule_id", "")).strip(),
        **words,
    )
    exemptions.propose_exemption(house.engine_for("schedule"), wanted, visitor.signature)
    return see("/staff/exemptions")


@router.post("/exemptions/{exemption_id}/decide")
def decide(
    request: Request,
    exemption_id: int,
    visitor: Visitor = guard(Permission.EXEMPTION_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Approve, refuse or revoke, by another account than the one that asked."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    engine, note = house.engine_for("schedule"), str(form.get("note", ""))
    choice = form.get("choice")
    if choice == "revoke":
        exemptions.revoke_exemption(engine, exemption_id, visitor.signature, note)
    elif choice in ("approve", "refuse"):
        with house.engine.connect() as connection:
            asked_by = exemptions.proposer(connection, exemption_id)
        # The asker's own signature again where it is the same account, so that the stage refuses it by name.
        by = asked_by if visitor.signed(asked_by) else visitor.signature
        exemptions.decide_exemption(engine, exemption_id, choice == "approve", by, note)
    else:
        raise Refusal("exemption.choice", "没有选择审批意见。", "请选择批准、不批准或撤销。")
    return see("/staff/exemptions")


def day_of(form: FormData, name: str) -> date:
    """A date of a form. Raises Refusal form.date."""
    try:
        return date.fromisoformat(str(form.get(name, "")))
    except ValueError:
        raise Refusal("form.date", "日期没有填写或格式不对。", "请用日期选择框填写。") from None
