"""Officers' pages of the sources (归集来源): what is pulled by itself, from where, how far, and whether it works."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from ingestion.sources import register
from portal import uploads
from portal.guard import Permission, Visitor, guard, scope_for
from portal.house import House
from portal.reading import runs, sources
from portal.watch import job_of
from portal.web.pages import render, see
from registry import jobs, journal
from registry.scope import require_whole_place

router = APIRouter(prefix="/staff/sources", include_in_schema=False)


@router.get("")
def source_list(request: Request, visitor: Visitor = guard(Permission.SOURCE_READ)) -> Response:
    """All sources, those that fail first."""
    house = _house(request, visitor)
    with house.engine.connect() as connection:
        found = sources.all_sources(connection)
    return render(
        request, "staff/sources.html", sources=found, datasets=uploads.dataset_titles(), inbox=house.inbox
    )


@router.get("/{source_id}")
def source_page(
    request: Request, source_id: int, visitor: Visitor = guard(Permission.SOURCE_READ)
) -> Response:
    """One source and its pulls."""
    house = _house(request, visitor)
    with house.engine.connect() as connection:
        source, pulls = sources.one_source(connection, source_id)
    return render(
        request,
        "staff/source.html",
        source=source,
        pulls=pulls,
        datasets=uploads.dataset_titles(),
        inbox=house.inbox,
        shown=sources.PULLS_SHOWN,
    )


@router.post("/{source_id}/run")
def run_source(
    request: Request, source_id: int, visitor: Visitor = guard(Permission.SOURCE_MANAGE)
) -> Response:
    """Ask for a pull now; a second click finds the one that is under way."""
    house = _house(request, visitor)
    with house.engine.begin() as connection:
        name = _name(connection, source_id)
        run = runs.under_way(connection, job_of(name), {})
        if run is None:
            arguments = {"source": name, "asked_by": visitor.login}
            run = jobs.ask(connection, job_of(name), arguments, visitor.login)
            journal.append(connection, visitor.login, "source.asked", f"source:{name}", {"run": run})
    return see(f"/staff/runs/{run}")


@router.post("/{source_id}/pause")
def pause_source(
    request: Request, source_id: int, visitor: Visitor = guard(Permission.SOURCE_MANAGE)
) -> Response:
    """Pull it no more by itself."""
    return _switch(request, visitor, source_id, active=False)


@router.post("/{source_id}/resume")
def resume_source(
    request: Request, source_id: int, visitor: Visitor = guard(Permission.SOURCE_MANAGE)
) -> Response:
    """Pull it by itself again, from where it was read last."""
    return _switch(request, visitor, source_id, active=True)


def _switch(request: Request, visitor: Visitor, source_id: int, active: bool) -> Response:
    house = _house(request, visitor)
    with house.engine.connect() as connection:
        name = _name(connection, source_id)
    register.set_active(house.engine_for("ingest"), name, active, visitor.login)
    return see(f"/staff/sources/{source_id}")


def _house(request: Request, visitor: Visitor) -> House:
    """The house, for an officer of the whole place."""
    require_whole_place(scope_for(request, visitor))
    house: House = request.app.state.house
    return house


def _name(connection: Connection, source_id: int) -> str:
    source: dict[str, Any] = sources.one_source(connection, source_id)[0]
    return str(source["name"])
