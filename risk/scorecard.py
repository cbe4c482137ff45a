"""The expert scorecard (专家评分卡) in force: AHP shares of families and groups, weights of indicators inside a group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import numpy as np

from registry.errors import Refusal
from registry.rules import Rulebook
from risk.ahp import shares
from risk.indicators.catalogue import BY_KEY, FAMILIES, Indicator
from risk.learners import Scorecard


def scorecard(book: Rulebook, place: str, on: date, names: tuple[str, ...]) -> Scorecard:
    """The scorecard in force (`scorecard.*` and the weights of `indicator.*`); undirected indicators earn nothing.

    Raises Refusal scorecard.malformed, scorecard.inconsistent, scorecard.group_missing, scorecard.group_unknown.
    """
    rules = {r.key.removeprefix("indicator."): r.value for r in book.in_force("indicator.", place, on)}
    indicators = [BY_KEY[name] for name in names]
    own = [float(rules.get(i.key, {}).get("weight", 0)) * bool(i.direction) for i in indicators]
    total: dict[str, float] = defaultdict(float)
    for indicator, weight in zip(indicators, own, strict=True):
        total[indicator.group] += weight
    points = group_points(book, place, on, [i for i in indicators if total[i.group]])
    weights = [
        points[i.group] * weight / total[i.group] if weight else 0.0
        for i, weight in zip(indicators, own, strict=True)
    ]
    full = [float(rules.get(name, {}).get("full", 1)) for name in names]
    direction = [float(i.direction) for i in indicators]
    return Scorecard(np.array(weights), np.array(full), np.array(direction), np.zeros(len(names)))


def group_points(book: Rulebook, place: str, on: date, weighted: Sequence[Indicator]) -> dict[str, float]:
    """Points of each group: of the family's share of all points, the group's own. weighted: indicators with a weight."""
    limit = float(book.value("scorecard.consistency_limit", place, on))
    families = shares(book.value("scorecard.families", place, on), limit, "scorecard.families").of
    _same("scorecard.families", families, {FAMILIES[i.family] for i in weighted})
    points = {}
    for key in dict.fromkeys(i.family for i in weighted):
        where = f"scorecard.groups.{key}"
        groups = shares(book.value(where, place, on), limit, where).of
        _same(where, groups, {i.group for i in weighted if i.family == key})
        for group, share in groups.items():
            points[group] = float(book.value("scorecard.points", place, on)) * families[FAMILIES[key]] * share
    return points


def _same(where: str, compared: dict[str, float], needed: set[str]) -> None:
    if missing := needed - compared.keys():
        raise Refusal(
            "scorecard.group_missing",
            f"{where} 没有比较：{'、'.join(sorted(missing))}（其指标在 rules/indicators.toml 有权重）。",
            "在 rules/scorecard.toml 的该矩阵末尾各加一行：名称，和它对前面各项的比值。",
        )
    if unknown := compared.keys() - needed:
        raise Refusal(
            "scorecard.group_unknown",
            f"{where} 比较了没有带权重指标的：{'、'.join(sorted(unknown))}。",
            "在 rules/scorecard.toml 删去该行和各行中与它的比值，或在 rules/indicators.toml 给其指标权重。",
        )
