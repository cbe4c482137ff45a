"""The quality report (数据质量报告): one HTML page that carries everything in it, and the figures as CSV.

Counted by ingestion, drawn by reports; the door brings the two together, for no stage may know another.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ingestion.quality import rates
from ingestion.quality_alerts import MEASURES
from portal.reading.quality import NAMES, Desk, fault_counts, fault_sentence, plain, shown, title_of
from registry import clock
from registry.rules import load_rules
from reports.pages import write_page

DATASET_COLUMNS = (
    "dataset", "read", "faulty", "pass_rate", "repeated", "repeat_rate", "dated", "late", "late_rate", "timely_rate",
    "mended", "mending_days",
)  # fmt: skip
OFFICE_COLUMNS = ("dataset", "office", *DATASET_COLUMNS[1:])
MONTH_COLUMNS = ("month", *OFFICE_COLUMNS)
_FORMULA = ("=", "+", "-", "@", "−", "＝", "＋", "－", "＠", "\t", "\r")


def write_quality_report(desk: Desk, place: str, folder: Path) -> list[Path]:
    """Write `quality.html`, `quality.csv` (by month, dataset and office) and `faults.csv`; returns their paths."""
    months = [f"{month:%Y-%m}" for month in (desk.months[0], desk.months[-1])]
    page = write_page(
        folder / "quality.html",
        "quality.html.j2",
        first=months[0],
        last=months[1],
        day=desk.day,
        place=place,
        made_at=clock.now(),
        rules_version=load_rules().version,
        limit=desk.figures.limit,
        cards=cards(desk),
        alerts=[
            {"sentence": a.sentence(desk.offices), "noticed_at": a.noticed_at, "month": a.month}
            for a in desk.alerts
        ],
        alert_month=max((alert.month for alert in desk.alerts), default=None),
        bases=list(dict.fromkeys(f"{MEASURES[alert.measure][0]}：{alert.basis}" for alert in desk.alerts)),
        headings=NAMES | {"mending_days": "更正时长"},
        dataset_columns=DATASET_COLUMNS,
        office_columns=[name for name in OFFICE_COLUMNS if name != "late_rate"],  # a page is so wide
        by_dataset=for_people(desk, desk.by_dataset, DATASET_COLUMNS),
        by_office=for_people(desk, desk.by_office, OFFICE_COLUMNS),
        charts=desk.charts,
        faults=[
            {"code": code, "words": words, "rows": f"{many:,}", "sentence": fault_sentence(code)}
            for code, words, many in fault_counts(desk.figures)
        ],
    )
    figures, faults = folder / "quality.csv", folder / "faults.csv"
    figures.write_text(figures_csv(desk), encoding="utf-8-sig", newline="")
    faults.write_text(faults_csv(desk), encoding="utf-8-sig", newline="")
    return [page, figures, faults]


def cards(desk: Desk) -> list[dict[str, str]]:
    """The whole period in four boxes."""
    total = {
        name: sum(row[name] for row in desk.by_dataset)
        for name in ("read", "faulty", "repeated", "dated", "late")
    }

    def share(part: int, whole: int, worse: bool) -> str:
        return "—" if not whole else f"{part / whole if worse else 1 - part / whole:.2%}"

    days = desk.figures.mendings["days"]
    return [
        {"name": "合格率", "value": share(total["faulty"], total["read"], False),
         "said": f"报送 {total['read']:,} 行，问题 {total['faulty']:,} 行"},
        {"name": "及时率", "value": share(total["late"], total["dated"], False),
         "said": f"决定 {total['dated']:,} 件，迟报 {total['late']:,} 件"},
        {"name": "重复率", "value": share(total["repeated"], total["read"], True), "said": f"重复 {total['repeated']:,} 行"},
        {"name": "更正时长", "value": f"{days.median():g} 个工作日" if len(days) else "—", "said": f"已更正 {len(days):,} 件（中位数）"},
    ]  # fmt: skip


def for_people(desk: Desk, rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows with names for codes and percentages for shares."""
    return [{name: _shown(desk, name, row[name]) for name in columns} for row in rows]


def figures_csv(desk: Desk) -> str:
    """The figures by month, dataset and office."""
    rows = plain(rates(desk.figures, ("month", "dataset", "office")))
    headings = ["月份", "数据集", "机构代码", "机构", *(NAMES[name] for name in DATASET_COLUMNS[1:])]
    lines = [
        [
            f"{row['month']:%Y-%m}", title_of(row["dataset"]), row["office"], desk.office(row["office"]),
            *("" if row[name] is None else f"{row[name]:.6g}" for name in DATASET_COLUMNS[1:]),
        ]
        for row in rows
    ]  # fmt: skip
    return csv_text(headings, lines)


def faults_csv(desk: Desk) -> str:
    """Faulty rows by month, dataset, office and code."""
    frame = desk.figures.faults.sort_values(["month", "dataset", "office", "code"])
    lines = [
        [f"{month:%Y-%m}", title_of(dataset), office, desk.office(office), code, rows]
        for dataset, office, month, code, rows in frame.to_numpy().tolist()
    ]
    return csv_text(["月份", "数据集", "机构代码", "机构", "问题代码", "行数"], lines)


def csv_text(headings: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    """CSV that a spreadsheet opens as text: a leading = + - @ is no formula."""
    kept = io.StringIO(newline="")
    writer = csv.writer(kept)
    writer.writerow(headings)
    for line in lines:
        writer.writerow([_harmless(cell) for cell in line])
    return kept.getvalue()


def _harmless(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _shown(desk: Desk, column: str, value: Any) -> str:
    if column == "dataset":
        return title_of(value)
    if column == "office":
        return desk.office(value)
    return f"{value:%Y-%m}" if isinstance(value, date) else shown(column, value)
