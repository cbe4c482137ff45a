"""Public pages (社会公众): every draw with its commitment, seed and result, and its verification. No sign-in, no class."""

from fastapi import APIRouter, Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from portal import published, sheets
from portal.guard import public
from portal.house import House
from portal.web.pages import render
from registry import clock
from registry.rules import load_rules
from registry.scope import not_yours
from registry.vocabulary import EXEMPT_CATEGORY_NAMES
from scheduling.exemption_rate import measure_exemptions

router = APIRouter(include_in_schema=False, dependencies=[public()])

DRAW_STATES = {
    "committed": "已公布承诺，等待公开种子",
    "seeded": "种子已公开",
    "drawn": "已抽取，等待公布",
    "published": "已公布",
    "superseded": "已被新版本取代",
}
DRAW_KINDS = {"objects": "抽取检查对象", "teams": "抽取检查人员"}


@router.get("/")
def draw_list(request: Request) -> Response:
    """All draws."""
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        draws = published.announced_draws(connection)
    return render(request, "public/draws.html", draws=draws, states=DRAW_STATES, kinds=DRAW_KINDS)


@router.get("/how-to-verify")
def how_to_verify(request: Request) -> Response:
    """How anybody replays a draw on their own machine."""
    return render(request, "public/how_to_verify.html")


@router.get("/quiet-days")
def quiet_days(request: Request) -> Response:
    """Quiet-day rules and the exemption rate of the year."""
    house: House = request.app.state.house
    place, day = house.settings.place, clock.today()
    with house.engine.connect() as connection:
        rate = measure_exemptions(connection, place, day)
    book = load_rules()
    return render(
        request,
        "public/quiet_days.html",
        rate=rate,
        rules=book.in_force("quiet_day.", place, day),
        standing=book.value("exemption.standing", place, day),
        categories=EXEMPT_CATEGORY_NAMES,
    )


@router.get("/draws/{draw_id}")
def draw_page(request: Request, draw_id: int, page: int = 1) -> Response:
    """One draw: the order of its acts, and the drawn list once it is published."""
    house: House = request.app.state.house
    draw, bundle = _announced(request, draw_id)
    with house.engine.connect() as connection:
        tasks = published.task_names(connection, draw["plan_id"])
    named = draw["kind"] == "objects" and published.names_are_public(draw)
    drawn = published.drawn_list(bundle, tasks) if bundle and named else []
    pages = max(1, -(-len(drawn) // published.LISTED))
    shown = max(1, min(page, pages))
    return render(
        request,
        "public/draw.html",
        draw=draw,
        bundle=bundle,
        total=len(drawn),
        page=shown,
        pages=pages,
        drawn=drawn[(shown - 1) * published.LISTED : shown * published.LISTED],
        states=DRAW_STATES,
        kinds=DRAW_KINDS,
    )


@router.get("/draws/{draw_id}/verification")
def verification(request: Request, draw_id: int) -> Response:
    """Replay the published bundle here and show each check."""
    draw, bundle = _announced(request, draw_id)
    verdict = published.verdict_of(bundle)
    partly = draw["class_secret"] and not published.replays_in_full(verdict)
    return render(
        request, "public/verification.html", draw=draw, verdict=verdict, partly=partly, kinds=DRAW_KINDS
    )


@router.get("/draws/{draw_id}/bundle.zip")
def bundle_zip(request: Request, draw_id: int) -> Response:
    """The whole public bundle."""
    _, bundle = _announced(request, draw_id)
    if bundle is None:
        raise not_yours()
    return sheets.answer_with(bundle.path)


@router.get("/draws/{draw_id}/files/{name}")
def bundle_file(request: Request, draw_id: int, name: str) -> Response:
    """One file of the public bundle."""
    _, bundle = _announced(request, draw_id)
    return Response(published.bundle_file(bundle, name), media_type="text/plain; charset=utf-8")


def _announced(request: Request, draw_id: int) -> tuple[RowMapping, published.PublicBundle | None]:
    house: House = request.app.state.house
    with house.engine.connect() as connection:
        draw = published.announced_draw(connection, draw_id)
        return draw, published.public_bundle(connection, draw)
