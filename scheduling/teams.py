"""Probabilities of the team lottery (检查人员概率表): who may be sent to which visit, before any seed exists.

Max-min fair first: the smallest ratio of probability to equal share is raised as far as qualifications,
half-days and workload caps allow (as LEXIMIN does for citizens' assemblies: Flanigan, Gölz, Gupta, Hennig
and Procaccia 2021), by max-flow with a certificate from its minimum cut. Then the rest is evened out by a
convex min-cost flow. Chance realises the table in scheduling/rounding.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import max_flow, min_cost_flow
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from scheduling.shortage import TeamShortage, find_shortage
from scheduling.team_table import Seat, SeatGroup, Staff, TeamTable, check_groups, team_table_hash

__all__ = ["SeatGroup", "Staff", "TeamShortage", "TeamTable", "publish_probabilities", "team_table_hash"]

# Divisible by every number up to 20, so that equal shares among up to 20 inspectors are exact.
DENOMINATOR = 232_792_560
# The bound is kept as a fraction over this, rounded up: it stays a valid upper bound.
_BOUND_GRID = 10**12
# Ratios to the equal share between which the cost of one more unit is constant, in the first pass.
_RATIOS = (0.5, 1.0, 1.5, 2.0, 4.0)
# Half-widths of the later passes, each finer around the pass before.
_REFINEMENTS = (0.3, 0.1, 0.03, 0.01, 0.003)
_STEPS = np.array([-1.0, 0.0, 1.0])
_COST_SCALE = 1000
# Most leximin levels, seats x levels in all, and how near two levels are taken as one.
_LEVELS = 30
_LEVEL_SEATS = 3_000_000
# Most repeated passes of the convex flow, and seats x passes in all.
_PASSES = 40
_PASS_SEATS = 600_000
_LEVEL_STEP = Fraction(1, 10_000)

Ints = NDArray[np.int64]


def publish_probabilities(groups: Iterable[SeatGroup], staff: Iterable[Staff]) -> TeamTable:
    """The table to commit before the seed (公布概率表), as integers over one denominator.

    Every group gets its need, nobody two seats in a slot or more seats than the cap. `bound` of the result
    is the certified best reachable smallest ratio of probability to equal share (need / eligible), and
    `achieved` the smallest ratio in the table. Raises DrawFault for bad input and TeamShortage, naming the
    smallest set of groups that cannot be manned, where the demand cannot be met.
    """
    crowd = tuple(sorted(Staff(*person) for person in staff))
    wanted = tuple(sorted(SeatGroup(*group) for group in groups))
    check_groups(wanted, crowd)
    if not wanted:
        return TeamTable(DENOMINATOR, crowd, (), {}, Fraction(1))
    parts = [(part, _Network(part, crowd)) for part in _parts(wanted)]
    starved = [part[number] for part, network in parts for number in network.starved()]
    if starved:
        raise find_shortage(tuple(starved), crowd)
    seats = sum(len(network.person) for _, network in parts)
    bound, chances = Fraction(1), dict[Seat, int]()
    for part, network in parts:
        reached, least = network.raise_smallest(seats)
        own = [(group.id, name) for group in part for name in sorted(group.eligible)]
        chances |= zip(own, network.even_out(least, seats).tolist(), strict=True)
        bound = min(bound, reached)
    return TeamTable(DENOMINATOR, crowd, wanted, chances, bound)


def _parts(groups: tuple[SeatGroup, ...]) -> list[tuple[SeatGroup, ...]]:
    """Groups that share no people, directly or through others, settled apart: most often one part a department.

    No flow runs from one part to another, so the bound of the whole is the smallest of theirs, and several small
    flows are much faster than one.
    """
    people = {name: n for n, name in enumerate(dict.fromkeys(n for g in groups for n in g.eligible))}
    rows = _ints(number for number, group in enumerate(groups) for _ in group.eligible)
    columns = _ints(people[name] for group in groups for name in group.eligible)
    links = coo_array(
        (np.ones(len(rows), bool), (rows, len(groups) + columns)), shape=(len(groups) + len(people),) * 2
    )
    _, labels = connected_components(links, directed=False)
    found: dict[int, list[SeatGroup]] = {}
    for label, group in zip(labels[: len(groups)].tolist(), groups, strict=True):
        found.setdefault(label, []).append(group)
    return [tuple(part) for part in found.values()]


class _Network:
    """The flow inspector -> inspector in a slot -> group over all seats, as arrays.

    One entry per seat (group and eligible inspector): `person`, `place` (inspector in a slot) and `group`
    are indices; `kind` numbers the distinct (need, number eligible) pairs that fix the equal share.
    """

    def __init__(self, groups: tuple[SeatGroup, ...], staff: tuple[Staff, ...]) -> None:
        named = {name for group in groups for name in group.eligible}
        staff = tuple(person for person in staff if person.id in named)
        index = {person.id: number for number, person in enumerate(staff)}
        places: dict[tuple[str, str], int] = {}
        kinds: dict[tuple[int, int], int] = {}
        person, place, group_of, kind = [], [], [], []
        for number, group in enumerate(groups):
            for name in sorted(group.eligible):
                person.append(index[name])
                place.append(places.setdefault((name, group.slot), len(places)))
                group_of.append(number)
                kind.append(kinds.setdefault((group.need, len(group.eligible)), len(kinds)))
        self.person, self.place, self.group, self.kind = map(_ints, (person, place, group_of, kind))
        self.kinds = list(kinds)
        self.owner = _ints([index[name] for name, _ in places])
        self.cap = _ints([min(member.cap, len(groups)) for member in staff])
        self.need = _ints([group.need for group in groups])
        self.share = np.array([need * DENOMINATOR / size for need, size in self.kinds])[self.kind]

    def starved(self) -> list[int]:
        """Indices of the groups that a maximum flow cannot man, with those that compete with them."""
        side = self._source_side(np.zeros(len(self.person), np.int64))
        return [] if side is None else np.flatnonzero(~side[-len(self.need) :]).tolist()

    def raise_smallest(self, seats: int) -> tuple[Fraction, Ints]:
        """The certified bound and lower limits on every seat that reach it up to integer rounding.

        Level by level (leximin): seats that a tight cut holds at the smallest ratio are fixed there, and the
        smallest ratio among the others is raised next; at most up to the equal share, and in large cases
        for fewer levels, because the convex flow evens out what is left; `seats` are those of all parts together.
        """
        least, bound = np.full(len(self.person), -1, np.int64), Fraction(1)
        for level in range(max(1, min(_LEVELS, _LEVEL_SEATS // seats))):
            reached, ratio, limits = self._raise_level(least)
            bound = reached if level == 0 else bound
            held = (least < 0) & self._held(least, ratio)
            if ratio >= 1 or not held.any():
                return bound, limits
            least[held] = limits[held]
        return bound, limits

    def _raise_level(self, fixed: Ints) -> tuple[Fraction, Fraction, Ints]:
        """Bound, reached ratio and limits when all seats that are not `fixed` (-1) rise together.

        Newton's method on minimum cuts (Dinkelbach 1967; Radzik 1998): a cut that is too small at ratio t
        is a linear inequality in t that every table obeys, so its root bounds t from above; the flow that
        fits at that root shows that no table does better. It needs fewer flows than bisection.
        """
        bound = ratio = self._single_bound(fixed)
        while True:
            limits = self._limits(fixed, ratio)
            side = self._source_side(limits)
            if side is None:
                return bound, ratio, limits
            root = self._root(side, fixed)
            if root < ratio:
                bound = ratio = root
            else:  # only the rounding up of the bound is left between the two
                ratio = max(Fraction(0), ratio - Fraction(1, DENOMINATOR))

    def _held(self, fixed: Ints, ratio: Fraction) -> NDArray[np.bool_]:
        """Seats that some tight cut holds at `ratio`: those that block a slightly larger one."""
        limits = self._limits(fixed, ratio + _LEVEL_STEP)
        persons, places, seats, _ = self._rooms(limits)
        single = (persons[self.person] < 0) | (places[self.place] < 0) | (seats < 0)
        if single.any():
            return single
        side = self._source_side(limits)
        return single if side is None else self._backward(side)

    def _limits(self, fixed: Ints, ratio: Fraction) -> Ints:
        parts = ((need * ratio.numerator, size * ratio.denominator) for need, size in self.kinds)
        limits = _ints([DENOMINATOR * top // bottom for top, bottom in parts])[self.kind]
        return np.where(fixed < 0, limits, fixed)

    def _single_bound(self, fixed: Ints) -> Fraction:
        """Bound from one inspector's slots and caps alone: shares may not add up to more than they hold."""
        taken, weight = np.maximum(fixed, 0), np.where(fixed < 0, self.share, 0.0)
        best = Fraction(1)
        for where, holds in ((self.person, self.cap), (self.place, np.ones(len(self.owner), np.int64))):
            room = holds * DENOMINATOR - np.bincount(where, taken, len(holds)).astype(np.int64)
            total = np.bincount(where, weight, len(holds))
            rough = np.divide(room, total, out=np.full(len(holds), np.inf), where=total > 0)
            # Floating point finds the few candidates, exact fractions decide.
            for at in np.flatnonzero(rough <= min(float(best), rough.min()) + 1e-9).tolist():
                best = min(
                    best, Fraction(int(room[at]), DENOMINATOR) / self._share_sum((where == at) & (fixed < 0))
                )
        return _round_up(best)

    def _share_sum(self, chosen: NDArray[np.bool_]) -> Fraction:
        """Exact sum of the equal shares of the chosen seats."""
        counts = Counter(self.kind[chosen].tolist())
        return sum((Fraction(self.kinds[k][0] * n, self.kinds[k][1]) for k, n in counts.items()), Fraction(0))

    def _rooms(self, least: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Units left above the lower limits: by inspector, by inspector in a slot, by seat, by group."""
        by_place = np.bincount(self.place, least, len(self.owner)).astype(np.int64)
        by_person = np.bincount(self.person, least, len(self.cap)).astype(np.int64)
        by_group = np.bincount(self.group, least, len(self.need)).astype(np.int64)
        rooms = self.cap * DENOMINATOR - by_person, DENOMINATOR - by_place
        return *rooms, DENOMINATOR - least, self.need * DENOMINATOR - by_group

    def _source_side(self, least: Ints) -> NDArray[np.bool_] | None:
        """Nodes on the source's side of a minimum cut above `least`; None where everything can be met."""
        persons, places, seats, groups = self._rooms(least)
        flow = max_flow.SimpleMaxFlow()
        people, spots = len(self.cap), len(self.owner)
        first_spot, first_group = 2 + people, 2 + people + spots
        flow.add_arcs_with_capacity(np.zeros(people, np.int64), 2 + np.arange(people), persons)
        flow.add_arcs_with_capacity(2 + self.owner, first_spot + np.arange(spots), places)
        flow.add_arcs_with_capacity(first_spot + self.place, first_group + self.group, seats)
        crowd = len(self.need)
        flow.add_arcs_with_capacity(first_group + np.arange(crowd), np.ones(crowd, np.int64), groups)
        if flow.solve(0, 1) != flow.OPTIMAL:
            raise RuntimeError("max-flow failed on a team lottery")
        if flow.optimal_flow() == groups.sum():
            return None
        inside = np.zeros(first_group + crowd, bool)
        inside[flow.get_source_side_min_cut()] = True
        return inside[2:]

    def _split(self, side: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
        return np.split(side, [len(self.cap), len(self.cap) + len(self.owner)])

    def _backward(self, side: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Seats whose path crosses the cut backwards; a tight cut holds exactly these at their limits."""
        people, spots, groups = self._split(side)
        spot = spots[self.place]
        return (~spot & groups[self.group]) | (spot & ~people[self.person])

    def _root(self, side: NDArray[np.bool_], fixed: Ints) -> Fraction:
        """The ratio at which the cut is just large enough: room = held seats' limits, linear in the ratio."""
        people, spots, groups = self._split(side)
        room = int(self.cap[~people].sum() + (people[self.owner] & ~spots).sum())
        room += int((spots[self.place] & ~groups[self.group]).sum()) - int(self.need[~groups].sum())
        back = self._backward(side)
        left = Fraction(room) - Fraction(int(fixed[back & (fixed >= 0)].sum()), DENOMINATOR)
        return _round_up(left / self._share_sum(back & (fixed < 0)))

    def even_out(self, least: Ints, seats: int) -> Ints:
        """Seat probabilities above `least` that are as near the equal shares as a convex cost makes them.

        The cost of a seat is share * ratio^2 / 2 in straight pieces; later passes use finer pieces around
        the pass before, so that equals are treated equally to within the last half-width.
        """
        ratios = np.array(_RATIOS)
        tops = np.ceil(self.share[:, None] * ratios).astype(np.int64)
        tops[:, -1] = DENOMINATOR
        chances = self._cheapest(least, tops, np.broadcast_to(ratios, tops.shape))
        spare = min(_PASSES, _PASS_SEATS // seats)
        for width in _REFINEMENTS:
            before, chances = chances, self._refined(least, chances, width)
            while spare > 0 and (before != chances).any():
                spare -= 1
                before, chances = chances, self._refined(least, chances, width)
        return chances

    def _refined(self, least: Ints, chances: Ints, width: float) -> Ints:
        """One pass in which each seat may move by one step of `width` (in equal shares) either way."""
        steps = np.round(self.share[:, None] * (_STEPS * width)).astype(np.int64)
        low = np.maximum(least, chances + steps[:, 0])
        ratios = (chances / self.share)[:, None] + _STEPS[1:] * width
        return self._cheapest(low, chances[:, None] + steps[:, 1:], ratios)

    def _cheapest(self, low: Ints, tops: Ints, ratios: NDArray[np.float64]) -> Ints:
        """Min-cost flow above `low`, where a unit costs `ratios` up to the matching one of `tops`."""
        tops = np.clip(tops, low[:, None], DENOMINATOR)
        pieces = np.diff(tops, axis=1, prepend=low[:, None])
        price = np.maximum(np.round(ratios * _COST_SCALE), 0).astype(np.int64)
        seat, piece = np.nonzero(pieces)
        flow = self._priced_flow(low, seat, pieces[seat, piece], price[seat, piece])
        return low + np.bincount(seat, flow, len(low)).astype(np.int64)

    def _priced_flow(self, least: Ints, seat: Ints, room: Ints, price: Ints) -> Ints:
        persons, places, _, groups = self._rooms(least)
        people, spots, crowd = len(self.cap), len(self.owner), len(self.need)
        first_spot, first_group = 1 + people, 1 + people + spots
        flow = min_cost_flow.SimpleMinCostFlow()
        add = flow.add_arcs_with_capacity_and_unit_cost
        arcs = add(first_spot + self.place[seat], first_group + self.group[seat], room, price)
        add(np.zeros(people, np.int64), 1 + np.arange(people), persons, np.zeros(people, np.int64))
        add(1 + self.owner, first_spot + np.arange(spots), places, np.zeros(spots, np.int64))
        flow.set_nodes_supplies(first_group + np.arange(crowd), -groups)
        flow.set_node_supply(0, int(groups.sum()))
        status = flow.solve()
        if status != flow.OPTIMAL:
            raise RuntimeError(f"min-cost flow failed on a team lottery: {status}")
        return np.asarray(flow.flows(arcs), np.int64)


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _round_up(ratio: Fraction) -> Fraction:
    return Fraction(-(-ratio.numerator * _BOUND_GRID // ratio.denominator), _BOUND_GRID)
