"""Pictures of a model and of what it found (模型图表): scores beside baselines, weights, rates by class, groups."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from reports.canvas import BLUE, GREY, ORANGE, Chart, paint
from reports.charts import CLASS_COLOURS

WEIGHTS_SHOWN = 20
Interval = tuple[float, float, float]
"""A value with the ends of its interval."""


def chart_scores(name: str, title: str, measure: str, scores: Mapping[str, Interval], chosen: str) -> Chart:
    """One measure of every score with its interval (森林图), the chosen one marked."""
    names = list(scores)

    def painter(ax: Axes) -> None:
        for place, each in enumerate(names):
            value, low, high = scores[each]
            colour = BLUE if each == chosen else GREY
            ax.plot([low, high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
            ax.plot([value], [place], marker="o" if each == chosen else "D", color=colour, markersize=7)
            ax.annotate(
                f"{value:.3f}",
                (value, place),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=8.5,
            )
        ax.set_yticks(range(len(names)), names, fontsize=9)
        ax.set(ylim=(len(names) - 0.4, -0.7), xlabel=f"{measure}（横线为 95% 区间）")
        ax.grid(axis="x", color="#E4E8EE", linewidth=0.7)

    rows = [(each, *(f"{part:.3f}" for part in scores[each])) for each in names]
    best = scores.get(chosen)
    said = (
        f"所用评分“{chosen}”的 {measure} 为 {best[0]:.3f}。" if best else f"{len(names)} 种评分的 {measure}。"
    )
    size = (6.4, 0.9 + 0.42 * max(len(names), 2))
    return paint(name, title, said, ("评分", measure, "下限", "上限"), rows, painter, size)


def chart_weights(name: str, shares: Sequence[tuple[str, int, float]]) -> Chart:
    """Indicators by their share of all mean |contributions| (指标分量): (name, direction, share), largest first."""
    ordered = sorted(shares, key=lambda entry: -entry[2])
    shown = [entry for entry in ordered if entry[2] > 0][:WEIGHTS_SHOWN]
    colours = {1: ORANGE, -1: BLUE, 0: GREY}

    def painter(ax: Axes) -> None:
        bars = ax.barh([entry[0] for entry in shown], [entry[2] for entry in shown],
                       color=[colours[entry[1]] for entry in shown], height=0.65)  # fmt: skip
        ax.bar_label(bars, [f"{entry[2]:.1%}" for entry in shown], padding=4, fontsize=8.5)
        ax.invert_yaxis()
        ax.margins(x=0.15)
        ax.tick_params(axis="y", labelsize=8.5)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        handles = [Patch(facecolor=ORANGE, label="越大风险越高"), Patch(facecolor=BLUE, label="越大风险越低"),
                   Patch(facecolor=GREY, label="不限方向")]  # fmt: skip
        ax.legend(handles=handles, frameon=False, loc="lower right", fontsize=8.5)

    rest = sum(entry[2] for entry in ordered[len(shown) :])
    said = f"平均绝对贡献最大的 {len(shown)} 项指标，合计 {sum(e[2] for e in shown):.0%}；其余各项合计 {rest:.0%}。"
    rows = [(entry[0], {1: "正", -1: "负"}.get(entry[1], "—"), f"{entry[2]:.2%}") for entry in ordered]
    size = (6.8, 0.9 + 0.27 * max(len(shown), 2))
    return paint(name, "各指标的分量", said, ("指标", "方向", "占全部贡献"), rows, painter, size)


def chart_rates(
    name: str, title: str, rates: Mapping[str, tuple[int, int, Interval]],
    stated: Mapping[str, float] | None = None,
) -> Chart:  # fmt: skip
    """Find rate by class with exact intervals (各类发现率): class → (visits, problems, rate); `stated` as marks."""
    names = list(rates)

    def painter(ax: Axes) -> None:
        for place, each in enumerate(names):
            visits, problems, (value, low, high) = rates[each]
            colour = CLASS_COLOURS.get(each, GREY)
            if not visits:
                ax.text(place, 0.01, "没有检查", ha="center", fontsize=8.5, color=GREY)
                continue
            ax.plot([place, place], [low, high], color=colour, linewidth=2.5, solid_capstyle="butt")
            ax.plot([place], [value], marker="o", color=colour, markersize=8)
            ax.annotate(f"{value:.1%}\n{problems}/{visits}", (place, value), xytext=(13, -4),
                        textcoords="offset points", fontsize=8.5)  # fmt: skip
        marked = {names.index(k): v for k, v in (stated or {}).items() if k in names}
        if marked:
            ax.scatter(
                list(marked),
                list(marked.values()),
                marker="_",
                s=500,
                color="#222222",
                label="分类时所述概率",
            )
            ax.legend(frameon=False, loc="upper left", fontsize=8.5)
        ax.set_xticks(range(len(names)), [f"{each} 类" if len(each) == 1 else each for each in names])
        ax.set(xlim=(-0.5, len(names) - 0.3), ylim=(0, None), ylabel="发现问题的比例")
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))

    rows = [
        (each, f"{visits:,}", f"{found:,}", *((f"{part:.1%}" for part in rate) if visits else ("—",) * 3))
        for each, (visits, found, rate) in rates.items()
    ]
    said = (
        "；".join(f"{each} 类 {found}/{visits}" for each, (visits, found, _) in rates.items())
        + "。竖线为精确区间。"
    )
    return paint(name, title, said, ("类别", "检查", "发现问题", "发现率", "下限", "上限"), rows, painter)


def chart_groups(name: str, title: str, groups: Mapping[str, Mapping[str, int]]) -> Chart:
    """Shares of the classes in each group (各组类别构成), in the order given: no ranking."""
    names = [f"{group}（{sum(counts.values()):,}）" for group, counts in groups.items()]
    classes = list(next(iter(groups.values()), {}))

    def painter(ax: Axes) -> None:
        left = [0.0] * len(names)
        for each in classes:
            shares = [counts[each] / (sum(counts.values()) or 1) for counts in groups.values()]
            ax.barh(
                names, shares, left=left, color=CLASS_COLOURS.get(each, GREY), height=0.7, label=f"{each} 类"
            )
            for place, share in enumerate(shares):
                if share > 0.06:
                    ax.text(
                        left[place] + share / 2,
                        place,
                        f"{share:.0%}",
                        ha="center",
                        va="center",
                        color="white",
                        fontsize=8,
                    )
            left = [a + b for a, b in zip(left, shares, strict=True)]
        ax.invert_yaxis()
        ax.set_xlim(0, 1)
        ax.tick_params(axis="y", labelsize=8.5)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        ax.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=8.5)

    rows = [(group, *(f"{counts[each]:,}" for each in classes)) for group, counts in groups.items()]
    said = f"{len(groups)} 组的类别构成（括号内为户数），按名称或代码排列，不排名。"
    size = (6.8, 1.1 + 0.34 * max(len(names), 2))
    return paint(name, title, said, ("组别", *(f"{each} 类" for each in classes)), rows, painter, size)
