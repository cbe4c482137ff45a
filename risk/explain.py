"""Explanations (分类说明): why one enterprise has its class, from what was frozen when it was graded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from registry.errors import Refusal
from registry.rules import Rulebook, load_rules
from registry.tables import FeatureRow, FeatureSnapshot, Grading
from registry.vocabulary import CLASS_NAMES
from risk.archive import Archive, load_archive
from risk.counterfactual import Way, ways_to_better
from risk.frozen import Frozen, frozen_grading, only
from risk.grade import load_run
from risk.hard_rules import PREFIX
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import FeatureFrame, feature_frame
from risk.model_file import Model
from risk.overrides import latest_grade, overrides_behind
from risk.reasons import Evidence, Reason, ReasonWriter
from risk.score import contributions


@dataclass(frozen=True)
class IndicatorValue:
    """One indicator of an explanation; `value` None: unknown. Contributions are in log-odds."""

    key: str
    name: str
    family: str
    group: str
    value: float | None
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """A grade and everything it rests on. Internal: never shown to an enterprise or the public.

    The contributions, the shrinkage to peers and the constant add up to `score` (1e-9).
    """

    enterprise_code: str
    as_of: date
    place: str
    grade: dict[str, Any]
    reasons: list[Reason]
    indicators: list[IndicatorValue]
    shrinkage: float
    constant: float
    score: float
    ways: list[Way]

    def heading(self) -> str:
        """One line for officials: the class, who decided, and the probability with its interval."""
        found = self.grade
        rule = f"（{found['rule_code']}）" if found["rule_code"] else ""
        history = "；无历史：从未受过检查，概率按同行业同区县折算，区间更宽" if found["no_history"] else ""
        return (
            f"{self.enterprise_code} 截至 {self.as_of}：{found['credit_risk_class']} "
            f"{CLASS_NAMES[found['credit_risk_class']]}，由 {found['deciding_layer']}{rule} 决定"
            f"（模型自身为 {found['model_class']}）；"
            f"发现问题的概率 {found['probability']:.1%}"
            f"（{found['probability_low']:.1%}–{found['probability_high']:.1%}）{history}"
        )


def explain(
    connection: Connection, enterprise_code: str, as_of: date, place: str, look_ahead: bool = False
) -> Explanation:
    """Explain the grade in force on `as_of` from its stored indicators and model, under the rules kept with it.

    look_ahead: also find which expiry or repair of its own records would better the class (`ways`; some seconds).
    Raises Refusal explain.not_graded if the enterprise has no grade by that day.
    """
    grade = latest_grade(connection, enterprise_code, as_of, place)
    frozen = _frozen(connection, grade)
    model = frozen.model if frozen else load_run(connection, grade["model_run_id"])
    names, values = _features(connection, grade)
    if names != model.names:
        raise Refusal("explain.other_indicators", "该次分类所用指标与模型不符。", "重新运行 wurao grade。")
    parts = contributions(model, values[None, :])[0]
    indicators = [
        IndicatorValue(
            key, BY_KEY[key].name, BY_KEY[key].family, BY_KEY[key].group, None if np.isnan(value) else float(value),
            float(part),
        )
        for key, value, part in zip(names, values, parts, strict=False)
    ]  # fmt: skip
    book = frozen.book if frozen else load_rules()
    archive = _own_archive(connection, grade, frozen)
    reasons = _reasons(connection, grade, values, parts, archive, book, model)
    ways = ways_to_better(archive, grade, model, book, values) if look_ahead else []
    return Explanation(
        enterprise_code, grade["as_of"], place, dict(grade), reasons, indicators, float(parts[-2]), float(parts[-1]),
        float(parts.sum()), ways,
    )  # fmt: skip


def _frozen(connection: Connection, grade: RowMapping) -> Frozen | None:
    """What the grading rested on; None for one from before it was kept."""
    wanted = select(Grading.snapshot_id).where(Grading.snapshot_id == grade["snapshot_id"])
    if connection.execute(wanted).first() is None:
        return None
    return frozen_grading(connection, grade["snapshot_id"])


def _own_archive(connection: Connection, grade: RowMapping, frozen: Frozen | None) -> Archive:
    """The enterprise's own records as the grading read them: what became known later is not among them."""
    codes = [grade["enterprise_code"]]
    if frozen is None:
        return load_archive(connection, grade["as_of"], codes)
    return frozen.archive(connection, grade["as_of"], codes)


def _features(connection: Connection, grade: RowMapping) -> tuple[tuple[str, ...], Any]:
    wanted = (
        select(FeatureSnapshot.feature_names, FeatureRow.feature_values)
        .join(FeatureRow, FeatureRow.snapshot_id == FeatureSnapshot.id)
        .where(
            FeatureSnapshot.id == grade["snapshot_id"], FeatureRow.enterprise_code == grade["enterprise_code"]
        )
    )
    names, values = connection.execute(wanted).one()
    return tuple(names), np.array(values, dtype=float)


def _reasons(
    connection: Connection,
    grade: RowMapping,
    values: Any,
    parts: Any,
    archive: Archive,
    book: Rulebook,
    model: Model,
) -> list[Reason]:
    frame: FeatureFrame = only(feature_frame(archive, grade["as_of"], book, grade["place"]), model.names)
    rules = {rule.key: rule for rule in book.in_force(PREFIX, grade["place"], grade["as_of"])}
    writer = ReasonWriter(frame, rules, Evidence(frame), overrides_behind(connection, grade["snapshot_id"]))
    return writer.write(0, values, parts, grade["deciding_layer"], grade["rule_code"] or "")
