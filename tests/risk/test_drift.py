"""PSI: nothing for the same population, one formula both ways, more for a larger shift, and sums by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from risk import metrics
from risk.drift import OTHER, UNKNOWN, bins_of, drift, index

VALUES = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan), st.sampled_from([0.0, 1.0, 2.0]))
POPULATIONS = arrays(float, st.integers(1, 300), elements=VALUES)
SHARES = arrays(float, 6, elements=st.floats(0.001, 1)).map(lambda weights: weights / weights.sum())


@given(POPULATIONS)
def test_the_same_population_has_not_moved(values: np.ndarray) -> None:
    assert drift(values, np.random.default_rng(0).permutation(values)).psi == pytest.approx(0, abs=1e-12)


@given(POPULATIONS, POPULATIONS)
def test_it_is_a_number_that_is_never_negative_and_every_row_has_one_bin(
    expected: np.ndarray, actual: np.ndarray
) -> None:
    found = drift(expected, actual)
    assert math.isfinite(found.psi)
    assert found.psi >= 0
    assert sum(found.expected) == pytest.approx(1)
    assert sum(found.actual) == pytest.approx(1)
    assert len(found.labels) == len(found.expected) == len(found.actual)
    cut = bins_of(expected)
    assert cut.counts(actual).sum() == len(actual)
    assert len(cut.labels()) == len(cut.counts(actual))


@given(SHARES, SHARES)
def test_the_formula_is_the_same_both_ways(one: np.ndarray, other: np.ndarray) -> None:
    assert index(one, other) == pytest.approx(index(other, one))


def test_a_larger_shift_is_a_larger_index() -> None:
    """A normal population moved away step by step; a share that flips step by step."""
    values = np.random.default_rng(1).normal(size=5000)
    moved = [drift(values, values + step).psi for step in (0, 0.1, 0.2, 0.4, 0.8, 1.6)]
    assert moved == sorted(moved)
    assert moved[0] == 0
    assert moved[-1] > 1
    flags = (np.arange(5000) < 500).astype(float)
    flipped = [drift(flags, (np.arange(5000) < many).astype(float)).psi for many in (500, 700, 1000, 2500)]
    assert flipped == sorted(flipped)


def test_by_hand() -> None:
    """Two values, half a row added to each of two bins that somebody uses: 8|2 of 10 against 5|5 of 10."""
    expected, actual = np.array([0.0] * 8 + [1.0] * 2), np.array([0.0] * 5 + [1.0] * 5)
    was, now = (8.5 / 11, 2.5 / 11), (5.5 / 11, 5.5 / 11)
    by_hand = sum((b - a) * math.log(b / a) for a, b in zip(was, now, strict=True))
    found = drift(expected, actual)
    assert found.psi == pytest.approx(by_hand)
    assert found.psi == pytest.approx(0.3338, abs=5e-5)
    assert found.labels == ["0", "1"]


def test_with_many_rows_it_is_the_usual_index_of_deciles() -> None:
    """As `metrics.psi`, whose empty bins are floored instead of smoothed."""
    random = np.random.default_rng(2)
    expected, actual = random.normal(size=40_000), random.normal(0.3, 1.2, size=40_000)
    assert drift(expected, actual).psi == pytest.approx(metrics.psi(expected, actual), rel=0.01)


def test_unknown_and_values_never_seen_have_bins_of_their_own() -> None:
    expected = np.array([0.0, 0.0, 1.0, math.nan])
    found = drift(expected, np.array([0.0, 7.0, math.nan, math.nan]))
    assert found.labels == ["0", "1", OTHER, UNKNOWN]
    assert found.expected == [0.5, 0.25, 0, 0.25]
    assert found.actual == [0.25, 0, 0.25, 0.5]
    all_unknown = drift(np.full(50, math.nan), np.zeros(50))
    assert all_unknown.psi > 1


def test_a_number_that_many_share_may_move_a_little() -> None:
    """Twenty-five industries, each with one rate: all rates move by less than they differ, nobody has moved."""
    random = np.random.default_rng(3)
    rates = np.linspace(0.05, 0.4, 25)
    expected = rates[random.integers(25, size=3000)]
    near = drift(expected, expected + random.uniform(-0.003, 0.003))
    assert near.psi < 0.01
    assert drift(expected, expected + 0.15).psi > 0.25


def test_no_population_no_index() -> None:
    with pytest.raises(ValueError, match="empty"):
        drift(np.zeros(0), np.zeros(3))


def test_a_small_place_has_no_infinite_index() -> None:
    """One row in an empty bin of thirty: far from nothing, and far from infinity."""
    found = drift(np.zeros(30), np.array([0.0] * 29 + [1.0]))
    assert 0.01 < found.psi < 0.25
