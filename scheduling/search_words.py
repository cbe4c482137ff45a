"""The search in words (求解过程的话): where it stands, for whoever watches, and why it ended."""

from __future__ import annotations

from scheduling.problem import Step

STOPPED = {
    "seconds": "用完给定时间",
    "gap": "达到给定差距",
    "rounds": "做完给定轮数",
    "patience": "多轮没有改进",
    "first_feasible": "已有全部排入的方案",
    "interrupted": "人工中止",
    "nothing_to_move": "没有可调整的检查",
}


def step_words(step: Step, visits: int) -> str:
    """Value, proved bound, gap, placed of all visits and seconds, in one line."""
    return (
        f"目标 {step.value:,.0f} 下界 {step.bound:,.0f} 差距 {gap_words(step)} "
        f"已排 {step.placed:,}/{visits:,} {step.seconds:,.0f} 秒"
    )


def gap_words(step: Step) -> str:
    """(value - bound) / bound as a percentage, capped in words: an unplaced visit makes it astronomical."""
    gap = max(0.0, step.value - step.bound) / max(step.bound, 1.0)
    return f"{gap:.2%}" if gap < 10 else "＞1000%"
