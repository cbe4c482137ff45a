"""A case to judge (校核案卷): a problem and a roster side by side, with the look-ups the checker's rules need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from scheduling.problem import Check, Inspector, Object, Problem, Roster, Visit

TAKES = {"am": ("am",), "pm": ("pm",), "day": ("am", "pm")}


@dataclass(frozen=True)
class Violation:
    """A broken rule (违规): which rule, at which visit (empty if none), in one sentence."""

    rule: str
    visit_id: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Case:
    """A problem and a roster side by side, with the look-ups the rules need."""

    problem: Problem
    roster: Roster

    @cached_property
    def checks(self) -> dict[str, Check]:
        """Drawn checks by id."""
        return {c.id: c for c in self.problem.checks}

    @cached_property
    def objects(self) -> dict[str, Object]:
        """Objects by id."""
        return {o.object_id: o for o in self.problem.objects}

    @cached_property
    def inspectors(self) -> dict[str, Inspector]:
        """Inspectors by id."""
        return {i.id: i for i in self.problem.inspectors}

    @cached_property
    def visits(self) -> dict[str, Visit]:
        """Visits by id."""
        return {v.id: v for v in self.roster.visits}

    @cached_property
    def team(self) -> dict[tuple[str, str], list[Inspector]]:
        """People sent, by visit and department, as far as they are on the list."""
        teams: dict[tuple[str, str], list[Inspector]] = defaultdict(list)
        for seat in self.roster.seats:
            if seat.inspector in self.inspectors:
                teams[seat.visit, seat.department].append(self.inspectors[seat.inspector])
        return teams

    @cached_property
    def waived(self) -> dict[str, set[str]]:
        """Items recognised or done off site, by check."""
        items: dict[str, set[str]] = defaultdict(set)
        for settled in self.roster.settled:
            items[settled.check] |= set(settled.items)
        return items

    def checks_of(self, visit: Visit) -> list[Check]:
        """The visit's checks that the problem knows."""
        return [self.checks[c] for c in visit.checks if c in self.checks]

    def minutes_at(self, visit: Visit) -> dict[str, int]:
        """Minutes each department works at the visit (检查用时), without items that need not be checked."""
        spent: dict[str, int] = defaultdict(int)
        for check in self.checks_of(visit):
            spent[check.department] += _minutes(check, self.waived.get(check.id, set()))
        return spent

    def planned(self, visit: Visit) -> bool:
        """Whether the visit counts as planned: it is more than a clue (线索)."""
        return any(not c.clue for c in self.checks_of(visit))

    def at_each_object(self) -> Iterator[tuple[str, list[Visit]]]:
        """Visits by object, in order of date."""
        places: dict[str, list[Visit]] = defaultdict(list)
        for visit in sorted(self.roster.visits, key=lambda v: v.day):
            places[visit.object_id].append(visit)
        yield from places.items()


def _minutes(check: Check, waived: set[str]) -> int:
    """A check's minutes without those of the items that need not be checked, where each item states its own."""
    if waived and len(check.item_minutes) == len(check.items):
        return sum(m for item, m in zip(check.items, check.item_minutes, strict=True) if item not in waived)
    return check.minutes
