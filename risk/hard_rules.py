"""Hard rules (定性指标): direct class, floor and cap, dated and with their legal basis, before the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.errors import Refusal
from registry.rules import Rule
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, FloatArray, IntArray, Texts
from risk.indicators.frame import FeatureFrame

PREFIX = "grade.hard_rule."
EFFECTS = ("cap", "floor", "direct")
"""In the order applied: a later one overrules an earlier one, so a cap never softens a floor."""


@dataclass(frozen=True)
class Applied:
    """Classes after the hard rules, and for each enterprise the rule that moved or fixed it ("" none)."""

    classes: IntArray
    rule_code: Texts


def holds(rule: Rule, frame: FeatureFrame) -> BoolArray:
    """Where all conditions of a rule hold. Raises Refusal rules.malformed for an indicator nobody knows."""
    met = np.ones(len(frame.codes), bool)
    for condition in rule.value["when"]:
        if condition["indicator"] not in frame.names:
            raise Refusal(
                "rules.malformed",
                f"规则 {rule.key} 引用了没有的指标“{condition['indicator']}”。",
                f"更正 rules/{rule.source}，指标见 risk/indicators/catalogue.py。",
            )
        values: FloatArray = frame[condition["indicator"]]
        met &= values >= condition.get("at_least", -np.inf)
        met &= values <= condition.get("at_most", np.inf)
    return met


def apply_hard_rules(classes: IntArray, frame: FeatureFrame, rules: list[Rule]) -> Applied:
    """Caps, then floors, then direct classes. A rule is named where it changed the class, or fixed it directly."""
    current, named = classes.copy(), np.full(len(classes), "", dtype=object)
    for effect in EFFECTS:
        for rule in sorted(rules, key=lambda r: CREDIT_RISK_CLASSES.index(r.value["class"])):
            if rule.value["effect"] != effect:
                continue
            target = CREDIT_RISK_CLASSES.index(rule.value["class"])
            where = holds(rule, frame)
            if effect == "cap":
                where &= current > target
            elif effect == "floor":
                where &= current < target
            current[where] = target
            named[where] = rule.key.removeprefix(PREFIX)
    named[(current == classes) & ~_direct(frame, rules)] = ""
    return Applied(current, named)


def _direct(frame: FeatureFrame, rules: list[Rule]) -> BoolArray:
    fixed = np.zeros(len(frame.codes), bool)
    for rule in rules:
        if rule.value["effect"] == "direct":
            fixed |= holds(rule, frame)
    return fixed
