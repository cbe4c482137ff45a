"""Monitoring pages: months, a report down to one indicator, an alert on the desk, and a release by two people."""

import re
from typing import Any

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from registry import tables as t
from registry.database import Database
from tests.journeys import records as r
from tests.journeys.monitor_records import HELD, SENTENCE, build_monitoring
from tests.portal.test_silence import crawl, leaks

REASON = "市局已核对处罚数据，系集中撤销。"
SECRETS = (SENTENCE, "PSI", "月度监测", "监测报告", "/staff/monitoring", "放行")


@pytest.fixture(scope="module", autouse=True)
def reports(town: Database, records: r.Records) -> list[int]:
    return build_monitoring(town.owner())


def _post(client: TestClient, path: str, page: str, **fields: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token
    return client.post(path, data={"csrf_token": token.group(1), **fields}, follow_redirects=False)


def test_the_months_have_pictures_and_the_last_waits(visitor: Any, reports: list[int]) -> None:
    page = visitor("lisi").get("/staff/monitoring").text
    assert re.search(r'href="/staff/monitoring" aria-current="page"', page)
    assert page.count("<svg") == page.count("<title id=") == page.count("<desc id=") == 4
    assert ' style="' not in page, "the page's own policy would not paint it"
    assert f"{HELD} 的分类没有放行" in page
    assert SENTENCE in page
    for report in reports:
        assert f"/staff/monitoring/{report}" in page


def test_the_desk_says_what_was_held(visitor: Any, reports: list[int]) -> None:
    assert f'href="/staff/monitoring/{reports[-1]}"' in visitor("lisi").get("/staff").text
    assert "没有放行" not in visitor("beian").get("/staff").text, "a district does not release"


def test_from_a_report_down_to_one_indicator(visitor: Any, reports: list[int]) -> None:
    client = visitor("lisi")
    for report in reports:
        assert client.get(f"/staff/monitoring/{report}").status_code == 200
    page = client.get(f"/staff/monitoring/{reports[-1]}").text
    assert "北岸区局" in page
    assert "罚款金额 2.0% → 9.0%" in page
    link = re.search(r'href="(/staff/monitoring/\d+/indicators/pen_cnt_36)">看分布', page)
    assert link
    detail = client.get(link.group(1)).text
    assert SENTENCE in detail
    assert detail.count("<svg") == 3
    assert client.get(f"/staff/monitoring/{reports[-1]}/indicators/score").status_code == 200
    for path in ("/indicators/nothing", "/indicators/%3Cscript%3E"):
        assert client.get(f"/staff/monitoring/{reports[-1]}{path}").status_code == 404
    assert client.get("/staff/monitoring/999999").status_code == 404


def test_a_district_sees_nothing_of_the_whole_place(visitor: Any, reports: list[int]) -> None:
    client = visitor("beian")
    for path in ("", f"/{reports[-1]}", f"/{reports[-1]}/indicators/pen_cnt_36"):
        assert client.get(f"/staff/monitoring{path}").status_code == 403
    answer = client.post(f"/staff/monitoring/{reports[-1]}/approve")
    assert answer.status_code == 403


def test_enterprises_inspectors_and_the_public_find_no_trace(
    visitor: Any, anonymous: TestClient, reports: list[int]
) -> None:
    for client, starts in (
        (visitor("qiye"), ["/enterprise"]), (visitor("jiancha"), ["/inspector"]), (anonymous, ["/", "/sign-in"]),
    ):  # fmt: skip
        guessed = ["", f"/{reports[-1]}", f"/{reports[-1]}/indicators/score", f"/{reports[-1]}/approve"]
        for path in guessed:
            answer = client.get(f"/staff/monitoring{path}", headers={"Accept": "application/json"})
            assert answer.status_code in (401, 403, 404, 405), path
            assert not [secret for secret in SECRETS[:4] if secret in answer.text], path
        assert leaks(crawl(client, starts), SECRETS) == []


def test_two_people_release_on_the_page_and_one_cannot(
    visitor: Any, town: Database, reports: list[int]
) -> None:
    page = f"/staff/monitoring/{reports[-1]}"
    one, other = visitor("zhangsan"), visitor("lisi")
    assert _post(other, f"{page}/approve", page).status_code == 409, "nobody has asked"
    assert _post(one, f"{page}/propose", page, reason="好").status_code == 422
    assert _post(one, f"{page}/propose", page, reason=REASON).status_code == 303
    seen = one.get(page).text
    assert "等另一名有权限的人员批准" in seen
    assert f"{page}/approve" not in seen
    assert _post(one, f"{page}/approve", "/password").status_code == 409, "not one's own request"
    assert REASON in other.get(page).text
    assert _post(other, f"{page}/approve", page).status_code == 303
    with town.owner().connect() as connection:
        released = connection.execute(
            select(t.SnapshotRelease.__table__).where(t.SnapshotRelease.report_id == reports[-1])
        ).mappings().one()  # fmt: skip
        acts = connection.execute(
            text("SELECT act FROM journal WHERE act LIKE 'release.%' ORDER BY number")
        ).scalars().all()  # fmt: skip
    assert released["how"] == "persons"
    assert released["released_by"].startswith("市局计划岗")
    assert released["approved_by"].startswith("市局审批岗")
    assert acts == ["release.proposed", "release.approved"]
    assert "没有放行" not in other.get("/staff").text
    assert "两人放行" in other.get("/staff/monitoring").text


def test_a_held_day_graded_again_and_released_waits_no_longer(town: Database, reports: list[int]) -> None:
    from portal.reading.monitoring import held_months
    from tests.journeys.monitor_records import MONTHS, _month

    with town.owner().connect() as connection:
        connection.execute(text("DELETE FROM snapshot_release WHERE report_id = :id"), {"id": reports[-1]})
        assert [month.report["id"] for month in held_months(connection, r.CITY)] == [reports[-1]]
        run = connection.execute(select(t.ModelRun.id).limit(1)).scalar_one()
        again = _month(connection, run, 5, HELD)
        assert len(held_months(connection, r.CITY)) == 2
        connection.execute(
            t.SnapshotRelease.__table__.insert().from_select(
                ["snapshot_id", "report_id", "how", "reason", "released_at"],
                select(
                    t.MonitorReport.snapshot_id, t.MonitorReport.id, t.MonitorReport.status, t.MonitorReport.place,
                    t.MonitorReport.made_at,
                ).where(t.MonitorReport.id == again),
            )
        )  # fmt: skip
        assert held_months(connection, r.CITY) == []
        assert MONTHS[-1] == HELD
        connection.rollback()


def test_an_older_report_is_no_ground_for_a_release(visitor: Any, town: Database, reports: list[int]) -> None:
    """Monitored anew, the page of the older report leads to the newer one and releases nothing."""
    with town.owner().begin() as connection:
        old = (
            connection.execute(select(t.MonitorReport.__table__).where(t.MonitorReport.id == reports[-1]))
            .mappings()
            .one()
        )
        connection.execute(text("DELETE FROM snapshot_release WHERE report_id = :id"), {"id": reports[-1]})
        values = {name: value for name, value in old.items() if name != "id"}
        connection.execute(t.MonitorReport.__table__.insert().values(**values))
    client, page = visitor("lisi"), f"/staff/monitoring/{reports[-1]}"
    assert "已有更新的监测报告" in client.get(page).text
    assert _post(client, f"{page}/propose", "/password", reason=REASON).status_code == 409
