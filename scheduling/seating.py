"""Seating (席位试排): one feasible set of teams by maximum flow, to prove that the team lottery has an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ortools.graph.python import max_flow

from scheduling.problem import Inspector, Seat, TeamGroup


@dataclass(frozen=True)
class Seating:
    """A best filling of seats (席位试排): who would sit where, groups left short, and those competing with them."""

    seats: tuple[Seat, ...]
    short: tuple[TeamGroup, ...]
    starved: tuple[TeamGroup, ...]

    @property
    def missing(self) -> int:
        """How many seats stay empty."""
        filled = Counter(seat.group for seat in self.seats)
        return sum(g.need - filled[g.id] for g in self.short)


def seat_everybody(groups: Sequence[TeamGroup], inspectors: Sequence[Inspector]) -> Seating:
    """One feasible set of teams by maximum flow (一个可行派员方案), within everybody's total.

    It proves that the lottery has an outcome; it is never used to send anybody. `starved` are the groups on the
    far side of the minimum cut: together they ask for more than the people who can serve them may be given.
    """
    flow = max_flow.SimpleMaxFlow()
    node: dict[object, int] = {"source": 0, "sink": 1}
    number = node.setdefault
    limit = {i.id: i.visits_total for i in inspectors}
    slots_seen: set[tuple[str, str]] = set()
    arcs: list[tuple[int, TeamGroup, str]] = []
    for group in groups:
        here = number(group.id, len(node))
        flow.add_arc_with_capacity(here, 1, group.need)
        for person in group.eligible:
            key = (person, group.slot)
            if key not in slots_seen:
                slots_seen.add(key)
                flow.add_arc_with_capacity(number(person, len(node)), number(key, len(node)), 1)
            arcs.append((flow.add_arc_with_capacity(node[key], here, 1), group, person))
    for person in sorted({p for p, _ in slots_seen}):
        most = limit[person]
        flow.add_arc_with_capacity(0, node[person], len(groups) if most is None else most)
    if not slots_seen:
        return Seating((), tuple(groups), tuple(groups))
    flow.solve(0, 1)
    seats = tuple(Seat(g.visit, g.department, g.id, p) for arc, g, p in arcs if flow.flow(arc))
    filled = Counter(seat.group for seat in seats)
    near = set(flow.get_source_side_min_cut())
    return Seating(
        seats,
        tuple(g for g in groups if filled[g.id] < g.need),
        tuple(g for g in groups if node[g.id] not in near),
    )
