"""Dates (排期): which day and half-day each visit gets. CP-SAT on small neighbourhoods, one method a rule.

A whole county in one time-indexed model is hopeless (5.7 times the bound after ten minutes), so the search starts
from the relaxation's plan and solves a neighbourhood at a time: some visits free, all others fixed, exact within it
for the days worth most. The model is anonymous: it knows capacities, never names. An answer is taken only if its
days can also be staffed by distinct people; where they cannot, the visits in conflict become a cut.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from ortools.sat.python import cp_model

from scheduling.booking import UNIT, UNPLACED, Booking, common_step
from scheduling.bound import Floats
from scheduling.capacity import Ints, Limit
from scheduling.staffing import Dated

MOST_SLOTS = 16
ATTEMPTS = 3


@dataclass(frozen=True, eq=False)
class Focus:
    """What a neighbourhood looks at (求解侧重): `reduced` prices [V, D] choose the days worth offering.

    `coarse` sees earliness alone, in its own steps, so that hundreds of visits can be free; otherwise cluster-days
    and tickets are priced too. `effort` is CP-SAT's deterministic time.
    """

    reduced: Floats
    coarse: bool
    effort: float


@dataclass(frozen=True)
class Cut:
    """Visits that cannot all stand in these slots of a day: distinct people are too few (派员不足)."""

    day: int
    dated: tuple[Dated, ...]


class DateModel:
    """Dates of the `free` visits, given the booking of all others (局部排期模型)."""

    def __init__(self, booking: Booking, stay: dict[int, int], focus: Focus, cuts: Sequence[Cut] = ()):
        self.booking, self.stay, self.free, self.focus = booking, stay, list(stay), focus
        self.problem = booking.problem
        self.step = common_step(self.problem)
        if not focus.coarse:
            self.step = math.gcd(self.step, self.problem.open_cost)
        self.model = cp_model.CpModel()
        self.x: dict[tuple[int, int], cp_model.IntVar] = {}
        self.missed: dict[int, cp_model.IntVar] = {}
        self.prices: list[tuple[cp_model.IntVar, int]] = []
        self.open_day_and_window()
        self.one_date_each()
        self.capacity_by_qualification()
        self.whole_days_by_qualification()
        self.workload_by_qualification()
        self.spacing_between_visits()
        self.visits_per_cluster_and_day()
        self.staffable(cuts)
        self.model.minimize(_sum(self.prices))

    def open_day_and_window(self) -> None:
        """A variable only where the visit may stand at all, and only for the half-days most worth offering."""
        problem = self.problem
        for v in self.free:
            slots = np.flatnonzero(self.booking.allowed(v, problem.capacity))
            days = slots // 2
            offered = (self._worth if self.focus.coarse else self._near)(v, days)[:MOST_SLOTS]
            prices = problem.cost[v, days] // self.step
            for n in dict.fromkeys([*offered.tolist(), *np.flatnonzero(slots == self.stay[v]).tolist()]):
                key = (v, int(slots[n]))
                self.x[key] = self.model.new_bool_var("")
                self.prices.append((self.x[key], int(prices[n])))

    def _worth(self, v: int, days: Ints) -> Ints:
        """Order of these days by what they are worth to earliness; among equals the tickets choose."""
        worth = np.floor(self.focus.reduced[v, days] / (UNIT / 4))
        return np.lexsort((self.problem.lot[v, days], worth))

    def _near(self, v: int, days: Ints) -> Ints:
        """Days for travel, none later than now: the nearest in price, of these where the cluster is visited anyway."""
        problem, slot = self.problem, self.stay[v]
        costs = problem.cost[v, days]
        now = problem.cost[v, slot // 2] if slot != UNPLACED else problem.cost[v].min()
        closed = self.booking.clusters[problem.cluster[v], days] == 0
        order = np.lexsort((problem.lot[v, days], closed, np.abs(costs - now)))
        return order if slot == UNPLACED else order[costs[order] <= now]

    def keep(self) -> None:
        """Hint the dates the visits had, so that the search never starts from nothing."""
        for (v, slot), var in self.x.items():
            self.model.add_hint(var, self.stay[v] == slot)
        for v, var in self.missed.items():
            self.model.add_hint(var, (v, self.stay[v]) not in self.x)

    def one_date_each(self) -> None:
        """Every visit once, or missed at its price."""
        own: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for (v, _), var in self.x.items():
            own[v].append(var)
        for v in self.free:
            self.missed[v] = self.model.new_bool_var("")
            self.model.add_exactly_one([*own[v], self.missed[v]])
            self.prices.append((self.missed[v], int(self.problem.unplaced[v]) // self.step))

    def capacity_by_qualification(self) -> None:
        """Hall: in every half-day, seats asked of a set of qualifications do not outnumber its holders."""
        problem = self.problem
        left = problem.capacity - self.booking.load
        terms: dict[tuple[int, int], list[tuple[cp_model.IntVar, int]]] = defaultdict(list)
        for (v, slot), var in self.x.items():
            for row in map(int, np.flatnonzero(problem.demand[v])):
                for s in (slot, slot + 1) if problem.halves[v] == 2 else (slot,):
                    terms[row, s].append((var, int(problem.demand[v, row])))
        for (row, s), used in terms.items():
            if sum(n for _, n in used) > left[row, s]:
                self.model.add(_sum(used) <= int(left[row, s]))

    def whole_days_by_qualification(self) -> None:
        """Whole-day visits of a day find enough people who are there in both halves."""
        problem = self.problem
        left = problem.whole - self.booking.whole
        terms: dict[tuple[int, int], list[tuple[cp_model.IntVar, int]]] = defaultdict(list)
        for (v, slot), var in self.x.items():
            if problem.halves[v] == 2:
                for row in map(int, np.flatnonzero(problem.demand[v])):
                    terms[row, slot // 2].append((var, int(problem.demand[v, row])))
        for (row, day), used in terms.items():
            if sum(n for _, n in used) > left[row, day]:
                self.model.add(_sum(used) <= int(left[row, day]))

    def workload_by_qualification(self) -> None:
        """Seats that fall on people with a limited workload stay within what they may still be given."""
        standing: dict[int, list[tuple[int, cp_model.IntVar]]] = defaultdict(list)
        for (v, slot), var in self.x.items():
            for s in (slot, slot + 1) if self.problem.halves[v] == 2 else (slot,):
                standing[s].append((v, var))
        for k, limit in enumerate(self.problem.limits):
            self._keep_limit(k, limit, standing)

    def _keep_limit(
        self, k: int, limit: Limit, standing: dict[int, list[tuple[int, cp_model.IntVar]]]
    ) -> None:
        room, extras = self.booking.left(k), []
        for s, here in standing.items():
            used = [(var, n) for v, var in here if (n := int(self.problem.demand[v, limit.row]))]
            spare = int(limit.free[s] - self.booking.load[limit.row, s])
            if sum(n for _, n in used) <= spare:
                continue
            room += self.booking.beyond(k, s)
            extra = self.model.new_int_var(0, int(self.problem.capacity[limit.row, s]), "")
            self.model.add(extra >= _sum(used) - spare)
            extras.append(extra)
        if extras:
            self.model.add(sum(extras) <= room)

    def spacing_between_visits(self) -> None:
        """Two visits to one object keep their distance (spacing from fixed ones is in the variables)."""
        days: dict[int, dict[int, list[cp_model.IntVar]]] = defaultdict(lambda: defaultdict(list))
        for (v, slot), var in self.x.items():
            days[v][slot // 2].append(var)
        for v in self.free:
            for w in self.booking.siblings.get(v, ()):
                if v < w and w in days:
                    for day, mine in days[v].items():
                        near = [
                            x for d, xs in days[w].items() if self.problem.too_close(v, day, w, d) for x in xs
                        ]
                        if near:
                            self._not_both(mine, near)

    def _not_both(self, mine: list[cp_model.IntVar], near: list[cp_model.IntVar]) -> None:
        there = self.model.new_bool_var("")
        for var in mine:
            self.model.add_implication(var, there)
        for var in near:
            self.model.add_implication(var, ~there)

    def visits_per_cluster_and_day(self) -> None:
        """At most so many visits a day in one park or street, and a price for opening it on one more day."""
        problem = self.problem
        standing: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
        for (v, slot), var in self.x.items():
            standing[int(problem.cluster[v]), slot // 2].append(var)
        for (cluster, day), here in standing.items():
            fixed = int(self.booking.clusters[cluster, day])
            if fixed + len(here) > problem.cluster_cap:
                self.model.add(sum(here) <= problem.cluster_cap - fixed)
            if not fixed and problem.open_cost and not self.focus.coarse:
                opened = self.model.new_bool_var("")
                for var in here:
                    self.model.add_implication(var, opened)
                self.prices.append((opened, problem.open_cost // self.step))

    def staffable(self, cuts: Sequence[Cut]) -> None:
        """Cuts from the exact matching: these visits not all together again."""
        for cut in cuts:
            together: list[cp_model.IntVar] = []
            for one in cut.dated:
                slot = 2 * one.day + one.halves[0]
                if one.visit in self.missed:
                    if (one.visit, slot) not in self.x:
                        together = []
                        break
                    together.append(self.x[one.visit, slot])
            if together:
                self.model.add_bool_or([~var for var in together])

    def solve(self, seed: int, wall: float) -> tuple[dict[int, int] | None, bool]:
        """Slots of the free visits (UNPLACED where missed), None if nothing was found; and whether it is proved best."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        # With few workers CP-SAT leaves the LP out unless told; assignment models need it (stack.md).
        solver.parameters.linearization_level = 2
        solver.parameters.max_deterministic_time = self.focus.effort
        solver.parameters.max_time_in_seconds = wall
        solver.parameters.random_seed = seed
        solver.parameters.catch_sigint_signal = False  # Ctrl-C is the caller's: see Stop.ended
        solver.parameters.relative_gap_limit = 1e-5
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, status == cp_model.INFEASIBLE
        chosen = dict.fromkeys(self.free, UNPLACED)
        chosen |= {v: slot for (v, slot), var in self.x.items() if solver.boolean_value(var)}
        return chosen, status == cp_model.OPTIMAL


def _sum(terms: Sequence[tuple[cp_model.IntVar, int]]) -> cp_model.LinearExpr:
    return cp_model.LinearExpr.weighted_sum([x for x, _ in terms], [n for _, n in terms])


class Outcome(NamedTuple):
    """What a neighbourhood came to (局部求解结果): whether the plan changed, and whether its answer was proved best."""

    changed: bool
    proved: bool


def improve(booking: Booking, free: Sequence[int], focus: Focus, seed: int, wall: float) -> Outcome:
    """Solve one neighbourhood and keep the answer if it is staffable and no worse: earliness first, then the rest."""
    before = {v: int(booking.slot[v]) for v in free}
    value = booking.rank()
    _take_back(booking, free)
    cuts: list[Cut] = []
    proved = False
    for attempt in range(ATTEMPTS):
        model = DateModel(booking, before, focus, cuts)
        model.keep()
        chosen, proved = model.solve(seed, wall)
        if chosen is None:
            break
        _place(booking, chosen)
        fresh = _cuts(booking, {slot // 2 for slot in chosen.values() if slot != UNPLACED})
        if fresh and attempt == ATTEMPTS - 1:
            _take_back(booking, free)
            _place_staffed(booking, chosen)
            fresh = []
        if not fresh and booking.rank() <= value:
            return Outcome(any(booking.slot[v] != before[v] for v in free), proved)
        _take_back(booking, free)
        if not fresh:
            break
        cuts += fresh
    _place(booking, before)
    return Outcome(False, proved)


def _place_staffed(booking: Booking, slots: dict[int, int]) -> None:
    """What can be staffed of an answer that cannot, the dearest visits first; the rest at their next best slot."""
    problem = booking.problem
    for v in sorted(slots, key=lambda v: (-int(problem.unplaced[v]), v)):
        allowed = np.flatnonzero(booking.allowed(v, problem.capacity))
        prices = np.where(allowed == slots[v], -1, problem.cost[v, allowed // 2])
        for n in np.lexsort((problem.lot[v, allowed // 2], prices))[:MOST_SLOTS]:
            if booking.staffed(v, int(allowed[n])):
                booking.place(v, int(allowed[n]))
                break


def _place(booking: Booking, slots: dict[int, int]) -> None:
    for v, slot in slots.items():
        if slot != UNPLACED:
            booking.place(v, slot)


def _take_back(booking: Booking, free: Sequence[int]) -> None:
    for v in free:
        if booking.slot[v] != UNPLACED:
            booking.remove(v)


def _cuts(booking: Booking, days: set[int]) -> list[Cut]:
    found = []
    for day in sorted(days):
        dated = [Dated(v, day, booking.halves(v)) for v in sorted(booking.on_day[day])]
        if short := set(booking.problem.short(day, dated, None)):
            found.append(Cut(day, tuple(one for one in dated if one.visit in short)))
    return found
