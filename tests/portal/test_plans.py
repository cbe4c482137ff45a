"""Plans and draws at the door: windows, one plan a window, two accounts, nothing to continue after the end."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from starlette.testclient import TestClient

from portal.house import House
from portal.reading.roster import make_up_days
from portal.sheets import Sheet
from registry import tables as t
from registry.tables.planning import Plan
from registry.tables.visit import RosterVersion
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
CEREMONY = "2027年1月4日9时，市局大厅，当众掷骰子二十次"


def ask_for(client: TestClient, as_of: str, first: str, last: str) -> Any:
    token = TOKEN.findall(client.get("/staff/plans").text)[0]
    form = {"csrf_token": token, "as_of": as_of, "window_from": first, "window_to": last}
    return client.post("/staff/plans", data=form, follow_redirects=False)


def draft(town: Any, made_by: str, first: date) -> int:
    with town.owner().begin() as connection:
        row = dict(connection.execute(select(Plan.__table__).order_by(Plan.id).limit(1)).mappings().one())
        del row["id"]
        row |= {
            "number": f"9901002027{first:%m%d}",
            "state": "draft",
            "made_by": made_by,
            "approved_by": None,
            "window_from": first,
            "window_to": first + timedelta(days=27),
        }
        return int(connection.execute(insert(t.Plan).values(**row).returning(Plan.id)).scalar_one())


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (("2026-12-01", "2027-03-31", "2027-01-01"), "颠倒"),
        (("2026-12-01", "2026-12-01", "2026-12-31"), "不晚于数据时点"),
        (("2026-12-02", "2027-01-01", "2027-03-31"), "之后"),
    ],
)
def test_a_window_that_cannot_be_is_refused_on_the_form(
    visitor: Any, days: tuple[str, str, str], sentence: str
) -> None:
    answer = ask_for(visitor("zhangsan"), *days)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_one_plan_a_window(visitor: Any, town: Any) -> None:
    client = visitor("zhangsan")
    assert ask_for(client, "2026-12-01", "2027-04-01", "2027-06-30").status_code == 303
    waiting = ask_for(client, "2026-12-01", "2027-04-01", "2027-06-30")
    assert (waiting.status_code, "正在后台编制" in waiting.text) == (409, True)
    draft(town, "zhangsan", date(2027, 2, 1))
    standing = ask_for(client, "2026-12-01", "2027-02-01", "2027-02-28")
    assert standing.status_code == 409
    assert "99010020270201" in standing.text


def test_the_public_reads_a_post_and_never_a_login(visitor: Any, town: Any, house: House) -> None:
    maker, approver = visitor("zhangsan"), visitor("lisi")
    with house.engine.connect() as connection:
        wanted = select(t.Account.id, t.Account.login).where(t.Account.login.in_(("zhangsan", "lisi")))
        numbers = {row.login: row.id for row in connection.execute(wanted)}
    for made_by, first in (
        ("zhangsan", date(2027, 7, 1)),
        (f"市局计划岗（账户{numbers['zhangsan']}）", date(2027, 8, 1)),
        (f"从前的岗位名（账户{numbers['zhangsan']}）", date(2027, 9, 1)),
    ):
        plan = draft(town, made_by, first)
        answers = []
        for client in (maker, approver):
            token = TOKEN.findall(client.get("/staff/plans").text)[0]
            form = {"csrf_token": token, "ceremony": CEREMONY}
            answers.append(client.post(f"/staff/plans/{plan}/approve", data=form, follow_redirects=False))
        assert [answer.status_code for answer in answers] == [409, 303], made_by
        with house.engine.connect() as connection:
            approved = connection.execute(select(Plan.approved_by).where(Plan.id == plan)).scalar_one()
        assert approved == f"市局审批岗（账户{numbers['lisi']}）"


def test_a_finished_draw_is_not_continued(visitor: Any, town: Any, records: r.Records) -> None:
    client, path = visitor("lisi"), f"/staff/draws/{records.draw_id}"
    with town.owner().begin() as connection:
        same = RosterVersion.id == records.roster_id
        connection.execute(update(RosterVersion).where(same).values(team_draw_id=records.draw_id))
    page = client.get(path).text
    assert "继续办理" not in page
    token = TOKEN.findall(page)[0]
    answer = client.post(f"{path}/continue", data={"csrf_token": token}, follow_redirects=False)
    assert answer.status_code == 409
    assert "已经办完" in answer.text


def test_a_class_secret_bundle_is_not_said_to_be_replayed(
    anonymous: TestClient, town: Any, records: r.Records
) -> None:
    path = f"/draws/{records.draw_id}/verification"
    page = anonymous.get(path).text
    assert "不适用" in page
    assert "公开部分核验通过；名单的完整重算须用审计包（有权单位）" in page
    assert "全部核验项通过" not in page


def test_make_up_days_are_the_announced_ones() -> None:
    assert make_up_days("990100", date(2026, 2, 1)) == {date(2026, 2, 14), date(2026, 2, 28)}
    assert make_up_days("990100", date(2026, 12, 1)) == set()
    assert make_up_days("990100", date(2090, 1, 1)) == set()


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("plan-1/roster.xlsx", "排班工作簿"),
        ("plan-1/public/public.html", "公示页"),
        ("draw-99010020260001-v1.zip", "公开包"),
        ("audit-99010020260001-v1.zip", "审计包（不公开）"),
        ("plan-1/else.txt", "plan-1/else.txt"),
    ],
)
def test_known_files_have_titles(path: str, title: str) -> None:
    assert Sheet("reports", path, 1).title == title


def test_a_plan_without_a_roster_has_a_page(visitor: Any, town: Any) -> None:
    plan = draft(town, "zhangsan", date(2027, 8, 2))
    answer = visitor("zhangsan").get(f"/staff/plans/{plan}")
    assert answer.status_code == 200
    assert "抽取后生成排班" in answer.text


def test_the_plan_page_says_why_visits_found_no_date_and_what_would_help(visitor: Any, town: Any) -> None:
    plan = draft(town, "fixture", date(2027, 9, 6))
    conflict = {
        "sentence": "东湖 41 次检查:至多排入 24 次",
        "rules": ["任务期限", "企业安静日"],
        "proved": True,
        "left_out": 17,
        "remedies": ["市场监管从消防借调 3 名锅炉资格人员(代价 15;试排后 17 次得到解决)"],
    }
    with town.owner().begin() as connection:
        known = connection.execute(select(RosterVersion.__table__).limit(1)).mappings().one()
        row = {k: v for k, v in known.items() if k != "id"}
        row |= {"plan_id": plan, "version": 1, "state": "superseded", "statistics": {"conflicts": [conflict]}}
        connection.execute(insert(RosterVersion).values(**row))
    page = visitor("zhangsan").get(f"/staff/plans/{plan}").text
    for said in (conflict["sentence"], "任务期限、企业安静日", conflict["remedies"][0]):
        assert said in page
    assert "未证明" not in page
