"""The label (标签列): two outcomes as people write them → 1, 0 and NaN for unknown; anything else is refused by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from registry.errors import Refusal
from risk.archive import FloatArray
from risk.outside.reading import SHOWN, Table
from risk.outside.values import number

FEWEST = 10
"""Rows of either outcome below which nothing can be learned and tested."""
_POSITIVE = (
    ("1", "0"), ("TRUE", "FALSE"), ("T", "F"), ("YES", "NO"), ("Y", "N"), ("是", "否"), ("有", "无"), ("1", "-1"),
    ("不合格", "合格"), ("违约", "正常"), ("FAIL", "PASS"), ("BAD", "GOOD"), ("POSITIVE", "NEGATIVE"),
)  # fmt: skip
"""Pairs whose first is the outcome looked for; of any other two the rarer is, and that is said."""


@dataclass(frozen=True)
class Label:
    """`problem`: 1, 0, NaN (unknown). `how`: a sentence on which value was taken for the outcome looked for."""

    problem: FloatArray
    positive: str
    how: str


def read_label(table: Table, name: str, positive: str | None = None) -> Label:
    """Read the label. positive: the value that means the outcome; every other value then means the opposite.

    Raises Refusal label.* where there are not two outcomes, or fewer than FEWEST rows of one.
    """
    texts = [_plain(cell) for cell in table.column(name)]
    counts = Counter(text for text in texts if text)
    wanted = _chosen(table, name, texts, counts, _plain(positive) if positive else None)
    problem = np.array([np.nan if not text else float(text == wanted) for text in texts])
    _refuse_few(name, problem, wanted)
    others = "、".join(f"“{value}”" for value, _ in counts.most_common(6) if value != wanted)
    known = any(wanted == pair[0] and set(counts) <= set(pair) for pair in _POSITIVE)
    reason = "由 --positive 指定" if positive else "按惯例" if known else "较少的一类；要换请用 --positive"
    return Label(problem, wanted, f"“{name}”为“{wanted}”算发生（{reason}），{others} 算未发生。")


def lenient_label(table: Table, name: str, positive: str) -> FloatArray:
    """The label of a table to be scored, where it is there at all: 1, 0, or NaN."""
    if name not in table.columns:
        return np.full(len(table), np.nan)
    texts = [_plain(cell) for cell in table.columns[name]]
    return np.array([np.nan if not text else float(text == positive) for text in texts])


def _plain(cell: str) -> str:
    """1, 1.0 and 1.00 are one value; letters are compared without case."""
    value = number(cell) if cell and cell[-1].isdigit() else None
    if value is not None and float(value).is_integer():
        return str(int(value))
    return cell.strip().upper()


def _chosen(table: Table, name: str, texts: list[str], counts: Counter[str], positive: str | None) -> str:
    if positive is not None:
        if positive not in counts:
            shown = "、".join(f"“{value}”{many} 行" for value, many in counts.most_common(SHOWN))
            raise Refusal(
                "label.no_positive", f"“{name}”列没有“{positive}”这个值，有：{shown}。", "请核对 --positive。"
            )
        return positive
    if len(counts) > 2:
        _refuse_many(table, name, texts, counts)
    if len(counts) < 2:
        said = f"只有一个值“{next(iter(counts))}”" if counts else "全是空的"
        raise Refusal("label.one_value", f"标签列“{name}”{said}，无从学习。", "请核对 --label 指的是哪一列。")
    for pair in _POSITIVE:
        if set(counts) == set(pair):
            return pair[0]
    return min(sorted(counts), key=lambda value: counts[value])


def _refuse_many(table: Table, name: str, texts: list[str], counts: Counter[str]) -> None:
    """Name rows and values that fit no pair of outcomes."""
    usual = next((set(pair) for pair in _POSITIVE if set(pair) <= set(counts)), None)
    expected = usual or {value for value, _ in counts.most_common(2)}
    odd = [i for i, text in enumerate(texts) if text and text not in expected]
    shown = "、".join(f"第 {table.rows[i]} 行“{table.columns[name][i]}”" for i in odd[:SHOWN])
    raise Refusal(
        "label.not_two",
        f"标签列“{name}”有 {len(counts)} 种值，应只有两种：{shown}{'等' if len(odd) > SHOWN else ''}，共 {len(odd)} 行。",
        "请改正这些行，或用 --positive 指明哪个值算发生（其余都算未发生）。",
    )


def _refuse_few(name: str, problem: FloatArray, positive: str) -> None:
    found, clean = int((problem == 1).sum()), int((problem == 0).sum())
    if min(found, clean) < FEWEST:
        raise Refusal(
            "label.too_few",
            f"标签列“{name}”：发生（“{positive}”）{found} 行，未发生 {clean} 行；各至少要有 {FEWEST} 行。",
            "请提供更多有结论的行。",
        )
