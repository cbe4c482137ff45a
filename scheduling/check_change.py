"""The independent check of a change (调整独立校核): was it the least, is the past untouched, has every change a reason?

It shares no code with change.py and judges by check.py alone what had been touched: a visit of the old roster that
breaks no rule of the changed problem was unaffected. Whether the new roster keeps every rule, check.py says.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from scheduling.case import TAKES, Violation
from scheduling.changed import CAUSE_NAMES, Changed
from scheduling.check import check_roster
from scheduling.check_days import works
from scheduling.disturbances import (
    CertificateEnded,
    Change,
    InspectorAbsent,
    InspectorRecused,
    ObjectClosed,
    Postponed,
    VisitCarriedOut,
)
from scheduling.problem import Check, Inspector, Problem, Roster, Visit
from scheduling.rule_names import half_name

PEOPLE = (InspectorAbsent, InspectorRecused, CertificateEnded)


@dataclass(frozen=True, eq=False)
class ChangeCase:
    """Before and after, side by side (调整案卷)."""

    problem: Problem
    before: Roster
    change: Change
    changed: Changed

    @cached_property
    def was(self) -> dict[str, Visit]:
        """Visits of the old roster by id."""
        return {v.id: v for v in self.before.visits}

    @cached_property
    def is_now(self) -> dict[str, Visit]:
        """Visits of the new roster by id."""
        return {v.id: v for v in self.changed.roster.visits}

    @cached_property
    def future(self) -> list[Visit]:
        """Visits of the old roster that may still be planned anew."""
        return [v for v in self.before.visits if v.day >= self.change.as_of]

    @cached_property
    def broken(self) -> set[str]:
        """Old visits that break a rule of the changed problem, or whose checks are no longer due."""
        found = check_roster(self.changed.problem, self.before, teams=bool(self.before.seats))
        known = {c.id for c in self.changed.problem.checks}
        gone = {v.id for v in self.future if not set(v.checks) <= known}
        return {v.visit_id for v in found if v.visit_id} | gone

    @cached_property
    def touched(self) -> set[str]:
        """Broken visits, those that a lead meets at the door, and before the team lottery those whose people lack.

        Where nobody is named yet, whoever is lacking may be lacking at any visit of the department.
        """
        before = {c.id for c in self.problem.checks}
        led = {c.object_id for c in self.changed.problem.checks if c.clue and c.id not in before}
        lacking = {w.inspector for w in self.change.disturbances if isinstance(w, PEOPLE)}
        short = {i.department for i in self.problem.inspectors if i.id in lacking and not self.before.seats}
        near = {v.id for v in self.future if v.object_id in led or short & set(v.departments)}
        return self.broken | near

    @cached_property
    def teams(self) -> tuple[dict[str, set[tuple[str, str]]], dict[str, set[tuple[str, str]]]]:
        """(group, inspector) by visit, before and after."""
        found: tuple[dict[str, set[tuple[str, str]]], dict[str, set[tuple[str, str]]]] = (
            defaultdict(set),
            defaultdict(set),
        )
        for teams, roster in zip(found, (self.before, self.changed.roster), strict=True):
            for seat in roster.seats:
                teams[seat.visit].add((seat.group, seat.inspector))
        return found

    def stays(self, visit: Visit) -> bool:
        """Whether an old visit is still on its day and half."""
        now = self.is_now.get(visit.id)
        return now is not None and (now.day, now.half) == (visit.day, visit.half)


def past_untouched(case: ChangeCase) -> Iterator[Violation]:
    """What lies before the change's day is as it was, people included (已过检查不变)."""
    was, now = case.teams
    for visit in case.before.visits:
        if visit.day < case.change.as_of and case.is_now.get(visit.id) != visit:
            yield Violation("past", visit.id, f"{visit.day} 的检查早于调整日 {case.change.as_of},不得改动")
        if visit.day < case.change.as_of and was[visit.id] != now[visit.id]:
            yield Violation("past", visit.id, f"{visit.day} 的检查早于调整日,人员不得改动")
    for visit in case.changed.roster.visits:
        if visit.day < case.change.as_of and visit.id not in case.was:
            yield Violation("past", visit.id, f"新排的检查 {visit.day} 早于调整日 {case.change.as_of}")
    for department, day, half in sorted(_desks_differ(case)):
        if day < case.change.as_of:
            told = f"{department} {day} {half_name(half)} 的书面、网络检查占用早于调整日 {case.change.as_of},不得改动"
            yield Violation("past", "", told)


def _desks_differ(case: ChangeCase) -> dict[tuple[str, date, str], tuple[int, int]]:
    """People at their desks before and after, by department, day and half, where they differ."""
    was, now = Counter[tuple[str, date, str]](), Counter[tuple[str, date, str]]()
    for count, roster in ((was, case.before), (now, case.changed.roster)):
        for time in roster.desk:
            count[time.department, time.day, time.half] += time.people
    return {key: (was[key], now[key]) for key in {*was, *now} if was[key] != now[key]}


def desks_told(case: ChangeCase) -> Iterator[Violation]:
    """Every difference of the desks is told with a reason, as a number, and nothing else is (占用变化逐项说明)."""
    differ = _desks_differ(case)
    told = {(d.department, d.day, d.half): d for d in case.changed.desks}
    for department, day, half in sorted({*differ, *told}):
        at, one = (department, day, half), told.get((department, day, half))
        where = f"{department} {day} {half_name(half)} 的书面、网络检查占用"
        if one is None:
            yield Violation("reason", "", f"{where}有变化,没有说明")
        elif differ.get(at) != (one.before, one.after):
            yield Violation("reason", "", f"{where}与说明不符")
        elif not one.sentence.strip() or one.cause not in CAUSE_NAMES:
            yield Violation("reason", "", f"{where}的变化没有写明理由")


def desks_kept(case: ChangeCase) -> Iterator[Violation]:
    """Once teams are known: people stay at their desks where they still suffice and the work is still due (占用少变动)."""
    people, less = case.changed.problem.inspectors, _less_off_site(case)
    for (department, day, half), (before, after) in sorted(_desks_differ(case).items()):
        if after >= before or department in less or not case.before.seats or day < case.change.as_of:
            continue
        there = [i for i in people if i.department == department and i.half_days_per_day > 1]
        there = [i for i in there if day not in i.leave and day <= i.certificate_valid_to]
        stay = {v.id for v in case.future if v.day == day and half in TAKES[v.half] and case.stays(v)}
        out = sum(s.department == department and s.visit in stay for s in case.changed.roster.seats)
        if works(day, case.problem) and out + before <= len(there):
            told = f"{department} {day} {half_name(half)} 在岗人员仍够,书面、网络检查却由 {before} 人减为 {after} 人"
            yield Violation("desk_kept", "", told)


def _less_off_site(case: ChangeCase) -> set[str]:
    """Departments with less work off site than before: cancelled, in another window, or without time now."""
    now = {c.id: c for c in case.changed.problem.checks}
    lost = {c for u in case.changed.roster.unplaced for c in u.checks}
    lost -= {c for u in case.before.unplaced for c in u.checks}
    return {
        old.department
        for old in case.problem.checks
        if not old.onsite and (old.id in lost or old.id not in now or _window(now[old.id]) != _window(old))
    }


def _window(check: Check) -> tuple[date, date]:
    return check.window_from, check.window_to


def least_moved(case: ChangeCase) -> Iterator[Violation]:
    """Of the visits that nothing had happened to, no more than the limit moved (未受影响的检查少移动)."""
    calm = [v for v in case.future if v.id not in case.broken]
    moved = [v for v in calm if not case.stays(v) and v.id not in case.touched]
    limit = math.floor(case.changed.disturbed.most_share * len(calm) + 1e-9)
    if len(moved) > limit:
        told = f"未受影响的 {len(calm)} 次检查移动了 {len(moved)} 次,上限 {limit} 次"
        yield Violation("change_limit", moved[0].id, told)


def people_kept(case: ChangeCase) -> Iterator[Violation]:
    """Visits to which nothing has happened keep their people, wherever they stay on their day (未受影响的人员不变)."""
    people = {i.id: i for i in case.changed.problem.inspectors}
    was, now = case.teams
    for visit in case.future:
        if case.stays(visit) and visit.id not in case.touched:
            for _, person in sorted(was[visit.id] - now[visit.id]):
                if _able(people[person], visit):
                    yield Violation("people_kept", visit.id, f"{person} 仍可参加,却被换下")


def _able(person: Inspector, visit: Visit) -> bool:
    if visit.day in person.leave or visit.day > person.certificate_valid_to:
        return False
    return not person.stands_aside(visit.object_id, visit.day)


def explained(case: ChangeCase) -> Iterator[Violation]:
    """Every difference has a reason, and every reason a difference (逐项有理由)."""
    told = {d.visit: d for d in case.changed.differences}
    for name in sorted({*case.was, *case.is_now}):
        before, after = case.was.get(name), case.is_now.get(name)
        if _as_planned(before) == _as_planned(after):
            if name in told:
                yield Violation("reason", name, f"{name} 没有变化,却有说明")
        elif name not in told:
            yield Violation("reason", name, f"{name} 有变化,没有说明")
    for one in case.changed.differences:
        if not one.sentence.strip() or one.cause not in CAUSE_NAMES:
            yield Violation("reason", one.visit, f"{one.visit} 的变化没有写明理由")
    was, now = case.teams
    named = {(r.visit, r.group, r.taken) for r in case.changed.replacements if r.sentence and r.cause}
    for visit in case.before.visits:
        for group, person in sorted(now[visit.id] - was[visit.id]):
            if (visit.id, group, person) not in named:
                yield Violation("reason", visit.id, f"{person} 新派往 {visit.id},没有说明")
    lost = {c for u in case.changed.roster.unplaced for c in u.checks}
    lost -= {c for u in case.before.unplaced for c in u.checks}
    objects = {d.object_id for d in case.changed.differences if d.kind in ("unplaced", "moved", "joined")}
    for check in case.changed.problem.checks:
        if check.id in lost and check.object_id not in objects:
            yield Violation("reason", "", f"任务 {check.id} 未能排入,没有说明")


def _as_planned(visit: Visit | None) -> tuple | None:
    return None if visit is None else (visit.day, visit.half, visit.checks, visit.departments)


def carried_forward(case: ChangeCase) -> Iterator[Violation]:
    """Unfinished items are due again, and nothing is dropped but at a closed object (未完成事项顺延)."""
    new = {c.id: c for c in case.changed.problem.checks}
    old = {c.id: c for c in case.problem.checks}
    closed = {w.object_id for w in case.change.disturbances if isinstance(w, ObjectClosed)}
    later = {w.object_id for w in case.change.disturbances if isinstance(w, Postponed)} | closed
    for done in (w for w in case.change.disturbances if isinstance(w, VisitCarriedOut)):
        for rest in done.unfinished:
            place = old[rest.check].object_id
            due = [c for c in new.values() if c.id not in old and c.object_id == place]
            good = (c for c in due if c.items == rest.items)
            if place not in closed and not any(c.window_to == rest.window_to or place in later for c in good):
                yield Violation("carried", done.visit, f"任务 {rest.check} 的未完成事项没有顺延")
    for check in case.problem.checks:
        if check.id not in new and check.object_id not in closed:
            yield Violation("carried", "", f"任务 {check.id} 被删除,其对象并未停业")


def seats_apart(case: ChangeCase) -> Iterator[Violation]:
    """Nobody sits twice in one slot of the team lottery, old seats and new (同一时段不重复派员)."""
    groups = {g.id: g for g in case.changed.roster.groups}
    seen: set[tuple[str, str]] = set()
    for seat in case.changed.roster.seats:
        group = groups.get(seat.group)
        visit = case.is_now.get(seat.visit)
        if group is None or visit is None or visit.half not in TAKES:
            yield Violation("seats", seat.visit, f"{seat.inspector} 的席位组 {seat.group} 不存在")
        elif (seat.inspector, group.slot) in seen:
            yield Violation("seats", seat.visit, f"{seat.inspector} 在 {group.slot} 有两个席位")
        elif seat.inspector not in group.eligible and visit.day >= case.change.as_of:
            yield Violation("seats", seat.visit, f"{seat.inspector} 不在席位组 {group.id} 的可派人员中")
        if group is not None:
            seen.add((seat.inspector, group.slot))


CHANGE_RULES: tuple[Callable[[ChangeCase], Iterator[Violation]], ...] = (
    past_untouched,
    least_moved,
    people_kept,
    explained,
    desks_told,
    desks_kept,
    carried_forward,
    seats_apart,
)


def check_change(problem: Problem, before: Roster, change: Change, changed: Changed) -> list[Violation]:
    """Every broken rule of a change (全部违规); empty if it was the least and explains itself."""
    case = ChangeCase(problem, before, change, changed)
    return [violation for rule in CHANGE_RULES for violation in rule(case)]
