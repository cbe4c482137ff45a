"""Which visits a change touches (受影响的检查): past ones stand, the others stay, join, are cancelled or lose their date.

A visit stays where its day is still open to all its checks and its people can still go, or others can take the seats
of those who cannot. A new check joins a visit of its object that stays, if its work fits there: one door less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from scheduling.change_desk import beside_desks
from scheduling.change_problem import Cause, Changing
from scheduling.change_seats import SeatBook, halves_of
from scheduling.desk import at_desks
from scheduling.limits import cap_for
from scheduling.merge import PlannedVisit, planned_visit, possible_days
from scheduling.problem import Check, Problem, Roster, TeamGroup, Visit
from scheduling.staffing import Dated, Staffing
from scheduling.tickets import ticket


@dataclass
class Touched:
    """The visits of a roster sorted by what a change does to them, each with its cause (检查分类)."""

    past: list[Visit] = field(default_factory=list)
    stay: dict[str, Visit] = field(default_factory=dict)
    cancelled: dict[str, Cause] = field(default_factory=dict)
    undated: dict[str, Cause] = field(default_factory=dict)
    joined: dict[str, Cause] = field(default_factory=dict)
    vacated: dict[str, list[str]] = field(default_factory=dict)


class Sorting:
    """Sorts the visits of one change, given the changed problem and, once there are teams, their seats."""

    def __init__(
        self, problem: Problem, roster: Roster, state: Changing, days: Sequence[date], book: SeatBook | None
    ):
        self.problem, self.roster, self.state, self.book = problem, roster, state, book
        self.days = tuple(days)
        self.index = {day: n for n, day in enumerate(days)}
        onsite = [c for c in problem.checks if c.onsite]
        self.checks = {c.id: c for c in onsite}
        self.rows = {c.id: n for n, c in enumerate(onsite)}
        self.possible = possible_days(problem, onsite, days)
        self.touched = Touched()

    def sort(self) -> Touched:
        """Past, cancelled, undated or staying; then the seats of the staying ones."""
        for visit in self.roster.visits:
            if self.state.is_past(visit):
                self.touched.past.append(visit)
            elif not (left := [c for c in visit.checks if c in self.checks]):
                self.touched.cancelled[visit.id] = self.state.cancelled[visit.checks[0]]
                self._empty(visit)
            elif len(left) == len(visit.checks) and self._is_open(visit):
                self.touched.stay[visit.id] = visit
            else:
                self._undate(visit, self.state.why_day(visit) or _by_rules(visit))
        if self.book is not None:
            self._vacate(self.book)
        return self.touched

    def _is_open(self, visit: Visit) -> bool:
        pins = {
            (c.pinned_day, c.pinned_half) for c in map(self.checks.__getitem__, visit.checks) if c.pinned_day
        }
        if pins - {(visit.day, visit.half)} or visit.day not in self.index:
            return False
        return bool(self.open_days(visit)[self.index[visit.day]])

    def open_days(self, visit: Visit) -> np.ndarray:
        """Days [D] on or after the change's day that are open to all checks of a visit."""
        rows = [self.rows[c] for c in visit.checks if c in self.rows]
        future = np.array([day >= self.state.as_of for day in self.days])
        return np.asarray(self.possible.all[rows].all(axis=0) & future)

    def _empty(self, visit: Visit) -> None:
        if self.book is not None:
            self.book.take(visit.id)

    def _undate(self, visit: Visit, cause: Cause) -> None:
        self.touched.undated[visit.id] = cause
        self._empty(visit)

    def _vacate(self, book: SeatBook) -> None:
        for visit in self.touched.stay.values():
            if left := book.vacate(visit):
                self.touched.vacated[visit.id] = left
        departments = sorted({d for v in self.touched.vacated for d in self.touched.stay[v].departments})
        while stuck := book.empty_after(departments) & set(self.touched.stay):
            name = min(stuck, key=lambda v: (self._urgency(v), ticket(self.roster.seed, "change", v)))
            if book.reopen(name, book.short_departments(name, departments)):
                continue
            visit = self.touched.stay.pop(name)
            left = self.touched.vacated.pop(name)
            why = self.state.why_person(left[0], visit) or _by_rules(visit)
            self._undate(visit, Cause(why.kind, f"{why.sentence};原时段没有人员可以替补"))

    def _urgency(self, visit: str) -> int:
        return max(self.checks[c].urgency for c in self.touched.stay[visit].checks)

    def planned(self, visit: Visit, fixed: bool) -> PlannedVisit:
        """A visit that has its date, as the dating sees it; `fixed` where nothing may move it."""
        checks = [self.state.checks[c] for c in visit.checks if c in self.state.checks]
        days = self.open_days(visit)
        own = np.array([day == visit.day for day in self.days])
        same_year = np.array([day.year == visit.day.year for day in self.days])
        made = planned_visit(checks, own if fixed else (days & same_year) | own, self.problem)
        return replace(
            made,
            id=visit.id,
            departments=visit.departments,
            lead=visit.lead,
            minutes=visit.minutes,
            halves=len(halves_of(visit.half)),
            pinned=(visit.day, visit.half) if fixed else None,
        )

    def standing(self, name: str) -> Visit | None:
        """A visit that is past, or that nothing has taken its day from; None for others."""
        if name in self.touched.stay:
            return self.touched.stay[name]
        visit = self.state.visits.get(name)
        return visit if visit is not None and self.state.is_past(visit) else None

    def is_held(self, visit: Visit) -> bool:
        """Whether a visit that stays may not move at all: pinned by the plan or by hand."""
        return any(self.checks[c].pinned_day for c in visit.checks)

    def join(self, added: Sequence[Check]) -> list[Check]:
        """Let new checks join visits of their object that stay; those that could not."""
        at: dict[str, list[str]] = defaultdict(list)
        for visit in self.touched.stay.values():
            at[visit.object_id].append(visit.id)
        alone = [c for c in added if not any(self._join(c, v) for v in sorted(at[c.object_id]))]
        for check in alone:
            for name in sorted(at[check.object_id]) if check.clue else ():
                self._yield_to(check, name)
        return alone

    def _yield_to(self, lead: Check, name: str) -> None:
        """A planned visit loses its date where it would keep a lead from every day: the lead comes first."""
        visit, gap = self.touched.stay.get(name), self.problem.rules.spacing_days
        if visit is None or self.is_held(visit):
            return
        planned = any(not self.checks[c].clue for c in visit.checks)
        possible = self.possible.all[self.rows[lead.id]]
        days = [d for n, d in enumerate(self.days) if possible[n] and d >= self.state.as_of]
        if days and all(d == visit.day or (planned and 0 < (visit.day - d).days < gap) for d in days):
            del self.touched.stay[name]
            self.touched.vacated.pop(name, None)
            cause = self.state.added[lead.id]
            self._undate(visit, Cause(cause.kind, f"{cause.sentence};同一企业的检查并入或与之保持间隔"))

    def _join(self, check: Check, name: str) -> bool:
        visit = self.touched.stay[name]
        checks = [*(self.checks[c] for c in visit.checks), check]
        day = self.index[visit.day]
        spent = sum(c.minutes for c in checks if c.department == check.department)
        room = self.problem.rules.half_day_minutes * len(halves_of(visit.half))
        pinned = check.pinned_day and (check.pinned_day, check.pinned_half) != (visit.day, visit.half)
        if pinned or spent > room or not self.possible.all[self.rows[check.id]][day]:
            return False
        if not all(c.joint for c in checks) or not self._cap_allows(check, visit):
            return False
        departments = visit.departments
        if check.department not in departments:
            departments = (visit.lead, *sorted({*departments, check.department} - {visit.lead}))
        cause = self.state.added[check.id]
        more = replace(
            visit,
            checks=tuple(sorted((*visit.checks, check.id))),
            departments=departments,
            minutes=max(visit.minutes, spent),
            reasons=(*visit.reasons, f"并入 {check.department} 的检查,进一次门:{cause.sentence}"),
        )
        if not (self._seat_more(more, check) if self.book else self._staffable(more)):
            return False
        self.touched.stay[name], self.touched.joined[name] = more, cause
        return True

    def _cap_allows(self, check: Check, visit: Visit) -> bool:
        """Whether the department's cap leaves room: it is counted once more where it did not come before."""
        mine = [c for v in self._at(visit.object_id) if v.day.year == visit.day.year for c in v.checks]
        counted = {c for c in mine if not self.state.checks[c].clue}
        if check.clue or not counted & set(visit.checks):
            return check.clue
        own = [self.state.checks[c] for c in visit.checks]
        if any(c.department == check.department and not c.clue for c in own):
            return True
        cap = cap_for(self.problem.rules.annual_caps, check.department, [check])
        before = sum(
            v.count
            for v in self.state.objects[visit.object_id].visits
            if (v.department, v.year) == (check.department, visit.day.year)
        )
        planned = sum(
            any(self.state.checks[c].department == check.department and c in counted for c in v.checks)
            for v in self._at(visit.object_id)
        )
        return cap is None or before + planned < cap

    def _at(self, object_id: str) -> list[Visit]:
        known = (*self.touched.past, *self.touched.stay.values())
        return [v for v in known if v.object_id == object_id]

    def _seat_more(self, visit: Visit, check: Check) -> bool:
        assert self.book is not None
        old = self.book.of_visit[visit.id]
        staffing = self._staffing([visit])
        wanted = staffing.seats[0]
        halves = tuple(0 if h == "am" else 1 for h in halves_of(visit.half))
        known = {g.department for g in old.groups}
        held = self.book.kinds_held(visit.id, check.department)
        groups = []
        for kind, need in wanted.items():
            if kind.department != check.department:
                continue
            if kind.department in known and not set(kind.qualifications) - held:
                continue
            mask = staffing.people.eligible(kind, visit.object_id, self.index[visit.day], halves)
            part = "day" if len(halves) > 1 else visit.half
            group = f"{visit.id}/{kind.department}/{kind.name}"
            if any(g.id == group for g in old.groups):
                return False
            names = staffing.people.names(mask)
            slot = f"{visit.day}/{part}"
            groups.append(TeamGroup(group, visit.id, kind.department, kind.name, slot, need, names))
        if not beside_desks(self.book, staffing.people, groups, self.index[visit.day], halves):
            return False
        self.book.put(visit.id, self.book.with_more(visit, groups))
        if self.book.empty_after([check.department]):
            self.book.take(visit.id)
            self.book.put(visit.id, old)
            return False
        return True

    def _staffable(self, visit: Visit) -> bool:
        there = [v for v in self.touched.stay.values() if v.day == visit.day and v.id != visit.id]
        staffing = self._staffing([visit, *there])
        day = self.index[visit.day]
        dated = [
            Dated(n, day, tuple(0 if h == "am" else 1 for h in halves_of(v.half)))
            for n, v in enumerate([visit, *there])
        ]
        return not staffing.short(day, dated)

    def _staffing(self, visits: Sequence[Visit]) -> Staffing:
        planned = [self.planned(v, True) for v in visits]
        return Staffing(planned, self.problem, self.days, at_desks(self.roster.desk, self.days))


def _by_rules(visit: Visit) -> Cause:
    return Cause("rules", f"按调整后的规则,{visit.day} 不能检查")


def same_visits(planned: Sequence[PlannedVisit], old: Sequence[Visit]) -> dict[str, str]:
    """New id → old id: a visit that is dated anew keeps its name, with whatever joins it."""
    of_check = {c: v.id for v in old for c in v.checks}
    same: dict[str, str] = {}
    for visit in planned:
        names = sorted({of_check[c.id] for c in visit.checks if c.id in of_check} - set(same.values()))
        if names:
            same[visit.id] = names[0]
    return same


def new_visit(planned: PlannedVisit, day: date, half: str, reasons: tuple[str, ...]) -> Visit:
    """A visit with its new date (排定的检查)."""
    return Visit(
        id=planned.id,
        object_id=planned.object_id,
        day=day,
        half=half,
        checks=tuple(c.id for c in planned.checks),
        departments=planned.departments,
        lead=planned.lead,
        minutes=planned.minutes,
        reasons=reasons,
    )
