"""A case: facts in, a proposal by the rules, one decision by a person; demo accounts; results that come back as facts."""

import re
from datetime import date
from typing import Any

from sqlalchemy import func, select
from starlette.testclient import TestClient

from portal.accounts import ROLES, create_demo_accounts
from portal.house import House
from portal.tasks import nightly_submissions
from registry.tables.account import Account
from registry.tables.casework import WaiverDecision
from registry.tables.inspection import InspectionResult
from tests.journeys import records as r
from tests.portal.test_submissions import form_of, send

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FIRM = r.FIRMS[1][0]


def enter(client: TestClient, **changes: str) -> Any:
    token = TOKEN.findall(client.get("/staff/waivers").text)[0]
    form = {"csrf_token": token, "enterprise_code": FIRM, "item_code": "W01", "occurred_on": "2026-11-10",
            "order_deadline": "2026-11-20", "corrected_on": "2026-11-12", "harm": "no"}  # fmt: skip
    return client.post("/staff/waivers", data=form | changes, follow_redirects=False)


def test_rules_propose_and_one_officer_decides_once(visitor: Any, house: House) -> None:
    client = visitor("lisi")
    answer = enter(client)
    assert answer.status_code == 303
    case = answer.headers["location"]
    page = client.get(case).text
    assert "符合免罚条件" in page
    token = TOKEN.findall(page)[0]
    decision = {"csrf_token": token, "waived": "yes", "reason": "当场改正，没有危害后果。"}
    assert client.post(f"{case}/decide", data=decision | {"reason": " "}).status_code == 422
    assert client.post(f"{case}/decide", data=decision).status_code == 200
    assert client.post(f"{case}/decide", data=decision | {"waived": "no"}).status_code == 409
    with house.engine.connect() as connection:
        decided = connection.execute(
            select(WaiverDecision.waived, WaiverDecision.decided_by).order_by(WaiverDecision.id.desc())
        ).first()
    assert decided == (True, "lisi")


def test_unknown_facts_go_to_a_person_with_the_missing_evidence_named(visitor: Any) -> None:
    client = visitor("lisi")
    answer = enter(client, item_code="W04", corrected_on="", harm="")
    page = client.get(answer.headers["location"]).text
    assert "需要人工判断" in page
    assert "还缺的证据" in page


def test_an_undecided_proposal_is_not_told_to_the_enterprise(visitor: Any) -> None:
    enter(visitor("lisi"), enterprise_code=r.OWN, item_code="W01")
    page = visitor("qiye").get("/enterprise/waivers").text
    assert page.count("<dt>依据</dt>") == 1, "only the decided case of the records"


def test_bad_facts_are_refused_by_name(visitor: Any) -> None:
    client = visitor("lisi")
    for changes, word in (
        ({"occurred_on": "2027-01-01"}, "今天之后"),
        ({"occurred_on": ""}, "发生日期"),
        ({"goods_value": "-1"}, "货值"),
        ({"enterprise_code": "91990100MAHR10075N"}, "登记信息里没有这个主体"),
        ({"item_code": "W99"}, "清单里没有这个事项"),
    ):
        answer = enter(client, **changes)
        assert (answer.status_code, word in answer.text) == (422, True), (changes, answer.text[-900:])


def test_a_neighbours_enterprise_cannot_be_charged(visitor: Any) -> None:
    assert enter(visitor("nanqiao")).status_code == 422
    assert enter(visitor("beian")).status_code == 303


def test_published_results_come_back_as_facts_once(visitor: Any, house: House, records: r.Records) -> None:
    inspector, officer = visitor("jiancha"), visitor("lisi")
    receipt = send(inspector, records, form_of(inspector, "7" * 32)).headers["location"].rsplit("/", 1)[1]
    page = officer.get("/staff/results").text
    number = re.findall(r"/staff/results/(\d+)/review", page)[0]
    token = TOKEN.findall(page)[0]
    officer.post(f"/staff/results/{number}/review", data={"csrf_token": token, "choice": "accept"})
    outcomes = [nightly_submissions(house, {}, lambda share, stage: None) for _ in range(2)]
    assert [outcome["rows"] for outcome in outcomes] == [1, 0]
    with house.engine.connect() as connection:
        wanted = select(InspectionResult.__table__).where(InspectionResult.insp_no == receipt)
        facts = connection.execute(wanted).mappings().all()
    assert len(facts) == 1
    fact = facts[0]
    assert (fact["enterprise_code"], fact["result_code"], fact["problem"]) == (r.OWN, "R05", True)
    assert (fact["draw_type"], fact["inspdate"], sorted(fact["inspectors"])) == (
        "不定向",
        date(2026, 12, 1),
        ["S1001", "S1002"],
    )
    assert sorted(fact["item_codes"]) == ["A09", "B03"]


def test_demo_accounts_open_every_door(app: Any, house: House, records: r.Records) -> None:
    first = create_demo_accounts(house.engine)
    second = create_demo_accounts(house.engine)
    assert [role for role, _, _ in first] == [ROLES["staff"]] * 2 + [ROLES["inspector"], ROLES["enterprise"]]
    assert {login for _, login, _ in first} == {login for _, login, _ in second}
    assert {password for *_, password in first}.isdisjoint(password for *_, password in second)
    for _, login, password in second:
        client = TestClient(app)
        answer = client.post("/sign-in", data={"login": login, "password": password})
        assert answer.status_code == 200, login
    with house.engine.connect() as connection:
        subjects = {
            row.login: row.subject for row in connection.execute(select(Account.login, Account.subject))
        }
        assert connection.execute(select(func.count()).select_from(Account)).scalar_one() >= 4
    assert subjects["qiye"] == r.OWN
    assert subjects["jiancha"] in {"S1001", "S1002", "F2001"}
