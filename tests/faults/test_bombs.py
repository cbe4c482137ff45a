"""C-8, long form: each bomb through the door in a process of its own; time and memory against those of a good file."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.conftest import make_database
from tests.faults.bombs import FILES, ZIPS
from tests.faults.door import Passage, go_through
from tests.ingestion.papers import good, write_csv

SECONDS, MEGABYTES = 2.0, 200.0


@pytest.fixture(scope="module")
def target(server: EmbeddedServer, template: str) -> Iterator[Database]:
    with make_database(server, template) as database:
        yield database


@pytest.fixture(scope="module")
def usual(target: Database, tmp_path_factory: pytest.TempPathFactory) -> Passage:
    """What the door costs for one good row: connection, layouts, libraries that are loaded at first use."""
    passage = go_through(
        target.url, write_csv(tmp_path_factory.mktemp("usual") / "office_good.csv", [good("office")])
    )
    assert [report["state"] for report in passage.reports] == ["loaded"], passage
    return passage


def refused(passage: Passage, usual: Passage) -> str:
    """The sentence, after the door has held: nothing loaded, in time, within memory."""
    print(
        f"{passage.seconds:.2f} s, {passage.megabytes - usual.megabytes:+.0f} MB: {passage.reports or passage.died}"
    )
    assert not passage.died, passage.died
    assert {report["state"] for report in passage.reports} <= {"failed", "held", "refused", "loaded"}
    assert sum(report["rows"] for report in passage.reports) == 0
    assert passage.seconds - usual.seconds < SECONDS
    assert passage.megabytes - usual.megabytes < MEGABYTES
    return str(passage.reports[0]["sentence"])


@pytest.mark.parametrize("kind", list(FILES))
def test_a_file_that_is_a_bomb(target: Database, usual: Passage, tmp_path: Path, kind: str) -> None:
    name, make = FILES[kind]
    said = refused(go_through(target.url, make(tmp_path / name)), usual)
    assert "请" in said, said


@pytest.mark.parametrize("kind", list(ZIPS))
def test_an_archive_that_is_a_bomb(target: Database, usual: Passage, tmp_path: Path, kind: str) -> None:
    """Beside a good file, which goes on; the archive is named with what is wrong with it."""
    folder = tmp_path / "in"
    folder.mkdir()
    archive = ZIPS[kind](folder / "报送.zip")
    serial = next(_SERIAL)
    write_csv(folder / "office_good.csv", [good("office", 机构代码=f"99010{serial}", 机构名称=f"{serial}所")])
    passage = go_through(target.url, folder)
    print(
        f"{passage.seconds:.2f} s, {passage.megabytes - usual.megabytes:+.0f} MB: {passage.reports or passage.died}"
    )
    assert not passage.died, passage.died
    assert [report["rows"] for report in passage.reports if report["state"] == "loaded"] == [1]
    bad = [report["sentence"] for report in passage.reports if report["state"] != "loaded"]
    assert bad
    assert archive.name in "".join(bad)
    assert passage.seconds - usual.seconds < SECONDS
    assert passage.megabytes - usual.megabytes < MEGABYTES


_SERIAL = itertools.count()
