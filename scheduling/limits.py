"""Caps and the honest quota (年度频次上限与无事不扰比例): which planned visits may take place at all.

Clues are counted by neither. What exceeds a limit is refused here, least urgent first and equals by ticket, with
a sentence and its cheapest relief; the rest goes on to be dated.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from scheduling.merge import PlannedVisit
from scheduling.problem import AnnualCap, Check, HonestQuota, Object, Problem, Unplaced
from scheduling.tickets import ticket


def cap_for(caps: Iterable[AnnualCap], department: str, checks: Sequence[Check]) -> int | None:
    """The cap on a department's visit with these checks: the widest that applies to any of them, None if none."""
    categories = {category for c in checks if c.department == department for category in c.categories}
    matching = [
        cap.most
        for cap in caps
        if (not cap.departments or department in cap.departments)
        and (not cap.categories or categories & set(cap.categories))
    ]
    return max(matching, default=None)


def may_still_visit(quota: HonestQuota) -> int:
    """How many more honest enterprises may get a planned visit so that the undisturbed share still holds."""
    undisturbed = math.ceil(quota.total * quota.undisturbed_share - 1e-9)
    return max(0, quota.total - undisturbed - quota.visited)


def _refusal(visit: PlannedVisit, rule: str, sentence: str, relief: str) -> Unplaced:
    return Unplaced(tuple(c.id for c in visit.checks), visit.object_id, (rule,), sentence, relief)


def keep_honest_quota(
    visits: Sequence[PlannedVisit], problem: Problem, seed: str
) -> tuple[list[PlannedVisit], list[Unplaced]]:
    """Refuse planned visits to honest enterprises beyond the quota (无事不扰比例)."""
    quota = problem.rules.honest_quota
    honest = {o.object_id for o in problem.objects if o.honest}
    planned = [v for v in visits if v.object_id in honest and not v.clue]
    if quota is None or not planned:
        return list(visits), []
    room = may_still_visit(quota)
    urgency: dict[str, tuple[bool, int]] = {}
    for v in planned:
        urgency[v.object_id] = max(urgency.get(v.object_id, (False, 0)), (v.pinned is not None, v.urgency))
    order = sorted(urgency, key=lambda o: ([-int(x) for x in urgency[o]], ticket(seed, "honest", o)))
    over = set(order[room:])
    sentence = (
        f"诚信主体 {quota.total} 户须有 {quota.undisturbed_share:.0%} 不受计划内入企打扰,"
        f"本期已入企 {quota.visited} 户,还可入企 {room} 户,拟入企 {len(order)} 户"
    )
    refused = [
        _refusal(v, "honest_quota", sentence, f"将其中 {len(over)} 户改为书面或网络检查")
        for v in planned
        if v.object_id in over
    ]
    return [v for v in visits if v.clue or v.object_id not in over], refused


def refuse_spent_caps(
    checks: Sequence[Check], problem: Problem, days: Sequence[date]
) -> tuple[list[Check], list[Unplaced]]:
    """Refuse the checks of a department that has used up its cap at an object, so that the others still go."""
    objects = {o.object_id: o for o in problem.objects}
    at: dict[tuple[str, str], list[Check]] = defaultdict(list)
    for check in checks:
        if not check.clue:
            at[check.object_id, check.department].append(check)
    refused: list[Unplaced] = []
    for (object_id, department), own in at.items():
        cap = cap_for(problem.rules.annual_caps, department, own)
        done = {c.year: c.count for c in objects[object_id].visits if c.department == department}
        if cap is None or not days or any(done.get(y, 0) < cap for y in {d.year for d in days}):
            continue
        year, made = max(done.items(), default=(days[0].year, 0))
        sentence = f"{department} {year} 年对该企业入企上限 {cap} 次,已入企 {made} 次"
        ids = tuple(c.id for c in own)
        refused.append(Unplaced(ids, object_id, ("annual_cap",), sentence, "改为书面或网络检查"))
    gone = {c for u in refused for c in u.checks}
    return [c for c in checks if c.id not in gone], refused


def keep_annual_caps(
    visits: Sequence[PlannedVisit], problem: Problem, days: Sequence[date]
) -> tuple[list[PlannedVisit], list[Unplaced]]:
    """Take the days of a year in which a department's cap is used up out of a visit; refuse it if none is left."""
    objects = {o.object_id: o for o in problem.objects}
    years = np.array([d.year for d in days])
    used: dict[tuple[str, str, int], int] = defaultdict(int)
    kept, refused = [], []
    for visit in sorted(visits, key=lambda v: (v.pinned is None, -v.urgency, v.id)):
        narrowed, full = _within_caps(visit, objects[visit.object_id], problem, years, used)
        if full and not narrowed.days.any() and visit.days.any():
            refused.append(_refusal(visit, "annual_cap", full[0], "改为书面或网络检查,或并入已排的一次入企"))
            continue
        if not visit.clue:
            for year in {int(y) for y in years[narrowed.days]}:
                for department in _counted(visit):
                    used[visit.object_id, department, year] += 1
        kept.append(narrowed)
    return sorted(kept, key=lambda v: v.id), refused


def _counted(visit: PlannedVisit) -> list[str]:
    return sorted({c.department for c in visit.checks if not c.clue})


def _within_caps(
    visit: PlannedVisit,
    object_: Object,
    problem: Problem,
    years: np.ndarray,
    used: dict[tuple[str, str, int], int],
) -> tuple[PlannedVisit, list[str]]:
    if visit.clue:
        return visit, []
    done = {(c.department, c.year): c.count for c in object_.visits}
    counted = [c for c in visit.checks if not c.clue]
    open_days, full = visit.days.copy(), []
    for department in _counted(visit):
        cap = cap_for(problem.rules.annual_caps, department, counted)
        for year in sorted({int(y) for y in years}):
            before = done.get((department, year), 0)
            planned = used[visit.object_id, department, year]
            if cap is not None and before + planned >= cap:
                open_days &= years != year
                full.append(
                    f"{department} {year} 年对该企业入企上限 {cap} 次,已入企 {before} 次、本期已排 {planned} 次"
                )
    return replace(visit, days=open_days), full
