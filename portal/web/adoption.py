"""Officers' pages for models (模型启用) and class migration (类别迁移): who adopted what, and what gradings changed."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.reading.grades import grading_days
from portal.web.pages import render, see
from registry import clock
from registry.errors import Refusal
from registry.scope import require_whole_place
from reports.inline_svg import without_styles
from reports.metrics import SCORES
from reports.migration_chart import chart_migration
from risk.adoption import STATES, adoption_of, decide_adoption, models, propose_adoption
from risk.migration import Migration, migration_matrix, moved

router = APIRouter(prefix="/staff", include_in_schema=False)

ACTS = ("approved", "rejected", "withdrawn")


@router.get("/models")
def model_list(request: Request, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """Model runs with their test figures, the decisions about them, and which one grades today."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        found = models(connection, house.settings.place, clock.today())
    return render(request, "staff/models.html", models=found, states=STATES, scores=SCORES)


@router.post("/models/{run_id}/propose")
def propose(
    request: Request,
    run_id: int,
    visitor: Visitor = guard(Permission.GRADE_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Propose that a model grades from a day on; a second person has to approve."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    since = day_of(form, "in_force_from")
    propose_adoption(house.engine_for("risk"), run_id, visitor.signature, str(form.get("reason", "")), since)
    return see("/staff/models")


@router.post("/adoptions/{adoption_id}/decide")
def decide(
    request: Request,
    adoption_id: int,
    visitor: Visitor = guard(Permission.GRADE_DECIDE),
    form: FormData = form_of_guarded(),
) -> Response:
    """A second person adopts or rejects; an adoption may be withdrawn."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        proposed_by = adoption_of(connection, adoption_id)["proposed_by"]
    act = act_of(form, ACTS, visitor, proposed_by)
    decide_adoption(
        house.engine_for("risk"), adoption_id, act, visitor.signature, str(form.get("reason", ""))
    )
    return see("/staff/models")


@router.get("/migration")
def migration_page(
    request: Request,
    visitor: Visitor = guard(Permission.GRADE_READ),
    earlier: str = "",
    later: str = "",
) -> Response:
    """From class to class between two gradings, all and those without news, as heat tables."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    place = house.settings.place
    with house.engine.connect() as connection:
        days = grading_days(connection, place)
        second = _chosen(later, days, 0)
        first = _chosen(earlier, [d for d in days if second is None or d < second], 0)
        found = migration_matrix(connection, place, first, second) if first and second else None
    return render(
        request, "staff/migration.html", days=days, found=found, moved=moved, pictures=_pictures(found),
        earlier=first, later=second,
    )  # fmt: skip


def day_of(form: FormData, name: str) -> date:
    """A day of a form. Raises Refusal form.day."""
    try:
        return date.fromisoformat(str(form.get(name, "")))
    except ValueError:
        raise Refusal("form.day", "日期没有填写或写法不对。", "按 2026-01-31 的写法填写。") from None


def act_of(form: FormData, acts: tuple[str, ...], visitor: Visitor, proposed_by: str) -> str:
    """What a person wants done with a proposal. Raises Refusal form.act, decision.same_person.

    Signatures carry a display name, which may change between two acts; the account behind it does not.
    """
    act = str(form.get("act", ""))
    if act not in acts:
        raise Refusal("form.act", "没有写明要怎样处理。", "用页面上的按钮办理。")
    if act != "withdrawn" and visitor.signed(proposed_by):
        raise Refusal(
            "decision.same_person", "不能批准自己提出的事项。", "请另一名有权限的人员登录后办理。", 403
        )
    return act


def _chosen(asked: str, days: list[date], default: int) -> date | None:
    found = [day for day in days if day.isoformat() == asked]
    return found[0] if found else days[default] if len(days) > default else None


def _pictures(found: Migration | None) -> list[Any]:
    if found is None:
        return []
    charts = [
        chart_migration("migration_all", "全部主体", found.everybody),
        chart_migration("migration_quiet", "没有新情况的主体", found.quiet),
    ]
    return [(chart, without_styles(chart.svg)) for chart in charts]
