"""A result entered in the field: one effect whatever the network does, nothing lost, nobody else's visit (C-25, C-27)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from portal.house import House
from registry.tables.casework import ResultSubmission
from registry.tables.journal import JournalRecord
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(autouse=True)
def nothing_stands(house: House, records: r.Records) -> None:
    """Earlier tests' results are sent back, so that the visit takes one again."""
    with house.engine.begin() as connection:
        connection.execute(update(ResultSubmission).values(state="审核退回"))


def form_of(client: TestClient, device_id: str, **changes: str) -> dict[str, str]:
    token = TOKEN.findall(client.get("/inspector").text)[0]
    form = {
        "csrf_token": token,
        "device_id": device_id,
        "inspected_on": r.TODAY.isoformat(),
        "result_A09": "R01",
        "result_B03": "R05",
        "note_B03": "进货台账缺两日，已责令补记。",
    }
    return form | changes


def send(client: TestClient, records: r.Records, form: dict[str, str]) -> Any:
    return client.post(f"/inspector/visits/{records.visit_id}/results", data=form, follow_redirects=False)


def rows_with(house: House, device_id: str) -> int:
    with house.engine.connect() as connection:
        wanted = select(func.count()).where(ResultSubmission.device_id == device_id)
        return connection.execute(wanted).scalar_one()


def test_the_same_result_sent_again_gives_the_same_receipt(
    visitor: Any, house: House, records: r.Records
) -> None:
    client = visitor("jiancha")
    device = "a" * 32
    first, second = (send(client, records, form_of(client, device)) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert rows_with(house, device) == 1
    receipt = first.headers["location"].rsplit("/", 1)[1]
    assert receipt in client.get("/inspector/receipts").text
    assert receipt in client.get(first.headers["location"]).text


def test_ten_at_once_make_one_row(visitor: Any, house: House, records: r.Records) -> None:
    client = visitor("jiancha")
    form = form_of(client, "b" * 32)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: send(client, records, form), range(10)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert rows_with(house, "b" * 32) == 1


def test_the_same_id_with_other_content_is_refused_and_both_are_kept(
    visitor: Any, house: House, records: r.Records
) -> None:
    client = visitor("jiancha")
    send(client, records, form_of(client, "c" * 32))
    other = form_of(client, "c" * 32, result_A09="R02", note_A09="未公示年报，内容与前一份不同。")
    answer = send(client, records, other)
    assert answer.status_code == 409
    assert rows_with(house, "c" * 32) == 1
    with house.engine.connect() as connection:
        kept = (
            connection.execute(
                select(JournalRecord.detail)
                .where(JournalRecord.act == "result.conflict")
                .order_by(JournalRecord.number.desc())
            )
            .scalars()
            .first()
        )
    assert kept is not None
    assert kept["refused"]["A09"]["note"] == "未公示年报，内容与前一份不同。"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"inspected_on": (r.TODAY + timedelta(days=1)).isoformat()}, "今天之后"),
        ({"inspected_on": (r.TODAY - timedelta(days=1)).isoformat()}, "早于这次检查的安排日期"),
        ({"inspected_on": "2026-13-01"}, "日期"),
        ({"result_A09": "R99"}, "代码表"),
        ({"result_A09": "R02", "note_A09": " "}, "没有说明"),
        ({"result_A09": "", "result_B03": ""}, "没有任何事项"),
        ({"device_id": "short"}, "本机编号"),
        ({"note_B03": "字" * 501}, "超过 500 字"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    visitor: Any, house: House, records: r.Records, changes: dict[str, str], sentence: str
) -> None:
    client = visitor("jiancha")
    device = changes.get("device_id", "d" * 32)
    answer = send(client, records, form_of(client, device) | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert rows_with(house, device) == 0


def test_only_the_departments_own_items_are_taken(visitor: Any, house: House, records: r.Records) -> None:
    client = visitor("jiancha")
    send(client, records, form_of(client, "e" * 32, result_X01="R05", note_X01="替消防填"))
    with house.engine.connect() as connection:
        wanted = select(ResultSubmission.item_results).where(ResultSubmission.device_id == "e" * 32)
        entered = connection.execute(wanted).scalar_one()
    assert set(entered) == {"A09", "B03"}


def test_anothers_visit_does_not_exist(visitor: Any, records: r.Records) -> None:
    client = visitor("jiancha")
    foreign, none = records.foreign_visit_id, 10_000_000
    pages = [client.get(f"/inspector/visits/{number}") for number in (foreign, none)]
    assert [page.status_code for page in pages] == [404, 404]
    assert r.NEIGHBOUR not in pages[0].text
    form = form_of(client, "f" * 32)
    assert client.post(f"/inspector/visits/{foreign}/results", data=form).status_code == 404


def test_a_review_happens_once_and_only_in_ones_own_area(
    visitor: Any, house: House, records: r.Records
) -> None:
    inspector = visitor("jiancha")
    send(inspector, records, form_of(inspector, "9" * 32))
    with house.engine.connect() as connection:
        wanted = select(ResultSubmission.id).where(ResultSubmission.device_id == "9" * 32)
        number = connection.execute(wanted).scalar_one()
    district, city = visitor("nanqiao"), visitor("lisi")
    for client, expected in ((district, 404), (city, 200), (city, 409)):
        token = TOKEN.findall(client.get("/staff/results").text)[0]
        data = {"csrf_token": token, "choice": "accept"}
        assert client.post(f"/staff/results/{number}/review", data=data).status_code == expected


def test_a_visit_still_to_come_takes_no_result(visitor: Any, records: r.Records) -> None:
    client, coming = visitor("jiancha"), records.foreign_visit_id + 1
    answer = client.post(f"/inspector/visits/{coming}/results", data=form_of(client, "1" * 32))
    assert answer.status_code == 422
    assert "还没到检查日" in answer.text
    page = client.get(f"/inspector/visits/{coming}").text
    assert "提交结果</button>" not in page
    assert 'id="door-code"' not in page, "no notice, no code"


def test_a_second_result_waits_until_the_first_is_sent_back(
    visitor: Any, house: House, records: r.Records
) -> None:
    client, officer = visitor("jiancha"), visitor("lisi")
    first = send(client, records, form_of(client, "2" * 32)).headers["location"]
    second = send(client, records, form_of(client, "3" * 32))
    assert second.status_code == 409
    assert first.rsplit("/", 1)[1] in second.text
    assert rows_with(house, "3" * 32) == 0
    page = officer.get("/staff/results").text
    number = re.findall(r"/staff/results/(\d+)/review", page)[0]
    review = {"csrf_token": TOKEN.findall(page)[0], "choice": "return"}
    assert officer.post(f"/staff/results/{number}/review", data=review).status_code == 200
    assert send(client, records, form_of(client, "3" * 32)).status_code == 303
    again = send(client, records, form_of(client, "2" * 32))
    assert again.headers["location"] == first, "what was received keeps its receipt"


def test_two_phones_at_once_leave_one_result(visitor: Any, house: House, records: r.Records) -> None:
    client = visitor("jiancha")
    forms = [form_of(client, f"{number:032x}") for number in range(101, 107)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda form: send(client, records, form), forms))
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 5


def test_the_inspector_has_the_code_that_the_enterprise_expects(visitor: Any, records: r.Records) -> None:
    page = visitor("jiancha").get(f"/inspector/visits/{records.visit_id}").text
    assert "入企时向企业出示" in page
    code = "K7QX-29PM-HH4T-W3ZA"
    assert code in page
    assert code in visitor("qiye").get("/enterprise/visits").text
    assert page.count("牵头部门") == 2, "both people of the leading department of a joint visit"
