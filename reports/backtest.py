"""The pictures of a backtest (滚动回测图表): AUC over windows, regret, lift, calibration, capture. Plain values in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from reports.canvas import BLUE, GREEN, GREY, ORANGE, RED, Chart, paint
from reports.charts import chart_calibration

WORDS = {
    "chosen": "所选", "lightgbm": "LightGBM", "logistic": "逻辑回归", "rule_score": "专家评分卡",
    "mean_score": "历次平均得分", "last_result": "上次结果", "group_rate": "分组发现率",
}  # fmt: skip
"""Scores in the order of tables, with their names for people."""
COLOURS = {
    "chosen": "#222222", "lightgbm": GREEN, "logistic": BLUE, "rule_score": ORANGE, "mean_score": "#CC79A7",
    "last_result": RED, "group_rate": GREY,
}  # fmt: skip
MARKS = dict(zip(WORDS, "osD^vPX", strict=True))
LIFTS = (("lift_1", "前 1%"), ("lift_5", "前 5%"), ("lift_10", "前 10%"))
Entry = Mapping[str, Any]


def backtest_charts(result: Mapping[str, Any]) -> dict[str, Chart]:
    """All charts of a backtest by name, drawn from its plain values (`risk.backtest.Backtest` as a dict)."""
    names = [name for name in WORDS if name in result["regret"]]
    charts = [
        _chart_auc(result["windows"], names),
        _chart_regret(result["regret"], names, result["metric"]),
        _chart_lift(result["windows"], names),
        chart_calibration(result["calibration"]),
        _chart_capture(result["capture"], names, result["capacity_share"]),
    ]
    return {chart.name: chart for chart in charts}


def _chart_auc(windows: Sequence[Entry], names: Sequence[str]) -> Chart:
    def painter(ax: Axes) -> None:
        for at, name in enumerate(names):
            shift = (at - (len(names) - 1) / 2) * 0.1
            middle, low, high = (
                [window["scores"][name]["auc"][part] for window in windows] for part in range(3)
            )
            places = [number + shift for number in range(len(windows))]
            below = [m - lo for m, lo in zip(middle, low, strict=True)]
            above = [hi - m for m, hi in zip(middle, high, strict=True)]
            ax.errorbar(
                places, middle, yerr=[below, above], color=COLOURS[name], marker=MARKS[name], markersize=4.5,
                linewidth=1.1, elinewidth=0.9, label=WORDS[name],
            )  # fmt: skip
        ax.axhline(0.5, color=GREY, linestyle="--", linewidth=1)
        ax.set_xticks(range(len(windows)), [window["snapshot"][:7] for window in windows])
        ax.set(xlabel="检验期的时点", ylabel="AUC（95% 区间）")
        ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    rows = [
        (window["snapshot"], *("{:.3f}（{:.3f}–{:.3f}）".format(*window["scores"][n]["auc"]) for n in names))
        for window in windows
    ]
    said = f"{len(windows)} 个检验期；每期只用该时点之前已知悉的标签训练、选择和校准。"
    headings = ("时点", *(WORDS[n] for n in names))
    return paint("backtest-auc", "各检验期的 AUC", said, headings, rows, painter, (7.6, 3.6))


def _chart_regret(regret: Mapping[str, float], names: Sequence[str], metric: str) -> Chart:
    ordered = sorted(names, key=lambda name: regret[name])

    def painter(ax: Axes) -> None:
        values = [regret[name] for name in ordered]
        bars = ax.barh([WORDS[n] for n in ordered], values, color=[COLOURS[n] for n in ordered], height=0.6)
        ax.bar_label(bars, [f"{value:.3f}" for value in values], padding=4)
        ax.invert_yaxis()
        ax.margins(x=0.14)
        ax.set_xlabel(f"平均遗憾（该期最好者的 {metric.upper()} 减自己的，越小越好）")

    rows = [(WORDS[name], f"{regret[name]:.4f}") for name in ordered]
    said = "每期与当期最好者相差多少，取各期平均。"
    return paint("backtest-regret", "平均遗憾", said, ("得分", "平均遗憾"), rows, painter, (6.8, 3.0))


def _chart_lift(windows: Sequence[Entry], names: Sequence[str]) -> Chart:
    means = {n: [_mean(windows, n, key) for key, _ in LIFTS] for n in names}

    def painter(ax: Axes) -> None:
        width = 0.8 / len(names)
        for at, name in enumerate(names):
            places = [number + (at - (len(names) - 1) / 2) * width for number in range(len(LIFTS))]
            ax.bar(places, means[name], width=width * 0.92, color=COLOURS[name], label=WORDS[name])
        ax.axhline(1, color=GREY, linestyle="--", linewidth=1)
        ax.set_xticks(range(len(LIFTS)), [words for _, words in LIFTS])
        ax.set_ylabel("相对随机抽取的倍数")
        ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    rows = [(WORDS[n], *(f"{value:.2f}" for value in means[n])) for n in names]
    said = "得分最高的一部分中，发现问题的比例是随机抽取的多少倍；各期平均，虚线为随机。"
    headings = ("得分", *(words for _, words in LIFTS))
    return paint("backtest-lift", "提升度", said, headings, rows, painter, (7.6, 3.2))


def _mean(windows: Sequence[Entry], name: str, key: str) -> float:
    return sum(float(window["scores"][name][key]) for window in windows) / len(windows)


def _chart_capture(curves: Mapping[str, Any], names: Sequence[str], capacity: float) -> Chart:
    def painter(ax: Axes) -> None:
        for name in names:
            shares, found = zip(*curves[name], strict=True)
            ax.plot(shares, found, color=COLOURS[name], linewidth=1.4, label=WORDS[name])
        ax.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="随机")
        ax.axvline(capacity, color="#222222", linestyle=":", linewidth=1, label=f"检查力量 {capacity:.0%}")
        ax.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="检查得分最高的比例", ylabel="发现的问题占全部问题")
        ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    shown = [point[0] for point in curves[names[0]]][1::2]
    rows = [
        (WORDS[name], *(f"{value:.1%}" for share, value in curves[name] if share in shown)) for name in names
    ]
    said = "按得分从高到低检查，查到的问题占全部问题的比例；各期平均。"
    headings = ("得分", *(f"{share:.0%}" for share in shown))
    return paint("backtest-capture", "检查力量以内能查到多少", said, headings, rows, painter, (7.6, 3.6))
