"""An inspector's day on a phone: today's checks, one result, its receipt; a double press and a reload change nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from portal.house import House
from registry.tables.casework import ResultSubmission
from tests.journeys import records as r
from tests.journeys.conftest import PHONE, keep

pytestmark = pytest.mark.journey


@pytest.fixture(autouse=True)
def nothing_stands(house: House, records: r.Records) -> None:
    """Earlier results are sent back, so that the visit takes one again."""
    with house.engine.begin() as connection:
        connection.execute(update(ResultSubmission).values(state="审核退回"))


def submissions(house: House) -> int:
    with house.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(ResultSubmission)).scalar_one()


def test_enter_a_result_and_keep_its_receipt(open_page: Callable[..., Page], house: House) -> None:
    page = open_page("jiancha", PHONE)
    page.goto("/inspector")
    expect(page.get_by_text("今天 · ")).to_be_visible()
    page.get_by_role("link", name="晨光食品").click()
    expect(page.get_by_text("消防安全责任制")).to_be_visible()
    expect(page.get_by_label("消防安全责任制")).to_have_count(0)
    device = page.locator("input[name=device_id]").input_value()
    assert len(device) == 36, "the id is made on the device"
    page.get_by_role("button", name="全部未发现问题").click()
    page.get_by_label("2. 食品经营许可").select_option("R05")
    page.locator("[name=note_B03]").fill("进货台账缺两日，已责令补记。")
    keep(page, "inspector-filled")
    page.get_by_role("button", name="提交结果").dblclick()
    receipt = page.locator("#receipt").inner_text()
    keep(page, "inspector-receipt")
    page.reload()
    assert page.locator("#receipt").inner_text() == receipt
    page.go_back()
    page.goto("/inspector/receipts")
    expect(page.get_by_text(receipt)).to_be_visible()
    assert submissions(house) == 1


def test_two_tabs_with_one_id_and_other_content_are_told_apart(
    open_page: Callable[..., Page], house: House
) -> None:
    page = open_page("jiancha", PHONE)
    page.goto("/inspector/visits/1")
    second = page.context.new_page()
    second.goto("/inspector/visits/1")
    for tab, note in ((page, "第一份"), (second, "第二份")):
        tab.evaluate(
            "document.querySelector('[name=device_id]').value = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'"
        )
        tab.get_by_label("1. 年度报告").select_option("R02")
        tab.locator("[name=note_A09]").fill(note)
    before = submissions(house)
    page.get_by_role("button", name="提交结果").click()
    page.locator("#receipt").wait_for()
    second.get_by_role("button", name="提交结果").click()
    expect(second.get_by_text("此前已以不同内容提交过")).to_be_visible()
    keep(second, "inspector-conflict")
    assert submissions(house) == before + 1


def test_it_works_without_script(
    browser: object, address: str, passwords: dict[str, str], house: House
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False, base_url=address)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("登录名").fill("jiancha")
    page.get_by_label("密码").fill(passwords["jiancha"])
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.goto("/inspector/visits/1")
    before = submissions(house)
    page.get_by_label("1. 年度报告").select_option("R01")
    page.get_by_role("button", name="提交结果").click()
    page.locator("#receipt").wait_for()
    assert submissions(house) == before + 1
    context.close()


def test_the_phone_shows_nobody_elses_visit(open_page: Callable[..., Page], records: r.Records) -> None:
    page = open_page("jiancha", PHONE)
    page.goto(f"/inspector/visits/{records.foreign_visit_id}")
    expect(page.get_by_text("没有这条记录，或不在您的权限范围内")).to_be_visible()
