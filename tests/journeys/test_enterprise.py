"""An enterprise: what to see to and until when, who comes and with which code, and what was decided."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import records as r
from tests.journeys.conftest import PHONE, keep

pytestmark = pytest.mark.journey


def test_warnings_visit_decision_and_rights(open_page: Callable[..., Page]) -> None:
    page = open_page("qiye", PHONE)
    page.goto("/")
    page.goto("/enterprise")
    expect(page.get_by_role("heading", name="2025 年度年报尚未报送")).to_be_visible()
    expect(page.get_by_text("还有 30 天")).to_be_visible()
    expect(page.get_by_text("企业信息公示暂行条例第八条")).to_be_visible()
    expect(page.get_by_text("补报并公示")).to_be_visible()

    page.get_by_role("navigation").get_by_role("link", name="我的检查").click()
    expect(page.get_by_text("K7QX-29PM-HH4T-W3ZA")).to_be_visible()
    expect(page.get_by_text("执法证 AHS1001")).to_be_visible()

    page.get_by_role("navigation").get_by_role("link", name="免罚决定").click()
    expect(page.get_by_text("不予行政处罚（首违不罚）")).to_be_visible()
    expect(page.get_by_text("行政处罚法第三十三条第一款")).to_be_visible()

    page.get_by_role("navigation").get_by_role("link", name="我的权利").click()
    expect(page.get_by_text("申请回避")).to_be_visible()


def test_large_type_stays_on(open_page: Callable[..., Page]) -> None:
    page = open_page("qiye", PHONE)
    page.goto("/enterprise")
    page.get_by_role("button", name="大字版").click()
    page.goto("/enterprise/visits")
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    keep(page, "enterprise-large")


def test_nothing_on_any_page_speaks_of_a_class(open_page: Callable[..., Page]) -> None:
    page = open_page("qiye", PHONE)
    for path in (
        "/enterprise",
        "/enterprise/visits",
        "/enterprise/waivers",
        "/enterprise/rights",
        "/staff/grades",
    ):
        page.goto(path)
        seen = page.content()
        assert not [secret for secret in r.SECRETS if secret in seen], path
