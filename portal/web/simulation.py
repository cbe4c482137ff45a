"""What if (测算) for officers: other ratios, quota and quiet days beside the rules in force. Nothing is stored."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.web.pages import render
from portal.web.plans import next_quarter
from portal.what_if import changes_of, outcomes_of, run_simulation
from registry import clock
from registry.errors import Refusal
from registry.rules import Rulebook, load_rules
from registry.scope import require_whole_place
from registry.vocabulary import CREDIT_RISK_CLASSES
from reports.inline_svg import without_styles
from reports.simulation import headings, outcome_rows, simulation_charts
from scheduling.task_spec import PlanFrame
from scheduling.what_if import Alternative

router = APIRouter(prefix="/staff", include_in_schema=False)

QUIET = {
    "": "现行规定",
    "none": "不设安静日",
    "20": "全部企业每月 1—20 日",
    "25": "全部企业每月 1—25 日",
}
RATIOS = {
    "general": "一般检查事项", "key": "重点检查事项", "by_item": "清单自定比例的事项，占其比例：",
}  # fmt: skip
MOST = {"by_item": 10.0}
"""A share of all cannot pass 1; of an item's own ratio it may."""
NAME = "设定方案"


@router.get("/simulation")
def simulation_page(request: Request, visitor: Visitor = guard(Permission.PLAN_MAKE)) -> Response:
    """The form, and with `run` in the address the alternative beside the rules in force."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    asked = dict(request.query_params)
    first, last = next_quarter(clock.today())
    frame = PlanFrame(
        _day(asked, "as_of", clock.today()),
        house.settings.place,
        _day(asked, "window_from", first),
        _day(asked, "window_to", last),
        load_rules(),
    )
    content: dict[str, Any] = {"outcomes": [], "rows": [], "headings": (), "charts": [], "changes": {}}
    if "run" in asked:
        content = _simulated(house, frame, _alternative(asked, frame))
    return render(
        request,
        "staff/simulation.html",
        frame=frame,
        asked=asked,
        classes=CREDIT_RISK_CLASSES,
        ratios=RATIOS,
        now={name: frame.value(f"ratio.{name}") for name in RATIOS},
        share=frame.value("quota.undisturbed_share"),
        quiet=QUIET,
        **content,
    )


def _simulated(house: House, frame: PlanFrame, alternative: Alternative | None) -> dict[str, Any]:
    chosen = [alternative] if alternative else []
    outcomes = outcomes_of(run_simulation(house.engine_for("schedule"), frame, chosen))
    return {
        "outcomes": outcomes,
        "rows": outcome_rows(outcomes),
        "headings": headings(outcomes),
        "charts": [(chart, without_styles(chart.svg)) for chart in simulation_charts(outcomes)],
        "changes": changes_of(frame.rulebook, chosen, frame.place, frame.as_of),
    }


def _alternative(asked: dict[str, str], frame: PlanFrame) -> Alternative | None:
    """What the form changes; None where it changes nothing."""
    values: dict[str, Any] = {}
    for name in RATIOS:
        now = {klass: float(rate) for klass, rate in frame.value(f"ratio.{name}").items()}
        wanted = {klass: _share(asked, f"{name}_{klass}", now[klass], MOST.get(name, 1.0)) for klass in now}
        if wanted != now:
            values[f"ratio.{name}"] = wanted
    share = _share(asked, "undisturbed", float(frame.value("quota.undisturbed_share")))
    if share != float(frame.value("quota.undisturbed_share")):
        values["quota.undisturbed_share"] = share
    values |= _quiet_days(asked.get("quiet", ""), frame.rulebook)
    return Alternative(NAME, values) if values else None


def _quiet_days(choice: str, rulebook: Rulebook) -> dict[str, Any]:
    if choice not in QUIET:
        raise Refusal("simulation.value", f"没有安静日选项“{choice}”。", "从表单中选择。", 422)
    if not choice:
        return {}
    if choice == "none":
        return {"quiet_day.all": False} if rulebook.keys("quiet_day.") else {}
    days = list(range(1, int(choice) + 1))
    return {"quiet_day.supposed": {"name": QUIET[choice], "month_days": days}}


def _share(asked: dict[str, str], name: str, otherwise: float, most: float = 1.0) -> float:
    """A percentage of the form as a share."""
    text = asked.get(name, "").strip()
    try:
        share = round(float(text) / 100, 6) if text else otherwise
    except ValueError:
        share = -1.0
    if not 0 <= share <= most:
        raise Refusal(
            "simulation.value", f"“{text}”不是 0 至 {most * 100:g} 之间的百分数。", "更正后重新测算。", 422
        )
    return share


def _day(asked: dict[str, str], name: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(asked[name]) if asked.get(name) else otherwise
    except ValueError as error:
        raise Refusal(
            "plan.window", f"“{asked[name]}”不是日期。", "按 2026-12-01 的样子填写。", 422
        ) from error
