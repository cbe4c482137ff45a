"""The annual plan at the door: two accounts, a later version for a change, a public page without any class, batches from it."""

import re
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from portal.annual_tasks import read_tasks, write_tasks
from registry.errors import Refusal
from registry.tables import AnnualPlan, Plan, Task
from scheduling.annual_plan import annual_plan
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def send(client: TestClient, path: str, form: dict[str, Any]) -> Any:
    token = TOKEN.findall(client.get("/staff/plans").text)[0]
    return client.post(path, data=form | {"csrf_token": token}, follow_redirects=False)


def newest(town: Any) -> Any:
    with town.owner().connect() as connection:
        wanted = select(AnnualPlan.__table__).order_by(AnnualPlan.id.desc()).limit(1)
        return connection.execute(wanted).mappings().one()


def test_a_year_is_planned_changed_published_and_drawn_from(
    visitor: Any, anonymous: TestClient, town: Any
) -> None:
    maker, approver = visitor("zhangsan"), visitor("lisi")
    assert (
        send(visitor("beian"), "/staff/annual", {"year": "2027", "department": "市场监管"}).status_code == 403
    )
    assert send(maker, "/staff/annual", {"year": "明年", "department": "市场监管"}).status_code == 422
    assert send(maker, "/staff/annual", {"year": "2027", "department": "市场监管"}).status_code == 303
    plan = newest(town)
    path = f"/staff/annual/{plan['id']}"
    assert re.fullmatch(r"9901002027\d{4}", plan["number"])
    assert "须由另一名" in maker.get(path).text
    assert send(maker, f"{path}/act", {"choice": "approve"}).status_code == 409
    assert anonymous.get(f"/annual-plans/{plan['id']}").status_code == 404
    wordless = send(maker, f"{path}/change", {"reason": "改"})
    assert (wordless.status_code, "理由" in wordless.text) == (422, True)
    bad = send(maker, f"{path}/change", {"reason": "调整时间", "t1:window_from": "2028-01-01"})
    assert (bad.status_code, "不在 2027 年内" in bad.text) == (422, True)
    form = {"reason": "推迟到第二季度", "t1:window_from": "2027-04-01", "t1:rate_D": "50", "t2:drop": "1"}
    assert send(maker, f"{path}/change", form).status_code == 303
    changed = newest(town)
    assert (changed["version"], changed["number"]) == (2, plan["number"])
    with town.owner().connect() as connection:
        before, after = annual_plan(connection, plan["id"])[1], annual_plan(connection, changed["id"])[1]
    assert len(after) == len(before) - 1
    assert (str(after[0].window_from), after[0].class_rates["D"]) == ("2027-04-01", 0.5)
    path = f"/staff/annual/{changed['id']}"
    assert send(approver, f"{path}/act", {"choice": "approve"}).status_code == 303
    assert send(approver, f"{path}/act", {"choice": "publish"}).status_code == 303
    filing = {"choice": "file", "filed_on": "2026-12-01", "filing_no": "安市监备〔2026〕9号"}
    assert send(approver, f"{path}/act", filing).status_code == 303
    page = anonymous.get(f"/annual-plans/{changed['id']}").text
    for words in (plan["number"], "推迟到第二季度", "安市监备〔2026〕9号", after[0].name, "50%"):
        assert words in page
    assert not [secret for secret in r.SECRETS if secret in page]
    assert changed["name"] in anonymous.get("/annual-plans").text
    window = {"window_from": "2027-04-01", "window_to": "2027-06-30"}
    answer = send(maker, f"{path}/batch", window)
    assert answer.status_code == 303
    with town.owner().connect() as connection:
        batch = connection.execute(select(Plan.__table__).order_by(Plan.id.desc()).limit(1)).mappings().one()
        tasks = connection.execute(select(Task.name).where(Task.plan_id == batch["id"])).scalars().all()
    assert answer.headers["location"] == f"/staff/plans/{batch['id']}"
    assert batch["annual_plan_id"] == changed["id"]
    assert after[0].name in tasks


def test_tasks_are_written_and_read_back_and_a_slip_is_named(town: Any, visitor: Any) -> None:
    with town.owner().connect() as connection:
        plan = connection.execute(select(AnnualPlan.id).limit(1)).scalar_one()
        tasks = annual_plan(connection, plan)[1]
    assert read_tasks(write_tasks(tasks)) == tasks
    for bad, where in (("{", "JSON"), ('[{"name": 1}]', "0·name"), ("[]]", "JSON")):
        with pytest.raises(Refusal) as refused:
            read_tasks(bad)
        assert refused.value.code == "annual.file"
        assert where in refused.value.sentence
