"""The fault workbook (问题数据表): faulty rows as they came, with what to do. Mended, it can be sent back."""

from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import Connection, select

from ingestion.datasets import DATASETS
from ingestion.decode import OWN_HEADINGS
from registry.errors import Refusal
from registry.tables.batch import Batch, RowFault

ROW, COLUMN, WHAT = f"{OWN_HEADINGS}原行号】", f"{OWN_HEADINGS}问题所在】", f"{OWN_HEADINGS}怎么改】"
LINE = f"{OWN_HEADINGS}原文】"


def write_fault_workbook(connection: Connection, batch_id: int, path: Path) -> int:
    """Write the faulty rows of a batch; returns how many.

    Columns are the file's own, then three of ours (headings in 【】) that ingestion passes over when the mended
    workbook comes back. Every cell is text: a leading = + - @ is never a formula, 18-digit codes stay whole.
    Raises Refusal batch.unknown, batch.without_faults.
    """
    batch = connection.execute(select(Batch.dataset).where(Batch.id == batch_id)).scalar_one_or_none()
    if batch is None:
        raise Refusal("batch.unknown", f"没有第 {batch_id} 批。", "请从批次列表里选择。", 404)
    rows = _faulty_rows(connection, batch_id)
    if not rows:
        raise Refusal("batch.without_faults", f"第 {batch_id} 批没有问题数据。", "无需更正。", 404)
    headings = _headings(batch, rows)
    own = [ROW, COLUMN, WHAT] + ([LINE] if any("" in row["raw"] for row in rows) else [])
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        bold, wrong = workbook.add_format({"bold": True}), workbook.add_format({"bg_color": "#FFE699"})
        sheet = workbook.add_worksheet("问题数据")
        sheet.freeze_panes(1, 0)
        for place, heading in enumerate([*headings, *own]):
            sheet.write_string(0, place, heading, bold)
        for line, row in enumerate(rows, start=1):
            for place, heading in enumerate(headings):
                cell = row["raw"].get(heading, "")
                sheet.write_string(line, place, cell, wrong if heading in row["columns"] else None)
            for place, text in enumerate(_own_cells(row, len(own)), start=len(headings)):
                sheet.write_string(line, place, text)
    return len(rows)


def _faulty_rows(connection: Connection, batch_id: int) -> list[dict[str, Any]]:
    """Faults gathered by row, in the order of the file."""
    faults = select(RowFault.row_no, RowFault.column, RowFault.sentence, RowFault.raw).where(
        RowFault.batch_id == batch_id
    )
    rows: dict[int, dict[str, Any]] = {}
    for row_no, column, sentence, raw in connection.execute(faults.order_by(RowFault.row_no, RowFault.id)):
        row = rows.setdefault(row_no, {"row_no": row_no, "raw": raw, "columns": {}, "sentences": []})
        row["columns"][column] = None
        row["sentences"].append(f"{column}：{sentence}" if column else sentence)
    return list(rows.values())


def _headings(dataset: str, rows: list[dict[str, Any]]) -> list[str]:
    """The file's headings, in the order of the data standard where they follow it."""
    present = {heading for row in rows for heading in row["raw"] if heading}
    standard = (
        [name for c in DATASETS[dataset].columns if not c.personal for name in c.names()]
        if dataset in DATASETS
        else []
    )
    known = [heading for heading in dict.fromkeys(standard) if heading in present]
    return (known + sorted(present - set(known))) or DATASETS[dataset].headings()


def _own_cells(row: dict[str, Any], many: int) -> list[str]:
    cells = [
        str(row["row_no"]),
        "、".join(filter(None, row["columns"])),
        "".join(row["sentences"]),
        row["raw"].get("", ""),
    ]
    return cells[:many]
