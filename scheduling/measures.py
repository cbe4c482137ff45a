"""Measures (措施): what a relief asks somebody to decide, in words and prices, and the problem once it is decided.

A measure never names an inspector: people lent appear as so many from a department, and when the measure is tried
the lender's people are taken by public number, only to see whether the plan holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from scheduling.booking import UNPLACED
from scheduling.capacity import HallRow
from scheduling.conflict_record import Measure
from scheduling.conflict_words import in_words
from scheduling.prepared import Prepared
from scheduling.problem import Check, Exemption, Inspector, Problem
from scheduling.relief_model import Relief
from scheduling.relief_scene import Scene
from scheduling.staffing import SeatKind
from scheduling.tickets import ticket
from scheduling.workdays import each_day

LENT = "借调"


def measures_of(scene: Scene, relief: Relief) -> tuple[Measure, ...]:
    """What an answer of the relief model asks for, one measure a kind (borrowing: one a department)."""
    return tuple(
        measure
        for make in (_lend, _delay, _exempt, _shorten, _unpin, _grow, _write)
        for measure in make(scene, relief)
    )


def _checks(scene: Scene, visits: Iterable[int]) -> tuple[str, ...]:
    return tuple(c.id for v in sorted(set(visits)) for c in scene.prepared.visits[v].checks)


def _delay(scene: Scene, relief: Relief) -> Iterator[Measure]:
    if moved := relief.moved["window"]:
        weeks = sum(scene.late_weeks(v, d) for v, d in moved)
        last = scene.prepared.dates.dates[max(d for _, d in moved)]
        said = f"将 {len(moved)} 次检查的期限延长至 {last}"
        price = weeks * scene.prices.later_week
        yield Measure("window", len(moved), "次", said, price, _checks(scene, (v for v, _ in moved)), (last,))


def _exempt(scene: Scene, relief: Relief) -> Iterator[Measure]:
    if relief.opened and (moved := relief.moved["exemption"]):
        days = tuple(scene.prepared.dates.dates[d] for d in relief.opened)
        said = f"为 {len(moved)} 次检查审批安静日豁免,开放 {len(days)} 天({in_words(days)})"
        price = len(days) * scene.prices.exemption_day
        yield Measure("exemption", len(days), "天", said, price, _checks(scene, (v for v, _ in moved)), days)


def _shorten(scene: Scene, relief: Relief) -> Iterator[Measure]:
    if moved := relief.moved["spacing"]:
        dates, visits, objects = scene.prepared.dates, scene.prepared.visits, scene.prepared.objects
        gaps = [
            int(dates.ordinals[d]) - before.toordinal()
            for v, d in moved
            if (before := objects[visits[v].object_id].last_visit)
        ]
        least = min(gaps)
        said = f"经批准将入企间隔缩短为 {least} 日,{len(moved)} 次检查可以排入"
        price = len(moved) * scene.prices.shorter_spacing
        yield Measure("spacing", least, "日", said, price, _checks(scene, (v for v, _ in moved)))


def _unpin(scene: Scene, relief: Relief) -> Iterator[Measure]:
    if moved := relief.moved["unpin"]:
        said = f"解除 {len(moved)} 次检查的固定日期,重新排期"
        price = len(moved) * scene.prices.unpin
        yield Measure("unpin", len(moved), "次", said, price, _checks(scene, (v for v, _ in moved)))


def _grow(scene: Scene, relief: Relief) -> Iterator[Measure]:
    for name, more in sorted(relief.grown.items()):
        kind, _, department = name.partition("/")
        if kind == "workload":
            said = f"{department}有工作量上限的人员本期上限各提高 {more} 次"
            price = more * scene.prices.workload_visit
            yield Measure(kind, more, "次", said, price, department=department)
        else:
            cap = scene.prepared.dates.cluster_cap
            said = f"园区、街道每日上限由 {cap} 户提高到 {cap + more} 户"
            yield Measure(kind, more, "户", said, more * scene.prices.cluster_door)


def _write(scene: Scene, relief: Relief) -> Iterator[Measure]:
    if relief.off_site:
        yield off_site(scene.prepared, relief.off_site, sum(map(scene.off_site_price, relief.off_site)))


def off_site(prepared: Prepared, visits: Sequence[int], price: float) -> Measure:
    """These visits in writing or online instead."""
    checks = tuple(c.id for v in sorted(visits) for c in prepared.visits[v].checks)
    return Measure("off_site", len(visits), "次", f"将 {len(visits)} 次改为书面或网络检查", price, checks)


def _lend(scene: Scene, relief: Relief) -> Iterator[Measure]:
    for row, teams in sorted(relief.lent.items()):
        hall = scene.prepared.dates.rows[row]
        kind = _able(scene, hall)
        need = {d: max(1, scene.team(row) * n - _odd(scene, row, d)) for d, n in teams.items()}
        days = tuple(scene.prepared.dates.dates[d] for d in sorted(need))
        most, prices = max(need.values()), scene.prices
        price = prices.borrowed_day * sum(need.values()) + prices.borrowed_person * most
        lender = _lender(scene, kind, need)
        whom = f"{most} 名{'、'.join(kind.qualifications)}{'资格' if kind.qualifications else '持证'}人员"
        said = f"{hall.department}从{lender or '其他单位'}借调 {whom},共 {sum(need.values())} 人日({in_words(days)})"
        spread = tuple(day for d, day in zip(sorted(need), days, strict=True) for _ in range(need[d]))
        yield Measure(
            "borrow", most, "人", said, price, days=spread, department=hall.department, lender=lender,
            qualifications=kind.qualifications,
        )  # fmt: skip


def _able(scene: Scene, hall: HallRow) -> SeatKind:
    """What those who are lent must hold: the row's easiest seat, and whatever nobody counts because all hold it."""
    easiest = min(hall.kinds, key=lambda k: (len(k.qualifications), k.name))
    counted = {row.kinds for row in scene.prepared.dates.rows}
    silent = {q for k in hall.kinds if k.qualifications and {k} not in counted for q in k.qualifications}
    return SeatKind(hall.department, tuple(sorted({*easiest.qualifications, *silent})))


def _odd(scene: Scene, row: int, day: int) -> int:
    """People of the row whom whole teams leave over that day: they need no lending."""
    hall, people = scene.prepared.dates.rows[row], scene.prepared.staffing.people
    return min(
        (hall.mask & mask).bit_count() - int(hall.slots[2 * day + half])
        for half, mask in enumerate(people.available[day])
    )


def _lender(scene: Scene, kind: SeatKind, need: dict[int, int]) -> str:
    """A department with such people to spare on all of these days; empty if there is none."""
    people = scene.prepared.staffing.people
    departments = sorted({p.department for p in people.inspectors} - {kind.department})
    for department in departments:
        able = people.holders(SeatKind(department, kind.qualifications))
        everybody = people.holders(SeatKind(department))
        if all(_spare(scene, department, able, everybody, d) >= n for d, n in need.items()):
            return department
    return ""


def _spare(scene: Scene, department: str, able: int, everybody: int, day: int) -> int:
    """People of a mask whom their own department can do without all day."""
    prepared, found = scene.prepared, []
    standing = np.flatnonzero(scene.slot // 2 == day)
    for half, mask in enumerate(prepared.staffing.people.available[day]):
        asked = sum(
            n
            for v in standing
            if scene.slot[v] != UNPLACED and (prepared.dates.halves[v] == 2 or scene.slot[v] % 2 == half)
            for k, n in prepared.staffing.seats[v].items()
            if k.department == department
        )
        found.append(min((able & mask).bit_count(), (everybody & mask).bit_count() - asked))
    return min(found)


def apply(problem: Problem, measures: Sequence[Measure]) -> Problem:
    """The problem once the measures are decided (采纳措施后的排班问题)."""
    for measure in measures:
        problem = _APPLIED[measure.kind](problem, measure)
    return problem


def _change(problem: Problem, measure: Measure, change: Callable[[Check], Check]) -> Problem:
    meant = set(measure.checks)
    return replace(problem, checks=tuple(change(c) if c.id in meant else c for c in problem.checks))


def _apply_off_site(problem: Problem, measure: Measure) -> Problem:
    return _change(problem, measure, lambda c: replace(c, onsite=False, pinned_day=None, pinned_half=None))


def _apply_unpin(problem: Problem, measure: Measure) -> Problem:
    return _change(problem, measure, lambda c: replace(c, pinned_day=None, pinned_half=None))


def _apply_window(problem: Problem, measure: Measure) -> Problem:
    (last,) = measure.days
    longer = replace(problem, last_day=max(problem.last_day, last))
    return _change(longer, measure, lambda c: replace(c, window_to=max(c.window_to, last)))


def _apply_spacing(problem: Problem, measure: Measure) -> Problem:
    return replace(problem, rules=replace(problem.rules, spacing_days=measure.amount))


def _apply_cluster_cap(problem: Problem, measure: Measure) -> Problem:
    cap = (problem.rules.cluster_day_cap or 0) + measure.amount
    return replace(problem, rules=replace(problem.rules, cluster_day_cap=cap))


def _apply_workload(problem: Problem, measure: Measure) -> Problem:
    def raised(person: Inspector) -> Inspector:
        if person.department != measure.department or person.visits_total is None:
            return person
        return replace(person, visits_total=person.visits_total + measure.amount)

    return replace(problem, inspectors=tuple(map(raised, problem.inspectors)))


def _apply_exemption(problem: Problem, measure: Measure) -> Problem:
    meant = set(measure.checks)
    wanted = sorted({(c.object_id, k) for c in problem.checks if c.id in meant for k in c.categories})
    fresh = tuple(
        Exemption(f"拟批/{place}/{category}/{day}", category, day, day, "", place, "拟批准", problem.as_of)
        for place, category in wanted
        for day in measure.days
    )
    return replace(problem, exemptions=(*problem.exemptions, *fresh))


def _apply_borrow(problem: Problem, measure: Measure) -> Problem:
    need = {day: measure.days.count(day) for day in set(measure.days)}
    inspectors = _without(problem, measure, need) if measure.lender else problem.inspectors
    period = list(each_day(problem.first_day, problem.last_day))
    lent = tuple(
        Inspector(
            id=f"{LENT}/{measure.department}/{'+'.join(measure.qualifications)}/{n}",
            department=measure.department,
            certificate_valid_to=problem.last_day,
            qualifications=measure.qualifications,
            leave=tuple(d for d in period if need.get(d, 0) <= n),
        )
        for n in range(measure.amount)
    )
    return replace(problem, inspectors=(*inspectors, *lent))


def _without(problem: Problem, measure: Measure, need: dict[date, int]) -> tuple[Inspector, ...]:
    """The lender's people with those away who are lent: fewest other qualifications first, then by public number."""
    away: dict[str, set[date]] = {}
    own = [
        p
        for p in problem.inspectors
        if p.department == measure.lender and {*measure.qualifications} <= {*p.qualifications}
    ]
    for day, many in need.items():
        able = [p for p in own if day not in p.leave and day <= p.certificate_valid_to]
        able.sort(key=lambda p: (len(p.qualifications), -p.half_days_per_day, ticket("", "lend", p.id)))
        for person in able[:many]:
            away.setdefault(person.id, set()).add(day)
    return tuple(
        replace(p, leave=tuple(sorted({*p.leave, *away[p.id]}))) if p.id in away else p
        for p in problem.inspectors
    )


_APPLIED: dict[str, Callable[[Problem, Measure], Problem]] = {
    "off_site": _apply_off_site,
    "unpin": _apply_unpin,
    "window": _apply_window,
    "spacing": _apply_spacing,
    "cluster_cap": _apply_cluster_cap,
    "workload": _apply_workload,
    "exemption": _apply_exemption,
    "borrow": _apply_borrow,
}
