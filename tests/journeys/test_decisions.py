"""An appeal in a real browser, from the firm's page to the second person's approval; every page accessible."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from registry.database import Database
from tests.journeys.conftest import keep
from tests.journeys.decision_records import Decisions, build_decided_town

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def records(town: Database, december: None) -> Decisions:
    return build_decided_town(town.engine_for, town.owner())


def test_an_appeal_and_the_pages_around_it(
    open_page: Callable[..., Page], address: str, records: Decisions
) -> None:
    page, second = open_page("zhangsan"), open_page("lisi")
    asked: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for path, name in (
        ("/staff/models", "models"),
        ("/staff/migration", "migration"),
        ("/staff/appeals", "appeals"),
        ("/staff/overrides", "overrides"),
        (f"/staff/grades/{records.adjusted}", "grade-of-a-firm"),
        (f"/staff/grades/{records.punished}", "grade-punished"),
    ):
        page.goto(path)
        _sound(page, name)
    page.get_by_role("link", name="怎样改善、异议与人工调整").click()
    _sound(page, "review")
    page.get_by_label(f"penalty:{records.penalty_id}").check()
    page.get_by_label("异议理由").fill("处罚决定已被复议机关撤销")
    page.get_by_role("button", name="登记并重算").click()
    expect(page.get_by_role("heading", name="按指标组的差别")).to_be_visible(timeout=60_000)
    _sound(page, "appeal-open")
    page.get_by_label("意见和依据").fill("复议决定书在案")
    page.get_by_role("button", name="拟支持").click()
    expect(page.get_by_text("须由另一名有权限的人员登录后批准")).to_be_visible()
    second.goto(page.url)
    second.get_by_label("批准的理由").fill("同意支持")
    second.get_by_role("button", name="批准").click()
    expect(second.get_by_text("由作出记录的机构更正或撤销")).to_be_visible()
    _sound(second, "appeal-decided")
    assert errors == []
    assert asked == {urlsplit(address).netloc}


def _sound(page: Page, name: str) -> None:
    keep(page, f"staff-{name}")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found] == []
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name} is {overflow}px too wide"
