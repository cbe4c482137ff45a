"""Is the problem usable? (问题数据校验): the whole problem is judged before a second of search is spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scheduling.problem import (
    HALVES,
    WHOLE_DAY,
    Check,
    Inspector,
    Problem,
    ProblemError,
    QuietRule,
    Roster,
    Rules,
    Weights,
)

MOST_DAYS = 36_500
MOST_PEOPLE = 100
LONGEST_PERIOD = 1_100
EARLIEST_YEAR = 1900
"""Limits of what the programs can handle, not of the law: a century back, a team of a hundred, three years ahead."""
HIGHEST_PRICE = 1_000_000
"""Prices are added up in whole numbers of 64 bits: weeks of hundreds of thousands of visits must still fit."""


def _repeated(name: str, where: str, key: str, ids: Iterable[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for n, one in enumerate(ids):
        if not one:
            yield f"{where}[{n}].{key}:有一个{name}没有编号"
        elif one in seen:
            yield f"{where}[{n}].{key}:{name} {one} 在 {where}[{seen[one]}] 已出现过,编号必须唯一"
        seen.setdefault(one, n)


def check_faults(check: Check, at: str, known: set[str]) -> Iterator[str]:
    """What is wrong with one check (任务问题), each at its field. known: objects that it may be about."""
    if check.object_id not in known:
        yield f"{at}.object_id:任务 {check.id} 的检查对象 {check.object_id} 不在对象名录中"
    if check.window_from > check.window_to:
        yield f"{at}.window_from:任务 {check.id} 的期限起 {check.window_from} 晚于期限止 {check.window_to}"
    if check.minutes <= 0:
        yield f"{at}.minutes:任务 {check.id} 用时 {check.minutes} 分钟,应大于 0"
    if not 1 <= check.urgency <= 4:
        yield f"{at}.urgency:任务 {check.id} 的紧急程度 {check.urgency},应为 1 至 4"
    if not check.department:
        yield f"{at}.department:任务 {check.id} 没有检查部门"
    if not check.items or not all(item.strip() for item in check.items):
        yield f"{at}.items:任务 {check.id} 没有检查事项,或有一项是空的;至少写明一项"
    if check.item_minutes and len(check.item_minutes) != len(check.items):
        yield f"{at}.item_minutes:任务 {check.id} 有 {len(check.items)} 个事项、{len(check.item_minutes)} 个事项用时,应一一对应,或不填"
    if any(minutes < 1 for minutes in check.item_minutes):
        yield f"{at}.item_minutes:任务 {check.id} 的事项用时应大于 0"
    if check.pinned_half is not None and check.pinned_half not in (*HALVES, WHOLE_DAY):
        yield f"{at}.pinned_half:任务 {check.id} 的固定时段 {check.pinned_half},应为 am、pm 或 day"
    if (check.pinned_half is None) != (check.pinned_day is None):
        yield f"{at}.pinned_day:任务 {check.id} 的固定日期与固定时段须同时给出"


def _rule_faults(rules: Rules) -> Iterator[str]:
    at = "problem.rules"
    for name in ("spacing_days", "recognition_days"):
        if not 0 <= getattr(rules, name) <= MOST_DAYS:
            yield f"{at}.{name}:应在 0 与 {MOST_DAYS} 之间"
    for name in ("lead_team", "partner_team"):
        if not 1 <= getattr(rules, name) <= MOST_PEOPLE:
            yield f"{at}.{name}:应在 1 与 {MOST_PEOPLE} 之间"
    if rules.half_day_minutes < 1:
        yield f"{at}.half_day_minutes:应不小于 1"
    if not 0 <= rules.desk_people <= MOST_PEOPLE:
        yield f"{at}.desk_people:应在 0 与 {MOST_PEOPLE} 之间"
    if rules.cluster_day_cap is not None and rules.cluster_day_cap < 1:
        yield f"{at}.cluster_day_cap:应不小于 1,或不设"
    if not 0 <= rules.reserve_share < 1:
        yield f"{at}.reserve_share:应在 0 与 1 之间"
    quota = rules.honest_quota
    if quota and not 0 <= quota.undisturbed_share <= 1:
        yield f"{at}.honest_quota.undisturbed_share:应在 0 与 1 之间"
    if quota and min(quota.total, quota.visited) < 0:
        yield f"{at}.honest_quota:户数不应为负数"
    yield from (
        f"{at}.annual_caps[{n}].most:不应为负数" for n, c in enumerate(rules.annual_caps) if c.most < 0
    )
    yield from _weight_faults(rules.weights)


def _weight_faults(weights: Weights) -> Iterator[str]:
    at = "problem.rules.weights"
    for name, price in (
        *((f"urgency[{n}]", price) for n, price in enumerate(weights.urgency)),
        ("pressing", weights.pressing),
        ("unplaced", weights.unplaced),
        ("cluster_day", weights.cluster_day),
    ):
        if not 0 <= price <= HIGHEST_PRICE:
            yield f"{at}.{name}:应在 0 与 {HIGHEST_PRICE} 之间"


def _quiet_faults(rule: QuietRule, at: str) -> Iterator[str]:
    if not (rule.month_days or rule.weekdays or rule.ranges):
        yield f"{at}:安静日规则 {rule.id} 没有说明哪些日子"
    if any(not 1 <= d <= 31 for d in rule.month_days):
        yield f"{at}.month_days:安静日规则 {rule.id} 的每月日期应为 1 至 31"
    if any(not 0 <= d <= 6 for d in rule.weekdays):
        yield f"{at}.weekdays:安静日规则 {rule.id} 的星期应为 0(周一)至 6(周日)"
    for n, (first, last) in enumerate(rule.ranges):
        if first > last:
            yield f"{at}.ranges[{n}]:安静日规则 {rule.id} 的区间 {first} 至 {last} 颠倒"


def _inspector_faults(person: Inspector, at: str) -> Iterator[str]:
    if person.half_days_per_day not in (1, 2):
        yield f"{at}.half_days_per_day:检查人员 {person.id} 每日半天数 {person.half_days_per_day},应为 1 或 2"
    if person.visits_total is not None and person.visits_total < 0:
        yield f"{at}.visits_total:检查人员 {person.id} 的工作量上限不应为负数"


def _identity_faults(problem: Problem) -> Iterator[str]:
    yield from _repeated("任务", "problem.checks", "id", (c.id for c in problem.checks))
    yield from _repeated("检查对象", "problem.objects", "object_id", (o.object_id for o in problem.objects))
    yield from _repeated("检查人员", "problem.inspectors", "id", (i.id for i in problem.inspectors))
    yield from _repeated("安静日规则", "problem.quiet_rules", "id", (r.id for r in problem.quiet_rules))


def faults(problem: Problem) -> list[str]:
    """Every fault in one pass, as sentences with the field's path; an empty list means the problem can be solved."""
    known = {o.object_id for o in problem.objects}
    found = list(_identity_faults(problem))
    if problem.first_day > problem.last_day:
        found.append(f"problem.first_day:计划期 {problem.first_day} 至 {problem.last_day} 颠倒")
    if problem.as_of.year < EARLIEST_YEAR:
        found.append(f"problem.as_of:早于 {EARLIEST_YEAR} 年")
    if (problem.last_day - problem.first_day).days > LONGEST_PERIOD:
        found.append(f"problem.last_day:计划期超过 {LONGEST_PERIOD} 天,请分期排班")
    for n, check in enumerate(problem.checks):
        found += check_faults(check, f"problem.checks[{n}]", known)
    found += _rule_faults(problem.rules)
    for n, rule in enumerate(problem.quiet_rules):
        found += _quiet_faults(rule, f"problem.quiet_rules[{n}]")
    for n, person in enumerate(problem.inspectors):
        found += _inspector_faults(person, f"problem.inspectors[{n}]")
    return found


def validate(problem: Problem) -> None:
    """Raise `ProblemError` with all faults if there is any."""
    if found := faults(problem):
        raise ProblemError(found)


def warnings(problem: Problem) -> list[str]:
    """What can be planned but may well be a slip (疑似笔误), as sentences with the field's path."""
    return [
        f"problem.objects[{n}].last_visit:{place.object_id} 的上次入企 {place.last_visit} 晚于 as_of {problem.as_of},"
        "按已排定的入企计算间隔;如系笔误请改正"
        for n, place in enumerate(problem.objects)
        if place.last_visit is not None and place.last_visit > problem.as_of
    ]


def roster_faults(roster: Roster) -> list[str]:
    """Words of a roster that mean nothing (排班表校验): half-days other than am, pm and, for visits, day."""
    found = [
        f"roster.visits[{n}].half:检查 {visit.id} 的时段 {visit.half},应为 am、pm 或 day"
        for n, visit in enumerate(roster.visits)
        if visit.half not in (*HALVES, WHOLE_DAY)
    ]
    return found + [
        f"roster.desk[{n}].half:{time.department} {time.day} 的时段 {time.half},应为 am 或 pm"
        for n, time in enumerate(roster.desk)
        if time.half not in HALVES
    ]
