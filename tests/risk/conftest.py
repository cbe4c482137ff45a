"""A small town in a database, shared by a module: trained once, graded, and looked at from many sides."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pytest

from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.rules import Rulebook, load_rules
from risk.adoption import adopt
from risk.grade import GradeReport, grade
from risk.train import train
from tests.conftest import make_database
from tests.risk.suburb import premises, serious, suburb, vary
from tests.risk.town import FIRST, PLACE, Rows, store, town

AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="session")
def book() -> Rulebook:
    """The rules of this checkout."""
    return load_rules()


@pytest.fixture(scope="module")
def town_database(server: EmbeddedServer, template: str) -> Iterator[Database]:
    """700 enterprises and five years of events; tests of a module share it and only add what they say."""
    with make_database(server, template) as database:
        store(database.owner(), town(700, seed=3))
        yield database


@pytest.fixture(scope="module")
def suburb_rows() -> Rows:
    """120 enterprises with facts in every table that grading reads."""
    rows = town(120, seed=5)
    codes = [row["enterprise_code"] for row in rows["enterprise"]]
    vary(rows, seed=5)
    random = np.random.default_rng(9)
    for place, row in enumerate(rows["enterprise"]):
        row["regno"], row["parent_code"] = f"99010{place:010d}", None
        if random.random() < 0.2:
            row["parent_code"] = codes[int(random.integers(120))]
        if random.random() < 0.2:
            row["lerep"] = f"人{random.integers(12)}"
    further = suburb(codes, seed=5)
    for name, many in further.items():
        if name != "inspection_result":
            rows[name] += many
    rows["inspection_result"] = [
        {"item_results": None, "rectify_due": None, "rectified_on": None, **row}
        for row in (*rows["inspection_result"], *further["inspection_result"])
    ]
    rows["serious_violation"] = [serious(code, date(2024, 2, 1)) for code in codes[::30]]
    rows["premises"] = [premises(code) for code in codes] + [premises(code, 2) for code in codes[::7]]
    return rows


@pytest.fixture(scope="module")
def suburb_database(server: EmbeddedServer, template: str, suburb_rows: Rows) -> Iterator[Database]:
    """The suburb in a database; tests add what they say and roll it back."""
    with make_database(server, template) as database:
        store(database.owner(), suburb_rows)
        yield database


@pytest.fixture(scope="session")
def graded(server: EmbeddedServer, template: str) -> Iterator[tuple[Database, GradeReport]]:
    """A town trained, its model adopted by two people, and graded once, all on 1 March 2026. Not to be written to."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WURAO_TODAY", FIRST.isoformat())
    with make_database(server, template) as database:
        store(database.owner(), town(600, seed=11))
        engine = database.engine_for("risk")
        adopt(engine, train(engine, FIRST, PLACE).model_run_id, "甲", "乙", "测试期指标已核对", FIRST)
        report = grade(engine, FIRST, PLACE)
        patch.undo()
        yield database, report


@pytest.fixture
def town_with(server: EmbeddedServer, graded: tuple[Database, GradeReport]) -> Iterator[Any]:
    """`town_with(rows)` is the engine of a copy of the graded town with more facts."""
    copies: list[make_database] = []

    def copied(rows: dict[str, list[dict[str, Any]]]) -> Any:
        graded[0].close()
        copy = make_database(server, graded[0].owner().url.database or "")
        copies.append(copy)
        database = copy.__enter__()
        graded[0].close()
        store(database.owner(), rows)
        return database.engine_for("risk")

    yield copied
    for copy in copies:
        copy.__exit__()
