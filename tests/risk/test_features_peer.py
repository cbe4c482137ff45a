"""72 indicators written a second time in polars (bench/features_polars.py) say the same, value by value."""

import numpy as np
import pytest

from bench.features_city import make_city
from bench.features_contenders import SHAPES, WURAO, contender
from bench.features_polars import KNOWN
from risk.indicators import FeatureFrame
from risk.indicators.catalogue import NAMES

CITY = make_city(3_000, 30_000, seed=1)
BOTH = [name for name in NAMES if name in KNOWN]


@pytest.fixture(scope="module")
def ours() -> FeatureFrame:
    """The city's indicators from whole keys."""
    frame: FeatureFrame = contender(WURAO, CITY, True)()
    return frame


@pytest.mark.parametrize("whole_keys", [True, False], ids=["keys", "texts"])
@pytest.mark.parametrize("shape", SHAPES)
def test_polars_says_the_same(ours: FeatureFrame, shape: str, whole_keys: bool) -> None:
    """Counts to the last unit, other numbers to 1e-9; enterprises in the same order."""
    theirs = contender(shape, CITY, whole_keys)()
    assert len(BOTH) >= 60
    assert theirs.shape == (len(ours.codes), len(BOTH))
    for place, name in enumerate(BOTH):
        assert np.allclose(ours[name], theirs[:, place], rtol=1e-9, atol=1e-12, equal_nan=True), name


def test_the_city_makes_the_indicators_vary(ours: FeatureFrame) -> None:
    """Or the comparison would prove nothing: two values at least, and some of the city's facts are not yet known."""
    constant = [name for name in BOTH if len(np.unique(ours[name][~np.isnan(ours[name])])) < 2]
    assert constant == []
    assert any((facts.known_at > np.datetime64("2026-06-02")).any() for facts in CITY.tables.values())


def test_codes_as_texts_or_as_numbers_give_the_same_bits(ours: FeatureFrame) -> None:
    """Where the archive has to number the enterprises itself."""
    assert contender(WURAO, CITY, False)().data_hash == ours.data_hash
