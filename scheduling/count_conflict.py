"""Why the numbers cannot all hold (规定冲突): a smallest set of rules, and what each relief would cost.

A set is smallest when the rules in it cannot hold together and, with any one left out, the others can. It is
found by deletion in halves: whatever can go while the rest still conflicts, goes, many rules at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scheduling.count_limits import HALF_DAY, Limit, Strata, by_key, honest_room
from scheduling.count_problem import Conflict, Relief
from scheduling.count_solver import FEASIBLE, CountModel, holds

Key = tuple[str, str]
Groups = dict[Key, list[Limit]]
_MOST_FURTHER_DAYS = 366
_WEAKEST_FIRST = (
    "rising", "class_high", "class_low", "item_cap", "at_least_one", "manpower", "full_coverage", "floor",
)  # fmt: skip
"""Rules that are easiest to argue about are dropped first, so that the law itself stays in the answer."""


def explain(strata: Strata, limits: list[Limit], everything: list[Limit]) -> tuple[Conflict, ...]:
    """A smallest set of rules in conflict (最小冲突集) among `limits`, each with its basis and its priced reliefs.

    `limits` are known to conflict; `everything` are the limits of the whole problem, for the price of a way out.
    """
    groups = by_key(limits)
    kept = _delete(strata, groups, sorted(groups, key=_strength))
    ordered = [key for key in groups if key in kept]
    offsite = _offsite(strata, everything, [limit for key in ordered for limit in groups[key]])
    basis = strata.problem.basis
    return tuple(_conflict(strata, groups, ordered, key, offsite, basis.get(key[0], "")) for key in ordered)


def _strength(key: Key) -> tuple[int, str]:
    rule, subject = key
    return (_WEAKEST_FIRST.index(rule) if rule in _WEAKEST_FIRST else len(_WEAKEST_FIRST)), subject


def _delete(strata: Strata, groups: Groups, keys: Sequence[Key]) -> set[Key]:
    """The keys that stay when each, in turn, is dropped wherever the rest still conflicts.

    A crowd is dropped at once where the rest without it conflicts, which is the same as one by one; else its halves
    are tried. So a few needed rules among a thousand are found in some dozens of attempts.
    """
    kept = set(keys)
    waiting = [list(keys)]
    while waiting:
        crowd = waiting.pop()
        rest = [key for key in kept if key not in set(crowd)]
        if rest and not holds(strata, [limit for key in rest for limit in groups[key]]):
            kept = set(rest)
        elif len(crowd) > 1:
            middle = len(crowd) // 2
            waiting += [crowd[middle:], crowd[:middle]]  # the weaker half first
    return kept


def _conflict(
    strata: Strata, groups: Groups, kept: list[Key], key: Key, offsite: Relief | None, basis: str
) -> Conflict:
    first = groups[key][0]
    own = _own_reliefs(strata, groups, kept, key)
    reliefs = (*own, offsite) if offsite else own
    words = "；".join([first.relief, *(relief.sentence for relief in reliefs)]) + "。"
    return Conflict(first.rule, first.sentence, basis, words, first.subject, reliefs)


def _own_reliefs(strata: Strata, groups: Groups, kept: list[Key], key: Key) -> tuple[Relief, ...]:
    """The least by which this rule alone would have to give way for the set to hold, in what it costs."""
    amount = _least_slack(strata, groups, kept, key)
    if amount is None or key[0] == "rising":
        return ()
    if key[0] == "manpower":
        return _people_reliefs(strata, groups, kept, key, amount)
    if key[0] == "honest_quota":
        return (_quota_relief(strata, amount),)
    return (Relief("give_way", amount, "户", f"仅放宽此条时，需放宽 {amount} 户"),)


def _least_slack(strata: Strata, groups: Groups, kept: list[Key], key: Key) -> int | None:
    model = CountModel(strata, [limit for other in kept if other != key for limit in groups[other]])
    slack = model.model.new_int_var(0, 10**9, "")
    for limit in groups[key]:
        # More people means people who may go anywhere: the last limit of a room.
        model.add(limit, slack if key[0] != "manpower" or limit is groups[key][-1] else 0)
    model.model.minimize(slack)
    status, solver = model.solve(strata.problem.seconds, gap=0.0)
    return int(solver.objective_value) if status in FEASIBLE else None


def _people_reliefs(
    strata: Strata, groups: Groups, kept: list[Key], key: Key, thousandths: int
) -> tuple[Relief, ...]:
    """Half-days short as inspector-days, and as further days on which those who are there could go."""
    short = -(-thousandths // HALF_DAY)
    days = -(-short // strata.problem.half_days_a_day)
    sentence = f"仅放宽此条时，需放宽 {short} 人次半天，即增派检查人员 {days} 人日（1 人 {days} 天，或 {days} 人 1 天）"
    people = Relief("people", days, "人日", sentence)
    later = _further_days(strata, groups, kept, key)
    if later is None:
        return (people,)
    sentence = f"或在现有人员不变时延长期限，增加 {later} 个可入企工作日"
    return people, Relief("window", later, "工作日", sentence)


def _further_days(strata: Strata, groups: Groups, kept: list[Key], key: Key) -> int | None:
    """Open working days more with which the same people suffice; None where they never do."""
    room = next(room for room in strata.problem.rooms if room.subject == key[1])
    model = CountModel(strata, [limit for other in kept if other != key for limit in groups[other]])
    days = model.model.new_int_var(0, _MOST_FURTHER_DAYS, "")
    *districts, anywhere = groups[key]
    for limit in districts:
        (district,) = [name[2] for name, _ in limit.terms if name[0] == "borrowed"]
        model.add(limit, days * math.floor(room.own_further.get(district, 0.0) * HALF_DAY))
    model.add(anywhere, days * math.floor(room.anywhere_further * HALF_DAY))
    model.model.minimize(days)
    status, solver = model.solve(strata.problem.seconds, gap=0.0)
    return int(solver.objective_value) if status in FEASIBLE else None


def _quota_relief(strata: Strata, amount: int) -> Relief:
    problem = strata.problem
    assert problem.undisturbed_share is not None
    left = max(0, problem.honest_total - problem.honest_disturbed - honest_room(problem) - amount)
    share = 100 * left / max(1, problem.honest_total)
    sentence = f"仅放宽此条时，需放宽 {amount} 户，无事不扰比例相应为 {math.floor(share * 100) / 100:g}%"
    return Relief("share", amount, "户", sentence)


def _offsite(strata: Strata, limits: list[Limit], conflict: list[Limit]) -> Relief | None:
    """The fewest checks made in writing or online instead of at the door with which everything holds.

    Where another conflict stands in the way, those with which this one is resolved.
    """
    for held, words in ((limits, "全部规定即可同时满足"), (conflict, "本组规定即可同时满足")):
        model = CountModel(strata, held, offsite=True)
        if not model.moved:
            return None
        model.model.minimize(sum(model.moved.values()))
        status, solver = model.solve(strata.problem.seconds, gap=0.0)
        if status in FEASIBLE:
            amount = int(solver.objective_value)
            return Relief("offsite", amount, "户次", f"或把 {amount} 户次现场检查改为书面、网络检查，{words}")
    return None
