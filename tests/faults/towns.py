"""A settled town to copy: databases whose offices, items and enterprises are known, one for each trial."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import make_url

from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.conftest import make_database
from tests.ingestion.conftest import bringer, settle

Trial = Callable[[], AbstractContextManager[Database]]


@contextmanager
def settled_town(server: EmbeddedServer, template: str, folder: Path) -> Iterator[Trial]:
    """`with trial() as database`: a fresh copy of the town each time, dropped afterwards."""
    with make_database(server, template) as town:
        settle(bringer(town, folder))
        town.close()  # a database with visitors cannot be copied

        def trial() -> AbstractContextManager[Database]:
            return make_database(server, make_url(town.url).database or "")

        yield trial
