"""How many from each stratum (数量分配): the question and its answer, as plain data without a database."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

CLASSES = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Stratum:
    """Class × district within a task (层): how many objects may be drawn, how many of them are honest.

    `patterns` counts the objects by the set of days on which they can be visited at all (index into the
    problem's day sets), for checks off site by the working days of their window; it sums to `size` where people are
    counted and may be empty otherwise.
    """

    task: str
    klass: str
    district: str
    size: int
    honest: int = 0
    patterns: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The stratum's name in pool.csv."""
        return f"{self.klass}-{self.district}" if self.district else self.klass


@dataclass(frozen=True)
class TaskCount:
    """One task's rates and bounds (任务比例). All shares are of the class's or task's eligible objects.

    `base` is the number the overall floor counts from: objects in business in the library, eligible or not. `desk`
    are the half-days of one person that a check takes if it is made in writing or online (书面、网络检查用时).
    """

    task: str
    name: str
    department: str
    rates: dict[str, float]
    lowest: dict[str, float] = field(default_factory=dict)
    highest: dict[str, float] = field(default_factory=dict)
    onsite: bool = True
    floor: float | None = None
    cap: float | None = None
    base: int | None = None
    full_classes: tuple[str, ...] = ()
    seats: int = 2
    halves: int = 1
    qualification: str | None = None
    desk: float = 0.0


@dataclass(frozen=True)
class Room:
    """Half-days of people on the days of some patterns (检查力量): own district's, and those who serve anywhere.

    Demand of objects that can *only* be visited on these days must fit in them (Hall's condition).
    """

    department: str
    qualification: str | None
    patterns: frozenset[int]
    days: str
    own: dict[str, float]
    anywhere: float
    own_further: dict[str, float] = field(default_factory=dict)
    anywhere_further: float = 0.0
    """Half-days that the same people, of a district or anywhere, would give on one more open working day."""

    @property
    def subject(self) -> str:
        """Whose people on which days, in words."""
        return f"{self.department}{'·' + self.qualification if self.qualification else ''} {self.days}"


@dataclass(frozen=True)
class CountProblem:
    """Everything that settles the numbers (分配问题). `basis` maps a rule's name to its citation."""

    strata: tuple[Stratum, ...]
    tasks: tuple[TaskCount, ...]
    honest_total: int = 0
    honest_disturbed: int = 0
    undisturbed_share: float | None = None
    rooms: tuple[Room, ...] = ()
    at_least_one: str = "class"
    raise_order: tuple[str, ...] = ("B", "C", "D", "A")
    half_days_a_day: int = 2
    basis: dict[str, str] = field(default_factory=dict)
    seconds: float = 10.0


@dataclass(frozen=True)
class Relief:
    """What would let the rules hold (缓解办法) and what it costs: `kind` is give_way, people, window, share, offsite."""

    kind: str
    amount: int
    unit: str
    sentence: str


@dataclass(frozen=True)
class Conflict:
    """One rule of a smallest set that cannot hold together: what it says, whence, and what would relieve it."""

    rule: str
    sentence: str
    basis: str
    relief: str
    subject: str = ""
    reliefs: tuple[Relief, ...] = ()


@dataclass(frozen=True)
class ClassCount:
    """A task's class: objects, the plan's number (rate, rounded up), the number settled, and why they differ."""

    task: str
    klass: str
    size: int
    planned: int
    count: int
    reason: str


@dataclass(frozen=True)
class Aim:
    """One of the lexicographic aims: value reached and the best provable bound."""

    name: str
    value: float
    bound: float
    status: str


@dataclass(frozen=True)
class Allocation:
    """The answer (分配结果). `counts` is empty exactly where `conflict` says why nothing is possible."""

    counts: dict[tuple[str, str], int]
    classes: tuple[ClassCount, ...] = ()
    aims: tuple[Aim, ...] = ()
    conflict: tuple[Conflict, ...] = ()
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Checks in all tasks together."""
        return sum(self.counts.values())


def at_least(share: float, size: int) -> int:
    """A floor in objects, rounded up and never short of the share (向上取整).

    >>> at_least(0.03, 40_065)
    1202
    """
    return math.ceil(Fraction(str(share)) * size)


def shortfall(published: int, share: float, size: int) -> str | None:
    """A sentence where a published number misses the floor by its rounding or by more (公布数量低于下限); else None.

    >>> shortfall(1200, 0.03, 40_065)
    '公布抽取 1200 户，是 40065 户的 2.9951%，低于 3% 的下限；向上取整应不少于 1202 户，还差 2 户。'
    """
    need = at_least(share, size)
    if published >= need:
        return None
    return (
        f"公布抽取 {published} 户，是 {size} 户的 {100 * published / size:.4f}%，低于 {share * 100:g}% 的下限；"
        f"向上取整应不少于 {need} 户，还差 {need - published} 户。"
    )


def at_most(share: float, size: int) -> int:
    """A ceiling in objects, rounded down.

    >>> at_most(0.1, 39)
    3
    """
    return math.floor(Fraction(str(share)) * size)
