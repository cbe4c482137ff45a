"""Hard rules (定性指标): what the law says of a class whatever the model says, dated and with its basis.

Five effects, applied in this order, so that the harsher has the last word and no order of files matters:
improve (better by some levels), cap (no worse than), worsen (worse by some levels), floor (no better than), direct.
Among rules of one effect: levels do not add up, the one that moves furthest counts; the worst direct class wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from registry.errors import Refusal
from registry.rules import Rule, Rulebook
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, FloatArray, IntArray, Texts
from risk.indicators.catalogue import BY_KEY
from risk.indicators.frame import FeatureFrame

PREFIX = "grade.hard_rule."
EFFECTS = ("improve", "cap", "worsen", "floor", "direct")
FIRM = ("worsen", "floor", "direct")
"""Effects that hold at once, even without news: the step limit tames the model and the end of a rule, not the law."""
BY_LEVELS = ("improve", "worsen")
CONDITION = {"indicator", "at_least", "at_most"}


@dataclass(frozen=True)
class Applied:
    """Classes after the hard rules; for each enterprise the rule that decided ("" none), and that rule's effect."""

    classes: IntArray
    rule_code: Texts
    effect: Texts


def hard_rules_in_force(book: Rulebook, place: str, day: date) -> list[Rule]:
    """The hard rules of a place on a day. Raises Refusal rules.malformed if any of any place is not one."""
    for key in book.keys(PREFIX):
        for rule in book.rules[key]:
            check_rule(rule)
    return book.in_force(PREFIX, place, day)


def check_rule(rule: Rule) -> None:
    """Raises Refusal rules.malformed with the file, the entry, what is wrong and what would be right."""
    value: Any = rule.value
    if not isinstance(value, dict) or not isinstance(value.get("when"), list) or not value["when"]:
        raise _malformed(rule, "没有写条件 when", "每条规则至少写一个条件，全部满足才适用。")
    if value.get("effect") not in EFFECTS:
        raise _malformed(rule, f"作用“{value.get('effect')}”不认识", f"可选：{'、'.join(EFFECTS)}。")
    if value.get("class") not in CREDIT_RISK_CLASSES:
        raise _malformed(
            rule, f"类别“{value.get('class')}”不认识", f"可选：{'、'.join(CREDIT_RISK_CLASSES)}。"
        )
    if (value["effect"] in BY_LEVELS) != (value.get("levels") in (1, 2, 3)):
        raise _malformed(rule, "级数 levels 不对", "worsen、improve 须写 levels = 1、2 或 3，其他作用不写。")
    if not value.get("sentence") or not rule.basis:
        raise _malformed(rule, "没有写理由 sentence 或依据 basis", "两者都要写：它们是给人看的分类理由。")
    for condition in value["when"]:
        _check_condition(rule, condition)


def _check_condition(rule: Rule, condition: dict[str, Any]) -> None:
    if condition.get("indicator") not in BY_KEY:
        raise _malformed(
            rule, f"引用了没有的指标“{condition.get('indicator')}”", "指标见 risk/indicators/catalogue.py。"
        )
    limits = [condition[name] for name in ("at_least", "at_most") if name in condition]
    if not limits or not condition.keys() <= CONDITION or not all(isinstance(x, int | float) for x in limits):
        raise _malformed(
            rule, f"指标“{condition['indicator']}”的条件不完整", "写 at_least 或 at_most，其值是数。"
        )


def _malformed(rule: Rule, fault: str, remedy: str) -> Refusal:
    return Refusal(
        "rules.malformed", f"规则 {rule.key}（{rule.place}）{fault}。", f"更正 rules/{rule.source}。{remedy}"
    )


def holds(rule: Rule, frame: FeatureFrame) -> BoolArray:
    """Where all conditions of a rule hold; an unknown value fulfils none."""
    met = np.ones(len(frame.codes), bool)
    for condition in rule.value["when"]:
        values: FloatArray = frame[condition["indicator"]]
        met &= values >= condition.get("at_least", -np.inf)
        met &= values <= condition.get("at_most", np.inf)
    return met


def apply_hard_rules(classes: IntArray, frame: FeatureFrame, rules: list[Rule]) -> Applied:
    """Each effect in turn. A rule is named where it moved the class from the model's, or fixed it directly."""
    current = classes.copy()
    named, effects = (np.full(len(classes), "", dtype=object) for _ in range(2))
    ordered = sorted(rules, key=lambda r: (CREDIT_RISK_CLASSES.index(r.value["class"]), r.key))
    for effect in EFFECTS:
        base = current.copy()
        for rule in (r for r in ordered if r.value["effect"] == effect):
            target = _target(rule, base)
            improves = effect in ("improve", "cap")
            wanted = target < current if improves else target > current
            where = holds(rule, frame) & (wanted if effect != "direct" else True)
            current[where] = target[where]
            named[where], effects[where] = rule.key.removeprefix(PREFIX), effect
    idle = (current == classes) & (effects != "direct")
    named[idle], effects[idle] = "", ""
    return Applied(current, named, effects)


def _target(rule: Rule, base: IntArray) -> IntArray:
    """The class that a rule wants for each; `class` bounds what levels may reach."""
    bound = CREDIT_RISK_CLASSES.index(rule.value["class"])
    if rule.value["effect"] == "worsen":
        return np.maximum(base, np.minimum(base + rule.value["levels"], bound))
    if rule.value["effect"] == "improve":
        return np.minimum(base, np.maximum(base - rule.value["levels"], bound))
    return np.full(len(base), bound)


def changed_since(book: Rulebook, place: str, then: date, day: date) -> set[str]:
    """Keys of the hard rules that began, ended or were replaced between two days."""
    before = {rule.key: rule for rule in book.in_force(PREFIX, place, then)}
    now = {rule.key: rule for rule in book.in_force(PREFIX, place, day)}
    return {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
