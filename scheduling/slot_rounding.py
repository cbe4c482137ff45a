"""Rounding within each slot (时段内取整): the first step of wurao-team-2, by cycles of four seats.

Standard library only. In a slot nearly every group may have nearly every inspector of its department, so any
two groups share many loose places, and two groups with two places are a cycle: short, found without a search,
and no place's sum moves. Afterwards any two groups share at most one loose place. Each push is one of Gandhi,
Khuller, Parthasarathy and Srinivasan (2006); those within two groups follow the pivotal method of Deville and
Tillé (1998).
"""

from __future__ import annotations

from scheduling.loose_seats import LooseSeats
from scheduling.team_chance import Chance


def round_slots(seats: LooseSeats, chance: Chance) -> None:
    """Push until no two groups of a slot share two loose places (时段内取整)."""
    later: dict[str, list[int]] = {}
    for group, slot in enumerate(seats.slots):
        later.setdefault(slot, []).append(group)
    for group, slot in enumerate(seats.slots):
        later[slot].remove(group)
        for other in later[slot]:
            _round_pair(seats, group, other, chance)


def _round_pair(seats: LooseSeats, group: int, other: int, chance: Chance) -> None:
    """Go through the places that two groups share, holding one of them to push against the next.

    A push leaves at most one of its two places loose in both groups: that one is held.
    """
    row, beside, whole = seats.rows[group], seats.rows[other], seats.whole
    shared = [place for place in row if place in beside]
    held, a, b = -1, 0, 0
    for place in shared:
        c, d = row[place], beside[place]
        if held >= 0:
            # a and d rise while b and c fall, or the other way round.
            up, down = min(whole - a, b, c, whole - d), min(a, whole - b, whole - c, d)
            step = up if chance.forward(up, down) else -down
            a, b, c, d = a + step, b - step, c - step, d + step
            row[held], beside[held], row[place], beside[place] = a, b, c, d
            if 0 < a < whole and 0 < b < whole:
                continue
        held, a, b = (place, c, d) if 0 < c < whole and 0 < d < whole else (-1, 0, 0)
    if len(shared) > 1:
        seats.settle(group, shared)
        seats.settle(other, shared)
