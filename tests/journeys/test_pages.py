"""Every main page in a real browser: no serious accessibility violation, nothing loaded from elsewhere, no page error."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.journeys import records as r
from tests.journeys.conftest import DESK, PHONE, keep

pytestmark = pytest.mark.journey

PAGES = {
    "staff": ("lisi", DESK, (
        "/staff", "/staff/batches", "/staff/batches/1", "/staff/sources", "/staff/sources/2", "/staff/matches",
        "/staff/matches/1", "/staff/grades", f"/staff/grades/{r.OWN}", "/staff/plans",
        "/staff/plans/1", "/staff/draws/1", "/staff/roster?month=2026-12", "/staff/roster/2026-12-01", "/staff/results",
        "/staff/warnings", "/staff/waivers", "/staff/waivers/1", "/staff/sheets", "/staff/registers",
        "/staff/registers/check_item", "/staff/registers/library/record", "/staff/leads", "/staff/disturbance",
        "/staff/exemptions", "/staff/annual",
    )),
    "inspector": ("jiancha", PHONE, ("/inspector", "/inspector/visits/1", "/inspector/receipts")),
    "enterprise": ("qiye", PHONE, ("/enterprise", "/enterprise/visits", "/enterprise/waivers", "/enterprise/rights")),
    "public": (None, DESK, ("/", "/draws/1", "/draws/1/verification", "/how-to-verify", "/annual-plans", "/quiet-days",
                            "/sign-in", "/draws/999")),
    "administrator": ("guanli", DESK, ("/administrator", "/password")),
}  # fmt: skip


@pytest.mark.parametrize("role", PAGES)
def test_pages_are_accessible_and_keep_to_themselves(
    open_page: Callable[..., Page], address: str, role: str
) -> None:
    login, viewport, paths = PAGES[role]
    page = open_page(login, viewport)
    asked: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security" in message.text else None
    )
    faults = {}
    for path in paths:
        page.goto(path)
        keep(page, f"{role}{path.replace('/', '-').replace('?', '-')}")
        found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        if found:
            faults[path] = [
                (v["id"], v["nodes"][0]["html"][:160], v["nodes"][0].get("failureSummary", "")[:200])
                for v in found
            ]
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            faults.setdefault(path, []).append(("overflow", f"{overflow}px", ""))
    assert faults == {}
    assert errors == []
    assert asked == {urlsplit(address).netloc}
