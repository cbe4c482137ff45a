"""The whole dating problem as one integer program, for the peers that solve such: every half-day of every visit.

One row a rule, the same rules and prices as the neighbourhoods of scheduling/dates.py; only the exact matching of
people is missing, which no such program can state. As a bench of its own it has nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from scheduling.booking import UNPLACED, DateProblem

Terms = Iterable[tuple[int, float]]


@dataclass
class Program:
    """Columns with prices and upper limits (all integer, from 0), rows least <= sum <= most."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    rows: list[list[tuple[int, float]]] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    slots: dict[tuple[int, int], int] = field(default_factory=dict)
    missed: list[int] = field(default_factory=list)

    def column(self, cost: float, upper: float = 1.0) -> int:
        """A new column's number."""
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def row(self, terms: Terms, least: float, most: float) -> None:
        """One more rule."""
        self.rows.append(list(terms))
        self.least.append(least)
        self.most.append(most)

    def matrix(self) -> csr_array:
        """All rows, sparse."""
        at = np.repeat(np.arange(len(self.rows)), [len(r) for r in self.rows])
        to = np.array([c for row in self.rows for c, _ in row], dtype=np.int64)
        weight = np.array([w for row in self.rows for _, w in row], dtype=np.float64)
        return csr_array((weight, (at, to)), shape=(len(self.rows), len(self.cost)))

    def chosen(self, values: np.ndarray) -> list[int]:
        """Slot of every visit, UNPLACED where it has none."""
        found = [UNPLACED] * len(self.missed)
        for (v, slot), column in self.slots.items():
            if values[column] > 0.5:
                found[v] = slot
        return found


def own_slots(dates: DateProblem, v: int) -> list[int]:
    """Half-days the visit may stand in by itself; a whole-day visit is listed under its morning."""
    if dates.pin[v] != UNPLACED:
        slots = [int(dates.pin[v])] if dates.days[v, dates.pin[v] // 2] else []
    else:
        halves = (0,) if dates.halves[v] == 2 else (0, 1)
        slots = [2 * int(d) + h for d in np.flatnonzero(dates.days[v]) for h in halves]
    width = int(dates.halves[v])
    return [s for s in slots if (dates.demand[v][:, None] <= dates.capacity[:, s : s + width]).all()]


def whole_program(dates: DateProblem) -> Program:
    """The program of all visits and all days."""
    program = Program()
    for v in range(dates.size):
        for slot in own_slots(dates, v):
            price = float(dates.cost[v, slot // 2] + dates.tie[v, slot // 2])
            program.slots[v, slot] = program.column(price)
        program.missed.append(program.column(float(dates.unplaced[v])))
    one_date_each(program)
    used = standing(program, dates)
    capacity(program, dates, used)
    whole_days(program, dates)
    workload(program, dates, used)
    spacing(program, dates)
    clusters(program, dates)
    return program


def one_date_each(program: Program) -> None:
    """Every visit once, or missed."""
    own: dict[int, list[int]] = defaultdict(list)
    for (v, _), column in program.slots.items():
        own[v].append(column)
    for v, missed in enumerate(program.missed):
        program.row([(c, 1.0) for c in (*own[v], missed)], 1.0, 1.0)


def standing(program: Program, dates: DateProblem) -> dict[tuple[int, int], list[tuple[int, float]]]:
    """Seats asked of each Hall row in each half-day, by column."""
    used: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    for (v, slot), column in program.slots.items():
        for row in map(int, np.flatnonzero(dates.demand[v])):
            for s in range(slot, slot + int(dates.halves[v])):
                used[row, s].append((column, float(dates.demand[v, row])))
    return used


def capacity(
    program: Program, dates: DateProblem, used: dict[tuple[int, int], list[tuple[int, float]]]
) -> None:
    """Hall: seats asked of a set of qualifications do not outnumber its holders."""
    for (row, slot), terms in used.items():
        if sum(n for _, n in terms) > dates.capacity[row, slot]:
            program.row(terms, -np.inf, float(dates.capacity[row, slot]))


def whole_days(program: Program, dates: DateProblem) -> None:
    """Seats of whole-day visits do not outnumber those who are there in both halves."""
    used: dict[tuple[int, int], list[tuple[int, float]]] = defaultdict(list)
    for (v, slot), column in program.slots.items():
        if dates.halves[v] == 2:
            for row in map(int, np.flatnonzero(dates.demand[v])):
                used[row, slot // 2].append((column, float(dates.demand[v, row])))
    for (row, day), terms in used.items():
        if sum(n for _, n in terms) > dates.whole[row, day]:
            program.row(terms, -np.inf, float(dates.whole[row, day]))


def workload(
    program: Program, dates: DateProblem, used: dict[tuple[int, int], list[tuple[int, float]]]
) -> None:
    """Seats that fall on people with a limited workload stay within what they may be given."""
    for limit in dates.limits:
        extras = []
        for slot in range(2 * len(dates.dates)):
            terms = used.get((limit.row, slot), [])
            if sum(n for _, n in terms) > limit.free[slot]:
                extra = program.column(0.0, float(dates.capacity[limit.row, slot]))
                program.row([*terms, (extra, -1.0)], -np.inf, float(limit.free[slot]))
                extras.append((extra, 1.0))
        program.row(extras, -np.inf, float(limit.most))


def spacing(program: Program, dates: DateProblem) -> None:
    """Visits to one object keep their distance."""
    days: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (v, slot), column in program.slots.items():
        days[v][slot // 2].append(column)
    for v, others in dates.siblings().items():
        for w in (w for w in others if w > v):
            for day, mine in days[v].items():
                near = [c for d, cs in days[w].items() if dates.too_close(v, day, w, d) for c in cs]
                if near:
                    program.row([(c, 1.0) for c in (*mine, *near)], -np.inf, 1.0)


def clusters(program: Program, dates: DateProblem) -> None:
    """At most so many visits a day in a park or street, and a price for opening it on one more day."""
    at: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for (v, slot), column in program.slots.items():
        at[int(dates.cluster[v]), slot // 2][v].append(column)
    for visits in at.values():
        opened = program.column(float(dates.open_cost))
        columns = [c for own in visits.values() for c in own]
        if len(visits) > dates.cluster_cap:
            program.row([(c, 1.0) for c in columns], -np.inf, float(dates.cluster_cap))
        for own in visits.values():
            program.row([*((c, 1.0) for c in own), (opened, -1.0)], -np.inf, 0.0)
