"""The checker's rules about people (派员校核): who was sent, with which certificate, and where else they were."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date

from scheduling.case import TAKES, Case, Violation
from scheduling.problem import Inspector, Visit
from scheduling.rule_names import half_name


def _sent(case: Case) -> Iterator[tuple[Visit, str, Inspector]]:
    for (visit, department), people in case.team.items():
        if visit in case.visits:
            for person in people:
                yield case.visits[visit], department, person


def known_people(case: Case) -> Iterator[Violation]:
    """Seats belong to visits of the roster and to listed people of that department (人员名录)."""
    for seat in case.roster.seats:
        person = case.inspectors.get(seat.inspector)
        if seat.visit not in case.visits:
            yield Violation("people", seat.visit, f"{seat.inspector} 被派往不存在的检查 {seat.visit}")
        elif person is None:
            yield Violation("people", seat.visit, f"{seat.inspector} 不在执法检查人员名录中")
        elif seat.department not in case.visits[seat.visit].departments:
            yield Violation("people", seat.visit, f"{seat.department} 不参加这次检查")
        elif person.department != seat.department:
            yield Violation(
                "people", seat.visit, f"{seat.inspector} 属{person.department},不能代表{seat.department}"
            )


def team_size(case: Case) -> Iterator[Violation]:
    """At least two for the lead, at least the minimum for each partner, all different (执法人员数量)."""
    rules = case.problem.rules
    for visit in case.roster.visits:
        for department in visit.departments:
            need = rules.lead_team if department == visit.lead else rules.partner_team
            have = len(
                {i.id for i in case.team.get((visit.id, department), []) if i.department == department}
            )
            if have < need:
                yield Violation("team_size", visit.id, f"{department}应派 {need} 人,实派 {have} 人")


def certificate(case: Case) -> Iterator[Violation]:
    """Everybody sent holds a certificate valid on the day (执法证有效)."""
    for visit, _, person in _sent(case):
        if person.certificate_valid_to < visit.day:
            told = f"{person.id} 的执法证 {person.certificate_valid_to} 到期,{visit.day} 已失效"
            yield Violation("certificate", visit.id, told)


def qualification(case: Case) -> Iterator[Violation]:
    """Each qualification that an item asks for is held by somebody of its department (资质要求)."""
    for visit in case.roster.visits:
        for check in case.checks_of(visit):
            held = {q for i in case.team.get((visit.id, check.department), []) for q in i.qualifications}
            for missing in sorted(set(check.qualifications) - held):
                told = f"任务 {check.id} 需{missing}资质,{check.department}所派人员无人具备"
                yield Violation("qualification", visit.id, told)


def recused(case: Case) -> Iterator[Violation]:
    """Nobody goes where they must stand aside (回避)."""
    for visit, _, person in _sent(case):
        if person.stands_aside(visit.object_id, visit.day):
            yield Violation("recused", visit.id, f"{person.id} 应回避 {visit.object_id}")


def district(case: Case) -> Iterator[Violation]:
    """Nobody goes outside the districts they serve (属地管辖)."""
    for visit, _, person in _sent(case):
        place = case.objects.get(visit.object_id)
        if place and not person.serves(place.district):
            told = f"{person.id} 只在{'、'.join(person.districts)}执法,{visit.object_id} 在{place.district}"
            yield Violation("district", visit.id, told)


def same_pair(case: Case) -> Iterator[Violation]:
    """No two of a department's last team at an object go there again together (同一搭档不连续检查同一对象)."""
    if not case.problem.rules.separate_pairs:
        return
    for (name, department), people in case.team.items():
        place = case.objects.get(case.visits[name].object_id) if name in case.visits else None
        again = sorted({p.id for p in people if place is not None and p.id in place.last_team})
        if len(again) > 1:
            told = f"{department}上次派往该对象的 {'、'.join(again)} 又被一同派往"
            yield Violation("same_pair", name, told)


def on_leave(case: Case) -> Iterator[Violation]:
    """Nobody on leave is sent (请假)."""
    for visit, _, person in _sent(case):
        if visit.day in person.leave:
            yield Violation("leave", visit.id, f"{person.id} {visit.day} 请假")


def two_places(case: Case) -> Iterator[Violation]:
    """Nobody is in two places in one half-day, or twice on one visit (一人同时两处)."""
    at: dict[tuple[str, date, str], list[str]] = defaultdict(list)
    for visit, _, person in _sent(case):
        for half in TAKES.get(visit.half, ()):
            at[person.id, visit.day, half].append(visit.id)
    for (person_id, day, half), visits in at.items():
        if len(visits) > 1:
            told = f"{person_id} 在 {day} {half_name(half)} 同时被派往 {len(visits)} 处:{'、'.join(sorted(visits))}"
            yield Violation("two_places", visits[-1], told)


def workload(case: Case) -> Iterator[Violation]:
    """Half-days a day and visits in the period stay within each person's limits (工作量上限)."""
    daily: Counter[tuple[str, date]] = Counter()
    total: Counter[str] = Counter()
    for visit, _, person in _sent(case):
        daily[person.id, visit.day] += len(TAKES.get(visit.half, ()))
        total[person.id] += 1
    for (person_id, day), n in daily.items():
        limit = case.inspectors[person_id].half_days_per_day
        if n > limit:
            yield Violation("workload", "", f"{person_id} 在 {day} 被派 {n} 个半天,上限 {limit} 个")
    for person_id, n in total.items():
        most = case.inspectors[person_id].visits_total
        if most is not None and n > most:
            yield Violation("workload", "", f"{person_id} 本期被派 {n} 次,上限 {most} 次")


TEAM_RULES: tuple[Callable[[Case], Iterator[Violation]], ...] = (
    known_people,
    team_size,
    certificate,
    qualification,
    recused,
    district,
    same_pair,
    on_leave,
    two_places,
    workload,
)
