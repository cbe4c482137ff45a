"""Conditions of a 定向 draw (定向抽查条件): by kind, industry, district, scale or tag (企业公示信息抽查办法第五条)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from registry.errors import Refusal

CONDITIONS = {
    "kinds": "企业类型",
    "industries": "所属行业",
    "districts": "地理区域",
    "scales": "经营规模",
    "tags": "监管标签",
}
"""Condition → what it is called; kinds are 1 企业, 2 农专社, 3 个体户, 4 代表机构; industries and districts go by prefix."""
_COLUMN = {"kinds": "entkind", "industries": "industry", "districts": "district", "scales": "scale"}
_PREFIX = ("industries", "districts")


def meets(
    objects: pd.DataFrame, conditions: Mapping[str, Sequence[str]], tags: Mapping[str, frozenset[str]]
) -> pd.Series:
    """Which objects (rows of candidates) meet every condition given, bool per row; a condition lists alternatives."""
    kept = pd.Series(True, objects.index)
    for name, wanted in conditions.items():
        if not wanted:
            continue
        if name == "tags":
            codes = frozenset().union(*(tags.get(tag, frozenset()) for tag in wanted))
            kept &= objects["enterprise_code"].isin(codes)
        elif name in _PREFIX:
            kept &= objects[_COLUMN[name]].str.startswith(tuple(wanted))
        else:
            kept &= objects[_COLUMN[name]].isin(list(wanted))
    return kept


def refuse_bad_conditions(directed: bool, conditions: Mapping[str, Sequence[str]], where: str) -> None:
    """Raise Refusal plan.conditions: a 不定向 task has none, a name nobody knows is a slip of the pen."""
    unknown = sorted(set(conditions) - set(CONDITIONS))
    if unknown:
        raise Refusal(
            "plan.conditions",
            f"{where}：不认识的抽查条件 {'、'.join(unknown)}。",
            f"条件只能是 {'、'.join(f'{name}（{words}）' for name, words in CONDITIONS.items())}。",
        )
    if not directed and any(conditions.values()):
        raise Refusal(
            "plan.conditions",
            f"{where}：不定向抽查不设条件。",
            "去掉条件，或把任务改为定向（企业公示信息抽查办法第五条）。",
        )
