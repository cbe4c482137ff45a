"""The quality page: figures, alerts, the rows behind them, downloads, and who may see them."""

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from portal.house import House
from portal.tasks import nightly_quality
from registry.database import Database
from tests.journeys import records as r
from tests.journeys.quality_records import LATE_MONTH, LATE_OFFICE, build_quality


@pytest.fixture(scope="module", autouse=True)
def a_year(town: Database, records: r.Records) -> None:
    build_quality(town.owner())


@pytest.fixture
def officer(visitor: Any) -> TestClient:
    return visitor("lisi")  # type: ignore[no-any-return]


def test_the_page_shows_figures_pictures_and_alerts(officer: TestClient, house: House) -> None:
    page = officer.get("/staff/quality").text
    assert re.search(r'href="/staff/quality" aria-current="page"', page)
    assert page.count("<svg") == page.count("<title id=") == page.count("<desc id=") >= 5
    assert ' style="' not in page, "the page's own policy would not paint it"
    assert "2026-10 行政处罚，南桥区局：迟报率" in page
    assert "尚未记录" in page
    done = nightly_quality(house, {}, lambda *_: None)
    assert done["alerts"] > 0
    assert nightly_quality(house, {}, lambda *_: None)["alerts"] == 0
    assert "尚未记录" not in officer.get("/staff/quality").text


def test_from_a_dataset_to_an_office_to_a_month_to_the_rows(officer: TestClient) -> None:
    page = unescape(officer.get("/staff/quality?dataset=penalty").text)
    link = re.search(rf'href="(\?[^"]*dataset=penalty&office={LATE_OFFICE})#months"', page)
    assert link
    page = unescape(officer.get(f"/staff/quality{link.group(1)}").text)
    found = re.search(
        rf'href="(/staff/quality/rows\?kind=late[^"]*month={LATE_MONTH:%Y-%m})">(\d+)</a>', page
    )
    assert found, "the month's late rows are a link with their number"
    rows = officer.get(found.group(1)).text
    assert f"共 {found.group(2)} 行" in rows
    assert "晨光食品" in rows
    assert "安市监〔2026〕" in rows
    second = officer.get(f"{found.group(1)}&page=2")
    assert second.status_code == 200


def test_faulty_rows_lead_to_their_batch_and_show_no_content(officer: TestClient) -> None:
    rows = officer.get(
        "/staff/quality/rows?kind=faulty&dataset=penalty&code=missing&month=2026-11&months=12"
    ).text
    assert re.search(r'href="/staff/batches/\d+"', rows)
    assert "必填而为空，请补填。" in rows
    assert "330921190001010000" not in rows
    assert "batch_id" not in rows
    repeated = officer.get("/staff/quality/rows?kind=repeated&dataset=penalty").text
    assert "首见批次" in repeated
    assert "共 12 行" in repeated


def test_downloads_are_csv_and_journalled(officer: TestClient, town: Database) -> None:
    answer = officer.get(
        f"/staff/quality/rows.csv?kind=late&dataset=penalty&office={LATE_OFFICE}&month={LATE_MONTH:%Y-%m}"
    )
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert lines
    assert all(int(line["工作日"]) > 7 for line in lines)
    figures = officer.get("/staff/quality/figures.csv?month=2026-11&months=3")
    months = {line["月份"] for line in csv.DictReader(io.StringIO(figures.text.lstrip("\ufeff")))}
    assert months == {"2026-09", "2026-10", "2026-11"}
    with town.owner().connect() as connection:
        acts = connection.execute(
            text("SELECT subject FROM journal WHERE act = 'quality.downloaded' ORDER BY number")
        ).scalars()
        assert list(acts) == ["penalty late", "figures"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/staff/quality?month=2026", 422), ("/staff/quality?months=0", 422), ("/staff/quality?dataset=nosuch", 404),
        ("/staff/quality/rows?dataset=penalty&kind=nosuch", 404), ("/staff/quality/rows?kind=late", 200),
        ("/staff/quality?month=2026-10&months=1", 200), ("/staff/quality?month=2019-01&months=1", 200),
        ("/staff/quality/rows?dataset=library&kind=late", 200), ("/staff/quality?dataset=penalty&office=", 200),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused_in_words(officer: TestClient, path: str, status: int) -> None:
    answer = officer.get(path)
    assert answer.status_code == status, answer.text[:500]
    assert "Traceback" not in answer.text


def test_a_district_does_not_see_the_whole_place(visitor: Any) -> None:
    for path in (
        "/staff/quality",
        "/staff/quality/rows?dataset=penalty",
        "/staff/quality/rows.csv?dataset=penalty",
    ):
        assert visitor("beian").get(path).status_code == 403
