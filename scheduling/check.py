"""The independent checker (排班独立校核): does a roster, whoever made it, keep every rule of its problem?

It shares no code with the solver: quiet days, working days, caps and teams are judged here again, one plain
function a rule, straight from the problem's data. An empty list means that no rule is broken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from scheduling.case import TAKES, Case, Violation
from scheduling.check_claims import aims, gap, lead, minutes
from scheduling.check_days import works
from scheduling.check_desk import desk
from scheduling.check_groups import seat_groups
from scheduling.check_teams import TEAM_RULES
from scheduling.problem import Check, Object, Problem, QuietRule, Roster, Visit
from scheduling.rule_names import half_name


def working_day(case: Case) -> Iterator[Violation]:
    """Working days only, with 调休 (工作日)."""
    for visit in case.roster.visits:
        if case.problem.first_day <= visit.day <= case.problem.last_day:
            at_work = works(visit.day, case.problem)
            if at_work is None:
                yield Violation(
                    "estimated_year", visit.id, f"{visit.day.year} 年放假安排尚未公布,不能排正式检查"
                )
            elif not at_work:
                yield Violation("working_day", visit.id, f"{visit.day} 不是工作日")
        else:
            yield Violation("window", visit.id, f"{visit.day} 不在计划期内")


def window(case: Case) -> Iterator[Violation]:
    """Inside each check's window (任务期限)."""
    for visit in case.roster.visits:
        for check in case.checks_of(visit):
            if not check.window_from <= visit.day <= check.window_to:
                told = f"{visit.day} 不在任务 {check.id} 的期限 {check.window_from} 至 {check.window_to} 内"
                yield Violation("window", visit.id, told)


def _is_under(rule: QuietRule, place: Object) -> bool:
    exact = (
        (rule.parks, place.park),
        (rule.scales, place.scale),
        (rule.object_ids, place.object_id),
    )
    prefixed = ((rule.regions, place.district), (rule.industries, place.industry))
    return all(not some or own in some for some, own in exact) and all(
        not some or own.startswith(some) for some, own in prefixed
    )


def _falls_on(rule: QuietRule, day: date) -> bool:
    if rule.valid_from and day < rule.valid_from:
        return False
    if rule.valid_to and day > rule.valid_to:
        return False
    if day.day in rule.month_days or day.weekday() in rule.weekdays:
        return True
    return any(start <= day <= end for start, end in rule.ranges)


def quiet_day(case: Case) -> Iterator[Violation]:
    """No visit on a quiet day (企业安静日) unless the category may be exempt *and* the exemption is approved."""
    for visit in case.roster.visits:
        place = case.objects.get(visit.object_id)
        for rule in case.problem.quiet_rules:
            if place is None or not _is_under(rule, place) or not _falls_on(rule, visit.day):
                continue
            for check in case.checks_of(visit):
                name = _quiet_fault(case.problem, rule, visit.day, check)
                if name == "quiet_day":
                    yield Violation(
                        name, visit.id, f"{visit.day} 是该企业的{rule.name},{check.id} 不属豁免类别"
                    )
                elif name == "exemption":
                    told = f"{visit.day} 是该企业的{rule.name},{check.id} 的豁免未经批准或不覆盖当日"
                    yield Violation(name, visit.id, told)


def _quiet_fault(problem: Problem, rule: QuietRule, day: date, check: Check) -> str | None:
    exempt = [c for c in check.categories if c in rule.exempt_categories]
    if not exempt:
        return "quiet_day"
    for e in problem.exemptions:
        signed = e.approved_by != "" and e.approved_on is not None and e.approved_on <= problem.as_of
        meant = e.rule_id in ("", rule.id) and e.object_id in ("", check.object_id) and e.category in exempt
        if signed and meant and e.first_day <= day <= e.last_day:
            return None
    return "exemption"


def quiet_fault(problem: Problem, place: Object, day: date, check: Check) -> str | None:
    """Why the check may not be made at its object that day, quiet_day or exemption; None if no quiet day forbids it."""
    faults = (
        _quiet_fault(problem, rule, day, check)
        for rule in problem.quiet_rules
        if _is_under(rule, place) and _falls_on(rule, day)
    )
    return next((fault for fault in faults if fault), None)


def object_twice_a_day(case: Case) -> Iterator[Violation]:
    """No object twice a day (同日重复入企)."""
    for place, visits in case.at_each_object():
        for day, n in Counter(v.day for v in visits).items():
            if n > 1:
                last = next(v for v in reversed(visits) if v.day == day)
                yield Violation("object_twice_a_day", last.id, f"{place} 在 {day} 被安排 {n} 次入企")


def spacing(case: Case) -> Iterator[Violation]:
    """Days between two visits by anyone to one object (检查间隔); a clue may come at any time."""
    need = case.problem.rules.spacing_days
    for place, visits in case.at_each_object():
        before = case.objects[place].last_visit if place in case.objects else None
        for visit in visits:
            others = [v.day for v in visits if v.day < visit.day]
            earlier = [*others, before] if before and before <= visit.day else others
            gap = (visit.day - max(earlier)).days if earlier else need
            if case.planned(visit) and gap < need:
                told = f"{visit.day} 距上次入企 {max(earlier)} 仅 {gap} 天,不满 {need} 天"
                yield Violation("spacing", visit.id, told)


def annual_cap(case: Case) -> Iterator[Violation]:
    """Visits a year by one department at one object (年度频次上限); clues do not count."""
    for place, visits in case.at_each_object():
        if place not in case.objects:
            continue
        count = Counter({(v.department, v.year): v.count for v in case.objects[place].visits})
        for visit in visits:
            asked: dict[str, set[str]] = defaultdict(set)
            for check in case.checks_of(visit):
                if not check.clue:
                    asked[check.department] |= set(check.categories)
            for department, categories in asked.items():
                count[department, visit.day.year] += 1
                made, most = count[department, visit.day.year], _most(case.problem, department, categories)
                if most is not None and made > most:
                    told = f"{department} {visit.day.year} 年对该企业第 {made} 次入企,上限 {most} 次"
                    yield Violation("annual_cap", visit.id, told)


def _most(problem: Problem, department: str, categories: set[str]) -> int | None:
    limits = [
        cap.most
        for cap in problem.rules.annual_caps
        if (not cap.departments or department in cap.departments)
        and (not cap.categories or categories.intersection(cap.categories))
    ]
    return max(limits) if limits else None


def honest_quota(case: Case) -> Iterator[Violation]:
    """The undisturbed share of the honest set (无事不扰比例)."""
    quota = case.problem.rules.honest_quota
    if quota is None:
        return
    disturbed = {
        v.object_id
        for v in case.roster.visits
        if v.object_id in case.objects and case.objects[v.object_id].honest and case.planned(v)
    }
    left = quota.total - quota.visited - len(disturbed)
    if disturbed and left < quota.total * quota.undisturbed_share - 1e-6:
        told = f"诚信主体 {quota.total} 户中只有 {left} 户未被打扰,低于 {quota.undisturbed_share:.0%}"
        yield Violation("honest_quota", "", told)


def cluster_cap(case: Case) -> Iterator[Violation]:
    """At most so many visits a day in one park or street (园区、街道每日户数上限)."""
    cap = case.problem.rules.cluster_day_cap
    if cap is None:
        return
    at: dict[tuple[str, date], list[Visit]] = defaultdict(list)
    for visit in case.roster.visits:
        if visit.object_id in case.objects:
            at[case.objects[visit.object_id].cluster, visit.day].append(visit)
    for (cluster, day), visits in at.items():
        if len(visits) > cap:
            told = f"{cluster} 在 {day} 安排 {len(visits)} 户,上限 {cap} 户"
            yield Violation("cluster_cap", visits[-1].id, told)


def duration(case: Case) -> Iterator[Violation]:
    """The work of the longest department fits the visit's half-days (检查用时)."""
    for visit in case.roster.visits:
        spent = case.minutes_at(visit)
        room = case.problem.rules.half_day_minutes * len(TAKES.get(visit.half, ()))
        if spent and max(spent.values()) > room:
            told = f"需 {max(spent.values())} 分钟,所排时段只有 {room} 分钟"
            yield Violation("duration", visit.id, told)


def pinned(case: Case) -> Iterator[Violation]:
    """Pinned visits stay (已固定的检查不得移动)."""
    for visit in case.roster.visits:
        for check in case.checks_of(visit):
            if check.pinned_day and (check.pinned_day, check.pinned_half) != (visit.day, visit.half):
                told = (
                    f"任务 {check.id} 固定在 {check.pinned_day} {half_name(check.pinned_half)},"
                    f"被移到 {visit.day} {half_name(visit.half)}"
                )
                yield Violation("pinned", visit.id, told)


def drawn(case: Case) -> Iterator[Violation]:
    """Only drawn checks, at their own object, by their own departments, once (抽取范围)."""
    for name, n in Counter(v.id for v in case.roster.visits).items():
        if n > 1:
            yield Violation("drawn", name, f"检查编号 {name} 出现 {n} 次")
    for visit in case.roster.visits:
        if visit.object_id not in case.objects:
            yield Violation("drawn", visit.id, f"{visit.object_id} 不在抽取的检查对象中")
        if not visit.checks:
            yield Violation("drawn", visit.id, "没有任何抽查任务的入企")
        for name in visit.checks:
            if name not in case.checks:
                yield Violation("drawn", visit.id, f"任务 {name} 未被抽取")
            elif case.checks[name].object_id != visit.object_id:
                yield Violation("drawn", visit.id, f"任务 {name} 的对象不是 {visit.object_id}")
            elif not case.checks[name].onsite:
                yield Violation("drawn", visit.id, f"任务 {name} 应以书面或网络方式进行,不得入企")
        if (named := {c.department for c in case.checks_of(visit)}) != set(visit.departments):
            yield Violation("drawn", visit.id, f"参加部门应为 {'、'.join(sorted(named))}")
        elif visit.lead not in visit.departments:
            yield Violation("drawn", visit.id, f"牵头部门 {visit.lead} 不在参加部门中")


def complete(case: Case) -> Iterator[Violation]:
    """Every drawn check exactly once: visited, not placed with a reason, or settled (任务不重不漏)."""
    visited = Counter(c for v in case.roster.visits for c in v.checks)
    missed = Counter(c for u in case.roster.unplaced for c in u.checks)
    for check in case.problem.checks:
        settled = bool(check.items or not check.onsite) and case.waived.get(check.id, set()) >= set(
            check.items
        )
        settled = settled and any(s.check == check.id for s in case.roster.settled)
        times = visited[check.id] + missed[check.id] + int(settled)
        if times == 0:
            yield Violation("complete", "", f"任务 {check.id} 既未安排也未说明原因")
        elif times > 1:
            yield Violation("complete", "", f"任务 {check.id} 出现 {times} 次")
    for unplaced in case.roster.unplaced:
        if not unplaced.sentence or not unplaced.rules:
            yield Violation("complete", "", f"{unplaced.object_id} 未排入,但没有说明原因")


def recognition(case: Case) -> Iterator[Violation]:
    """Recognised results cancel an item, and only they do (结果互认)."""
    known: dict[tuple[str, str], date] = {}
    for result in case.problem.results:
        if result.day <= case.problem.as_of:
            key = (result.object_id, result.item)
            known[key] = max(result.day, known.get(key, result.day))
    oldest = case.problem.as_of - timedelta(days=case.problem.rules.recognition_days)
    at = {c: v.id for v in case.roster.visits for c in v.checks}
    for settled in case.roster.settled:
        check = case.checks.get(settled.check)
        if check is None or settled.kind not in ("recognised", "off_site"):
            yield Violation("recognition", "", f"任务 {settled.check} 的免检说明无法对应")
        elif settled.kind == "off_site" and check.onsite:
            yield Violation("recognition", "", f"任务 {check.id} 应入企,不能改为书面或网络")
        elif settled.kind == "recognised":
            for item in settled.items:
                if check.clue or known.get((check.object_id, item), date.min) < oldest:
                    told = f"任务 {check.id} 的「{item}」没有可互认的结果"
                    yield Violation("recognition", at.get(check.id, ""), told)
    for check in case.problem.checks:
        for item in () if check.clue or not check.onsite else check.items:
            found = known.get((check.object_id, item), date.min)
            if found >= oldest and item not in case.waived[check.id]:
                told = f"任务 {check.id} 的「{item}」已于 {found} 查过,应予互认"
                yield Violation("recognition", at.get(check.id, ""), told)


ROSTER_RULES: tuple[Callable[[Case], Iterator[Violation]], ...] = (
    working_day,
    window,
    quiet_day,
    object_twice_a_day,
    spacing,
    annual_cap,
    honest_quota,
    cluster_cap,
    duration,
    pinned,
    drawn,
    complete,
    recognition,
    desk,
    seat_groups,
    minutes,
    lead,
    aims,
    gap,
)


def check_roster(problem: Problem, roster: Roster, teams: bool = True) -> list[Violation]:
    """Every broken rule of a roster (全部违规), in the order of the rules; empty if it keeps them all.

    With `teams` false the team lottery has not been held yet, and only dates and checks are judged.
    """
    case = Case(problem, roster)
    rules = (*ROSTER_RULES, *TEAM_RULES) if teams else ROSTER_RULES
    return [violation for rule in rules for violation in rule(case)]
