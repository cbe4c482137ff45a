"""Estimates from drawn results: unbiased, intervals that hold, exact where they say so, silent where nothing is known."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom
from sqlalchemy import Engine

from registry.errors import Refusal
from registry.tables import InspectionResult
from scheduling.estimate import Cell, estimate, problem_bounds
from scheduling.estimate_results import estimate_plan, estimates_by, outcomes
from tests.scheduling.town_records import add, drawn_plan, result, rows, town

LEVEL = 0.95
DAY = date(2026, 12, 20)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data())
def test_bounds_of_one_stratum_are_all_numbers_that_no_tail_refuses(population: int, data: Any) -> None:
    """The oracle tries every number of problems the population could have."""
    sample = data.draw(st.integers(1, population))
    problems = data.draw(st.integers(0, sample))
    kept = [
        number
        for number in range(problems, population - sample + problems + 1)
        if hypergeom.sf(problems - 1, population, number, sample) >= 0.025 - 1e-9
        and hypergeom.cdf(problems, population, number, sample) >= 0.025 - 1e-9
    ]
    assert problem_bounds(population, sample, problems, LEVEL) == (kept[0], kept[-1])


def test_a_census_leaves_no_doubt() -> None:
    """Everybody was looked at: the interval is the rate."""
    found = estimate("全部", [Cell(40, 40, 40, 7), Cell(10, 10, 10, 1)], LEVEL)
    assert (found.rate, found.low, found.high) == (pytest.approx(0.16),) * 3


@pytest.mark.parametrize(
    ("sizes", "rates", "counts"),
    [
        ([1000], [0.1], [30]),
        ([6000, 2500, 1000, 500], [0.02, 0.08, 0.25, 0.5], [60, 50, 100, 150]),
        ([600, 250, 100, 50], [0.005, 0.08, 0.25, 0.5], [18, 10, 5, 3]),
        ([10_000, 5000, 1000, 300], [0.01, 0.05, 0.2, 0.5], [300, 200, 100, 300]),
    ],
)
def test_intervals_hold_where_the_naive_share_does_not(
    sizes: list[int], rates: list[float], counts: list[int]
) -> None:
    """1,000 draws: at least 93 % of the intervals hold the truth, and the mean estimate is the truth."""
    random = np.random.default_rng(8)
    people = [(random.random(n) < p).astype(int) for n, p in zip(sizes, rates, strict=True)]
    truth = sum(p.sum() for p in people) / sum(sizes)
    held, middle = 0, []
    for _ in range(1000):
        cells = [
            Cell(len(p), n, n, int(random.choice(p, n, replace=False).sum()))
            for p, n in zip(people, counts, strict=True)
        ]
        found = estimate("全部", cells, LEVEL)
        assert found.rate is not None
        held += found.low <= truth <= found.high
        middle.append(found.rate)
    assert held >= 930
    assert abs(np.mean(middle) - truth) < 4 * np.std(middle) / np.sqrt(1000)


def frame(*rows: tuple[str, str, bool, float | None]) -> pd.DataFrame:
    """Pool rows of (class, district, drawn, problem)."""
    made = pd.DataFrame(rows, columns=["class", "district", "drawn", "problem"])
    return made.assign(
        stratum=made["class"] + "-" + made["district"], all="全部", problem=made["problem"].astype(float)
    )


def test_weights_undo_the_heavier_drawing_of_the_risky() -> None:
    """C is drawn ten times as often as A; the estimate is of the pool, not of those drawn."""
    pool = [("A", "1", n < 10, 0.0 if n < 10 else None) for n in range(100)]
    pool += [("C", "1", n < 10, float(n < 5) if n < 10 else None) for n in range(10)]
    (found,) = estimates_by(frame(*pool), "all", LEVEL)
    assert found.rate == pytest.approx(5 / 110)
    assert found.low <= 5 / 110 <= found.high < 0.5


def test_a_cell_without_results_borrows_and_says_so() -> None:
    """District 2 has no result in class A: class A's own figures stand in, and the number of such objects is told."""
    pool = [("A", "1", n < 10, float(n < 2) if n < 10 else None) for n in range(40)]
    pool += [("A", "2", n < 2, None) for n in range(20)]
    pool += [("B", "2", n < 5, float(n < 1) if n < 5 else None) for n in range(5)]
    one, two = estimates_by(frame(*pool), "district", LEVEL)
    assert (one.rate, one.exact, one.borrowed) == (pytest.approx(0.2), True, 0)
    assert two.borrowed == 20
    assert two.rate == pytest.approx((20 * 0.2 + 1) / 25)
    assert two.unanswered == 2


def test_nothing_concluded_is_no_rate() -> None:
    """Not 0 %: nobody knows."""
    (found,) = estimates_by(frame(("A", "1", True, None), ("A", "1", False, None)), "all", LEVEL)
    assert found.rate is None
    assert (found.low, found.high) == (0.0, 1.0)


def test_the_unanswered_are_bounded() -> None:
    """Ten drawn, six concluded, three with a problem: between 3 and 7 of ten."""
    pool = [("A", "1", n < 10, float(n < 3) if n < 6 else None) for n in range(50)]
    (found,) = estimates_by(frame(*pool), "all", LEVEL)
    assert found.worst == (pytest.approx(0.3), pytest.approx(0.7))
    assert found.rate == pytest.approx(0.5)


def test_the_items_of_the_task_decide_where_results_come_by_item() -> None:
    """A problem of another item is none of this task's; an item that was not checked says nothing."""
    results = pd.DataFrame(
        {
            "enterprise_code": ["X", "Y", "Z"],
            "problem": [True, True, True],
            "item_results": [
                {"I1": {"result_code": "R01"}, "I2": {"result_code": "R05"}},
                {"I1": {"result_code": "R05"}},
                {"I1": {"checked": False, "result_code": None}},
            ],
        }
    )
    assert outcomes(results, ["I1"]) == {"X": 0.0, "Y": 1.0}


@pytest.fixture(scope="module")
def engine(server: Any, template: str) -> Iterator[Engine]:
    """A town of its own."""
    with town(server, template) as made:
        yield made


def test_a_drawn_plan_speaks_of_its_pool(engine: Engine) -> None:
    """Every drawn object of the first task is checked, each second one with a problem; a lead elsewhere is not read."""
    plan, draw = drawn_plan(engine)
    task = rows(engine, "SELECT * FROM task WHERE plan_id = :p ORDER BY id", p=plan)[0]
    drawn = rows(
        engine,
        "SELECT p.enterprise_code FROM drawn_object d JOIN pool_object p USING (task_id, object_id)"
        " WHERE d.draw_id = :d AND d.task_id = :t ORDER BY object_id",
        d=draw, t=task.id,
    )  # fmt: skip
    for number, (code,) in enumerate(drawn):
        found = result(1, date(2026, 11, 3), task.department, list(task.item_codes))
        found |= {"enterprise_code": code, "insp_no": f"E{number}", "natural_key": f"E{number}",
                  "problem": number % 2 == 0, "known_at": datetime(2026, 11, 20)}  # fmt: skip
        add(engine, InspectionResult, found)
        lead = found | {"insp_no": f"L{number}", "natural_key": f"L{number}", "problem": number % 2 == 1,
                        "inspdate": date(2026, 10, 20), "draw_type": "投诉举报"}  # fmt: skip
        add(engine, InspectionResult, lead)
    with engine.connect() as connection:
        before = estimate_plan(connection, plan, date(2026, 11, 1))
        known = estimate_plan(connection, plan, DAY)
    assert before.tasks[0].groups["all"][0].rate is None, "known later is not read earlier"
    whole = known.tasks[0].groups["all"][0]
    assert (whole.drawn, whole.concluded) == (len(drawn), len(drawn))
    assert whole.problems == (len(drawn) + 1) // 2, (
        "what complaints led to, before the drawn check, is not its answer"
    )
    assert whole.rate is not None
    assert whole.low <= whole.rate <= whole.high
    by_class = known.tasks[0].groups["class"]
    assert sum(row.population for row in by_class) == whole.population
    total = sum(row.population * row.rate for row in by_class if row.rate is not None)
    assert total / whole.population == pytest.approx(whole.rate)
    assert all("class" not in task.groups for task in known.public().tasks)
    assert all(row.rate is None for task in known.tasks[1:] for row in task.groups["all"])


def test_refusals_say_what_to_do(engine: Engine) -> None:
    """No such plan."""
    with engine.connect() as connection, pytest.raises(Refusal, match="没有计划 999"):
        estimate_plan(connection, 999, DAY)
