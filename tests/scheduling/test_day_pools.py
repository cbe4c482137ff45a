"""Pools of a day: every split once and the most even first; the same people, whatever the order they are named in."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from scheduling.day_pools import alike, splits, whole_day_pools

SIZES = st.lists(st.integers(0, 3), min_size=1, max_size=4)


@given(SIZES, st.floats(0, 1), st.integers(0, 5))
def test_every_split_once_and_the_most_even_first(sizes, share, least) -> None:
    found = list(splits(sizes, share, least))
    assert sorted(found) == [c for c in product(*(range(n + 1) for n in sizes)) if sum(c) >= least]
    distances = [sum((c - n * share) ** 2 for c, n in zip(counts, sizes, strict=True)) for counts in found]
    assert all(one <= other + 1e-9 for one, other in pairwise(distances))


@given(st.permutations(range(8)), st.lists(st.integers(0, 255), min_size=1, max_size=3))
def test_people_are_alike_if_they_hold_the_same(order, masks) -> None:
    groups = alike(order, masks)
    assert sorted(n for group in groups for n in group) == list(range(8))
    assert all(group == [n for n in order if n in group] for group in groups)
    kinds = [{tuple(mask >> n & 1 for mask in masks) for n in group} for group in groups]
    assert all(len(kind) == 1 for kind in kinds)
    assert len({min(kind) for kind in kinds}) == len(groups)


@given(st.permutations(range(6)))
def test_the_public_order_settles_who_is_in_the_pool(order) -> None:
    pool = next(whole_day_pools([order], 0.5, 0))
    assert pool == sum(1 << n for n in order[:3])


def test_no_split_is_offered_below_what_is_asked() -> None:
    assert list(whole_day_pools([[0, 1], [2]], 0.0, 4)) == []
    assert list(whole_day_pools([[0, 1], [2]], 0.0, 3)) == [0b111]
