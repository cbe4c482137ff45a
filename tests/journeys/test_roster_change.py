"""Changing a roster in a real browser: what has happened, every difference first, then a new version; nothing by accident."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from portal.accounts import NewAccount, open_account
from registry.database import Database
from registry.postgres import EmbeddedServer
from scheduling.ceremony import record_seed, simulated_seed
from scheduling.problem import Roster
from scheduling.roster_book import commit_team_draw, make_roster, staff_roster
from scheduling.told import told_roster
from tests.conftest import make_database
from tests.journeys.conftest import DESK, PHONE, keep
from tests.scheduling.town_records import AS_OF, EAST, PLACE, build_town, drawn_plan, journalled, rows

pytestmark = pytest.mark.journey
TODAY = date(2026, 10, 9)
ACCOUNTS = (
    NewAccount("zhangsan", "staff", PLACE, "市局计划岗"),
    NewAccount("dongqu", "staff", EAST, "东区局"),
)


class Made(NamedTuple):
    """A plan carried through to its teams."""

    plan: int
    roster: int


@pytest.fixture(scope="module", autouse=True)
def december(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The second day of the quarter's visits, in place of the records' December."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", TODAY.isoformat())
    patch.setenv("WURAO_ARGON2_MEMORY_KIB", "64")
    patch.setenv("WURAO_DATA", str(tmp_path_factory.mktemp("data")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def town(december: None, server: EmbeddedServer, template: str) -> Iterator[Database]:
    with make_database(server, template) as database:
        build_town(database.owner())
        yield database


@pytest.fixture(scope="module")
def records(town: Database) -> Made:
    engine = town.engine_for("schedule")
    plan, _ = drawn_plan(engine)
    roster = make_roster(engine, plan, 1.0, "甲")
    team = commit_team_draw(engine, roster, "甲", "市局大厅 2026-09-30 16:00")
    record_seed(engine, team, simulated_seed(engine, team, AS_OF), "模拟掷骰", "乙")
    assert staff_roster(engine, roster) == []
    return Made(plan, roster)


@pytest.fixture(scope="module")
def passwords(town: Database, records: Made) -> dict[str, str]:
    with town.engine_for("portal").begin() as connection:
        return {new.login: open_account(connection, new, "test", once=False) for new in ACCOUNTS}


def versions(town: Database) -> list[Any]:
    return rows(
        town.engine_for("schedule"), "SELECT id, state, made_by, reason FROM roster_version ORDER BY id"
    )


def present(town: Database) -> tuple[int, Roster]:
    """The newest version."""
    number = versions(town)[-1].id
    with town.engine_for("schedule").connect() as connection:
        return number, told_roster(connection, number)[1]


def sound(page: Page) -> None:
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert found == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0


def ask_absence(page: Page, roster: int, person: str, reason: str = "病假住院") -> None:
    page.goto(f"/staff/rosters/{roster}")
    page.get_by_text("检查人员缺勤").click()
    page.get_by_label("人员", exact=True).select_option(person)
    page.get_by_label("到哪天止").fill("2026-12-31")
    page.locator("#absent-why").fill(reason)
    page.locator("#change form").first.get_by_role("button", name="先看会改变什么").click()


def busiest(roster: Roster) -> str:
    """Who has most visits to come."""
    coming = {v.id for v in roster.visits if v.day > TODAY}
    sent = [s.inspector for s in roster.seats if s.visit in coming]
    return max(sorted(set(sent)), key=sent.count)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_a_preview_tells_everything_and_stores_nothing(
    open_page: Callable[..., Page], town: Database, viewport: dict[str, int]
) -> None:
    number, roster = present(town)
    before = versions(town)
    page = open_page("zhangsan", viewport)
    page.goto(f"/staff/rosters/{number}")
    for title in ("检查人员缺勤", "对象停业或注销", "准予对象改期"):
        page.get_by_text(title).click()
    sound(page)
    keep(page, f"staff-roster-change-form-{viewport['width']}")
    ask_absence(page, number, busiest(roster))
    expect(page.get_by_role("heading", name="人员缺勤：会改变什么")).to_be_visible()
    expect(page.get_by_text("还没有保存")).to_be_visible()
    expect(page.get_by_text("替补明细")).to_be_visible()
    sound(page)
    keep(page, f"staff-roster-change-preview-{viewport['width']}")
    page.get_by_role("link", name="不改了").click()
    page.wait_for_url(f"**/staff/rosters/{number}#change")
    assert versions(town) == before


def test_a_confirmed_change_is_a_new_version_and_cannot_be_made_twice(
    open_page: Callable[..., Page], town: Database, records: Made
) -> None:
    number, roster = present(town)
    person = busiest(roster)
    page = open_page("zhangsan")
    ask_absence(page, number, person)
    page.get_by_role("button", name="确认，形成新的版本").click()
    page.wait_for_url(f"**/staff/rosters/{number + 1}")
    expect(page.get_by_role("heading", name="与上一版相比")).to_be_visible()
    keep(page, "staff-roster-changed")
    (*_, old, new) = versions(town)
    assert (old.state, new.state, new.reason) == ("superseded", "checked", "调整：人员缺勤")
    assert new.made_by.startswith("市局计划岗（账户")
    _, after = present(town)
    coming = {v.id for v in after.visits if v.day >= TODAY}
    assert not [s for s in after.seats if s.inspector == person and s.visit in coming]
    assert journalled(town.engine_for("schedule"), "roster.changed", f"plan {records.plan}")
    ask_absence(page, new.id, person)
    expect(page.get_by_text("不会改变任何事")).to_be_visible()
    page.goto(f"/staff/rosters/{old.id}")
    expect(page.locator("#change")).to_have_count(0)
    assert len(versions(town)) == 2


def test_a_closed_firm_is_cancelled_and_a_postponed_one_moves(
    open_page: Callable[..., Page], town: Database
) -> None:
    number, roster = present(town)
    coming = sorted((v for v in roster.visits if v.day > TODAY), key=lambda v: (v.day, v.id))
    page = open_page("zhangsan")
    page.goto(f"/staff/rosters/{number}")
    page.get_by_text("对象停业或注销").click()
    page.locator("#closed-what").fill(coming[0].object_id)
    page.locator("#closed-why").fill("已办理注销登记")
    page.locator("#change form").nth(1).get_by_role("button").click()
    expect(page.get_by_text("取消 1 次")).to_be_visible()
    expect(page.get_by_text("商行").first).to_be_visible()
    page.get_by_role("button", name="确认，形成新的版本").click()
    page.wait_for_url(f"**/staff/rosters/{number + 1}")
    page.get_by_text("准予对象改期").click()
    page.locator("#later-what").fill(coming[1].object_id)
    page.locator("#later-from").fill("2026-12-01")
    page.locator("#later-to").fill("2026-12-31")
    page.locator("#later-why").fill("设备检修停产")
    page.locator("#change form").nth(2).get_by_role("button").click()
    page.get_by_role("button", name="确认，形成新的版本").click()
    page.wait_for_url(f"**/staff/rosters/{number + 2}")
    _, after = present(town)
    assert coming[0].object_id not in {v.object_id for v in after.visits if v.day >= TODAY}
    assert all(v.day >= date(2026, 12, 1) for v in after.visits if v.object_id == coming[1].object_id)


def test_what_is_no_longer_what_was_previewed_is_not_stored(
    open_page: Callable[..., Page], town: Database
) -> None:
    number, roster = present(town)
    page = open_page("zhangsan")
    ask_absence(page, number, busiest(roster))
    page.locator("input[name=reason]").evaluate("field => field.value = '改成别的理由'")
    page.get_by_role("button", name="确认，形成新的版本").click()
    expect(page.get_by_text("预览之后情况有变")).to_be_visible()
    ask_absence(page, number, busiest(roster), "病假住院")
    page.locator("input[name=inspector]").evaluate("field => field.value = '没有此人'")
    page.get_by_role("button", name="确认，形成新的版本").click()
    expect(page.get_by_text("不在名录中")).to_be_visible()
    assert versions(town)[-1].id == number


def test_a_district_changes_nothing(open_page: Callable[..., Page], town: Database) -> None:
    number, _ = present(town)
    page = open_page("dongqu")
    assert page.goto(f"/staff/rosters/{number}").status == 403  # type: ignore[union-attr]
