"""A small town in a database, shared by a module: trained once, graded, and looked at from many sides."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from registry.database import Database
from registry.postgres import EmbeddedServer
from registry.rules import Rulebook, load_rules
from tests.conftest import make_database
from tests.risk.suburb import premises, serious, suburb, vary
from tests.risk.town import Rows, store, town

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
