"""Staff and districts (属地管辖与跨区人员): who serves where, and where whoever serves several is counted.

How many go where is arithmetic on demand; who they are is left to tickets. Districts compete for one person at a
time: first those that lack a team or any holder of a qualification, then the one with most half-days of checks for
each person it would have (greatest quotient, as D'Hondt shares out seats), measured for each qualification by the
city's own average: where one food officer faces the work of four, a food officer is wanted more than where
everybody has a little more to do.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from scheduling.problem import Check, Inspector, Object, Problem
from scheduling.tickets import ticket

Need = tuple[str, str]
"""A department and one of its qualifications; an empty qualification is anybody of the department."""


def needs_of(person: Inspector) -> list[Need]:
    """What the person can be counted for."""
    return [(person.department, q) for q in ("", *person.qualifications)]


def demand_of(checks: Iterable[Check], half_day_minutes: int) -> Counter[Need]:
    """Half-days of on-site checks by department, and by qualification they ask for."""
    asked: Counter[Need] = Counter()
    for check in checks:
        if check.onsite:
            halves = max(1, math.ceil(check.minutes / half_day_minutes))
            asked.update({(check.department, q): halves for q in ("", *check.qualifications)})
    return asked


def out_of_reach(people: Sequence[Inspector], objects: Sequence[Object]) -> Iterator[tuple[str, int]]:
    """Objects that not everybody serves (属地管辖), each with the mask of the people who do not."""
    away = {
        district: sum(1 << n for n, p in enumerate(people) if not p.serves(district))
        for district in {o.district for o in objects}
    }
    return ((o.object_id, away[o.district]) for o in objects if away[o.district])


class Allotment:
    """People counted into parts of a city (人员分派): `parts` are sets of districts, `checks` those of each part."""

    def __init__(
        self, problem: Problem, parts: Sequence[frozenset[str]], checks: Sequence[Sequence[Check]], seed: str
    ):
        self.parts, self.team = parts, problem.rules.lead_team
        self.doors = [{c.object_id for c in own} for own in checks]
        self.demand = [demand_of(own, problem.rules.half_day_minutes) for own in checks]
        able = Counter(need for person in problem.inspectors for need in needs_of(person))
        asked = sum(self.demand, Counter[Need]())
        self.average = {need: asked[need] / able[need] for need in able if asked[need]}
        self.supply: list[Counter[Need]] = [Counter() for _ in parts]
        self.people: list[list[Inspector]] = [[] for _ in parts]
        waiting: dict[tuple[int, int, tuple[int, ...], tuple[Need, ...]], list[Inspector]] = defaultdict(list)
        for person in problem.inspectors:
            reach = self._reach(person)
            if len(reach) == 1:
                self._count(person, reach[0])
            elif reach:
                waiting[-len(person.qualifications), len(reach), reach, tuple(needs_of(person))].append(
                    person
                )
        for key in sorted(waiting):
            for person in sorted(waiting[key], key=lambda p: (ticket(seed, "district", p.id), p.id)):
                self._count(person, self._neediest(person))

    def _reach(self, person: Inspector) -> tuple[int, ...]:
        closed = set(person.recused)
        return tuple(
            n
            for n, part in enumerate(self.parts)
            if any(map(person.serves, part)) and not self.doors[n] <= closed
        )

    def _count(self, person: Inspector, part: int) -> None:
        self.supply[part].update(needs_of(person))
        inside = tuple(d for d in person.districts if d in self.parts[part])
        self.people[part].append(replace(person, districts=inside))

    def _neediest(self, person: Inspector) -> int:
        return max(self._reach(person), key=lambda n: (*self._urgency(person, n), -n))

    def _urgency(self, person: Inspector, part: int) -> tuple[bool, float]:
        lacking, most = False, 0.0
        for need in needs_of(person):
            asked, have = self.demand[part][need], self.supply[part][need]
            lacking |= asked > 0 and have < (1 if need[1] else self.team)
            if asked:
                most = max(most, asked / (have + 1) / self.average[need])
        return lacking, most
