"""Budgets in CPU seconds, for benches on a machine that others use too; as a bench of its own it has nothing to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import fields

from scheduling.solve import Stop

GLANCE = 0.05
TRIAL = 0.5


class Spent:
    """Whether this process has used so many CPU seconds since it was first asked; a copy sent to another starts anew."""

    def __init__(self, seconds: float):
        self.seconds, self.began = seconds, -1.0

    def __call__(self) -> bool:
        now = time.process_time()
        if self.began < 0:
            self.began = now
        return now - self.began >= self.seconds


def stop_after(seconds: float, cpu: bool) -> Stop:
    """A stop by wall or CPU seconds; wall seconds too where this solver cannot be ended from outside."""
    if cpu and "ended" in {f.name for f in fields(Stop)}:
        return Stop(seconds=None, ended=Spent(seconds))
    return Stop(seconds=seconds)


def when_spent(seconds: float, act: Callable[[], None]) -> None:
    """Do something, from another thread, once this process has used so many CPU seconds from now."""
    spent = Spent(seconds)
    spent()

    def watch() -> None:
        while not spent():
            time.sleep(GLANCE)
        act()

    threading.Thread(target=watch, daemon=True).start()


def share_of_a_core() -> float:
    """CPU seconds this process gets for a wall second just now, 1 on an idle machine."""
    wall, cpu = time.monotonic(), time.process_time()
    while time.monotonic() - wall < TRIAL:
        pass
    return max(0.05, (time.process_time() - cpu) / (time.monotonic() - wall))
