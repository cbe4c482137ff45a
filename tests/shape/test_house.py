"""C-44: the house keeps its shape."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingestion", "portal", "registry", "reports", "risk", "rules", "scheduling")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
EVERYTHING = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])
JUNK = {"utils", "util", "helpers", "helper", "common", "shared", "misc", "base", "core", "models"}


def _named(file: Path) -> str:
    return str(file.relative_to(ROOT))


READ = [file for file in SOURCES if "versions" not in file.parts]
"""A migration is a list of tables, written once and never edited; its length says nothing."""


@pytest.mark.parametrize("file", READ, ids=_named)
def test_a_file_can_be_read_in_one_sitting(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 400


@pytest.mark.parametrize("file", READ, ids=_named)
def test_functions_are_short_and_public_ones_say_what_they_do(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree), f"{_named(file)} has no docstring"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 60, f"{_named(file)}:{node.lineno} {node.name} has {length} lines"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{_named(file)}:{node.lineno} {node.name} has no docstring"


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [_named(file) for file in EVERYTHING if file.stem in JUNK] == []


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|pytest\.mark\.skip\b|assert True\b")
    left = [_named(file) for file in EVERYTHING if file != Path(__file__) and marks.search(file.read_text())]
    assert left == []


def test_nothing_in_risk_can_reach_the_simulated_truth() -> None:
    for file in (ROOT / "risk").rglob("*.py"):
        assert "truth" not in file.read_text(), _named(file)


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-test.txt"])
def test_locks_have_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    pins = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", text, re.MULTILINE)
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    assert len(pins) > 40
    assert all("--hash=sha256:" in block for block in blocks if block.strip())


def test_every_declared_dependency_is_locked_and_its_choice_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    chosen = (ROOT / "docs" / "dependencies.md").read_text()
    lock = (ROOT / "requirements-test.txt").read_text()
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        name = re.match(r"[\w-]+", requirement).group()  # type: ignore[union-attr]
        assert re.search(rf"^{re.escape(name)}(\[|==)", lock, re.MULTILINE), f"{name} is not locked"
        assert f"`{name}`" in chosen, f"docs/dependencies.md does not say why {name} was chosen"


def test_the_law_is_not_written_in_code() -> None:
    """Ratios and caps carry a basis in rules/; a bare percentage assigned in a stage is a place to look."""
    suspicious = re.compile(r"(ratio|rate|cap|lookback|quota|floor)_?\w*\s*=\s*0\.\d+", re.IGNORECASE)
    stages = [f for f in SOURCES if f.relative_to(ROOT).parts[0] in ("risk", "scheduling", "reports")]
    found = [f"{_named(f)}: {m.group()}" for f in stages for m in suspicious.finditer(f.read_text())]
    assert found == []
