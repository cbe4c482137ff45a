"""Migration of classes (类别迁移): between two gradings, who moved from which class to which, with and without news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy import Connection, select

from registry.errors import Refusal
from registry.rules import load_rules
from registry.tables import FeatureSnapshot
from registry.vocabulary import CREDIT_RISK_CLASSES
from risk.archive import BoolArray, Texts
from risk.previous import Previous, news_between, read_snapshot

Counts = list[list[int]]
"""[from][to] in the order A, B, C, D."""


@dataclass(frozen=True)
class Migration:
    """Two gradings compared. everybody, quiet: counts class by class of those in both, and of those without news.

    entered, left: by class, those graded only in the later or only in the earlier one.
    """

    place: str
    earlier: date
    later: date
    everybody: Counts
    quiet: Counts
    entered: list[int]
    left: list[int]
    most_moved: float

    @property
    def quiet_share(self) -> float:
        """Share of those without news whose class changed."""
        total = sum(map(sum, self.quiet))
        return moved(self.quiet) / total if total else 0.0

    @property
    def steady(self) -> bool:
        """Whether the no-news share is within the target (`grade.no_news.most_moved`)."""
        return self.quiet_share <= self.most_moved

    def text(self) -> str:
        """A few lines for people. Internal."""
        both, quiet = sum(map(sum, self.everybody)), sum(map(sum, self.quiet))
        heading = f"{self.earlier} → {self.later}：两期都有 {both} 户，变动 {moved(self.everybody)} 户"
        head = "      " + "".join(f"{name:>8}" for name in CREDIT_RISK_CLASSES)
        rows = [
            f"{name:>4}  " + "".join(f"{count:>8}" for count in row)
            for name, row in zip(CREDIT_RISK_CLASSES, self.everybody, strict=True)
        ]
        verdict = "达标" if self.steady else "超标"
        return "\n".join(
            [
                heading, head, *rows,
                f"没有新情况的 {quiet} 户中变动 {moved(self.quiet)} 户，{self.quiet_share:.2%}"
                f"（目标不超过 {self.most_moved:.0%}，{verdict}）",
                f"新进入 {_by_class(self.entered)}；退出 {_by_class(self.left)}",
            ]
        )  # fmt: skip


def migration_matrix(connection: Connection, place: str, earlier: date, later: date) -> Migration:
    """Compare the last gradings made as of two days or before. Raises Refusal migration.one_grading."""
    first, second = (_snapshot_on(connection, place, day) for day in (earlier, later))
    if first is None or second is None or first == second:
        raise Refusal(
            "migration.one_grading", f"{place} 在 {earlier} 和 {later} 之前没有两次不同的分类。",
            "换日期，或先运行 wurao grade。",
        )  # fmt: skip
    then, now = read_snapshot(connection, first), read_snapshot(connection, second)
    assert then.as_of is not None and now.as_of is not None  # noqa: PT018 - both snapshots exist
    target = float(load_rules().value("grade.no_news.most_moved", place, now.as_of))
    return compare_gradings(then, now, place, target)


def compare_gradings(then: Previous, now: Previous, place: str, most_moved: float) -> Migration:
    """The same from two gradings in memory."""
    codes = now.codes
    before, after = then.published(codes), now.published(codes)
    both = (before != "") & (after != "")
    news, _ = news_between(then.codes, then.matrix, then.names, now.codes, now.matrix, now.names)
    gone = then.codes[~np.isin(then.codes.astype(str), codes.astype(str))]
    return Migration(
        place, then.as_of or date.min, now.as_of or date.min, _counts(before, after, both),
        _counts(before, after, both & ~news), _each(after[before == ""]), _each(then.published(gone)), most_moved,
    )  # fmt: skip


def moved(counts: Counts) -> int:
    """How many are off the diagonal."""
    return sum(count for i, row in enumerate(counts) for j, count in enumerate(row) if i != j)


def _snapshot_on(connection: Connection, place: str, day: date) -> int | None:
    wanted = (
        select(FeatureSnapshot.id)
        .where(FeatureSnapshot.place == place, FeatureSnapshot.as_of <= day)
        .order_by(FeatureSnapshot.as_of.desc(), FeatureSnapshot.id.desc())
    )
    return connection.execute(wanted.limit(1)).scalar_one_or_none()


def _counts(before: Texts, after: Texts, where: BoolArray) -> Counts:
    return [
        [int(((before == a) & (after == b) & where).sum()) for b in CREDIT_RISK_CLASSES]
        for a in CREDIT_RISK_CLASSES
    ]


def _each(classes: Texts) -> list[int]:
    return [int((classes == name).sum()) for name in CREDIT_RISK_CLASSES]


def _by_class(counts: list[int]) -> str:
    return "、".join(f"{name} {count}" for name, count in zip(CREDIT_RISK_CLASSES, counts, strict=True))
