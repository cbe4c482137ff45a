"""A small town in a database, shared by a module: trained once, graded, and looked at from many sides."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.rules import Rulebook, load_rules
from risk.adoption import adopt
from risk.grade import GradeReport, grade
from risk.train import train
from tests.conftest import make_database
from tests.risk.town import FIRST, PLACE, store, town

AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="session")
def book() -> Rulebook:
    """The rules of this checkout."""
    return load_rules()


@pytest.fixture(scope="module")
def town_database(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """700 enterprises and five years of events; tests of a module share it and only add what they say."""
    with make_database(server, template) as database:
        store(database.owner(), town(700, seed=3))
        yield database


@pytest.fixture(scope="session")
def graded(server: EmbeddedServer, template: str) -> Iterator[tuple[Database, GradeReport]]:
    """A town trained, its model adopted by two people, and graded once, all on 1 March 2026. Not to be written to."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", FIRST.isoformat())
    with make_database(server, template) as database:
        store(database.owner(), town(600, seed=11))
        engine = database.engine_for("risk")
        adopt(engine, train(engine, FIRST, PLACE).model_run_id, "甲", "乙", "测试期指标已核对", FIRST)
        report = grade(engine, FIRST, PLACE)
        patch.undo()
        yield database, report


@pytest.fixture
def town_with(server: EmbeddedServer, graded: tuple[Database, GradeReport]) -> Iterator[Any]:
    """`town_with(rows)` is the engine of a copy of the graded town with more facts."""
    copies: list[make_database] = []

    def copied(rows: dict[str, list[dict[str, Any]]]) -> Any:
        graded[0].close()
        copy = make_database(server, graded[0].owner().url.database or "")
        copies.append(copy)
        database = copy.__enter__()
        graded[0].close()
        store(database.owner(), rows)
        return database.engine_for("risk")

    yield copied
    for copy in copies:
        copy.__exit__()
