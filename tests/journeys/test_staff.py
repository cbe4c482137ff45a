"""An officer's day: a plan from the first button to a staffed, checked roster, in a real browser."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from portal.house import House
from portal.worker import Worker
from tests.journeys import records as r
from tests.journeys.conftest import keep

pytestmark = pytest.mark.journey

DICE = "3 6 1 4 4 2 5 1 6 3 2 2 5 4 1 6 6 3 1 5"


@pytest.fixture(scope="module")
def worker(house: House, records: r.Records) -> Iterator[Worker]:
    patch = pytest.MonkeyPatch()
    patch.setattr("portal.tasks.ROSTER_SECONDS", 3.0)
    with Worker(house.engine_for, house.settings, poll_seconds=0.2) as working:
        yield working
    patch.undo()


def wait_for_job(page: Page) -> None:
    """The run's page leads on by itself when the job ends."""
    ended = page.get_by_role("link", name="查看").or_(page.get_by_role("alert"))
    ended.wait_for(timeout=90_000)
    assert page.get_by_role("alert").count() == 0, page.get_by_role("main").inner_text()


def test_plan_draw_and_roster(open_page: Callable[..., Page], worker: Worker) -> None:
    planner, approver = open_page("zhangsan"), open_page("lisi")

    planner.goto("/staff/plans")
    planner.get_by_label("数据时点").fill("2026-11-30")
    planner.get_by_label("计划期开始").fill("2026-12-02")
    planner.get_by_label("计划期结束").fill("2026-12-31")
    planner.get_by_role("button", name="编制").click()
    wait_for_job(planner)
    keep(planner, "staff-run-done")
    planner.get_by_role("link", name="查看计划").click()
    expect(planner.get_by_text("须由另一名有权限的人员登录后审批")).to_be_visible()
    plan = planner.url

    approver.goto(plan)
    approver.get_by_label("公开产生种子").fill("2026年12月1日9时，市局一楼大厅，公证员见证，当众掷骰子二十次")
    keep(approver, "staff-approve")
    approver.get_by_role("button", name="审批通过并公布承诺").click()
    wait_for_job(approver)
    approver.get_by_role("link", name="查看抽取").click()
    keep(approver, "staff-draw-committed")
    approver.get_by_label("现场宣读的种子").fill(f"2026-12-01 dice {DICE}")
    approver.get_by_label("来源和见证人").fill("市局大厅掷骰，公证员见证")
    approver.get_by_label("下一次").fill("2026年12月1日15时，同一地点，当众掷骰子二十次")
    approver.get_by_role("button", name="登记种子并抽取").click()
    wait_for_job(approver)
    approver.get_by_role("link", name="查看抽取").click()
    expect(approver.get_by_role("heading", name="抽取检查人员")).to_be_visible()
    approver.get_by_label("现场宣读的种子").fill(f"2026-12-01 15:00 dice {DICE[::-1]}")
    approver.get_by_label("来源和见证人").fill("同上")
    approver.get_by_role("button", name="登记种子并抽取").click()
    wait_for_job(approver)
    approver.get_by_role("link", name="查看计划").click()
    expect(approver.get_by_text("已独立核验")).to_be_visible()
    keep(approver, "staff-plan-rostered")

    approver.get_by_role("link", name="打开检查日历").click()
    busy = approver.locator(".month a").first
    keep(approver, "staff-calendar-after")
    busy.click()
    expect(approver.get_by_text("市场监管").first).to_be_visible()
    approver.goto("/staff/roster?month=2026-12")
    shown = sum(int(text) for text in approver.locator(".month b").all_inner_texts())
    assert shown > 3, "the new roster's visits stand beside those of the old plan"
    approver.goto("/staff/sheets")
    keep(approver, "staff-sheets-after")
    assert approver.locator("a[href$='.xlsx']").count() >= 1
    assert approver.locator("a[href*='draw-']").count() >= 2


def test_search_a_class_and_read_its_reasons(open_page: Callable[..., Page]) -> None:
    page = open_page("lisi")
    page.goto("/staff/grades")
    page.get_by_label("名称或代码").fill("晨光")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name="晨光食品").click()
    expect(page.get_by_text(r.PLANTED_REASON)).to_be_visible()


def test_a_case_from_facts_to_a_decision(open_page: Callable[..., Page]) -> None:
    page = open_page("lisi")
    page.goto("/staff/waivers")
    page.get_by_label("统一社会信用代码").fill(r.FIRMS[2][0])
    page.get_by_label("违法行为", exact=True).select_option("W01")
    page.get_by_label("发生日期").fill("2026-11-10")
    page.get_by_label("改正日期").fill("2026-11-10")
    page.get_by_label("责令改正期限").fill("2026-11-20")
    page.get_by_label("造成危害后果").select_option("no")
    page.get_by_role("button", name="登记并生成建议").click()
    expect(page.get_by_text("规则的建议")).to_be_visible()
    keep(page, "staff-waiver-proposal")
    page.get_by_label("不予行政处罚，进行教育").check()
    page.get_by_label("理由（企业会看到）").fill("当场改正，没有危害后果。")
    page.get_by_role("button", name="作出决定").click()
    expect(page.get_by_text("当场改正，没有危害后果。")).to_be_visible()
    expect(page.get_by_role("button", name="作出决定")).to_have_count(0)
