"""Proof of a shortage (名额不足的证明): visits that take more than their days hold, wherever they go.

The relaxation's prices point at it; whole numbers prove it: count every holding some whole number of times, then each visit
takes at least `least` of the counted holdings on its cheapest day, and all of them together more than is held.
What is not needed for the sum is dropped, and separate shortages are reported apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np

from scheduling.booking import Bools, DateProblem
from scheduling.capacity import Ints
from scheduling.holdings import (
    SLACK,
    Columns,
    Holding,
    busy_days,
    columns,
    holdings,
    kinds_of,
    most_missing,
)

MULTIPLES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 24, 60)
CUTS = 6


@dataclass(frozen=True, eq=False)
class Counted:
    """A stretch of a holding, counted `weight` times."""

    holding: Holding
    stretch: int
    weight: int

    @property
    def holds(self) -> int:
        """What the stretch holds, counted once."""
        return int(self.holding.holds[self.stretch])

    @property
    def days(self) -> Bools:
        """Days [D] of the stretch."""
        return np.asarray(self.holding.days[self.stretch])


@dataclass(frozen=True, eq=False)
class ShortageProof:
    """Visits, the least each takes wherever it goes, and the counted stretches they share (证明)."""

    visits: tuple[int, ...]
    least: tuple[int, ...]
    counted: tuple[Counted, ...]

    @property
    def demand(self) -> int:
        """Sum of what the visits take at least."""
        return sum(self.least)

    @property
    def supply(self) -> int:
        """Sum of what is held."""
        return sum(c.weight * c.holds for c in self.counted)

    @property
    def missing(self) -> int:
        """Fewest visits that no plan can place: each frees at most what the greediest takes."""
        return -(-(self.demand - self.supply) // max(self.least, default=1))


def together(proofs: Sequence[ShortageProof]) -> ShortageProof:
    """Separate shortages as one sum; it proves as many missing where every least is 1."""
    claims = sorted((v, n) for p in proofs for v, n in zip(p.visits, p.least, strict=True))
    counted = tuple(c for p in proofs for c in p.counted)
    return ShortageProof(tuple(v for v, _ in claims), tuple(n for _, n in claims), counted)


def prove(problem: DateProblem, visits: Sequence[int]) -> list[ShortageProof]:
    """Every separate shortage among these visits, the largest first; empty if the relaxation places them all."""
    return prove_with(holdings(problem), problem, problem.days, visits)


def prove_with(
    held: Sequence[Holding],
    problem: DateProblem,
    days: Bools,
    visits: Sequence[int],
    workload: bool = True,
) -> list[ShortageProof]:
    """`prove` with some holdings only and other `days` [V, D]: what if this or that rule did not hold?"""
    able = [v for v in visits if days[v].any()]
    where = columns(days, kinds_of(able, held, days, problem.demand))
    held = list(held)
    for _ in range(CUTS):
        relaxed = most_missing(held, where)
        cuts = busy_days(problem, where, relaxed.standing) if workload else []
        if not cuts:
            break
        held += cuts
    if relaxed.missing < SLACK:
        return []
    found = [
        _read(part, days, where)
        for crowd in _apart(_whole_numbers(held, relaxed.prices), days, where)
        if (part := _shortest(crowd, days, where))
    ]
    return sorted(found, key=lambda p: (-p.missing, p.visits))


def _whole_numbers(held: Sequence[Holding], prices: np.ndarray) -> list[Counted]:
    """Prices as whole numbers. Any whole numbers are sound: the sum is taken anew from them."""
    factor = next(
        (m for m in MULTIPLES if np.abs(prices * m - np.round(prices * m)).max(initial=0) < SLACK), 60
    )
    weights = np.round(prices * factor).astype(int)
    owners = [(h, n) for h in held for n in range(len(h.holds))]
    return [Counted(*owners[i], int(weights[i])) for i in np.flatnonzero(weights)]


def _use(counted: Sequence[Counted], where: Columns, days: Bools) -> Ints:
    """What a visit of each kind takes of everything counted, by day [K, D]."""
    use = np.zeros((len(where.members), days.shape[1]), dtype=np.int64)
    for one in counted:
        use += one.weight * one.holding.units[where.first][:, None] * one.days[None, :]
    return use


def _least(use: Ints, days: Bools, where: Columns) -> Ints:
    """The least a visit of each kind takes on any of its days [K]."""
    far = np.iinfo(np.int64).max
    return np.asarray(np.where(days[where.first], use, far).min(axis=1))


def _excess(counted: Sequence[Counted], days: Bools, where: Columns) -> tuple[int, Ints]:
    """By how much the visits' least exceeds what is held, and the least of each kind."""
    least = _least(_use(counted, where, days), days, where)
    supply = sum(c.weight * c.holds for c in counted)
    return _sharpest(least, where.sizes, supply)


def _sharpest(least: Ints, sizes: Ints, supply: int) -> tuple[int, Ints]:
    """Each visit's least, capped where that proves the most visits missing."""
    best, chosen = 0.0, np.minimum(least, 1)
    for cap in sorted({int(n) for n in least if n > 0}):
        capped = np.minimum(least, cap)
        short = (int(capped @ sizes) - supply) / cap
        if short > best:
            best, chosen = short, capped
    return int(chosen @ sizes) - supply, chosen


def _apart(counted: list[Counted], days: Bools, where: Columns) -> list[list[Counted]]:
    """Counted stretches grouped by the kinds of visits they share."""
    _, least = _excess(counted, days, where)
    in_it = least > 0
    groups: list[tuple[set[int], list[Counted]]] = []
    for one in counted:
        takes = (one.holding.units[where.first] > 0) & (days[where.first] & one.days).any(axis=1) & in_it
        kinds, crowd = set(np.flatnonzero(takes).tolist()), [one]
        apart = []
        for other_kinds, other_crowd in groups:
            if kinds & other_kinds:
                kinds, crowd = kinds | other_kinds, other_crowd + crowd
            else:
                apart.append((other_kinds, other_crowd))
        groups = [*apart, (kinds, crowd)]
    return [crowd for _, crowd in groups]


def _missing(counted: Sequence[Counted], days: Bools, where: Columns) -> int:
    excess, least = _excess(counted, days, where)
    return -(-excess // int(least.max(initial=1))) if excess > 0 else 0


def _shortest(crowd: list[Counted], days: Bools, where: Columns) -> list[Counted]:
    """The part of the crowd that still proves as many missing: one holding alone if it can, no stretch too many."""
    target = _missing(crowd, days, where)
    if target <= 0:
        return []
    for holding in {id(c.holding): c.holding for c in crowd}.values():
        own = [c for c in crowd if c.holding is holding]
        if _missing(own, days, where) >= target:
            crowd = own
            break
    for one in sorted(crowd, key=lambda c: (-c.weight * c.holds, c.stretch)):
        fewer = [c for c in crowd if c is not one]
        if _missing(fewer, days, where) >= target:
            crowd = fewer
    common = gcd(*(c.weight for c in crowd))
    return [Counted(c.holding, c.stretch, c.weight // common) for c in crowd]


def _read(counted: list[Counted], days: Bools, where: Columns) -> ShortageProof:
    _, least = _excess(counted, days, where)
    claims = sorted((v, int(n)) for n, kind in zip(least, where.members, strict=True) for v in kind if n)
    return ShortageProof(tuple(v for v, _ in claims), tuple(n for _, n in claims), tuple(counted))
