"""Estimates of problem rates (问题率估计) from what chance picked: unbiased, with intervals that hold.

Every drawn object is in with probability count / size of its stratum, so the drawn results speak for the whole
pool (Horvitz and Thompson 1952), unlike the share of problems among all inspected, most of whom were picked.
One stratum: exact hypergeometric interval (Konijn 1973). Several: a beta interval on the effective sample
(Korn and Graubard 1998), each stratum's variance smoothed so that a stratum without a finding is not certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.stats import beta, hypergeom

TIE = 1e-9
"""Tails are sums of fractions: one that is exactly at the limit must not fall to a rounding."""
SMOOTHING = 0.5
"""Jeffreys' half a problem and half a clean object, in variances only: the estimate itself is not moved."""


@dataclass(frozen=True)
class Cell:
    """Objects of one stratum that belong to one group (a class, a district, a trade).

    population: objects in the frozen pool; drawn: picked by the lottery; concluded: of these, checked with a result
    that says something; problems: of these, with a problem. lender: the cell of its whole stratum or class, where
    nobody of its own was concluded.
    """

    population: int
    drawn: int
    concluded: int
    problems: int
    lender: Cell | None = None

    @property
    def told(self) -> Cell:
        """The cell whose results speak for this one."""
        return self.lender or self

    @property
    def rate(self) -> float:
        """Share of problems among the concluded."""
        return self.told.problems / self.told.concluded


@dataclass(frozen=True)
class Estimate:
    """A problem rate with its interval. `rate` None: nothing was concluded.

    exact: the hypergeometric interval of one stratum; else approximate. unanswered: drawn but not concluded, taken
    to be like the others of their cell. worst: the rates if none, or all, of those had a problem.
    borrowed: objects of the pool for whom their whole stratum or class had to speak.
    """

    group: str
    population: int
    drawn: int
    concluded: int
    problems: int
    rate: float | None
    low: float
    high: float
    exact: bool
    unanswered: int
    worst: tuple[float, float]
    borrowed: int


def estimate(group: str, cells: Sequence[Cell], level: float) -> Estimate:
    """The problem rate of a group from its cells, at a confidence level (0.95: two sides of 2.5 %)."""
    population, drawn, concluded, problems = (
        sum(getattr(cell, name) for cell in cells)
        for name in ("population", "drawn", "concluded", "problems")
    )
    borrowed = sum(cell.population for cell in cells if cell.lender)
    usable = [cell for cell in cells if cell.population and cell.told.concluded]
    heard = sum(cell.population for cell in usable)
    if heard < population or not population:
        nothing = (None, 0.0, 1.0, False, drawn - concluded, (0.0, 1.0), borrowed)
        return Estimate(group, population, drawn, concluded, problems, *nothing)
    rate = sum(cell.population * cell.rate for cell in usable) / population
    alone = len(usable) == 1 and not borrowed
    low, high = _exact(usable[0], level) if alone else _effective(usable, population, rate, level)
    worst = (_if_the_rest_had(cells, population, 0), _if_the_rest_had(cells, population, 1))
    return Estimate(
        group, population, drawn, concluded, problems, rate, low, high, alone, drawn - concluded, worst, borrowed
    )  # fmt: skip


def _exact(cell: Cell, level: float) -> tuple[float, float]:
    low, high = problem_bounds(cell.population, cell.concluded, cell.problems, level)
    return low / cell.population, high / cell.population


def problem_bounds(population: int, sample: int, problems: int, level: float) -> tuple[int, int]:
    """Exact bounds of how many of a population have a problem, from a simple random sample without replacement.

    All numbers that neither tail of the hypergeometric law refuses at (1 - level) / 2; one exactly there is kept.
    """
    tail = (1 - level) / 2 - TIE
    surely, at_most = problems, population - (sample - problems)

    def too_few(number: int) -> bool:
        return bool(hypergeom.sf(problems - 1, population, number, sample) < tail)

    def too_many(number: int) -> bool:
        return bool(hypergeom.cdf(problems, population, number, sample) < tail)

    low = _first(surely, at_most, lambda number: not too_few(number)) if problems else 0
    high = _first(low, at_most + 1, too_many) - 1 if problems < sample else at_most
    return low, max(low, high)


def _first(start: int, end: int, holds: Callable[[int], bool]) -> int:
    """The first number of [start, end] for which a condition, once true for ever true, holds; `end` if for none."""
    while start < end:
        middle = (start + end) // 2
        start, end = (start, middle) if holds(middle) else (middle + 1, end)
    return start


def _effective(cells: Sequence[Cell], population: int, rate: float, level: float) -> tuple[float, float]:
    variance = smooth = 0.0
    for cell in cells:
        share = cell.population / population
        likely = (cell.told.problems + SMOOTHING) / (cell.told.concluded + 2 * SMOOTHING)
        unseen = 1 - cell.concluded / cell.population
        variance += share**2 * unseen * likely * (1 - likely) / cell.told.concluded
        smooth += share * likely
    if variance == 0:
        return rate, rate
    size = smooth * (1 - smooth) / variance
    tail, found = (1 - level) / 2, size * rate
    low = float(beta.ppf(tail, found, size - found + 1)) if rate > 0 else 0.0
    high = float(beta.ppf(1 - tail, found + 1, size - found)) if rate < 1 else 1.0
    return low, high


def _if_the_rest_had(cells: Sequence[Cell], population: int, outcome: int) -> float:
    total = 0.0
    for cell in (each for each in cells if each.population):
        told = cell.told
        total += cell.population * (told.problems + outcome * (told.drawn - told.concluded)) / told.drawn
    return total / population
