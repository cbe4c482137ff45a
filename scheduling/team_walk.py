"""The walk of the team lottery (沿未定边取整): all of wurao-team-1, and the last step of wurao-team-2.

Standard library only. Gandhi, Khuller, Parthasarathy and Srinivasan (2006), "Dependent rounding and its
applications to approximation algorithms", carried from bipartite graphs to the flow
inspector -> inspector in a slot -> group as in Budish, Che, Kojima and Milgrom (2013), "Designing random
allocation mechanisms". Every outcome keeps every hard rule; every probability is exactly the published one.
"""

from __future__ import annotations

from itertools import compress
from operator import not_

from scheduling.loose_seats import LooseSeats
from scheduling.team_chance import Chance


def walk_loose(seats: LooseSeats, chance: Chance) -> None:
    """Decide every seat that is still loose (沿未定边取整)."""
    flow = _Flow(seats)
    for start in range(len(seats.groups)):
        flow.walk_from(start, chance)
    for edge, (group, place) in flow.seats.items():
        seats.rows[group][place] = flow.value[edge]
    for group, row in enumerate(seats.rows):
        seats.settle(group, list(row))


class _Flow:
    """The loose edges of the flow hub -> inspector -> place -> group, as numbered nodes and edges.

    Values are kept modulo the denominator: only how far an edge is from the whole numbers around it counts.
    All sums at a group, a place, an inspector and the hub are whole, so a node with one loose edge has a
    second one: loose edges always hold a cycle. Pushing along a cycle keeps every sum, stays between the whole
    numbers around each edge (which are within the hard rules) and makes at least one edge whole.
    """

    def __init__(self, seats: LooseSeats) -> None:
        self.whole = seats.whole
        self.value: list[int] = []
        self.tail: list[int] = []
        self.ends: list[int] = []
        self.seats: dict[int, tuple[int, int]] = {}
        first = len(seats.groups)
        people = dict.fromkeys(name for name, _ in seats.places)
        node = {name: first + len(seats.places) + number for number, name in enumerate(people)}
        hub = first + len(seats.places) + len(node)
        self.loose: list[list[int]] = [[] for _ in range(hub + 1)]
        # The walk takes the last of a list first: seats before the way up to inspector and hub.
        at_place: list[list[tuple[int, int]]] = [[] for _ in seats.places]
        loads = dict.fromkeys(people, 0)
        for group, row in enumerate(seats.rows):
            for place, value in row.items():
                at_place[place].append((group, value))
                loads[seats.places[place][0]] += value
        for name, load in loads.items():
            self._add(hub, node[name], load)
        for place, (name, _) in enumerate(seats.places):
            self._add(node[name], first + place, sum(value for _, value in at_place[place]))
        for place, held in enumerate(at_place):
            for group, value in held:
                self.seats[len(self.value)] = group, place
                self._add(first + place, group, value)

    def _add(self, tail: int, head: int, value: int) -> None:
        if value % self.whole:
            for node in (tail, head):
                self.loose[node].append(len(self.value))
            self.value.append(value % self.whole)
            self.tail.append(tail)
            self.ends.append(tail + head)

    def walk_from(self, start: int, chance: Chance) -> None:
        """Walk along loose edges; whenever the walk meets itself, push along that cycle and cut it off."""
        tail, ends = self.tail, self.ends
        node, nodes, edges, ahead, met = start, [start], [-1], [True], {start: 0}
        while (edge := self._next(node, edges[-1])) >= 0:
            ahead.append(tail[edge] == node)
            edges.append(edge)
            node = ends[edge] - node
            first = met.setdefault(node, len(nodes))
            if first == len(nodes):
                nodes.append(node)
                continue
            first += 1
            self._push(edges[first:], ahead[first:], chance)
            for left in nodes[first:]:
                del met[left]
            del nodes[first:], edges[first:], ahead[first:]

    def _next(self, node: int, came: int) -> int:
        """The last loose edge at the node other than the one the walk came by; -1 where there is none."""
        loose, value, whole = self.loose[node], self.value, self.whole
        while loose and not 0 < value[loose[-1]] < whole:
            loose.pop()
        if not loose:
            return -1
        if loose[-1] != came:
            return loose[-1]
        while not 0 < value[loose[-2]] < whole:
            del loose[-2]
        return loose[-2]

    def _push(self, edges: list[int], ahead: list[bool], chance: Chance) -> None:
        """Move the cycle up by `up` or down by `down`, with chances that keep every edge's expectation."""
        value, whole = self.value, self.whole
        rising = list(compress(edges, ahead))
        falling = list(compress(edges, map(not_, ahead)))
        high, low = [value[edge] for edge in rising], [value[edge] for edge in falling]
        # A cycle has edges both ways: each of its nodes but hub and group is entered and left on either side.
        up = min(whole - max(high), min(low))
        down = min(min(high), whole - max(low))
        step = up if chance.forward(up, down) else -down
        for edge in rising:
            value[edge] += step
        for edge in falling:
            value[edge] -= step
