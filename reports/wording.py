"""Wording (数值的写法): intervals, shares and the values of rules as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any

NAMES = {
    "method": "方式", "shares": "按占比", "cuts": "按概率", "random": "不定向", "targeted": "定向", "complaint": "投诉举报",
    "amber": "提示线", "red": "红线", "bins": "分组数", "most_values": "按值分组至多", "least_rows": "至少户数",
    "boosting": "梯度提升", "thresholds": "门槛", "depth": "深度", "leaf_rows": "叶子行数", "rate": "学习率", "rounds": "轮数",
    "column_share": "列抽样", "l2": "L2", "learned": "可学习", "boosted": "可提升", "inspector_prior": "人员先验",
}  # fmt: skip
"""Keys of rules and parameters in words; one that is not here stays as it is."""
MOST = 400


def interval_words(value: Any, percent: bool = False) -> str:
    """A figure, or [value, low, high]; a dash for none."""
    if value is None:
        return "—"
    if not isinstance(value, Sequence):
        return _figure(value, percent)
    if not value or value[0] is None:
        return "—"
    if len(value) < 3 or None in value:
        return _figure(value[0], percent)
    to = " 至 " if min(value) < 0 else "–"
    return f"{_figure(value[0], percent)}（{_figure(value[1], percent)}{to}{_figure(value[2], percent)}）"


def share(part: float, whole: float) -> str:
    """A percentage; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "—"


def plain_words(value: Any, unit: str) -> str:
    """The value of a rule or a parameter in a line; cut where it is too long to read."""
    text = f"{_value(value)}{f' {unit}' if unit else ''}"
    return text if len(text) <= MOST else f"{text[:MOST]}……"


def _figure(value: Any, percent: bool) -> str:
    return f"{float(value):.1%}" if percent else f"{float(value):.3f}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        return "；".join(f"{NAMES.get(str(key), key)} {_value(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return "、".join(_value(part) for part in value) or "无"
    return NAMES.get(str(value), f"{value:g}" if isinstance(value, float) else str(value))
