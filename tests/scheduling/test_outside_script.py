"""C-11, short form and long: 100 draws (1,000) recomputed by docs/verify_draw.py, which shares no code with the program."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scheduling.bundle import make_bundles, write_folder, write_zip
from scheduling.draw import counts_file, pool_file, seed_state
from tests.scheduling.lottery import SALT, draw_record, random_draw, vector_bundles

SCRIPT = Path(__file__).parents[2] / "docs" / "verify_draw.py"


def other_pythons(every=False):
    """This interpreter and two of other versions on this machine, or every one; the script needs nothing installed."""
    found = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    for home in (Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions",):
        found += sorted(str(path) for minor in range(8, 15) for path in home.glob(f"3.{minor}.*/bin/python"))
    works = [
        name
        for name in found
        if name and subprocess.run([name, "-c", ""], capture_output=True).returncode == 0
    ]
    if every:
        return [sys.executable, *works]
    return [sys.executable, *works[:1], *works[-1:]][: 1 + min(2, len(set(works)))]


def replay(python, bundles):
    return subprocess.run(
        [python, str(SCRIPT), *map(str, bundles)], capture_output=True, text=True, check=False
    )


def stored_draws(home, many):
    """Draws (zip or folder, public or audit, rows shuffled in half) with the state of each; seeds are digits as text."""
    stored = []
    for number in range(many):
        rows, counts, key, seed = random_draw(1000 + number)
        pool, counted = pool_file(rows, SALT), counts_file(counts, SALT)
        bundles = make_bundles(draw_record(False, seed_text=seed), pool, counted, key, {})
        files = dict(bundles.audit if number % 3 == 0 else bundles.public)
        record = json.loads(files.get("bundle.json", files.get("audit.json")))
        if number % 2:
            files["pool.csv"] = shuffled(files["pool.csv"], number)
            files["counts.csv"] = shuffled(files["counts.csv"], number)
        write = write_zip if number % 5 else write_folder
        stored.append((write(files, home / str(number)), seed_state(record["commitment"], seed, key)))
    return stored


@pytest.fixture(scope="module")
def hundred(tmp_path_factory):
    return stored_draws(tmp_path_factory.mktemp("draws"), 100)


def shuffled(content, number):
    first, header, *rows = content.decode().rstrip("\n").split("\n")
    random.Random(number).shuffle(rows)
    return "\n".join([first, header, *rows, ""]).encode()


@pytest.mark.parametrize("python", other_pythons(), ids=lambda path: Path(path).parts[-3])
def test_100_draws_are_recomputed_alike(python, hundred):
    done = replay(python, [path for path, _ in hundred])
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == [f"OK {state} {path}" for path, state in hundred]


@pytest.mark.slow
def test_1000_draws_are_recomputed_by_every_python_here(tmp_path):
    """C-11. Every interpreter from 3.8 on that this machine has."""
    stored = stored_draws(tmp_path, 1000)
    for python in other_pythons(every=True):
        done = replay(python, [path for path, _ in stored])
        assert done.returncode == 0, (python, done.stderr)
        assert done.stdout.split("\n")[:-1] == [f"OK {state} {path}" for path, state in stored]
        version = subprocess.run(
            [python, "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
        print(f"C-11: 1,000 of 1,000 draws recomputed alike by {version}")


def test_the_vector_is_recomputed(tmp_path):
    done = replay(sys.executable, [write_zip(vector_bundles(False).public, tmp_path / "v.zip")])
    assert done.stdout.startswith("OK 81b78262749b743cf092cbe8c7ef3da66bcfb9b5f38da077f6f8fa36fb664e47 ")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pool.csv", b"91110108551385082Q", b"91110108551385083Q"),
        ("counts.csv", b"T1,B,2", b"T1,B,3"),
        ("key.txt", b"00", b"01"),
        ("bundle.json", b"dice 3", b"dice 4"),
        ("drawn.csv", b"9152000071430580XT", b"91110108551385082Q"),
        ("drawn.csv", b",4f1d", b",4f1e"),
    ],
)
def test_the_script_finds_a_change(name, old, new, tmp_path):
    files = vector_bundles(False).public
    assert old in files[name]
    path = write_zip({**files, name: files[name].replace(old, new, 1)}, tmp_path / "bundle.zip")
    done = replay(sys.executable, [path])
    assert done.returncode != 0
    assert done.stderr.startswith("DIFFERENT: ")


def test_the_script_is_short_and_shares_no_code():
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(("import", "from"))}
    assert imports <= set(sys.stdlib_module_names)


def damaged(files, home):
    """What may be handed in by mistake: name → a path that is no whole bundle."""
    zipped = write_zip(files, home / "whole")
    content = bytearray(Path(zipped).read_bytes())
    content[60:400] = bytes(340)
    for name, stuff in (
        ("a.txt", b"no zip"),
        ("empty.zip", b""),
        ("cut.zip", bytes(content[:200])),
        ("bit.zip", bytes(content)),
    ):
        (home / name).write_bytes(stuff)
    for name, lost in (("no_counts", "counts.csv"), ("no_record", "audit.json")):
        write_folder({k: v for k, v in files.items() if k != lost}, home / name)
    write_folder(files | {"audit.json": b"{"}, home / "broken_record")
    write_folder(files | {"audit.json": b"[]"}, home / "list_record")
    write_folder(files | {"pool.csv": b"\xff\xfe"}, home / "no_text")
    names = (
        "a.txt",
        "empty.zip",
        "cut.zip",
        "bit.zip",
        "no_counts",
        "no_record",
        "broken_record",
        "list_record",
        "no_text",
    )
    return [home / "missing.zip", *(home / name for name in names)]


def test_what_is_no_bundle_is_one_sentence(tmp_path):
    rows, counts, key, seed = random_draw(7)
    record = draw_record(False, seed_text=seed)
    files = dict(make_bundles(record, pool_file(rows, SALT), counts_file(counts, SALT), key, {}).audit)
    for path in damaged(files, tmp_path):
        done = replay(sys.executable, [path])
        assert done.returncode == 1, path
        assert "Traceback" not in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert str(path) in done.stderr or "DIFFERENT" in done.stderr
