"""Towns with one planted conflict (排不下的模拟县区): a town that can be served, plus visits that cannot all be.

Six kinds: scarce certificate holders, a quiet month, pinned visits that clash, two visits too close, a crowded park,
workloads used up. The numbers are planted, so the tests know what a proof must say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from scheduling.problem import Check, Inspector, Object, Problem, QuietRule
from tests.scheduling.towns import FIRST, Size, make_town

NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))
VALID = date(2030, 1, 1)
PLACE = "东湖"


def easy_town(seed: int, objects: int, inspectors: int, days: int = 92) -> Problem:
    """A town without anything that could keep a visit away by itself."""
    town = make_town(seed, Size(objects, inspectors, days=days, quiet_share=0.2, limited=0.0, scarce=1.0))
    return replace(
        town,
        rules=replace(
            town.rules, honest_quota=None, cluster_day_cap=None, annual_caps=(), lead_team=2, partner_team=1
        ),
        objects=tuple(replace(o, visits=(), last_visit=None) for o in town.objects),
        checks=tuple(
            replace(c, window_from=FIRST, window_to=town.last_day, qualifications=(), joint=True)
            for c in town.checks
        ),
        inspectors=tuple(
            replace(i, leave=(), half_days_per_day=2, certificate_valid_to=VALID, recused=())
            for i in town.inspectors
        ),
        results=(),
        exemptions=(),
    )


def planted(
    town: Problem,
    count: int,
    department: str,
    window: tuple[date, date] = NOVEMBER,
    cluster: str = "",
    **more,
) -> Problem:
    """The town with `count` further objects, each with one check."""
    places = tuple(Object(f"加{n:03d}", cluster or f"新街{n}", PLACE, park="新园") for n in range(count))
    checks = tuple(
        replace(Check(f"加查{n:03d}", o.object_id, "加", department, ("加项",), *window, 60), **more)
        for n, o in enumerate(places)
    )
    return replace(town, objects=(*town.objects, *places), checks=(*town.checks, *checks))


def scarce_holders(town: Problem) -> Problem:
    """41 visits need a boiler certificate; 3 days stay open in November; 4 hold it, each visit takes one: at most 24."""
    town = planted(town, 41, "市场监管", qualifications=("锅炉",))
    quiet = QuietRule(
        "新",
        "园区宁静日",
        parks=("新园",),
        month_days=tuple(range(1, 26)),
        exempt_categories=("double_random",),
    )
    holders = {"市场监管": 4, "消防": 3}
    inspectors = []
    for person in town.inspectors:
        lucky = holders.get(person.department, 0) > 0
        holders[person.department] = holders.get(person.department, 0) - 1
        inspectors.append(
            replace(person, qualifications=(*person.qualifications, "锅炉")) if lucky else person
        )
    return replace(town, inspectors=tuple(inspectors), quiet_rules=(*town.quiet_rules, quiet))


def quiet_month(town: Problem) -> Problem:
    """12 visits whose window holds quiet days only, which an exemption may open."""
    town = planted(town, 12, "消防", (date(2026, 11, 2), date(2026, 11, 25)))
    quiet = QuietRule(
        "新",
        "园区宁静日",
        parks=("新园",),
        month_days=tuple(range(1, 26)),
        exempt_categories=("double_random",),
    )
    return replace(town, quiet_rules=(*town.quiet_rules, quiet))


def pinned_clash(town: Problem) -> Problem:
    """Three more visits are pinned to one half-day than the health department has teams for."""
    teams = sum(i.department == "卫健" for i in town.inspectors) // 2
    return planted(town, teams + 3, "卫健", pinned_day=date(2026, 11, 10), pinned_half="am")


def too_close(town: Problem) -> Problem:
    """5 enterprises must be entered twice within twenty days, thirty days apart."""
    town = planted(town, 5, "市场监管", (date(2026, 11, 2), date(2026, 11, 20)), joint=False)
    again = tuple(
        replace(c, id=f"{c.id}再", department="消防", items=("另项",))
        for c in town.checks
        if c.task_id == "加"
    )
    return replace(town, checks=(*town.checks, *again))


def crowded_park(town: Problem) -> Problem:
    """40 visits in one park within five days, six a day."""
    town = planted(town, 40, "消防", (date(2026, 11, 2), date(2026, 11, 6)), cluster="新园")
    return replace(town, rules=replace(town.rules, cluster_day_cap=6))


def used_up(town: Problem) -> Problem:
    """A department of its own: 30 visits by pairs, 5 people with eight visits each: 20 pairs at most."""
    people = tuple(Inspector(f"文旅{n}", "文旅", VALID, visits_total=8) for n in range(5))
    return replace(planted(town, 30, "文旅", (FIRST, town.last_day)), inspectors=(*town.inspectors, *people))


KINDS: dict[str, tuple[Callable[[Problem], Problem], set[str], int]] = {
    "scarce holders": (scarce_holders, {"window", "quiet_day", "capacity"}, 17),
    "quiet month": (quiet_month, {"window", "quiet_day"}, 12),
    "pinned clash": (pinned_clash, {"pinned", "capacity"}, 3),
    "too close": (too_close, {"window", "spacing"}, 5),
    "crowded park": (crowded_park, {"window", "cluster_cap"}, 10),
    "used up": (used_up, {"total_limit"}, 10),
}
"""Each kind with the rules that a smallest set names and the visits that no plan can place."""
