"""Is the problem usable? (问题数据校验): the whole problem is judged before a second of search is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from scheduling.problem import HALVES, WHOLE_DAY, Check, Problem, ProblemError, QuietRule, Rules


def _repeated(name: str, ids: Iterable[str]) -> Iterator[str]:
    for key, n in Counter(ids).items():
        if n > 1:
            yield f"{name} {key} 出现 {n} 次,编号必须唯一"
        if not key:
            yield f"有一个{name}没有编号"


def _check_faults(check: Check, problem: Problem, known: set[str]) -> Iterator[str]:
    if check.object_id not in known:
        yield f"任务 {check.id}:检查对象 {check.object_id} 不在对象名录中"
    if check.window_from > check.window_to:
        yield f"任务 {check.id}:期限起 {check.window_from} 晚于期限止 {check.window_to}"
    if check.minutes <= 0:
        yield f"任务 {check.id}:用时 {check.minutes} 分钟,应大于 0"
    if not 1 <= check.urgency <= 4:
        yield f"任务 {check.id}:紧急程度 {check.urgency},应为 1 至 4"
    if not check.department:
        yield f"任务 {check.id}:没有检查部门"
    if check.item_minutes and len(check.item_minutes) != len(check.items):
        yield f"任务 {check.id}:有 {len(check.items)} 个事项、{len(check.item_minutes)} 个事项用时,应一一对应,或不填"
    if any(minutes < 1 for minutes in check.item_minutes):
        yield f"任务 {check.id}:事项用时应大于 0"
    if check.pinned_half is not None and check.pinned_half not in (*HALVES, WHOLE_DAY):
        yield f"任务 {check.id}:固定时段 {check.pinned_half},应为 am、pm 或 day"
    if (check.pinned_half is None) != (check.pinned_day is None):
        yield f"任务 {check.id}:固定日期与固定时段须同时给出"


def _rule_faults(rules: Rules) -> Iterator[str]:
    for name in ("spacing_days", "recognition_days"):
        if getattr(rules, name) < 0:
            yield f"规则 {name} 为负数"
    for name in ("lead_team", "partner_team", "half_day_minutes"):
        if getattr(rules, name) < 1:
            yield f"规则 {name} 应不小于 1"
    if rules.desk_people < 0:
        yield "规则 desk_people 为负数"
    if rules.cluster_day_cap is not None and rules.cluster_day_cap < 1:
        yield "规则 cluster_day_cap 应不小于 1,或不设"
    if not 0 <= rules.reserve_share < 1:
        yield "规则 reserve_share 应在 0 与 1 之间"
    if rules.honest_quota and not 0 <= rules.honest_quota.undisturbed_share <= 1:
        yield "规则 honest_quota.undisturbed_share 应在 0 与 1 之间"


def _quiet_faults(rule: QuietRule) -> Iterator[str]:
    if not (rule.month_days or rule.weekdays or rule.ranges):
        yield f"安静日规则 {rule.id}:没有说明哪些日子"
    if any(not 1 <= d <= 31 for d in rule.month_days):
        yield f"安静日规则 {rule.id}:每月日期应为 1 至 31"
    if any(not 0 <= d <= 6 for d in rule.weekdays):
        yield f"安静日规则 {rule.id}:星期应为 0(周一)至 6(周日)"
    for first, last in rule.ranges:
        if first > last:
            yield f"安静日规则 {rule.id}:区间 {first} 至 {last} 颠倒"


def faults(problem: Problem) -> list[str]:
    """Every fault in one pass, as sentences; an empty list means the problem can be solved."""
    known = {o.object_id for o in problem.objects}
    found = list(_repeated("任务", (c.id for c in problem.checks)))
    found += _repeated("检查对象", (o.object_id for o in problem.objects))
    found += _repeated("检查人员", (i.id for i in problem.inspectors))
    found += _repeated("安静日规则", (r.id for r in problem.quiet_rules))
    if problem.first_day > problem.last_day:
        found.append(f"计划期 {problem.first_day} 至 {problem.last_day} 颠倒")
    for check in problem.checks:
        found += _check_faults(check, problem, known)
    found += _rule_faults(problem.rules)
    for rule in problem.quiet_rules:
        found += _quiet_faults(rule)
    found += [
        f"检查人员 {i.id}:每日半天数 {i.half_days_per_day},应为 1 或 2"
        for i in problem.inspectors
        if i.half_days_per_day not in (1, 2)
    ]
    return found


def validate(problem: Problem) -> None:
    """Raise `ProblemError` with all faults if there is any."""
    if found := faults(problem):
        raise ProblemError(found)
