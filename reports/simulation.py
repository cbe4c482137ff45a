"""The simulation report (测算报告): alternatives side by side, as a table, pictures and one page. Plain figures only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from registry import clock
from reports.canvas import BLUE, GREEN, GREY, ORANGE, RED, Chart, paint
from reports.pages import write_page

CLASS_COLOURS = {"A": GREEN, "B": BLUE, "C": ORANGE, "D": RED}
DEPARTMENT_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", RED, "#F0E442", GREY)
COLUMNS = (
    "方案",
    "检查项次",
    "其中现场",
    "入企户数",
    "各自抽取时",
    "联合检查占比",
    "无事不扰比例",
    "最不利时",
    "力量最紧",
)


@dataclass(frozen=True)
class Outcome:
    """One alternative's figures as reports need them; `conflict` where its rules cannot hold."""

    name: str
    conflict: Sequence[str] = ()
    relief: Sequence[str] = ()
    checks: int = 0
    onsite: int = 0
    doors: float = 0.0
    doors_apart: float = 0.0
    joint_share: float = 0.0
    undisturbed: float = 1.0
    undisturbed_worst: float = 1.0
    coverage: Mapping[str, float] = field(default_factory=dict)
    coverage_onsite: Mapping[str, float] = field(default_factory=dict)
    capacity: Mapping[str, float] = field(default_factory=dict)
    moved: Sequence[str] = ()
    idle: Sequence[str] = ()


def outcome_rows(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """A row an alternative, in the words of COLUMNS, then coverage of each class."""
    return [_row(outcome, class_names(outcomes)) for outcome in outcomes]


def class_names(outcomes: Sequence[Outcome]) -> list[str]:
    """Classes that any alternative covers."""
    return sorted({klass for outcome in outcomes for klass in outcome.coverage})


def headings(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Column names of outcome_rows."""
    return (*COLUMNS, *(f"{klass} 类覆盖" for klass in class_names(outcomes)))


def _row(outcome: Outcome, classes: Sequence[str]) -> tuple[str, ...]:
    if outcome.conflict:
        return (outcome.name, "规定冲突", *("—" for _ in (*COLUMNS[2:], *classes)))
    tightest = max(outcome.capacity.items(), key=lambda item: item[1], default=None)
    return (
        outcome.name,
        f"{outcome.checks:,}",
        f"{outcome.onsite:,}",
        f"{outcome.doors:,.0f}",
        f"{outcome.doors_apart:,.0f}",
        f"{outcome.joint_share:.1%}",
        f"{outcome.undisturbed:.2%}",
        f"{outcome.undisturbed_worst:.2%}",
        f"{tightest[0]} {tightest[1]:.0%}" if tightest else "—",
        *(f"{outcome.coverage.get(klass, 0.0):.1%}" for klass in classes),
    )


def simulation_charts(outcomes: Sequence[Outcome]) -> list[Chart]:
    """Doors, coverage, capacity, and peace beside joint visits, of the alternatives that can be done."""
    done = [outcome for outcome in outcomes if not outcome.conflict]
    if not done:
        return []
    classes = class_names(done)
    departments = sorted({name for outcome in done for name in outcome.capacity})
    charts = [
        _bars("doors", "入企户数（期望）", "户", done, {
            "统一签号": (BLUE, lambda o: o.doors), "各任务各自抽取": (GREY, lambda o: o.doors_apart),
        }, False),
        _bars("coverage", "各类对象的覆盖率（至少检查一次）", "占该类在业对象", done, {
            f"{klass} 类": (CLASS_COLOURS.get(klass, GREY), _of("coverage", klass)) for klass in classes
        }),
        _bars("peace", "无事不扰比例与联合检查占比", "比例", done, {
            "无事不扰（期望）": (GREEN, lambda o: o.undisturbed),
            "无事不扰（最不利）": ("#56B4E9", lambda o: o.undisturbed_worst),
            "联合检查占比": (ORANGE, lambda o: o.joint_share),
        }),
    ]  # fmt: skip
    if departments:
        colours = {name: DEPARTMENT_COLOURS[n % 8] for n, name in enumerate(departments)}
        series = {name: (colours[name], _of("capacity", name)) for name in departments}
        charts.append(_bars("capacity", "检查力量使用", "占可用人次半天", done, series))
    return charts


Series = Mapping[str, tuple[str, Callable[[Outcome], float]]]


def _of(table: str, name: str) -> Callable[[Outcome], float]:
    def figure(outcome: Outcome) -> float:
        return float(getattr(outcome, table).get(name, 0.0))

    return figure


def _bars(
    name: str, title: str, unit: str, outcomes: Sequence[Outcome], series: Series, percent: bool = True
) -> Chart:
    """Groups of bars, one group an alternative."""
    width = 0.8 / len(series)

    def say(value: float) -> str:
        return f"{value:.1%}" if percent else f"{value:,.0f}"

    def painter(ax: Axes) -> None:
        for number, (label, (colour, figure)) in enumerate(series.items()):
            at = [n + (number - (len(series) - 1) / 2) * width for n in range(len(outcomes))]
            bars = ax.bar(at, [figure(o) for o in outcomes], width * 0.92, label=label, color=colour)
            if len(outcomes) * len(series) <= 12:
                ax.bar_label(bars, [say(figure(o)) for o in outcomes], padding=2, fontsize=7.5)
        ax.set_xticks(range(len(outcomes)), [o.name for o in outcomes], fontsize=8.5)
        if len(outcomes) > 4:
            ax.tick_params(axis="x", rotation=20)
        ax.set_ylabel(unit)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: say(value)))
        ax.margins(y=0.15)
        ax.grid(axis="y", color="#E4E8EE", linewidth=0.7)
        ax.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))

    rows = [(o.name, *(say(figure(o)) for _, figure in series.values())) for o in outcomes]
    said = "；".join(
        f"{o.name}：" + "，".join(f"{label} {say(figure(o))}" for label, (_, figure) in series.items())
        for o in outcomes
    )
    return paint(f"simulated-{name}", title, f"{said}。", ("方案", *series), rows, painter, (7.4, 3.2))


def write_simulation(
    path: Path, outcomes: Sequence[Outcome], place: str, as_of: date, window: tuple[date, date], **more: Any
) -> Path:
    """Write the page; `more` are `changes`, each alternative's changed rules in words, and `rules_version`."""
    return write_page(
        path,
        "simulation.html.j2",
        outcomes=outcomes,
        headings=headings(outcomes),
        rows=outcome_rows(outcomes),
        charts=simulation_charts(outcomes),
        place=place,
        as_of=as_of,
        window=window,
        made_at=clock.now(),
        **more,
    )
