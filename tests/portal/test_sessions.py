"""Sign-in, lockout, ends of sessions, one-time passwords (proofs C-29, C-31, C-45)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from portal import sessions
from portal.accounts import NewAccount, create_account, open_account
from portal.house import House
from registry import clock
from registry.database import Database
from registry.tables.account import Account, Session
from tests.journeys import records as r

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def open_client(app: FastAPI, login: str, password: str) -> tuple[TestClient, int]:
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.post("/sign-in", data={"login": login, "password": password}, follow_redirects=False)
    return client, answer.status_code


@pytest.fixture
def fresh(house: House, records: r.Records, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A staff account of this test's own: login and password."""
    login = f"u-{request.node.name}"[:40]
    with house.engine.begin() as connection:
        new = NewAccount(login, "staff", r.CITY, "临时")
        return login, open_account(connection, new, "test", once=False)


def test_five_failures_lock_even_against_the_right_password(
    app: FastAPI, house: House, fresh: tuple[str, str]
) -> None:
    login, password = fresh
    for _ in range(house.settings.login_failures):
        assert open_client(app, login, "wrong-wrong")[1] == 401
    assert open_client(app, login, password)[1] == 401
    with house.engine.begin() as connection:
        past = clock.now() - timedelta(seconds=1)
        connection.execute(update(Account).where(Account.login == login).values(locked_until=past))
    assert open_client(app, login, password)[1] == 303


def test_a_success_clears_the_count(app: FastAPI, house: House, fresh: tuple[str, str]) -> None:
    login, password = fresh
    for _ in range(3):
        for _ in range(house.settings.login_failures - 1):
            open_client(app, login, "wrong-wrong")
        assert open_client(app, login, password)[1] == 303


def test_known_and_unknown_logins_get_the_same_answer(app: FastAPI, fresh: tuple[str, str]) -> None:
    client = TestClient(app, raise_server_exceptions=False)
    known = client.post("/sign-in", data={"login": fresh[0], "password": "x"})
    unknown = client.post("/sign-in", data={"login": "nobody-here", "password": "x"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)


def test_only_the_hash_of_a_token_is_stored(app: FastAPI, house: House, fresh: tuple[str, str]) -> None:
    client, _ = open_client(app, *fresh)
    token = client.cookies[sessions.COOKIE]
    with house.engine.connect() as connection:
        stored = connection.execute(select(Session.token_hash)).scalars().all()
    assert token not in stored
    assert sessions.token_hash(token) in stored


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: FastAPI, fresh: tuple[str, str]) -> None:
    client = TestClient(app)
    answer = client.post("/sign-in", data={"login": fresh[0], "password": fresh[1]}, follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(
    ("column", "age"),
    [
        ("last_seen_at", timedelta(minutes=31)),
        ("made_at", timedelta(hours=8, minutes=1)),
        ("made_at", timedelta(hours=-3)),
    ],
)
def test_sessions_end(
    app: FastAPI, town: Database, fresh: tuple[str, str], column: str, age: timedelta
) -> None:
    client, _ = open_client(app, *fresh)
    assert client.get("/staff").status_code == 200
    mine = Session.token_hash == sessions.token_hash(client.cookies[sessions.COOKIE])
    with town.owner().begin() as connection:
        connection.execute(update(Session).where(mine).values(**{column: clock.now() - age}))
    answer = client.get("/staff/grades")
    assert answer.status_code == 401
    assert r.OWN not in answer.text


def test_signing_out_and_closing_an_account_end_its_sessions(
    app: FastAPI, visitor: Any, house: House, fresh: tuple[str, str]
) -> None:
    client, _ = open_client(app, *fresh)
    other, _ = open_client(app, *fresh)
    token = TOKEN.findall(client.get("/password").text)[0]
    cookie = client.cookies[sessions.COOKIE]
    client.post("/sign-out", data={"csrf_token": token})
    client.cookies.set(sessions.COOKIE, cookie)
    assert client.get("/staff").status_code == 401
    assert other.get("/staff").status_code == 200
    with house.engine.connect() as connection:
        number = connection.execute(select(Account.id).where(Account.login == fresh[0])).scalar_one()
    administrator = visitor("guanli")
    own = TOKEN.findall(administrator.get("/administrator").text)[0]
    administrator.post(f"/administrator/accounts/{number}/close", data={"csrf_token": own})
    assert other.get("/staff").status_code == 401
    assert open_client(app, *fresh)[1] == 401


def test_a_one_time_password_opens_only_the_change_of_password(app: FastAPI, house: House) -> None:
    password = create_account(house.engine, "first", "administrator", "system", "首任管理员", "install")
    client, status = open_client(app, "first", password)
    assert status == 303
    assert client.get("/administrator").status_code == 403
    token = TOKEN.findall(client.get("/password").text)[0]
    weak = {"csrf_token": token, "old": password, "new": "short", "again": "short"}
    assert client.post("/password", data=weak).status_code == 422
    new = {
        "csrf_token": token,
        "old": password,
        "new": "一个足够长的新密码啊",
        "again": "一个足够长的新密码啊",
    }
    assert client.post("/password", data=new).status_code == 200
    assert client.get("/administrator").status_code == 200
    assert open_client(app, "first", password)[1] == 401


def test_switching_accounts_in_one_browser_does_not_mix(app: FastAPI, passwords: dict[str, str]) -> None:
    """C-31: a form opened as one person cannot be sent as another."""
    client = TestClient(app, raise_server_exceptions=False)
    client.post("/sign-in", data={"login": "zhangsan", "password": passwords["zhangsan"]})
    old = TOKEN.findall(client.get("/password").text)[0]
    client.post("/sign-in", data={"login": "lisi", "password": passwords["lisi"]})
    answer = client.post("/staff/plans/1/approve", data={"csrf_token": old, "ceremony": "在市局大厅掷骰子"})
    assert answer.status_code == 403


def test_there_is_no_default_account(database: Any) -> None:
    with database.engine_for("portal").connect() as connection:
        assert connection.execute(select(func.count()).select_from(Account)).scalar_one() == 0


def test_a_broken_cookie_is_nobody(anonymous: TestClient) -> None:
    anonymous.cookies.set(sessions.COOKIE, "garbage\u00e9".encode().hex())
    assert anonymous.get("/staff/grades").status_code == 401


def test_sign_in_never_leads_to_another_site(app: FastAPI, passwords: dict[str, str]) -> None:
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "/enterprise"):
        client = TestClient(app)
        data = {"login": "lisi", "password": passwords["lisi"], "back": back}
        answer = client.post("/sign-in", data=data, follow_redirects=False)
        assert answer.headers["location"] == "/staff"
