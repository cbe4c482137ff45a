"""Pictures of a learner on an outsider's table (外部表图表): ROC, precision, calibration, lift, probabilities, columns.

They take points of lines; where these come from is no concern of theirs.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from reports.canvas import BLUE, GREY, ORANGE, Chart, paint

Points = Sequence[Sequence[float]]
SIZE = (5.2, 3.9)
ROWS_SHOWN = 21
COLUMNS_SHOWN = 20


def chart_roc(points: Points, auc: str) -> Chart:
    """ROC (受试者工作特征曲线): (false positive rate, true positive rate)."""
    return _line(
        "roc", "ROC 曲线 ROC curve", f"AUC {auc}；虚线为随便猜。Dashed: guessing.", points,
        ("误报率 False positive rate", "查全率 True positive rate"), diagonal=True,
    )  # fmt: skip


def chart_precision(points: Points, average: str, base: float) -> Chart:
    """Precision and recall (查准—查全): (recall, precision), and the base rate."""
    said = f"平均查准率 AP {average}；虚线为总体发生率 {base:.2%}。Dashed: base rate."
    names = ("查全率 Recall", "查准率 Precision")
    return _line("pr", "查准率与查全率 Precision and recall", said, points, names, level=base)


def chart_lift_line(points: Points) -> Chart:
    """Lift (提升度) by the share of rows taken from the top: (share, lift)."""
    said = "风险最高的一部分行，发生率是总体的多少倍；虚线为 1。How many times the base rate."
    names = ("从高到低取的比例 Share taken", "倍数 Lift")
    return _line("lift", "提升度 Lift", said, points, names, level=1.0, share_only=True)


def chart_reliability(points: Points, ece: str) -> Chart:
    """Calibration (概率校准): (predicted, observed, rows) of equally filled bins, with 95 % of chance."""
    predicted, observed, rows = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    top = float(max(predicted.max(), observed.max())) * 1.12 or 1.0
    chance = 1.96 * np.sqrt(np.maximum(predicted * (1 - predicted), 1e-9) / rows)

    def painter(ax: Axes) -> None:
        ax.plot([0, top], [0, top], color=GREY, linestyle="--", linewidth=1)
        ax.errorbar(
            predicted, observed, yerr=chance, color=BLUE, marker="o", markersize=5, linewidth=1, capsize=3
        )
        ax.set(xlim=(0, top), ylim=(min(0, float((observed - chance).min())), top))
        ax.set(xlabel="预测概率 Predicted", ylabel="实际发生率 Observed")
        _percent(ax)

    cells = [(f"{p:.3%}", f"{o:.3%}", f"{int(n):,}") for p, o, n in points]
    said = f"等量分组，ECE {ece}；竖线为偶然波动的 95% 范围。Bars: 95 % of chance."
    heads = ("预测 Predicted", "实际 Observed", "行数 Rows")
    return paint("reliability", "预测概率与实际是否一致 Calibration", said, heads, cells, painter, SIZE)


def chart_probabilities(points: Points) -> Chart:
    """Probabilities by outcome (概率分布): (lower edge, rows without, rows with the outcome); rows on a log scale."""
    edges, without, with_it = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    width = 1 / len(edges)

    def painter(ax: Axes) -> None:
        ax.bar(edges + 0.3 * width, without, width=0.38 * width, color=BLUE, label="未发生 without")
        ax.bar(edges + 0.7 * width, with_it, width=0.38 * width, color=ORANGE, label="发生 with")
        ax.set_yscale("symlog", linthresh=1)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        ax.set(xlabel="概率 Probability", ylabel="行数（对数刻度）Rows, log scale")
        ax.legend(frameon=False)

    cells = [(f"{e:.0%}–{e + width:.0%}", f"{int(a):,}", f"{int(b):,}") for e, a, b in points]
    said = "两种结论的行各得到怎样的概率。Which probabilities rows of either outcome got."
    heads = ("概率 Probability", "未发生 without", "发生 with")
    return paint("probabilities", "概率分布 Probabilities by outcome", said, heads, cells, painter, SIZE)


def chart_importance(entries: Sequence[tuple[str, float]]) -> Chart:
    """What the score rests on (各列作用): (column, mean absolute contribution in log-odds)."""
    shown = [(name if len(name) <= 24 else f"{name[:23]}…", value) for name, value in entries[:COLUMNS_SHOWN]]

    def painter(ax: Axes) -> None:
        ax.barh(range(len(shown)), [value for _, value in shown], color=BLUE, height=0.65)
        ax.set_yticks(range(len(shown)), [name for name, _ in shown], fontsize=8.5, parse_math=False)
        ax.invert_yaxis()
        ax.set_xlabel("平均作用（对数几率）Mean absolute contribution, log-odds")

    cells = [(name, f"{value:.4f}") for name, value in entries]
    said = "作用相加等于得分；这里是绝对值的平均。Contributions add up to the score."
    size = (7.4, 0.9 + 0.26 * max(len(shown), 2))
    return paint(
        "importance",
        "得分依据哪些列 What the score rests on",
        said,
        ("列 Column", "作用"),
        cells,
        painter,
        size,
    )


def _line(
    name: str, title: str, said: str, points: Points, names: tuple[str, str], diagonal: bool = False,
    level: float | None = None, share_only: bool = False,
) -> Chart:  # fmt: skip
    xs, ys = ([float(point[i]) for point in points] for i in (0, 1))

    def painter(ax: Axes) -> None:
        ax.plot(xs, ys, color=BLUE, linewidth=1.6)
        if diagonal:
            ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
        if level is not None:
            ax.axhline(level, color=GREY, linestyle="--", linewidth=1)
        ax.set(xlabel=names[0], ylabel=names[1], xlim=(0, 1))
        ax.set_ylim(0, max(ys) * 1.05 if share_only else 1.02)
        if not share_only:
            _percent(ax)
        else:
            ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))

    step = max(1, len(points) // ROWS_SHOWN)
    rows = [(f"{x:.3f}", f"{y:.3f}") for x, y in zip(xs[::step], ys[::step], strict=True)]
    return paint(name, title, said, names, rows, painter, SIZE)


def _percent(ax: Axes) -> None:
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
