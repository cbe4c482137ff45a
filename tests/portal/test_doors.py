"""Headers, errors, limits, uploads, sheets and the public interface (proofs C-30, C-46)."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from portal import uploads
from portal.house import House
from portal.reading import grades
from registry.errors import Refusal
from registry.tables.job import JobRun
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
ELSEWHERE = re.compile(r'(?:src|href|action)="(?:https?:)?//')


@pytest.mark.parametrize(
    "path", ["/", "/draws/1", "/nowhere", "/static/wurao.css", "/api/v1/draws", "/staff"]
)
def test_every_answer_carries_the_headers(anonymous: TestClient, path: str) -> None:
    headers = anonymous.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_pages_need_nothing_from_elsewhere_and_no_inline_code(visitor: Any, anonymous: TestClient) -> None:
    for client, path in (
        (anonymous, "/"),
        (anonymous, "/api/docs"),
        (visitor("lisi"), "/staff"),
        (visitor("jiancha"), "/inspector/visits/1"),
    ):
        page = client.get(path).text
        assert not ELSEWHERE.search(page)
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_our_own_script_stays_small() -> None:
    lines = sum(
        len(file.read_text().splitlines()) for file in Path(uploads.__file__).parent.glob("web/static/*.js")
    )
    assert lines < 100


def test_an_unexpected_failure_tells_a_number_and_nothing_else(
    visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("SELECT secret FROM account")

    monkeypatch.setattr(grades, "class_counts", breaks)
    client = visitor("lisi")
    for accept in ("text/html", "application/json"):
        answer = client.get("/staff", headers={"Accept": accept})
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert re.search("编号 [0-9a-f]{8}", answer.text)


def test_errors_have_one_shape_for_machines(anonymous: TestClient) -> None:
    for path in ("/api/v1/draws/999", "/api/v1/nothing", "/api/v1/draws/abc"):
        error = anonymous.get(path).json()["error"]
        assert set(error) == {"code", "sentence", "remedy"}
        assert all(error.values())


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=-5", "?page=99999999999", "?klass=X", "?text=%25_%27%22", "?text=%00"]
)
def test_odd_queries_are_answered(visitor: Any, query: str) -> None:
    assert visitor("lisi").get(f"/staff/grades{query}").status_code in (200, 422)


def test_a_wildcard_is_only_a_character(visitor: Any) -> None:
    assert "共 0 户" in visitor("lisi").get("/staff/grades?text=%25").text
    assert "共 1 户" in visitor("lisi").get("/staff/grades?text=晨光").text


def test_the_published_draw_verifies_on_the_page(anonymous: TestClient) -> None:
    assert "公开部分核验通过" in anonymous.get("/draws/1/verification").text
    verdict = anonymous.get("/api/v1/draws/1/verification").json()
    assert verdict["ok"] is True
    assert any(check["status"] == "ok" for check in verdict["checks"])


def test_a_changed_bundle_fails_and_says_where(anonymous: TestClient, house: House) -> None:
    path = house.bundles / "draw-99010020260001-v1.zip"
    whole = path.read_bytes()
    try:
        path.write_bytes(whole.replace("晨光".encode(), "晨曦".encode(), 1))
        page = anonymous.get("/draws/1/verification").text
        assert "有核验项未通过" in page
    finally:
        path.write_bytes(whole)
    assert "公开部分核验通过" in anonymous.get("/draws/1/verification").text


@pytest.mark.parametrize(
    "path",
    [
        "bundles/../settings.toml",
        "bundles/..%2f..%2fetc%2fpasswd",
        "other/x",
        "bundles/",
        "bundles/.hidden",
        "reports/%00",
    ],
)
def test_sheets_stay_in_their_folders(visitor: Any, house: House, path: str) -> None:
    (house.settings.data / "settings.toml").write_text("")
    (house.bundles / ".hidden").write_text("x")
    assert visitor("lisi").get(f"/staff/sheets/{path}").status_code == 404


def test_a_link_out_of_the_folder_is_not_followed(visitor: Any, house: House) -> None:
    house.reports.mkdir(exist_ok=True)
    link = house.reports / "passwd.txt"
    link.symlink_to("/etc/passwd")
    assert visitor("lisi").get("/staff/sheets/reports/passwd.txt").status_code == 404


def test_an_html_report_can_do_nothing(visitor: Any, house: House) -> None:
    house.reports.mkdir(exist_ok=True)
    (house.reports / "summary.html").write_text("<script>alert(1)</script>")
    answer = visitor("lisi").get("/staff/sheets/reports/summary.html")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]


def test_an_upload_becomes_one_job_under_its_hash(visitor: Any, house: House) -> None:
    client = visitor("lisi")
    token = TOKEN.findall(client.get("/staff/batches").text)[0]
    answer = client.post(
        "/staff/batches/upload",
        data={"csrf_token": token, "dataset": "complaint"},
        files={"file": ("../../投诉 2026.csv", io.BytesIO("投诉编号\n1\n".encode("gb18030")), "text/csv")},
        follow_redirects=False,
    )
    assert answer.status_code == 303
    with house.engine.connect() as connection:
        run = connection.execute(select(JobRun.__table__).order_by(JobRun.id.desc())).mappings().first()
    assert run is not None
    stored = Path(run["arguments"]["path"])
    assert stored.is_relative_to(house.uploads)
    assert stored.name == "投诉_2026.csv"
    assert client.get(answer.headers["location"]).status_code == 200
    assert client.get(answer.headers["location"] + "/progress").json()["state"] == "waiting"


def test_uploads_are_bounded_and_of_known_kinds(tmp_path: Path) -> None:
    for name, content, limit, code in (
        ("virus.exe", b"MZ", 10, "upload.type"),
        ("big.csv", b"x" * 11, 10, "upload.too_large"),
        ("empty.csv", b"", 10, "upload.empty"),
        ("", b"x", 10, "upload.type"),
    ):
        with pytest.raises(Refusal) as refused:
            uploads.store_upload(io.BytesIO(content), name, tmp_path / "u", limit)
        assert refused.value.code == code
    assert [file for file in (tmp_path / "u").rglob("*") if file.is_file()] == []


def test_a_body_longer_than_any_form_is_refused(visitor: Any) -> None:
    client = visitor("lisi")
    answer = client.post("/staff/plans", data={"csrf_token": "x", "as_of": "y" * 2_000_000})
    assert answer.status_code == 413


def test_only_an_announced_bundle_is_public(anonymous: TestClient, town: Any, records: r.Records) -> None:
    from sqlalchemy import update

    from registry.tables.planning import Draw

    with town.owner().begin() as connection:
        connection.execute(update(Draw).where(Draw.id == records.draw_id).values(state="drawn"))
    try:
        page = anonymous.get("/draws/1")
        assert page.status_code == 200
        assert r.OWN not in page.text
        for path in ("/draws/1/bundle.zip", "/draws/1/files/drawn.csv", "/draws/1/verification"):
            assert anonymous.get(path).status_code == 404
    finally:
        with town.owner().begin() as connection:
            connection.execute(update(Draw).where(Draw.id == records.draw_id).values(state="published"))
