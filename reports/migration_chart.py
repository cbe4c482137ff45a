"""Picture of class migration (类别迁移图): a heat table from class to class. Plain counts in; internal."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from registry.vocabulary import CREDIT_RISK_CLASSES
from reports.canvas import Chart, paint

PALE, DARK = np.array([0.95, 0.97, 0.99]), np.array([0.0, 0.30, 0.52])


def chart_migration(name: str, title: str, counts: Sequence[Sequence[int]]) -> Chart:
    """Counts [from][to] as a heat table; the colour is the share of the row, so that a small class shows as well."""

    def painter(ax: Axes) -> None:
        for y, row in enumerate(counts):
            for x, count in enumerate(row):
                _cell(ax, x, y, count, count / max(sum(row), 1))
        ticks = [n + 0.5 for n in range(len(CREDIT_RISK_CLASSES))]
        ax.set(xlim=(0, 4), ylim=(4, 0), xlabel="本期类别", ylabel="上期类别")
        ax.set_xticks(ticks, CREDIT_RISK_CLASSES)
        ax.set_yticks(ticks, CREDIT_RISK_CLASSES)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)

    rows = [
        (level, *(f"{count:,}" for count in row), f"{sum(row):,}")
        for level, row in zip(CREDIT_RISK_CLASSES, counts, strict=True)
    ]
    total = sum(map(sum, counts))
    changed = total - sum(counts[n][n] for n in range(len(counts)))
    said = f"共 {total} 户，变动 {changed} 户；行为上期类别，列为本期类别，颜色越深占该行比例越高。"
    headings = ("上期 \\ 本期", *CREDIT_RISK_CLASSES, "合计")
    return paint(name, title, said, headings, rows, painter, (5.4, 3.2))


def _cell(ax: Axes, x: int, y: int, count: int, share: float) -> None:
    face = PALE + (DARK - PALE) * share
    frame = (x + 0.03, y + 0.05)
    ax.add_patch(Rectangle(frame, 0.94, 0.9, facecolor=tuple(float(part) for part in face), linewidth=0))
    ink = "white" if share > 0.5 else "#222222"
    ax.text(x + 0.5, y + 0.42, f"{count:,}", ha="center", va="center", color=ink, fontsize=9.5)
    ax.text(x + 0.5, y + 0.72, f"{share:.1%}", ha="center", va="center", color=ink, fontsize=7.5)
