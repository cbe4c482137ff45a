"""C-8, short form: the bombs that are quickly made, each through the door in a process that may not grow beyond 2 GB.

All of them, with the figures of the proof (2 s, 200 MB), are in tests/faults/test_bombs.py; here only a generous bound.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.conftest import make_database
from tests.faults.bombs import FILES
from tests.faults.door import go_through

QUICK = ("shared strings", "sparse sheet", "external entity", "external DTD", "billion laughs", "200 columns, csv",
         "200 columns, xlsx", "2,000,000 columns", "1 MB cell", "deep JSON")  # fmt: skip
ADDRESS_SPACE = 2_000


@pytest.fixture(scope="module")
def target(server: EmbeddedServer, template: str) -> Iterator[Database]:
    with make_database(server, template) as database:
        yield database


@pytest.mark.parametrize("kind", QUICK)
def test_a_bomb_is_refused_with_a_sentence(target: Database, tmp_path: Path, kind: str) -> None:
    name, make = FILES[kind]
    passage = go_through(target.url, make(tmp_path / name), ADDRESS_SPACE)
    assert not passage.died, passage.died
    (report,) = passage.reports
    assert (report["state"] in ("failed", "held"), report["rows"]) == (True, 0), report
    assert "请" in report["sentence"]
    assert passage.seconds < 20
