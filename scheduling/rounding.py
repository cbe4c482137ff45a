"""The team lottery wurao-team-1 (检查人员公开抽取): exact dependent rounding of published probabilities.

Standard library only. Gandhi, Khuller, Parthasarathy and Srinivasan (2006), "Dependent rounding and its
applications to approximation algorithms", carried from bipartite graphs to the flow
inspector -> inspector in a slot -> group as in Budish, Che, Kojima and Milgrom (2013), "Designing random
allocation mechanisms". Every outcome keeps every hard rule; every probability is exactly the published one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol

from scheduling.draw import check_seed, digest
from scheduling.team_table import TeamTable, read_team_table

Teams = dict[str, tuple[str, ...]]


class Chance(Protocol):
    """What the rounding asks of chance (随机来源)."""

    def shuffle(self, items: list[int]) -> None:
        """Put `items` in random order, in place."""

    def forward(self, up: int, down: int) -> bool:
        """True with probability exactly down / (up + down)."""


class HashChance:
    """Chance from the seed (由种子产生的随机数): SHA256(S + ",team," + counter).

    The counter runs from 0; the 256 bits are read as one integer h. An integer below n is h mod n of the
    next h that lies under the largest multiple of n (rejection), so it is exactly uniform.
    """

    def __init__(self, state: str) -> None:
        self._prefix = f"{state},team,".encode()
        self._counter = 0

    def below(self, n: int) -> int:
        """A uniform integer in 0 .. n-1."""
        limit = (1 << 256) // n * n
        while True:
            block = hashlib.sha256(self._prefix + b"%d" % self._counter).digest()
            self._counter += 1
            number = int.from_bytes(block, "big")
            if number < limit:
                return number % n

    def shuffle(self, items: list[int]) -> None:
        """Fisher-Yates from the last place down to the second."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]

    def forward(self, up: int, down: int) -> bool:
        """True with probability exactly down / (up + down)."""
        return self.below(up + down) < down


def team_commitment(table_hash: str) -> str:
    """What is published before the team lottery's seed exists (人员抽取承诺)."""
    return digest(f"wurao-team-1\n{table_hash}\n")


def team_state(commitment: str, seed_text: str) -> str:
    """The state S of the team lottery (人员抽取状态值), 64 hex digits, from its own public seed."""
    return digest(f"{commitment}\n{check_seed(seed_text)}\n")


def round_teams(table_bytes: bytes, state: str) -> Teams:
    """Who goes (派出人员): each group's inspectors, sorted, from the committed file and the state S.

    Raises DrawFault where the file is not a valid table.
    """
    return round_table(read_team_table(table_bytes), HashChance(state))


def replace_seat(state: str, visit: str, seat: str, candidates: Iterable[str]) -> str:
    """The inspector who takes one vacated seat (替补): the candidate with the smallest seat ticket.

    `candidates` are those eligible and free now; ValueError where there is none.
    """
    return min(candidates, key=lambda name: (digest(f"{state},seat,{visit},{seat},{name}"), name))


def round_table(table: TeamTable, chance: Chance) -> Teams:
    """Round a checked table with any source of chance (按概率表取整)."""
    flow = _Flow(table, chance)
    flow.round(chance)
    teams: dict[str, list[str]] = {group.id: [] for group in table.groups}
    for edge, (group, name) in enumerate(flow.seats):
        if flow.value[edge] == table.denominator:
            teams[group].append(name)
    return {group: tuple(sorted(names)) for group, names in teams.items()}


class _Flow:
    """The flow hub -> inspector -> place -> group, as numbered nodes and edges.

    A place is one inspector in one slot.
    An edge whose value is no multiple of the denominator is loose. All sums at a group, a slot node and the
    hub are whole, so a node with one loose edge has a second one: loose edges always hold a cycle. Pushing
    along a cycle keeps every sum, stays between the whole numbers around each edge (which are within the
    hard rules) and makes at least one edge whole.
    """

    def __init__(self, table: TeamTable, chance: Chance) -> None:
        self.whole = table.denominator
        self.seats = sorted(table.chances)
        self.value = [table.chances[seat] for seat in self.seats]
        self.tail: list[int] = [0] * len(self.seats)
        self.head: list[int] = [0] * len(self.seats)
        self._nodes: dict[tuple[str, ...], int] = {("hub",): 0}
        self._upward: dict[int, int] = {}
        slot_of = {group.id: group.slot for group in table.groups}
        for edge, (group, name) in enumerate(self.seats):
            self._add_seat(edge, group, name, slot_of[group])
        self.loose: list[list[int]] = [[] for _ in self._nodes]
        self._starts = self._order_loose(chance)

    def _add_seat(self, edge: int, group: str, name: str, slot: str) -> None:
        person, place = self._node("inspector", name), self._node("place", name, slot)
        self.tail[edge], self.head[edge] = place, self._node("group", group)
        for lower, upper in ((place, person), (person, 0)):
            if lower not in self._upward:
                self._upward[lower] = len(self.value)
                self.value.append(0)
                self.tail.append(upper)
                self.head.append(lower)
            self.value[self._upward[lower]] += self.value[edge]

    def _node(self, *name: str) -> int:
        return self._nodes.setdefault(name, len(self._nodes))

    def _order_loose(self, chance: Chance) -> list[int]:
        """List the loose edges of each node in a drawn order; the walk starts from the returned groups.

        In a fixed order neighbours on the list would never travel together. Drawing one order of places and
        one of groups, instead of one for each node, keeps the cycles short.
        """
        places = list(dict.fromkeys(self.tail[: len(self.seats)]))
        groups = list(dict.fromkeys(self.head[: len(self.seats)]))
        chance.shuffle(places)
        chance.shuffle(groups)
        rank = {node: number for order in (places, groups) for number, node in enumerate(order)}
        seats = sorted(
            range(len(self.seats)), key=lambda edge: (rank[self.tail[edge]], rank[self.head[edge]])
        )
        to_places = [self._upward[place] for place in places]
        to_people = list(dict.fromkeys(self._upward[self.tail[edge]] for edge in to_places))
        # The walk takes the last of a list first: seats before the way up to inspector and hub.
        for edge in [*to_people, *to_places, *seats]:
            if self.value[edge] % self.whole:
                self.loose[self.tail[edge]].append(edge)
                self.loose[self.head[edge]].append(edge)
        return groups

    def round(self, chance: Chance) -> None:
        """Walk along loose edges; whenever the walk meets itself, push along that cycle."""
        tail, head = self.tail, self.head
        for start in self._starts:
            nodes, edges, place = [start], list[int](), {start: 0}
            while (edge := self._next(nodes[-1], edges[-1] if edges else -1)) >= 0:
                edges.append(edge)
                node = head[edge] if tail[edge] == nodes[-1] else tail[edge]
                if node not in place:
                    place[node] = len(nodes)
                    nodes.append(node)
                    continue
                first = place[node]
                self._push(nodes[first:], edges[first:], chance)
                for left in nodes[first + 1 :]:
                    del place[left]
                del nodes[first + 1 :], edges[first:]

    def _next(self, node: int, came: int) -> int:
        """A loose edge at the node other than the one the walk came by; -1 where there is none."""
        loose, value, whole = self.loose[node], self.value, self.whole
        while loose and value[loose[-1]] % whole == 0:
            loose.pop()
        if not loose:
            return -1
        if loose[-1] != came:
            return loose[-1]
        while value[loose[-2]] % whole == 0:
            del loose[-2]
        return loose[-2]

    def _push(self, nodes: list[int], edges: list[int], chance: Chance) -> None:
        """Move the cycle up by `up` or down by `down`, with chances that keep every edge's expectation."""
        tail, value, whole = self.tail, self.value, self.whole
        up = down = whole
        signs = []
        # One pass, no generators: a large lottery pushes half a million cycles of some thirty edges.
        for node, edge in zip(nodes, edges, strict=True):
            part = value[edge] % whole
            sign = 1 if tail[edge] == node else -1
            rise, fall = (whole - part, part) if sign > 0 else (part, whole - part)
            up = rise if rise < up else up
            down = fall if fall < down else down
            signs.append(sign)
        step = up if chance.forward(up, down) else -down
        for sign, edge in zip(signs, edges, strict=True):
            value[edge] += sign * step
