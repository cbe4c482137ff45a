"""The canvas of charts (图表画布): SVG whose text stays text, with title and description, and its figures as a table."""

import io
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import pylopdf_fonts_zh_cn
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#8C8C8C"
"""Okabe and Ito's palette: told apart by every kind of colour vision, and in grey print by lightness."""
FONT = "Noto Sans SC"
FONT_STACK = (
    f"'{FONT}', 'Noto Sans CJK SC', 'Source Han Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
)
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": [FONT],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "axes.edgecolor": "#666666",
    "axes.axisbelow": True,
    "hatch.linewidth": 0.6,
}
_ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings belong to the process
_REGISTERED: list[str] = []


@dataclass(frozen=True)
class Chart:
    """A finished chart: its picture, what it shows in words, and its figures as a table."""

    name: str
    title: str
    description: str
    svg: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def paint(
    name: str,
    title: str,
    description: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    painter: Callable[[Axes], None],
    size: tuple[float, float] = (6.4, 3.4),
) -> Chart:
    """Run `painter` on empty axes of `size` inches and return the chart. `name` makes its SVG ids unique."""
    with _ONE_AT_A_TIME:
        _know_font()
        with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
            figure = Figure(figsize=size, layout="constrained")
            painter(figure.add_subplot())
            buffer = io.StringIO()
            FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    table = tuple(tuple(str(cell) for cell in row) for row in rows)
    svg = _described(buffer.getvalue(), name, title, description)
    return Chart(name, title, description, svg, tuple(headings), table)


def _know_font() -> None:
    if not _REGISTERED:
        path = str(pylopdf_fonts_zh_cn.sans_path())
        font_manager.fontManager.addfont(path)
        _REGISTERED.append(path)


def _described(svg: str, name: str, title: str, description: str) -> str:
    """The bare <svg> element with role, title and desc for screen readers, and fonts of the reader's machine.

    Several charts share one page, so matplotlib's ids of groups and its page-wide style sheet go.
    """
    body = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'^<svg([^>]*?) width="[^"]*" height="[^"]*"', r"<svg\1", body)
    head, rest = body.split(">", 1)
    label = f' role="img" aria-labelledby="{name}-title {name}-desc" stroke-linejoin="round">'
    words = (
        f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    )
    return head + label + words + rest.replace(f"'{FONT}'", FONT_STACK)
