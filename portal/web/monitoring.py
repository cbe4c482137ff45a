"""Officers' pages about monitoring (月度监测): months, one report, one indicator; two people release what was held."""

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from ingestion.quality import office_names
from portal.guard import Permission, Visitor, form_of_guarded, guard, scope_for
from portal.house import House
from portal.monitor_report import release_sentence
from portal.reading import monitoring
from portal.web.pages import render, see
from registry.errors import Refusal
from registry.scope import not_yours, require_whole_place
from registry.vocabulary import CLASS_NAMES
from reports.canvas import Chart
from reports.inline_svg import without_styles
from risk.audit import DIMENSIONS
from risk.release import approve_release, propose_release
from risk.source_words import column_name, table_name

router = APIRouter(prefix="/staff/monitoring", include_in_schema=False)


@router.get("")
def month_list(request: Request, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """The last months with their pictures, and what waits for two people."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    place = house.settings.place
    with house.engine.connect() as connection:
        months = monitoring.read_months(connection, place)
        waiting = monitoring.held_months(connection, place)
    return render(
        request, "staff/monitoring.html", months=list(reversed(months)), waiting=waiting,
        pictures=_inline(monitoring.draw_months(months, place)),
    )  # fmt: skip


@router.get("/{report_id}")
def report_page(
    request: Request, report_id: int, visitor: Visitor = guard(Permission.GRADE_READ)
) -> Response:
    """One report: findings, drift, movement, calibration, find rates, sources, audit; and its release."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        month = _mine(house, monitoring.one_month(connection, report_id))
        newest = monitoring.newest_report(connection, month.report["snapshot_id"])
        offices = office_names(connection)
    asked = month.proposal
    return render(
        request, "staff/monitor_report.html", month=month, figures=month.figures, released=release_sentence(month),
        indicators=monitoring.indicator_rows(month), pictures=_inline(monitoring.draw_report(month)),
        newest=newest, mine=bool(asked and visitor.signed(asked["proposed_by"])), table_name=table_name, column_name=column_name,
        dimensions=DIMENSIONS, offices=offices, class_names=CLASS_NAMES, against=monitoring.AGAINST,
    )  # fmt: skip


@router.get("/{report_id}/indicators/{key}")
def indicator_page(
    request: Request, report_id: int, key: str, visitor: Visitor = guard(Permission.GRADE_READ)
) -> Response:
    """One indicator, or the score: its distribution then and now, and its index over months."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        month = _mine(house, monitoring.one_month(connection, report_id))
        months = monitoring.read_months(connection, house.settings.place, month.report["as_of"])
    charts = monitoring.draw_indicator(month, key, months)
    if not charts:
        raise not_yours()
    row = next((row for row in monitoring.indicator_rows(month) if row["key"] == key), None)
    findings = [
        f
        for f in month.report["findings"]
        if f["subject"] == key or (key == "score" and f["code"] == "psi.score")
    ]
    return render(
        request, "staff/monitor_indicator.html", month=month, key=key, title=monitoring.indicator_name(key), row=row,
        findings=findings, pictures=_inline(charts),
    )  # fmt: skip


@router.post("/{report_id}/propose")
def propose(
    request: Request,
    report_id: int,
    visitor: Visitor = guard(Permission.GRADE_RELEASE),
    form: FormData = form_of_guarded(),
) -> Response:
    """One person asks for the release of a held grading."""
    snapshot = _snapshot(request, visitor, report_id)
    house: House = request.app.state.house
    propose_release(house.engine_for("risk"), snapshot, visitor.signature, str(form.get("reason", "")))
    return see(f"/staff/monitoring/{report_id}")


@router.post("/{report_id}/approve")
def approve(
    request: Request,
    report_id: int,
    visitor: Visitor = guard(Permission.GRADE_RELEASE),
    form: FormData = form_of_guarded(),
) -> Response:
    """Another person releases it."""
    snapshot = _snapshot(request, visitor, report_id)
    house: House = request.app.state.house
    approve_release(house.engine_for("risk"), snapshot, visitor.signature)
    return see(f"/staff/monitoring/{report_id}")


def _snapshot(request: Request, visitor: Visitor, report_id: int) -> int:
    """The grading of the newest report: who acts has it before their eyes."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        month = _mine(house, monitoring.one_month(connection, report_id))
        newest = monitoring.newest_report(connection, month.report["snapshot_id"])
    if newest != report_id:
        raise Refusal(
            "release.older_report",
            "这一期已有更新的监测报告。",
            f"先看第 {newest} 号监测报告，再办放行。",
            409,
        )
    return int(month.report["snapshot_id"])


def _mine(house: House, month: monitoring.Month) -> monitoring.Month:
    if month.report["place"] != house.settings.place:
        raise not_yours()
    return month


def _inline(charts: dict[str, Chart]) -> dict[str, tuple[Chart, str]]:
    return {name: (chart, without_styles(chart.svg)) for name, chart in charts.items()}
