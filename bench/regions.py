"""Cities and provinces for the benches, from the towns of the tests; as a bench of its own it prints their sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scheduling.problem import HonestQuota, Problem
from tests.scheduling.towns import Size, make_town

MUNICIPAL = 19
"""Of a city's inspectors every nineteenth, from all departments, is the city's own and may serve any district."""


def make_bureau(seed: int, number: int, size: Size) -> Problem:
    """One bureau's problem; its ids and streets carry its number, so that many make a province."""
    town, name = make_town(1000 * seed + number, size), f"{number:03d}区"
    there = {o.object_id: f"{number:03d}{o.object_id[3:]}" for o in town.objects}
    return replace(
        town,
        objects=tuple(
            replace(o, object_id=there[o.object_id], district=name, cluster=name + o.cluster)
            for o in town.objects
        ),
        checks=tuple(replace(c, id=f"{name}{c.id}", object_id=there[c.object_id]) for c in town.checks),
        inspectors=tuple(
            replace(i, id=name + i.id, districts=(name,), recused=tuple(there[o] for o in i.recused))
            for i in town.inspectors
        ),
        results=tuple(replace(r, object_id=there[r.object_id]) for r in town.results),
        exemptions=tuple(replace(e, id=name + e.id, object_id=there[e.object_id]) for e in town.exemptions),
    )


def bureaus(seed: int, count: int, size: Size) -> Iterator[Problem]:
    """A province, bureau by bureau."""
    return (make_bureau(seed, n, size) for n in range(count))


def make_city(seed: int, districts: int, size: Size) -> Problem:
    """A city whose districts share one set of rules, an honest quota and the city's own inspectors."""
    towns = list(bureaus(seed, districts, size))
    people = [i for town in towns for i in town.inspectors]
    honest = sum(o.honest for town in towns for o in town.objects)
    return replace(
        towns[0],
        rules=replace(towns[0].rules, honest_quota=HonestQuota(honest * 10, 0, 0.9)),
        objects=tuple(o for town in towns for o in town.objects),
        checks=tuple(c for town in towns for c in town.checks),
        inspectors=tuple(replace(i, districts=()) if n % MUNICIPAL == 0 else i for n, i in enumerate(people)),
        results=tuple(r for town in towns for r in town.results),
        exemptions=tuple(e for town in towns for e in town.exemptions),
    )


def describe(problem: Problem) -> str:
    """Sizes in words."""
    districts = len({o.district for o in problem.objects})
    return (
        f"{len(problem.checks):,} checks at {len(problem.objects):,} objects, {len(problem.inspectors):,} inspectors, "
        f"{districts} district{'s' if districts > 1 else ''}, {problem.first_day} to {problem.last_day}"
    )


if __name__ == "__main__":
    print(describe(make_city(1, 10, Size(800, 60, limited=0.0))))
