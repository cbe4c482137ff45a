"""The rules of the allocation (数量分配规则), one function a rule; each says itself in a sentence.

A limit is linear over whole numbers: `least <= sum(weight * variable) <= most`. Variables are named tuples; those
of strata are ("n", task, stratum). Limits of one `rule` and `subject` stand or fall together in a conflict.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from scheduling.count_problem import CLASSES, CountProblem, Room, Stratum, TaskCount, at_least, at_most

Variable = tuple[str, ...]
HALF_DAY = 1000
"""Half-days are counted in thousandths, demand rounded up and room rounded down."""


@dataclass(frozen=True)
class Limit:
    """One linear condition of a rule, with its words."""

    rule: str
    subject: str
    terms: tuple[tuple[Variable, int], ...]
    least: int | None
    most: int | None
    sentence: str
    relief: str
    instead: tuple[tuple[Variable, int], ...] = ()
    """What a check weighs that is made in writing or online instead (改为书面、网络检查)."""

    @property
    def key(self) -> tuple[str, str]:
        """Limits with one key are one rule to a person."""
        return self.rule, self.subject


def by_key(limits: list[Limit]) -> dict[tuple[str, str], list[Limit]]:
    """Limits that stand or fall together, by their key."""
    groups: dict[tuple[str, str], list[Limit]] = defaultdict(list)
    for limit in limits:
        groups[limit.key].append(limit)
    return groups


class Strata:
    """The problem's strata by task and class, as the limits need them."""

    def __init__(self, problem: CountProblem) -> None:
        self.problem = problem
        self.of_task: dict[str, list[Stratum]] = defaultdict(list)
        self.of_class: dict[tuple[str, str], list[Stratum]] = defaultdict(list)
        for stratum in problem.strata:
            self.of_task[stratum.task].append(stratum)
            self.of_class[stratum.task, stratum.klass].append(stratum)

    def size(self, task: str, klass: str | None = None) -> int:
        """Eligible objects of a task or of one of its classes."""
        chosen = self.of_task[task] if klass is None else self.of_class[task, klass]
        return sum(stratum.size for stratum in chosen)

    def classes(self, task: str) -> list[str]:
        """The task's non-empty classes, A first."""
        return [klass for klass in CLASSES if self.size(task, klass)]

    def classes_with_a_claim(self, task: TaskCount) -> list[str]:
        """Classes with a positive rate, as many as the task's cap has objects for; the higher classes first."""
        rated = [klass for klass in self.classes(task.task) if task.rates.get(klass, 0.0)]
        return rated[-most_of(task, self.size(task.task)) :]

    @cached_property
    def tasks(self) -> dict[str, TaskCount]:
        """Tasks by name."""
        return {task.task: task for task in self.problem.tasks}


def drawn(stratum: Stratum) -> Variable:
    """The number to draw from a stratum."""
    return ("n", stratum.task, stratum.name)


def disturbed(stratum: Stratum) -> Variable:
    """The most honest enterprises that a draw from the stratum can disturb."""
    return ("disturbed", stratum.task, stratum.name)


def planned(task: TaskCount, klass: str, size: int) -> int:
    """The plan's own number for a class: its rate, rounded up."""
    return size if klass in task.full_classes else min(size, at_least(task.rates.get(klass, 0.0), size))


def floors(strata: Strata) -> Iterator[Limit]:
    """Overall floors such as 3 % of 公示信息 checks (企业公示信息抽查办法第四条), rounded up."""
    for task in strata.problem.tasks:
        if task.floor is None:
            continue
        base = strata.size(task.task) if task.base is None else task.base
        need = at_least(task.floor, base)
        yield Limit(
            "floor",
            task.name,
            _sum(strata.of_task[task.task]),
            need,
            None,
            f"“{task.name}”总体抽查比例不低于 {_percent(task.floor)}，{base} 户向上取整为 {need} 户",
            "把其中一部分改为书面、网络检查（不入企，不占检查力量和无事不扰比例），或分到以后批次",
        )


def class_minimum(strata: Strata) -> Iterator[Limit]:
    """At least one object of every class (or stratum) that has a positive rate: small pools are not skipped.

    Where a library is so small that its cap allows fewer objects than it has classes, the cap stands and the
    higher classes come first: a minimum of our own may not break the law's limit.
    """
    for task in strata.problem.tasks:
        for klass in strata.classes_with_a_claim(task):
            members = strata.of_class[task.task, klass]
            parts = [members] if strata.problem.at_least_one == "class" else [[s] for s in members]
            for part in parts:
                yield Limit(
                    "at_least_one",
                    f"{task.name} {klass} 类",
                    _sum(part),
                    1,
                    None,
                    f"“{task.name}”{klass} 类有对象且比例大于零，至少抽 1 户",
                    f"把该类并入相邻类别，或将“{task.name}”移到以后批次",
                )


def class_ranges(strata: Strata) -> Iterator[Limit]:
    """Each class within the range its place allows around the planned rate."""
    for task in strata.problem.tasks:
        for klass in strata.classes(task.task):
            size = strata.size(task.task, klass)
            goal = planned(task, klass, size)
            low = min(goal, at_least(task.lowest.get(klass, 0.0) * task.rates.get(klass, 0.0), size))
            if klass not in strata.classes_with_a_claim(task):
                low = 0
            high = max(goal, 1, at_most(task.highest.get(klass, 1.0), size))
            terms = _sum(strata.of_class[task.task, klass])
            where = f"{task.name} {klass} 类"
            text = f"“{task.name}”{klass} 类 {size} 户，计划 {goal} 户，"
            if low:
                sentence = f"{text}不得少于 {low} 户"
                relief = "增加检查力量、延长期限，或改为书面、网络检查"
                yield Limit("class_low", where, terms, low, None, sentence, relief)
            if high < size:
                sentence = f"{text}不得多于 {high} 户"
                yield Limit("class_high", where, terms, None, high, sentence, "调整该类的比例上限")


def rising_rates(strata: Strata) -> Iterator[Limit]:
    """A higher risk class is never drawn at a lower rate, up to the rounding of one object."""
    for task in strata.problem.tasks:
        for lower, higher in pairwise(strata.classes(task.task)):
            small, large = strata.size(task.task, lower), strata.size(task.task, higher)
            terms = [(drawn(s), large) for s in strata.of_class[task.task, lower]]
            terms += [(drawn(s), -small) for s in strata.of_class[task.task, higher]]
            yield Limit(
                "rising",
                task.name,
                tuple(terms),
                None,
                large,
                f"“{task.name}”抽查比例由 A 到 D 递增",
                "提高较高风险类别的数量，或降低较低风险类别的数量",
            )


def item_caps(strata: Strata) -> Iterator[Limit]:
    """一般检查事项 have an upper limit (domain.md 2.6)."""
    for task in strata.problem.tasks:
        if task.cap is None:
            continue
        size = strata.size(task.task)
        most = most_of(task, size)
        sentence = (
            f"“{task.name}”是一般检查事项，抽查比例不超过 {_percent(task.cap)}，{size} 户中最多 {most} 户"
        )
        yield Limit(
            "item_cap",
            task.name,
            _sum(strata.of_task[task.task]),
            None,
            most,
            sentence,
            "降低各类比例，或调整事项清单的上限",
        )


def most_of(task: TaskCount, size: int) -> int:
    """The most objects that a task's cap allows, never less than one: 上高 2023 draws 1 of any small pool."""
    return size if task.cap is None else max(1, at_most(task.cap, size))


def full_coverage(strata: Strata) -> Iterator[Limit]:
    """Classes that a rule covers wholly, such as D for key items (河北)."""
    for task in strata.problem.tasks:
        for klass in task.full_classes:
            size = strata.size(task.task, klass)
            if size:
                sentence = f"“{task.name}”{klass} 类 {size} 户全覆盖"
                yield Limit(
                    "full_coverage",
                    f"{task.name} {klass} 类",
                    _sum(strata.of_class[task.task, klass]),
                    size,
                    None,
                    sentence,
                    "分批次完成全覆盖，或把一部分改为书面、网络检查",
                )


def honest_quota(strata: Strata) -> Iterator[Limit]:
    """无事不扰: planned on-site visits leave the required share of the honest set in peace, whatever chance picks.

    Conservative: in each stratum the draw may hit as many honest objects as there are (up to its count), and
    an enterprise drawn by two tasks is counted twice although shared tickets make it one door.
    """
    problem = strata.problem
    if problem.undisturbed_share is None:
        return
    room = honest_room(problem)
    hit = [s for s in problem.strata if s.honest and strata.tasks[s.task].onsite]
    already = f"（本期已入企 {problem.honest_disturbed} 户）" if problem.honest_disturbed else ""
    yield Limit(
        "honest_quota",
        "诚信主体",
        tuple((disturbed(s), 1) for s in hit),
        None,
        room,
        f"诚信主体 {problem.honest_total} 户中不少于 {_percent(problem.undisturbed_share)} 不受计划内现场检查打扰"
        f"{already}，最多可入企 {room} 户次",
        "对诚信主体改用书面、网络检查，或与主管部门商定分年完成",
    )


def honest_room(problem: CountProblem) -> int:
    """How many honest enterprises may still be disturbed under the quota, exactly."""
    assert problem.undisturbed_share is not None
    kept = at_least(problem.undisturbed_share, problem.honest_total)
    return max(0, problem.honest_total - kept - problem.honest_disturbed)


def manpower(strata: Strata) -> Iterator[Limit]:
    """Inspector half-days after quiet days and holidays, for each set of days that some objects cannot leave.

    A district's own people serve it first; the rest must fit into those who serve anywhere.
    """
    for room in strata.problem.rooms:
        demand = _demand(room, strata)
        if not demand:
            continue
        subject = room.subject
        sentence = (
            f"{subject}：{'持' + room.qualification + '的人员' if room.qualification else '检查人员'}"
            f"除去安静日、节假日和请假后可用 {math.floor(room.anywhere + sum(room.own.values()))} 人次半天"
        )
        relief = f"向{room.department}增派或跨区调配人员，延长期限，合并任务，或把一部分改为书面、网络检查"
        borrowed = []
        for district, terms in sorted(demand.items()):
            extra: Variable = ("borrowed", subject, district)
            borrowed.append((extra, 1))
            most = math.floor(room.own.get(district, 0.0) * HALF_DAY)
            instead = _desks_instead(room, strata, district)
            yield Limit("manpower", subject, (*terms, (extra, -1)), None, most, sentence, relief, instead)
        most = math.floor(room.anywhere * HALF_DAY)
        yield Limit("manpower", subject, tuple(borrowed), None, most, sentence, relief)


def _demand(room: Room, strata: Strata) -> dict[str, list[tuple[Variable, int]]]:
    """Thousandths of half-days by district, of objects that can be visited, or seen to at a desk, on the room's days only."""
    found: dict[str, list[tuple[Variable, int]]] = defaultdict(list)
    for stratum in strata.problem.strata:
        task = strata.tasks[stratum.task]
        if task.department != room.department:
            continue
        bound = sum(stratum.patterns[p] for p in room.patterns if p < len(stratum.patterns))
        if bound and (half_days := _half_days(task, room)):
            weight = math.ceil(Fraction(bound, stratum.size) * half_days * HALF_DAY)
            found[stratum.district].append((drawn(stratum), weight))
    return found


def _half_days(task: TaskCount, room: Room) -> Fraction:
    """Half-days of the room's people that one check takes: a team at the door, or somebody at a desk (占用半天数)."""
    if not task.onsite:
        return Fraction(str(task.desk)) if room.qualification is None else Fraction(0)
    if room.qualification is not None:
        return Fraction(task.halves if task.qualification == room.qualification else 0)
    return Fraction(task.seats * task.halves)


def _desks_instead(room: Room, strata: Strata, district: str) -> tuple[tuple[Variable, int], ...]:
    """What on-site checks would weigh at a desk: somewhere in their window, so that only the widest room feels it."""
    widest = max(len(r.patterns) for r in strata.problem.rooms if r.department == room.department)
    if room.qualification is not None or len(room.patterns) < widest:
        return ()
    return tuple(
        (drawn(stratum), math.ceil(strata.tasks[stratum.task].desk * HALF_DAY))
        for stratum in strata.problem.strata
        if stratum.district == district
        and strata.tasks[stratum.task].onsite
        and strata.tasks[stratum.task].department == room.department
        and strata.tasks[stratum.task].desk
    )


RULES: tuple[Callable[[Strata], Iterator[Limit]], ...] = (
    full_coverage,
    floors,
    class_minimum,
    class_ranges,
    rising_rates,
    item_caps,
    honest_quota,
    manpower,
)


def all_limits(strata: Strata) -> list[Limit]:
    """Every limit of the problem."""
    return [limit for rule in RULES for limit in rule(strata)]


def _sum(strata: list[Stratum]) -> tuple[tuple[Variable, int], ...]:
    return tuple((drawn(stratum), 1) for stratum in strata)


def _percent(share: float) -> str:
    return f"{share * 100:g}%"
