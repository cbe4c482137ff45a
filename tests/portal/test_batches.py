"""Data batches and names in the officers' hands: ledger, faults, workbook, mended return, undo, claiming."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text
from starlette.testclient import TestClient

from ingestion.intake import ingest_file
from portal.house import House
from portal.tasks import TASKS
from portal.worker import run_one
from registry.tables.journal import JournalRecord
from tests.ingestion.papers import TEA, good, town_registration, write_csv

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def town_files(house: House, records: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five enterprises beside the records' own."""
    folder = tmp_path_factory.mktemp("files")
    report = ingest_file(
        house.engine_for("ingest"), write_csv(folder / "registration_5.csv", town_registration())
    )
    assert report.rows_faulty == 0
    return folder


@pytest.fixture
def bring(house: House, town_files: Path) -> Iterator[Any]:
    """`bring("name", rows)`: complaints, as a file of that name; the number of their batch."""

    def brought(name: str, rows: list[dict[str, str]]) -> int:
        path = write_csv(town_files / f"complaint_{name}.csv", rows)
        report = ingest_file(house.engine_for("ingest"), path)
        assert report.batch_id
        return report.batch_id

    return brought


def post(client: TestClient, path: str, files: Any = None, **form: str) -> Any:
    form["csrf_token"] = TOKEN.findall(client.get("/staff/batches").text)[0]
    return client.post(path, data=form, files=files, follow_redirects=False)


def work(house: House) -> None:
    while run_one(house, TASKS, "test"):
        pass


def acts(house: House) -> list[tuple[str, str]]:
    with house.engine.connect() as connection:
        wanted = select(JournalRecord.actor, JournalRecord.act).order_by(JournalRecord.number)
        return [(row.actor, row.act) for row in connection.execute(wanted)]


def count_of(house: House, pattern: str) -> int:
    """Complaints in force whose number begins so."""
    with house.engine.connect() as connection:
        wanted = text(
            "SELECT count(*) FROM (SELECT DISTINCT ON (natural_key) retracted FROM complaint WHERE complaint_no LIKE :p"
            " ORDER BY natural_key, known_at DESC, id DESC) last WHERE NOT retracted"
        )
        return int(connection.execute(wanted, {"p": f"{pattern}%"}).scalar_one())


def test_batches_are_listed_by_dataset_and_state(visitor: Any, bring: Any) -> None:
    fine = bring("fine", [good("complaint", 投诉举报编号="l1")])
    faulty = bring("faulty", [good("complaint", 投诉举报编号="l2", 登记日期="x")])
    client = visitor("lisi")

    def listed(query: str) -> set[int]:
        return {
            int(n)
            for n in re.findall(
                r'<td><a href="/staff/batches/(\d+)">', client.get(f"/staff/batches{query}").text
            )
        }

    assert {fine, faulty} <= listed("?dataset=complaint")
    assert listed("?dataset=penalty") == set()
    assert faulty in listed("?state=faulty")
    assert fine not in listed("?state=faulty")
    assert listed("?page=9999") == set()
    assert listed("?dataset=%27&state=%00") >= {fine, faulty}


def test_a_batch_page_draws_the_ledger_and_groups_the_faults(visitor: Any, bring: Any) -> None:
    rows = [good("complaint", 投诉举报编号=f"g{n}", 登记日期="昨天") for n in range(120)]
    batch = bring(
        "groups",
        [*rows, good("complaint", 投诉举报编号="g-ok"), good("complaint", 投诉举报编号="g-x", 涉及事项="")],
    )
    client = visitor("lisi")
    page = client.get(f"/staff/batches/{batch}").text
    for text_ in ("读入 <b>122</b>", "有效 <b>1</b>", "问题 <b>121</b>", "新增 <b>1</b>"):
        assert text_ in page
    assert "账不平" not in page
    assert page.index("bad_date</a>") < page.index("missing</a>"), "the commonest first"
    assert page.count("第 2 行") == 1
    drilled = client.get(f"/staff/batches/{batch}?code=bad_date&page=2").text
    assert "第 2 / 2 页" in drilled
    assert drilled.count('<td class="code">bad_date</td>') == 20
    assert client.get(f"/staff/batches/{batch}?code=nothing").status_code == 200
    assert client.get("/staff/batches/99999999").status_code == 404


def test_the_workbook_goes_out_and_comes_back_on_the_page(
    visitor: Any, house: House, bring: Any, tmp_path: Path
) -> None:
    batch = bring("mend", [good("complaint", 投诉举报编号=f"m{n}", 登记日期="x") for n in range(2)])
    client = visitor("lisi")
    answer = client.get(f"/staff/batches/{batch}/faults.xlsx")
    assert answer.status_code == 200
    assert ("lisi", "batch.faults_downloaded") in acts(house)
    path = tmp_path / "book.xlsx"
    path.write_bytes(answer.content)
    headings, *cells = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    rows = [dict(zip(headings, row, strict=True)) for row in cells]
    rows[0]["登记日期"] = "2026-02-01"
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet()
        for line, values in enumerate([headings, *(list(row.values()) for row in rows)]):
            for place, value in enumerate(values):
                sheet.write_string(line, place, value)
    sent = {"file": ("我改好了.xlsx", io.BytesIO(path.read_bytes()))}
    answer = post(client, "/staff/batches/upload", sent, mends=str(batch))
    assert answer.status_code == 303
    work(house)
    page = client.get(answer.headers["location"]).text
    assert "新增 1" in page
    assert "1 行有问题待更正" in page
    assert count_of(house, "m") == 1
    mended = int(re.findall(r"/staff/batches/(\d+)", page)[-1])
    assert f"complaint_mend.csv.第{batch}批问题数据.xlsx" in client.get(f"/staff/batches/{mended}").text
    fine = bring("fine2", [good("complaint", 投诉举报编号="f2")])
    assert client.get(f"/staff/batches/{fine}/faults.xlsx").status_code == 404


def test_an_undo_is_asked_for_with_a_reason_and_can_be_undone(visitor: Any, house: House, bring: Any) -> None:
    batch = bring("undo", [good("complaint", 投诉举报编号="u1"), good("complaint", 投诉举报编号="u2")])
    client = visitor("lisi")
    assert post(client, f"/staff/batches/{batch}/undo", reason=" ").status_code == 422
    answers = [post(client, f"/staff/batches/{batch}/undo", reason="报错了月份") for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"], "a double click is one job"
    work(house)
    assert count_of(house, "u") == 0
    page = client.get(f"/staff/batches/{batch}").text
    assert "已经撤销" in page
    assert "这一批已经撤销" in page
    assert acts(house)[-2:] == [("lisi", "batch.undo_asked"), ("lisi", "batch.undone")]
    assert post(client, f"/staff/batches/{batch}/undo", reason="再来").status_code == 409
    wish = {"batch_id": batch, "reason": "报错了月份", "by": "lisi"}
    assert "已撤销" in TASKS["undo_batch"](house, wish, lambda part, stage: None)["sentence"]
    undo = int(re.findall(r"见 <a href=\"/staff/batches/(\d+)\"", page)[0])
    assert "报错了月份" in client.get(f"/staff/batches/{undo}").text
    post(client, f"/staff/batches/{undo}/undo", reason="没有报错")
    work(house)
    assert count_of(house, "u") == 2


def test_a_name_is_claimed_beside_its_candidates(visitor: Any, house: House, bring: Any) -> None:
    name = "青叶茶叶有限公司"
    bring(
        "names",
        [good("complaint", 投诉举报编号=f"n{n}", 统一社会信用代码="", 企业名称=name) for n in range(3)],
    )
    client = visitor("lisi")
    listed = client.get("/staff/matches").text
    assert name in listed
    path = re.findall(rf'"(/staff/matches/\d+)">{name}', listed)[0]
    page = client.get(path).text
    assert "安和市河东区柳浦路 1 号" in page
    assert "<mark>安和市</mark>" in page
    assert "<mark>业</mark>" in page
    assert TEA in page
    answer = post(client, f"{path}/decide", choice="accepted", enterprise_code=TEA)
    work(house)
    assert "3 行归集入库" in client.get(answer.headers["location"]).text
    assert count_of(house, "n") == 3
    assert ("lisi", "match.accepted") in acts(house)
    decided = len(acts(house))
    post(client, f"{path}/decide", choice="accepted", enterprise_code=TEA)
    work(house)
    assert len(acts(house)) == decided, "said again, nothing happens"
    assert post(client, f"{path}/decide", choice="rejected").status_code == 422
    assert post(client, f"{path}/decide", choice="rejected", reason="看错").status_code == 303
    assert "都不是" in client.get(path).text
    assert name in client.get("/staff/matches?state=rejected").text
    assert name not in client.get("/staff/matches").text
    assert post(client, f"{path}/decide", choice="accepted", enterprise_code="无此代码").status_code == 422
    assert client.get("/staff/matches/99999999").status_code == 404


def test_only_the_whole_place_sees_batches_and_names(visitor: Any, bring: Any) -> None:
    batch = bring("scope", [good("complaint", 投诉举报编号="s1", 登记日期="x")])
    district = visitor("nanqiao")
    for path in (
        "/staff/batches",
        f"/staff/batches/{batch}",
        f"/staff/batches/{batch}/faults.xlsx",
        "/staff/matches",
    ):
        assert district.get(path).status_code in (403, 404), path
