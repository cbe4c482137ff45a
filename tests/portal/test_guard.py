"""Every route × every role, against a table that people review (proof C-28)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.testclient import TestClient

from portal import app as app_module
from portal.guard import ROLE_PERMISSIONS, Permission, Unguarded, guard, public, refuse_unguarded
from tests.journeys import records as r

TABLE = Path(__file__).parent / "permissions.txt"
ROLES = {"staff": "lisi", "inspector": "jiancha", "enterprise": "qiye", "administrator": "guanli"}
EXAMPLES = {
    "dataset": "penalty",
    "draw_id": "1",
    "name": "drawn.csv",
    "batch_id": "1",
    "source_id": "1",
    "run_id": "1",
    "question_id": "1",
    "code": r.OWN,
    "folder": "bundles",
    "path": "draw-99010020260001-v1.zip",
    "plan_id": "1",
    "roster_id": "1",
    "annual_id": "1",
    "lead_id": "1",
    "exemption_id": "1",
    "day": "2026-12-01",
    "case_id": "1",
    "submission_id": "1",
    "visit_id": "1",
    "receipt_no": "20260101-00000000",
    "account_id": "999",
    "adoption_id": "1",
    "appeal_id": "1",
    "override_id": "1",
    "report_id": "1",
    "key": "score",
}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            for method in sorted(context.methods or ()):
                yield method, str(context.path)


def expected() -> dict[tuple[str, str], set[str]]:
    """`METHOD path: who` — who is `everybody` or roles."""
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    found = {}
    for line in lines:
        route, who = line.rsplit(": ", 1)
        method, path = route.split(" ", 1)
        found[method, path] = {*ROLES, "anonymous"} if who == "everybody" else set(who.split(" "))
    return found


def test_the_table_names_every_route_and_no_other(app: FastAPI) -> None:
    assert set(routes_of(app)) == set(expected())


@pytest.mark.parametrize("role", [*ROLES, "anonymous"])
def test_each_role_passes_where_the_table_says(
    role: str, app: FastAPI, visitor: Any, anonymous: TestClient
) -> None:
    client = anonymous if role == "anonymous" else visitor(ROLES[role])
    token = (TOKEN.findall(client.get("/password").text) or [""])[0]
    wrong = []
    for (method, path), who in sorted(expected().items(), key=lambda row: row[0][1] == "/sign-out"):
        url = re.sub(r"\{(\w+)(:path)?\}", lambda found: EXAMPLES[found[1]], path)
        answer = client.request(
            method, url, data={"csrf_token": token} if method == "POST" else None, follow_redirects=False
        )
        refused = answer.status_code in (401, 403) and path != "/sign-in"
        if refused == (role in who):
            wrong.append((method, url, answer.status_code))
    assert wrong == []


def test_the_app_does_not_start_with_an_unguarded_route() -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/guarded", dependencies=[guard(Permission.GRADE_READ)])
    def guarded() -> None: ...

    @app.get("/open", dependencies=[public()])
    def opened() -> None: ...

    refuse_unguarded(app, ())

    @app.get("/forgotten")
    def forgotten() -> None: ...

    with pytest.raises(Unguarded, match="/forgotten"):
        refuse_unguarded(app, ())


def test_a_router_with_a_forgotten_guard_stops_the_whole_app(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fastapi import APIRouter

    leaky = APIRouter()

    @leaky.get("/everything")
    def everything() -> None: ...

    monkeypatch.setattr(app_module.api, "health", leaky)
    with pytest.raises(Unguarded, match="/everything"):
        app_module.create_app(house.engine_for, house.settings)


def test_roles_do_not_mix() -> None:
    """三员: whoever opens accounts sees no enterprise, and nobody else opens accounts."""
    administers = {role for role, held in ROLE_PERMISSIONS.items() if Permission.ACCOUNT_ADMINISTER in held}
    assert administers == {"administrator"}
    assert ROLE_PERMISSIONS["administrator"] == {Permission.ACCOUNT_ADMINISTER, Permission.ACCOUNT_SELF}
    assert Permission.GRADE_READ not in ROLE_PERMISSIONS["inspector"] | ROLE_PERMISSIONS["enterprise"]


def test_a_form_needs_its_own_token_and_our_own_origin(visitor: Any) -> None:
    client = visitor("lisi")
    assert client.post("/staff/plans", data={}).status_code == 403
    other = TOKEN.findall(visitor("zhangsan").get("/password").text)[0]
    assert client.post("/staff/plans", data={"csrf_token": other}).status_code == 403
    own = TOKEN.findall(client.get("/password").text)[0]
    foreign = client.post(
        "/staff/plans", data={"csrf_token": own}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    assert client.post("/staff/plans", data={"csrf_token": own}).status_code == 422


def test_refused_attempts_are_journalled(visitor: Any, house: Any) -> None:
    from sqlalchemy import select

    from registry.tables.journal import JournalRecord

    visitor("qiye").get("/staff/grades")
    with house.engine.connect() as connection:
        last = (
            connection.execute(
                select(JournalRecord)
                .where(JournalRecord.act == "access.refused", JournalRecord.actor == "qiye")
                .order_by(JournalRecord.number.desc())
            )
            .mappings()
            .first()
        )
    assert last is not None
    assert last["subject"] == "/staff/grades"
