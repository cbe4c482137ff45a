"""Officers' page of estimated problem rates (问题率估计): what the drawn results of a plan say of everybody."""

from collections.abc import Iterator

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import plans
from portal.web.pages import render
from registry import clock
from registry.errors import Refusal
from registry.scope import require_whole_place
from reports.canvas import Chart
from reports.estimate_charts import RateLine, chart_rates, interval_text, rate_text
from reports.inline_svg import without_styles
from scheduling.estimate import Estimate
from scheduling.estimate_results import GROUPINGS, PlanEstimates, estimate_plan

router = APIRouter(prefix="/staff/plans", include_in_schema=False)


@router.get("/{plan_id}/estimates")
def estimates_page(
    request: Request, plan_id: int, visitor: Visitor = guard(Permission.PLAN_READ), by: str = "all"
) -> Response:
    """Problem rates of each task's pool, whole or by class, district or trade, with intervals."""
    require_whole_place(scope_for(request, visitor))
    if by not in GROUPINGS:
        raise Refusal("estimate.by", f"没有“{by}”这种分组。", f"可用：{'、'.join(GROUPINGS)}。")
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        file = plans.plan_file(connection, plan_id)
        found = estimate_plan(connection, plan_id, clock.today())
    return render(
        request,
        "staff/estimates.html",
        plan=file.plan,
        found=found,
        by=by,
        groupings=GROUPINGS,
        pictures=[(chart, without_styles(chart.svg)) for chart in _charts(found, by)],
        line=_line,
        rate_text=rate_text,
        interval_text=interval_text,
    )


def _charts(found: PlanEstimates, by: str) -> Iterator[Chart]:
    """One picture a task; undivided, all tasks in one. None of what nobody knows anything of yet."""
    if not any(row.concluded for task in found.tasks for row in task.groups[by]):
        return
    if by == "all":
        lines = [_line(row, f"{t.task} {t.name}") for t in found.tasks for row in t.groups[by]]
        yield chart_rates("rates", "各任务对象池的问题率", found.level, lines)
        return
    for task in found.tasks:
        lines = [_line(row) for row in task.groups[by]]
        yield chart_rates(f"rates-{task.task}", f"{task.task} {task.name}", found.level, lines)


def _line(row: Estimate, name: str | None = None) -> RateLine:
    return RateLine(name or row.group, row.rate, row.low, row.high, row.concluded, row.population)
