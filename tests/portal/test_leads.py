"""Leads, the disturbance ledger and exemptions at the door: two accounts, own area, names and reasons, counts for the public."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from registry import tables as t
from registry.tables import Lead, QuietDayExemption
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
TOYS, TOYS_NAME = r.FIRMS[2][:2]
LEAD = {
    "source": "投诉举报", "source_no": "12315-2026-1", "enterprise_code": TOYS, "department": "市场监管",
    "method": "现场", "item_codes": "B03", "received_on": "2026-11-30", "first_day": "2026-12-01",
    "last_day": "2026-12-15", "reason": "举报销售过期食品",
}  # fmt: skip
EXEMPTION = {
    "category": "complaint", "department": "市场监管", "first_day": "2026-12-03", "last_day": "2026-12-04",
    "enterprise_code": r.OWN, "basis": "本市安静日规定第四条", "reason": "举报后厨卫生须当日核查",
}  # fmt: skip


def send(client: TestClient, page: str, path: str, form: dict[str, str]) -> Any:
    token = TOKEN.findall(client.get(page).text)[0]
    return client.post(path, data=form | {"csrf_token": token}, follow_redirects=False)


def newest(town: Any, table: type[t.Table]) -> Any:
    with town.owner().connect() as connection:
        columns = table.__table__  # type: ignore[attr-defined]
        return connection.execute(select(columns).order_by(columns.c.id.desc()).limit(1)).mappings().one()


def test_a_lead_goes_from_one_account_to_another_and_into_the_ledger(visitor: Any, town: Any) -> None:
    maker, approver = visitor("zhangsan"), visitor("lisi")
    assert send(maker, "/staff/leads", "/staff/leads", LEAD).status_code == 303
    lead = newest(town, Lead)
    path = f"/staff/leads/{lead['id']}/decide"
    assert lead["number"].startswith("XS99010020261201")
    visited = {"choice": "visited", "visited_on": "2026-12-01"}
    assert send(approver, "/staff/leads", path, visited).status_code == 409, "nobody goes without approval"
    assert send(maker, "/staff/leads", path, {"choice": "approve"}).status_code == 409, "the same account"
    assert send(approver, "/staff/leads", path, {"choice": "approve"}).status_code == 303
    early = send(maker, "/staff/leads", path, visited | {"visited_on": "2026-11-30"})
    assert (early.status_code, "不在批准的" in early.text) == (422, True)
    assert r.NEIGHBOUR not in approver.get("/staff/disturbance?reason=lead").text
    assert send(maker, "/staff/leads", path, visited).status_code == 303
    page = approver.get("/staff/disturbance?reason=lead").text
    assert lead["number"] in page
    assert TOYS_NAME in page
    assert "投诉举报" in page
    sheet = approver.get("/staff/disturbance/ledger.csv")
    assert sheet.headers["content-disposition"].endswith('disturbance-2026-12-01.csv"')
    assert f"{TOYS},2026-12-01,市场监管,现场,线索核查,投诉举报,{lead['number']}" in sheet.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"source": "路过看看"}, "来源"),
        ({"item_codes": "X01"}, "不得实施检查"),
        ({"item_codes": "NOSUCH"}, "不得实施检查"),
        ({"reason": "查"}, "理由"),
        ({"last_day": "2026-11-01"}, "日期不合"),
        ({"received_on": "昨天"}, "格式不对"),
    ],
)
def test_a_lead_that_may_not_be_is_refused_in_a_sentence(
    visitor: Any, changes: dict[str, str], sentence: str
) -> None:
    answer = send(visitor("zhangsan"), "/staff/leads", "/staff/leads", LEAD | changes)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_district_handles_its_own_and_sees_nothing_of_its_neighbours(visitor: Any, town: Any) -> None:
    north, south = visitor("beian"), visitor("nanqiao")
    assert (
        send(north, "/staff/leads", "/staff/leads", LEAD | {"enterprise_code": r.NEIGHBOUR}).status_code
        == 404
    )
    assert send(north, "/staff/leads", "/staff/leads", LEAD | {"source_no": "区局自办"}).status_code == 303
    lead = newest(town, Lead)
    assert "区局自办" in north.get("/staff/leads").text
    assert "区局自办" not in south.get("/staff/leads").text
    approve = {"choice": "approve"}
    assert send(south, "/staff/leads", f"/staff/leads/{lead['id']}/decide", approve).status_code == 404
    assert r.OWN not in south.get("/staff/disturbance").text
    assert r.OWN not in south.get("/staff/disturbance/ledger.csv").text
    assert "无事不扰比例" not in north.get("/staff/disturbance").text, "the ratio is the whole place's"


def test_an_exemption_needs_two_accounts_of_the_whole_place_and_is_counted_in_public(
    visitor: Any, anonymous: TestClient, town: Any
) -> None:
    maker, approver = visitor("zhangsan"), visitor("lisi")
    page = "/staff/exemptions"
    assert send(visitor("beian"), "/staff/leads", page, EXEMPTION).status_code == 403
    assert send(maker, page, page, EXEMPTION).status_code == 303
    path = f"{page}/{newest(town, QuietDayExemption)['id']}/decide"
    assert send(maker, page, path, {"choice": "approve"}).status_code == 409
    assert send(approver, page, path, {"choice": "refuse", "note": ""}).status_code == 422
    assert send(approver, page, path, {"choice": "approve"}).status_code == 303
    public = anonymous.get("/quiet-days").text
    assert "1 / 1 件" in public
    assert "批准的投诉举报类" in public
    assert r.OWN not in public
    assert not [secret for secret in r.SECRETS if secret in public]
    assert send(approver, page, path, {"choice": "revoke", "note": "举报撤回"}).status_code == 303
    assert "1 / 0 件" in anonymous.get("/quiet-days").text
    row = newest(town, QuietDayExemption)
    assert (row["state"], row["revoke_reason"]) == ("revoked", "举报撤回")
    assert row["proposed_by"].startswith("市局计划岗")


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=999", "?reason=off_site", "?reason=x'", "?since=never", "?since=2020-01-01"]
)
def test_odd_questions_to_the_ledger_are_answered(visitor: Any, query: str) -> None:
    assert visitor("lisi").get(f"/staff/disturbance{query}").status_code == 200
