"""Districts (分区排班): a city's problem cut into parts that can be solved apart, and the parts' rosters made one.

What joins districts is settled before the cut, so that no part has to know of another:

- districts that share a park or street under a daily cap stay together in one part;
- the honest quota is the city's: who falls under it is decided once, in the order of limits.py, on all of the
  city's planned visits; the parts then have no quota of their own;
- people who may serve several parts are counted into one of them (district_staff.py);
- everything else (windows, quiet days, spacing, caps of an object, recusals) concerns one object and goes with it.

The parts depend on the problem and the seed alone, never on how many processes solve them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import TypeVar

from scheduling.booking import UNIT
from scheduling.district_staff import Allotment
from scheduling.limits import keep_honest_quota, refuse_spent_caps
from scheduling.merge import merge, settle
from scheduling.problem import (
    Aim,
    Check,
    DeskTime,
    Inspector,
    Object,
    Problem,
    Roster,
    Settled,
    Step,
    Unplaced,
    problem_hash,
)
from scheduling.solve import gap_of
from scheduling.validation import validate
from scheduling.workdays import working_days

T = TypeVar("T")
AIMS = ("unplaced", "doors", "earliness", "cluster_days", "even_load")
OF_ONE_PART = ("busiest_share", "working_days")


@dataclass(frozen=True)
class Part:
    """One or more districts that are solved together (分区): their names and their problem."""

    districts: tuple[str, ...]
    problem: Problem

    @property
    def name(self) -> str:
        """The districts' names in a row."""
        return "、".join(self.districts)


@dataclass(frozen=True)
class Division:
    """A city divided (分区方案): parts in the order of their districts, and checks the honest quota refuses."""

    parts: tuple[Part, ...]
    refused: tuple[Unplaced, ...]


def divide(problem: Problem, seed: str) -> Division:
    """Cut the problem by district; raises `ProblemError` if the data is unusable."""
    validate(problem)
    refused = _over_quota(problem, seed)
    gone = {check for missed in refused for check in missed.checks}
    together = _together(problem)
    names = sorted({tuple(sorted(d)) for d in together.values()})
    part_of = {district: n for n, districts in enumerate(names) for district in districts}
    objects: list[list[Object]] = [[] for _ in names]
    checks: list[list[Check]] = [[] for _ in names]
    where = {o.object_id: part_of[o.district] for o in problem.objects}
    for place in problem.objects:
        objects[where[place.object_id]].append(place)
    for check in problem.checks:
        if check.id not in gone:
            checks[where[check.object_id]].append(check)
    people = Allotment(problem, [frozenset(n) for n in names], checks, seed).people
    parts = (Part(name, _part(problem, objects[n], checks[n], people[n])) for n, name in enumerate(names))
    return Division(tuple(parts), tuple(refused))


def _together(problem: Problem) -> dict[str, set[str]]:
    """District → the districts it must be solved with: those that share a cluster whose daily visits are capped."""
    groups = {o.district: {o.district} for o in problem.objects}
    if problem.rules.cluster_day_cap is None:
        return groups
    shared: dict[str, set[str]] = defaultdict(set)
    for place in problem.objects:
        shared[place.cluster].add(place.district)
    for districts in shared.values():
        joined = set().union(*(groups[d] for d in districts))
        groups |= dict.fromkeys(joined, joined)
    return groups


def _over_quota(problem: Problem, seed: str) -> list[Unplaced]:
    """Planned visits to honest enterprises beyond the city's quota (无事不扰比例), as the undivided city has them."""
    honest = {o.object_id for o in problem.objects if o.honest}
    if problem.rules.honest_quota is None or not honest:
        return []
    only = replace(
        problem,
        objects=tuple(o for o in problem.objects if o.object_id in honest),
        checks=tuple(c for c in problem.checks if c.object_id in honest),
        results=tuple(r for r in problem.results if r.object_id in honest),
    )
    days = working_days(problem.first_day, problem.last_day, problem.calendar)
    checks, _ = settle(only)
    checks, _ = refuse_spent_caps(checks, only, days)
    _, refused = keep_honest_quota(merge(only, checks, days).visits, only, seed)
    return refused


def _part(
    problem: Problem, objects: Sequence[Object], checks: Sequence[Check], people: Sequence[Inspector]
) -> Problem:
    here = {o.object_id for o in objects}
    return replace(
        problem,
        rules=replace(problem.rules, honest_quota=None),
        objects=tuple(objects),
        checks=tuple(checks),
        inspectors=tuple(replace(p, recused=tuple(o for o in p.recused if o in here)) for p in people),
        results=tuple(r for r in problem.results if r.object_id in here),
        exemptions=tuple(e for e in problem.exemptions if not e.object_id or e.object_id in here),
    )


def join(
    problem: Problem, division: Division, rosters: Sequence[Roster], seed: str, history: Iterable[Step] = ()
) -> Roster:
    """One roster of the whole city from those of its parts, in the parts' order.

    Values and bounds add up: the bound is that of the divided city, with everybody in the part they were counted in.
    """
    aims = _aims(problem, rosters)
    return Roster(
        problem_hash=problem_hash(problem),
        seed=seed,
        visits=tuple(sorted(_all(r.visits for r in rosters), key=lambda v: v.id)),
        unplaced=(*division.refused, *_all(r.unplaced for r in rosters)),
        settled=(*_settled_of_refused(problem, division), *_all(r.settled for r in rosters)),
        groups=tuple(sorted(_all(r.groups for r in rosters), key=lambda g: g.id)),
        aims=aims,
        gap=_gap(aims) if any(r.visits for r in rosters) else None,
        history=tuple(history),
        statistics=_statistics(problem, rosters),
        stopped=",".join(sorted({r.stopped for r in rosters})),
        conflicts=tuple(_all(r.conflicts for r in rosters)),
        desk=_desks(rosters),
    )


def _gap(aims: Sequence[Aim]) -> float | None:
    early = next(a for a in aims if a.name == "earliness")
    return None if early.bound is None else round(gap_of(early.value * UNIT, early.bound * UNIT), 6)


def _desks(rosters: Sequence[Roster]) -> tuple[DeskTime, ...]:
    """A department's desks in all parts together."""
    people = Counter[tuple[str, date, str]]()
    for time in _all(r.desk for r in rosters):
        people[time.department, time.day, time.half] += time.people
    return tuple(DeskTime(*key, many) for key, many in sorted(people.items()))


def _all(lists: Iterable[Iterable[T]]) -> Iterator[T]:
    return chain.from_iterable(lists)


def _settled_of_refused(problem: Problem, division: Division) -> list[Settled]:
    """Items of refused checks that a recognised result settles: they were taken out before the cut."""
    gone = {check for missed in division.refused for check in missed.checks}
    if not gone:
        return []
    return settle(replace(problem, checks=tuple(c for c in problem.checks if c.id in gone)))[1]


def _aims(problem: Problem, rosters: Sequence[Roster]) -> tuple[Aim, ...]:
    """Sums over the parts; cluster-days are counted anew, because a street may lie in two parts."""
    value = dict.fromkeys(AIMS, 0.0)
    bound: dict[str, float | None] = dict.fromkeys(AIMS, 0.0)
    for roster in rosters:
        for aim in roster.aims:
            value[aim.name] = value.get(aim.name, 0.0) + aim.value
            bound[aim.name] = _sum(bound.get(aim.name, 0.0), aim.bound)
    cluster = {o.object_id: o.cluster for o in problem.objects}
    standing = Counter(cluster[v.object_id] for r in rosters for v in r.visits)
    opened = {(cluster[v.object_id], v.day) for r in rosters for v in r.visits}
    cap = problem.rules.cluster_day_cap or max(standing.values(), default=1)
    value["cluster_days"] = float(len(opened))
    bound["cluster_days"] = float(sum(math.ceil(n / cap) for n in standing.values()))
    return tuple(Aim(name, value[name], bound[name]) for name in value)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _statistics(problem: Problem, rosters: Sequence[Roster]) -> dict[str, float]:
    """Sums over the parts, but the busiest department of all parts and the days of one."""
    kept: dict[str, float] = {}
    for roster in rosters:
        for name, number in roster.statistics.items():
            before = kept.get(name, 0.0)
            kept[name] = max(before, number) if name in OF_ONE_PART else before + number
    return kept | {"checks": float(len(problem.checks)), "parts": float(len(rosters))}
