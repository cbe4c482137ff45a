"""Models, appeals and overrides on pages: a second person, one's own area, never an enterprise."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from registry import journal
from registry.database import Database
from registry.tables import Grade
from risk.adoption import grading_run
from tests.journeys import records as r
from tests.journeys.decision_records import LATER, Decisions, build_decided_town
from tests.risk.town import PLACE

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def records(town: Database, december: None) -> Decisions:
    return build_decided_town(town.engine_for, town.owner())


def _post(client: Any, path: str, **form: Any) -> Any:
    token = TOKEN.findall(client.get("/password").text)[0]
    return client.post(path, data={"csrf_token": token, **form}, follow_redirects=False)


def _pages(records: Decisions) -> list[str]:
    return [
        "/staff/models", "/staff/migration", "/staff/appeals", f"/staff/appeals/{records.appeal_id}",
        "/staff/overrides", f"/staff/grades/{records.punished}/review", f"/staff/grades/{records.adjusted}",
    ]  # fmt: skip


def test_every_page_is_there_for_the_bureau(visitor: Any, records: Decisions) -> None:
    client = visitor("lisi")
    texts = {path: client.get(path) for path in _pages(records)}
    assert {path: answer.status_code for path, answer in texts.items()} == dict.fromkeys(texts, 200)
    assert "正用于分类" in texts["/staff/models"].text
    assert "没有新情况而变动" in texts["/staff/migration"].text
    assert "<svg" in texts["/staff/migration"].text
    appeal = texts[f"/staff/appeals/{records.appeal_id}"].text
    assert "责令停产停业" in appeal
    assert "去掉这些记录后" in appeal
    review = texts[f"/staff/grades/{records.punished}/review"].text
    assert f"penalty:{records.penalty_id}" in review
    assert "信用修复后为" in review


def test_no_enterprise_inspector_or_stranger_sees_any_of_it(
    visitor: Any, anonymous: Any, records: Decisions
) -> None:
    for client in (visitor("qiye"), visitor("jiancha"), visitor("guanli"), anonymous):
        for path in _pages(records):
            answer = client.get(path, follow_redirects=False)
            assert answer.status_code in (303, 401, 403), path
            assert not [s for s in r.SECRETS if s in answer.text], path
    for path in ("/enterprise", "/enterprise/visits", "/enterprise/rights"):
        text = visitor("qiye").get(path).text
        assert not [word for word in ("异议第", "人工调整", "信用风险", 'class="klass') if word in text]


def test_a_district_sees_neither_the_models_nor_its_neighbours_appeals(
    visitor: Any, records: Decisions
) -> None:
    client = visitor("beian")
    assert client.get("/staff/models").status_code == client.get("/staff/migration").status_code == 403
    assert client.get(f"/staff/appeals/{records.appeal_id}").status_code == 404
    assert client.get(f"/staff/grades/{records.punished}/review").status_code == 404
    assert records.punished not in client.get("/staff/appeals").text
    assert records.adjusted not in client.get("/staff/overrides").text
    refused = _post(
        client, f"/staff/overrides/{records.override_id}/decide", act="approved", reason="同意调整"
    )
    assert refused.status_code == 404


def test_a_model_proposed_on_a_page_needs_another_account(
    visitor: Any, records: Decisions, town: Database
) -> None:
    zhangsan, lisi = visitor("zhangsan"), visitor("lisi")
    decide = f"/staff/adoptions/{records.adoption_id}/decide"
    assert _post(zhangsan, decide, act="rejected", reason="先补数据再说").status_code == 303
    assert "未批准" in lisi.get("/staff/models").text
    propose = f"/staff/models/{records.new_run}/propose"
    assert _post(zhangsan, propose, in_force_from="", reason="重新提出启用").status_code == 422
    assert _post(zhangsan, propose, in_force_from=LATER.isoformat(), reason="重新提出启用").status_code == 303
    again = f"/staff/adoptions/{records.adoption_id + 1}/decide"
    assert _post(zhangsan, again, act="approved", reason="自己批准").status_code == 403
    assert _post(lisi, again, act="maybe", reason="不知道怎样").status_code == 422
    with town.owner().connect() as connection:
        assert grading_run(connection, LATER, PLACE) != records.new_run
    assert _post(lisi, again, act="approved", reason="已核对指标").status_code == 303
    with town.owner().connect() as connection:
        assert grading_run(connection, LATER, PLACE) == records.new_run
    assert _post(lisi, again, act="withdrawn", reason="演示后停用").status_code == 303
    with town.owner().connect() as connection:
        assert grading_run(connection, LATER, PLACE) != records.new_run


def test_an_override_on_pages_counts_after_the_second_person(visitor: Any, records: Decisions) -> None:
    zhangsan, lisi = visitor("zhangsan"), visitor("lisi")
    code = records.adjusted
    sent = {"enterprise_code": code, "klass": "A", "basis": "安市监函〔2026〕8号", "reason": "已移出名录"}
    assert _post(zhangsan, "/staff/overrides", **sent).status_code == 303
    number = records.override_id + 1
    path = f"/staff/overrides/{number}/decide"
    assert _post(zhangsan, path, act="approved", reason="自己批准").status_code == 403
    assert (
        "人工调整" not in lisi.get(f"/staff/grades/{code}").text.split("历次分类")[0].split("决定层")[1][:80]
    )
    assert _post(lisi, path, act="approved", reason="情况属实").status_code == 303
    page = lisi.get(f"/staff/grades/{code}").text
    assert '<span class="klass A">A</span>' in page
    assert "人工调整至" in page
    assert _post(lisi, path, act="withdrawn", reason="演示后撤回").status_code == 303
    assert "人工调整至" not in lisi.get(f"/staff/grades/{code}").text
    bad = _post(zhangsan, "/staff/overrides", **sent | {"valid_to": "2099-01-01"})
    assert bad.status_code == 422


def test_an_appeal_from_the_form_to_the_decision(visitor: Any, records: Decisions, town: Database) -> None:
    zhangsan, lisi = visitor("zhangsan"), visitor("lisi")
    fact = f"penalty:{records.penalty_id}"
    sent = {"enterprise_code": records.punished, "facts": [fact], "reason": "处罚决定已撤销"}
    opened = _post(zhangsan, "/staff/appeals", **sent)
    assert opened.status_code == 303
    page = opened.headers["location"]
    assert _post(zhangsan, "/staff/appeals", **sent | {"facts": []}).status_code == 422
    assert _post(lisi, f"{page}/approve", act="approved", reason="同意支持").status_code == 409
    assert _post(zhangsan, f"{page}/propose", act="uphold", reason="复议决定书在案").status_code == 303
    assert "须由另一名有权限的人员登录后批准" in zhangsan.get(page).text
    assert _post(zhangsan, f"{page}/approve", act="approved", reason="自己批准").status_code == 403
    assert _post(lisi, f"{page}/approve", act="approved", reason="同意支持").status_code == 303
    text = lisi.get(page).text
    assert "已支持" in text
    assert "由作出记录的机构更正或撤销" in text
    graded = lisi.get(f"/staff/grades/{records.punished}").text
    assert "人工调整" in graded
    with town.owner().connect() as connection:
        stored = connection.execute(
            select(Grade.credit_risk_class)
            .where(Grade.enterprise_code == records.punished)
            .order_by(Grade.id.desc())
            .limit(1)
        ).scalar_one()
        assert stored == "D", "what was graded stays as it was"
        assert list(journal.faults(connection)) == []
