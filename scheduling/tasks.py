"""Tasks of a batch (抽查任务) derived from the check items in force: each department, one or two libraries."""

from __future__ import annotations

import math

import pandas as pd
from sqlalchemy import Connection, select

from registry.errors import Refusal
from registry.facts import as_of, read_frame
from registry.tables import CheckItem, Department
from registry.vocabulary import CREDIT_RISK_CLASSES
from scheduling.task_spec import GENERAL, KEY, ON_SITE, PlanFrame, TaskSpec

_MONTHS = 12


def derive_tasks(connection: Connection, frame: PlanFrame) -> list[TaskSpec]:
    """One batch's tasks of all departments (批次任务), the leading department first.

    Items are grouped by department, library and method. The library of everybody is in every batch, in part
    (逐批次抽取); special libraries take turns over the batches of a year. Raises Refusal plan.no_items where no
    item is in force.
    """
    items = items_in_force(connection, frame)
    order = _department_order(connection, items, frame)
    return [
        spec_of_items(chosen, department == order[0], frame)
        for department in order
        for chosen in _take_turns(_groups(items[items["department"] == department]), frame)
    ]


def derive_all_tasks(connection: Connection, frame: PlanFrame) -> list[TaskSpec]:
    """A whole year's tasks (年度任务): every department, library and method, none waiting for its turn."""
    items = items_in_force(connection, frame)
    order = _department_order(connection, items, frame)
    return [
        spec_of_items(group, department == order[0], frame)
        for department in order
        for group in _groups(items[items["department"] == department])
    ]


def _department_order(connection: Connection, items: pd.DataFrame, frame: PlanFrame) -> list[str]:
    """Initiating departments first, then those with most items."""
    departments = read_frame(connection, as_of(Department, frame.as_of))
    initiates = dict(zip(departments["department"], departments["initiates"], strict=True))
    many = items["department"].value_counts()
    return sorted(many.index, key=lambda d: (not initiates.get(d, False), -many[d], d))


def items_in_force(connection: Connection, frame: PlanFrame) -> pd.DataFrame:
    """Check items known on the plan's date, in force on it and in its window; `method` is the first one listed.

    Raises Refusal plan.no_items where there is none.
    """
    known = as_of(CheckItem, frame.as_of).subquery().c
    in_force = (
        known.active.is_not(False)
        & (known.valid_from <= frame.as_of)
        & (known.valid_to.is_(None) | (known.valid_to >= frame.window_from))
    )
    items = read_frame(connection, select(*known).where(in_force).order_by(known.item_code))
    if items.empty:
        raise Refusal(
            "plan.no_items",
            f"{frame.as_of} 没有生效的抽查事项，无法编制计划。",
            "先导入抽查事项清单（wurao ingest，数据集 check_item），或在编制时列出任务。",
        )
    # 国办发〔2024〕54号: what can be checked in writing or online opens no door, so the first method listed is used.
    return items.assign(method=items["method"].str.split("、").str[0])


def _groups(items: pd.DataFrame) -> list[pd.DataFrame]:
    """One group a library and method; items of a second qualification in the same library stand apart."""
    asked = items["qualification"].fillna("")
    first = items.assign(asked=asked).groupby(["library", "method"])["asked"].transform("max")
    apart = asked.where((asked != "") & (asked != first), first)
    return [group for _, group in items.groupby([items["library"], items["method"], apart], sort=True)]


def _take_turns(groups: list[pd.DataFrame], frame: PlanFrame) -> list[pd.DataFrame]:
    everybody = frame.value("plan.everybody_library")
    most = int(frame.value("plan.tasks_per_department"))
    general = [g for g in groups if g["library"].iloc[0] == everybody][:most]
    special = [g for g in groups if g["library"].iloc[0] != everybody]
    special.sort(key=lambda g: (not (g["category"] == KEY).any(), g["method"].iloc[0] != ON_SITE))
    # Every special library has its turn within the year (抽查事项覆盖率 100 %).
    due = math.ceil(len(special) / int(frame.value("plan.batches_a_year")))
    places = max(due, min(most - len(general), len(special)))
    start = _batch_of(frame) * places % len(special) if special else 0
    return [*general, *(special[(start + n) % len(special)] for n in range(places))]


def _batch_of(frame: PlanFrame) -> int:
    """Number of the batch in its year, from 0, by the first day of its window."""
    batches = int(frame.value("plan.batches_a_year"))
    return (frame.window_from.month - 1) * batches // _MONTHS


def spec_of_items(items: pd.DataFrame, leads: bool, frame: PlanFrame) -> TaskSpec:
    """One task over a group of items of one department, library and method, with one batch's rates."""
    everybody = items["library"].iloc[0] == frame.value("plan.everybody_library")
    share = 1 / int(frame.value("plan.batches_a_year")) if everybody else 1.0
    level = KEY if (items["category"] == KEY).any() else GENERAL
    qualifications = sorted(set(items["qualification"].dropna()) - {""})
    categories = sorted(set(items["exempt_category"].dropna()) - {""})
    department, library = str(items["department"].iloc[0]), str(items["library"].iloc[0])
    rates = _rates(items, level, share, frame)
    word = frame.value("ratio.floor.public_information.items")
    informs = (items["item_name"] + items["basis"]).str.contains(word, regex=False).any()
    floor = frame.value("ratio.floor.public_information") * share if everybody and informs else None
    method = str(items["method"].iloc[0])
    return TaskSpec(
        name=f"{department}·{library}{'不定向' if everybody else ''}抽查{_by(method)}",
        department=department,
        item_codes=tuple(items["item_code"]),
        library=library,
        class_rates=rates,
        level=level,
        method=method,
        directed=not everybody,
        lead=leads,
        category=categories[0] if categories else None,
        qualification=qualifications[0] if qualifications else None,
        minutes=int(items["minutes"].sum()),
        rate_floor=floor,
        rate_cap=_cap(items, level),
    )


def _by(method: str) -> str:
    """Tasks of one library differ by how they are carried out; the public list must tell them apart."""
    return "" if method == ON_SITE else f"（{method}）"


def _rates(items: pd.DataFrame, level: str, share: float, frame: PlanFrame) -> dict[str, float]:
    """The item's own lower ratio spread over the classes, or the place's rates for its level."""
    own = items["ratio_low"].dropna().astype(float)
    cap = _cap(items, level) or 1.0
    if own.empty:
        plain = {
            k: float(v) for k, v in frame.value("ratio.key" if level == KEY else "ratio.general").items()
        }
    else:
        spread = frame.value("ratio.by_item")
        plain = {name: float(own.max()) * float(spread[name]) for name in CREDIT_RISK_CLASSES}
    most = cap if not own.empty else 1.0
    return {name: round(min(most, plain[name]) * share, 6) for name in CREDIT_RISK_CLASSES}


def _cap(items: pd.DataFrame, level: str) -> float | None:
    """一般检查事项 have an upper limit: the strictest of the group. 重点检查事项 have none (domain.md 2.2)."""
    limits = items["ratio_high"].dropna().astype(float)
    return float(limits.min()) if level == GENERAL and not limits.empty else None
