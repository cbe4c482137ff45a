"""The search in words (求解过程的话): where it stands, for whoever watches, and why it ended."""

from __future__ import annotations

from scheduling.problem import Step, Weights

AIMS = {
    "unplaced": "进入排期而未排入",
    "doors": "入企次数",
    "earliness": "紧急优先（加权周数）",
    "cluster_days": "片区日数",
    "even_load": "扎堆程度（均衡负荷）",
}
STOPPED = {
    "seconds": "用完给定时间",
    "gap": "达到给定差距",
    "rounds": "做完给定轮数",
    "patience": "多轮没有改进",
    "first_feasible": "已有全部排入的方案",
    "interrupted": "人工中止",
    "nothing_to_move": "没有可调整的检查",
    "changed": "按调整事由改动",
}

MOST_SHOWN = 10


NONE = "—"
"""Where nothing is proved, or nothing dated."""


def figure_words(figure: float | None) -> str:
    """A value or bound of an aim; a dash where none is known (目标取值、下界)."""
    return NONE if figure is None else f"{figure:,.10g}"


def step_words(step: Step, visits: int) -> str:
    """Value, proved bound, gap, placed of all visits and seconds, in one line."""
    return (
        f"目标 {step.value:,.0f} 下界 {step.bound:,.0f} 差距 {gap_words(step_gap(step) if step.placed else None)} "
        f"已排 {step.placed:,}/{visits:,} {step.seconds:,.0f} 秒"
    )


def step_gap(step: Step) -> float:
    """(value - bound) / bound; 0 at the bound."""
    return max(0.0, step.value - step.bound) / max(step.bound, 1.0)


def gap_words(gap: float | None) -> str:
    """A gap as a percentage, cut off where an unplaced visit's price makes it astronomical; a dash where there is none."""
    if gap is None:
        return NONE
    return f"{gap:.2%}" if gap < MOST_SHOWN else f"＞{MOST_SHOWN:.0%}"


def gap_words_of(gap: float | None, weights: Weights) -> str:
    """The gap, and what it speaks of where no class is dated before another (差距所指)."""
    if gap is None or any(weights.urgency):
        return gap_words(gap)
    return f"{gap_words(gap)}（各类对象不分先后，只就未排入、线索和有法定期限的检查而言）"
