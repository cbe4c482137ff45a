"""One sample plan for all reports: they only read it. Tests that write take their own database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from registry.postgres import EmbeddedServer
from reports.roster import RosterView, read_roster
from tests.conftest import make_database
from tests.reports.sample_plan import Sample, insert_sample


@pytest.fixture(scope="package")
def shared_engine(server: EmbeddedServer, template: str) -> Iterator[Engine]:
    """A database that the whole folder shares."""
    with make_database(server, template) as database:
        yield database.owner()


@pytest.fixture(scope="package")
def sample(shared_engine: Engine) -> Sample:
    """The sample plan, inserted once."""
    return insert_sample(shared_engine)


@pytest.fixture
def connection(shared_engine: Engine) -> Iterator[Connection]:
    """A connection whose changes are rolled back."""
    with shared_engine.connect() as opened:
        yield opened


@pytest.fixture
def view(connection: Connection, sample: Sample) -> RosterView:
    """The sample's roster."""
    return read_roster(connection, sample.roster_id)
