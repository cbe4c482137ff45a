"""Officers' pages for plans and draws (计划与抽取): each ceremony act is one button, pressed once, in order."""

from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import RowMapping
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading import plans
from portal.reading import runs as job_runs
from portal.web.pages import render, see
from registry import clock, jobs
from registry.errors import Refusal
from registry.scope import require_whole_place
from reports.exclusions import REASONS
from scheduling.acts import PLAN_STATES
from scheduling.ceremony import record_seed
from scheduling.plan import approve_plan

router = APIRouter(prefix="/staff", include_in_schema=False)

DRAW_STATES = {
    "committed": "已公布承诺，等待种子",
    "seeded": "种子已登记",
    "drawn": "已抽取",
    "published": "已公布",
    "superseded": "已被新版本取代",
}
DRAW_KINDS = {"objects": "抽取检查对象", "teams": "抽取检查人员"}


@router.get("/plans")
def plan_list(request: Request, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """Plans, and the form that starts one."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = plans.all_plans(connection)
        runs = job_runs.latest(connection, ("plan_and_draw", "draw_and_roster", "staff_roster"), 5)
    first, last = _next_quarter(clock.today())
    return render(
        request,
        "staff/plans.html",
        plans=rows,
        runs=runs,
        states=PLAN_STATES,
        first=first,
        last=last,
        whole_place=scope_for(request, visitor).whole_place,
    )


@router.post("/plans")
def start_plan(
    request: Request, visitor: Visitor = guard(Permission.PLAN_MAKE), form: FormData = form_of_guarded()
) -> Response:
    """Make a plan in the background."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    arguments = {
        "as_of": _day(form, "as_of").isoformat(),
        "window_from": _day(form, "window_from").isoformat(),
        "window_to": _day(form, "window_to").isoformat(),
        "place": house.settings.place,
        "made_by": visitor.login,
    }
    return _queue(house, "plan_and_draw", arguments, visitor)


@router.get("/plans/{plan_id}")
def plan_page(request: Request, plan_id: int, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """One plan: its tasks, what was left out and why, its draws and rosters."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        file = plans.plan_file(connection, plan_id)
    return render(
        request,
        "staff/plan.html",
        reasons=REASONS,
        file=file,
        plan=file.plan,
        states=PLAN_STATES,
        draw_states=DRAW_STATES,
        draw_kinds=DRAW_KINDS,
    )


@router.post("/plans/{plan_id}/approve")
def approve(
    request: Request,
    plan_id: int,
    visitor: Visitor = guard(Permission.PLAN_MAKE),
    form: FormData = form_of_guarded(),
) -> Response:
    """A second person approves; freezing, allocation and commitment follow in the background."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    ceremony = str(form.get("ceremony", "")).strip()
    if len(ceremony) < 6:
        raise Refusal(
            "draw.ceremony",
            "没有写明种子产生的时间、地点和方式。",
            "例如：2026年12月1日9时，市局一楼大厅，当众掷骰子二十次。",
        )
    approve_plan(house.engine_for("schedule"), plan_id, visitor.login)
    arguments = {"plan_id": plan_id, "made_by": visitor.login, "ceremony": ceremony}
    return _queue(house, "plan_and_draw", arguments, visitor)


@router.get("/draws/{draw_id}")
def draw_page(request: Request, draw_id: int, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """One draw: what is committed, and the act that comes next."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        draw = plans.one_draw(connection, draw_id)
        counts = plans.drawn_counts(connection, draw_id)
        waits = (
            draw["kind"] == "objects"
            and draw["state"] == "published"
            and not plans.has_roster(connection, draw_id)
        )
    return render(
        request,
        "staff/draw.html",
        draw=draw,
        counts=counts,
        draw_states=DRAW_STATES,
        draw_kinds=DRAW_KINDS,
        waits_for_roster=waits,
    )


@router.post("/draws/{draw_id}/seed")
def enter_seed(
    request: Request,
    draw_id: int,
    visitor: Visitor = guard(Permission.DRAW_CONDUCT),
    form: FormData = form_of_guarded(),
) -> Response:
    """Record the seed exactly as announced, once; the draw follows in the background."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    seed, source = str(form.get("seed_text", "")), str(form.get("source", "")).strip()
    if not seed.strip() or not source:
        raise Refusal(
            "draw.seed", "种子文本或来源没有填写。", "按现场宣读的原样填写种子，并写明来源和见证人。"
        )
    with house.engine.connect() as connection:
        draw = plans.one_draw(connection, draw_id)
    record_seed(house.engine_for("schedule"), draw_id, seed, source, visitor.login)
    return _queue_rest(house, draw, str(form.get("team_ceremony", "")), visitor)


@router.post("/draws/{draw_id}/continue")
def continue_draw(
    request: Request,
    draw_id: int,
    visitor: Visitor = guard(Permission.DRAW_CONDUCT),
    form: FormData = form_of_guarded(),
) -> Response:
    """Take up a draw whose background job did not finish, with the seed already recorded."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        draw = plans.one_draw(connection, draw_id)
    if draw["state"] == "committed":
        raise Refusal("draw.no_seed", "种子还没有登记。", "先登记种子。", 409)
    return _queue_rest(house, draw, str(form.get("team_ceremony", "")), visitor)


def _queue_rest(house: House, draw: RowMapping, team_ceremony: str, visitor: Visitor) -> Response:
    """What follows a seed: visits after a draw of objects, people and sheets after a draw of teams."""
    arguments = {"draw_id": draw["id"], "made_by": visitor.login}
    if draw["kind"] == "teams":
        return _queue(house, "staff_roster", arguments, visitor)
    place = team_ceremony.strip() or draw["ceremony"]
    return _queue(house, "draw_and_roster", arguments | {"team_ceremony": place}, visitor)


def _queue(house: House, job: str, arguments: dict[str, Any], visitor: Visitor) -> Response:
    with house.engine.begin() as connection:
        run = jobs.ask(connection, job, arguments, visitor.login)
    return see(f"/staff/runs/{run}")


def _day(form: FormData, name: str) -> date:
    try:
        return date.fromisoformat(str(form.get(name, "")))
    except ValueError:
        raise Refusal("plan.date", "日期没有填写或格式不对。", "请用日期选择框填写三个日期。") from None


def _next_quarter(day: date) -> tuple[date, date]:
    month = 3 * ((day.month - 1) // 3) + 4
    first = date(day.year + month // 13, (month - 1) % 12 + 1, 1)
    after = first.month + 3
    return first, date(first.year + after // 13, (after - 1) % 12 + 1, 1) - timedelta(days=1)
