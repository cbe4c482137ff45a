"""Pictures of estimated problem rates (问题率估计图): one line a group, from low to high, a mark at the estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from reports.canvas import BLUE, GREY, Chart, paint


@dataclass(frozen=True)
class RateLine:
    """One group's rate (None: nothing concluded) and interval, and how many were concluded of how many."""

    group: str
    rate: float | None
    low: float
    high: float
    concluded: int
    population: int


def chart_rates(name: str, title: str, level: float, lines: Sequence[RateLine]) -> Chart:
    """Problem rates of groups with their intervals; groups without any result are left empty, not at 0."""
    shown = list(reversed(lines))

    def painter(ax: Axes) -> None:
        for position, line in enumerate(shown):
            if line.rate is None:
                ax.text(0.0, position, " 尚无结论", va="center", color=GREY, fontsize=9)
                continue
            ax.plot(
                [line.low, line.high], [position, position], color=BLUE, linewidth=2, solid_capstyle="butt"
            )
            ax.plot([line.rate], [position], "o", color=BLUE, markersize=6)
            ax.text(line.high, position, f" {line.rate:.1%}", va="center", fontsize=9)
        ax.set_yticks(range(len(shown)), [f"{line.group}（{line.concluded} 户有结论）" for line in shown])
        ax.set_ylim(-0.6, len(shown) - 0.4)
        ax.set_xlim(left=0.0)
        ax.margins(x=0.12)
        ax.set_xlabel(f"问题率，线段为 {level:.0%} 区间")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        ax.grid(axis="x", color="#E4E8EE", linewidth=0.7)

    rows = [
        (line.group, f"{line.population:,}", f"{line.concluded:,}", rate_text(line.rate), interval_text(line))
        for line in lines
    ]
    said = "；".join(f"{line.group} {rate_text(line.rate)}（{interval_text(line)}）" for line in lines)
    headings = ("分组", "对象池", "有结论", "问题率", f"{level:.0%} 区间")
    return paint(name, title, said, headings, rows, painter, size=(6.4, 1.2 + 0.38 * max(1, len(lines))))


def rate_text(rate: float | None) -> str:
    """A rate in words."""
    return "尚无结论" if rate is None else f"{rate:.1%}"


def interval_text(line: RateLine) -> str:
    """An interval in words."""
    return "—" if line.rate is None else f"{line.low:.1%} 至 {line.high:.1%}"
