"""Officers' pages for the annual plan (年度抽查工作计划), and the public page that shows what is published."""

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.annual_tasks import changed_tasks
from portal.guard import Permission, Visitor, form_of_guarded, guard, public, scope_for
from portal.house import House
from portal.web.exemptions import day_of
from portal.web.pages import render, see
from registry import clock
from registry.errors import Refusal
from registry.rules import load_rules
from registry.scope import not_yours, require_whole_place
from scheduling import annual_plan as annual
from scheduling.annual_batch import make_batch
from scheduling.conditions import CONDITIONS

router = APIRouter(include_in_schema=False)


@router.get("/annual-plans", dependencies=[public()])
def published_plans(request: Request) -> Response:
    """Published annual plans, the version in force first."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = [row for row in annual.annual_plans(connection) if row["published_at"]]
    return render(request, "public/annual_plans.html", plans=rows)


@router.get("/annual-plans/{annual_id}", dependencies=[public()])
def published_plan(request: Request, annual_id: int) -> Response:
    """One published version: number, tasks, scope, share, time, departments. No rate of a single class."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        row, tasks = annual.annual_plan(connection, annual_id)
    if row["published_at"] is None:
        raise not_yours()
    return render(request, "public/annual_plan.html", plan=row, tasks=tasks, conditions=CONDITIONS)


@router.get("/staff/annual")
def plan_list(request: Request, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """All versions, what is late, and the form that starts a year's plan."""
    house: House = request.app.state.house
    book, today = load_rules(), clock.today()
    with house.engine.connect() as connection:
        rows = annual.annual_plans(connection)
    return render(
        request,
        "staff/annual_plans.html",
        plans=rows,
        late={row["id"]: annual.late_words(row, book, today) for row in rows},
        due={row["id"]: annual.filing_due(row, book) for row in rows},
        states=annual.STATES,
        next_year=today.year + 1,
        whole_place=scope_for(request, visitor).whole_place,
    )


@router.post("/staff/annual")
def start(
    request: Request, visitor: Visitor = guard(Permission.PLAN_MAKE), form: FormData = form_of_guarded()
) -> Response:
    """Make a year's plan from the check items in force."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    text, department = str(form.get("year", "")), str(form.get("department", "")).strip()
    if not (text.isascii() and text.isdigit() and len(text) == 4 and department):
        raise Refusal("annual.form", "年度或发起部门没有填写。", "年度填四位数字，如 2027。")
    with house.engine.connect() as connection:
        tasks = annual.draft_annual_tasks(connection, house.settings.place, int(text), clock.today())
    made = annual.make_annual_plan(
        house.engine_for("schedule"), house.settings.place, int(text), department, tasks, visitor.signature
    )
    return see(f"/staff/annual/{made}")


@router.get("/staff/annual/{annual_id}")
def plan_page(request: Request, annual_id: int, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """One version: its acts, its tasks, and the form of a change."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        row, tasks = annual.annual_plan(connection, annual_id)
        newest = max(p["version"] for p in annual.annual_plans(connection) if p["number"] == row["number"])
    book = load_rules()
    return render(
        request,
        "staff/annual_plan.html",
        plan=row,
        tasks=tasks,
        newest=row["version"] == newest,
        due=annual.filing_due(row, book),
        late=annual.late_words(row, book, clock.today()),
        states=annual.STATES,
        conditions=CONDITIONS,
        whole_place=scope_for(request, visitor).whole_place,
    )


@router.post("/staff/annual/{annual_id}/act")
def act(
    request: Request,
    annual_id: int,
    visitor: Visitor = guard(Permission.PLAN_MAKE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Approve (another account), publish, or record the filing."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    engine, choice = house.engine_for("schedule"), form.get("choice")
    if choice == "approve":
        with house.engine.connect() as connection:
            made_by = annual.annual_plan(connection, annual_id)[0]["made_by"]
        # The maker's own signature again where it is the same account, so that the stage refuses it by name.
        annual.approve_annual_plan(
            engine, annual_id, made_by if visitor.signed(made_by) else visitor.signature
        )
    elif choice == "publish":
        annual.publish_annual_plan(engine, annual_id, visitor.signature)
    elif choice == "file":
        filing_no = str(form.get("filing_no", ""))
        annual.file_annual_plan(engine, annual_id, day_of(form, "filed_on"), filing_no, visitor.signature)
    else:
        raise Refusal("annual.choice", "没有选择办理的步骤。", "请选择后提交。")
    return see(f"/staff/annual/{annual_id}")


@router.post("/staff/annual/{annual_id}/change")
def change(
    request: Request,
    annual_id: int,
    visitor: Visitor = guard(Permission.PLAN_MAKE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Make a later version with the tasks as the form has them."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        _, tasks = annual.annual_plan(connection, annual_id)
    made = annual.change_annual_plan(
        house.engine_for("schedule"), annual_id, changed_tasks(tasks, form), str(form.get("reason", "")),
        visitor.signature,
    )  # fmt: skip
    return see(f"/staff/annual/{made}")


@router.post("/staff/annual/{annual_id}/batch")
def batch(
    request: Request,
    annual_id: int,
    visitor: Visitor = guard(Permission.PLAN_MAKE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Make a batch's plan from it; it goes on on the page of plans."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    window = (day_of(form, "window_from"), day_of(form, "window_to"))
    made = make_batch(house.engine_for("schedule"), annual_id, clock.today(), *window, visitor.signature)
    return see(f"/staff/plans/{made}")
