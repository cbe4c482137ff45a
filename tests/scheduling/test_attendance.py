"""A department without a team (无人可派): its sentence counts what the visit lacks, seats of every kind together."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from scheduling.problem import Inspector, problem_from_json
from scheduling.solve import Stop, solve

EXAMPLE = Path("docs/examples/roster-problem.json")


@pytest.mark.parametrize(
    ("there", "lent"), [((), 2), ((("食品",),), 1), (((),), 1), (((), ()), 1), (((), (), ()), 1)]
)
def test_all_that_is_missing_is_to_be_lent(there: tuple[tuple[str, ...], ...], lent: int) -> None:
    """Two go, one of them with the qualification: without anybody two are missing, not one of either kind."""
    asked = problem_from_json(EXAMPLE.read_text(encoding="utf-8"))
    people = tuple(
        Inspector(f"S{n}", "市场监管", date(2028, 12, 31), qualifications=held)
        for n, held in enumerate(there)
    )
    found = solve(replace(asked, inspectors=people), Stop(rounds=2), "S")
    (left,) = [u for u in found.unplaced if u.checks == ("乙-食品",)]
    assert f"借调 {lent} 人" in left.relief
    assert "共需 2 人" in left.sentence
    assert "此类" not in left.sentence
