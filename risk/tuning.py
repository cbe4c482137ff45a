"""Tuning (调参): a small grid stated in the rules, compared on windows before the test alone.

Settings of the boosted trees and of the logistic's ridge. An earlier window drops the worse points first. A window's own
figure never picks the settings that it then judges: those are best on the other windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from registry.errors import Refusal
from registry.rules import Rulebook
from risk import metrics
from risk.learners import Settings
from risk.rolling import Rolling, Setting


@dataclass(frozen=True)
class Tuning:
    """`figures[point][window]`: the metric of a grid point on a window; dropped points have the pilot's alone."""

    grid: tuple[Setting, ...]
    figures: tuple[dict[int, float], ...]
    windows: tuple[int, ...]

    def best(self, without: int | None = None) -> Setting:
        """The point with the best mean over the windows, one of them left out; the first of equals."""
        windows = [w for w in self.windows if w != without]
        if not windows:
            return self.grid[0]
        alive = [n for n, found in enumerate(self.figures) if all(w in found for w in windows)]
        return self.grid[max(alive, key=lambda n: float(np.mean([self.figures[n][w] for w in windows])))]

    def record(self, rolling: Rolling) -> list[dict[str, Any]]:
        """Every point with its figures by snapshot, for `model_run.parameters`."""
        return [
            {
                "setting": plain_setting(point),
                "figures": {str(rolling.snapshot(w)): v for w, v in found.items()},
            }
            for point, found in zip(self.grid, self.figures, strict=True)
        ]


def plain_setting(setting: Setting) -> Any:
    """A setting as JSON can hold it."""
    if isinstance(setting, Settings):
        return asdict(setting)
    return {"c": setting} if setting is not None else {}


def grids(book: Rulebook, place: str, on: date) -> dict[str, tuple[Setting, ...]]:
    """The grids in force (`learner.grid.*`). Raises Refusal learner.grid: empty, an unknown name, trees too deep."""
    cap = int(book.value("learner.depth_cap", place, on))
    trees = [_settings(entry, cap) for entry in book.value("learner.grid.lightgbm", place, on)]
    ridge = [float(c) for c in book.value("learner.grid.logistic", place, on)]
    if not trees or not ridge or min(ridge) <= 0:
        raise _bad_grid("网格为空，或 C 不大于 0")
    return {"scorecard": (None,), "logistic": tuple(ridge), "lightgbm": tuple(trees)}


def _settings(entry: dict[str, Any], cap: int) -> Settings:
    try:
        settings = Settings(**entry)
    except TypeError as fault:
        raise _bad_grid(f"{entry} 里有不认识的名称") from fault
    if settings.depth > cap:
        raise _bad_grid(f"{entry} 深 {settings.depth} 层，超过上限 {cap}（learner.depth_cap）")
    return settings


def _bad_grid(fault: str) -> Refusal:
    return Refusal(
        "learner.grid", f"learner.grid 有误：{fault}。", "更正 rules/bands.toml 的 learner.grid.*。"
    )


def tune(
    rolling: Rolling,
    name: str,
    grid: Sequence[Setting],
    windows: Sequence[int],
    pilot: int | None,
    kept: int,
    metric: str,
) -> Tuning:
    """Compare a grid on `windows`. pilot: an earlier window after which only the best `kept` points go on."""

    def figure(point: int, window: int) -> float:
        score = rolling.raw(name, grid[point], window)
        return metrics.RANKING[metric](score, rolling.sample.of_window(window).problem)

    figures: list[dict[int, float]] = [{} for _ in grid]
    alive = list(range(len(grid)))
    if pilot is not None and len(grid) > kept:
        for point in alive:
            figures[point][pilot] = figure(point, pilot)
        alive = sorted(sorted(alive, key=lambda point: -figures[point][pilot])[:kept])
    if len(grid) > 1:
        for point in alive:
            figures[point] |= {w: figure(point, w) for w in windows}
    return Tuning(tuple(grid), tuple(figures), tuple(windows) if len(grid) > 1 else ())
