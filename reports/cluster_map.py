"""The map of travel clusters (出行片区图): where the doors of a plan lie, and which are visited on one trip."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes

from reports.canvas import BLUE, GREEN, ORANGE, RED, Chart, paint

COLOURS = (BLUE, ORANGE, GREEN, RED)
MARKS = ("o", "s", "^", "D", "v", "P")
"""Colour and mark take turns at different lengths, so that neighbours on the list differ in both."""
NAMED = 30
"""Most clusters whose names are written on the map; with more, the table has them."""

Door = tuple[str, float, float]


def chart_clusters(doors: Iterable[Door], unknown: int = 0) -> Chart:
    """Doors (cluster, longitude, latitude) by cluster; `unknown` more have no coordinates. Internal."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for cluster, longitude, latitude in doors:
        found[cluster].append((longitude, latitude))
    spots = {name: np.array(found[name]) for name in sorted(found)}

    def painter(ax: Axes) -> None:
        for number, (name, own) in enumerate(spots.items()):
            colour, mark = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
            middle = own.mean(axis=0)
            for spot in own:
                ax.plot(*np.array([middle, spot]).T, color=colour, linewidth=0.5, alpha=0.5)
            ax.scatter(own[:, 0], own[:, 1], s=14, color=colour, marker=mark, linewidths=0)
            if len(spots) <= NAMED:
                ax.annotate(
                    f"{name} {len(own)} 户", middle, fontsize=7, xytext=(0, 4), textcoords="offset points"
                )
        ax.set_xlabel("经度")
        ax.set_ylabel("纬度")
        if spots:
            ax.set_aspect(1 / np.cos(np.deg2rad(np.concatenate(list(spots.values()))[:, 1].mean())))
        ax.margins(0.08)

    rows = [
        (name, f"{len(own):,}", f"{own[:, 0].mean():.4f}", f"{own[:, 1].mean():.4f}")
        for name, own in spots.items()
    ]
    doors_shown = sum(len(own) for own in spots.values())
    said = f"{doors_shown} 户分属 {len(spots)} 个出行片区" + (
        f"；另有 {unknown} 户没有经纬度" if unknown else ""
    )
    headings = ("片区", "户数", "中心经度", "中心纬度")
    return paint("clusters", "出行片区", f"{said}。", headings, rows, painter, (7.2, 5.4))
