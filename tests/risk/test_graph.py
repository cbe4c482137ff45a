"""The walk along ties: exact to the last bit without oneself, bounded, blind to crowds."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from risk.indicators import features
from risk.indicators.catalogue import NAMES
from risk.indicators.graph import MOST_STEPS, ONE, diffuse, transitions
from risk.indicators.ties import others_through
from tests.risk.town import PLACE, enterprise, store

SIZE = 12
MANY = settings(max_examples=150, deadline=None)
TIES = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, 7), st.sampled_from((0.1, 0.3, 0.5, 1.0))), max_size=40
)
TROUBLE = st.lists(st.booleans(), min_size=SIZE, max_size=SIZE).map(np.array)


def _steps(ties: list[tuple[int, int, float]], largest: int = 50) -> np.ndarray:
    members, groups, weights = (np.array([tie[k] for tie in ties]) for k in range(3))
    return transitions(members.astype(np.int64), groups.astype(np.int64), weights, SIZE, largest)


@MANY
@given(TIES, TROUBLE, st.integers(1, MOST_STEPS))
def test_leaving_oneself_out_is_exact(
    ties: list[tuple[int, int, float]], trouble: np.ndarray, most: int
) -> None:
    """The same bits as if the enterprise had never been in trouble, for everybody."""
    steps = _steps(ties)
    walked = diffuse(steps, trouble, most, 0.5)
    for position in range(SIZE):
        without = trouble.copy()
        without[position] = False
        assert walked[position] == diffuse(steps, without, most, 0.5)[position]
    assert ((walked >= 0) & (walked <= 1)).all()


@MANY
@given(TIES, TROUBLE, st.integers(0, SIZE - 1))
def test_more_trouble_elsewhere_is_never_less(
    ties: list[tuple[int, int, float]], trouble: np.ndarray, where: int
) -> None:
    steps, worse = _steps(ties), trouble.copy()
    worse[where] = True
    assert (diffuse(steps, worse, 3, 0.5) >= diffuse(steps, trouble, 3, 0.5)).all()


@MANY
@given(TIES)
def test_a_step_goes_somewhere_else(ties: list[tuple[int, int, float]]) -> None:
    """Whole numbers, rows of at most ONE, nobody steps onto itself; the order of the ties does not matter."""
    steps = _steps(ties)
    assert steps.dtype == np.int64
    assert (steps.sum(axis=1) <= ONE).all()
    assert not steps.diagonal().any()
    assert (steps != _steps(ties[::-1])).nnz == 0


def test_a_crowd_tells_nothing() -> None:
    """A group above the limit is no tie; one at the limit is."""
    crowd = [(member, 1, 1.0) for member in range(10)]
    assert _steps(crowd, largest=9).nnz == 0
    assert _steps(crowd, largest=10).nnz == 90


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="between 1 and 3"):
        diffuse(_steps([]), np.zeros(SIZE, bool), 4, 0.5)


@MANY
@given(TIES, TROUBLE)
def test_others_are_counted_group_by_group(ties: list[tuple[int, int, float]], trouble: np.ndarray) -> None:
    """Against plain sets; a pair said twice counts once."""
    pairs = {(group, member) for member, group, _ in ties}
    members, groups = (np.array([tie[k] for tie in ties], dtype=np.int64) for k in (0, 1))
    found = others_through(groups, members, trouble.astype(float), SIZE)
    for position in range(SIZE):
        mine = [group for group, member in pairs if member == position]
        expected = sum(trouble[m] for group in mine for g, m in pairs if g == group and m != position)
        assert found[position] == expected


def test_nobody_and_somebody_alone(engine: Engine) -> None:
    """An empty registry and one of a single enterprise give frames, not faults."""
    with engine.connect() as connection:
        assert features(connection, date(2026, 6, 1), PLACE).matrix.shape == (0, len(NAMES))
    store(engine, {"enterprise": [enterprise("A")]})
    with engine.connect() as connection:
        alone = features(connection, date(2026, 6, 1), PLACE)
    assert alone["graph_risk_pagerank"].tolist() == [0]
    assert np.isnan(alone["tax_grade"]).all()
    assert not alone["no_liaison"].any(), "a place that sends no telephones"
