"""The same rows in every kind of file that the doors accept."""

import json
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

from tests.faults.bulk import Row
from tests.ingestion.papers import write_csv


def write_xlsx(path: Path, rows: list[Row]) -> Path:
    """The rows as a workbook of text cells."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        for place, heading in enumerate(rows[0]):
            sheet.write_string(0, place, heading)
            for line, row in enumerate(rows, start=1):
                sheet.write_string(line, place, row[heading])
    return path


def write_jsonl(path: Path, rows: list[Row]) -> Path:
    """The rows as JSON lines, empty cells as null."""
    lines = (json.dumps({h: cell or None for h, cell in row.items()}, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


FORMATS: dict[str, Callable[[Path, list[Row]], Path]] = {
    "csv": write_csv,
    "utf8.csv": lambda path, rows: write_csv(path, rows, "utf-8"),
    "gb18030.csv": lambda path, rows: write_csv(path, rows, "gb18030"),
    "utf16.csv": lambda path, rows: write_csv(path, rows, "utf-16"),
    "utf16be.csv": lambda path, rows: write_csv(path, rows, "utf-16-be"),
    "xlsx": write_xlsx,
    "jsonl": write_jsonl,
}
"""Suffix → how to write."""
