"""Capacity (检查力量): how many seats each department can fill in a half-day, by qualification, without names.

Enough people in total is not enough: two visits may both need the only certificate holder. By Hall's theorem a
half-day can be staffed if for every *set* of seat kinds the seats asked of it do not outnumber the people who
can take any of them. Only the sets that can bind are kept. Recusals are left to the exact matching.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from scheduling.staffing import People, SeatKind, together

MOST_KINDS = 6
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class HallRow:
    """Seats of these kinds in one slot may not exceed `slots[2 * day + half]`, nor `total` in the period.

    Those of whole-day visits may not exceed `whole[day]`, the people who are there in both halves.
    """

    department: str
    kinds: frozenset[SeatKind]
    mask: int
    slots: Ints
    whole: Ints
    total: int

    @property
    def holders(self) -> int:
        """How many people can take such a seat."""
        return self.mask.bit_count()


def hall_rows(seats: Sequence[dict[SeatKind, int]], people: People) -> list[HallRow]:
    """The rows for all seat kinds that occur, one department after the other."""
    kinds: dict[str, set[SeatKind]] = defaultdict(set)
    for wanted in seats:
        for kind in wanted:
            kinds[kind.department].add(kind)
    rows = []
    for department, present in sorted(kinds.items()):
        sets = _binding_sets(sorted(present, key=lambda k: k.name), people)
        rows += [_row(department, subset, frozenset(present), seats, people) for subset in sets]
    return rows


def everybody(rows: Sequence[HallRow]) -> list[HallRow]:
    """Of each department the row of all its seat kinds, and hence of all its people (部门全员)."""
    widest: dict[str, HallRow] = {}
    for row in rows:
        if row.department not in widest or len(row.kinds) > len(widest[row.department].kinds):
            widest[row.department] = row
    return list(widest.values())


def _binding_sets(kinds: list[SeatKind], people: People) -> list[frozenset[SeatKind]]:
    everybody = people.holders(SeatKind(kinds[0].department))
    special = [k for k in kinds if k.qualifications]
    sizes = range(1, len(special) + 1) if len(special) <= MOST_KINDS else (1, 2)
    found = [frozenset(kinds)]
    for size in sizes:
        for subset in combinations(special, size):
            masks = [people.holders(k) for k in subset]
            union = together(masks)
            apart = union.bit_count() == sum(m.bit_count() for m in masks)
            if union != everybody and (size == 1 or not apart):
                found.append(frozenset(subset))
    return found


def _row(
    department: str,
    kinds: frozenset[SeatKind],
    every: frozenset[SeatKind],
    seats: Sequence[dict[SeatKind, int]],
    people: People,
) -> HallRow:
    union = together(people.holders(k) for k in kinds)
    counts = np.array(
        [(union & mask).bit_count() for halves in people.available for mask in halves], dtype=np.int64
    )
    if kinds == every:
        counts = np.minimum(counts, _not_at_desks(department, people))
    # Teams that all come in twos cannot use a last odd person: rounding down sharpens the bound for nothing.
    step = math.gcd(*(sum(n for k, n in wanted.items() if k in kinds) for wanted in seats))
    whole = np.array([(union & am & pm).bit_count() for am, pm in people.available], dtype=np.int64)
    total = workload(union, people)
    return HallRow(department, kinds, union, counts // step * step, whole // step * step, total)


def _not_at_desks(department: str, people: People) -> Ints:
    """The department's people in each slot, less those kept at their desks."""
    everybody = people.holders(SeatKind(department))
    counts = [(everybody & mask).bit_count() for halves in people.available for mask in halves]
    return np.array(counts, dtype=np.int64) - people.desk.get(department, 0)


def workload(mask: int, people: People) -> int:
    """Most visits the people of a mask can be given in the period: each within their own total."""
    most = 0
    for n, person in enumerate(people.inspectors):
        if mask >> n & 1:
            offered = sum((am >> n & 1) + (pm >> n & 1) for am, pm in people.available)
            most += offered if person.visits_total is None else min(offered, person.visits_total)
    return most


@dataclass(frozen=True, eq=False)
class Limit:
    """Workload limits seen from the slots: seats of `row` beyond `free` [2D], summed, may not exceed `most`.

    `free` are the people of the row without a tight limit; whatever they cannot take falls on `people` others, who
    together may be given `most`, each no more than `total`. A whole-day visit counts in both halves, which errs on the safe side.
    """

    row: int
    free: Ints
    most: int
    people: int
    total: int = 0


def workload_limits(rows: Sequence[HallRow], people: People) -> list[Limit]:
    """For each row, one limit for every total in use: those who may do no more than that, all together."""
    return [
        limit
        for n, row in enumerate(rows)
        for total in sorted({p.visits_total for p in people.inspectors if p.visits_total is not None})
        if (limit := _limit(n, row, total, people)) and (row.slots - limit.free).clip(0).sum() > limit.most
    ]


def _limit(n: int, row: HallRow, total: int, people: People) -> Limit | None:
    tight = [
        k
        for k, p in enumerate(people.inspectors)
        if row.mask >> k & 1 and p.visits_total is not None and p.visits_total <= total
    ]
    if not tight:
        return None
    others = row.mask & ~sum(1 << k for k in tight)
    free = [(others & mask).bit_count() for halves in people.available for mask in halves]
    most = sum(people.inspectors[k].visits_total or 0 for k in tight)
    return Limit(n, np.array(free, dtype=np.int64), most, len(tight), total)


def with_reserve(row: HallRow, share: float, step: int = 2) -> Ints:
    """The row's slots with a share kept free for illness and urgent leads, in whole teams of `step`."""
    return row.slots - (row.slots * share).astype(np.int64) // step * step
