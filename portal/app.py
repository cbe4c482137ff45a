"""The app (应用): doors wired to one house; it does not start if a route forgot its guard."""

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi_offline import FastAPIOffline
from sqlalchemy import Engine
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from portal.api import public as api
from portal.errors import answer_errors
from portal.guard import public, refuse_unguarded
from portal.headers import BodyLimit, SecurityHeaders
from portal.house import House
from portal.logs import configure_logs
from portal.navigation import UPLOAD_PATH
from portal.web import (
    administrator,
    adoption,
    annual,
    appeals,
    batches,
    blank_forms,
    calendar,
    cases,
    enterprise,
    estimates,
    exemptions,
    inspector,
    leads,
    matches,
    monitoring,
    plans,
    quality,
    registers,
    roster_change,
    rosters,
    sign_in,
    simulation,
    sources,
    staff,
)
from portal.web import public as public_pages
from portal.web.pages import render
from registry.settings import Settings

STATIC = Path(__file__).parent / "web" / "static"
STATIC_PATHS = ("/static", "/static-bootstrap", "/static-offline-docs", "/api/openapi.json")
"""What carries nothing about anybody: styles, scripts, and the description of the public interface."""


def create_app(engine_for: Callable[[str], Engine], settings: Settings) -> FastAPI:
    """The whole service over one database. Raises Unguarded if a route declares no guard."""
    app: FastAPI = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        title="无扰 wurao",
        version=metadata.version("wurao"),
        openapi_url="/api/openapi.json",
        swagger_ui_oauth2_redirect_url="/api/oauth2",
    )
    configure_logs(settings)
    app.state.house = House(engine_for, settings)
    app.mount("/static-bootstrap", StaticFiles(directory=bootstrap_folder()), name="bootstrap")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for rooms in (
        sign_in,
        simulation,
        public_pages,
        staff,
        blank_forms,
        sources,
        quality,
        batches,
        matches,
        monitoring,
        plans,
        annual,
        exemptions,
        leads,
        registers,
        roster_change,
        rosters,
        simulation,
        calendar,
        cases,
        adoption,
        appeals,
        inspector,
        enterprise,
        estimates,
        administrator,
    ):
        app.include_router(rooms.router)
    app.include_router(api.router)
    app.include_router(api.health)
    app.get("/api/docs", include_in_schema=False, dependencies=[public()])(api_docs)
    answer_errors(app)
    app.add_middleware(BodyLimit, upload_path=UPLOAD_PATH, upload_bytes=settings.upload_megabytes * 1_000_000)
    app.add_middleware(SecurityHeaders)
    refuse_unguarded(app, STATIC_PATHS)
    return app


def bootstrap_folder() -> Path:
    """Where the bootstrap-wrapper wheel keeps its files; it has no package to ask."""
    for file in metadata.files("bootstrap-wrapper") or ():
        if file.name == "bootstrap.min.css":
            return Path(str(file.locate())).parent.parent
    raise FileNotFoundError("bootstrap-wrapper holds no bootstrap.min.css")


def api_docs(request: Request) -> Response:
    """The interface's own pages, from our own address only."""
    return render(request, "api_docs.html")
