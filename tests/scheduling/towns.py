"""Generated towns (模拟县区): roster problems of any size, deterministic from a seed, awkward on purpose.

Holidays and 调休, quiet days for parks and large firms, certificates that expire, leave, recusals, clues,
recognised results, caps nearly used up, pinned visits and scarce qualifications all occur.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st

from scheduling.problem import (
    AnnualCap,
    Check,
    Exemption,
    HonestQuota,
    Inspector,
    Object,
    Problem,
    QuietRule,
    Result,
    Rules,
    VisitCount,
)

DEPARTMENTS = ("市场监管", "消防", "生态环境", "人社", "住建", "卫健")
PARKS = tuple(f"{c}园区" for c in "东西南北中甲乙丙丁戊己庚辛壬癸")
QUALIFICATIONS = {"市场监管": ("特种设备", "食品"), "生态环境": ("辐射",), "卫健": ("公共卫生",)}
FIRST, AS_OF = date(2026, 10, 1), date(2026, 9, 30)


@dataclass(frozen=True)
class Size:
    """How large and how hard a town is."""

    objects: int
    inspectors: int
    days: int = 92
    departments: int = 6
    clusters: int = 40
    quiet_share: float = 0.25
    pins: int = 0
    scarce: float = 0.3
    limited: float = 0.3


def make_town(seed: int, size: Size) -> Problem:
    """A whole town; the same seed gives the same town."""
    rng = random.Random(seed)
    departments = DEPARTMENTS[: size.departments]
    last = FIRST + timedelta(days=size.days - 1)
    objects = tuple(_object(rng, n, size, departments) for n in range(size.objects))
    inspectors = tuple(
        _inspector(rng, n, departments[n % len(departments)], n // len(departments), size, last)
        for n in range(size.inspectors)
    )
    inspectors = _recusals(rng, inspectors, objects)
    checks = tuple(c for o in objects for c in _checks(rng, o, departments, last))
    honest = sum(o.honest for o in objects)
    return Problem(
        as_of=AS_OF,
        first_day=FIRST,
        last_day=last,
        rules=Rules(
            spacing_days=30,
            recognition_days=180,
            lead_team=2,
            partner_team=rng.choice((1, 2)),
            half_day_minutes=210,
            annual_caps=(AnnualCap(1), AnnualCap(8, categories=("food_drug", "safety_production"))),
            cluster_day_cap=rng.choice((None, 3, 4, 6)),
            lead_order=departments,
            honest_quota=HonestQuota(honest * 10, 0, 0.9) if rng.random() < 0.5 else None,
        ),
        objects=objects,
        checks=_pinned(rng, checks, size.pins),
        inspectors=inspectors,
        results=tuple(_result(rng, c) for c in rng.sample(checks, len(checks) // 20)),
        quiet_rules=_quiet_rules(),
        exemptions=_exemptions(rng, objects),
    )


def _object(rng: random.Random, n: int, size: Size, departments: tuple[str, ...]) -> Object:
    park = rng.choice(PARKS[: 1 + size.objects // 60]) if rng.random() < size.quiet_share else ""
    return Object(
        object_id=f"91330000{n:09d}X",
        cluster=park or f"街道{rng.randrange(size.clusters):02d}",
        district=rng.choice(("竹山", "松江", "梅林")),
        scale="规上" if rng.random() < size.quiet_share / 2 else "小微",
        industry=rng.choice(("C13", "C26", "F52", "H62")),
        park=park,
        honest=rng.random() < 0.2,
        last_visit=AS_OF - timedelta(days=rng.randrange(5, 300)) if rng.random() < 0.2 else None,
        visits=(VisitCount(rng.choice(departments), 2026, 1),) if rng.random() < 0.05 else (),
    )


def _inspector(rng: random.Random, n: int, department: str, rank: int, size: Size, last: date) -> Inspector:
    held = tuple(q for q in QUALIFICATIONS.get(department, ()) if rank < 2 or rng.random() < size.scarce)
    expiry = FIRST + timedelta(days=rng.randrange(20, 80)) if rng.random() < 0.05 else date(2028, 1, 1)
    start = FIRST + timedelta(days=rng.randrange(size.days))
    leave = tuple(start + timedelta(days=d) for d in range(5)) if rng.random() < 0.4 else ()
    return Inspector(
        id=f"执法{n:04d}",
        department=department,
        certificate_valid_to=expiry,
        qualifications=held,
        leave=tuple(d for d in leave if d <= last),
        half_days_per_day=1 if rng.random() < 0.05 else 2,
        visits_total=rng.choice((size.days // 2, size.days // 4)) if rng.random() < size.limited else None,
    )


def _recusals(
    rng: random.Random, inspectors: tuple[Inspector, ...], objects: tuple[Object, ...]
) -> tuple[Inspector, ...]:
    ids = [o.object_id for o in objects]
    return tuple(
        Inspector(**{**vars(i), "recused": tuple(sorted(rng.sample(ids, min(len(ids), rng.randrange(4)))))})
        for i in inspectors
    )


def _checks(rng: random.Random, object_: Object, departments: tuple[str, ...], last: date) -> list[Check]:
    count = min(len(departments), rng.choices((1, 2, 3, 4), (50, 30, 15, 5))[0])
    urgency = rng.choices((1, 2, 3, 4), (40, 35, 15, 10))[0]
    checks = []
    for department in rng.sample(departments, count):
        whole = rng.random() < 0.8
        start = FIRST if whole else FIRST + timedelta(days=rng.randrange((last - FIRST).days // 2 + 1))
        special = QUALIFICATIONS.get(department, ())
        checks.append(
            Check(
                id=f"{object_.object_id}/{department}",
                object_id=object_.object_id,
                task_id=f"任务-{department}",
                department=department,
                items=tuple(f"{department}事项{k}" for k in range(rng.randrange(1, 4))),
                window_from=start,
                window_to=last if rng.random() < 0.9 else start + (last - start) / 2,
                minutes=rng.choice((45, 60, 90, 120, 180, 240)),
                onsite=rng.random() > 0.05,
                qualifications=(rng.choice(special),) if special and rng.random() < 0.3 else (),
                categories=("double_random", "food_drug") if rng.random() < 0.2 else ("double_random",),
                urgency=urgency,
                lead=department == departments[0],
                clue=rng.random() < 0.03,
                joint=rng.random() > 0.03,
            )
        )
    return checks


def _pinned(rng: random.Random, checks: tuple[Check, ...], pins: int) -> tuple[Check, ...]:
    chosen = {c.object_id for c in rng.sample(checks, min(pins, len(checks)))}
    when = {
        o: (FIRST + timedelta(days=7 + rng.randrange(20)), rng.choice(("am", "pm"))) for o in sorted(chosen)
    }
    return tuple(
        Check(**{**vars(c), "pinned_day": when[c.object_id][0], "pinned_half": when[c.object_id][1]})
        if c.object_id in chosen
        else c
        for c in checks
    )


def _result(rng: random.Random, check: Check) -> Result:
    return Result(
        object_id=check.object_id,
        item=check.items[0],
        department="上级机关",
        day=AS_OF - timedelta(days=rng.randrange(1, 400)),
    )


def _quiet_rules() -> tuple[QuietRule, ...]:
    return (
        QuietRule(
            id="Q1",
            name="企业安静日",
            parks=PARKS,
            month_days=tuple(range(1, 21)),
            exempt_categories=("food_drug",),
            basis="模拟县〔2026〕1号",
        ),
        QuietRule(id="Q2", name="规上企业宁静日", scales=("规上",), month_days=tuple(range(1, 21))),
        QuietRule(id="Q3", name="周一宁静日", regions=("梅",), weekdays=(0,)),
        QuietRule(
            id="Q4", name="采收期", industries=("C13",), ranges=((date(2026, 10, 12), date(2026, 10, 23)),)
        ),
    )


def _exemptions(rng: random.Random, objects: tuple[Object, ...]) -> tuple[Exemption, ...]:
    some = rng.sample(objects, min(3, len(objects)))
    return tuple(
        Exemption(
            id=f"E{n}",
            category="food_drug",
            first_day=FIRST,
            last_day=FIRST + timedelta(days=91),
            rule_id="Q1",
            object_id=o.object_id,
            approved_by="局长" if n % 2 else "",
            approved_on=AS_OF if n % 2 else None,
        )
        for n, o in enumerate(some)
    )


@st.composite
def towns(draw: st.DrawFn, most_objects: int = 40, desks: bool = True) -> Problem:
    """Small towns of every temper, some of them impossible to serve whole."""
    size = Size(
        objects=draw(st.integers(1, most_objects)),
        inspectors=draw(st.integers(2, 24)),
        days=draw(st.sampled_from((12, 31, 45, 92))),
        departments=draw(st.integers(1, 4)),
        clusters=draw(st.integers(1, 8)),
        quiet_share=draw(st.sampled_from((0.0, 0.3, 0.9))),
        pins=draw(st.integers(0, 3)),
        scarce=draw(st.sampled_from((0.0, 0.3, 1.0))),
    )
    town = make_town(draw(st.integers(0, 2**32)), size)
    if not desks or draw(st.booleans()):
        return town
    return _with_last_teams(replace(town, rules=replace(town.rules, desk_people=1, separate_pairs=True)))


def _with_last_teams(town: Problem) -> Problem:
    """Every third object was last visited by two people of one department."""
    rng = random.Random(len(town.checks))
    by_department: dict[str, list[str]] = {}
    for person in town.inspectors:
        by_department.setdefault(person.department, []).append(person.id)
    pairs = [people for people in by_department.values() if len(people) > 1]
    if not pairs:
        return town
    objects = (
        replace(o, last_team=tuple(rng.sample(rng.choice(pairs), 2))) if n % 3 == 0 else o
        for n, o in enumerate(town.objects)
    )
    return replace(town, objects=tuple(objects))
