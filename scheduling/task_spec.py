"""What a plan states (计划要素): its frame, and each department's task with its rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.rules import Rulebook

ON_SITE = "现场"
KEY, GENERAL = "重点", "一般"


@dataclass(frozen=True)
class TaskSpec:
    """One department's task as the plan states it (抽查任务).

    `class_rates` are shares of each class's objects to draw in *this* batch, not falling from A to D;
    `rate_floor` and `rate_cap` bound the share overall. `method` is 现场, 书面 or 网络; only 现场 opens a door.
    """

    name: str
    department: str
    item_codes: tuple[str, ...]
    library: str
    class_rates: dict[str, float]
    level: str = GENERAL
    method: str = ON_SITE
    directed: bool = True
    lead: bool = False
    category: str | None = None
    qualification: str | None = None
    minutes: int = 60
    rate_floor: float | None = None
    rate_cap: float | None = None
    window_from: date | None = None
    window_to: date | None = None
    conditions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of a 定向 task (conditions.CONDITIONS): condition → wanted values."""
    partners: tuple[str, ...] = ()
    """配合部门 named by the annual plan."""


@dataclass(frozen=True)
class PlanFrame:
    """What frames a plan (计划要素): the date it knows, its place and its window."""

    as_of: date
    place: str
    window_from: date
    window_to: date
    rulebook: Rulebook = field(repr=False, compare=False)

    def value(self, key: str) -> Any:
        """The rule's value at the plan's place on its date."""
        return self.rulebook.value(key, self.place, self.as_of)
