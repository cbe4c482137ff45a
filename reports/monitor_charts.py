"""Pictures of monitoring (监测图表): PSI over months, indicators by month, one indicator's bins, rates over months.

They take plain figures; who counts them is no concern of theirs.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from reports.canvas import BLUE, GREEN, GREY, ORANGE, RED, Chart, paint

COLOURS = (BLUE, ORANGE, GREEN, RED)
MARKS = "osD^"
SHOWN = 15
"""Indicators in the table of months: those that moved most."""


def chart_lines(
    name: str, title: str, measure: str, lines: Mapping[str, Mapping[date, float]],
    marks: Mapping[str, float], percent: bool = False,
) -> Chart:  # fmt: skip
    """One measure over months (按月走势): a line a series, and the thresholds (提示线、红线) as dotted lines."""
    months = sorted({month for line in lines.values() for month in line})
    places = {month: number for number, month in enumerate(months)}

    def painter(ax: Axes) -> None:
        for number, (label, line) in enumerate(lines.items()):
            at = sorted(line)
            ax.plot([places[m] for m in at], [line[m] for m in at], label=label, linewidth=1.6, markersize=5,
                    color=COLOURS[number % 4], marker=MARKS[number % 4])  # fmt: skip
        for label, level in marks.items():
            ax.axhline(level, color=RED if label == "红线" else "#7A6A00", linestyle=(0, (2, 2)), linewidth=1)
            ax.annotate(label, (0, level), xycoords=("axes fraction", "data"), xytext=(3, 2),
                        textcoords="offset points", fontsize=8, color=RED if label == "红线" else "#7A6A00")  # fmt: skip
        step = max(1, -(-len(months) // 12))
        ax.set_xticks(range(0, len(months), step), [f"{month:%Y-%m}" for month in months[::step]])
        if len(months) > 8:
            ax.tick_params(axis="x", rotation=30)
        ax.set_ylabel(measure)
        ax.set_ylim(0, None)
        if percent:
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        ax.grid(axis="y", color="#E4E8EE", linewidth=0.7)
        ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    def text(value: float | None) -> str:
        return "—" if value is None else f"{value:.2%}" if percent else f"{value:.3f}"

    rows = [(f"{month:%Y-%m-%d}", *(text(line.get(month)) for line in lines.values())) for month in months]
    latest = "；".join(f"{label} {text(line[max(line)])}" for label, line in lines.items() if line)
    said = f"最近一期：{latest}。" if latest else "还没有数据。"
    return paint(name, title, said, ("时点", *lines), rows, painter, (7.4, 3.0))


def chart_heat(
    name: str, title: str, months: Sequence[date], values: Mapping[str, Mapping[date, float]],
    amber: float, red: float,
) -> Chart:  # fmt: skip
    """PSI of the indicators that moved most, by month (指标 × 月份): pale below amber, orange above it, red above red."""
    ordered = sorted(values, key=lambda key: (-max(values[key].values(), default=0), key))[:SHOWN]

    def painter(ax: Axes) -> None:
        for y, key in enumerate(ordered):
            for x, month in enumerate(months):
                _cell(ax, x, y, values[key].get(month), amber, red)
        ax.set(xlim=(0, len(months)), ylim=(len(ordered), 0))
        ax.set_xticks([n + 0.5 for n in range(len(months))], [f"{m:%y-%m}" for m in months], fontsize=8.5)
        ax.set_yticks([n + 0.5 for n in range(len(ordered))], ordered, fontsize=8.5)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)

    rows = [
        (key, *("—" if values[key].get(m) is None else f"{values[key][m]:.3f}" for m in months))
        for key in ordered
    ]
    said = f"偏移最大的 {len(ordered)} 项指标与上期相比的 PSI；橙色超过 {amber:g}，红色超过 {red:g}。"
    size = (7.4, 0.9 + 0.27 * max(len(ordered), 2))
    return paint(name, title, said, ("指标", *(f"{m:%Y-%m}" for m in months)), rows, painter, size)


def chart_bins(
    name: str, title: str, labels: Sequence[str], then: Sequence[float], now: Sequence[float], since: str
) -> Chart:
    """Shares of each bin then and now (分布对比)."""
    at = np.arange(len(labels))

    def painter(ax: Axes) -> None:
        ax.bar(at - 0.2, then, width=0.4, color=GREY, label=since)
        ax.bar(at + 0.2, now, width=0.4, color=BLUE, label="本期")
        long = max((len(label) for label in labels), default=0) > 6 or len(labels) > 10
        ax.set_xticks(at, labels, fontsize=8.5, rotation=35 if long else 0, ha="right" if long else "center")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        ax.set_ylabel("占比")
        ax.legend(frameon=False, fontsize=8.5)

    rows = [(label, f"{a:.2%}", f"{b:.2%}") for label, a, b in zip(labels, then, now, strict=True)]
    moved = max(rows_moved) if (rows_moved := [abs(b - a) for a, b in zip(then, now, strict=True)]) else 0.0
    said = f"{since}与本期各组占比，相差最多 {moved:.1%}。"
    return paint(name, title, said, ("组", since, "本期"), rows, painter, (7.0, 3.2))


def _cell(ax: Axes, x: int, y: int, value: float | None, amber: float, red: float) -> None:
    frame = (x + 0.03, y + 0.05)
    if value is None:
        ax.add_patch(
            Rectangle(frame, 0.94, 0.9, facecolor="white", edgecolor="#DDDDDD", hatch="///", linewidth=0)
        )
        return
    colour = RED if value > red else "#F0C36D" if value > amber else "#EEF3F8"
    ax.add_patch(Rectangle(frame, 0.94, 0.9, facecolor=colour, linewidth=0))
    ink = "white" if value > red else "#222222"
    ax.text(x + 0.5, y + 0.5, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=7.5)
