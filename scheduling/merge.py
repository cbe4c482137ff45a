"""Merging (进一次门、查多项事): the checks that fall on one object become as few joint visits as the rules allow.

Before merging, items whose result must be recognised (结果互认) and checks done off site (书面/网络) leave the
list, each with its reason. Two checks can share a visit if they share a possible day and their work fits the
day; departments work side by side, so a visit lasts as long as its longest department. A check that stays apart
says why. The fewest visits for an object is an exact set partition (at most `EXACT` groups; more are packed
first-fit).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scheduling.problem import HALVES, WHOLE_DAY, Check, Problem, Result, Settled
from scheduling.quiet import ObjectFrame, open_days

EXACT = 8
Days = NDArray[np.bool_]


@dataclass(frozen=True)
class PossibleDays:
    """Days a check may fall on, layer by layer, each bool check x day; `all` is their conjunction."""

    window: Days
    open: Days
    spaced: Days
    all: Days = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "all", self.window & self.open & self.spaced)


@dataclass(frozen=True, eq=False)
class PlannedVisit:
    """A joint visit without a date (待排日期的联合检查). `days` is bool per working day."""

    id: str
    object_id: str
    checks: tuple[Check, ...]
    departments: tuple[str, ...]
    lead: str
    minutes: int
    halves: int
    days: Days
    urgency: int
    clue: bool
    pinned: tuple[date, str] | None
    notes: tuple[str, ...] = ()

    @property
    def pressing(self) -> bool:
        """Whether somebody waits for it, or the law sets its last day (线索、法定期限)."""
        return any(c.clue or c.statutory for c in self.checks)

    @property
    def halves_allowed(self) -> tuple[str, ...]:
        """Where it fits: either half, or the whole day."""
        return (WHOLE_DAY,) if self.halves == 2 else HALVES


@dataclass(frozen=True)
class Merging:
    """The outcome: visits to date, and the possible days of their checks (`rows`: check -> row)."""

    visits: tuple[PlannedVisit, ...]
    possible: PossibleDays
    rows: dict[str, int]


def settle_off_site(checks: Sequence[Check]) -> list[Settled]:
    """Checks done in writing or online (书面/网络检查) open no door."""
    return [
        Settled(c.id, "off_site", c.items, f"{c.department}以书面或网络方式检查,不入企")
        for c in checks
        if not c.onsite
    ]


def recognise(problem: Problem) -> tuple[list[Check], list[Settled]]:
    """Cancel on-site items that anybody inspected within the recognition period before `as_of` (结果互认).

    A clue is never cancelled. Returns the checks still to be made, with their remaining items, and the reasons.
    """
    latest = _latest_results(problem.results, problem.as_of)
    kept, settled = [], []
    for check in problem.checks:
        if not check.onsite:
            continue
        known = {} if check.clue else _recognised_items(check, latest, problem)
        if known:
            settled.append(_recognition(check, known, problem.rules.recognition_days))
        left = tuple(i for i in check.items if i not in known)
        if left or not check.items:
            kept.append(replace(check, items=left, minutes=minutes_left(check, known)))
    return kept, settled


def minutes_left(check: Check, known: Collection[str]) -> int:
    """Minutes of the items still to be checked (检查用时); the check's own where its items state none."""
    if not known or len(check.item_minutes) != len(check.items):
        return check.minutes
    timed = zip(check.items, check.item_minutes, strict=True)
    return max(1, sum(minutes for item, minutes in timed if item not in known))


def _latest_results(results: Sequence[Result], as_of: date) -> dict[tuple[str, str], Result]:
    latest: dict[tuple[str, str], Result] = {}
    for result in results:
        key = (result.object_id, result.item)
        if result.day <= as_of and (key not in latest or latest[key].day < result.day):
            latest[key] = result
    return latest


def _recognised_items(
    check: Check, latest: dict[tuple[str, str], Result], problem: Problem
) -> dict[str, Result]:
    found = {i: latest[check.object_id, i] for i in check.items if (check.object_id, i) in latest}
    reach = problem.rules.recognition_days
    return {i: r for i, r in found.items() if (problem.as_of - r.day).days <= reach}


def _recognition(check: Check, known: dict[str, Result], reach: int) -> Settled:
    parts = "、".join(f"{r.department}{r.day}已查「{i}」" for i, r in sorted(known.items()))
    whole = "本任务不再入企" if len(known) == len(check.items) else "相应事项不再检查"
    return Settled(check.id, "recognised", tuple(sorted(known)), f"{parts},{reach} 日内结果互认,{whole}")


def possible_days(problem: Problem, checks: Sequence[Check], days: Sequence[date]) -> PossibleDays:
    """Window, quiet days and spacing since the last visit, for every check at once: bool check x day."""
    row = {o.object_id: n for n, o in enumerate(problem.objects)}
    places = np.array([row[c.object_id] for c in checks], dtype=int)
    ordinals = np.array([d.toordinal() for d in days])
    first = np.array([c.window_from.toordinal() for c in checks])
    last = np.array([c.window_to.toordinal() for c in checks])
    window = (ordinals >= first[:, None]) & (ordinals <= last[:, None])
    return PossibleDays(
        window, _open(problem, checks, days, places), _spaced(problem, checks, ordinals, places)
    )


def _open(problem: Problem, checks: Sequence[Check], days: Sequence[date], places: NDArray[np.int_]) -> Days:
    frame = ObjectFrame.of(problem.objects)
    rows_of: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for n, check in enumerate(checks):
        rows_of[tuple(sorted(set(check.categories)))].append(n)
    matrix = np.ones((len(checks), len(days)), dtype=bool)
    for categories, rows in rows_of.items():
        opened = open_days(frame, problem.quiet_rules, days, problem.exemptions, categories, problem.as_of)
        matrix[rows] = opened[places[rows]]
    return matrix


def _spaced(
    problem: Problem, checks: Sequence[Check], ordinals: NDArray[np.int_], places: NDArray[np.int_]
) -> Days:
    last = np.array([o.last_visit.toordinal() if o.last_visit else -(10**6) for o in problem.objects])
    clue = np.array([c.clue for c in checks], dtype=bool)
    matrix: Days = ordinals - last[places][:, None] >= problem.rules.spacing_days
    return matrix | clue[:, None]


@dataclass(frozen=True, eq=False)
class _Bundle:
    """Checks that cannot be separated: one check, or the checks of one pinned visit."""

    checks: tuple[Check, ...]
    days: Days
    """Days that are open to all its checks."""
    meeting: Days
    """Of these, the days on which others may come along: of a pinned visit its own day only."""

    @property
    def pin(self) -> tuple[date, str] | None:
        first = self.checks[0]
        return (first.pinned_day, first.pinned_half or "") if first.pinned_day else None

    @property
    def joint(self) -> bool:
        return all(c.joint for c in self.checks)


def _bundles(checks: Sequence[Check], days: dict[str, Days], dates: Sequence[date]) -> list[_Bundle]:
    together: dict[tuple[object, ...], list[Check]] = defaultdict(list)
    for check in sorted(checks, key=lambda c: c.id):
        key = (check.pinned_day, check.pinned_half) if check.pinned_day else (check.id,)
        together[key].append(check)
    found = []
    for group in together.values():
        free = np.logical_and.reduce([days[c.id] for c in group])
        pinned = group[0].pinned_day
        meeting = free & np.array([pinned in (None, day) for day in dates], dtype=bool)
        found.append(_Bundle(tuple(group), free, meeting))
    return found


def _longest(checks: Sequence[Check]) -> int:
    spent: dict[str, int] = defaultdict(int)
    for check in checks:
        spent[check.department] += check.minutes
    return max(spent.values())


def why_apart(bundles: Sequence[_Bundle], half_day_minutes: int) -> str | None:
    """Why these cannot be one visit, as a sentence; None if they can."""
    if len(bundles) == 1:
        return None
    if not all(b.joint for b in bundles):
        return "计划规定该任务单独进行,不参加联合检查"
    pins = {b.pin for b in bundles if b.pin}
    if len(pins) > 1:
        return "已固定在不同日期"
    if not np.logical_and.reduce([b.meeting for b in bundles]).any():
        return "各任务期限与开放日没有共同日期"
    minutes = _longest([c for b in bundles for c in b.checks])
    room = half_day_minutes if pins and next(iter(pins))[1] != WHOLE_DAY else 2 * half_day_minutes
    if minutes > room:
        return f"合并后需 {minutes} 分钟,超过可用的 {room} 分钟"
    return None


def _partition(bundles: list[_Bundle], half_day_minutes: int) -> list[list[_Bundle]]:
    if why_apart(bundles, half_day_minutes) is None:
        return [bundles]
    if len(bundles) > EXACT:
        return _first_fit(bundles, half_day_minutes)
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    fits: dict[int, float] = {}
    for mask in range(1, 1 << len(bundles)):
        members = [b for n, b in enumerate(bundles) if mask >> n & 1]
        if why_apart(members, half_day_minutes) is None:
            shared = np.logical_and.reduce([b.days for b in members]).sum()
            fits[mask] = 1 - 1e-6 * float(shared)
    for mask in range(1, 1 << len(bundles)):
        low = mask & -mask
        options = [
            (fits[part] + best[mask ^ part][0], [part, *best[mask ^ part][1]])
            for part in fits
            if part & low and part & mask == part
        ]
        best.append(min(options))
    return [[b for n, b in enumerate(bundles) if part >> n & 1] for part in best[-1][1]]


def _first_fit(bundles: list[_Bundle], half_day_minutes: int) -> list[list[_Bundle]]:
    groups: list[list[_Bundle]] = []
    for bundle in sorted(bundles, key=lambda b: int(b.days.sum())):
        home = next((g for g in groups if why_apart([*g, bundle], half_day_minutes) is None), None)
        if home is None:
            groups.append([bundle])
        else:
            home.append(bundle)
    return groups


def _lead(checks: Sequence[Check], order: Sequence[str]) -> str:
    rank = {department: n for n, department in enumerate(order)}
    spent: dict[str, int] = defaultdict(int)
    named = set()
    for check in checks:
        spent[check.department] += check.minutes
        named |= {check.department} if check.lead else set()
    return min(named or spent, key=lambda d: (rank.get(d, len(rank)), -spent[d], d))


def visit_id(object_id: str, checks: Sequence[str]) -> str:
    """A name that depends on the object and its checks only, not on the order of the input."""
    text = "\n".join([object_id, *sorted(checks)])
    return "V" + hashlib.sha256(text.encode()).hexdigest()[:12]


def planned_visit(
    checks: Sequence[Check], days: Days, problem: Problem, notes: Sequence[str] = ()
) -> PlannedVisit:
    """One joint visit of these checks at one object, possible on `days`."""
    minutes = _longest(checks)
    lead = _lead(checks, problem.rules.lead_order)
    pin = next(((c.pinned_day, c.pinned_half or "") for c in checks if c.pinned_day), None)
    fits_a_day = minutes <= len(HALVES) * problem.rules.half_day_minutes
    whole = minutes > problem.rules.half_day_minutes or (pin is not None and pin[1] == WHOLE_DAY)
    return PlannedVisit(
        id=visit_id(checks[0].object_id, [c.id for c in checks]),
        object_id=checks[0].object_id,
        checks=tuple(checks),
        departments=(lead, *sorted({c.department for c in checks} - {lead})),
        lead=lead,
        minutes=minutes,
        halves=2 if whole else 1,
        days=days if fits_a_day else np.zeros_like(days),
        urgency=max(c.urgency for c in checks),
        clue=all(c.clue for c in checks),
        pinned=pin,
        notes=tuple(notes),
    )


def _visits_of(bundles: list[_Bundle], problem: Problem) -> list[PlannedVisit]:
    parts = _partition(bundles, problem.rules.half_day_minutes)
    visits = []
    for part in parts:
        notes = []
        for other in parts:
            if other is not part and (why := why_apart([*part, *other], problem.rules.half_day_minutes)):
                tasks = "、".join(sorted({c.department for b in other for c in b.checks}))
                notes.append(f"与{tasks}的检查未合并:{why}")
        checks = [c for b in part for c in b.checks]
        if len({c.department for c in checks}) > 1:
            notes.append(f"合并 {len({c.department for c in checks})} 个部门 {len(checks)} 项任务,进一次门")
        days = np.logical_and.reduce([b.days for b in part])
        visits.append(planned_visit(sorted(checks, key=lambda c: c.id), days, problem, notes))
    return visits


def settle(problem: Problem) -> tuple[list[Check], list[Settled]]:
    """The checks that still need a visit, and why the others, or some of their items, do not."""
    kept, recognised = recognise(problem)
    return kept, [*settle_off_site(problem.checks), *recognised]


def merge(problem: Problem, checks: Sequence[Check], days: Sequence[date]) -> Merging:
    """Joint visits of these checks, in the order of their ids."""
    possible = possible_days(problem, checks, days)
    rows = {c.id: n for n, c in enumerate(checks)}
    at: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        at[check.object_id].append(check)
    visits: list[PlannedVisit] = []
    for own in at.values():
        visits += _visits_of(_bundles(own, {c.id: possible.all[rows[c.id]] for c in own}, days), problem)
    return Merging(tuple(sorted(visits, key=lambda v: v.id)), possible, rows)
