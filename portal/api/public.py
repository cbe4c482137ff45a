"""The public interface for machines (公开接口): draws, their verification, and whether the service is well."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import RowMapping, text
from starlette.responses import JSONResponse, Response

from portal import published
from portal.guard import public
from portal.house import House

router = APIRouter(prefix="/api/v1", tags=["公开抽取 public draws"], dependencies=[public()])
health = APIRouter(tags=["运行状态 health"], dependencies=[public()])


class DrawOut(BaseModel):
    """One announced draw. Hashes are lower-case hex; times are Beijing time without zone."""

    id: int
    plan_number: str
    plan_name: str
    kind: str
    version: int
    state: str
    window_from: date
    window_to: date
    pool_hash: str
    counts_hash: str | None
    key_hash: str | None
    commitment: str
    ceremony: str
    committed_at: datetime
    seed_text: str | None
    seed_source: str | None
    seeded_at: datetime | None
    published_at: datetime | None
    bundle_url: str | None


class CheckOut(BaseModel):
    """One check of a replay."""

    name: str
    status: str
    zh: str
    en: str
    file: str
    line: int
    expected: str
    found: str


class VerdictOut(BaseModel):
    """All checks of one bundle."""

    ok: bool
    checks: list[CheckOut]


@router.get("/draws")
def draw_list(request: Request) -> list[DrawOut]:
    """All announced draws, newest first."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        return [_out(draw) for draw in published.announced_draws(connection)]


@router.get("/draws/{draw_id}")
def one_draw(request: Request, draw_id: int) -> DrawOut:
    """One announced draw."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        return _out(published.announced_draw(connection, draw_id))


@router.get("/draws/{draw_id}/verification")
def verification(request: Request, draw_id: int) -> VerdictOut:
    """The replay of a published draw."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        bundle = published.public_bundle(connection, published.announced_draw(connection, draw_id))
    verdict = published.verdict_of(bundle)
    return VerdictOut(ok=verdict.ok, checks=[CheckOut(**vars(check)) for check in verdict.checks])


@health.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@health.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers too."""
    house: House = request.app.state.house
    try:
        with house.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except Exception:
        return JSONResponse({"status": "database unreachable"}, 503)
    return JSONResponse({"status": "ok"})


def _out(draw: RowMapping) -> DrawOut:
    url = f"/draws/{draw['id']}/bundle.zip" if draw["state"] == "published" else None
    return DrawOut(
        bundle_url=url, **{name: draw[name] for name in DrawOut.model_fields if name != "bundle_url"}
    )
