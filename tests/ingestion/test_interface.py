"""An interface that pages, demands tokens, fails now and then and changes while it is read, on a real local server."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ingestion.sources.asking import at
from ingestion.sources.definition import HttpSettings
from ingestion.sources.interface import read_interface
from ingestion.sources.secrecy import Secrets
from ingestion.sources.watermark import Read
from registry.errors import Refusal
from registry.progress import silent
from tests.ingestion.vendor import CLIENT_SECRET, STATIC, Vendor, complaint, failing, open_vendor

LOOPBACK = Path(__file__).parent / "data" / "loopback.pem"
NOW = datetime(2026, 3, 10)
BY_NUMBER = {
    "style": "page",
    "parameter": "page",
    "size_parameter": "size",
    "size": 10,
    "total_path": "data.total",
}
STYLES: dict[str, dict[str, Any]] = {
    "numbered": BY_NUMBER,
    "offset": {**BY_NUMBER, "style": "offset", "parameter": "offset"},
    "cursor": {
        "style": "cursor",
        "parameter": "cursor",
        "next_path": "data.next",
        "size_parameter": "size",
        "size": 10,
    },
    "linked": {"style": "link", "size_parameter": "size", "size": 10},
}


@pytest.fixture(scope="module")
def served() -> Iterator[Vendor]:
    with open_vendor() as vendor:
        yield vendor


@pytest.fixture
def vendor(served: Vendor, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """The vendor in a good mood, with 37 records."""
    monkeypatch.setenv("VENDOR_TOKEN", STATIC)
    monkeypatch.setenv("VENDOR_SECRET", CLIENT_SECRET)
    fresh = Vendor(records=[complaint(n, n) for n in range(37)], address=served.address)
    served.__dict__.update(fresh.__dict__)
    return served


def settings(vendor: Vendor, path: str, **changes: Any) -> HttpSettings:
    given: dict[str, Any] = {
        "url": f"{vendor.address}/{path}", "records": "data.list", "key": ["投诉举报编号"], "paging": STYLES[path],
        "token": {"value": {"env": "VENDOR_TOKEN"}}, "wait_seconds": 0.01, "timeout_seconds": 2,
        "watermark": {"field": "数据更新时间", "parameter": "updatedSince"},
    }  # fmt: skip
    return HttpSettings(**{**given, **changes})


def read(
    asked: HttpSettings, since: str | None = None, secrets: Secrets | None = None
) -> tuple[list[str], Read]:
    numbers: list[str] = []
    took = lambda record: numbers.append(record["投诉举报编号"])  # noqa: E731
    return numbers, read_interface(asked, secrets or Secrets(Path("/none")), since, NOW, took, silent)


EVERY = [f"TS{n:05d}" for n in range(37)]


@pytest.mark.parametrize("path", STYLES)
@pytest.mark.parametrize("limit", [1000, 7])
def test_every_style_of_paging_reads_every_record_once(vendor: Vendor, path: str, limit: int) -> None:
    """Also where the vendor gives fewer than were asked for."""
    vendor.page_limit = limit
    numbers, done = read(settings(vendor, path))
    assert numbers == EVERY
    assert done.watermark == "2026-03-02 09:36:00"
    assert done.remarks == []


def test_without_a_total_only_an_empty_page_ends(vendor: Vendor) -> None:
    vendor.page_limit = 7
    paging = {**BY_NUMBER, "total_path": ""}
    assert read(settings(vendor, "numbered", paging=paging))[0] == EVERY


def test_from_the_watermark_on_with_an_overlap(vendor: Vendor) -> None:
    numbers, done = read(settings(vendor, "numbered"), since="2026-03-02 09:30:00")
    assert vendor.asked[0]["updatedSince"] == "2026-03-02 09:20:00"
    assert numbers == EVERY[20:]
    assert done.watermark == "2026-03-02 09:36:00"


def test_nothing_new_leaves_the_watermark(vendor: Vendor) -> None:
    assert read(settings(vendor, "cursor"), since="2026-03-09 00:00:00")[1].watermark == "2026-03-09 00:00:00"


@pytest.mark.parametrize(
    ("place", "name"), [("bearer", "Authorization"), ("header", "X-App-Key"), ("query", "ticket")]
)
def test_a_token_in_each_place(vendor: Vendor, place: str, name: str) -> None:
    token = {"value": {"env": "VENDOR_TOKEN"}, "place": place, "name": name}
    assert read(settings(vendor, "numbered", token=token))[0] == EVERY


def test_a_token_is_asked_for_and_renewed_when_it_runs_out(vendor: Vendor) -> None:
    token = {
        "url": f"{vendor.address}/oauth/token", "client_id": "wurao", "client_secret": {"env": "VENDOR_SECRET"},
    }  # fmt: skip
    vendor.token_life = 3
    secrets = Secrets(Path("/none"))
    assert read(settings(vendor, "numbered", token=token), secrets=secrets)[0] == EVERY
    assert len(vendor.handed_out) == 2
    hidden = secrets.hide(f"{vendor.handed_out[0]} {vendor.handed_out[1]} {CLIENT_SECRET}")
    assert hidden == "*** *** ***"


def test_a_token_that_is_not_accepted_is_not_tried_again(vendor: Vendor) -> None:
    vendor.tokens = set()
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered"))
    assert refused.value.code == "pull.unauthorised"
    assert len(vendor.asked) == 1


def test_a_wrong_client_secret(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENDOR_SECRET", "wrong-secret")
    token = {
        "url": f"{vendor.address}/oauth/token", "client_id": "wurao", "client_secret": {"env": "VENDOR_SECRET"},
    }  # fmt: skip
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered", token=token))
    assert refused.value.code == "pull.no_token"


def slow(_: Request) -> Response | None:
    time.sleep(0.8)
    return None


@pytest.mark.parametrize(
    "moods",
    [[failing(503), failing(500)], [failing(429)], [None, failing(502)], [slow]],
    ids=["5xx", "429", "in the middle", "time-out"],
)
def test_what_may_pass_is_tried_again(vendor: Vendor, moods: list[Any]) -> None:
    vendor.moods = [mood or (lambda _: None) for mood in moods]
    assert read(settings(vendor, "numbered", timeout_seconds=0.4))[0] == EVERY


def test_a_connection_that_breaks_in_the_middle_is_tried_again(vendor: Vendor) -> None:
    half = Response(b'{"code": 0, "data"', headers={"content-length": "900"})
    vendor.moods = [lambda _: half]
    assert read(settings(vendor, "numbered"))[0] == EVERY


def test_waits_grow_are_jittered_and_do_what_they_are_told(vendor: Vendor) -> None:
    vendor.moods = [failing(503), failing(503), failing(503), failing(429, retry_after="7")]
    waits: list[float] = []
    asked = settings(vendor, "numbered", wait_seconds=1)
    read_interface(asked, Secrets(Path("/none")), None, NOW, lambda _: None, silent, sleep=waits.append)
    assert len(waits) == 4
    for wait, (low, high) in zip(waits, [(1, 2), (2, 3), (4, 5), (7, 8)], strict=True):
        assert low <= wait <= high
    assert len({wait % 1 for wait in waits}) == 4


def test_it_gives_up_after_its_attempts_and_says_what_it_met(vendor: Vendor) -> None:
    vendor.moods = [failing(503)] * 9
    with pytest.raises(Refusal, match=r"试了 3 次.*503") as refused:
        read(settings(vendor, "numbered", attempts=3))
    assert refused.value.code == "pull.unreachable"
    assert len(vendor.asked) == 3


def test_a_server_that_is_not_there(vendor: Vendor) -> None:
    asked = settings(vendor, "numbered", url="http://127.0.0.1:1/x", attempts=2)
    with pytest.raises(Refusal, match="连接不通") as refused:
        read(asked)
    assert refused.value.code == "pull.unreachable"


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        (failing(400), "pull.rejected"),
        (failing(403), "pull.rejected"),
        (failing(404), "pull.rejected"),
        (failing(302, location="https://elsewhere.example/login"), "pull.moved"),
        (failing(429, retry_after="86400"), "pull.told_to_wait"),
        (lambda _: Response("<html>登录</html>", media_type="text/html"), "pull.no_json"),
        (lambda _: JSONResponse({"code": 0, "data": {"rows": []}}), "pull.records"),
        (lambda _: JSONResponse({"code": 0, "data": {"list": ["x"]}}), "pull.records"),
    ],
)
def test_what_will_not_pass_is_said_at_once(vendor: Vendor, mood: Any, code: str) -> None:
    vendor.moods = [mood]
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered"))
    assert refused.value.code == code
    assert refused.value.remedy
    assert len(vendor.asked) == 1


def test_an_answer_that_says_inside_that_it_failed(vendor: Vendor) -> None:
    vendor.moods = [lambda _: JSONResponse({"code": 4001, "msg": "appKey 未授权", "data": None})]
    with pytest.raises(Refusal, match="code=4001，appKey 未授权"):
        read(settings(vendor, "numbered", success_path="code", message_path="msg"))


def test_a_server_that_ignores_the_page_number(vendor: Vendor) -> None:
    paging = {**BY_NUMBER, "parameter": "pageNo"}
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered", paging=paging))
    assert refused.value.code == "pull.same_page"


def test_a_next_page_elsewhere_is_not_followed(vendor: Vendor) -> None:
    elsewhere = {"Link": '<https://elsewhere.example/x>; rel="next"'}
    vendor.moods = [lambda _: JSONResponse({"data": {"list": [complaint(1, 1)]}}, headers=elsewhere)]
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "linked"))
    assert refused.value.code == "pull.foreign_link"


@pytest.mark.parametrize(
    ("limit", "code"), [({"max_pages": 2}, "pull.too_many_pages"), ({"max_minutes": 1e-6}, "pull.too_long")]
)
def test_limits(vendor: Vendor, limit: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered", **limit))
    assert refused.value.code == code


def test_too_many_bytes(vendor: Vendor) -> None:
    vendor.moods = [lambda _: Response(b"[" + b" " * 1_200_000 + b"]", media_type="application/json")]
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered", max_megabytes=1))
    assert refused.value.code == "pull.too_large"


def test_records_that_move_while_they_are_read_are_read_again(vendor: Vendor) -> None:
    """The first record is changed after the first page: everything behind it moves up by one, one slips between."""

    def moves(_: Request) -> None:
        vendor.records[0] = complaint(0, 59)

    vendor.moods = [lambda _: None, moves]
    numbers, done = read(settings(vendor, "numbered"))
    assert set(numbers) == set(EVERY)
    assert done.watermark == "2026-03-02 09:59:00"
    assert len(vendor.asked) == 8


def test_records_that_vanish_while_they_are_read_are_noticed_by_the_total(vendor: Vendor) -> None:
    def vanishes(_: Request) -> None:
        del vendor.records[0]

    vendor.moods = [lambda _: None, vanishes]
    numbers, _ = read(settings(vendor, "numbered"))
    assert set(numbers) == set(EVERY)


def test_while_they_never_rest_the_watermark_stays(vendor: Vendor) -> None:
    def churn(_: Request) -> None:
        vendor.records.sort(key=lambda r: r["数据更新时间"])
        number = int(vendor.records[0]["投诉举报编号"][2:])
        vendor.records[0] = complaint(number, 60 + len(vendor.asked))

    vendor.moods = [churn] * 50
    numbers, done = read(settings(vendor, "numbered"), since="2026-03-02 09:00:00")
    assert set(numbers) <= set(EVERY)
    assert done.watermark == "2026-03-02 09:00:00"
    assert "水位不前移" in "".join(done.remarks)


def test_equal_records_are_no_movement(vendor: Vendor) -> None:
    vendor.records.append(complaint(5, 5))
    numbers, done = read(settings(vendor, "numbered", key=[]))
    assert set(numbers) == set(EVERY)
    assert done.watermark == "2026-03-02 09:36:00"
    assert done.remarks == []


def test_answers_in_gbk_with_amounts_as_they_are_written(vendor: Vendor) -> None:
    body = json.dumps(
        {"data": {"list": [{**complaint(1, 1), "名称": "安和市"}], "total": 1}}, ensure_ascii=False
    )
    body = body.replace('"安和市"', '"安和市", "金额": 0.10, "编号": 917182736455443322')
    vendor.moods = [lambda _: Response(body.encode("gbk"), media_type="application/json; charset=gbk")]
    kept: list[dict[str, Any]] = []
    read_interface(settings(vendor, "numbered"), Secrets(Path("/none")), None, NOW, kept.append, silent)
    assert (kept[0]["名称"], kept[0]["金额"], kept[0]["编号"]) == ("安和市", "0.10", 917182736455443322)


def test_a_key_that_the_records_do_not_have(vendor: Vendor) -> None:
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered", key=["编号"]))
    assert refused.value.code == "pull.key"


@pytest.mark.parametrize(
    ("changes", "since", "code"),
    [({"ca_file": "/nowhere/ca.pem"}, None, "pull.settings"), ({}, "上个月", "pull.watermark")],
)
def test_settings_that_cannot_be_used(vendor: Vendor, changes: Any, since: str | None, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(settings(vendor, "numbered", **changes), since)
    assert refused.value.code == code
    assert vendor.asked == []


def test_certificates_are_verified_and_an_own_authority_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A self-signed certificate, made for this test alone."""
    monkeypatch.setenv("VENDOR_TOKEN", STATIC)
    with open_vendor(LOOPBACK) as vendor:
        vendor.records = [complaint(n, n) for n in range(37)]
        with pytest.raises(Refusal, match="self-signed") as refused:
            read(settings(vendor, "numbered"))
        assert refused.value.code == "pull.certificate"
        assert vendor.asked == []
        assert read(settings(vendor, "numbered", ca_file=str(LOOPBACK)))[0] == EVERY


def test_paths() -> None:
    assert at({"a": {"b": [1, {"c": 2}]}}, "$.a.b.1.c") == 2
    assert at([1], "") == [1]
    assert at({"a": 1}, "a.b") is None
