"""C-1, long form: `wurao ingest` of 100,000 rows, killed by SIGKILL at random moments and at each chunk boundary."""

import os
import random
import signal
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from registry import faultpoints
from registry.database import Database
from registry.postgres import EmbeddedServer
from tests.faults.bulk import penalties, registrations
from tests.faults.importing import (
    KILLED,
    checksum,
    command,
    journal_of_batches,
    ledgers,
    nothing_left_behind,
    run_command,
    wait_until,
)
from tests.faults.towns import Trial, settled_town
from tests.ingestion.papers import good, write_csv

ROWS = int(os.environ.get("WURAO_TEST_ROWS", "100000"))
MOMENTS = 20
FILES = {"penalty": (penalties, ROWS), "registration": (registrations, ROWS // 4)}
"""Penalties by the figure of the proof; registrations, which fill premises and aliases too, are fewer."""
BOUNDARIES = {"load.after_chunk_commit"}
OF_A_HELD_FILE = {"ledger.before_hold_commit"}
"""Killed at in the short form, with a file whose layout is not understood."""
SEED = int(os.environ.get("WURAO_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


class Whole(NamedTuple):
    """An import that nobody disturbed: its file, what it left, and how long it worked."""

    path: Path
    sums: dict[str, tuple[int, str]]
    ledger: dict[str, Any]
    seconds: float


@pytest.fixture(scope="module")
def trial(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial:
        yield trial


@pytest.fixture(scope="module", params=list(FILES))
def whole(request: pytest.FixtureRequest, trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    make, many = FILES[request.param]
    path = write_csv(tmp_path_factory.mktemp("files") / f"{request.param}_big.csv", make(many))
    with trial() as database:
        process = command(database.url, path)
        began = _work_began(database, path)
        said, errors = process.communicate(timeout=1800)
        assert process.returncode == 0, errors + said
        (ledger,) = ledgers(database.owner(), path.name)
        assert (ledger["rows_read"], ledger["rows_faulty"]) == (many, many // 100)
        return Whole(path, checksum(database.owner()), ledger, time.monotonic() - began)


def _work_began(database: Database, path: Path) -> float:
    assert wait_until(lambda: bool(ledgers(database.owner(), path.name)), 120), "no batch was opened"
    return time.monotonic()


def _resume_and_compare(database: Database, whole: Whole) -> None:
    """Start it again; the end is the undisturbed one, whether the kill came before the batch was closed or after."""
    nothing_left_behind(database)
    closed = ledgers(database.owner(), whole.path.name)[0]["state"] == "loaded"
    code, reports = run_command(database.url, whole.path)
    assert code == 0, reports
    first, *later = ledgers(database.owner(), whole.path.name)
    assert first == whole.ledger
    assert len(later) == int(closed)
    assert all(each["rows_new"] + each["rows_superseding"] == 0 for each in later)
    found, expected = checksum(database.owner()), dict(whole.sums)
    if closed:
        del found["row_fault"], expected["row_fault"]
    assert found == expected
    assert journal_of_batches(database.owner()).count(f"batch.loaded {whole.path.name}") == 1 + len(later)


@pytest.mark.parametrize("number", range(MOMENTS))
def test_killed_at_a_random_moment(trial: Trial, whole: Whole, number: int) -> None:
    """`WURAO_TEST_SEED` repeats a run; a moment that falls after the end is drawn again, earlier."""
    share = random.Random(f"{SEED} {whole.path.name} {number}").random()
    print(f"seed {SEED}, moment {number}: {share:.4f} of {whole.seconds:.1f} s")
    while True:
        with trial() as database:
            process = command(database.url, whole.path)
            began = _work_began(database, whole.path)
            time.sleep(max(0.0, began + share * whole.seconds - time.monotonic()))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            if process.returncode == KILLED:
                _resume_and_compare(database, whole)
                return
        share *= 0.9


def test_killed_at_each_chunk_boundary(trial: Trial, whole: Whole) -> None:
    """After every commit, until there are no more chunks to be killed at."""
    for number in count(1):
        with trial() as database:
            if run_command(database.url, whole.path, f"load.after_chunk_commit:{number}")[0] == 0:
                break
            _resume_and_compare(database, whole)
    print(f"{number - 1} chunks")
    assert number > 2, "with one chunk there is no boundary"


@pytest.mark.parametrize("point", sorted({*faultpoints.POINTS} - BOUNDARIES - OF_A_HELD_FILE))
def test_killed_at_each_other_point(trial: Trial, whole: Whole, point: str) -> None:
    with trial() as database:
        assert run_command(database.url, whole.path, point)[0] == KILLED
        _resume_and_compare(database, whole)


def test_the_embedded_server_outlives_its_client(tmp_path: Path) -> None:
    """The command starts a server of its own, is killed, and the next one finds server and work as they were."""
    path = write_csv(tmp_path / "department_x.csv", [good("department", 部门=f"部门{n}") for n in range(500)])
    data = {"WURAO_DATA": str(tmp_path / "data")}
    code, _ = run_command("", path, "intake.before_close_batch", **data)
    assert code == KILLED
    server = EmbeddedServer(tmp_path / "data" / "postgres")
    assert server.running(), "the server died with its client"
    code, reports = run_command("", path, **data)
    assert (code, reports[0]["rows_read"], reports[0]["rows_new"]) == (0, 500, 500)
    assert wait_until(lambda: not server.running()), "nobody stopped the server at the end"
