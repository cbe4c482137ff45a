"""Travel clusters: what is stated stands, coordinates are never farther apart than the rule, addresses help, order does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.clusters import near_each_other, spread, travel_clusters

NAN = float("nan")


def places(*rows: tuple[str, str, str, float, float, str, str]) -> pd.DataFrame:
    columns = ["cluster", "park", "district", "longitude", "latitude", "address", "localadm"]
    return pd.DataFrame(rows, columns=columns)


def test_stated_then_park_then_coordinates_then_address_then_office() -> None:
    found = travel_clusters(
        places(
            ("东湖商圈", "科创园", "990101", 124.0, 30.0, "东湖街道 1 号", "990101001"),
            ("", "科创园", "990101", 124.0, 30.0, "东湖街道 1 号", "990101001"),
            ("", "", "990101", 124.0, 30.0, "安和市河东区东湖街道 3 号", "990101001"),
            ("", "", "990101", 124.001, 30.001, "无名路 5 号", "990101001"),
            ("", "", "990101", 124.2, 30.0, "安和市河东区东湖街道 90 号", "990101001"),
            ("", "", "990101", NAN, NAN, "安和市河东区西渡镇 7 号", "990101001"),
            ("", "", "990101", NAN, NAN, "安和市河东区临江经济开发区 7 号", "990101001"),
            ("", "", "990101", NAN, NAN, "7 号", "990101001"),
            ("", "", "990101", NAN, NAN, "7 号", ""),
        ),
        3.0,
    )
    assert found == [
        "东湖商圈", "科创园", "东湖街道片1", "东湖街道片1", "东湖街道片2", "990101西渡镇", "990101临江经济开发区",
        "990101001", "990101",
    ]  # fmt: skip


def test_two_districts_never_share_a_computed_cluster() -> None:
    found = travel_clusters(
        places(
            ("", "", "990101", 124.0, 30.0, "城关镇 1 号", "x"), ("", "", "990102", 124.0, 30.0, "城关镇 2 号", "y")
        ),
        3.0,
    )  # fmt: skip
    assert found == ["城关镇片1", "城关镇片2"]


spots = st.lists(
    st.tuples(st.floats(123.9, 124.1, allow_nan=False), st.floats(30.4, 30.6, allow_nan=False)), min_size=1, max_size=60
)  # fmt: skip


@given(spots, st.sampled_from((0.5, 3.0, 10.0)))
def test_no_two_of_a_cluster_lie_farther_apart_than_the_rule(
    points: list[tuple[float, float]], limit: float
) -> None:
    array = np.array(points)
    labels = near_each_other(array, limit)
    assert set(labels.tolist()) == set(range(labels.max() + 1))
    for label in set(labels.tolist()):
        assert spread(array[labels == label]) <= limit * 1.001


@given(spots, st.randoms(use_true_random=False))
def test_the_order_of_the_places_changes_nothing(points: list[tuple[float, float]], chance) -> None:
    rows = [("", "", "990101", x, y, "", "990101001") for x, y in points]
    order = list(range(len(rows)))
    chance.shuffle(order)
    straight = travel_clusters(places(*rows), 3.0)
    shuffled = travel_clusters(places(*[rows[n] for n in order]), 3.0)
    assert shuffled == [straight[n] for n in order]


def test_neighbours_are_together_and_far_groups_apart() -> None:
    """Four tight groups ten kilometres apart are four clusters, not more and not fewer."""
    chance = np.random.default_rng(1)
    middles = np.array([(124.0, 30.0), (124.1, 30.0), (124.0, 30.1), (124.1, 30.1)])
    array = np.concatenate([m + chance.normal(0, 0.002, (50, 2)) for m in middles])
    labels = near_each_other(array, 3.0)
    assert [len(set(labels[n * 50 : n * 50 + 50].tolist())) for n in range(4)] == [1, 1, 1, 1]
    assert len(set(labels.tolist())) == 4


@pytest.mark.parametrize("count", [1, 2, 6000])
def test_many_spots_stay_within_the_limit(count: int) -> None:
    array = np.random.default_rng(count).uniform((123.8, 30.3), (124.2, 30.7), (count, 2))
    labels = near_each_other(array, 3.0)
    assert max(spread(array[labels == label]) for label in set(labels.tolist())) <= 3.0 * 1.001
