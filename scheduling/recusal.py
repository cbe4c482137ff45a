"""Who stands aside where (回避): declared and derived recusals, and the pair that went there last time.

Two of one department who went to a firm together last time do not both go again. As a rule on outcomes that would
overlap with the others, and no lottery could keep its published probabilities exactly; so it is a rule on
eligibility: of a department's last team only one may be chosen this time, and a public number says who.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scheduling.district_staff import out_of_reach
from scheduling.problem import Inspector, Object, Problem
from scheduling.tickets import ticket

RECUSED, DISTRICT, SAME_PAIR = "recused", "district", "same_pair"
"""Why somebody may not go (不得派往的原因), as the checker names the rules; who stands aside is counted there only."""
Masks = dict[str, int]


def barred(problem: Problem, inspectors: Sequence[Inspector]) -> Masks:
    """Object → mask of the inspectors who may not go there, for whatever reason, bit n for `inspectors[n]`."""
    return united(barred_by(problem, inspectors))


def united(by_rule: Mapping[str, Masks]) -> Masks:
    """The masks of all rules together (合并名单)."""
    masks: Masks = defaultdict(int)
    for reason in by_rule.values():
        for object_id, away in reason.items():
            masks[object_id] |= away
    return masks


def barred_by(problem: Problem, inspectors: Sequence[Inspector]) -> dict[str, Masks]:
    """By rule: who must stand aside (须回避), serves other districts, or was there last time with another (上次同去)."""
    aside: Masks = defaultdict(int)
    for n, person in enumerate(inspectors):
        # Whoever stands aside from a day on is counted out for the whole period: what is past is not planned.
        later = (object_id for object_id, _ in person.recused_from)
        for object_id in {*person.recused, *(each.object_id for each in person.recusals), *later}:
            aside[object_id] |= 1 << n
    elsewhere = dict(out_of_reach(inspectors, problem.objects))
    pairs: Masks = defaultdict(int)
    if problem.rules.separate_pairs:
        before = {o: aside.get(o, 0) | elsewhere.get(o, 0) for o in {*aside, *elsewhere}}
        for object_id, mask in _second_timers(problem, inspectors, before):
            pairs[object_id] |= mask
    return {RECUSED: aside, DISTRICT: elsewhere, SAME_PAIR: pairs}


def pair_order(object_id: str, problem: Problem, people: Sequence[str]) -> list[str]:
    """Who of a last team is kept eligible first (搭档拆分次序): SHA256(",pair,<object>,<first day>,<inspector>")."""
    return sorted(people, key=lambda name: (ticket("", "pair", object_id, problem.first_day, name), name))


def _second_timers(
    problem: Problem, inspectors: Sequence[Inspector], masks: Mapping[str, int]
) -> Iterator[tuple[str, int]]:
    index = {person.id: n for n, person in enumerate(inspectors)}
    asked = _qualifications(problem)
    for place in problem.objects:
        teams: dict[str, list[str]] = defaultdict(list)
        for name in place.last_team:
            if name in index and not masks.get(place.object_id, 0) >> index[name] & 1:
                teams[inspectors[index[name]].department].append(name)
        for department, names in teams.items():
            wanted = asked.get((place.object_id, department))
            if wanted is not None and len(names) > 1:
                kept = _kept(place, names, wanted, problem, inspectors, masks)
                yield place.object_id, sum(1 << index[name] for name in names if name != kept)


def _qualifications(problem: Problem) -> dict[tuple[str, str], set[str]]:
    """Object and department → qualifications that its on-site checks there ask for."""
    asked: dict[tuple[str, str], set[str]] = defaultdict(set)
    for check in problem.checks:
        if check.onsite:
            asked[check.object_id, check.department] |= set(check.qualifications)
    return asked


def _kept(
    place: Object,
    names: Sequence[str],
    wanted: set[str],
    problem: Problem,
    inspectors: Sequence[Inspector],
    masks: Mapping[str, int],
) -> str:
    """The first by public number with whom the department still has a team and every qualification; else the first."""
    order = pair_order(place.object_id, problem, names)
    mask, department = masks.get(place.object_id, 0), _department(names[0], inspectors)
    others = [
        person
        for n, person in enumerate(inspectors)
        if person.department == department
        and not mask >> n & 1
        and person.id not in names
        and person.certificate_valid_to >= problem.first_day
    ]
    held = {q for person in others for q in person.qualifications}
    own = {person.id: set(person.qualifications) for person in inspectors if person.id in names}
    enough = len(others) + 1 >= problem.rules.lead_team
    return next((name for name in order if enough and wanted <= held | own[name]), order[0])


def _department(name: str, inspectors: Sequence[Inspector]) -> str:
    return next(person.department for person in inspectors if person.id == name)
