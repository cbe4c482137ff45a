"""The doors over a small house: records once a module, a client for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from portal.accounts import NewAccount, open_account
from portal.app import create_app
from portal.house import House
from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.settings import Settings, load_settings
from tests.conftest import make_database
from tests.journeys import records as r

ACCOUNTS = (
    NewAccount("zhangsan", "staff", r.CITY, "市局计划岗"),
    NewAccount("lisi", "staff", r.CITY, "市局审批岗"),
    NewAccount("beian", "staff", r.NORTH, "北岸区局"),
    NewAccount("nanqiao", "staff", r.SOUTH, "南桥区局"),
    NewAccount("jiancha", "inspector", "S1001", "王建国"),
    NewAccount("qiye", "enterprise", r.OWN, "晨光食品"),
    NewAccount("guanli", "administrator", "system", "系统管理员"),
)


@pytest.fixture(scope="module", autouse=True)
def december(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The day of the records, cheap password hashes, a data folder of our own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", r.TODAY.isoformat())
    patch.setenv("WURAO_ARGON2_MEMORY_KIB", "64")
    patch.setenv("WURAO_DATA", str(tmp_path_factory.mktemp("data")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def town(december: None, server: EmbeddedServer, template: str) -> Iterator[Database]:
    """The database with all records and accounts."""
    with make_database(server, template) as database:
        yield database


@pytest.fixture(scope="module")
def settings(december: None) -> Settings:
    return load_settings()


@pytest.fixture(scope="module")
def records(town: Database, settings: Settings) -> r.Records:
    return r.build_records(town.owner(), town.engine_for, Path(settings.data) / "bundles")


@pytest.fixture(scope="module")
def passwords(town: Database, records: r.Records) -> dict[str, str]:
    with town.engine_for("portal").begin() as connection:
        return {new.login: open_account(connection, new, "test", once=False) for new in ACCOUNTS}


@pytest.fixture(scope="module")
def house(town: Database, settings: Settings) -> House:
    return House(town.engine_for, settings)


@pytest.fixture(scope="module")
def app(house: House) -> FastAPI:
    return create_app(house.engine_for, house.settings)


@pytest.fixture
def anonymous(app: FastAPI, records: r.Records) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def visitor(app: FastAPI, passwords: dict[str, str]) -> Any:
    """`visitor("lisi")`: a client signed in as one of the accounts."""

    def sign_in(login: str) -> TestClient:
        client = TestClient(app, raise_server_exceptions=False)
        answer = client.post(
            "/sign-in", data={"login": login, "password": passwords[login]}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        return client

    return sign_in
