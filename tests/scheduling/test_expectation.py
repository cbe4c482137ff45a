"""Expected doors and joint share: the arithmetic against simulated draws of the real lottery."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from scheduling.draw import PoolRow, counts_file, draw_objects, pool_file
from scheduling.expectation import chances, expected_doors, expected_doors_apart, expected_joint_share
from tests.scheduling.lottery import KEY, SALT

DEPARTMENTS = {"T1": "市监", "T2": "市监", "T3": "人社", "T4": "环保"}


def city() -> tuple[list[PoolRow], dict[tuple[str, str], int]]:
    """600 objects, four tasks of three departments with different libraries and rates, two classes."""
    rows = [
        PoolRow(f"91{n:06d}", task, "A" if n % 3 else "C")
        for n in range(600)
        for task, step in (("T1", 1), ("T2", 2), ("T3", 1), ("T4", 3))
        if n % step == 0
    ]
    counts = {
        ("T1", "A"): 20,
        ("T1", "C"): 30,
        ("T2", "C"): 40,
        ("T3", "A"): 40,
        ("T3", "C"): 20,
        ("T4", "C"): 60,
    }
    return rows, counts


@pytest.fixture(scope="module")
def pool() -> pd.DataFrame:
    """The city's rows with their inclusion probabilities."""
    rows, counts = city()
    frame = pd.DataFrame(rows)
    sizes = frame.groupby(["task", "stratum"]).size()
    p = [counts.get((r.task, r.stratum), 0) / sizes[r.task, r.stratum] for r in rows]
    return frame.assign(p=p, department=frame["task"].map(DEPARTMENTS))


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, set[str]]]:
    """300 draws: object → departments that drew it."""
    rows, counts = city()
    files = pool_file(rows, SALT), counts_file(counts, SALT)
    found = []
    for seed in range(300):
        at: dict[str, set[str]] = defaultdict(set)
        for row in draw_objects(*files, KEY, f"seed {seed}").drawn:
            at[row.object_id].add(DEPARTMENTS[row.task])
        found.append(at)
    return found


def test_expected_doors_are_met_on_average(pool: pd.DataFrame, drawn: list[dict[str, set[str]]]) -> None:
    """The sum of max p is a bound from below; strata of hundreds come within 2 %."""
    many = np.array([len(at) for at in drawn])
    expected = expected_doors(chances(pool))
    assert expected == pytest.approx(many.mean(), rel=0.02)
    assert many.mean() > expected - 3 * many.std() / np.sqrt(len(many))


def test_expected_joint_share_is_met_on_average(pool: pd.DataFrame, drawn: list[dict[str, set[str]]]) -> None:
    joint = sum(len(d) for at in drawn for d in at.values() if len(d) > 1)
    visits = sum(len(d) for at in drawn for d in at.values())
    assert expected_joint_share(chances(pool)) == pytest.approx(joint / visits, abs=0.02)


def test_expected_doors_of_independent_draws_are_met_on_average(pool: pd.DataFrame) -> None:
    chance = np.random.default_rng(7)
    many = []
    for _ in range(300):
        hit: set[str] = set()
        for (_, _), members in pool.groupby(["task", "stratum"]):
            count = round(float(members["p"].sum()))
            hit |= set(chance.choice(members["object_id"].to_numpy(), count, replace=False))
        many.append(len(hit))
    assert expected_doors_apart(pool) == pytest.approx(np.mean(many), rel=0.01)


def frame(*rows: tuple[str, str, float]) -> pd.DataFrame:
    """object, department, p."""
    return pd.DataFrame(rows, columns=["object_id", "department", "p"])


def test_by_hand() -> None:
    two = frame(("O1", "市监", 0.5), ("O1", "人社", 0.2), ("O2", "市监", 1.0), ("O1", "市监", 0.1))
    assert expected_doors(chances(two)) == pytest.approx(1.5)
    assert expected_doors_apart(two) == pytest.approx(1 + 1 - 0.5 * 0.8 * 0.9)
    # O1: both come with 0.2, which are 0.4 of 1.7 visits.
    assert expected_joint_share(chances(two)) == pytest.approx(0.4 / 1.7)


def test_one_department_never_meets_another() -> None:
    alone = frame(("O1", "市监", 0.5), ("O1", "市监", 0.5))
    assert expected_joint_share(chances(alone)) == 0.0
    assert expected_doors(chances(alone)) == 0.5


def test_nobody_is_nobody() -> None:
    nobody = frame()
    assert (expected_doors(chances(nobody)), expected_joint_share(chances(nobody))) == (0.0, 0.0)
