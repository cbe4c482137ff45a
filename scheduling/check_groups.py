"""The checker's rule about seat groups (席位组校核): whom the team lottery may choose from, before it is held."""

from __future__ import annotations

from collections.abc import Iterator

from scheduling.case import Case, Violation
from scheduling.problem import Inspector, TeamGroup, Visit
from scheduling.rule_names import half_name


def seat_groups(case: Case) -> Iterator[Violation]:
    """Groups ask for whole teams, at their visit's half-day, of people who may go there (抽取范围).

    Once seats are filled, the teams themselves are judged (check_teams.py).
    """
    if case.roster.seats or not case.roster.groups:
        return
    asked: dict[tuple[str, str], int] = {}
    for group in case.roster.groups:
        visit = case.visits.get(group.visit)
        if visit is None or group.department not in visit.departments:
            yield Violation("groups", group.visit, f"席位组 {group.id} 不属于任何一次检查的参加部门")
            continue
        asked[visit.id, group.department] = asked.get((visit.id, group.department), 0) + group.need
        yield from _at_its_visit(group, visit)
        yield from _of_people_who_may_go(group, visit, case)
    rules = case.problem.rules
    for visit in case.roster.visits:
        for department in visit.departments:
            need = rules.lead_team if department == visit.lead else rules.partner_team
            if (many := asked.get((visit.id, department), 0)) < need:
                yield Violation("groups", visit.id, f"{department}应派 {need} 人,席位组只有 {many} 席")


def _at_its_visit(group: TeamGroup, visit: Visit) -> Iterator[Violation]:
    day, _, part = group.slot.partition("/")
    if day != str(visit.day) or part not in ("", visit.half):
        told = f"席位组 {group.id} 的时段 {group.slot},检查排在 {visit.day} {half_name(visit.half)}"
        yield Violation("groups", visit.id, told)
    if group.need < 1 or len(set(group.eligible)) < max(group.need, len(group.eligible)):
        told = f"席位组 {group.id} 需 {group.need} 人,可抽取 {len(set(group.eligible))} 人"
        yield Violation("groups", visit.id, told)


def _of_people_who_may_go(group: TeamGroup, visit: Visit, case: Case) -> Iterator[Violation]:
    for name in group.eligible:
        person = case.inspectors.get(name)
        if person is None or person.department != group.department:
            yield Violation(
                "groups", visit.id, f"席位组 {group.id} 中的 {name} 不是{group.department}的检查人员"
            )
        elif why := _why_not(person, group, visit, case):
            yield Violation("groups", visit.id, f"席位组 {group.id} 中的 {name} {why}")


def _why_not(person: Inspector, group: TeamGroup, visit: Visit, case: Case) -> str:
    place = case.objects.get(visit.object_id)
    if missing := {*group.qualification.split("+")} - {"", *person.qualifications}:
        return f"不具备{'、'.join(sorted(missing))}资质"
    if visit.day > person.certificate_valid_to:
        return f"执法证 {person.certificate_valid_to} 到期"
    if visit.day in person.leave:
        return f"{visit.day} 请假"
    if person.stands_aside(visit.object_id, visit.day):
        return f"应回避 {visit.object_id}"
    return "" if place is None or person.serves(place.district) else f"不在{place.district}执法"
