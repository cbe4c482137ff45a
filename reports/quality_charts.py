"""Pictures of data quality (数据质量图表): rates by month, office by dataset, days to report, faults by code.

They take plain figures; who counts them is no concern of theirs.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter

from reports.canvas import BLUE, GREEN, GREY, ORANGE, RED, Chart, paint

LINE_COLOURS = (BLUE, ORANGE, GREEN, RED, "#CC79A7", "#56B4E9", "#7A6A00", GREY)
MARKS = "osD^vPX*"
DASHES = ("-", "--", ":")
FAULTS_SHOWN = 15
NEARLY_ALL = 0.9
"""The palest of a heat table is 100 %, the darkest no better than this: small differences look small."""
PALE, DARK = np.array([0.95, 0.97, 0.99]), np.array([0.0, 0.30, 0.52])


def chart_months(
    name: str, measure: str, lines: Mapping[str, Mapping[date, float]], threshold: float | None = None,
    percent: bool = True,
) -> Chart:  # fmt: skip
    """One measure by month (月度走势): a line a dataset, and the threshold of alerts where there is one."""
    months = sorted({month for line in lines.values() for month in line})
    places = {month: number for number, month in enumerate(months)}

    def painter(ax: Axes) -> None:
        for number, (title, line) in enumerate(lines.items()):
            at = sorted(line)
            ax.plot(
                [places[month] for month in at], [line[month] for month in at], label=title, linewidth=1.5,
                color=LINE_COLOURS[number % 8], marker=MARKS[number % 8], markersize=4.5,
                linestyle=DASHES[number // 8 % 3],
            )  # fmt: skip
        if threshold is not None:
            ax.axhline(threshold, color="#222222", linestyle=(0, (1, 2)), linewidth=1, label="预警线")
        step = max(1, len(months) // 12 + (len(months) % 12 > 0 and len(months) > 12))
        ax.set_xticks(range(0, len(months), step), [f"{month:%Y-%m}" for month in months[::step]])
        if len(months) > 8:
            ax.tick_params(axis="x", rotation=30)
        ax.set_ylabel(measure)
        if percent:
            ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
            low, high = ax.get_ylim()
            ax.set_ylim(max(-0.02, low - 0.01), min(1.03, high + 0.01))
        ax.grid(axis="y", color="#E4E8EE", linewidth=0.7)
        ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    def text(value: float | None) -> str:
        return "—" if value is None else f"{value:.2%}" if percent else f"{value:g}"

    rows = [(f"{month:%Y-%m}", *(text(line.get(month)) for line in lines.values())) for month in months]
    spread = f"{months[0]:%Y-%m} 至 {months[-1]:%Y-%m}" if months else "没有数据"
    latest = "；".join(f"{title} {text(line[max(line)])}" for title, line in lines.items() if line)
    said = f"{spread}，各类数据最近一月：{latest}。"
    return paint(name, f"{measure}：按月", said, ("月份", *lines), rows, painter, (7.4, 3.2))


def chart_heat(
    name: str, measure: str, offices: Sequence[str], datasets: Sequence[str],
    values: Mapping[tuple[str, str], float],
) -> Chart:  # fmt: skip
    """One share by office and dataset (机构 × 数据集). Offices stand in the order given: no ranking."""
    low = min([NEARLY_ALL, *values.values()])

    def painter(ax: Axes) -> None:
        for y, office in enumerate(offices):
            for x, dataset in enumerate(datasets):
                value = values.get((office, dataset))
                _paint_cell(ax, x, y, value, (1 - (value or 0.0)) / (1 - low))
        ax.set(xlim=(0, len(datasets)), ylim=(len(offices), 0))
        ax.set_xticks(
            [n + 0.5 for n in range(len(datasets))], datasets, rotation=25, ha="right", fontsize=8.5
        )
        ax.set_yticks([n + 0.5 for n in range(len(offices))], offices, fontsize=8.5)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)

    rows = [
        (office, *("—" if (office, d) not in values else f"{values[office, d]:.2%}" for d in datasets))
        for office in offices
    ]
    said = f"{len(offices)} 个机构、{len(datasets)} 类数据；颜色越深，{measure}越低；斜线为没有数据。"
    size = (7.4, 1.3 + 0.3 * max(len(offices), 2))
    return paint(name, f"{measure}：机构 × 数据集", said, ("机构", *datasets), rows, painter, size)


def chart_delays(name: str, counts: Mapping[int, int], limit: int) -> Chart:
    """Working days from decision to first report (报送用时分布), with the line of the clock."""
    last = max(limit + 8, 15)
    days = list(range(last + 1))
    heights = [counts.get(day, 0) for day in days[:-1]]
    heights.append(sum(many for day, many in counts.items() if day >= last))
    total = sum(counts.values())
    late = sum(many for day, many in counts.items() if day > limit)

    def painter(ax: Axes) -> None:
        ax.bar(days, heights, color=[ORANGE if day > limit else BLUE for day in days], width=0.8)
        ax.axvline(limit + 0.5, color="#222222", linestyle="--", linewidth=1)
        ax.set_xticks(days, [*(str(day) for day in days[:-1]), f"{last}+"], fontsize=8.5)
        ax.set(xlabel="决定后的工作日（决定次日为第 1 日）", ylabel="决定件数")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        ax.legend(
            handles=[Patch(facecolor=BLUE, label="及时"), Patch(facecolor=ORANGE, label=f"迟报（超过 {limit} 个工作日）")],
            frameon=False, loc="upper right",
        )  # fmt: skip

    share = f"{late / total:.2%}" if total else "—"
    said = f"共 {total:,} 件决定，其中 {late:,} 件（{share}）首次报送超过 {limit} 个工作日。"
    names = [*(str(day) for day in days[:-1]), f"{last} 及以上"]
    rows = [(name, f"{many:,}") for name, many in zip(names, heights, strict=True)]
    return paint(name, "从作出决定到首次报送", said, ("工作日", "件数"), rows, painter, (7.4, 3.0))


def chart_faults(name: str, counts: Sequence[tuple[str, str, int]]) -> Chart:
    """Faults by code (问题构成, Pareto): (code, words, rows), with the cumulated share."""
    ordered = sorted(counts, key=lambda entry: (-entry[2], entry[0]))
    shown, total = ordered[:FAULTS_SHOWN], sum(entry[2] for entry in ordered)
    shares = np.cumsum([entry[2] for entry in shown]) / (total or 1)

    def painter(ax: Axes) -> None:
        labels = [f"{words}（{code}）" for code, words, _ in shown]
        bars = ax.barh(labels, [entry[2] for entry in shown], color=BLUE, height=0.65)
        texts = [f"{entry[2]:,}（累计 {share:.0%}）" for entry, share in zip(shown, shares, strict=True)]
        ax.bar_label(bars, texts, padding=4, fontsize=8.5)
        ax.invert_yaxis()
        ax.margins(x=0.25)
        ax.tick_params(axis="y", labelsize=8.5)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        ax.set_xlabel("问题行数（一行可有几个问题）")

    rows = [
        (code, words, f"{many:,}", f"{share:.1%}")
        for (code, words, many), share in zip(shown, shares, strict=True)
    ]
    said = f"共 {total:,} 行次、{len(ordered)} 种问题" + (f"，最多的是“{shown[0][1]}”。" if shown else "。")
    size = (7.4, 0.9 + 0.3 * max(len(shown), 2))
    return paint(name, "问题构成", said, ("代码", "问题", "行数", "累计占比"), rows, painter, size)


def _paint_cell(ax: Axes, x: int, y: int, value: float | None, strength: float) -> None:
    frame = (x + 0.03, y + 0.05)
    if value is None:
        ax.add_patch(
            Rectangle(frame, 0.94, 0.9, facecolor="white", edgecolor="#DDDDDD", hatch="///", linewidth=0)
        )
        return
    face = PALE + (DARK - PALE) * strength
    ax.add_patch(Rectangle(frame, 0.94, 0.9, facecolor=tuple(float(part) for part in face), linewidth=0))
    ink = "white" if strength > 0.5 else "#222222"
    ax.text(x + 0.5, y + 0.5, f"{value:.1%}", ha="center", va="center", color=ink, fontsize=8)
