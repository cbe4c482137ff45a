"""A small town in a database, shared by a module: trained once, graded, and looked at from many sides."""

from collections.abc import Iterator
from datetime import date

import pytest

from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.rules import Rulebook, load_rules
from tests.conftest import make_database
from tests.risk.town import store, town

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
