"""What disturbances make of a problem (调整后的排班问题): the same problem with new facts, and why each thing changed.

What lies before the change's day is never judged anew: a new quiet rule, a withdrawn exemption, an absence, an ended
certificate or a recusal begin on that day. `Problem.as_of` stays: what was recognised at planning stays recognised.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from registry.reasons import SHORTEST_REASON, says_why
from scheduling.disturbances import (
    CertificateEnded,
    Change,
    CheckAdded,
    Disturbance,
    ExemptionWithdrawn,
    InspectorAbsent,
    InspectorRecused,
    ObjectClosed,
    Postponed,
    QuietRuleAdded,
    Unfinished,
    UrgentLead,
    VisitCarriedOut,
    VisitPinned,
)
from scheduling.problem import (
    HALVES,
    WHOLE_DAY,
    Check,
    Exemption,
    Inspector,
    Object,
    Problem,
    QuietRule,
    Roster,
    Visit,
)
from scheduling.quiet import ObjectFrame, applies, covers
from scheduling.rule_names import half_name
from scheduling.validation import check_faults

MOST_URGENT = 4
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Cause:
    """Why something changed (调整原因): the kind of the disturbance and one sentence for the staff."""

    kind: str
    sentence: str


@dataclass
class Changing:
    """A problem while disturbances are applied, and the causes they leave behind, by what they touch.

    `planned` are the checks as they were before.
    """

    as_of: date
    objects: dict[str, Object]
    checks: dict[str, Check]
    inspectors: dict[str, Inspector]
    quiet_rules: list[QuietRule]
    exemptions: list[Exemption]
    last_day: date
    visits: dict[str, Visit]
    names: set[str]
    planned: dict[str, Check]
    cancelled: dict[str, Cause] = field(default_factory=dict)
    added: dict[str, Cause] = field(default_factory=dict)
    held: dict[str, Cause] = field(default_factory=dict)
    at_object: dict[str, list[Cause]] = field(default_factory=dict)
    at_visit: dict[str, list[Cause]] = field(default_factory=dict)
    of_people: dict[str, list[tuple[Disturbance, Cause]]] = field(default_factory=dict)
    closing: list[tuple[QuietRule | Exemption, Cause]] = field(default_factory=list)

    def is_past(self, visit: Visit) -> bool:
        """Whether the visit lies before the change's day."""
        return visit.day < self.as_of

    def still_due(self, object_id: str) -> list[str]:
        """Checks of an object that no past visit carries out."""
        done = {c for v in self.visits.values() if self.is_past(v) for c in v.checks}
        return [c.id for c in self.checks.values() if c.object_id == object_id and c.id not in done]

    def why_day(self, visit: Visit) -> Cause | None:
        """Which disturbance takes a visit's day away, None if none does."""
        named = [*self.at_visit.get(visit.id, ()), *self.at_object.get(visit.object_id, ())]
        if named:
            return named[-1]
        place = self.objects[visit.object_id]
        found = [cause for source, cause in self.closing if _closes(source, place, visit.day)]
        return found[-1] if found else None

    def why_person(self, inspector: str, visit: Visit) -> Cause | None:
        """Which disturbance keeps a person from a visit, None if none does."""
        known = self.of_people.get(inspector, ())
        return next((cause for source, cause in known if _keeps_away(source, visit)), None)


def _closes(source: QuietRule | Exemption, place: Object, day: date) -> bool:
    if isinstance(source, Exemption):
        return source.object_id in ("", place.object_id) and source.first_day <= day <= source.last_day
    return bool(applies(source, ObjectFrame.of([place]))[0] and covers(source, [day])[0])


def _keeps_away(source: Disturbance, visit: Visit) -> bool:
    if isinstance(source, InspectorAbsent):
        return source.first_day <= visit.day <= source.last_day
    if isinstance(source, CertificateEnded):
        return visit.day > source.last_day
    return isinstance(source, InspectorRecused) and source.object_id == visit.object_id


def apply_change(problem: Problem, roster: Roster, change: Change) -> tuple[Problem, Changing]:
    """The changed problem and every cause; the caller has asked `change_faults` before."""
    state = Changing(
        change.as_of,
        {o.object_id: o for o in problem.objects},
        {c.id: c for c in problem.checks},
        {i.id: i for i in problem.inspectors},
        list(problem.quiet_rules),
        list(problem.exemptions),
        problem.last_day,
        {v.id: v for v in roster.visits},
        {c.id for c in problem.checks},
        {c.id: c for c in problem.checks},
    )
    for disturbance in change.disturbances:
        _apply(state, disturbance)
    changed = replace(
        problem,
        last_day=state.last_day,
        objects=tuple(state.objects.values()),
        checks=tuple(state.checks.values()),
        inspectors=tuple(state.inspectors.values()),
        quiet_rules=tuple(state.quiet_rules),
        exemptions=tuple(state.exemptions),
    )
    return changed, state


def _apply(state: Changing, what: Disturbance) -> None:
    if isinstance(what, InspectorAbsent | InspectorRecused | CertificateEnded):
        _person(state, what)
    elif isinstance(what, ObjectClosed):
        cause = Cause(what.kind, f"{what.object_id} {what.reason},尚未实施的检查取消")
        for name in state.still_due(what.object_id):
            del state.checks[name]
            state.cancelled[name] = cause
    elif isinstance(what, Postponed):
        _postpone(state, what)
    elif isinstance(what, QuietRuleAdded):
        since = max(what.rule.valid_from or state.as_of, state.as_of)
        rule = replace(what.rule, valid_from=since)
        state.quiet_rules.append(rule)
        state.closing.append((rule, Cause(what.kind, f"新增{rule.name}:{what.reason}")))
    elif isinstance(what, ExemptionWithdrawn):
        _withdraw(state, what)
    elif isinstance(what, UrgentLead | CheckAdded):
        _add(state, what)
    elif isinstance(what, VisitCarriedOut):
        for rest in what.unfinished:
            _carry(state, what, rest)
    else:
        _pin(state, what)


def _person(state: Changing, what: InspectorAbsent | InspectorRecused | CertificateEnded) -> None:
    person = state.inspectors[what.inspector]
    if isinstance(what, InspectorAbsent):
        first = max(what.first_day, state.as_of)
        days = {first + n * DAY for n in range((what.last_day - first).days + 1)}
        told = f"{person.id} {what.first_day} 至 {what.last_day} 不能参加:{what.reason}"
        person = replace(person, leave=tuple(sorted({*person.leave, *days})))
    elif isinstance(what, CertificateEnded):
        last = max(what.last_day, state.as_of - DAY)
        told = f"{person.id} 的执法证 {what.last_day} 后失效:{what.reason}"
        person = replace(person, certificate_valid_to=min(person.certificate_valid_to, last))
    else:
        told = f"{person.id} 对 {what.object_id} 应回避:{what.reason}"
        if not person.stands_aside(what.object_id, state.as_of):
            person = replace(person, recused_from=(*person.recused_from, (what.object_id, state.as_of)))
    state.inspectors[person.id] = person
    state.of_people.setdefault(person.id, []).append((what, Cause(what.kind, told)))


def _postpone(state: Changing, what: Postponed) -> None:
    for name in state.still_due(what.object_id):
        state.checks[name] = replace(
            state.checks[name],
            window_from=what.window_from,
            window_to=what.window_to,
            pinned_day=None,
            pinned_half=None,
        )
    for visit in state.visits.values():
        if visit.object_id == what.object_id:
            state.at_visit.pop(visit.id, None)
    state.last_day = max(state.last_day, what.window_to)
    told = f"准予改期至 {what.window_from} 至 {what.window_to}:{what.reason}"
    state.at_object.setdefault(what.object_id, []).append(Cause(what.kind, told))


def _withdraw(state: Changing, what: ExemptionWithdrawn) -> None:
    for n, exemption in enumerate(state.exemptions):
        if exemption.id == what.exemption:
            # A last day before the first makes it cover nothing; the record itself stays readable.
            last = min(exemption.last_day, state.as_of - DAY)
            state.exemptions[n] = replace(exemption, last_day=last)
            gone = replace(exemption, first_day=max(exemption.first_day, state.as_of))
            state.closing.append((gone, Cause(what.kind, f"安静日豁免 {exemption.id} 撤回:{what.reason}")))


def _add(state: Changing, what: UrgentLead | CheckAdded) -> None:
    check = replace(what.check, window_from=max(what.check.window_from, state.as_of))
    told = f"新增任务 {check.id}:{what.reason}"
    if isinstance(what, UrgentLead):
        check = replace(check, urgency=MOST_URGENT, clue=True)
        told = f"紧急线索 {check.id}:{what.reason}"
    if what.site is not None:
        state.objects.setdefault(what.site.object_id, what.site)
    state.checks[check.id] = check
    state.last_day = max(state.last_day, check.window_to)
    state.added[check.id] = Cause(what.kind, told)


def follow_up(names: set[str], check: str) -> str:
    """A name for the check that carries on another (顺延任务编号): `~2`, `~3` … after its own, never used before."""
    first, n = check.partition("~")[0], 2
    while f"{first}~{n}" in names:
        n += 1
    return f"{first}~{n}"


def _carry(state: Changing, what: VisitCarriedOut, rest: Unfinished) -> None:
    begun = state.checks[rest.check]
    minutes, each = _minutes_of_rest(begun, rest)
    check = replace(
        begun,
        id=follow_up(state.names, rest.check),
        items=rest.items,
        window_from=max(rest.window_from, state.as_of),
        window_to=rest.window_to,
        minutes=minutes,
        item_minutes=each,
        clue=begun.clue or not rest.counted,
        pinned_day=None,
        pinned_half=None,
    )
    state.checks[check.id] = check
    state.names.add(check.id)
    state.last_day = max(state.last_day, check.window_to)
    day = state.visits[what.visit].day
    told = f"{day} 检查未完成 {len(rest.items)} 项,顺延为 {check.id}:{what.reason}"
    state.added[check.id] = Cause(what.kind, told)


def _minutes_of_rest(begun: Check, rest: Unfinished) -> tuple[int, tuple[int, ...]]:
    """Minutes of the unfinished items, and of each: as said, else the items' own, else the check's (未完成事项用时)."""
    if rest.minutes is not None:
        return rest.minutes, ()
    if len(begun.item_minutes) != len(begun.items):
        return begun.minutes, ()
    own = dict(zip(begun.items, begun.item_minutes, strict=True))
    each = tuple(own[item] for item in rest.items)
    return sum(each), each


def _pin(state: Changing, what: VisitPinned) -> None:
    visit = state.visits[what.visit]
    day, half = what.day or visit.day, what.half or visit.half
    for name in visit.checks:
        if name in state.checks:
            state.checks[name] = replace(state.checks[name], pinned_day=day, pinned_half=half)
    cause = Cause(what.kind, f"人工固定在 {day} {half_name(half)}:{what.reason}")
    state.held[visit.id] = cause
    state.at_visit.pop(visit.id, None)
    if (day, half) != (visit.day, visit.half):
        state.at_visit.setdefault(visit.id, []).append(cause)


def change_faults(problem: Problem, roster: Roster, change: Change) -> list[str]:
    """Everything in a change that names nothing or cannot be (调整文件校验), one sentence each."""
    return [
        f"第 {n} 项({what.kind}):{fault}"
        for n, what in enumerate(change.disturbances, start=1)
        for fault in _faults(problem, roster, change, what)
    ]


def _faults(problem: Problem, roster: Roster, change: Change, what: Disturbance) -> Iterator[str]:
    if not says_why(what.reason) and (not isinstance(what, VisitCarriedOut) or what.unfinished):
        yield f"没有写明理由(reason,至少 {SHORTEST_REASON} 个字)"
    people, places = {i.id for i in problem.inspectors}, {o.object_id for o in problem.objects}
    if (
        isinstance(what, InspectorAbsent | InspectorRecused | CertificateEnded)
        and what.inspector not in people
    ):
        yield f"检查人员 {what.inspector} 不在名录中"
    if isinstance(what, InspectorAbsent) and what.first_day > what.last_day:
        yield f"缺勤 {what.first_day} 至 {what.last_day} 颠倒"
    if isinstance(what, InspectorRecused | ObjectClosed | Postponed) and what.object_id not in places:
        yield f"检查对象 {what.object_id} 不在对象名录中"
    if isinstance(what, Postponed):
        yield from _window_faults(what.window_from, what.window_to, change)
    if isinstance(what, QuietRuleAdded) and what.rule.id in {r.id for r in problem.quiet_rules}:
        yield f"安静日规则编号 {what.rule.id} 已有"
    if isinstance(what, ExemptionWithdrawn) and what.exemption not in {e.id for e in problem.exemptions}:
        yield f"没有编号为 {what.exemption} 的安静日豁免"
    if isinstance(what, UrgentLead | CheckAdded):
        yield from _check_faults(problem, change, what)
    if isinstance(what, VisitCarriedOut | VisitPinned):
        yield from _visit_faults(problem, roster, change, what)


def _window_faults(first: date, last: date, change: Change) -> Iterator[str]:
    if first > last:
        yield f"期限 {first} 至 {last} 颠倒"
    if last < change.as_of:
        yield f"期限止 {last} 早于调整日 {change.as_of}"


def _check_faults(problem: Problem, change: Change, what: UrgentLead | CheckAdded) -> Iterator[str]:
    yield from _window_faults(what.check.window_from, what.check.window_to, change)
    added = [w.check.id for w in change.disturbances if isinstance(w, UrgentLead | CheckAdded)]
    if what.check.id in {c.id for c in problem.checks} or added.count(what.check.id) > 1:
        yield f"任务编号 {what.check.id} 已有"
    known = {o.object_id for o in problem.objects} | ({what.site.object_id} if what.site else set())
    if what.check.object_id not in known:
        yield f"检查对象 {what.check.object_id} 不在对象名录中,须在 site 中说明"
    yield from check_faults(what.check, "check", {what.check.object_id})


def _visit_faults(
    problem: Problem, roster: Roster, change: Change, what: VisitCarriedOut | VisitPinned
) -> Iterator[str]:
    visit = next((v for v in roster.visits if v.id == what.visit), None)
    if visit is None:
        yield f"排班表中没有检查 {what.visit}"
    elif isinstance(what, VisitPinned):
        if what.half not in (None, *HALVES, WHOLE_DAY):
            yield f"检查 {visit.id} 的固定时段 {what.half},应为 am、pm 或 day"
        if visit.day < change.as_of or (what.day or visit.day) < change.as_of:
            yield f"检查 {visit.id} 须固定在调整日 {change.as_of} 或以后"
    else:
        if visit.day >= change.as_of:
            yield f"检查 {visit.id} 排在 {visit.day},调整日 {change.as_of} 时尚未实施"
        checks = {c.id: c for c in problem.checks}
        for rest in what.unfinished:
            yield from _window_faults(rest.window_from, rest.window_to, change)
            items = set(checks[rest.check].items) if rest.check in visit.checks else set()
            if not rest.items or not set(rest.items) <= items:
                yield f"检查 {visit.id} 的任务 {rest.check} 没有这些未完成事项:{'、'.join(rest.items)}"
            for later in _followed(problem, rest):
                yield f"任务 {rest.check} 的这些事项已顺延为 {later}"


def _followed(problem: Problem, rest: Unfinished) -> list[str]:
    """Checks that already carry on some of these items (已顺延的任务)."""
    first, _, own = rest.check.partition("~")
    after = int(own) if own.isdecimal() else 1
    found = []
    for check in problem.checks:
        begun, _, n = check.id.partition("~")
        if begun == first and n.isdecimal() and int(n) > after and set(check.items) & set(rest.items):
            found.append(check.id)
    return found
