"""Fault points (故障点): the named places at which a test may kill the process. Inert unless a test arms one.

Faults are injected by name, not by luck: the proofs enumerate POINTS, so a place that is added here is killed at
without anybody remembering to, and a call whose name is not here fails a test.
"""

import os
import signal

POINTS = {
    "intake.after_open_batch": "批次已登记，尚未暂存",
    "intake.while_staging": "暂存了一部分行",
    "intake.after_staging": "全部行已暂存，尚未入库",
    "load.inside_chunk": "一段的事实已写，问题数据和计数未写",
    "load.before_chunk_commit": "一段已写完，尚未提交",
    "load.after_chunk_commit": "一段已提交",
    "intake.before_close_batch": "各段都已提交，批次尚未关闭",
    "ledger.before_journal": "批次已标记入库，尚未记日志",
    "ledger.before_close_commit": "已记日志，尚未提交",
    "ledger.after_close_commit": "批次已关闭，回执尚未给出",
    "ledger.before_hold_commit": "暂存或失败的文件已登记，尚未提交",
}
"""Every point there is, in the order in which an import meets them."""

ARMED_BY = "WURAO_TEST_FAULT"
"""`name:count`: kill at the count-th time the point is reached. Only tests set it; no setting, no file can."""


class _Armed:
    """The point a test armed, and how often it has still to be reached."""

    def __init__(self, order: str) -> None:
        name, _, count = order.partition(":")
        if name not in POINTS:
            raise ValueError(f"no such fault point: {name}")
        self.name, self.left = name, int(count or 1)

    def reach(self, name: str) -> None:
        if name not in POINTS:
            raise ValueError(f"fault point {name} is not registered")
        self.left -= name == self.name
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


_armed = _Armed(os.environ[ARMED_BY]) if ARMED_BY in os.environ else None


def arm(order: str) -> None:
    """Arm a point in this process, as the environment variable does at start. Raises ValueError for an unknown one."""
    global _armed
    _armed = _Armed(order)


def fault(name: str) -> None:
    """Die here, by SIGKILL, if a test armed this point; else do nothing."""
    if _armed is not None:
        _armed.reach(name)
