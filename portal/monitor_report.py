"""Model cards and monitoring reports as files (模型卡、监测报告): counted by risk, written by reports.

The door brings the two together, for no stage may know another.
"""

from pathlib import Path

from sqlalchemy import Connection

from ingestion.quality import office_names
from portal.reading.monitoring import Month, draw_months, draw_report, indicator_rows, read_months
from registry import clock
from reports.model_card import write_model_card
from reports.monitor_report import write_monitor_report
from risk.card import read_card
from risk.source_words import COLUMNS, TABLES


def write_card(connection: Connection, run_id: int, folder: Path) -> list[Path]:
    """The model card of a run as HTML and PDF. Raises Refusal card.no_run."""
    card = read_card(connection, run_id)
    return write_model_card(vars(card), folder, clock.now(), office_names(connection))


def write_monitoring(connection: Connection, month: Month, folder: Path) -> list[Path]:
    """The report of one monitoring as HTML and PDF, with the months before it."""
    report = month.report
    months = read_months(connection, report["place"], report["as_of"])
    told = {
        "as_of": report["as_of"], "place": report["place"], "status": report["status"],
        "released": release_sentence(month), "findings": report["findings"], "figures": report["figures"],
        "indicators": indicator_rows(month), "tables": TABLES, "columns": COLUMNS,
        "districts": office_names(connection), "months": draw_months(months, report["place"]), "report": draw_report(month),
    }  # fmt: skip
    return write_monitor_report(told, folder, clock.now())


def release_sentence(month: Month) -> str:
    """Whether a grading is in use, by whose decision and why."""
    if month.release is None:
        asked = month.proposal
        said = "没有放行：排期、页面和报表仍用上一期结果，须两名不同人员看过本报告后放行。"
        return f"{said}{asked['proposed_by']} 已申请，等另一人批准。" if asked else said
    if month.release["how"] == "persons":
        return (
            f"由 {month.release['released_by']} 申请、{month.release['approved_by']} 批准，"
            f"于 {month.release['released_at']:%Y-%m-%d %H:%M} 放行；理由：{month.release['reason']}"
        )
    return f"{month.released_text}：{month.release['reason']}。"
