"""Team lotteries to measure (派员抽取算例): made-up departments with scarce certificates, leave and workload caps."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from math import ceil

from scheduling.team_table import SeatGroup, Staff

DEPARTMENTS = ("市场监管", "消防", "生态环境", "卫健", "人社", "文旅")
SHARES = (0.40, 0.16, 0.14, 0.12, 0.10, 0.08)
QUALIFICATIONS = ("特种设备", "药品", "计量")
HELD = (0.10, 0.12, 0.15)
"""Share of a department's people who hold each qualification, beside the HOLDERS who always do."""
HOLDERS = 3
AWAY = 0.05
RECUSED = 0.02
ASKED = 0.60
JOINT = 0.30
FILLED = 0.3
"""Most seats of a slot as a share of those who can take them."""
ROOM = 1.25
"""Workload cap as a multiple of the department's mean."""


@dataclass(frozen=True)
class TeamCase:
    """Groups and people of one lottery, the whole department eligible wherever nothing forbids it."""

    groups: tuple[SeatGroup, ...]
    staff: tuple[Staff, ...]

    @property
    def seats(self) -> int:
        """Pairs of group and eligible person: the rows of the published table."""
        return sum(len(group.eligible) for group in self.groups)


class _Person:
    def __init__(self, number: int, department: str, days: int, chance: random.Random) -> None:
        self.name, self.department = f"P{number:04d}", department
        self.held = {q for q, share in zip(QUALIFICATIONS, HELD, strict=True) if chance.random() < share}
        self.away = {day for day in range(days) if chance.random() < AWAY}


def team_case(people: int, visits: int, days: int, seed: int = 20261127) -> TeamCase:
    """A lottery of so many people, visits and days; every choice follows from `seed`."""
    chance = random.Random(seed)
    counts = [max(6, round(people * share)) for share in SHARES]
    counts[0] += people - sum(counts)
    departments = [d for d, n in zip(DEPARTMENTS, counts, strict=True) for _ in range(n)]
    crowd = [_Person(number, department, days, chance) for number, department in enumerate(departments)]
    for department in DEPARTMENTS:
        own = [person for person in crowd if person.department == department]
        for qualification in QUALIFICATIONS:
            for person in chance.sample(own, HOLDERS):
                person.held.add(qualification)
    asked: Counter[tuple[str, str, str]] = Counter()
    groups = []
    for number in range(visits):
        slot = number * days // visits, ("am", "pm")[number % 2]
        groups += _groups(f"V{number:05d}", slot, crowd, asked, chance)
    return TeamCase(tuple(groups), _staff(groups, crowd))


def _groups(
    visit: str,
    slot: tuple[int, str],
    crowd: list[_Person],
    asked: Counter[tuple[str, str, str]],
    chance: random.Random,
) -> list[SeatGroup]:
    day, half = slot
    lead = chance.choices(DEPARTMENTS, SHARES)[0]
    wanted = [(lead, "", 2)]
    if chance.random() < ASKED:
        wanted = [(lead, chance.choice(QUALIFICATIONS), 1), (lead, "", 1)]
    if chance.random() < JOINT:
        wanted.append((chance.choice([d for d in DEPARTMENTS if d != lead]), "", 1))
    name = f"{day:03d}/{half}"
    away = {person.name for person in crowd if day in person.away or chance.random() < RECUSED}
    found = []
    for department, qualification, need in wanted:
        able = [p.name for p in crowd if p.department == department and {qualification} - {""} <= p.held]
        free = [person for person in able if person not in away]
        key = name, department, qualification
        # Dates are only given where everybody can be seated; more than this would be no roster.
        if asked[key] + need > len(free) * FILLED:
            continue
        asked[key] += need
        asked[name, department, ""] += need if qualification else 0
        found.append(SeatGroup(f"{visit}/{department}/{qualification}", name, need, tuple(free)))
    return found


def _staff(groups: list[SeatGroup], crowd: list[_Person]) -> tuple[Staff, ...]:
    asked: Counter[str] = Counter()
    for group in groups:
        asked[group.id.split("/")[1]] += group.need
    sizes = Counter(person.department for person in crowd)
    return tuple(
        Staff(person.name, ceil(ROOM * asked[person.department] / sizes[person.department]))
        for person in crowd
    )
