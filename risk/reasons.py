"""Reasons (分类理由): contributions summed into the official groups, in sentences with value, date and records."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from registry.rules import Rule
from risk.archive import EPOCH, FloatArray, IntArray
from risk.hard_rules import PREFIX
from risk.indicators.catalogue import BY_KEY, GROUPS, NAMES, Indicator
from risk.indicators.frame import FeatureFrame
from risk.other_facts import RECORDED_IN
from risk.overrides import Override

UP, DOWN = 3, 2
"""Reasons given for and against."""
NO_HISTORY_GROUP = "无历史"
DATES = {
    "penalty": "cf_jdrq", "abnormal_listing": "abntime", "serious_violation": "abntime",
    "inspection_result": "inspdate", "complaint": "received_on", "filing": "altdate",
    "annual_report": "submitted_on", "permit": "xk_yxqzi", "relation": "date_from", "judicial_signal": "happened_on",
    "tax_signal": "happened_on", "honour": "awarded_on", "commitment": "committed_on", "commitment_check": "checked_on",
    "key_supervision": "listed_on", "address_negative": "listed_on", "waiver_decision": "decided_on",
    "inspection_item": "inspdate", "branch": "estdate", "invested": "estdate",
}  # fmt: skip
NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Reason:
    """One reason. `evidence`: indicator values, record ids by table, and the latest date among them."""

    rank: int
    indicator: str
    sentence: str
    contribution: float
    evidence: dict[str, Any]


def by_group(parts: FloatArray, names: tuple[str, ...] = NAMES) -> FloatArray:
    """Contributions (rows x indicators, shrinkage, constant) summed into the groups; shrinkage last, no constant."""
    groups = _groups_of(names)
    summed = np.zeros((len(parts), len(GROUPS) + 1))
    for row, each in enumerate(parts):
        summed[row] = np.bincount(groups, each[: len(names)], minlength=len(GROUPS) + 1)
    summed[:, -1] = parts[:, len(names)]
    return summed


@lru_cache(maxsize=8)
def _groups_of(names: tuple[str, ...]) -> IntArray:
    return np.array([GROUPS.index(BY_KEY[name].group) for name in names])


@dataclass
class Evidence:
    """The records behind indicators: ids and dates of the rows counted for one enterprise."""

    frame: FeatureFrame
    _sorted: dict[str, tuple[Any, IntArray, FloatArray]] = field(default_factory=dict)

    def records(self, key: str, position: int) -> tuple[list[int], date | None]:
        """Ids of the source rows of an indicator for the enterprise at `position`, and their latest date."""
        if key not in self.frame.picked:
            return [int(self._registrations[position])], None
        if key not in self._sorted:
            self._sorted[key] = self._in_order(key)
        start, ids, days = self._sorted[key]
        first, end = start[position], start[position + 1]
        if first == end:
            return [], None
        known = days[first:end][~np.isnan(days[first:end])]
        latest = EPOCH + timedelta(days=int(known.max())) if len(known) else None
        return [int(number) for number in ids[first:end]], latest

    @cached_property
    def _registrations(self) -> IntArray:
        return self.frame.view.enterprise["id"].to_numpy()

    def _in_order(self, key: str) -> tuple[Any, IntArray, FloatArray]:
        """Where each enterprise's rows begin, and the ids and dates of all rows counted, enterprise by enterprise."""
        table = BY_KEY[key].source
        rows = self.frame.view.rows(table)
        index = np.flatnonzero(self.frame.picked[key])
        index = index[np.argsort(rows.row[index], kind="stable")]
        many = np.bincount(rows.row[index], minlength=len(self.frame.codes))
        start = np.concatenate([[0], np.cumsum(many)]).astype(np.int32)
        return start, rows["id"][index], rows[DATES[table]][index]


@dataclass
class ReasonWriter:
    """Writes reasons for enterprises of one frame, under the windows and hard rules in force."""

    frame: FeatureFrame
    hard_rules: dict[str, Rule]
    evidence: Evidence
    overrides: dict[str, Override] = field(default_factory=dict)

    def write(
        self, position: int, values: FloatArray, parts: FloatArray, layer: str, rule_code: str
    ) -> list[Reason]:
        """Reasons of one grade: what decided above the model first, then three up and two down.

        values: the indicators; parts: their contributions, the shrinkage and the constant.
        """
        found = [*self._above_the_model(position, layer, rule_code)]
        groups = by_group(parts[None, :], self.frame.names)[0]
        ranked = np.argsort(-groups, kind="stable")
        chosen = [g for g in ranked[:UP] if groups[g] > NEGLIGIBLE]
        chosen += [g for g in ranked[::-1][:DOWN] if groups[g] < -NEGLIGIBLE]
        for group in chosen or [int(np.argmax(np.abs(groups)))]:
            found.append(self._of_group(len(found) + 1, group, float(groups[group]), position, values, parts))
        return found

    def _above_the_model(self, position: int, layer: str, rule_code: str) -> list[Reason]:
        if layer == "override" and (override := self.overrides.get(self.frame.codes[position])):
            sentence = (
                f"人工调整：{override.reason}（依据：{override.basis}），有效期至 {override.valid_to}。"
            )
            evidence = {"override": override.id, **self._evidence([], position)}
            return [Reason(1, "人工调整", sentence, 0.0, evidence)]
        if layer == "hard_rule":
            rule = self.hard_rules[PREFIX + rule_code]
            keys = [condition["indicator"] for condition in rule.value["when"]]
            sentence = f"{rule.value['sentence']}（依据：{rule.basis}）。"
            return [
                Reason(1, "定性指标", sentence, 0.0, {"rule": rule_code, **self._evidence(keys, position)})
            ]
        if layer in ("hysteresis", "one_step"):
            sentence = "本期没有新情况，得分变动不足以改变类别，沿用上期类别。"
            if layer == "one_step":
                sentence = "本期没有新情况，类别一次至多变动一级。"
            return [Reason(1, "分级稳定", sentence, 0.0, self._evidence([], position))]
        return []

    def _of_group(
        self, rank: int, group: int, total: float, position: int, values: FloatArray, parts: FloatArray
    ) -> Reason:
        effect = "推高风险" if total > 0 else "降低风险"
        if group == len(GROUPS):
            rate = values[self.frame.names.index("peer_problem_rate")]
            sentence = f"{NO_HISTORY_GROUP}：从未受过检查，按同行业同区县同许可的问题发现率 {rate:.1%} 折算，{effect}。"
            return Reason(
                rank, NO_HISTORY_GROUP, sentence, total, self._evidence(["peer_problem_rate"], position)
            )
        names = self.frame.names
        members = [i for i, name in enumerate(names) if BY_KEY[name].group == GROUPS[group]]
        main = max(members, key=lambda i: parts[i] * np.sign(total))
        evidence = self._evidence([names[i] for i in members], position)
        evidence["values"] = {names[i]: _json(values[i]) for i in members}
        when = self.evidence.records(names[main], position)[1]
        dated = f"（最近 {when}）" if when else ""
        words = self._phrase(BY_KEY[names[main]], float(values[main]))
        sentence = f"{GROUPS[group]}：{words}{dated}，{effect}。"
        return Reason(rank, GROUPS[group], sentence, total, evidence)

    def _evidence(self, keys: list[str], position: int) -> dict[str, Any]:
        records: dict[str, set[int]] = {}
        latest: list[date] = []
        for key in keys:
            ids, when = self.evidence.records(key, position)
            if ids:
                table = BY_KEY[key].source if key in self.frame.picked else "enterprise"
                records.setdefault(RECORDED_IN.get(table, table), set()).update(ids)
            latest += [when] if when else []
        if not records:
            records["enterprise"] = {int(self.frame.view.enterprise["id"].iloc[position])}
        found: dict[str, Any] = {"records": {table: sorted(ids) for table, ids in records.items()}}
        return found | ({"latest": max(latest).isoformat()} if latest else {})

    def _phrase(self, indicator: Indicator, value: float) -> str:
        window = self._months(indicator.key)
        return phrase(indicator, value, window)

    def _months(self, key: str) -> int | None:
        view = self.frame.view
        rules = view.book.rules.get(f"indicator.{key}")
        return view.setting(f"indicator.{key}").get("months") if rules else None


def phrase(indicator: Indicator, value: float, months: int | None) -> str:
    """An indicator and its value in words, e.g. 近36个月行政处罚次数 2 次."""
    name = indicator.name.replace("，对数）", "）").replace("（对数）", "")
    since = f"近{months}个月" if months and indicator.unit not in ("是否", "率") else ""
    if math.isnan(value):
        return f"{name}未知"
    if indicator.unit == "是否":
        return name if value else f"没有“{name}”的情形"
    if indicator.unit == "率":
        return f"{name} {value:.1%}"
    if indicator.unit == "对数":
        return f"{since}{name} {math.expm1(value):,.2f}"
    if indicator.unit == "倍":
        return f"{since}{name} {value:.1f} 倍"
    return f"{since}{name} {value:,.0f} {indicator.unit}"


def _json(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)
