"""Officers' pages for cases and results (免罚案件、结果审核): the rules propose, a person decides."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.datastructures import FormData
from starlette.responses import Response

from portal import casework, submissions
from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import enterprises
from portal.web.pages import render, see
from portal.web.waiver_items import condition_answers, waiver_items
from registry import clock
from registry.errors import Refusal
from registry.scope import Scope
from risk.waivers import propose_waiver

router = APIRouter(prefix="/staff", include_in_schema=False)

VERDICTS = {
    "eligible": "符合免罚条件",
    "not_eligible": "不符合免罚条件",
    "need_human": "条件不全，需要人工判断",
}


@router.get("/waivers")
def case_list(request: Request, visitor: Visitor = guard(Permission.WAIVER_DECIDE)) -> Response:
    """Cases, and the form for a new one."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        rows = casework.cases_of(connection, scope)
        firms = enterprises.by_code(connection, [row["enterprise_code"] for row in rows])
    items = waiver_items(house.settings.place, clock.today())
    return render(request, "staff/waivers.html", cases=rows, firms=firms, items=items, verdicts=VERDICTS)


@router.post("/waivers")
def enter_case(
    request: Request, visitor: Visitor = guard(Permission.WAIVER_DECIDE), form: FormData = form_of_guarded()
) -> Response:
    """Store a case and ask the rules for a proposal."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    case = _read_case(form)
    item = waiver_items(house.settings.place, case.occurred_on).get(case.item_code)
    if item is None:
        raise Refusal(
            "waiver.item", "违法行为发生时，清单里没有这个事项。", "请从清单中选择违法行为，核对发生日期。"
        )
    with house.engine.begin() as connection:
        case_id = casework.enter_case(connection, scope, visitor.login, case, condition_answers(form, item))
    propose_waiver(house.engine_for("risk"), case_id, clock.today(), house.settings.place)
    return see(f"/staff/waivers/{case_id}")


@router.get("/waivers/{case_id}")
def case_page(request: Request, case_id: int, visitor: Visitor = guard(Permission.WAIVER_DECIDE)) -> Response:
    """One case: facts, proposal with article and missing evidence, decision."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        case = casework.one_case(connection, scope, case_id)
        firm = enterprises.by_code(connection, [case["enterprise_code"]])[case["enterprise_code"]]
    items = waiver_items(house.settings.place, clock.today())
    return render(
        request,
        "staff/waiver.html",
        case=case,
        firm=firm,
        item=items.get(case["item_code"]),
        verdicts=VERDICTS,
    )


@router.post("/waivers/{case_id}/decide")
def decide(
    request: Request,
    case_id: int,
    visitor: Visitor = guard(Permission.WAIVER_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """An officer's decision, with its reason, once."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    choice = form.get("waived")
    if choice not in ("yes", "no"):
        raise Refusal("waiver.choice", "没有选择是否免予处罚。", "请选择后提交。")
    with house.engine.begin() as connection:
        casework.decide(
            connection, scope, visitor.login, case_id, choice == "yes", str(form.get("reason", ""))
        )
    return see(f"/staff/waivers/{case_id}")


@router.get("/results")
def result_list(request: Request, visitor: Visitor = guard(Permission.RESULT_REVIEW)) -> Response:
    """Results that wait for review."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        waiting = _with_names(connection, scope, "待审核")
        published = _with_names(connection, scope, "已公示")
    return render(request, "staff/results.html", waiting=waiting, published=published)


@router.post("/results/{submission_id}/review")
def review(
    request: Request,
    submission_id: int,
    visitor: Visitor = guard(Permission.RESULT_REVIEW),
    form: FormData = form_of_guarded(),
) -> Response:
    """Accept a result for publication, or give it back."""
    choice = form.get("choice")
    if choice not in ("accept", "return"):
        raise Refusal("result.choice", "没有选择审核意见。", "请选择通过或退回。")
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.begin() as connection:
        submissions.review(connection, scope, visitor.login, submission_id, choice == "accept")
    return see("/staff/results")


def _read_case(form: FormData) -> casework.CaseForm:
    try:
        return casework.CaseForm.model_validate({name: value for name, value in form.items() if value != ""})
    except ValidationError as error:
        fields = "、".join(
            sorted({casework.FIELD_TITLES.get(str(e["loc"][0]), str(e["loc"][0])) for e in error.errors()})
        )
        raise Refusal("waiver.form", f"填写不完整或格式不对：{fields}。", "请更正后重新提交。") from None


def _with_names(connection: Connection, scope: Scope, state: str) -> list[dict[str, Any]]:
    rows = submissions.submissions_in(connection, scope, state)
    firms = enterprises.by_code(connection, [row["enterprise_code"] for row in rows])
    items = enterprises.items_by_code(connection, [code for row in rows for code in row["item_results"]])
    return [
        dict(row)
        | {
            "entname": firms[row["enterprise_code"]]["entname"] if row["enterprise_code"] in firms else "—",
            "items": {
                code: items[code]["item_name"] if code in items else code for code in row["item_results"]
            },
        }
        for row in rows
    ]
