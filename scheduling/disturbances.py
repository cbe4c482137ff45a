"""Disturbances (调整事由): what has happened since a roster was made, as plain data that any program can write.

A change (`wurao-change-1`, docs/roster-change.md) is a day and a list of disturbances; every one of them carries the
reason that the staff, and by its kind the public, will read. What it makes of a problem: change_problem.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from scheduling.problem import Check, Object, QuietRule
from scheduling.records import ProblemError, load_json, read_record, to_json

CHANGE_FORMAT = "wurao-change-1"


@dataclass(frozen=True)
class InspectorAbsent:
    """An inspector cannot go from one day to another, both included (人员缺勤)."""

    inspector: str
    first_day: date
    last_day: date
    reason: str
    kind: str = "inspector_absent"


@dataclass(frozen=True)
class InspectorRecused:
    """An inspector must stand aside at an object from now on (人员回避)."""

    inspector: str
    object_id: str
    reason: str
    kind: str = "inspector_recused"


@dataclass(frozen=True)
class CertificateEnded:
    """A certificate ends earlier than was known (执法证失效); `last_day` is the last on which it is valid."""

    inspector: str
    last_day: date
    reason: str
    kind: str = "certificate_ended"


@dataclass(frozen=True)
class ObjectClosed:
    """An object is closed or deregistered (对象注销、停业): what has not been checked is cancelled."""

    object_id: str
    reason: str
    kind: str = "object_closed"


@dataclass(frozen=True)
class Postponed:
    """An object was granted a later time (对象申请改期): a new window for everything still to be checked there."""

    object_id: str
    window_from: date
    window_to: date
    reason: str
    kind: str = "postponed"


@dataclass(frozen=True)
class QuietRuleAdded:
    """A new quiet-day rule, or single quiet days as a rule's `ranges` (新增安静日). It closes no day gone by."""

    rule: QuietRule
    reason: str
    kind: str = "quiet_rule_added"


@dataclass(frozen=True)
class ExemptionWithdrawn:
    """An exemption from quiet days no longer holds from now on (撤回安静日豁免)."""

    exemption: str
    reason: str
    kind: str = "exemption_withdrawn"


@dataclass(frozen=True)
class UrgentLead:
    """A complaint or transferred lead to look into at once (紧急线索): most urgent, counted by no cap.

    `site` describes the object where the problem does not know it yet.
    """

    check: Check
    reason: str
    site: Object | None = None
    kind: str = "urgent_lead"


@dataclass(frozen=True)
class CheckAdded:
    """One more drawn check (新增抽查任务), planned like the others."""

    check: Check
    reason: str
    site: Object | None = None
    kind: str = "check_added"


@dataclass(frozen=True)
class Unfinished:
    """Items that a visit left unfinished (未完成事项) and the window in which they are carried forward.

    `minutes` null: as long as these items, or where they state no minutes, the check itself. `counted` false: the
    visit that continues the check is counted by no cap and no spacing; true, the strict side, unless the bureau's
    rules say otherwise.
    """

    check: str
    items: tuple[str, ...]
    window_from: date
    window_to: date
    minutes: int | None = None
    counted: bool = True


@dataclass(frozen=True)
class VisitCarriedOut:
    """A visit has taken place (检查已实施), wholly or with unfinished items; it will not move again."""

    visit: str
    unfinished: tuple[Unfinished, ...] = ()
    reason: str = ""
    kind: str = "visit_carried_out"


@dataclass(frozen=True)
class VisitPinned:
    """A visit fixed by hand (人工固定): where it stands, or on the day and half given."""

    visit: str
    reason: str
    day: date | None = None
    half: str | None = None
    kind: str = "visit_pinned"


Disturbance = (
    InspectorAbsent
    | InspectorRecused
    | CertificateEnded
    | ObjectClosed
    | Postponed
    | QuietRuleAdded
    | ExemptionWithdrawn
    | UrgentLead
    | CheckAdded
    | VisitCarriedOut
    | VisitPinned
)
KINDS: dict[str, type[Disturbance]] = {
    "inspector_absent": InspectorAbsent,
    "inspector_recused": InspectorRecused,
    "certificate_ended": CertificateEnded,
    "object_closed": ObjectClosed,
    "postponed": Postponed,
    "quiet_rule_added": QuietRuleAdded,
    "exemption_withdrawn": ExemptionWithdrawn,
    "urgent_lead": UrgentLead,
    "check_added": CheckAdded,
    "visit_carried_out": VisitCarriedOut,
    "visit_pinned": VisitPinned,
}
KIND_NAMES = {
    "inspector_absent": "人员缺勤",
    "inspector_recused": "人员回避",
    "certificate_ended": "执法证失效",
    "object_closed": "对象停业或注销",
    "postponed": "对象申请改期",
    "quiet_rule_added": "新增安静日",
    "exemption_withdrawn": "撤回安静日豁免",
    "urgent_lead": "紧急线索",
    "check_added": "新增任务",
    "visit_carried_out": "未完成事项顺延",
    "visit_pinned": "人工固定",
}


@dataclass(frozen=True)
class Change:
    """What has happened by a day (一次调整): `as_of` is the first day that may still be planned anew."""

    as_of: date
    disturbances: tuple[Disturbance, ...]
    format: str = CHANGE_FORMAT


def change_to_json(change: Change) -> str:
    """Canonical JSON of a change (调整文件)."""
    return to_json(change)


@dataclass(frozen=True)
class _Head:
    """What a change says beside its disturbances."""

    as_of: date
    format: str = CHANGE_FORMAT


def change_from_json(text: str) -> Change:
    """Read a change; raises `ProblemError` naming the field at fault."""
    loaded = load_json("change", text, CHANGE_FORMAT)
    listed = loaded.pop("disturbances", None)
    if not isinstance(listed, list):
        raise ProblemError(["change.disturbances:应为列表"])
    head = read_record(_Head, loaded, "change")
    return Change(head.as_of, tuple(_read(one, f"change.disturbances[{n}]") for n, one in enumerate(listed)))


def _read(value: Any, where: str) -> Disturbance:
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ProblemError([f"{where}.kind:应为 {'、'.join(KINDS)} 之一,实为 {kind!r}"])
    found: Disturbance = read_record(KINDS[kind], value, where)
    return found
