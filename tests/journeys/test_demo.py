"""The demonstration, whole, on a small city: the chain, its bundle, and what tampering does to it."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from portal.cli.console import run
from registry.tables import Draw, Visit
from scheduling.verify import verify_bundle
from tests.conftest import _administer

ROOT = Path(__file__).parents[2]
DATABASE = f"demo_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


@pytest.fixture(scope="module")
def demo(server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A demonstration of 3,000 enterprises in a folder and a database of its own."""
    folder, name = tmp_path_factory.mktemp("demo"), DATABASE
    _administer(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_DATA", str(folder))
    patch.setenv("WURAO_DATABASE_URL", server.url_of(name))
    patch.setattr("portal.demo.SOLVER_SECONDS", 5.0)
    printed = folder / "printed.json"
    patch.setattr("portal.cli.console.sys.stdout", printed.open("w"))
    assert run(["demo", "--enterprises", "3000", "--json"]) == 0
    patch.undo()
    patch.setenv("WURAO_DATA", str(folder))
    patch.setenv("WURAO_DATABASE_URL", server.url_of(name))
    yield folder
    patch.undo()
    _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def bundles(demo: Path) -> tuple[Path, Path]:
    (public,) = (demo / "bundles").glob("draw-*.zip")
    (audit,) = (demo / "bundles").glob("audit-*.zip")
    return public, audit


def test_it_says_what_it_made_and_every_output_is_there(demo: Path) -> None:
    made = json.loads((demo / "printed.json").read_text())
    assert made["drawn"] == made["allocated"] > 100
    assert made["violations"] == []
    assert sum(n for _, n in made["picture"]["exclusions"]) > 0
    assert sum(b["rows_faulty"] for b in made["batches"]) == made["city"]["rejected"]
    for path in made["reports"].values():
        assert Path(path).stat().st_size > 500, path
    assert {role for role, _, _ in made["accounts"]} == {"监管机关工作人员", "执法检查人员", "经营主体"}


def test_no_seed_was_recorded_before_the_announced_moment(demo: Path) -> None:
    """Committed, announced, drawn: in this order, for the objects and for the teams."""
    engine = create_engine(os.environ["WURAO_DATABASE_URL"])
    with engine.connect() as connection:
        draws = connection.execute(select(Draw.ceremony, Draw.committed_at, Draw.seeded_at)).all()
    engine.dispose()
    assert len(draws) == 2
    for announced, committed, seeded in draws:
        moment = datetime.fromisoformat(announced[:19])
        assert committed < moment <= seeded, (announced, committed, seeded)


def test_the_public_and_the_audit_bundle_verify(bundles: tuple[Path, Path]) -> None:
    public, audit = bundles
    assert run(["verify", str(public)]) == 0
    assert run(["verify", str(public), "--audit", str(audit)]) == 0
    assert run(["verify", str(audit)]) == 0


def test_the_outside_script_agrees_without_our_code(bundles: tuple[Path, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(bundles[1]) as archive:
        archive.extractall(tmp_path)
    script = [sys.executable, "-I", str(ROOT / "docs" / "verify_draw.py"), str(tmp_path)]
    done = subprocess.run(script, capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _one_digit_changed(content: bytes) -> bytes:
    where = max(i for i, byte in enumerate(content) if chr(byte).isdigit())
    return content[:where] + (b"1" if content[where : where + 1] != b"1" else b"2") + content[where + 1 :]


def _seed_changed(content: bytes) -> bytes:
    return content.replace("模拟掷骰 ".encode(), "模拟掷骰 6 ".encode(), 1)


@pytest.mark.parametrize(
    ("which", "file", "change"),
    [
        (1, "pool.csv", _one_digit_changed),
        (1, "counts.csv", _one_digit_changed),
        (1, "key.txt", _one_digit_changed),
        (1, "drawn.csv", _one_digit_changed),
        (1, "audit.json", _seed_changed),
        (0, "drawn.csv", _one_digit_changed),
        (0, "teams.csv", _one_digit_changed),
        (0, "teams-result.csv", _one_digit_changed),
        (0, "bundle.json", _seed_changed),
    ],
)
def test_a_changed_byte_is_found_and_its_file_named(
    bundles: tuple[Path, Path], tmp_path: Path, which: int, file: str, change: Callable[[bytes], bytes]
) -> None:
    paths = [tmp_path / bundle.name for bundle in bundles]
    for source, target in zip(bundles, paths, strict=True):
        with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as copy:
            for name in archive.namelist():
                content = archive.read(name)
                wanted = target is paths[which] and name == file
                assert not wanted or change(content) != content
                copy.writestr(name, change(content) if wanted else content)
    verdict = verify_bundle(*paths)
    assert not verdict.ok
    assert any(
        file.split(".")[0].split("-")[0] in f"{check.file} {check.name}" for check in verdict.failures
    ), verdict.failures


def test_nothing_public_betrays_a_class_or_a_stratum(bundles: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(bundles[0]) as archive:
        assert not {"pool.csv", "counts.csv", "key.txt"} & set(archive.namelist())
        heading = archive.read("drawn.csv").decode().splitlines()[:2]
        assert not any(word in line for line in heading for word in ("stratum", "ticket", "class"))


def test_the_independent_checker_sees_a_visit_moved_behind_its_back(server, demo: Path) -> None:
    assert run(["roster", "check", "1"]) == 0
    engine = create_engine(server.url_of(DATABASE))
    with engine.begin() as connection:
        visit = connection.execute(select(Visit.id).order_by(Visit.id).limit(1)).scalar_one()
        connection.execute(text("UPDATE visit SET visit_date = '2026-10-04' WHERE id = :id"), {"id": visit})
    engine.dispose()
    assert run(["roster", "check", "1"]) == 1


def test_it_will_not_overwrite_data_that_is_not_its_own(demo: Path) -> None:
    (demo / "demo.json").rename(demo / "kept.json")
    assert run(["demo", "--enterprises", "3000"]) == 1
    (demo / "kept.json").rename(demo / "demo.json")
