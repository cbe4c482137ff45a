"""Parts settled apart come to what the whole comes to, and only where no limit runs between them."""

import pytest

from scheduling.count_limits import Strata, all_limits
from scheduling.count_model import _settle, allocate_counts
from scheduling.count_parts import QUOTA, independent_parts
from tests.scheduling.test_allocation import random_problem
from tests.scheduling.test_count_conflict import squeezed


@pytest.mark.parametrize("seed", range(60))
def test_the_same_distance_from_the_plan_as_one_model(seed: int) -> None:
    problem = squeezed(seed) if seed % 2 else random_problem(seed, hard=False)
    found = allocate_counts(problem)
    strata = Strata(problem)
    whole = _settle(strata, all_limits(strata))
    assert (whole is None) == bool(found.conflict)
    if whole is None:
        return
    assert found.aims[0].value == pytest.approx(whole.aims[0].value, rel=0.002, abs=0.5)


@pytest.mark.parametrize("seed", range(30))
def test_every_limit_but_the_quota_lies_within_one_part(seed: int) -> None:
    problem = squeezed(seed)
    limits = all_limits(Strata(problem))
    parts = independent_parts(problem, limits)
    assert sorted(s.name + s.task for part in parts for s in part.problem.strata) == sorted(
        s.name + s.task for s in problem.strata
    )
    assert sorted(t.task for part in parts for t in part.problem.tasks) == [t.task for t in problem.tasks]
    held = [limit for part in parts for limit in part.limits]
    assert len(held) == len([limit for limit in limits if limit.rule != QUOTA and limit.terms])
    for part in parts:
        inside = {t.task for t in part.problem.tasks}
        drawn = {name[1] for limit in part.limits for name, _ in limit.terms if name[0] == "n"}
        assert drawn <= inside
