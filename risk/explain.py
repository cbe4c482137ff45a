"""Explanations (分类说明): why one enterprise has its class, from what was frozen when it was graded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from registry.errors import Refusal
from registry.releases import standing
from registry.rules import load_rules
from registry.tables import FeatureRow, FeatureSnapshot, Grade
from registry.vocabulary import CLASS_NAMES
from risk.archive import load_archive
from risk.grade import model_of
from risk.hard_rules import PREFIX
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import feature_frame
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

    def heading(self) -> str:
        """One line for officials: the class, who decided, and the probability with its interval."""
        found = self.grade
        rule = f"（{found['rule_code']}）" if found["rule_code"] else ""
        return (
            f"{self.enterprise_code} 截至 {self.as_of}：{found['credit_risk_class']} "
            f"{CLASS_NAMES[found['credit_risk_class']]}，由 {found['deciding_layer']}{rule} 决定；"
            f"发现问题的概率 {found['probability']:.1%}"
            f"（{found['probability_low']:.1%}–{found['probability_high']:.1%}）"
        )


def explain(connection: Connection, enterprise_code: str, as_of: date, place: str) -> Explanation:
    """Explain the grade in force on `as_of` from its stored indicators and model.

    Raises Refusal explain.not_graded if the enterprise has no grade by that day.
    """
    grade = _grade(connection, enterprise_code, as_of, place)
    names, values = _features(connection, grade)
    _, model = model_of(connection, as_of, place, grade["model_run_id"])
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
    reasons = _reasons(connection, grade, values, parts)
    return Explanation(
        enterprise_code, grade["as_of"], place, dict(grade), reasons, indicators, float(parts[-2]), float(parts[-1]),
        float(parts.sum()),
    )  # fmt: skip


def _grade(connection: Connection, code: str, as_of: date, place: str) -> RowMapping:
    wanted = (
        select(*Grade.__table__.c)
        .where(Grade.enterprise_code == code, Grade.place == place, Grade.as_of <= as_of)
        .where(standing(Grade.snapshot_id, place))
        .order_by(Grade.as_of.desc(), Grade.id.desc())
        .limit(1)
    )
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise Refusal(
            "explain.not_graded", f"{code} 截至 {as_of} 在 {place} 没有分类结果。",
            "核对统一社会信用代码，或先运行 wurao grade。", status=404,
        )  # fmt: skip
    return found


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


def _reasons(connection: Connection, grade: RowMapping, values: Any, parts: Any) -> list[Reason]:
    """Records are looked up again as of the grading's day: what became known later is not among them."""
    book, code = load_rules(), grade["enterprise_code"]
    archive = load_archive(connection, grade["as_of"], [code])
    frame = feature_frame(archive, grade["as_of"], book, grade["place"])
    rules = {rule.key: rule for rule in book.in_force(PREFIX, grade["place"], grade["as_of"])}
    writer = ReasonWriter(frame, rules, Evidence(frame))
    return writer.write(0, values, parts, grade["deciding_layer"], grade["rule_code"] or "")
