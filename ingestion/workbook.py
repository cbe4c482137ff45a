"""The fault workbook (问题数据表): faulty rows as they came, with what to do. Mended, it can be sent back."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import xlsxwriter
from sqlalchemy import Connection, RowMapping, func, select
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ingestion.datasets import DATASETS
from ingestion.decode import OWN_HEADINGS
from registry.errors import Refusal
from registry.tables.batch import Batch, RowFault

ROW, COLUMN, WHAT = f"{OWN_HEADINGS}原行号】", f"{OWN_HEADINGS}问题所在】", f"{OWN_HEADINGS}怎么改】"
LINE = f"{OWN_HEADINGS}原文】"
ROWS_A_SHEET = 1_000_000
"""A sheet holds 1,048,576; the rest goes on in a further sheet with the same headings, which ingestion reads too."""
ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet may take for a formula at the start of a cell."""
TEXT = 49
"""Excel's own number for the format “text” (@)."""
HOW = (
    "这张表只有没有入库的行，列名和原文件一样。黄色的格子有问题，最右边写着怎么改。",
    "在原处改正后保存，从批次页面的“送回改正后的表”送回，或用 wurao ingest 归集；不必改文件名。",
    "方括号【】里的列是系统加的，送回时不读。【原文】是没能分成各列的整行，请照它把各列填好。",
    "不需要的行可以整行删去。没有改好的行会再次列出。所有格子都是文本：代码不会变成科学计数法，等号开头的内容不会成为公式。",
)  # fmt: skip


def write_fault_workbook(
    connection: Connection, batch_id: int, path: Path, only: Sequence[int] | None = None, note: str = ""
) -> int:
    """Write the faulty rows of a batch, or `only` those of some row numbers; returns how many.

    note: a sentence for the sheet of explanations.

    Columns are the file's own, then three of ours (headings in 【】) that ingestion passes over when the mended
    workbook comes back. Every cell is text, and stays text when it is edited: a leading = + - @ is never a formula,
    18-digit codes stay whole. Constant memory. Raises Refusal batch.unknown, batch.without_faults.
    """
    batch = _batch(connection, batch_id)
    headings, broken = _headings(connection, batch)
    own = [ROW, COLUMN, WHAT] + ([LINE] if broken else [])
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        formats = _Formats(workbook)
        written, sheet = 0, None
        for row in _faulty_rows(connection, batch_id, only):
            if written % ROWS_A_SHEET == 0:
                sheet = _new_sheet(workbook, written // ROWS_A_SHEET + 1, headings, own, formats)
            assert sheet is not None
            _write_row(sheet, written % ROWS_A_SHEET + 1, row, headings, own, formats)
            written += 1
        sheet = workbook.add_worksheet("说明")
        sheet.set_column(0, 0, 110)
        for line, sentence in enumerate((f"{batch['file_name']}，第 {batch_id} 批。{note}", *HOW)):
            sheet.write_string(line, 0, sentence)
    if not written:
        raise Refusal("batch.without_faults", f"第 {batch_id} 批没有问题数据。", "无需更正。", 404)
    return written


class _Formats:
    """Cell formats: text, marked where wrong, and neutralised where a spreadsheet might see a formula."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        made = {
            (wrong, active): workbook.add_format(
                {"num_format": TEXT}
                | ({"bg_color": "#FFE699"} if wrong else {})
                | ({"quote_prefix": True} if active else {})
            )
            for wrong in (False, True)
            for active in (False, True)
        }
        self.bold = workbook.add_format({"bold": True, "num_format": TEXT})
        self.plain = made[False, False]
        self._made = made

    def of(self, cell: str, wrong: bool) -> Format:
        return self._made[wrong, cell.startswith(ACTIVE)]


def _batch(connection: Connection, batch_id: int) -> RowMapping:
    wanted = select(Batch.id, Batch.dataset, Batch.file_name, Batch.headings).where(Batch.id == batch_id)
    batch = connection.execute(wanted).mappings().first()
    if batch is None:
        raise Refusal("batch.unknown", f"没有第 {batch_id} 批。", "请从批次列表里选择。", 404)
    return batch


def _headings(connection: Connection, batch: RowMapping) -> tuple[list[str], bool]:
    """The file's headings in its order, and whether there are lines that could not be told apart into columns.

    Batches older than the record of headings have those of their faulty rows, in the order of the data standard.
    """
    keys = select(func.jsonb_object_keys(RowFault.raw)).where(RowFault.batch_id == batch["id"])
    present = set(connection.execute(keys.distinct()).scalars())
    known = (batch["headings"] or {}).get("file")
    if known:
        return known, "" in present
    dataset = DATASETS.get(batch["dataset"])
    standard = [name for c in dataset.columns if not c.personal for name in c.names()] if dataset else []
    ours = [heading for heading in dict.fromkeys(standard) if heading in present]
    strange = sorted(present - set(ours) - {""})
    return (ours + strange) or (dataset.headings() if dataset else []), "" in present


def _new_sheet(workbook: xlsxwriter.Workbook, number: int, headings: list[str], own: list[str],
               formats: _Formats) -> Worksheet:  # fmt: skip
    sheet = workbook.add_worksheet("问题数据" if number == 1 else f"问题数据{number}")
    sheet.freeze_panes(1, 0)
    # The whole column is text: what a person types into it stays as typed, too.
    sheet.set_column(0, len(headings) + len(own) - 1, 20, formats.plain)
    sheet.set_column(len(headings) + 2, len(headings) + len(own) - 1, 60, formats.plain)
    for place, heading in enumerate([*headings, *own]):
        sheet.write_string(0, place, heading, formats.bold)
    return sheet


def _write_row(sheet: Worksheet, line: int, row: dict[str, Any], headings: list[str], own: list[str],
               formats: _Formats) -> None:  # fmt: skip
    for place, heading in enumerate(headings):
        cell = row["raw"].get(heading, "")
        sheet.write_string(line, place, cell, formats.of(cell, heading in row["columns"]))
    cells = {
        ROW: str(row["row_no"]),
        COLUMN: "、".join(filter(None, row["columns"])),
        WHAT: "".join(row["sentences"]),
        LINE: row["raw"].get("", ""),
    }
    for place, heading in enumerate(own, start=len(headings)):
        sheet.write_string(line, place, cells[heading], formats.of(cells[heading], wrong=False))


def _faulty_rows(
    connection: Connection, batch_id: int, only: Sequence[int] | None
) -> Iterator[dict[str, Any]]:
    """Faults gathered by row, in the order of the file, as the database hands them on."""
    faults = select(RowFault.row_no, RowFault.column, RowFault.sentence, RowFault.raw).where(
        RowFault.batch_id == batch_id
    )
    if only is not None:
        faults = faults.where(RowFault.row_no.in_(only))
    ordered = faults.order_by(RowFault.row_no, RowFault.id)
    found = connection.execute(ordered, execution_options={"stream_results": True, "max_row_buffer": 5000})
    for row_no, same in groupby(found, key=attrgetter("row_no")):
        yield _gathered(row_no, [*same])


def _gathered(row_no: int, faults: Sequence[Any]) -> dict[str, Any]:
    return {
        "row_no": row_no,
        "raw": faults[0].raw,
        "columns": list(dict.fromkeys(fault.column for fault in faults)),
        "sentences": [f"{f.column}：{f.sentence}" if f.column else f.sentence for f in faults],
    }
