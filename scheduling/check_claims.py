"""What a roster says of itself (排班表自述校核): minutes, lead, aims and gap, worked out again from problem and visits.

Bounds cannot be proved again without the solver; a bound above the value that stands in the roster is refused.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations

from scheduling.case import Case, Violation
from scheduling.check_days import works
from scheduling.problem import Check, Problem, Roster, Unplaced, Visit
from scheduling.search_words import AIMS as NAMES
from scheduling.search_words import MOST_SHOWN, gap_words

REFUSED_BEFORE = frozenset(
    {"honest_quota", "annual_cap", "recused", "district", "same_pair", "qualification", "team_size"}
)
"""Rules that, named alone, kept a visit out of the dating: no aim of the dating speaks of it."""
MISSED = (1, 4, 16, 64)
"""A visit without a date costs so many times `weights.unplaced`, by urgency 1 to 4."""
SMALLEST = 1e-4
"""A bound counts as at least this in a gap, as prices are whole multiples of it."""
ROUNDED = 2e-6


def dated(case: Case) -> list[Unplaced]:
    """What is without a date although it was to get one (进入排期而未排入): no desk work, nothing refused before."""
    return [
        missed
        for missed in case.roster.unplaced
        if any(c in case.checks and case.checks[c].onsite for c in missed.checks)
        and not (len(missed.rules) == 1 and missed.rules[0] in REFUSED_BEFORE)
    ]


def doors(case: Case) -> float:
    """Visits made and to be made (入企次数): of two rosters that place the same, the one that merges more has fewer."""
    return float(len(case.roster.visits) + len(dated(case)))


def earliness(case: Case) -> float:
    """Whole weeks from the first working day's week on, times the weight of the urgency or, if higher, of what presses
    (紧急优先)."""
    weights = case.problem.rules.weights
    begin = _first_monday(case.problem)
    total = 0
    for visit in case.roster.visits:
        if (urgency := _urgency(case, visit.checks)) and begin:
            own = weights.urgency[urgency - 1]
            weight = max(own, weights.pressing) if _presses(case, visit.checks) else own
            total += weight * ((visit.day - begin).days // 7)
    for missed in dated(case):
        if urgency := _urgency(case, missed.checks):
            total += weights.unplaced * MISSED[urgency - 1]
    return float(total)


def _first_monday(problem: Problem) -> date | None:
    days = (problem.last_day - problem.first_day).days + 1
    period = (problem.first_day + timedelta(days=n) for n in range(days))
    first = next((day for day in period if works(day, problem)), None)
    return first - timedelta(days=first.weekday()) if first else None


def _urgency(case: Case, checks: tuple[str, ...]) -> int:
    return max((case.checks[c].urgency for c in checks if c in case.checks), default=0)


def _presses(case: Case, checks: tuple[str, ...]) -> bool:
    """Whether a clue or a last day set by law is among them (线索、法定期限)."""
    return any(case.checks[c].clue or case.checks[c].statutory for c in checks if c in case.checks)


def cluster_days(case: Case) -> float:
    """Days on which somebody travels to a park or street, over all of them (片区日数)."""
    return float(len({(_cluster(case, visit), visit.day) for visit in case.roster.visits}))


def least_cluster_days(case: Case) -> float:
    """The fewest cluster-days that the daily cap leaves these visits (片区日数下界)."""
    standing = Counter(_cluster(case, visit) for visit in case.roster.visits)
    cap = case.problem.rules.cluster_day_cap or max(standing.values(), default=1)
    return float(sum(math.ceil(many / cap) for many in standing.values()))


def least_doors(case: Case) -> float:
    """One door an object (入企次数下界)."""
    visits, missed = case.roster.visits, dated(case)
    return float(len({v.object_id for v in visits} | {u.object_id for u in missed}))


def _cluster(case: Case, visit: Visit) -> str:
    place = case.objects.get(visit.object_id)
    return place.cluster if place else visit.object_id


AIMS: dict[str, Callable[[Case], float]] = {
    "unplaced": lambda case: float(len(dated(case))),
    "doors": doors,
    "earliness": earliness,
    "cluster_days": cluster_days,
}
"""Aims that follow from problem and visits alone, in their order. Others that a file names are left as it says."""


def aim_values(problem: Problem, roster: Roster) -> dict[str, float]:
    """Every aim that can be worked out without the solver (目标取值), by name, in the order of AIMS."""
    case = Case(problem, roster)
    return {name: value(case) for name, value in AIMS.items()}


def gap_of(value: float, bound: float) -> float:
    """(value - bound) / bound (差距); 0 at the bound."""
    return max(0.0, value - bound) / max(bound, SMALLEST)


def aims(case: Case) -> Iterator[Violation]:
    """Aims are what problem and visits say they are, and no bound lies above its value (目标如实)."""
    for aim in case.roster.aims:
        name = NAMES.get(aim.name, aim.name)
        value = AIMS[aim.name](case) if aim.name in AIMS else aim.value
        if not math.isclose(value, aim.value, rel_tol=1e-9, abs_tol=1e-6):
            told = f"目标「{name}」记载为 {aim.value:,.10g},按入企和未排入重新计算为 {value:,.10g}"
            yield Violation("aims", "", told)
        if aim.bound is not None and aim.bound > value + max(1e-6, 1e-9 * abs(value)):
            told = f"目标「{name}」的下界 {aim.bound:,.10g} 高于取值 {value:,.10g},不可能成立"
            yield Violation("aims", "", told)


def gap(case: Case) -> Iterator[Violation]:
    """The gap follows from the earliness of these visits and its bound (差距如实)."""
    bound = next((aim.bound for aim in case.roster.aims if aim.name == "earliness"), None)
    if bound is None or case.roster.gap is None:
        return
    found = gap_of(earliness(case), bound)
    if abs(found - case.roster.gap) > ROUNDED * max(1.0, found):
        shown = f"{found:.4%}" if found < MOST_SHOWN else gap_words(found)
        told = f"差距记载为 {case.roster.gap:.4%},按取值和下界应为 {shown}"
        yield Violation("gap", "", told)


def minutes(case: Case) -> Iterator[Violation]:
    """A visit lasts as long as the work of its longest department (检查用时如实)."""
    for visit in case.roster.visits:
        longest = max(case.minutes_at(visit).values(), default=visit.minutes)
        if longest != visit.minutes and all(c in case.checks for c in visit.checks):
            told = f"记载用时 {visit.minutes} 分钟,用时最长的部门各项任务合计 {longest} 分钟"
            yield Violation("minutes", visit.id, told)


def lead(case: Case) -> Iterator[Violation]:
    """The lead is the department that the plan names, of several the first in its order (牵头部门).

    A visit that checks have joined since keeps its id (the hash of its first checks) and may keep its lead.
    """
    for visit in case.roster.visits:
        own = case.checks_of(visit)
        able = _may_lead(case, own)
        if visit.lead not in {c.department for c in own} or visit.lead in able:
            continue
        if not any(visit.lead in _may_lead(case, before) for before in _before_joining(visit, own)):
            told = f"记载由{visit.lead}牵头,按计划应由{'或'.join(sorted(able))}牵头"
            yield Violation("lead", visit.id, told)


def _may_lead(case: Case, checks: Sequence[Check]) -> set[str]:
    order = {department: n for n, department in enumerate(case.problem.rules.lead_order)}
    named = {c.department for c in checks if c.lead} or {c.department for c in checks}
    first = min((order.get(d, len(order)) for d in named), default=0)
    return {d for d in named if order.get(d, len(order)) == first}


MOST_JOINED = 6
"""Checks that joined one visit, at most: it is the sets of them that are tried."""


def _before_joining(visit: Visit, checks: Sequence[Check]) -> Iterator[tuple[Check, ...]]:
    """The visit's checks at each time since it was planned, as far as its id tells which were the first."""
    for joined in range(1, min(MOST_JOINED, len(checks) - 1) + 1):
        for left in combinations(checks, len(checks) - joined):
            if _visit_id(visit.object_id, left) == visit.id:
                rest = [c for c in checks if c not in left]
                for more in range(joined):
                    yield from ((*left, *some) for some in combinations(rest, more))
                return


def _visit_id(object_id: str, checks: Sequence[Check]) -> str:
    text = "\n".join([object_id, *sorted(c.id for c in checks)])
    return "V" + hashlib.sha256(text.encode()).hexdigest()[:12]
