"""Dates (排期): which day and half-day each visit gets. CP-SAT on small neighbourhoods, one method a rule.

A whole county in one time-indexed model is hopeless (5.7 times the bound after ten minutes), so the search starts
from the relaxation's plan and solves a neighbourhood at a time: a hundred visits free, all others fixed, exact
within it. The model is anonymous: it knows capacities, never names. A neighbourhood's answer is taken only if
its days can also be staffed by distinct people; where they cannot, the visits in conflict become a cut.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from scheduling.booking import UNPLACED, Booking
from scheduling.capacity import Limit
from scheduling.staffing import Dated

MOST_SLOTS = 16
EFFORT = 0.05
DAYS_FREED = 3
ATTEMPTS = 3


@dataclass(frozen=True)
class Cut:
    """Visits that cannot all stand in these slots of a day: distinct people are too few (派员不足)."""

    day: int
    dated: tuple[Dated, ...]


class DateModel:
    """Dates of the `free` visits, given the booking of all others (局部排期模型)."""

    def __init__(self, booking: Booking, stay: dict[int, int], cuts: Sequence[Cut] = ()):
        self.booking, self.stay, self.free = booking, stay, list(stay)
        self.problem = booking.problem
        self.model = cp_model.CpModel()
        self.x: dict[tuple[int, int], cp_model.IntVar] = {}
        self.missed: dict[int, cp_model.IntVar] = {}
        self.prices: list[tuple[cp_model.IntVar, int]] = []
        self.open_day_and_window()
        self.one_date_each()
        self.capacity_by_qualification()
        self.workload_by_qualification()
        self.spacing_between_visits()
        self.visits_per_cluster_and_day()
        self.staffable(cuts)
        self.model.minimize(_sum(self.prices))

    def open_day_and_window(self) -> None:
        """A variable only where the visit may stand at all: open day, window, spacing from fixed visits."""
        problem = self.problem
        for v in self.free:
            slots = np.flatnonzero(self.booking.allowed(v, problem.capacity))
            prices = problem.cost[v, slots // 2] + problem.tie[v, slots // 2]
            cheapest = np.argsort(prices, kind="stable")[:MOST_SLOTS]
            for n in {*cheapest.tolist(), *np.flatnonzero(slots == self.stay[v]).tolist()}:
                key = (v, int(slots[n]))
                self.x[key] = self.model.new_bool_var("")
                self.prices.append((self.x[key], int(prices[n])))

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
            self.prices.append((self.missed[v], int(self.problem.unplaced[v])))

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
            if not fixed and problem.open_cost:
                opened = self.model.new_bool_var("")
                for var in here:
                    self.model.add_implication(var, opened)
                self.prices.append((opened, problem.open_cost))

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

    def solve(self, effort: float, seed: int, wall: float) -> dict[int, int] | None:
        """Slots of the free visits (UNPLACED where missed); None if nothing was found within the effort."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        # With few workers CP-SAT leaves the LP out unless told; assignment models need it (stack.md).
        solver.parameters.linearization_level = 2
        solver.parameters.max_deterministic_time = effort
        solver.parameters.max_time_in_seconds = wall
        solver.parameters.random_seed = seed
        solver.parameters.catch_sigint_signal = False  # Ctrl-C is the caller's: see Stop.ended
        solver.parameters.relative_gap_limit = 1e-5
        if solver.solve(self.model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        chosen = dict.fromkeys(self.free, UNPLACED)
        chosen |= {v: slot for (v, slot), var in self.x.items() if solver.boolean_value(var)}
        return chosen


def _sum(terms: Sequence[tuple[cp_model.IntVar, int]]) -> cp_model.LinearExpr:
    return cp_model.LinearExpr.weighted_sum([x for x, _ in terms], [n for _, n in terms])


def neighbourhoods(booking: Booking, rng: random.Random, size: int) -> Iterator[list[int]]:
    """Endless groups of visits to free together: one that is missing or late with what blocks it, or clusters."""
    problem = booking.problem
    movable = [v for v in range(problem.size) if problem.pin[v] == UNPLACED and problem.days[v].any()]
    best = np.where(problem.days, problem.cost, np.iinfo(np.int64).max).min(axis=1)
    turn = 0
    while movable:
        turn += 1
        missing = [v for v in movable if booking.slot[v] == UNPLACED]
        late = [
            v for v in movable if booking.slot[v] == UNPLACED or problem.cost[v, booking.day(v)] > best[v]
        ]
        if missing and turn % 2:
            yield _around(booking, rng, late, rng.choice(missing), size)
        elif late and turn % 4:
            yield _around(booking, rng, late, rng.choice(late), size)
        else:
            yield _around_clusters(booking, rng, movable, size)


def _pick(rng: random.Random, near: Sequence[int], size: int) -> list[int]:
    return sorted(rng.sample(list(near), min(size, len(near))))


def _around(booking: Booking, rng: random.Random, late: Sequence[int], v: int, size: int) -> list[int]:
    """A late visit, those who stand on a few days it would rather have, and others who want these days too."""
    problem = booking.problem
    placed = booking.slot[v] != UNPLACED
    limit = problem.cost[v, booking.day(v)] if placed else np.iinfo(np.int64).max
    wanted = np.flatnonzero(problem.days[v] & (problem.cost[v] < limit))
    rows = problem.demand[v] > 0
    chosen = {v, *(w for w in booking.siblings.get(v, ()) if problem.pin[w] == UNPLACED)}
    for day in rng.sample(wanted.tolist(), min(DAYS_FREED, len(wanted))):
        standing = [
            w
            for w in sorted(booking.on_day[day])
            if problem.pin[w] == UNPLACED and (problem.demand[w][rows] > 0).any()
        ]
        chosen.update(_pick(rng, standing, max(0, size - len(chosen))))
    others = [
        w for w in late if w not in chosen and problem.days[w, wanted].any() and problem.demand[w][rows].any()
    ]
    return sorted({*chosen, *_pick(rng, others, max(0, min(size // 4, size - len(chosen))))})


def _around_clusters(booking: Booking, rng: random.Random, movable: list[int], size: int) -> list[int]:
    """The visits of a few clusters, so that they can share days."""
    problem = booking.problem
    members: dict[int, list[int]] = defaultdict(list)
    for v in movable:
        members[int(problem.cluster[v])].append(v)
    chosen: list[int] = []
    for cluster in rng.sample(sorted(members), len(members)):
        if len(chosen) >= size:
            break
        chosen += _pick(rng, members[cluster], size - len(chosen))
    return sorted(chosen)


def improve(booking: Booking, free: Sequence[int], seed: int, wall: float, effort: float = EFFORT) -> bool:
    """Solve one neighbourhood and keep the answer if it is no worse and staffable; True if something changed."""
    before = {v: int(booking.slot[v]) for v in free}
    value = booking.value()
    _take_back(booking, free)
    cuts: list[Cut] = []
    for attempt in range(ATTEMPTS):
        model = DateModel(booking, before, cuts)
        model.keep()
        chosen = model.solve(effort, seed, wall)
        if chosen is None:
            break
        _place(booking, chosen)
        fresh = _cuts(booking, {slot // 2 for slot in chosen.values() if slot != UNPLACED})
        if fresh and attempt == ATTEMPTS - 1:
            _take_back(booking, free)
            _place_staffed(booking, chosen)
            fresh = []
        if not fresh and booking.value() <= value:
            return any(booking.slot[v] != before[v] for v in free)
        _take_back(booking, free)
        if not fresh:
            break
        cuts += fresh
    _place(booking, before)
    return False


def _place_staffed(booking: Booking, slots: dict[int, int]) -> None:
    """What can be staffed of an answer that cannot, the dearest visits first; the rest at their next best slot."""
    problem = booking.problem
    for v in sorted(slots, key=lambda v: (-int(problem.unplaced[v]), v)):
        allowed = np.flatnonzero(booking.allowed(v, problem.capacity))
        prices = np.where(
            allowed == slots[v], -1, problem.cost[v, allowed // 2] + problem.tie[v, allowed // 2]
        )
        for n in np.argsort(prices, kind="stable")[:MOST_SLOTS]:
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
