"""Two rosters of one problem side by side (排班比较): aims with bounds, visits moved, people changed, what only one places."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from scheduling.check import check_roster
from scheduling.check_claims import aim_values
from scheduling.problem import Problem, Roster, Visit


@dataclass(frozen=True)
class Measure:
    """One figure of both rosters (一项指标): the lower the better; `bound` is proved for the problem, or None.

    Aims are worked out again from problem and visits, whatever a file says of itself.
    """

    name: str
    first: float | None
    second: float | None
    bound: float | None


@dataclass(frozen=True)
class Moved:
    """A visit of both rosters on different half-days (改期)."""

    visit: str
    object_id: str
    from_day: date
    from_half: str
    to_day: date
    to_half: str


@dataclass(frozen=True)
class Reseated:
    """A department's people of a visit in both rosters that differ (换人)."""

    visit: str
    department: str
    left: tuple[str, ...]
    came: tuple[str, ...]


@dataclass(frozen=True)
class Regrouped:
    """An object whose checks are shared out over visits differently (合并方式不同): visits as (day, half, checks)."""

    object_id: str
    first: tuple[tuple[date, str, tuple[str, ...]], ...]
    second: tuple[tuple[date, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class OnlyOne:
    """A check that one roster visits and the other does not (只在一份中排入), with the other's reason."""

    check: str
    object_id: str
    placed_in: str
    day: date
    reason: str


@dataclass(frozen=True)
class Comparison:
    """Everything in which two rosters of one problem differ."""

    measures: tuple[Measure, ...]
    same: int
    moved: tuple[Moved, ...]
    reseated: tuple[Reseated, ...]
    regrouped: tuple[Regrouped, ...]
    only_one: tuple[OnlyOne, ...]

    @property
    def is_same(self) -> bool:
        """Whether both visit the same firms on the same half-days with the same people."""
        return not (self.moved or self.reseated or self.regrouped or self.only_one)


def compare_rosters(problem: Problem, first: Roster, second: Roster) -> Comparison:
    """The differences from `first` to `second`, in the order of objects and dates."""
    one, other = ({v.id: v for v in roster.visits} for roster in (first, second))
    both = sorted(one.keys() & other.keys(), key=lambda name: (one[name].day, name))
    moved = tuple(
        Moved(v, one[v].object_id, one[v].day, one[v].half, other[v].day, other[v].half)
        for v in both
        if (one[v].day, one[v].half) != (other[v].day, other[v].half)
    )
    return Comparison(
        measures=tuple(_measures(problem, first, second)),
        same=len(both) - len(moved),
        moved=moved,
        reseated=tuple(_reseated(first, second, both)),
        regrouped=tuple(_regrouped(first, second)),
        only_one=tuple(sorted(_only_one(first, second), key=lambda x: (x.object_id, x.check))),
    )


def _measures(problem: Problem, first: Roster, second: Roster) -> list[Measure]:
    rosters = (first, second)
    broken = [float(len(check_roster(problem, r, teams=bool(r.seats)))) for r in rosters]
    visited = [float(sum(len(v.checks) for v in r.visits)) for r in rosters]
    missed = [float(sum(len(u.checks) for u in r.unplaced)) for r in rosters]
    found = [
        Measure("violations", broken[0], broken[1], 0.0),
        Measure("checks_unplaced", missed[0], missed[1], None),
        Measure("checks_visited", visited[0], visited[1], None),
    ]
    told = [{aim.name: aim for aim in roster.aims} for roster in rosters]
    known = [aim_values(problem, roster) for roster in rosters]
    for name in dict.fromkeys([*known[0], *told[0], *told[1]]):
        values = [
            own.get(name, aims[name].value if name in aims else None)
            for own, aims in zip(known, told, strict=True)
        ]
        bounds = [aims[name].bound for aims in told if name in aims]
        known_bounds = [bound for bound in bounds if bound is not None]
        found.append(Measure(name, values[0], values[1], _bound(known_bounds, values)))
    return found


def _bound(told: list[float], values: list[float | None]) -> float | None:
    """Each bound holds for the problem, whoever proved it, and the higher says more; one that a roster beats is none."""
    least = min((value for value in values if value is not None), default=0.0)
    return max((bound for bound in told if bound <= least + 1e-6), default=None)


def _people(roster: Roster) -> dict[tuple[str, str], set[str]]:
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for seat in roster.seats:
        people[seat.visit, seat.department].add(seat.inspector)
    return people


def _reseated(first: Roster, second: Roster, both: list[str]) -> list[Reseated]:
    before, after = _people(first), _people(second)
    if not before or not after:  # where one has had no lottery yet, nobody was exchanged
        return []
    shared = set(both)
    keys = sorted(key for key in before.keys() | after.keys() if key[0] in shared)
    return [
        Reseated(visit, department, tuple(sorted(was - now)), tuple(sorted(now - was)))
        for visit, department in keys
        if (was := before[visit, department]) != (now := after[visit, department])
    ]


def _at_objects(visits: list[Visit]) -> dict[str, tuple[tuple[date, str, tuple[str, ...]], ...]]:
    at: dict[str, list[tuple[date, str, tuple[str, ...]]]] = defaultdict(list)
    for visit in visits:
        at[visit.object_id].append((visit.day, visit.half, visit.checks))
    return {name: tuple(sorted(ones)) for name, ones in at.items()}


def _regrouped(first: Roster, second: Roster) -> list[Regrouped]:
    placed = [{c for v in roster.visits for c in v.checks} for roster in (first, second)]
    ids = [{v.id for v in roster.visits} for roster in (first, second)]

    def changed(roster: Roster, others: set[str]) -> list[Visit]:
        """Visits that the other roster has not as such, though it visits their checks as well."""
        return [v for v in roster.visits if v.id not in others and placed[0] & placed[1] & set(v.checks)]

    one, other = _at_objects(changed(first, ids[1])), _at_objects(changed(second, ids[0]))
    return [
        Regrouped(name, one.get(name, ()), other.get(name, ())) for name in sorted(one.keys() | other.keys())
    ]


def _only_one(first: Roster, second: Roster) -> list[OnlyOne]:
    found = []
    for name, roster, other in (("first", first, second), ("second", second, first)):
        elsewhere = {c for v in other.visits for c in v.checks}
        why = {c: u.sentence for u in other.unplaced for c in u.checks}
        why |= {s.check: s.sentence for s in other.settled if s.check not in why}
        found += [
            OnlyOne(check, visit.object_id, name, visit.day, why.get(check, ""))
            for visit in roster.visits
            for check in visit.checks
            if check not in elsewhere
        ]
    return found
