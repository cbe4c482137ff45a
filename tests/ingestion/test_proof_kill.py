"""C-1, short form: an importer is killed at every named point and started again; nothing is lost, nothing is there twice.

The long form, with a hundred thousand rows and the real command, is tests/faults/test_kill.py.
"""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import faultpoints
from registry.postgres import EmbeddedServer
from tests.faults.bulk import penalties, registrations
from tests.faults.importing import (
    KILLED,
    LEDGER,
    checksum,
    journal_of_batches,
    ledgers,
    nothing_left_behind,
    run_forked,
)
from tests.faults.towns import Trial, settled_town
from tests.ingestion.papers import good, write_csv

ROOT = Path(__file__).parents[2]
IN_CHUNKS = 60
MORE_THAN_ONCE = [f"load.after_chunk_commit:{n}" for n in (2, 3)] + ["load.inside_chunk:3"]
OF_A_HELD_FILE = {"ledger.before_hold_commit"}


@pytest.fixture(scope="module")
def trial(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial:
        yield trial


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    return {
        "penalty": write_csv(folder / "penalty_k.csv", penalties(200)),
        "registration": write_csv(folder / "registration_k.csv", registrations(200)),
        "held": write_csv(folder / "penalty_h.csv", [{**good("penalty"), "新列": "1"}]),
    }


@pytest.fixture(scope="module")
def whole(trial: Trial, files: dict[str, Path]) -> dict[str, tuple[object, ...]]:
    """What an import that nobody disturbed leaves."""
    left = {}
    for name, path in files.items():
        with trial() as database:
            assert run_forked(database.url, path, chunk_rows=IN_CHUNKS) == 0
            left[name] = (checksum(database.owner()), ledgers(database.owner(), path.name))
    return left


@pytest.mark.parametrize(
    ("name", "point"),
    [
        *(("registration", p) for p in [*sorted(set(faultpoints.POINTS) - OF_A_HELD_FILE), *MORE_THAN_ONCE]),
        *(("penalty", p) for p in sorted(faultpoints.POINTS) if p.startswith("load.")),
    ],
)
def test_killed_at_every_named_point(
    trial: Trial, files: dict[str, Path], whole: dict[str, tuple[object, ...]], name: str, point: str
) -> None:
    path = files[name]
    with trial() as database:
        assert run_forked(database.url, path, point, IN_CHUNKS) == KILLED, "the point was never reached"
        nothing_left_behind(database)
        assert run_forked(database.url, path, chunk_rows=IN_CHUNKS) == 0
        engine = database.owner()
        batches = ledgers(engine, path.name)
        closed_before = point.startswith("ledger.after_close_commit")
        assert batches[0] == whole[name][1][0]  # type: ignore[index]
        assert len(batches) == (2 if closed_before else 1)
        assert journal_of_batches(engine).count(f"batch.loaded {path.name}") == len(batches)
        found, expected = checksum(engine), dict(whole[name][0])  # type: ignore[call-overload]
        if closed_before:  # the second run is a second delivery: it says so and changes nothing
            assert (batches[1]["rows_new"], batches[1]["rows_superseding"]) == (0, 0)
            del found["row_fault"], expected["row_fault"]
        assert found == expected


def test_killed_while_a_file_is_being_held(
    trial: Trial, files: dict[str, Path], whole: dict[str, tuple[object, ...]]
) -> None:
    for point in OF_A_HELD_FILE:
        with trial() as database:
            assert run_forked(database.url, files["held"], point) == KILLED
            nothing_left_behind(database)
            assert run_forked(database.url, files["held"]) == 0
            assert ledgers(database.owner(), files["held"].name) == whole["held"][1]
            assert journal_of_batches(database.owner())[-1] == "batch.held penalty_h.csv"


def test_the_ledger_of_an_undisturbed_import_adds_up(whole: dict[str, tuple[object, ...]]) -> None:
    for name in ("penalty", "registration"):
        batch = whole[name][1][0]  # type: ignore[index]
        assert [batch[count] for count in LEDGER[:3]] == [200, 198, 2]
        assert batch["rows_valid"] == batch["rows_new"] + batch["rows_same"] + batch["rows_superseding"]


def test_every_point_is_called_once_and_every_call_is_a_point() -> None:
    called: Counter[str] = Counter()
    for package in ("ingestion", "portal", "registry", "reports", "risk", "scheduling"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fault":
                    assert isinstance(node.args[0], ast.Constant), f"{file}: a point must be named outright"
                    called[str(node.args[0].value)] += 1
    assert called == dict.fromkeys(faultpoints.POINTS, 1)


def test_points_are_inert_unless_a_test_arms_one() -> None:
    for name in faultpoints.POINTS:
        faultpoints.fault(name)
    assert "WURAO_TEST_FAULT" not in (ROOT / "registry" / "settings.py").read_text(), "no setting can arm one"
    says = "from registry import faultpoints as f\nfor name in f.POINTS: f.fault(name)\nprint('alive')"
    for armed, end in ((None, 0), ("load.after_chunk_commit", KILLED), ("no.such_point", 1)):
        env = {"PYTHONPATH": str(ROOT), **({"WURAO_TEST_FAULT": armed} if armed else {})}
        done = subprocess.run(
            [sys.executable, "-c", says], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == end
        assert ("alive" in done.stdout) == (end == 0)


def test_an_unregistered_point_is_refused_where_points_are_armed() -> None:
    armed = faultpoints._Armed("load.inside_chunk")
    with pytest.raises(ValueError, match="not registered"):
        armed.reach("load.forgotten")
