"""District officers see their district and nothing of their neighbours (requirements.md 1.15, proof C-28)."""

from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from registry.tables.account import Account
from tests.journeys import records as r


def test_lists_hold_only_ones_own_area(visitor: Any) -> None:
    north, city = visitor("beian"), visitor("lisi")
    for path in ("/staff/grades", "/staff/warnings", "/staff/waivers", "/staff/roster/2026-12-08", "/staff"):
        own, whole = north.get(path), city.get(path)
        assert own.status_code == whole.status_code == 200
        assert r.NEIGHBOUR not in own.text
        assert "南桥" not in own.text, path
    assert r.NEIGHBOUR in city.get("/staff/grades").text
    assert r.OWN in north.get("/staff/grades").text
    assert "共 3 户" in north.get("/staff/grades").text
    assert f"共 {len(r.FIRMS)} 户" in city.get("/staff/grades").text


def test_a_neighbours_enterprise_does_not_exist(visitor: Any) -> None:
    assert visitor("beian").get(f"/staff/grades/{r.NEIGHBOUR}").status_code == 404
    assert visitor("nanqiao").get("/staff/waivers/1").status_code == 404
    assert visitor("lisi").get(f"/staff/grades/{r.NEIGHBOUR}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/staff/batches", "/staff/quality", "/staff/sheets", "/staff/sheets/bundles/audit-x.zip"]
)
def test_whole_sheets_belong_to_the_whole_place(visitor: Any, path: str) -> None:
    assert visitor("beian").get(path).status_code == 403


@pytest.mark.parametrize("subject", ["", "   ", "999999", "990100 "])
def test_an_unclear_office_sees_nothing(visitor: Any, town: Any, subject: str) -> None:
    """C-29: refuse rather than guess; a real platform once showed the whole table."""
    client: TestClient = visitor("nanqiao")
    with town.owner().begin() as connection:
        connection.execute(update(Account).where(Account.login == "nanqiao").values(subject=subject))
    try:
        for path in (
            "/staff",
            "/staff/grades",
            "/staff/warnings",
            "/staff/roster",
            "/staff/results",
            "/staff/sheets",
        ):
            answer = client.get(path)
            assert answer.status_code == 403, path
            assert not [firm for firm in r.FIRMS if firm[0] in answer.text]
    finally:
        with town.owner().begin() as connection:
            connection.execute(update(Account).where(Account.login == "nanqiao").values(subject=r.SOUTH))


def test_an_unknown_role_may_do_nothing(visitor: Any, town: Any) -> None:
    client: TestClient = visitor("nanqiao")
    with town.owner().begin() as connection:
        connection.execute(update(Account).where(Account.login == "nanqiao").values(role="观察员"))
    try:
        assert client.get("/staff/grades").status_code == 403
        assert client.get("/password").status_code == 403
    finally:
        with town.owner().begin() as connection:
            connection.execute(update(Account).where(Account.login == "nanqiao").values(role="staff"))
            assert (
                connection.execute(select(Account.role).where(Account.login == "nanqiao")).scalar_one()
                == "staff"
            )
