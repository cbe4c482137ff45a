"""Attendance (参加部门): a department that can never send a team to an object does not keep the others away.

Too few certified people, nobody with the qualification, or recusals that leave too few: its checks are refused
with the numbers, and the visit goes on with the departments that remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scheduling.merge import Merging, PlannedVisit, planned_visit
from scheduling.problem import Problem, Unplaced
from scheduling.recusal import DISTRICT, RECUSED, SAME_PAIR
from scheduling.staffing import People, SeatKind, seats_of, unfilled


def keep_staffable(
    visits: Sequence[PlannedVisit], problem: Problem, merging: Merging, people: People
) -> tuple[list[PlannedVisit], list[Unplaced]]:
    """Visits reduced to the departments that have a team at all, and the refused checks."""
    kept: list[PlannedVisit] = []
    refused: list[Unplaced] = []
    for visit in visits:
        left: PlannedVisit | None = visit
        while left is not None and (found := _absent(left, problem, people)):
            department, refusal = found
            refused.append(refusal)
            left = _without(left, department, problem, merging)
        kept += [left] if left is not None else []
    return sorted(kept, key=lambda v: v.id), refused


def _absent(visit: PlannedVisit, problem: Problem, people: People) -> tuple[str, Unplaced] | None:
    wanted = seats_of(visit, problem, people)
    for department in visit.departments:
        seats = {k: n for k, n in wanted.items() if k.department == department}
        if unfilled([(people.unrecused(k, visit.object_id), n) for k, n in seats.items()]):
            return department, _refusal(visit, department, seats, people)
    return None


def _refusal(visit: PlannedVisit, department: str, seats: dict[SeatKind, int], people: People) -> Unplaced:
    def spare(kind: SeatKind) -> int:
        return people.unrecused(kind, visit.object_id).bit_count() - seats[kind]

    kind = min(seats, key=lambda k: (spare(k), k.name))
    held = people.holders(kind) & people.employed
    free = people.unrecused(kind, visit.object_id)
    away = _away({rule: masks.get(visit.object_id, 0) for rule, masks in people.barred_by.items()}, held)
    rule = max(away, key=lambda r: away[r]) if away else ("qualification" if kind.name else "team_size")
    who = f"{department}{f'({kind.name})' if kind.name else ''}人员"
    need, able = sum(seats.values()), free.bit_count()
    such = f"持{kind.name}资格" if kind.name else "不限资格"
    sentence = (
        f"{who}:该次检查{department}共需 {need} 人,其中{such} {seats[kind]} 人;"
        f"本期持有效证件且在岗 {held.bit_count()} 人,"
        f"{''.join(f'{AWAY[rule]} {many} 人,' for rule, many in away.items())}可派 {able} 人"
    )
    checks = tuple(c.id for c in visit.checks if c.department == department)
    lent = _missing([(people.unrecused(k, visit.object_id), n) for k, n in seats.items()])
    relief = f"从其他单位借调 {lent} 人,或改为书面或网络检查"
    return Unplaced(checks, visit.object_id, (rule,), sentence, relief)


AWAY = {RECUSED: "须回避", DISTRICT: "不在当地执法", SAME_PAIR: "上次同去、本次不再一同前往"}
"""Why somebody who holds what is asked may not go, in words; the pair of last time does not stand aside, it is parted."""


def _away(barred: dict[str, int], held: int) -> dict[str, int]:
    """How many of the holders may not go, by the first rule that keeps each of them away."""
    counts: dict[str, int] = {}
    left = held
    for rule, mask in barred.items():
        if many := (left & mask).bit_count():
            counts[rule] = many
        left &= ~mask
    return counts


def _missing(demands: Sequence[tuple[int, int]]) -> int:
    """The fewest lent people, each fit for every seat, with whom distinct people meet all demands."""
    beyond = max(mask.bit_length() for mask, _ in demands)
    need = sum(n for _, n in demands)
    return next(
        many
        for many in range(need + 1)
        if not unfilled([(mask | ((1 << many) - 1) << beyond, n) for mask, n in demands])
    )


def _without(visit: PlannedVisit, department: str, problem: Problem, merging: Merging) -> PlannedVisit | None:
    checks = [c for c in visit.checks if c.department != department]
    if not checks:
        return None
    days = np.logical_and.reduce([merging.possible.all[merging.rows[c.id]] for c in checks])
    left = planned_visit(checks, days, problem, visit.notes)
    return replace(left, notes=(*visit.notes, f"{department}无可派人员,不参加本次检查"))
