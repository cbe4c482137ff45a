"""The checker's rule about desks (书面、网络检查用时校核): time is kept for every check that opens no door, and people stay for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date

from scheduling.case import TAKES, Case, Violation
from scheduling.problem import Check
from scheduling.rule_names import half_name


def desk(case: Case) -> Iterator[Violation]:
    """Half-days reserved for checks off site: enough inside their windows, and by people who are there (占用时段)."""
    if case.problem.rules.desk_people:
        yield from _enough_time(case)
        yield from _enough_people(case)
    for time in case.roster.desk:
        if time.people < 1 or time.half not in ("am", "pm"):
            yield Violation("desk", "", f"{time.department} {time.day} 的书面、网络检查占用不成立")


def _enough_time(case: Case) -> Iterator[Violation]:
    """Between any two dates, the work that must be done there fits the half-days reserved there."""
    settled = {s.check for s in case.roster.settled if s.kind == "off_site"}
    work: dict[str, list[Check]] = defaultdict(list)
    for check in case.problem.checks:
        if check.id in settled:
            work[check.department].append(check)
    rules = case.problem.rules
    for department, checks in work.items():
        reserved: Counter[date] = Counter()
        for time in case.roster.desk:
            if time.department == department and case.problem.first_day <= time.day <= case.problem.last_day:
                reserved[time.day] += time.people * rules.half_day_minutes
        for first in {c.window_from for c in checks}:
            for last in {c.window_to for c in checks}:
                inside = [c for c in checks if first <= c.window_from and c.window_to <= last]
                need = sum(c.minutes for c in inside) * rules.desk_people
                have = sum(minutes for day, minutes in reserved.items() if first <= day <= last)
                if need > have:
                    told = f"{department} {first} 至 {last} 的书面、网络检查需 {need} 分钟,只留出 {have} 分钟"
                    yield Violation("desk", "", told)


def _enough_people(case: Case) -> Iterator[Violation]:
    """Those kept at their desks and those sent out are different people, in every half-day and over the day."""
    kept: Counter[tuple[str, date, str]] = Counter()
    for time in case.roster.desk:
        kept[time.department, time.day, time.half] += time.people
    out = _sent_out(case)
    for (department, day), halves in _days(kept).items():
        there = [
            person
            for person in case.problem.inspectors
            if person.department == department
            and day not in person.leave
            and day <= person.certificate_valid_to
        ]
        for half in halves:
            asked = kept[department, day, half] + out[department, day, half]
            if asked > len(there):
                told = f"{department} {day} {half_name(half)} 入企与书面、网络检查共需 {asked} 人,在岗 {len(there)} 人"
                yield Violation("desk", "", told)
        asked = sum(kept[department, day, half] + out[department, day, half] for half in ("am", "pm"))
        room = sum(min(2, person.half_days_per_day) for person in there)
        if asked > room:
            yield Violation("desk", "", f"{department} {day} 共需 {asked} 个半天,在岗人员只有 {room} 个")


def _days(kept: Counter[tuple[str, date, str]]) -> dict[tuple[str, date], set[str]]:
    found: dict[tuple[str, date], set[str]] = defaultdict(set)
    for department, day, half in kept:
        found[department, day].add(half)
    return found


def _sent_out(case: Case) -> Counter[tuple[str, date, str]]:
    """People sent out by department, day and half: those seated, else the fewest that the rules ask for."""
    rules = case.problem.rules
    out: Counter[tuple[str, date, str]] = Counter()
    for visit in case.roster.visits:
        for department in visit.departments:
            least = rules.lead_team if department == visit.lead else rules.partner_team
            seated = len(case.team.get((visit.id, department), ()))
            for half in TAKES.get(visit.half, ()):
                out[department, visit.day, half] += max(least, seated)
    return out
