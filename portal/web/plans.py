"""Officers' pages for plans and draws (计划与抽取): each ceremony act is one button, pressed once, in order."""

from collections.abc import Sequence
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
from portal.reading.names import names_in
from portal.web.naming import naming
from portal.web.pages import render, see
from registry import clock, jobs
from registry.errors import Refusal
from registry.scope import require_whole_place
from reports.exclusions import REASONS
from scheduling.acts import PLAN_STATES
from scheduling.ceremony import record_seed
from scheduling.plan import approve_plan
from scheduling.pool import duties_of

router = APIRouter(prefix="/staff", include_in_schema=False)

DRAW_STATES = {
    "committed": "已公布承诺，等待种子",
    "seeded": "种子已登记",
    "drawn": "已抽取",
    "published": "已公布",
    "superseded": "已被新版本取代",
}
DRAW_KINDS = {"objects": "抽取检查对象", "teams": "抽取检查人员"}
DUTIES_SHOWN = 200


@router.get("/plans")
def plan_list(request: Request, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """Plans, and the form that starts one."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        rows = plans.all_plans(connection)
        runs = job_runs.latest(connection, ("plan_and_draw", "draw_and_roster", "staff_roster"), 5)
    first, last = next_quarter(clock.today())
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
    as_of, first, last = (_day(form, name) for name in ("as_of", "window_from", "window_to"))
    _refuse_bad_window(as_of, first, last)
    window = {
        "window_from": first.isoformat(),
        "window_to": last.isoformat(),
        "place": house.settings.place,
    }
    _refuse_second_plan(house, window, first, last)
    arguments = window | {"as_of": as_of.isoformat(), "made_by": visitor.signature}
    return _queue(house, "plan_and_draw", arguments, visitor)


@router.get("/plans/{plan_id}")
def plan_page(request: Request, plan_id: int, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """One plan: its tasks, what was left out and why, its draws and rosters."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        file = plans.plan_file(connection, plan_id)
        duties = duties_of(connection, plan_id)
        named = naming(names_in(connection, _told(file, duties[:DUTIES_SHOWN])))
    return render(
        request,
        "staff/plan.html",
        named=named,
        duties=duties[:DUTIES_SHOWN],
        duty_total=len(duties),
        reasons=REASONS,
        file=file,
        plan=file.plan,
        states=PLAN_STATES,
        draw_states=DRAW_STATES,
        draw_kinds=DRAW_KINDS,
        whole_place=scope_for(request, visitor).whole_place,
    )


def _told(file: plans.PlanFile, duties: Sequence[Any]) -> list[str]:
    """Every text of a plan's page that may name somebody by code."""
    newest = file.rosters[0].statistics if file.rosters else {}
    texts = [t for c in newest.get("conflicts") or () for t in (c["sentence"], *c["remedies"])]
    texts += [row.sentence for row in file.exclusions]
    return texts + [text for row in duties for text in (row.object_id, row.sentence)]


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
    with house.engine.connect() as connection:
        made_by = plans.plan_file(connection, plan_id).plan["made_by"]
    # The maker's own signature again where it is the same account, so that the stage refuses it by name.
    approver = made_by if visitor.signed(made_by) else visitor.signature
    approve_plan(house.engine_for("schedule"), plan_id, approver)
    arguments = {"plan_id": plan_id, "made_by": visitor.signature, "ceremony": ceremony}
    return _queue(house, "plan_and_draw", arguments, visitor)


@router.get("/draws/{draw_id}")
def draw_page(request: Request, draw_id: int, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """One draw: what is committed, and the act that comes next."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        draw = plans.one_draw(connection, draw_id)
        counts = plans.drawn_counts(connection, draw_id)
        unfinished = plans.is_unfinished(connection, draw)
    return render(
        request,
        "staff/draw.html",
        draw=draw,
        counts=counts,
        draw_states=DRAW_STATES,
        draw_kinds=DRAW_KINDS,
        unfinished=unfinished,
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
        unfinished = plans.is_unfinished(connection, draw)
    if draw["state"] == "committed":
        raise Refusal("draw.no_seed", "种子还没有登记。", "先登记种子。", 409)
    if not unfinished:
        said = DRAW_STATES.get(draw["state"], draw["state"])
        raise Refusal(
            "draw.finished", f"这次抽取已经办完（{said}），没有可继续的步骤。", "请打开计划页查看后续。", 409
        )
    return _queue_rest(house, draw, str(form.get("team_ceremony", "")), visitor)


def _queue_rest(house: House, draw: RowMapping, team_ceremony: str, visitor: Visitor) -> Response:
    """What follows a seed: visits after a draw of objects, people and sheets after a draw of teams."""
    arguments = {"draw_id": draw["id"], "made_by": visitor.signature}
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


def _refuse_bad_window(as_of: date, first: date, last: date) -> None:
    today = clock.today()
    if as_of > today:
        raise Refusal("plan.as_of", f"数据时点 {as_of} 在今天（{today}）之后。", "请选今天或更早的日期。")
    if last < first:
        raise Refusal(
            "plan.window", f"计划期颠倒：开始 {first} 晚于结束 {last}。", "请把开始日期改到结束日期之前。"
        )
    if first <= as_of:
        raise Refusal(
            "plan.window",
            f"计划期开始 {first} 不晚于数据时点 {as_of}。",
            "请把计划期开始改到数据时点之后，或改用更早的数据时点。",
        )


def _refuse_second_plan(house: House, window: dict[str, str], first: date, last: date) -> None:
    """One plan a window: a second one would draw and visit the same firms twice."""
    with house.engine.connect() as connection:
        plan = plans.standing_plan(connection, window["place"], first, last)
        run = job_runs.under_way(connection, "plan_and_draw", window)
    if plan is not None:
        said = PLAN_STATES.get(plan["state"], plan["state"])
        raise Refusal(
            "plan.exists",
            f"计划期 {first} 至 {last} 已有计划 {plan['number']}（{said}）。",
            "请在计划列表里继续办理那一份；需要另编的，请用不同的计划期。",
            409,
        )
    if run is not None:
        raise Refusal(
            "plan.under_way",
            f"计划期 {first} 至 {last} 的计划正在后台编制（任务 {run}）。",
            "请等它完成，在计划列表里查看。",
            409,
        )


def next_quarter(day: date) -> tuple[date, date]:
    """First and last day of the quarter after a day's."""
    month = 3 * ((day.month - 1) // 3) + 4
    first = date(day.year + month // 13, (month - 1) % 12 + 1, 1)
    after = first.month + 3
    return first, date(first.year + after // 13, (after - 1) % 12 + 1, 1) - timedelta(days=1)
