"""The outcome of a change (调整结果): the new roster, every difference with its reason, and how much was disturbed."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import date

from scheduling.disturbances import KIND_NAMES
from scheduling.problem import Problem, Roster, roster_to_json
from scheduling.records import to_json
from scheduling.seat_tickets import Filling

CHANGED_FORMAT = "wurao-changed-1"
CAUSE_NAMES = {
    **KIND_NAMES,
    "made_room": "为受影响的检查腾出时段",
    "room_found": "调整后有了可用时段",
    "rules": "按调整后的规则",
    "desk_lost": "在岗人员不足",
    "desk_again": "书面、网络检查另行安排时间",
    "desk_freed": "书面、网络检查减少",
}
"""Kinds of cause in words: what the public reads; the sentence is for the staff."""
DIFFERENCE_NAMES = {
    "moved": "改期",
    "cancelled": "取消",
    "new": "新增",
    "joined": "并入",
    "unplaced": "未能排入",
}


HALF_NAMES = {"am": "上午", "pm": "下午", "day": "全天"}


def in_words(when: str) -> str:
    """ "2026-10-20 am" as people read it (2026-10-20 上午); a dash for no visit."""
    day, _, half = when.partition(" ")
    return f"{day} {HALF_NAMES.get(half, half)}" if when else "—"


@dataclass(frozen=True)
class Difference:
    """One visit that is not as it was (一处变化). `kind` is a key of DIFFERENCE_NAMES, `cause` one of CAUSE_NAMES.

    `before` and `after` are "2026-10-20 am", empty where there is no visit.
    """

    kind: str
    visit: str
    object_id: str
    before: str
    after: str
    cause: str
    sentence: str


@dataclass(frozen=True)
class Replacement:
    """One person in another's seat (一次替补). `visit` stays on its day; `left` is empty where the team grew."""

    visit: str
    department: str
    group: str
    left: str
    taken: str
    cause: str
    sentence: str


@dataclass(frozen=True)
class DeskDifference:
    """One half-day with another number of a department's people at their desks (书面、网络检查占用变化); no names."""

    department: str
    day: date
    half: str
    before: int
    after: int
    cause: str
    sentence: str


@dataclass(frozen=True)
class Disturbed:
    """How much was disturbed (扰动程度): visits that lost their date; `unaffected` ones, of which `moved` made room."""

    affected: int
    unaffected: int
    moved: int
    limit: int
    most_share: float

    @property
    def share(self) -> float:
        """Moved of those that nothing had happened to."""
        return self.moved / self.unaffected if self.unaffected else 0.0


@dataclass(frozen=True)
class Changed:
    """The outcome of a change (调整结果). `filling` is the published input of the seat tickets, None without teams."""

    problem: Problem
    roster: Roster
    differences: tuple[Difference, ...]
    replacements: tuple[Replacement, ...]
    disturbed: Disturbed
    filling: Filling | None = None
    desks: tuple[DeskDifference, ...] = ()

    def is_idle(self, before: Problem) -> bool:
        """Whether the change leaves problem and roster as they were: it was made already, or touches nobody."""
        told = self.differences or self.replacements or self.desks
        return not told and self.problem == before

    def fingerprint(self) -> str:
        """SHA-256 of the outcome (调整结果指纹): whoever agreed to a preview agrees to what bears the same."""
        return hashlib.sha256((roster_to_json(self.roster) + changed_to_json(self)).encode()).hexdigest()

    def replaced_by_cause(self) -> dict[str, int]:
        """How many seats were replaced for which kind of cause, in words; public."""
        counts = Counter(CAUSE_NAMES[r.cause] for r in self.replacements)
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


NOTHING_CHANGES = "这次调整不会改变任何事：所列事由已经计入，或者与这份排班表无关。"
NOTHING_REMEDY = "核对编号、日期和调整日；同一事由不必重复办理。"


@dataclass(frozen=True)
class _Told:
    differences: tuple[Difference, ...]
    replacements: tuple[Replacement, ...]
    disturbed: Disturbed
    replaced_by_cause: dict[str, int]
    desks: tuple[DeskDifference, ...]
    format: str = CHANGED_FORMAT


def changed_to_json(changed: Changed) -> str:
    """Canonical JSON of everything that changed (调整说明文件)."""
    counts = changed.replaced_by_cause()
    return to_json(_Told(changed.differences, changed.replacements, changed.disturbed, counts, changed.desks))
