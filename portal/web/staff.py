"""Officers' pages (监管机关): desk, background runs, classes with reasons, warnings, sheets."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from portal import sheets
from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import enterprises, grades, monitoring, plans, roster
from portal.reading import runs as job_runs
from portal.web.pages import render
from registry import clock, journal
from registry.scope import Scope, require_whole_place
from registry.tables.batch import Batch
from registry.tables.casework import ResultSubmission
from registry.tables.job import JobRun
from registry.tables.judgement import Warning
from registry.vocabulary import CLASS_NAMES

router = APIRouter(prefix="/staff", include_in_schema=False)

LAYERS = {
    "model": "模型",
    "hard_rule": "刚性规则",
    "hysteresis": "防抖动",
    "one_step": "逐级调整",
    "override": "人工调整",
}


@router.get("")
def desk(request: Request, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """What is going on, in a few counts."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        return render(request, "staff/desk.html", **_desk(connection, house, scope))


@router.get("/runs/{run_id}")
def run_page(request: Request, run_id: int, visitor: Visitor = guard(Permission.PLAN_READ)) -> Response:
    """A background job under way: the page asks again by itself until it ends."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        run = job_runs.one(connection, run_id)
    return render(request, "staff/run.html", run=run, next_page=job_runs.where_next(run))


@router.get("/runs/{run_id}/progress")
def run_progress(
    request: Request, run_id: int, visitor: Visitor = guard(Permission.PLAN_READ)
) -> dict[str, Any]:
    """The same, for the page's own question."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        run = job_runs.one(connection, run_id)
    return {
        "state": run["state"],
        "state_text": run["state_text"],
        "progress": run["progress"],
        "stage": run["stage"],
    }


@router.get("/grades")
def grade_list(
    request: Request,
    visitor: Visitor = guard(Permission.GRADE_READ),
    klass: str = "",
    text: str = "",
    page: int = 1,
) -> Response:
    """Classes, searchable by name or code."""
    house: House = request.app.state.house
    scope, place = scope_for(request, visitor), house.settings.place
    wanted = klass if klass in CLASS_NAMES else ""
    with house.engine.connect() as connection:
        found = grades.grade_page(connection, scope, place, wanted, text[:100], max(1, min(page, 100_000)))
        counts = grades.class_counts(connection, scope, place)
        as_of = grades.latest_day(connection, place)
    return render(
        request,
        "staff/grades.html",
        found=found,
        counts=counts,
        as_of=as_of,
        klass=wanted,
        text=text,
        class_names=CLASS_NAMES,
        layers=LAYERS,
    )


@router.get("/grades/{code}")
def grade_page(request: Request, code: str, visitor: Visitor = guard(Permission.GRADE_READ)) -> Response:
    """One enterprise: its class, why, and its earlier classes."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        grade, reasons, earlier = grades.one_grade(
            connection, scope_for(request, visitor), house.settings.place, code
        )
    return render(
        request,
        "staff/grade.html",
        grade=grade,
        reasons=reasons,
        earlier=earlier,
        class_names=CLASS_NAMES,
        layers=LAYERS,
    )


@router.get("/warnings")
def warning_list(
    request: Request, visitor: Visitor = guard(Permission.WARNING_READ), page: int = 1
) -> Response:
    """Warnings that enterprises of the area see."""
    house: House = request.app.state.house
    scope = scope_for(request, visitor)
    with house.engine.connect() as connection:
        found = enterprises.warnings_in(connection, scope, house.settings.place, max(1, min(page, 10_000)))
    return render(request, "staff/warnings.html", **found, page=page)


@router.get("/sheets")
def sheet_list(request: Request, visitor: Visitor = guard(Permission.SHEET_DOWNLOAD)) -> Response:
    """Workbooks, PDFs and bundles that the chain has written."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    return render(request, "staff/sheets.html", groups=sheets.all_sheets(house))


@router.get("/sheets/{folder}/{path:path}")
def download_sheet(
    request: Request, folder: str, path: str, visitor: Visitor = guard(Permission.SHEET_DOWNLOAD)
) -> Response:
    """One file; each download is journalled, because sheets hold classes and names."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    file: Path = sheets.find_sheet(house, folder, path)
    with house.engine.begin() as connection:
        journal.append(connection, visitor.login, "sheet.downloaded", f"{folder}/{path}"[:300], {})
    return sheets.answer_with(file)


def _desk(connection: Connection, house: House, scope: Scope) -> dict[str, Any]:
    place = house.settings.place
    today = clock.today()
    recent = select(
        func.count(),
        func.coalesce(func.sum(Batch.rows_read), 0),
        func.coalesce(func.sum(Batch.rows_faulty), 0),
    )
    files, rows, faulty = connection.execute(recent.where(Batch.undoes.is_(None))).one()
    waiting = select(func.count()).where(ResultSubmission.state == "待审核")
    running = select(func.count()).where(JobRun.state.in_(("waiting", "running")))
    warned = select(func.count(func.distinct(Warning.enterprise_code))).where(Warning.place == place)
    month = roster.first_visit_day(connection, today) or today
    return {
        "counts": grades.class_counts(connection, scope, place),
        "class_names": CLASS_NAMES,
        "as_of": grades.latest_day(connection, place),
        "held": monitoring.held_months(connection, place) if scope.whole_place else [],
        "files": files,
        "rows": rows,
        "faulty": faulty,
        "waiting": connection.execute(waiting).scalar_one(),
        "running": connection.execute(running).scalar_one(),
        "warned": connection.execute(warned).scalar_one(),
        "plans": plans.all_plans(connection)[:5],
        "month": month,
        "visits": sum(roster.month_counts(connection, scope, month).values()),
        "runs": job_runs.latest(connection, None, 6),
    }
