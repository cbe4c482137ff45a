"""Pictures of a roster (排班图): the search, people out of those able to go, everybody's half-days, the calendar.

Internal (内部资料): they show counts of visits and people, never an enterprise, its class or its urgency.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter

from reports.canvas import BLUE, GREEN, GREY, ORANGE, RED, Chart, paint

OFF = "#E4E4E4"
INK = "#222222"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", RED, "#F0E442", GREY)
HALVES = {"am": "上午", "pm": "下午"}
SHOWN_NUMBERS = 70
"""Working days up to which every cell has room for its number."""
STEEP = 4.0
"""Times the bound from which the value's fall is shown on a logarithmic scale."""

SMALL_GAP = 0.01
"""Below it a gap is told with a digit more."""
MOST_TOLD = 10
"""Gaps written into the picture of a search, at most: more would lie upon each other."""


@dataclass(frozen=True)
class SearchPoint:
    """A point of the search (求解过程): seconds, value, proved bound, visits placed."""

    seconds: float
    value: float
    bound: float
    placed: int

    @property
    def gap(self) -> float:
        """(value - bound) / bound; 0 at the bound."""
        return max(0.0, self.value - self.bound) / max(self.bound, 1.0)


@dataclass(frozen=True)
class HalfDay:
    """A department's half-day: people out on visits of those able to go."""

    department: str
    day: date
    half: str
    out: int
    able: int


@dataclass(frozen=True)
class PersonHalfDay:
    """An inspector's half-day on a visit or on leave (`kind` visit or leave)."""

    inspector: str
    department: str
    day: date
    half: str
    kind: str


@dataclass(frozen=True)
class CalendarDay:
    """A day of the period: working or not, the share of objects it is quiet for, visits by lead department."""

    day: date
    working: bool
    quiet_share: float
    visits: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """Visits of all departments."""
        return sum(count for _, count in self.visits)


def chart_search(points: Sequence[SearchPoint]) -> Chart:
    """Value and bound over time, with the gap (目标值、下界与差距)."""
    last = points[-1]

    said = (
        f"{last.seconds:,.1f} 秒后目标值 {last.value:,.0f}，下界 {last.bound:,.0f}，差距 {_exact(last)}，"
        f"排入 {last.placed:,} 次。"
    )
    rows = [
        (f"{p.seconds:.1f}", f"{p.value:,.1f}", f"{p.bound:,.1f}", _exact(p), f"{p.placed:,}") for p in points
    ]
    return paint(
        "search",
        "求解过程",
        said,
        ("秒", "目标值", "下界", "差距", "已排入"),
        rows,
        lambda ax: _paint_search(ax, points),
        (6.8, 3.4),
    )


def _paint_search(ax: Axes, points: Sequence[SearchPoint]) -> None:
    seconds = [p.seconds for p in points]
    values, bounds = [p.value for p in points], [p.bound for p in points]
    if values[0] > STEEP * max(bounds[-1], 1.0):  # a missing visit costs a thousand times its week
        ax.set_yscale("log")
        ax.yaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.fill_between(seconds, bounds, values, step="post", color=ORANGE, alpha=0.18, linewidth=0, label="差距")
    ax.step(seconds, values, where="post", color=BLUE, marker="o", markersize=2.5, label="目标值")
    ax.step(seconds, bounds, where="post", color=GREEN, linewidth=1.6, label="已证明的下界")
    for point in _told(points):
        ax.annotate(
            _gap(point.gap) if point.placed else NO_GAP,
            (point.seconds, point.value),
            xytext=(3, 4),
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
    ax.margins(x=0.06, y=0.12)
    ax.set(xlabel="秒", ylabel="紧急优先（加权周数，越低越好）")
    ax.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=9)


NO_GAP = "—"


def _exact(point: SearchPoint) -> str:
    """Where nothing has a date yet, value and bound are the same prices: no gap worth telling."""
    return f"{point.gap:.2%}" if point.placed else NO_GAP


def _gap(gap: float) -> str:
    if gap < SMALL_GAP:
        return f"{gap:.2%}"
    return f"{gap:.1%}" if gap < 1 else f"{gap:,.0%}"


def _told(points: Sequence[SearchPoint]) -> list[SearchPoint]:
    """The first point, the last, and in between those where the gap has fallen by a third since the last one told."""
    told = [points[0]]
    for point in points[1:-1]:
        apart = (points[-1].seconds - points[0].seconds) / MOST_TOLD
        if point.gap < told[-1].gap * 2 / 3 and point.seconds - told[-1].seconds > apart:
            told.append(point)
    return [*told, points[-1]] if len(points) > 1 else told


def chart_manning(cells: Sequence[HalfDay]) -> Chart:
    """People out of those able to go, departments by half-days (各部门各半日外出人数与可派人数)."""
    days = sorted({c.day for c in cells})
    lines = list(dict.fromkeys((c.department, c.half) for c in cells))
    column = {day: n for n, day in enumerate(days)}
    row = {line: n for n, line in enumerate(lines)}

    def painter(ax: Axes) -> None:
        for cell in cells:
            _paint_cell(
                ax, column[cell.day], row[cell.department, cell.half], cell, len(days) <= SHOWN_NUMBERS
            )
        _days_below(ax, days, len(lines))
        ax.set_yticks([n + 0.5 for n in range(len(lines))], [f"{d} {HALVES.get(h, h)}" for d, h in lines])
        for n in range(2, len(lines), 2):
            ax.axhline(n, color=INK, linewidth=0.8)
        handles = [
            Patch(facecolor=_shade(0.0), edgecolor="#CCCCCC", label="无人外出"),
            Patch(facecolor=_shade(0.5), label="一半外出"),
            Patch(facecolor=_shade(1.0), label="全部外出"),
            Patch(facecolor=RED, label="超过可派人数"),
            Patch(facecolor=OFF, label="无人可派"),
        ]
        _legend_above(ax, handles)

    full = sum(c.out == c.able > 0 for c in cells)
    over = sum(c.out > c.able for c in cells)
    said = f"{len(lines) // 2} 个部门，{len(days)} 个工作日；{full} 个半日全部外出，{over} 个半日超过可派人数。格内为外出人数。"
    rows = [(c.department, c.day.isoformat(), HALVES.get(c.half, c.half), c.out, c.able) for c in cells]
    headings = ("部门", "日期", "半日", "外出", "可派")
    size = (1.7 + _width(days), 0.95 + 0.21 * len(lines))
    return paint("manning", "各部门外出人数", said, headings, rows, painter, size)


def _width(days: Sequence[date]) -> float:
    return max(5.0, min(0.165 * len(days), 13.0))


def _paint_cell(ax: Axes, x: int, y: int, cell: HalfDay, numbered: bool) -> None:
    share = cell.out / cell.able if cell.able else 0.0
    face: str | tuple[float, float, float] = _shade(share)
    if cell.out > cell.able:
        face = RED
    elif not cell.able:
        face = OFF
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor="#DDDDDD", linewidth=0.3))
    if numbered and cell.out:
        ink = "white" if share > 0.55 else INK
        ax.text(x + 0.5, y + 0.54, str(cell.out), fontsize=5.5, color=ink, ha="center", va="center")


def _shade(share: float) -> tuple[float, float, float]:
    dark, light = (0.0, 0.30, 0.52), (0.95, 0.97, 0.99)
    red, green, blue = (low + (high - low) * min(share, 1.0) for low, high in zip(light, dark, strict=True))
    return red, green, blue


def _days_below(ax: Axes, days: Sequence[date], height: int) -> None:
    """Working days as columns: a line before each week, its first day written below."""
    weeks = {day - timedelta(days=day.weekday()): n for n, day in reversed(list(enumerate(days)))}
    for n in weeks.values():
        ax.axvline(n, color="#888888", linewidth=0.7)
    ax.set(xlim=(0, len(days)), ylim=(height, 0))
    starts = sorted(weeks.values())
    ax.set_xticks(starts, [f"{days[n]:%m-%d}" for n in starts])
    ax.tick_params(axis="x", labelsize=8, rotation=45)
    ax.tick_params(axis="y", length=0, labelsize=8.5)


def _legend_above(ax: Axes, handles: Sequence[Patch]) -> None:
    ax.legend(
        handles=list(handles),
        frameon=False,
        ncols=len(handles),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        fontsize=8,
    )


def chart_people(duties: Sequence[PersonHalfDay], days: Sequence[date]) -> Chart:
    """Everybody's half-days, once the team lottery has been held (人员甘特图); by department and id, no ranking."""
    people = list(dict.fromkeys((d.department, d.inspector) for d in duties))
    departments = list(dict.fromkeys(department for department, _ in people))
    colour = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(departments)}
    column, row = {day: n for n, day in enumerate(days)}, {person: n for n, (_, person) in enumerate(people)}
    by_person: dict[str, list[PersonHalfDay]] = defaultdict(list)
    for duty in duties:
        by_person[duty.inspector].append(duty)

    def left(duty: PersonHalfDay) -> float:
        return column[duty.day] + (0.52 if duty.half == "pm" else 0.02)

    def painter(ax: Axes) -> None:
        for department, name in people:
            frame = (row[name] + 0.12, 0.76)
            out = [(left(d), 0.46) for d in by_person[name] if d.kind == "visit"]
            away = [(left(d), 0.46) for d in by_person[name] if d.kind == "leave"]
            ax.broken_barh(out, frame, facecolor=colour[department], linewidth=0)
            ax.broken_barh(away, frame, facecolor=OFF, hatch="////", edgecolor="white", linewidth=0)
        _days_below(ax, days, len(people))
        ax.set_yticks([n + 0.5 for n in range(len(people))], [name for _, name in people])
        ax.tick_params(axis="y", labelsize=6)
        for n in range(1, len(people)):
            if people[n][0] != people[n - 1][0]:
                ax.axhline(n, color=INK, linewidth=0.8)
        _legend_above(
            ax,
            [
                *(Patch(facecolor=colour[d], label=d) for d in departments),
                Patch(facecolor=OFF, hatch="////", label="请假"),
            ],
        )

    counts = [(d, p, sum(x.kind == "visit" for x in by_person[p])) for d, p in people]
    said = f"{len(people)} 人，外出共 {sum(n for *_, n in counts):,} 个半日，每格左半为上午、右半为下午。"
    rows = [(d, p, n) for d, p, n in counts]
    size = (1.5 + _width(days), 0.95 + 0.13 * max(len(people), 4))
    return paint("people", "人员外出安排", said, ("部门", "工号", "外出半日"), rows, painter, size)


def chart_month(days: Sequence[CalendarDay]) -> Chart:
    """Calendar (检查日历): visits a day, below them a bar by lead department; quiet days hatched, days off grey."""
    monday = days[0].day - timedelta(days=days[0].day.weekday())
    weeks = (days[-1].day - monday).days // 7 + 1
    most = max((day.total for day in days), default=0) or 1
    departments = list(dict.fromkeys(name for day in days for name, _ in day.visits))
    colour = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(departments)}

    def painter(ax: Axes) -> None:
        for day in days:
            _paint_day(ax, day, (day.day - monday).days // 7, most, colour)
        ax.set(xlim=(0, 7), ylim=(weeks, 0))
        ax.set_xticks([n + 0.5 for n in range(7)], [f"周{name}" for name in "一二三四五六日"])
        starts = [monday + timedelta(weeks=n) for n in range(weeks)]
        ax.set_yticks([n + 0.5 for n in range(weeks)], [f"{start:%m-%d} 起" for start in starts])
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        ax.spines[:].set_visible(False)
        handles = [
            *(Patch(facecolor=colour[d], label=f"{d}牵头") for d in departments),
            Patch(facecolor="white", edgecolor=ORANGE, hatch="////", label="安静日（越密，覆盖企业越多）"),
            Patch(facecolor=OFF, label="休息日"),
        ]
        ax.legend(
            handles=handles, frameon=False, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4, fontsize=8
        )

    quiet, busy = sum(d.quiet_share > 0 for d in days), [d for d in days if d.total]
    peak = max(busy, key=lambda d: d.total, default=None)
    said = (
        f"{sum(d.total for d in busy):,} 次入企安排在 {len(busy)} 天"
        + (f"，最多的 {peak.day} 有 {peak.total} 次" if peak else "")
        + f"；{quiet} 天对部分或全部企业是安静日。"
    )
    rows = [
        (
            d.day.isoformat(),
            "工作日" if d.working else "休息日",
            f"{d.quiet_share:.0%}",
            d.total,
            "、".join(f"{n} {c}" for n, c in d.visits),
        )
        for d in days
    ]
    headings = ("日期", "工作日", "安静日覆盖", "入企次数", "牵头部门")
    return paint("month", "检查日历", said, headings, rows, painter, (6.8, 1.2 + 0.5 * weeks))


def _paint_day(ax: Axes, day: CalendarDay, week: int, most: int, colour: dict[str, str]) -> None:
    left = day.day.weekday() + 0.03
    face = "white" if day.working else OFF
    ax.add_patch(
        Rectangle((left, week + 0.04), 0.94, 0.92, facecolor=face, edgecolor="#CCCCCC", linewidth=0.5)
    )
    if day.quiet_share > 0 and day.working:
        hatch = "/" * (2 + round(3 * day.quiet_share))
        ax.add_patch(
            Rectangle(
                (left, week + 0.04),
                0.94,
                0.64,
                fill=False,
                hatch=hatch,
                edgecolor=ORANGE,
                linewidth=0,
                alpha=0.55,
            )
        )
    named = f"{day.day.month}月{day.day.day}日" if day.day.day == 1 else f"{day.day.day}"
    box = {"facecolor": face, "edgecolor": "none", "pad": 0.8}
    ax.text(left + 0.05, week + 0.25, named, fontsize=7, color=INK, va="center", bbox=box)
    if not day.total:
        return
    ax.text(
        left + 0.52, week + 0.42, f"{day.total}", color=INK, ha="center", va="center", fontsize=11, bbox=box
    )
    start, full = left + 0.04, 0.86 * day.total / most
    for name, count in day.visits:
        width = full * count / day.total
        ax.add_patch(Rectangle((start, week + 0.74), width, 0.17, facecolor=colour[name], linewidth=0))
        start += width
