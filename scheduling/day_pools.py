"""Day pools (一日分池): who of a department is kept for visits of a whole day, and who for half-days.

On a day that has both, each person belongs to one pool, so that the seats nest and the team lottery can realise its
published probabilities exactly. The pools are anonymous: people who hold the same of the asked qualifications are
alike, a count of each kind goes to the whole-day pool, and *which* of them is settled by a public number.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ALL_HALVES = (0, 1)
Counts = tuple[int, ...]
MOST_SPLITS = 400
"""Splits looked at in one day; whoever needs more has a day that is full to the last person."""


@dataclass(frozen=True)
class Dated:
    """A visit with a day index and the halves it takes: (0,), (1,) or (0, 1)."""

    visit: int
    day: int
    halves: tuple[int, ...]


@dataclass(frozen=True)
class Slot:
    """A part of a department's day in which nobody can be in two places, and the people it draws on (mask)."""

    name: str
    pool: int
    dated: tuple[Dated, ...]


def whole_days(dated: Sequence[Dated]) -> list[Dated]:
    """Those that take the whole day (全天的检查)."""
    return [one for one in dated if len(one.halves) == len(ALL_HALVES)]


def by_half(dated: Sequence[Dated], pool: int) -> list[Slot]:
    """A slot for each half-day that has visits (上午、下午)."""
    return [
        Slot(name, pool, ones)
        for name, half in (("/am", 0), ("/pm", 1))
        if (ones := tuple(one for one in dated if one.halves == (half,)))
    ]


def alike(order: Sequence[int], masks: Sequence[int]) -> list[list[int]]:
    """People in public order, grouped by which of the masks (holders of an asked qualification) they are in."""
    groups: dict[Counts, list[int]] = {}
    for person in order:
        groups.setdefault(tuple(mask >> person & 1 for mask in masks), []).append(person)
    return [groups[key] for key in sorted(groups)]


def splits(sizes: Sequence[int], share: float, least: int) -> Iterator[Counts]:
    """Counts of each group for the whole-day pool, at least `least` in all, the nearest to `share` of each first.

    The distance is convex in every count, so that a best-first walk from the nearest counts meets them in order.
    """
    wanted = [size * share for size in sizes]

    def distance(counts: Counts) -> float:
        return sum((have - want) ** 2 for have, want in zip(counts, wanted, strict=True))

    start = tuple(round(want) for want in wanted)
    waiting, seen = [(distance(start), start)], {start}
    for _ in range(MOST_SPLITS):
        if not waiting:
            return
        _, counts = heapq.heappop(waiting)
        if sum(counts) >= least:
            yield counts
        for at, size in enumerate(sizes):
            for more in (-1, 1):
                if 0 <= counts[at] + more <= size:
                    other = (*counts[:at], counts[at] + more, *counts[at + 1 :])
                    if other not in seen:
                        seen.add(other)
                        heapq.heappush(waiting, (distance(other), other))


def whole_day_pools(groups: Sequence[Sequence[int]], share: float, least: int) -> Iterator[int]:
    """Masks of whole-day pools, the most even first: the first people of each group in public order."""
    for counts in splits([len(group) for group in groups], share, least):
        yield sum(1 << n for group, count in zip(groups, counts, strict=True) for n in group[:count])
