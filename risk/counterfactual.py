"""What would better a class (怎样改善): which expiry or repair of the enterprise's own records, and when.

The same model, rules and hard rules as graded it; the indicators about others (peers, relations) are held as they
were. A day on which a record expires is news, so the score decides without hysteresis (Wachter et al. 2017:
the closest change of the enterprise's own facts, in words it can act on).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import RowMapping

from registry.rules import Rulebook
from risk.archive import EPOCH, Archive, BoolArray, FloatArray
from risk.bands import CLASSES, by_score
from risk.frozen import only
from risk.hard_rules import PREFIX, apply_hard_rules
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import FeatureFrame, feature_frame
from risk.indicators.view import days_before
from risk.model_file import Model
from risk.other_facts import RECORDED_IN
from risk.reasons import DATES
from risk.score import score_matrix

ABOUT_OTHERS = ("industry_problem_rate", "peer_problem_rate")
SCALED = "complaint_rate_vs_industry"
"""Own complaints against the industry's: moves with the own count, the industry held."""
NAMES = {
    "penalty": "行政处罚", "abnormal_listing": "经营异常名录记录", "serious_violation": "严重违法失信记录",
    "inspection_result": "检查结果", "complaint": "投诉举报", "filing": "变更备案", "annual_report": "年报",
    "permit": "许可", "relation": "关联关系", "judicial_signal": "司法信息", "tax_signal": "税务信息", "honour": "荣誉",
    "commitment": "告知承诺", "commitment_check": "承诺核查", "key_supervision": "重点监管", "waiver_decision": "免罚决定",
}  # fmt: skip
REMOVED = {
    "penalty": "信用修复",
    "abnormal_listing": "移出",
    "serious_violation": "移出",
    "permit": "延续或注销",
}
MONTH_END = 4
"""Days to look beyond a date that a short month has moved."""


@dataclass(frozen=True)
class Event:
    """One adverse record of the enterprise: its table, id and day."""

    table: str
    id: int
    on: date

    def words(self) -> str:
        """The record in words."""
        return f"{self.on} 的{NAMES.get(self.table, self.table)}"


@dataclass(frozen=True)
class Way:
    """One way to a better class: what happens to which records, the day it would count, and the class then."""

    kind: str
    """expiry or removal."""
    on: date
    events: list[Event]
    credit_risk_class: str

    def sentence(self) -> str:
        """当 X 到期/修复后为 B."""
        what = "、".join(event.words() for event in self.events)
        if self.kind == "expiry":
            return f"当 {what}的影响期届满（{self.on}）后为 {self.credit_risk_class}。"
        return (
            f"当 {what}{REMOVED.get(self.events[0].table, '修复、更正或撤销')}后为 {self.credit_risk_class}。"
        )


@dataclass(frozen=True)
class Bench:
    """One enterprise on the bench: everything held but its own records and the day."""

    archive: Archive
    grade: RowMapping
    model: Model
    book: Rulebook
    held: BoolArray
    values: FloatArray

    def classes(self, archive: Archive, day: date) -> list[str]:
        """The class of each enterprise in an archive of one enterprise or of its variants, in order of code."""
        frame = _frame(archive, day, self.book, self.grade, self.model)
        matrix = np.where(self.held, self.values, frame.matrix)
        self._scale(matrix, frame)
        settled = by_score(score_matrix(self.model, matrix).score, self.model.cuts)
        hard = self.book.in_force(PREFIX, self.grade["place"], self.grade["as_of"])
        applied = apply_hard_rules(settled, replace(frame, matrix=matrix), hard)
        return [str(name) for name in CLASSES[applied.classes]]

    def _scale(self, matrix: FloatArray, frame: FeatureFrame) -> None:
        if SCALED not in frame.names:
            return
        own, rate = frame.names.index("complaint_cnt"), frame.names.index(SCALED)
        before = self.values[own]
        if before > 0:
            matrix[:, rate] = self.values[rate] * frame.matrix[:, own] / before


def ways_to_better(
    archive: Archive, grade: RowMapping, model: Model, book: Rulebook, values: FloatArray
) -> list[Way]:
    """Expiries within `grade.counterfactual.months`, and single removals today, that give a better class than the
    grade's. archive: the enterprise's own records as the grading read them; values: its stored indicators."""
    place, day = grade["place"], grade["as_of"]
    frame = _frame(archive, day, book, grade, model)
    bench = Bench(archive, grade, model, book, _held(frame, values), values)
    months = int(book.value("grade.counterfactual.months", place, day))
    events = _events(frame)
    return [*_removals(bench, events), *_expiries(bench, frame, events, months)]


def _frame(archive: Archive, day: date, book: Rulebook, grade: RowMapping, model: Model) -> FeatureFrame:
    ahead = Archive(max(archive.latest, day), archive.tables)
    return only(feature_frame(ahead, day, book, grade["place"], rules_on=grade["as_of"]), model.names)


def _held(frame: FeatureFrame, values: FloatArray) -> BoolArray:
    """Indicators about others, and any that the enterprise's own records alone do not give as they were stored."""
    others = [BY_KEY[n].family == "relations" or n in ABOUT_OTHERS for n in frame.names]
    same = (frame.matrix[0] == values) | (np.isnan(frame.matrix[0]) & np.isnan(values))
    return np.array(others) | ~same


def _events(frame: FeatureFrame) -> dict[Event, set[str]]:
    """The records that count for an indicator where more is riskier → the indicators."""
    found: dict[Event, set[str]] = {}
    for key, picked in frame.picked.items():
        table = BY_KEY[key].source
        recorded = RECORDED_IN.get(table, table)
        if key not in frame.names or BY_KEY[key].direction == 0 or not _own_record(frame, table, recorded):
            continue
        rows = frame.view.rows(table)
        for row in np.flatnonzero(picked).tolist():
            day = rows[DATES[table]][row]
            if np.isnan(day):
                continue
            event = Event(recorded, int(rows["id"][row]), EPOCH + timedelta(days=int(day)))
            found.setdefault(event, set()).add(key)
    return found


def _own_record(frame: FeatureFrame, table: str, recorded: str) -> bool:
    """Whether a source holds dated records of the enterprise's own, apart from its registration."""
    tables = frame.view.archive.tables
    held = table in tables and recorded in tables and recorded != "enterprise" and table in DATES
    return held and "enterprise_code" in tables[recorded]


def _removals(bench: Bench, events: dict[Event, set[str]]) -> Iterator[Way]:
    """Each record alone taken away: one archive in which every variant is an enterprise of its own."""
    chosen = sorted(events, key=lambda e: (e.on, e.table, e.id))
    if not chosen:
        return
    code = bench.grade["enterprise_code"]
    names = [f"{code}#{number:06d}" for number in range(len(chosen))]
    tables = {name: _copies(name, table, names, chosen) for name, table in bench.archive.tables.items()}
    classes = bench.classes(Archive(bench.archive.latest, tables), bench.grade["as_of"])
    for event, reached in zip(chosen, classes, strict=True):
        if reached < bench.grade["credit_risk_class"]:
            yield Way("removal", bench.grade["as_of"], [event], reached)


def _copies(table: str, rows: pd.DataFrame, names: list[str], events: list[Event]) -> pd.DataFrame:
    """The rows once for each variant, without the variant's own record; what is about nobody stays as it is."""
    if "enterprise_code" not in rows:
        return rows
    parts, recorded = [], RECORDED_IN.get(table, table)
    for name, event in zip(names, events, strict=True):
        kept = rows[rows["id"] != event.id] if event.table == recorded else rows
        parts.append(kept.assign(enterprise_code=name))
    return pd.concat(parts, ignore_index=True) if len(rows) else rows


def _expiries(bench: Bench, frame: FeatureFrame, events: dict[Event, set[str]], months: int) -> Iterator[Way]:
    """Days on which a record leaves a window, in order, where the class becomes better than before."""
    ends: dict[date, list[Event]] = {}
    last = (pd.Timestamp(bench.grade["as_of"]) + pd.DateOffset(months=months)).date()
    for event, keys in events.items():
        for key in keys:
            day = _expiry(frame, key, event)
            if day and bench.grade["as_of"] < day <= last:
                ends.setdefault(day, []).append(event)
    best = bench.grade["credit_risk_class"]
    for day in sorted(ends):
        reached = bench.classes(bench.archive, day)
        if reached and reached[0] < best:
            best = reached[0]
            yield Way("expiry", day, list(dict.fromkeys(ends[day])), best)
        if best == CLASSES[0]:
            return


def _expiry(frame: FeatureFrame, key: str, event: Event) -> date | None:
    """The first day on which a record is outside an indicator's window; None without a window."""
    window: Any = frame.view.book.rules.get(f"indicator.{key}")
    months = frame.view.setting(f"indicator.{key}").get("months") if window else None
    if months is None:
        return None
    start = (pd.Timestamp(event.on) + pd.DateOffset(months=int(months))).date()
    passed = (event.on - EPOCH).days
    days = (start + timedelta(days=n) for n in range(MONTH_END))
    return next((day for day in days if days_before(day, int(months)) >= passed), None)
