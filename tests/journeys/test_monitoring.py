"""From an alert on the desk to the indicator that moved, in a real browser."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from registry.database import Database
from tests.journeys import records as r
from tests.journeys.conftest import DESK, keep
from tests.journeys.monitor_records import build_monitoring

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module", autouse=True)
def reports(town: Database, records: r.Records) -> list[int]:
    return build_monitoring(town.owner())


def test_from_the_desk_to_the_indicator(open_page: Callable[..., Page], address: str) -> None:
    page = open_page("lisi", DESK)
    faults: dict[str, list[str]] = {}

    def look(name: str) -> None:
        keep(page, name)
        found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
        if found:
            faults[name] = [v["id"] for v in found]
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            faults.setdefault(name, []).append(f"overflow {overflow}px")

    page.goto("/staff")
    expect(page.get_by_text("的分类没有放行")).to_be_visible()
    look("monitoring-desk")
    page.goto("/staff/monitoring")
    look("monitoring-months")
    page.get_by_role("link", name="看变动、办放行").click()
    expect(page.get_by_role("heading", name="放行（须两名不同人员）")).to_be_visible()
    look("monitoring-report")
    page.get_by_role("link", name="看分布").click()
    expect(page.get_by_role("heading", name="行政处罚次数")).to_be_visible()
    look("monitoring-indicator")
    assert faults == {}
