"""Disturbed towns (受扰县区): random things that happen to a town's roster, of every kind."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from scheduling.disturbances import (
    CertificateEnded,
    Change,
    CheckAdded,
    Disturbance,
    ExemptionWithdrawn,
    InspectorAbsent,
    InspectorRecused,
    ObjectClosed,
    Postponed,
    QuietRuleAdded,
    Unfinished,
    UrgentLead,
    VisitCarriedOut,
    VisitPinned,
)
from scheduling.problem import Check, Object, Problem, QuietRule, Roster

Maker = Callable[[random.Random, Problem, Roster, date, int], Disturbance | None]


def _absent(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    first = as_of + timedelta(days=rng.randrange(-3, 15))
    last = first + timedelta(days=rng.randrange(1, 12))
    return InspectorAbsent(rng.choice(problem.inspectors).id, first, last, "病假在家")


def _recused(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    if roster.seats and rng.random() < 0.7:
        seat = rng.choice(roster.seats)
        visits = {v.id: v for v in roster.visits}
        return InspectorRecused(seat.inspector, visits[seat.visit].object_id, "近亲属任职")
    return InspectorRecused(
        rng.choice(problem.inspectors).id, rng.choice(problem.objects).object_id, "近亲属任职"
    )


def _certificate(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    day = as_of + timedelta(days=rng.randrange(-5, 30))
    return CertificateEnded(rng.choice(problem.inspectors).id, day, "调离执法岗位")


def _closed(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    return ObjectClosed(rng.choice(problem.objects).object_id, "已办理注销登记")


def _postponed(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    first = as_of + timedelta(days=rng.randrange(0, 20))
    last = first + timedelta(days=rng.randrange(0, 40))
    return Postponed(rng.choice(problem.objects).object_id, first, min(last, date(2026, 12, 31)), "设备检修")


def _quiet(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    first = as_of + timedelta(days=rng.randrange(0, 20))
    days = ((first, first + timedelta(days=rng.randrange(0, 4))),)
    if rng.random() < 0.5:
        rule = QuietRule(
            f"N{n}", "重大活动安静日", regions=(rng.choice(("竹山", "松江", "梅林")),), ranges=days
        )
    else:
        rule = QuietRule(
            f"N{n}", "单户安静日", object_ids=(rng.choice(problem.objects).object_id,), ranges=days
        )
    return QuietRuleAdded(rule, "当地公告")


def _withdrawn(
    rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int
) -> Disturbance | None:
    if not problem.exemptions:
        return None
    return ExemptionWithdrawn(rng.choice(problem.exemptions).id, "批准撤回")


def _check(rng: random.Random, problem: Problem, as_of: date, n: int) -> tuple[Check, Object | None]:
    like = rng.choice(problem.checks)
    site = None
    if rng.random() < 0.3:
        known = rng.choice(problem.objects)
        site = replace(known, object_id=f"新设{n}", last_visit=None, visits=(), honest=False)
    last = min(as_of + timedelta(days=rng.randrange(3, 30)), date(2026, 12, 31))
    where = site.object_id if site else like.object_id
    made = replace(
        like,
        id=f"新{n}",
        object_id=where,
        window_from=as_of,
        window_to=last,
        pinned_day=None,
        pinned_half=None,
    )
    return replace(made, items=(f"新事项{n}",), onsite=rng.random() < 0.8), site


def _lead(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    check, site = _check(rng, problem, as_of, n)
    return UrgentLead(check, "群众举报", site)


def _added(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance:
    check, site = _check(rng, problem, as_of, n)
    return CheckAdded(check, "补充抽取", site)


def _carried(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance | None:
    past = [v for v in roster.visits if v.day < as_of]
    if not past:
        return None
    visit = rng.choice(past)
    checks = {c.id: c for c in problem.checks}
    name = rng.choice([c for c in visit.checks if c in checks])
    if any(c.startswith(name.partition("~")[0] + "~") for c in checks):  # carried forward already
        return None
    items = checks[name].items[: rng.randrange(1, len(checks[name].items) + 1)]
    last = min(as_of + timedelta(days=40), date(2026, 12, 31))
    rest = Unfinished(name, items, as_of, last, counted=rng.random() < 0.3)
    return VisitCarriedOut(visit.id, (rest,), "负责人不在场")


def _pinned(rng: random.Random, problem: Problem, roster: Roster, as_of: date, n: int) -> Disturbance | None:
    future = [v for v in roster.visits if v.day >= as_of]
    if not future:
        return None
    visit = rng.choice(future)
    if rng.random() < 0.5:
        return VisitPinned(visit.id, "已与企业约定")
    return VisitPinned(visit.id, "已与企业约定", as_of + timedelta(days=rng.randrange(0, 10)), visit.half)


MAKERS: tuple[Maker, ...] = (
    _absent,
    _recused,
    _certificate,
    _closed,
    _postponed,
    _quiet,
    _withdrawn,
    _lead,
    _added,
    _carried,
    _pinned,
)
USUAL = (_absent, _absent, _recused, _closed, _postponed, _quiet, _lead, _lead, _added, _carried, _pinned)
"""What a quarter in a county brings: more illness and leads than anything else."""


def disturb(
    seed: int,
    problem: Problem,
    roster: Roster,
    as_of: date,
    count: int,
    makers: tuple[Maker, ...] = MAKERS,
) -> Change:
    """So many disturbances, each of a kind drawn from `makers`; the same seed gives the same ones."""
    rng = random.Random(seed)
    if not problem.checks:
        makers = (_absent, _quiet)
    made = [rng.choice(makers)(rng, problem, roster, as_of, seed * 1000 + n) for n in range(count)]
    return Change(as_of, tuple(one for one in made if one is not None))
