"""The page of a roster version in a real browser: readable by a screen reader, within a phone's width, no console errors."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from scheduling.solve import Stop, solve
from tests.journeys import records as r
from tests.journeys.conftest import DESK, PHONE, keep
from tests.journeys.roster_records import store_version
from tests.scheduling.towns import Size, make_town

pytestmark = pytest.mark.journey
TOWN = make_town(3, Size(objects=40, inspectors=12, pins=2))


@pytest.fixture(scope="module")
def version(town: Any, records: r.Records) -> int:
    roster = solve(TOWN, Stop(seconds=None, rounds=3), "S")
    with town.owner().begin() as connection:
        return store_version(connection, records, TOWN, roster)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_is_sound(open_page: Callable[..., Page], version: int, viewport: dict[str, int]) -> None:
    page = open_page("zhangsan", viewport)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"/staff/rosters/{version}")
    keep(page, f"staff-roster-version-{viewport['width']}")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert found == []
    assert errors == []
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0
    for title in ("求解过程", "各部门外出人数", "检查日历"):
        assert page.get_by_role("img", name=title).is_visible()
    assert page.get_by_role("link", name="计划与抽取").first.get_attribute("aria-current") == "page"
