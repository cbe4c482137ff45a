"""The seats that chance has still to decide (未定席位), in the drawn order of the team lottery.

Standard library only; the order is published in docs/draw-format.md.
"""

from __future__ import annotations

from scheduling.team_chance import Chance
from scheduling.team_table import TeamTable

Teams = dict[str, tuple[str, ...]]


class LooseSeats:
    """Values of the seats strictly between 0 and the denominator (未定席位).

    A place is one inspector in one slot. Groups and places are known by their number in the drawn order:
    `rows[group]` maps the places that may still serve the group to the seat's value, in the order of the
    places. In a fixed order neighbours on the list would never travel together, so the orders are drawn; all
    steps share them, which keeps the cycles short.
    """

    def __init__(self, table: TeamTable, chance: Chance) -> None:
        self.whole = table.denominator
        slot_of = {group.id: group.slot for group in table.groups}
        seats = sorted(table.chances)
        self.places = list(dict.fromkeys((name, slot_of[group]) for group, name in seats))
        self.groups = list(dict.fromkeys(group for group, _ in seats))
        chance.shuffle(self.places)
        chance.shuffle(self.groups)
        self.slots = [slot_of[group] for group in self.groups]
        self._taken: dict[str, list[str]] = {group.id: [] for group in table.groups}
        number_of = {place: number for number, place in enumerate(self.places)}
        found: dict[str, dict[int, int]] = {group: {} for group in self.groups}
        for (group, name), value in table.chances.items():
            found[group][number_of[name, slot_of[group]]] = value
        self.rows = [dict(sorted(found[group].items())) for group in self.groups]
        for number, row in enumerate(self.rows):
            self.settle(number, list(row))

    def settle(self, group: int, places: list[int]) -> None:
        """Strike out those of the places whose seats in the group are whole now: taken, or not."""
        row, whole = self.rows[group], self.whole
        for place in places:
            value = row[place]
            if value == 0 or value == whole:
                del row[place]
                if value:
                    self._taken[self.groups[group]].append(self.places[place][0])

    def teams(self) -> Teams:
        """Who goes (派出人员): each group's inspectors, sorted, as far as they are decided."""
        return {group: tuple(sorted(names)) for group, names in self._taken.items()}
