"""C-6, long form: eight files in fifty random orders."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.postgres import EmbeddedServer
from tests.faults.orders import FIRST, final_state, some_orders
from tests.faults.towns import Trial, settled_town

SEED = int(os.environ.get("WURAO_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


@pytest.fixture(scope="module")
def trial(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with settled_town(server, template, tmp_path_factory.mktemp("town")) as trial:
        yield trial


def test_fifty_orders_leave_one_state(trial: Trial, tmp_path: Path) -> None:
    print(f"seed {SEED}")
    with trial() as database:
        as_it_happened = final_state(database, tmp_path, FIRST)
    for order in some_orders(50, SEED):
        with trial() as database:
            found = final_state(database, tmp_path, order)
        wrong = [part for part in as_it_happened if found[part] != as_it_happened[part]]
        assert not wrong, f"order {order}: {wrong}"
