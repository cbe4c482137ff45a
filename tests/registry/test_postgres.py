"""The embedded server: the wheel's binaries work too, the last user out stops it, nothing listens on the network."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from registry import postgres
from registry.errors import Refusal
from registry.postgres import EmbeddedServer


@pytest.fixture
def enterable() -> Iterator[Path]:
    """A folder that an unprivileged server may enter; pytest's own are closed to everybody else."""
    folder = Path(tempfile.mkdtemp(prefix="wurao-postgres-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_wheels_server_starts_as_whoever_we_are_and_stops_with_its_last_user(enterable: Path) -> None:
    binaries = postgres._copy_wheel(enterable / "wheel")
    server = EmbeddedServer(enterable / "data", binaries)
    with server:
        with EmbeddedServer(enterable / "data", binaries):
            assert server.running()
        assert server.running()
        engine = create_engine(server.url)
        with engine.connect() as connection:
            assert connection.execute(text("SHOW listen_addresses")).scalar_one() == ""
            connection.execute(text("CREATE TABLE kept AS SELECT 1 AS one"))
            connection.commit()
        engine.dispose()
    assert not server.running()
    with server:
        engine = create_engine(server.url)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT one FROM kept")).scalar_one() == 1
        engine.dispose()


def test_a_server_that_cannot_start_says_what_to_do(enterable: Path) -> None:
    with EmbeddedServer(enterable / "data") as server:
        pass
    (server.folder / "cluster" / "postgresql.conf").write_text("nonsense here\n")
    with pytest.raises(Refusal, match="WURAO_DATABASE_URL"), EmbeddedServer(enterable / "data"):
        pass
