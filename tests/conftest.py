"""One embedded PostgreSQL for the whole run; a fresh database for each test that asks, copied from a migrated template."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text

from registry.database import Database
from registry.postgres import EmbeddedServer

settings.register_profile("wurao", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("wurao")
pytest.register_assert_rewrite(
    "tests.faults"
)  # proofs share their assertions between a short and a long form

SERVER_FOLDER = "WURAO_TEST_SERVER"
KEPT_SERVER = "WURAO_TEST_KEPT_SERVER"
"""Folder of a server that is not this run's to stop: `make mutants` runs pytest a thousand times beside one."""
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """One folder for the run's server; xdist's workers inherit its name. Not below pytest's own temporary
    folders, which another run may clean up."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.get(KEPT_SERVER) or tempfile.mkdtemp(prefix="wurao-tests-"))
        folder.chmod(0o755)  # an unprivileged server must be able to enter
        os.environ[SERVER_FOLDER] = str(folder)
        # Keyed hashes in golden tables must be the same on every machine.
        os.environ.setdefault("WURAO_PERSON_SECRET", "of the tests")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The server has stopped with its last user; forget its files."""
    if not hasattr(config, "workerinput") and KEPT_SERVER not in os.environ:
        shutil.rmtree(os.environ[SERVER_FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The server that all workers of this run share."""
    with EmbeddedServer(Path(os.environ[SERVER_FOLDER])) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """Name of this worker's migrated, empty template database; a kept server has it from its first run on."""
    name = f"template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    if KEPT_SERVER in os.environ and _exists(server, name):
        return name
    _administer(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    database = Database(server.url_of(name))
    with _one_at_a_time(server):
        database.migrate()
    database.close()
    return name


@pytest.fixture
def database(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """An own, migrated, empty database, dropped afterwards."""
    with make_database(server, template) as made:
        yield made


@pytest.fixture
def engine_for(database: Database) -> Callable[[str], Engine]:
    """Engines in the role of a stage: `engine_for("ingest")`."""
    return database.engine_for


@pytest.fixture
def engine(database: Database) -> Engine:
    """The owner's engine: may write every table, for building records."""
    return database.owner()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.exists():
        pytest.skip("no ../shared/data here")
    return SHARED_DATA


class make_database:
    """`with make_database(server, template) as database`: also for fixtures of wider scope."""

    serial = 0

    def __init__(self, server: EmbeddedServer, template: str) -> None:
        make_database.serial += 1
        self.server, self.template = server, template
        self.name = f"{template.replace('template', 'test')}_{os.getpid()}_{make_database.serial}"

    def __enter__(self) -> Database:
        _administer(
            self.server,
            f"DROP DATABASE IF EXISTS {self.name}",
            f"CREATE DATABASE {self.name} TEMPLATE {self.template}",
        )
        self.database = Database(self.server.url_of(self.name))
        return self.database

    def __exit__(self, *_: object) -> None:
        self.database.close()
        _administer(self.server, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


class _one_at_a_time:
    """Roles belong to the server, so workers migrate one after another."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.engine = create_engine(server.url_of("postgres"))

    def __enter__(self) -> None:
        self.connection = self.engine.connect()
        self.connection.execute(text("SELECT pg_advisory_lock(1)"))

    def __exit__(self, *_: object) -> None:
        self.connection.execute(text("SELECT pg_advisory_unlock(1)"))
        self.connection.close()
        self.engine.dispose()


def _administer(server: EmbeddedServer, *statements: str) -> None:
    engine = create_engine(server.url_of("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _exists(server: EmbeddedServer, name: str) -> bool:
    engine = create_engine(server.url_of("postgres"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
        exists = found.scalar() is not None
    engine.dispose()
    return exists
