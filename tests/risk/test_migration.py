"""Migration: class by class between two gradings, an oracle by hand, and the no-news share within its target."""

from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from registry.database import Database
from registry.errors import Refusal
from registry.tables import Grade
from risk.grade import GradeReport, grade
from risk.migration import compare_gradings, migration_matrix, moved
from tests.risk.cohorts import NOW, THEN, frame_of, judged, nobody, previous_of
from tests.risk.town import FIRST, PLACE, SECOND, enterprise, listing

firms = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.floats(-3, 5), st.floats(-3, 5)), min_size=1, max_size=8
)


@given(firms, st.integers(0, 3), st.integers(0, 3))
def test_everybody_is_counted_once(many: list[tuple[float, float, float]], gone: int, come: int) -> None:
    """Against plain counting; the last `gone` leave, the last `come` are new."""
    earlier = frame_of([{} for _ in many], THEN)
    later = frame_of([{"complaint_cnt": news} for news, *_ in many], NOW)
    first = judged(earlier, [old for _, old, _ in many], nobody())
    standing = previous_of(earlier, first)
    second = judged(later, [new for *_, new in many], standing)
    stay, were = len(many) - min(gone, len(many)), len(many) - min(come, len(many))
    then = _part(standing, range(were))
    now = _part(previous_of(later, second), range(stay))
    found = compare_gradings(then, now, PLACE, 0.02)
    both = [n for n in range(stay) if n < were]
    pairs = Counter((first.final[n], second.final[n]) for n in both)
    quiet = Counter((first.final[n], second.final[n]) for n in both if many[n][0] == 0)
    assert found.everybody == [[pairs[a, b] for b in range(4)] for a in range(4)]
    assert found.quiet == [[quiet[a, b] for b in range(4)] for a in range(4)]
    assert sum(found.entered) == max(stay - were, 0)
    assert sum(found.left) == max(were - stay, 0)


def _part(whole: Any, kept: range) -> Any:
    from dataclasses import replace

    rows = np.array(list(kept), dtype=int)
    return replace(whole, grades=whole.grades.iloc[rows], codes=whole.codes[rows], matrix=whole.matrix[rows])


def test_two_gradings_of_a_town(graded: tuple[Database, GradeReport], town_with: Any) -> None:
    """One newly listed moves with news, one newcomer enters; without news at most 2 % moved in a month."""
    with graded[0].engine_for("risk").connect() as connection:
        clean = connection.execute(
            select(Grade.enterprise_code).where(Grade.credit_risk_class == "A").order_by(Grade.id).limit(1)
        ).scalar_one()
    day = date(2026, 3, 5)
    engine = town_with(
        {"abnormal_listing": [listing(clean, day, specause="4")], "enterprise": [enterprise("ZNEW", day)]}
    )
    grade(engine, SECOND, PLACE)
    with engine.connect() as connection:
        found = migration_matrix(connection, PLACE, FIRST, SECOND)
        with pytest.raises(Refusal) as refusal:
            migration_matrix(connection, PLACE, FIRST, FIRST)
    assert refusal.value.code == "migration.one_grading"
    assert sum(map(sum, found.everybody)) == 600
    assert sum(found.entered) == 1
    assert found.left == [0, 0, 0, 0]
    assert found.everybody[0][2] + found.everybody[0][3] >= 1
    assert moved(found.quiet) <= moved(found.everybody)
    assert found.steady, found.text()
    assert all(found.quiet[a][b] == 0 for a in range(4) for b in range(4) if abs(a - b) > 1)
    assert f"{FIRST} → {SECOND}" in found.text()
