"""The checker of conflicts (规定冲突独立校核): adds a proved conflict up again, straight from the problem's data.

It shares no code with the solver. A proof is sound if no visit can take less than its `least` on any day that the rules
leave it, no supply holds more than it says, and the visits together still ask for more.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from math import gcd

from scheduling.case import TAKES, Case, Violation
from scheduling.check import quiet_fault
from scheduling.check_days import works
from scheduling.conflict_record import Claim, Conflict, Supply
from scheduling.problem import Check, Inspector, Problem, Roster

HALVES = ("am", "pm")
NEVER = 10**9


def check_conflicts(problem: Problem, roster: Roster) -> list[Violation]:
    """Everything unsound in a roster's conflicts; empty if every proof adds up and every gap is explained once."""
    sums = Sums(problem, roster)
    found = [v for c in roster.conflicts if c.supplies for v in sums.judge(c)]
    explained = sorted(check for c in roster.conflicts for check in c.left_out)
    missed = sorted(check for u in roster.unplaced for check in u.checks)
    if explained != missed:
        told = f"未排入 {len(missed)} 项任务,冲突说明了 {len(explained)} 项"
        found.append(Violation("conflict", "", told))
    return found


@dataclass(frozen=True, eq=False)
class Sums:
    """A conflict's numbers counted again (重新计算)."""

    problem: Problem
    roster: Roster

    @cached_property
    def case(self) -> Case:
        """Look-ups of the problem."""
        return Case(self.problem, self.roster)

    @cached_property
    def workdays(self) -> list[date]:
        """Working days of the period."""
        many = (self.problem.last_day - self.problem.first_day).days + 1
        days = [self.problem.first_day + timedelta(days=n) for n in range(many)]
        return [day for day in days if works(day, self.problem)]

    def judge(self, conflict: Conflict) -> Iterator[Violation]:
        """Whether the visits' least and the supplies are right, and the sum exceeds what is held."""
        for claim in conflict.visits:
            if (own := self.least(claim, conflict)) < claim.least:
                told = f"{claim.object_id} 最少占用 {own},冲突说明写作 {claim.least}"
                yield Violation("conflict", "", told)
        for supply in conflict.supplies:
            if (own := self.holds(supply, conflict)) > supply.holds:
                yield Violation("conflict", "", f"{supply.name} 可用 {own},冲突说明写作 {supply.holds}")
        demand = sum(c.least for c in conflict.visits)
        held = sum(s.weight * s.holds for s in conflict.supplies)
        most = max((c.least for c in conflict.visits), default=1)
        if (demand, held) != (conflict.demand, conflict.supply) or demand <= held:
            told = f"占用合计 {demand}、可用合计 {held},冲突说明写作 {conflict.demand}、{conflict.supply}"
            yield Violation("conflict", "", told)
        elif -(-(demand - held) // most) != conflict.missing:
            yield Violation("conflict", "", f"至少排不下的次数应为 {-(-(demand - held) // most)}")

    def least(self, claim: Claim, conflict: Conflict) -> int:
        """The least a visit takes of the supplies on any day the rules leave it."""
        checks = [self.case.checks[c] for c in claim.checks]
        units = [(s, self.units(s, checks)) for s in conflict.supplies]
        return min(
            (
                sum(s.weight * n for s, n in units if day in s.days and s.half in ("", *self._pin(checks)))
                for day in self.open_days(checks)
            ),
            default=NEVER,
        )

    @staticmethod
    def _pin(checks: Sequence[Check]) -> tuple[str, ...]:
        return next((TAKES[c.pinned_half] for c in checks if c.pinned_half), ())

    def open_days(self, checks: Sequence[Check]) -> list[date]:
        """Days on which this visit might be made: window, quiet days, spacing since the last visit, pin."""
        place = self.case.objects[checks[0].object_id]
        pins = {c.pinned_day for c in checks if c.pinned_day}
        spacing = self.problem.rules.spacing_days

        def possible(check: Check, day: date) -> bool:
            soon = place.last_visit is not None and (day - place.last_visit).days < spacing
            return (
                check.window_from <= day <= check.window_to
                and (check.clue or not soon)
                and quiet_fault(self.problem, place, day, check) is None
            )

        days = [d for d in self.workdays if not pins or d in pins]
        return [d for d in days if all(possible(c, d) for c in checks)]

    def units(self, supply: Supply, checks: Sequence[Check]) -> int:
        """What the visit takes of a supply on one of its days."""
        place = self.case.objects[checks[0].object_id]
        if supply.kind == "cluster":
            return int(place.cluster == supply.name)
        if supply.kind == "object":
            counted = len(supply.days) == 1 or not all(c.clue for c in checks)
            return int(place.object_id == supply.name and counted)
        seats = self.seats(supply, checks)
        if supply.kind == "people":
            return seats * (1 if supply.half else self._halves(checks))
        return max(0, seats - self._others(supply)) if supply.kind == "limited" else seats

    def _halves(self, checks: Sequence[Check]) -> int:
        spent: dict[str, int] = defaultdict(int)
        for check in checks:
            spent[check.department] += check.minutes
        whole = max(spent.values()) > self.problem.rules.half_day_minutes
        return 2 if whole or any(c.pinned_half == "day" for c in checks) else 1

    def seats(self, supply: Supply, checks: Sequence[Check]) -> int:
        """Seats of the supply's kinds that the visit needs in each of its half-days (docs/roster-format.md)."""
        own = [c for c in checks if c.department == supply.name]
        if not own:
            return 0
        parts = self._parts(supply.name, {q for c in own for q in c.qualifications}, own[0].object_id)
        rules = self.problem.rules
        team = rules.lead_team if self._leads(supply.name, checks) else rules.partner_team
        named = sum("+".join(part) in supply.seats for part in parts)
        return named + (max(0, team - len(parts)) if "" in supply.seats else 0)

    def _leads(self, department: str, checks: Sequence[Check]) -> bool:
        """The lead sends the larger team: named by the plan, else by order, else whoever works longest."""
        order = self.problem.rules.lead_order
        spent: dict[str, int] = defaultdict(int)
        for check in checks:
            spent[check.department] += check.minutes
        named = {c.department for c in checks if c.lead} or set(spent)
        return department == min(
            named, key=lambda d: (order.index(d) if d in order else len(order), -spent[d], d)
        )

    def _parts(self, department: str, wanted: set[str], object_id: str) -> list[tuple[str, ...]]:
        parts: list[tuple[str, ...]] = [(q,) for q in sorted(wanted)]
        team = max(len(parts), 1)
        while len(parts) > 1 and not self._apart(department, parts, object_id):
            pairs = [(a, b) for n, a in enumerate(parts) for b in parts[n + 1 :]]
            able = [len(self._able(department, tuple(sorted({*a, *b})), object_id)) for a, b in pairs]
            if not max(able):
                break
            one, other = pairs[able.index(max(able))]
            joined = tuple(sorted({*one, *other}))
            parts = sorted([p for p in parts if p not in (one, other)] + [joined])
        assert len(parts) <= team
        return parts

    def _able(self, department: str, part: tuple[str, ...], object_id: str) -> set[str]:
        return {
            p.id
            for p in self.problem.inspectors
            if p.department == department
            and set(part) <= set(p.qualifications)
            and not p.stands_aside(object_id)
            and p.serves(self.case.objects[object_id].district)
            and any(self._offers(p, day) for day in self.workdays)
        }

    def _apart(self, department: str, parts: list[tuple[str, ...]], object_id: str) -> bool:
        """Whether each part can have a person of its own."""
        choices = sorted((self._able(department, p, object_id) for p in parts), key=len)

        def seat(n: int, taken: frozenset[str]) -> bool:
            return n == len(choices) or any(seat(n + 1, taken | {p}) for p in sorted(choices[n] - taken))

        return seat(0, frozenset())

    def _offers(self, person: Inspector, day: date) -> tuple[str, ...]:
        """Half-days in which a person may be sent; who works one a day is offered for a half by public number."""
        if day > person.certificate_valid_to or day in person.leave:
            return ()
        if person.half_days_per_day > 1:
            return HALVES
        number = hashlib.sha256(f",half,{person.id},{day}".encode()).digest()[:8]
        return (HALVES[int.from_bytes(number, "big") % 2],)

    def _holders(self, supply: Supply) -> list[Inspector]:
        kinds = [set(name.split("+")) - {""} for name in supply.seats]
        return [
            p
            for p in self.problem.inspectors
            if p.department == supply.name and any(k <= set(p.qualifications) for k in kinds)
        ]

    def _others(self, supply: Supply) -> int:
        """The most people at once whose workload is not limited to `at_most`."""
        free = [p for p in self._holders(supply) if not _limited(p, supply)]
        return max(
            (sum(half in self._offers(p, day) for p in free) for day in self.workdays for half in HALVES),
            default=0,
        )

    def holds(self, supply: Supply, conflict: Conflict) -> int:
        """What the supply's days hold, counted from the people, the cap or the spacing."""
        people = self._holders(supply)
        if supply.kind == "people":
            return self._seats_there(supply, people, conflict)
        if supply.kind == "workload":
            return sum(min(sum(len(self._offers(p, day)) for day in supply.days), _total(p)) for p in people)
        if supply.kind == "limited":
            return sum(_total(p) for p in people if _limited(p, supply))
        if supply.kind == "cluster":
            return (self.problem.rules.cluster_day_cap or NEVER) * len(supply.days)
        near = (max(supply.days) - min(supply.days)).days < max(1, self.problem.rules.spacing_days)
        return 1 if near else NEVER

    def _seats_there(self, supply: Supply, people: Sequence[Inspector], conflict: Conflict) -> int:
        """Seats that whole teams can fill: what all the conflict's teams have in common divides them."""
        asked = [self.seats(supply, [self.case.checks[c] for c in claim.checks]) for claim in conflict.visits]
        step = gcd(*asked) or 1
        halves = (supply.half,) if supply.half else HALVES
        there = (self._there(supply, people, day, half) for day in supply.days for half in halves)
        return sum(n // step * step for n in there)

    def _there(self, supply: Supply, people: Sequence[Inspector], day: date, half: str) -> int:
        """Those of the people who can be sent: no more than the department has beside its desks."""
        present = [
            p for p in self.problem.inspectors if p.department == supply.name and half in self._offers(p, day)
        ]
        desks = sum(
            t.people for t in self.roster.desk if (t.department, t.day, t.half) == (supply.name, day, half)
        )
        return min(sum(p in people for p in present), len(present) - desks)


def _total(person: Inspector) -> int:
    return NEVER if person.visits_total is None else person.visits_total


def _limited(person: Inspector, supply: Supply) -> bool:
    return supply.at_most is not None and _total(person) <= supply.at_most
