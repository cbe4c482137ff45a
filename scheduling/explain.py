"""Why not everything could be dated (规定冲突的说明): the conflicts, each a smallest set of rules, in planners' words.

First the shortages that a sum proves (shortage_proof.py), over sets of visits; what is left without a date and in
none of them is grouped by the rule that speaks of one visit alone (conflicts.py). Every unplaced check is in
exactly one conflict.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scheduling.booking import UNPLACED
from scheduling.capacity import Ints
from scheduling.conflict_record import Claim, Conflict, Supply
from scheduling.conflict_words import proof_sentence
from scheduling.holdings import CLUSTER, LIMITED, OBJECT, PEOPLE, WORKLOAD, Holding, holdings
from scheduling.prepared import Prepared
from scheduling.problem import HALVES, Unplaced
from scheduling.shortage_proof import Counted, ShortageProof, prove, prove_with, together

RATIONED = {
    PEOPLE: "capacity", WORKLOAD: "total_limit", LIMITED: "total_limit", CLUSTER: "cluster_cap", OBJECT: "spacing",
}  # fmt: skip
WEAKEST_FIRST = (
    "total_limit", "cluster_cap", "spacing", "annual_cap", "pinned", "quiet_day", "capacity", "window",
)  # fmt: skip
"""Rules are left out in this order while the rest still conflicts, so that what stays is what must be decided."""
SURE = {
    "window", "quiet_day", "spacing", "annual_cap", "duration", "honest_quota", "qualification", "team_size",
    "recused", "district", "same_pair", "working_day", "desk",
}  # fmt: skip
"""Rules that, named for one visit alone, leave it no day at all: nothing has to be searched to know it."""


@dataclass(frozen=True, eq=False)
class Found:
    """A conflict with the places of its visits in `Prepared` (refused checks have none) and its proof, if any."""

    conflict: Conflict
    left_out: tuple[int, ...] = ()
    proof: ShortageProof | None = None


def find_conflicts(prepared: Prepared, slot: Ints, unplaced: Sequence[Unplaced]) -> list[Found]:
    """Conflicts for everything unplaced, the largest first; empty where nothing is. `slot` [V] is the plan made."""
    waiting = {v: u for v, u in _by_visit(prepared, unplaced).items() if slot[v] == UNPLACED}
    found, explained = [], set()
    if waiting:
        for proof in _few(prepared, prove(prepared.dates, range(len(prepared.visits)))):
            mine = tuple(v for v in proof.visits if v in waiting)
            explained |= {id(waiting.pop(v)) for v in mine}
            found.append(Found(_proved(prepared, proof, mine), mine, proof))
    return [*found, *_alone(prepared, [u for u in unplaced if id(u) not in explained], waiting)]


def _few(prepared: Prepared, proofs: Sequence[ShortageProof]) -> list[ShortageProof]:
    """Enterprises that must be entered too often, together by district: their sums stay apart, their words do not."""
    alike: dict[str, list[ShortageProof]] = defaultdict(list)
    for proof in proofs:
        if all(c.holding.kind == OBJECT for c in proof.counted) and set(proof.least) == {1}:
            alike[prepared.objects[prepared.visits[proof.visits[0]].object_id].district].append(proof)
    merged = {id(p) for group in alike.values() for p in group}
    return [
        *(p for p in proofs if id(p) not in merged),
        *(together(group) for _, group in sorted(alike.items())),
    ]


def _refused(prepared: Prepared, missed: Unplaced) -> bool:
    return any(missed is u for u in prepared.refused)


def _checks(prepared: Prepared, v: int) -> tuple[str, ...]:
    return tuple(c.id for c in prepared.visits[v].checks)


def _by_visit(prepared: Prepared, unplaced: Sequence[Unplaced]) -> dict[int, Unplaced]:
    missed = {u.checks: u for u in unplaced if not _refused(prepared, u)}
    return {v: missed[own] for v in range(len(prepared.visits)) if (own := _checks(prepared, v)) in missed}


def _proved(prepared: Prepared, proof: ShortageProof, left_out: tuple[int, ...]) -> Conflict:
    rules = needed_rules(prepared, proof.visits)
    supplies = _supplies(prepared, proof)
    claims = tuple(
        Claim(prepared.visits[v].object_id, _checks(prepared, v), least)
        for v, least in zip(proof.visits, proof.least, strict=True)
    )
    return Conflict(
        rules=rules,
        sentence=proof_sentence(prepared, proof, rules),
        proved=True,
        visits=claims,
        missing=proof.missing,
        left_out=tuple(c for v in left_out for c in _checks(prepared, v)),
        days=tuple(sorted({d for s in supplies for d in s.days if s.kind in (PEOPLE, CLUSTER, OBJECT)})),
        supplies=supplies,
        demand=proof.demand,
        supply=proof.supply,
    )


def _supplies(prepared: Prepared, proof: ShortageProof) -> tuple[Supply, ...]:
    """Stretches of one holding that are counted alike and share no day are one line."""
    lines: dict[tuple[int, int, int], list[Counted]] = defaultdict(list)
    for one in proof.counted:
        apart = one.stretch if one.holding.kind == OBJECT else -1
        lines[id(one.holding), one.weight, apart].append(one)
    return tuple(_supply(prepared, counted) for counted in lines.values())


def _supply(prepared: Prepared, counted: Sequence[Counted]) -> Supply:
    holding, dates = counted[0].holding, prepared.dates
    days = np.logical_or.reduce([c.days for c in counted])
    name, holders = _name(prepared, holding), 0
    seats: tuple[str, ...] = ()
    if holding.kind not in (CLUSTER, OBJECT):
        row = dates.rows[holding.index]
        seats, holders = tuple(sorted(k.name for k in row.kinds)), row.holders
    return Supply(
        kind=holding.kind,
        name=name,
        days=tuple(dates.dates[d] for d in np.flatnonzero(days)),
        holds=sum(c.holds for c in counted),
        weight=counted[0].weight,
        seats=seats,
        half="" if holding.half is None else HALVES[holding.half],
        holders=holders,
        at_most=holding.total,
    )


def _name(prepared: Prepared, holding: Holding) -> str:
    if holding.kind == OBJECT:
        return prepared.problem.objects[holding.index].object_id
    if holding.kind == CLUSTER:
        return sorted({o.cluster for o in prepared.problem.objects})[holding.index]
    return prepared.dates.rows[holding.index].department


def needed_rules(prepared: Prepared, visits: Sequence[int]) -> tuple[str, ...]:
    """A smallest set of rules with which these visits alone conflict: without any one of them they do not."""
    kept = list(WEAKEST_FIRST)
    for rule in WEAKEST_FIRST:
        fewer = [r for r in kept if r != rule]
        if still_conflicts(prepared, visits, fewer):
            kept = fewer
    return tuple(reversed(kept))


def still_conflicts(prepared: Prepared, visits: Sequence[int], rules: Sequence[str]) -> bool:
    """Whether these visits still cannot all be placed when only `rules` hold."""
    layers = prepared.layers(visits)
    days = np.logical_and.reduce([np.ones_like(layers["window"]), *(layers[r] for r in rules if r in layers)])
    if not days[list(visits)].any(axis=1).all():
        return True
    pinned = "pinned" in rules
    held = [h for h in holdings(prepared.dates) if RATIONED[h.kind] in rules and (pinned or h.half is None)]
    return bool(prove_with(held, prepared.dates, days, visits, workload="total_limit" in rules))


def _alone(prepared: Prepared, rest: Sequence[Unplaced], waiting: dict[int, Unplaced]) -> list[Found]:
    """Checks of which one rule alone says why, together by rule, district and, where refused, department."""
    department = {c.id: c.department for c in prepared.problem.checks}
    places = {id(u): v for v, u in waiting.items()}
    groups: dict[tuple[tuple[str, ...], str, tuple[str, ...]], list[Unplaced]] = defaultdict(list)
    for missed in rest:
        refused = tuple(sorted({department[c] for c in missed.checks})) if id(missed) not in places else ()
        groups[missed.rules, prepared.objects[missed.object_id].district, refused].append(missed)
    found = []
    for (rules, district, _), alike in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0])):
        inside = tuple(places[id(u)] for u in alike if id(u) in places)
        proved = all(rule in SURE for rule in rules if rule != "pinned")
        conflict = Conflict(
            rules=rules,
            sentence=_together(district, alike, proved),
            proved=proved,
            visits=tuple(Claim(u.object_id, u.checks, 0) for u in alike),
            missing=len(alike) if proved else 0,
            left_out=tuple(c for u in alike for c in u.checks),
        )
        found.append(Found(conflict, inside))
    return found


def _together(district: str, missed: Sequence[Unplaced], proved: bool) -> str:
    often, many = Counter(u.sentence for u in missed).most_common(1)[0]
    place = next(u.object_id for u in missed if u.sentence == often)
    said = (
        f"{place}:{often}"
        if len(missed) == 1
        else f"{district} {len(missed)} 次检查未排入,例如 {place}:{often}"
    )
    if many > 1 and many == len(missed):
        said = f"{district} {many} 次检查未排入,原因相同:{often}"
    return said if proved else f"{said}(未证明排不下,延长计算时间可能排入)"
