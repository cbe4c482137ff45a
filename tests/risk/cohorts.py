"""Cohorts in memory: frames, previous gradings and rules for tests of judgement that need no database."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from registry.rules import Rule, Rulebook, load_rules
from risk.grade import Verdicts, judge
from risk.hard_rules import PREFIX
from risk.indicators.catalogue import NAMES
from risk.indicators.frame import FeatureFrame
from risk.overrides import Override
from risk.previous import Previous
from tests.risk.town import PLACE

CUTS = (0.0, 1.0, 2.0)
THEN, NOW = date(2026, 5, 1), date(2026, 6, 1)


def frame_of(rows: list[dict[str, float]], day: date = NOW, place: str = PLACE) -> FeatureFrame:
    """One enterprise a row: indicators by name, 0 where not given."""
    matrix = np.zeros((len(rows), len(NAMES)))
    for number, row in enumerate(rows):
        for name, value in row.items():
            matrix[number, NAMES.index(name)] = value
    codes = np.array([f"E{number:04d}" for number in range(len(rows))], dtype=object)
    nothing: Any = None
    return FeatureFrame(day, place, codes, NAMES, matrix, "", nothing, {})


def previous_of(frame: FeatureFrame, verdicts: Verdicts) -> Previous:
    """What a grading leaves for the next one."""
    names = np.array(list("ABCD"), dtype=object)
    grades = pd.DataFrame(
        {
            "enterprise_code": frame.codes, "credit_risk_class": names[verdicts.final],
            "model_class": names[verdicts.own], "deciding_layer": verdicts.layer, "rule_code": verdicts.rule_code,
            "settled_class": names[verdicts.settled], "ruled_class": names[verdicts.ruled],
        }
    ).astype(object)  # fmt: skip
    return Previous(grades, frame.names, frame.codes, frame.matrix, 1, frame.as_of)


def nobody() -> Previous:
    """No grading before."""
    columns = (
        "enterprise_code", "credit_risk_class", "model_class", "deciding_layer", "rule_code", "settled_class",
        "ruled_class",
    )  # fmt: skip
    empty = pd.DataFrame({name: [] for name in columns}).astype(object)
    return Previous(empty, (), np.array([], dtype=object), np.zeros((0, 0)))


def judged(
    frame: FeatureFrame,
    scores: Any,
    previous: Previous,
    overrides: dict[str, Override] | None = None,
    book: Rulebook | None = None,
) -> Verdicts:
    """Judge a frame with given scores under the rules of this checkout."""
    book = book or load_rules()
    hard = book.in_force(PREFIX, frame.place, frame.as_of)
    model: Any = SimpleNamespace(cuts=CUTS)
    given: Any = SimpleNamespace(score=np.asarray(scores, dtype=float))
    return judge(frame, given, model, previous, hard, book, overrides)


def rule_of(effect: str, klass: str, key: str = "X", levels: int | None = None, **when: float) -> Rule:
    """A hard rule that holds where each named indicator is at least the given value."""
    conditions = [{"indicator": name, "at_least": value} for name, value in when.items()]
    value: dict[str, Any] = {"effect": effect, "class": klass, "when": conditions, "sentence": "一句话"}
    if levels is not None:
        value["levels"] = levels
    return Rule(PREFIX + key, "CN", date(2020, 1, 1), None, value, "", "依据", "hard_rules.toml#1")
