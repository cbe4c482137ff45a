"""The analytic hierarchy process (层次分析法, AHP): pairwise comparisons → shares, refused where they contradict.

Saaty, The Analytic Hierarchy Process (1980): shares are the principal eigenvector of the comparisons; the consistency
ratio is how far they are from any shares at all, against comparisons made at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from registry.errors import Refusal
from risk.archive import FloatArray

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Saaty's mean consistency index of random comparisons of 1, 2, 3 … things (1980, table 1-1)."""
Rows = Sequence[Sequence[str | int]]
"""Rows of a lower triangle: a name, then how much it weighs against each name before it ("1/3": a third as much)."""


@dataclass(frozen=True)
class Shares:
    """Shares that add up to 1, in the order of the comparisons, and their consistency ratio."""

    of: dict[str, float]
    consistency: float


def shares(rows: Rows, limit: float, where: str) -> Shares:
    """Shares from comparisons. `where` names them in refusals.

    Raises Refusal scorecard.malformed (a row too short or long, no number, not above 0, a name twice) and
    scorecard.inconsistent (consistency ratio not below `limit`).
    """
    names = [str(row[0]) for row in rows]
    if len(set(names)) < len(names) or not names:
        raise _malformed(where, "名称重复或没有任何一行")
    matrix = _matrix(rows, where)
    largest, vector = _principal(matrix)
    ratio = _consistency_ratio(largest, len(names))
    if ratio >= limit:
        raise Refusal(
            "scorecard.inconsistent",
            f"{where} 的两两比较前后矛盾：一致性比率 {ratio:.3f}，须小于 {limit}（{'、'.join(names)}）。",
            "请重新比较：若甲重于乙、乙重于丙，则甲对丙的倍数应与两者之积相近。",
        )
    return Shares(dict(zip(names, vector.tolist(), strict=True)), ratio)


def _matrix(rows: Rows, where: str) -> FloatArray:
    matrix = np.eye(len(rows))
    for number, row in enumerate(rows):
        if len(row) != number + 1:
            raise _malformed(
                where, f"“{row[0]}”一行应有 {number} 个比值（与前面各项各一个），现有 {len(row) - 1} 个"
            )
        for earlier, entry in enumerate(row[1:]):
            ratio = _ratio(entry, where, str(row[0]))
            matrix[number, earlier], matrix[earlier, number] = ratio, 1 / ratio
    return matrix


def _ratio(entry: str | int, where: str, name: str) -> float:
    fault = _malformed(where, f"“{name}”的比值 {entry!r} 不是 1/9 至 9 之间的数")
    try:
        ratio = float(Fraction(entry))
    except (ValueError, TypeError, ZeroDivisionError):
        raise fault from None
    if not 1 / 9 <= ratio <= 9:
        raise fault
    return ratio


def _principal(matrix: FloatArray) -> tuple[float, FloatArray]:
    """The largest eigenvalue and its eigenvector, which is positive (Perron) and is scaled to sum 1."""
    values, vectors = np.linalg.eig(matrix)
    at = int(np.argmax(values.real))
    vector = np.abs(vectors[:, at].real)
    return float(values[at].real), vector / vector.sum()


def _consistency_ratio(largest: float, size: int) -> float:
    if size < 3:
        return 0.0
    index = (largest - size) / (size - 1)
    return max(index, 0.0) / RANDOM_INDEX[min(size, len(RANDOM_INDEX)) - 1]


def _malformed(where: str, fault: str) -> Refusal:
    return Refusal("scorecard.malformed", f"{where} 的比较矩阵有误：{fault}。", "更正 rules/scorecard.toml。")
