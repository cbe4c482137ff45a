"""The backtest's report (滚动回测报告): one HTML page with everything in it, and the figures as CSV.

Tested by risk, drawn by reports; the door brings the two together, for no stage may know another.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from registry import clock
from reports.backtest import WORDS, backtest_charts
from reports.pages import write_page
from risk.backtest import Backtest

PARTS = {
    "all": "全部检查",
    "random": "只看不定向（随机）抽查",
    "known": "以前查过的",
    "first_time": "首次受检的",
}


def write_backtest(result: Backtest, folder: Path) -> list[Path]:
    """Write `backtest.html` and `backtest.csv` (a row for each window and score); returns their paths."""
    plain = asdict(result)
    page = write_page(
        folder / "backtest.html",
        "backtest.html.j2",
        as_of=result.as_of,
        place=result.place,
        made_at=clock.now(),
        rules_version=result.rules_version,
        data_hash=result.data_hash,
        parts=[{"title": _title(part, plain["pooled"][part]), "rows": pooled_rows(result, part)} for part in PARTS],
        windows=[_window_row(window) for window in result.windows],
        charts=backtest_charts(plain),
        reasons=[f"{window['snapshot']}：{window['reason']}" for window in result.windows],
    )  # fmt: skip
    figures = folder / "backtest.csv"
    rows = result.rows()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with figures.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return [page, figures]


def pooled_rows(result: Backtest, part: str = "all") -> list[tuple[str, str, str]]:
    """Score, mean AUC and the chosen one's difference from it, best first, in words."""
    scores, against = result.pooled[part]["scores"], result.against[part]
    return [
        (WORDS.get(name, name), _interval(scores[name]), _interval(against[name], "+") if name in against else "")
        for name in sorted(scores, key=lambda name: -scores[name][0])
    ]  # fmt: skip


def _title(part: str, pooled: Mapping[str, Any]) -> str:
    return f"{PARTS[part]}（{pooled['windows']} 期，检查 {pooled['visits']:,} 次，发现问题 {pooled.get('problems', 0):,} 次）"


def _window_row(window: Mapping[str, Any]) -> tuple[str, ...]:
    own = window["scores"]["chosen"]
    return (
        window["snapshot"], window["until"], window["trained_until"], f"{window['visits']:,}",
        f"{window['problems']:,}", WORDS[window["chosen"]], _interval(own["auc"]), f"{own['ece']:.3f}",
        f"{own['capture']:.1%}",
    )  # fmt: skip


def _interval(value: list[float], sign: str = "") -> str:
    middle, low, high = (f"{number:{sign}.3f}" for number in value)
    return f"{middle}（{low} 至 {high}）"
