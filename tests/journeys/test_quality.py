"""The quality page in a real browser: accessible at both type sizes, nothing from elsewhere, from a figure to its rows."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from registry.database import Database
from tests.journeys import records as r
from tests.journeys.conftest import keep
from tests.journeys.quality_records import build_quality

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module", autouse=True)
def a_year(town: Database, records: r.Records) -> None:
    build_quality(town.owner())


def test_from_a_figure_to_its_rows(open_page: Callable[..., Page], address: str) -> None:
    page = open_page("lisi")
    asked: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto("/staff")
    page.get_by_role("link", name="数据质量").click()
    _sound(page, "quality")
    page.get_by_role("link", name="行政处罚", exact=True).first.click()
    page.get_by_role("link", name="南桥区局").first.click()
    _sound(page, "quality-office")
    page.locator("#months a").first.click()
    expect(page.get_by_role("heading", name="行政处罚")).to_be_visible()
    _sound(page, "quality-rows")
    page.get_by_role("button", name="大字版").click()
    page.goto("/staff/quality")
    _sound(page, "quality-large")
    assert errors == []
    assert asked == {urlsplit(address).netloc}


def _sound(page: Page, name: str) -> None:
    keep(page, name)
    found = [
        v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")
    ]
    assert found == [], name
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{name} is {wider} px too wide"
