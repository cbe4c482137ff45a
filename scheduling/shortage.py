"""Teams that cannot be manned (人员不足): the smallest set of groups whose eligible inspectors do not suffice.

Plain augmenting paths with counts: where the demand cannot be met, the groups and inspectors that the last
search reaches form a set in deficit (Hall 1935; the minimum cut of Ford and Fulkerson 1956). Dropping groups
one at a time leaves a set in which every group is needed for the conflict.
"""

from __future__ import annotations

from scheduling.team_table import SeatGroup, Staff

# Above this many groups the set in deficit is reported as the cut gives it, not reduced further.
_REDUCE_UP_TO = 400


class TeamShortage(ValueError):
    """The demand cannot be met (人员不足); the message says which groups and how many seats are short.

    `groups` cannot all be manned together: they need `need` seats and `available` can be filled.
    """

    def __init__(self, groups: tuple[SeatGroup, ...], need: int, available: int) -> None:
        self.groups, self.need, self.available = groups, need, available
        self.slots = tuple(sorted({group.slot for group in groups}))
        self.inspectors = tuple(sorted({name for group in groups for name in group.eligible}))
        names, slots, people = (_list(part) for part in ([g.id for g in groups], self.slots, self.inspectors))
        self.zh = (
            f"时段 {slots}：席位组 {names} 共需 {need} 人次，"
            f"可派的检查人员（{people}）最多只能承担 {available} 人次，缺 {need - available}。"
        )
        self.en = (
            f"Slot {slots}: groups {names} need {need} seats; their eligible inspectors ({people}) "
            f"can fill at most {available}: {need - available} short."
        )
        super().__init__(f"{self.zh} {self.en}")


def find_shortage(groups: tuple[SeatGroup, ...], staff: tuple[Staff, ...]) -> TeamShortage:
    """The smallest deficit found; `groups` are known to hold one.

    Looks first inside single slots (the clearest sentence), then over all slots with the caps.
    """
    caps = {person.id: person.cap for person in staff}
    by_slot: dict[str, list[SeatGroup]] = {}
    for group in groups:
        by_slot.setdefault(group.slot, []).append(group)
    found = [short for crowd in by_slot.values() if (short := _deficit(crowd, caps)) is not None]
    if not found:
        found = [_deficit(list(groups), caps) or list(groups)]
    return _report(min(found, key=lambda crowd: (len(crowd), [group.id for group in crowd])), caps)


def _list(names: tuple[str, ...] | list[str], most: int = 8) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" … +{rest}" if rest > 0 else "")


def _report(groups: list[SeatGroup], caps: dict[str, int]) -> TeamShortage:
    kept = list(groups)
    for group in groups if len(groups) <= _REDUCE_UP_TO else ():
        fewer = [other for other in kept if other is not group]
        if fewer and _deficit(fewer, caps) is not None:
            kept = fewer
    need = sum(group.need for group in kept)
    return TeamShortage(tuple(kept), need, _Manning(caps).fill(kept))


def _deficit(groups: list[SeatGroup], caps: dict[str, int]) -> list[SeatGroup] | None:
    """The groups reached from one that cannot be filled, or None where all can be filled."""
    manning = _Manning(caps)
    reached = manning.first_unfilled(groups)
    return None if reached is None else [group for group in groups if group.id in reached]


class _Manning:
    """Seats filled one at a time; a full inspector is freed by moving him or another seat elsewhere."""

    def __init__(self, caps: dict[str, int]) -> None:
        self.caps = caps
        self.held: dict[str, dict[str, SeatGroup]] = {name: {} for name in caps}

    def fill(self, groups: list[SeatGroup]) -> int:
        """Most seats that can be filled."""
        return sum(self._seat(group, set()) for group in groups for _ in range(group.need))

    def first_unfilled(self, groups: list[SeatGroup]) -> set[str] | None:
        """Ids of the groups searched when a seat could not be filled; None if all were filled."""
        for group in groups:
            for _ in range(group.need):
                searched: set[str] = set()
                if not self._seat(group, searched):
                    return searched
        return None

    def _seat(self, wanted: SeatGroup, searched: set[str]) -> bool:
        """Breadth-first search for a chain of moves that fills one more seat of `wanted`."""
        searched.add(wanted.id)
        moves: list[tuple[SeatGroup, int, str]] = [(wanted, -1, "")]
        met: set[tuple[str, str]] = set()
        for at, (group, _, _) in enumerate(moves):
            for name in group.eligible:
                held = self.held[name]
                if held.get(group.slot) is group or (name, group.slot) in met:
                    continue
                met.add((name, group.slot))
                if group.slot not in held and len(held) < self.caps[name]:
                    self._apply(moves, at, name)
                    return True
                blocking = [held[group.slot]] if group.slot in held else list(held.values())
                for other in blocking:
                    if other.id not in searched:
                        searched.add(other.id)
                        moves.append((other, at, name))
        return False

    def _apply(self, moves: list[tuple[SeatGroup, int, str]], at: int, name: str) -> None:
        """Give `name` to the last group of the chain; each earlier group takes the inspector it freed."""
        while at >= 0:
            group, before, freed = moves[at]
            self.held[name][group.slot] = group
            if before >= 0:
                del self.held[freed][group.slot]
            at, name = before, freed
