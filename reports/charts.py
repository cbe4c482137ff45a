"""The six pictures of a plan (图表): classes, calibration, doors, calendar, load, lift."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from registry.vocabulary import CLASS_NAMES
from reports.canvas import BLUE, GREEN, GREY, ORANGE, RED, Chart, paint
from reports.window import WindowDay

CLASS_COLOURS = {"A": GREEN, "B": BLUE, "C": ORANGE, "D": RED}
DEPARTMENT_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", RED, "#F0E442", GREY)


@dataclass(frozen=True)
class Doors:
    """How many doors the same checks need (敲门数), from nobody coordinating to the roster."""

    checks: int
    """On-site checks that are due: drawn ones and duties."""
    independent: float
    shared: int
    visits: int
    placed: int
    """Checks that the roster's visits carry out."""


@dataclass(frozen=True)
class Load:
    """One inspector's visits and minutes (个人工作量)."""

    staff_no: str
    department: str
    visits: int
    minutes: int


def chart_classes(counts: Mapping[str, int]) -> Chart:
    """Class distribution (信用风险分类分布): households by class; internal."""
    total = sum(counts.values())
    names = [f"{level} {CLASS_NAMES.get(level, '')}" for level in counts]
    shares = [many / total if total else 0.0 for many in counts.values()]

    def painter(ax: Axes) -> None:
        bars = ax.bar(
            names, list(counts.values()), color=[CLASS_COLOURS.get(c, GREY) for c in counts], width=0.6
        )
        labels = [f"{many:,} 户\n{share:.1%}" for many, share in zip(counts.values(), shares, strict=True)]
        ax.bar_label(bars, labels, padding=3)
        ax.margins(y=0.2)
        ax.set_ylabel("户数")
        _whole_numbers(ax)

    rows = [
        (name, f"{many:,}", f"{s:.2%}") for name, many, s in zip(names, counts.values(), shares, strict=True)
    ]
    said = "；".join(f"{level} 类 {many} 户" for level, many in counts.items())
    return paint(
        "classes", "信用风险分类分布", f"共 {total} 户：{said}。", ("分类", "户数", "占比"), rows, painter
    )


def chart_calibration(points: Sequence[Sequence[float]]) -> Chart:
    """Calibration (概率校准): predicted against observed, one point a bin of (predicted, observed, n)."""
    predicted, observed, sizes = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    top = float(max(predicted.max(), observed.max())) * 1.12 or 1.0

    def painter(ax: Axes) -> None:
        ax.plot([0, top], [0, top], color=GREY, linestyle="--", linewidth=1, label="完全一致")
        ax.plot(predicted, observed, color=BLUE, linewidth=1)
        area = 25 + 230 * np.sqrt(sizes / sizes.max())
        ax.scatter(
            predicted,
            observed,
            s=area,
            color=BLUE,
            alpha=0.75,
            edgecolor="white",
            label="各概率段（圆越大户数越多）",
        )
        ax.set(xlim=(0, top), ylim=(0, top), xlabel="预测的问题概率", ylabel="实际发现问题的比例")
        _percent(ax, both=True)
        ax.legend(frameon=False, loc="upper left")

    rows = [(f"{p:.2%}", f"{o:.2%}", f"{int(n):,}") for p, o, n in points]
    worst = float(np.abs(predicted - observed).max())
    said = f"{len(points)} 个概率段，预测与实际相差最多 {worst:.1%}。"
    return paint("calibration", "预测概率与实际是否一致", said, ("预测", "实际", "样本数"), rows, painter)


def chart_doors(doors: Doors) -> Chart:
    """Doors saved by coordination (统筹少敲的门): expectation under independent draws, shared tickets, the roster."""
    steps = (
        ("各部门各查各的", float(doors.checks), GREY),
        ("合并入企，但各自独立抽取（期望）", doors.independent, ORANGE),
        ("共用签号抽取并合并", float(doors.shared), BLUE),
        ("实际排定的入企次数", float(doors.visits), GREEN),
    )

    def painter(ax: Axes) -> None:
        bars = ax.barh([s[0] for s in steps], [s[1] for s in steps], color=[s[2] for s in steps], height=0.6)
        ax.bar_label(bars, [f"{step[1]:,.0f}" for step in steps], padding=4)
        ax.invert_yaxis()
        ax.margins(x=0.12)
        ax.set_xlabel("入企次数")

    saved = doors.placed - doors.visits
    said = f"应入企检查 {doors.checks} 户次，已排 {doors.placed} 户次，合并为入企 {doors.visits} 次，少敲 {saved} 次门。"
    rows = [(name, f"{value:,.0f}") for name, value, _ in steps]
    return paint("doors", "统筹少敲了多少门", said, ("做法", "入企次数"), rows, painter, (6.8, 2.8))


def chart_calendar(days: Sequence[WindowDay]) -> Chart:
    """Calendar (检查日历): visits a day over the window, quiet days hatched, days off grey."""
    monday = days[0].day - timedelta(days=days[0].day.weekday())
    weeks = (days[-1].day - monday).days // 7 + 1
    most = max(day.visits for day in days) or 1

    def painter(ax: Axes) -> None:
        for day in days:
            _paint_day(ax, day, (day.day - monday).days // 7, most)
        ax.set(xlim=(0, 7), ylim=(weeks, 0))
        ax.set_xticks([n + 0.5 for n in range(7)], [f"周{name}" for name in "一二三四五六日"])
        starts = [monday + timedelta(weeks=n) for n in range(weeks)]
        ax.set_yticks([n + 0.5 for n in range(weeks)], [f"{start:%m-%d} 起" for start in starts])
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        ax.spines[:].set_visible(False)
        ax.legend(
            handles=[
                Patch(facecolor=BLUE, label="有检查（越深越多）"),
                Patch(facecolor="white", edgecolor=ORANGE, hatch="////", label="企业安静日（斜线越密，覆盖企业越多）"),
                Patch(facecolor="#E4E4E4", label="休息日"),
            ],
            frameon=False, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, fontsize=8.5,
        )  # fmt: skip

    quiet = sum(day.quiet_share > 0 for day in days)
    busy = sum(day.visits > 0 for day in days)
    title = "检查日历与企业安静日"
    said = (
        f"{len(days)} 天中 {quiet} 天对部分或全部企业是安静日，检查安排在 {busy} 天，最多的一天 {most} 次。"
    )
    rows = [
        (
            day.day.isoformat(),
            "工作日" if day.working else "休息日",
            f"{day.quiet_share:.0%}",
            str(day.visits),
        )
        for day in days
    ]
    headings = ("日期", "工作日", "安静日覆盖", "入企次数")
    return paint("calendar", title, said, headings, rows, painter, (6.8, 0.9 + 0.42 * weeks))


def chart_load(loads: Sequence[Load]) -> Chart:
    """Load by inspector (人员工作量): visits a person, by department in order of staff number; not a ranking."""
    departments = list(dict.fromkeys(load.department for load in loads))
    colours = dict(zip(departments, DEPARTMENT_COLOURS * (len(departments) // 8 + 1), strict=False))

    def painter(ax: Axes) -> None:
        ax.bar(
            range(len(loads)),
            [x.visits for x in loads],
            color=[colours[x.department] for x in loads],
            width=0.85,
        )
        for department in departments:
            mine = [place for place, load in enumerate(loads) if load.department == department]
            mean = sum(loads[place].visits for place in mine) / len(mine)
            ax.plot([mine[0] - 0.45, mine[-1] + 0.45], [mean, mean], color="#222222", linewidth=1.2)
        ax.set_xticks([])
        ax.set(xlabel="检查人员（按部门、工号排列；横线为部门平均）", ylabel="派出次数")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
        handles = [Patch(facecolor=colours[name], label=name) for name in departments]
        ax.legend(
            handles=handles, frameon=False, ncols=6, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=9
        )

    visits = [load.visits for load in loads]
    said = f"{len(loads)} 人，最少 {min(visits)} 次，最多 {max(visits)} 次，平均 {sum(visits) / len(visits):.1f} 次。"
    rows = [(x.staff_no, x.department, str(x.visits), str(x.minutes)) for x in loads]
    headings = ("工号", "部门", "派出次数", "检查分钟")
    return paint("load", "人员工作量", said, headings, rows, painter, (6.8, 3.2))


def chart_lift(points: Sequence[Sequence[float]]) -> Chart:
    """Lift (提升度): problems found among the riskiest share of (share, lift), against a random pick."""
    shares = [f"前 {share:.0%}" for share, *_ in points]
    lifts = [float(point[1]) for point in points]

    def painter(ax: Axes) -> None:
        bars = ax.bar(shares, lifts, color=BLUE, width=0.5)
        ax.bar_label(bars, [f"{lift:.1f} 倍" for lift in lifts], padding=3)
        ax.axhline(1, color=GREY, linestyle="--", linewidth=1)
        ax.margins(y=0.18)
        ax.set_ylabel("相对随机抽取的倍数")

    rows = [(share, f"{lift:.2f}") for share, lift in zip(shares, lifts, strict=True)]
    said = "风险最高的一部分中，发现问题的比例是随机抽取的多少倍；虚线为随机。"
    return paint("lift", "模型提升度", said, ("风险最高的", "倍数"), rows, painter)


def _paint_day(ax: Axes, day: WindowDay, week: int, most: int) -> None:
    left, hatch = day.day.weekday(), "/" * (2 + round(3 * day.quiet_share))
    strength = day.visits / most
    face = (*_mix(strength), 1.0) if day.visits else ("white" if day.working else "#E4E4E4")
    ax.add_patch(
        Rectangle((left + 0.03, week + 0.04), 0.94, 0.92, facecolor=face, edgecolor="#CCCCCC", linewidth=0.5)
    )
    if day.quiet_share > 0:
        frame = (left + 0.03, week + 0.04)
        ax.add_patch(Rectangle(frame, 0.94, 0.92, fill=False, hatch=hatch, edgecolor=ORANGE, linewidth=0))
    ink = "white" if strength > 0.55 else "#222222"
    ax.text(left + 0.08, week + 0.3, f"{day.day.day}", fontsize=7.5, color=ink, va="center")
    if day.visits:
        ax.text(left + 0.55, week + 0.55, f"{day.visits}", color=ink, ha="center", va="center", fontsize=11)


def _mix(strength: float) -> tuple[float, float, float]:
    light, dark = np.array([0.86, 0.93, 0.98]), np.array([0.0, 0.35, 0.6])
    red, green, blue = light + (dark - light) * strength
    return float(red), float(green), float(blue)


def _whole_numbers(ax: Axes) -> None:
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _percent(ax: Axes, both: bool) -> None:
    for axis in (ax.xaxis, ax.yaxis) if both else (ax.yaxis,):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
