"""No class, score, probability or reason code reaches an enterprise or the public, in any response (domain.md 9.1)."""

import html
import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

import pytest
from starlette.testclient import TestClient

from portal.navigation import MENUS
from tests.journeys import records as r

LINK = re.compile(r'(?:href|action|src|data-run)="(/[^"#]*)')
OTHERS = (r.NEIGHBOUR, "南桥化工")
"""Another firm's name or code, which no page of this enterprise needs."""


def crawl(client: TestClient, starts: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Everything reachable by links from the starting pages: path → status and text, zips unpacked."""
    waiting, seen = list(starts), {}
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("/static", "/sign-out", "/type-size")):
            continue
        answer = client.get(path)
        seen[path] = (answer.status_code, _text(answer.content, answer.headers["content-type"]))
        waiting += [html.unescape(found) for found in LINK.findall(seen[path][1])]
    return seen


def _text(content: bytes, kind: str) -> str:
    if kind.startswith(("application/zip", "application/vnd.openxmlformats")):  # a workbook is a zip, too
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(f"{name}\n{archive.read(name).decode()}" for name in archive.namelist())
    return content.decode()


def leaks(pages: dict[str, tuple[int, str]], secrets: Iterable[str]) -> list[tuple[str, str]]:
    return [(path, secret) for path, (_, text) in pages.items() for secret in secrets if secret in text]


def test_the_search_finds_what_it_looks_for(visitor: Any) -> None:
    """The planted values do reach an officer; otherwise their absence elsewhere would prove nothing."""
    pages = crawl(visitor("lisi"), [path for path, _ in MENUS["staff"]])
    found = {secret for _, secret in leaks(pages, r.SECRETS)}
    assert {r.PLANTED_RULE, r.PLANTED_INDICATOR, r.PLANTED_REASON, "信用风险", 'class="klass'} <= found


def test_an_enterprise_finds_no_trace_of_its_class(visitor: Any) -> None:
    client = visitor("qiye")
    starts = [path for path, _ in MENUS["enterprise"]]
    starts += ["/", "/password", "/api/openapi.json", "/api/v1/draws", "/api/v1/draws/1"]
    pages = crawl(client, starts)
    assert len(pages) > 12
    assert leaks(pages, r.SECRETS) == []
    for path, (status, text) in pages.items():
        assert status == 200, path
        if path.startswith("/enterprise"):
            assert not [other for other in OTHERS if other in text], path


def test_an_enterprise_asking_for_officers_pages_learns_nothing(visitor: Any, records: r.Records) -> None:
    client = visitor("qiye")
    guessed = [path for path, _ in MENUS["staff"]] + [
        f"/staff/grades/{r.OWN}",
        f"/staff/draws/{records.draw_id}",
        "/staff/runs/1/progress",
        f"/inspector/visits/{records.visit_id}",
        "/staff/sheets/bundles/audit-99010020260001-v1.zip",
        "/draws/1/files/pool.csv",
        "/draws/1/files/key.txt",
        "/draws/1/files/..%2faudit-99010020260001-v1.zip",
        "/api/v1/enterprises",
    ]
    for accept in ("text/html", "application/json"):
        pages = {}
        for path in guessed:
            answer = client.get(path, headers={"Accept": accept})
            assert answer.status_code in (403, 404), path
            pages[path] = (answer.status_code, answer.text)
        assert leaks(pages, r.SECRETS) == []


def test_the_public_finds_no_class_and_no_key(anonymous: TestClient) -> None:
    pages = crawl(anonymous, ["/", "/sign-in", "/api/v1/draws", "/api/v1/draws/1/verification"])
    assert any(path.endswith("bundle.zip") for path in pages)
    assert leaks(pages, r.SECRETS) == []
    names = re.findall(r"\n([\w.-]+)\n", pages["/draws/1/bundle.zip"][1])
    assert not {"pool.csv", "counts.csv", "key.txt"} & set(names)


def test_an_inspector_sees_no_class_either(visitor: Any) -> None:
    pages = crawl(visitor("jiancha"), [path for path, _ in MENUS["inspector"]])
    assert (
        leaks(pages, (r.PLANTED_RULE, r.PLANTED_REASON, r.PLANTED_VISIT_REASON, "信用风险", "0.7319")) == []
    )


def test_a_visit_is_unknown_until_its_notice(visitor: Any, town: Any, records: r.Records) -> None:
    from sqlalchemy import update

    from registry.tables.visit import Visit

    page = visitor("qiye").get("/enterprise/visits").text
    assert page.count("入企码</dt>") == 1
    with town.owner().begin() as connection:
        other = Visit.id == records.foreign_visit_id
        connection.execute(update(Visit).where(other).values(enterprise_code=r.OWN))
    try:
        assert visitor("qiye").get("/enterprise/visits").text.count("入企码</dt>") == 1
    finally:
        with town.owner().begin() as connection:
            connection.execute(update(Visit).where(other).values(enterprise_code=r.NEIGHBOUR))


@pytest.mark.parametrize("path", ["/staff/batches/1", "/staff/grades", "/inspector"])
def test_personal_data_of_faulty_rows_stays_in_the_table(visitor: Any, path: str) -> None:
    client = visitor("jiancha" if path == "/inspector" else "lisi")
    assert "330921190001010000" not in client.get(path).text
