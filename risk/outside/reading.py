"""Reading (读表): CSV, TSV, Excel, JSON lines or Parquet → columns of text, with row numbers as the file counts them.

Nothing is guessed silently: what was passed over is said in `notes`, what cannot be read is refused with its row.
"""

from __future__ import annotations

import codecs
import csv
import importlib.util
import io
import itertools
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from registry.errors import Refusal
from risk.archive import BoolArray, IntArray, Texts

MAX_COLUMNS = 4_000
MAX_BYTES = 2 << 30
MAX_CELL = 1 << 20
HEADING_SEARCH = 10
"""Titles may stand above the headings: the row that holds the needed columns is looked for in so many rows."""
RAGGED_SHARE = 0.01
"""Rows with more cells than headings are left out and counted; where they are more than this, the file is refused."""
SHOWN = 5
_SEPARATORS = ",\t;|"
_UNKNOWN = frozenset(
    ("", "?", "NA", "N/A", "#N/A", "NAN", "NULL", "NONE", "NIL", "<NA>", "\\N", "NAT", "#DIV/0!", "#VALUE!",
     "#REF!", "#NAME?", "#NUM!", "#NULL!")
)  # fmt: skip
"""Cells that say nothing, in upper case."""

Row = tuple[int, Sequence[str]]


@dataclass(frozen=True)
class Table:
    """Columns of text, "" for unknown. `rows`: number of each row in the file, its first line being 1."""

    name: str
    columns: dict[str, Texts]
    rows: IntArray
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, chosen: BoolArray | IntArray) -> Table:
        """The table narrowed to some rows."""
        return Table(
            self.name, {k: v[chosen] for k, v in self.columns.items()}, self.rows[chosen], self.notes
        )

    def column(self, name: str) -> Texts:
        """A column by its heading. Raises Refusal table.no_column listing those there are."""
        if name in self.columns:
            return self.columns[name]
        known = "、".join(list(self.columns)[:40]) + ("…" if len(self.columns) > 40 else "")
        raise Refusal(
            "table.no_column", f"“{self.name}”里没有“{name}”列，有：{known}。", "请核对列名（区分大小写）。"
        )


def read_table(path: Path, needed: Sequence[str] = ()) -> Table:
    """Read a whole table. needed: headings that must be there; they also tell the heading row from titles.

    Raises Refusal table.* for a file that is missing, of an unknown kind, broken, empty or too large.
    """
    if not path.is_file():
        raise Refusal("table.missing", f"没有文件“{path}”。", "请核对路径。")
    if path.stat().st_size > MAX_BYTES:
        raise Refusal("table.too_large", f"“{path.name}”超过 {MAX_BYTES >> 30} GB。", "请拆分或先抽样。")
    kind = path.suffix.lower()
    if kind in (".csv", ".txt", ".tsv", ".data"):
        return _from_rows(path.name, _csv_rows(path), needed, [])
    if kind in (".xlsx", ".xlsm", ".xls", ".ods", ".et"):
        notes: list[str] = []
        return _from_rows(path.name, _excel_rows(path, notes), needed, notes)
    if kind in (".jsonl", ".ndjson", ".json"):
        return _from_records(path.name, _json_records(path), needed)
    if kind == ".parquet":
        return _from_parquet(path, needed)
    raise Refusal(
        "table.unknown_kind", f"不认识“{path.name}”的格式。", "请用 CSV、TSV、XLSX、JSONL 或 Parquet 文件。"
    )


def unknown(cell: str) -> bool:
    """Whether a stripped cell stands for an unknown value ('?', 'NA', empty and the like)."""
    return cell.upper() in _UNKNOWN


def _csv_rows(path: Path) -> Iterator[Row]:
    text = _decoded(path)
    csv.field_size_limit(MAX_CELL)
    separator = "\t" if path.suffix.lower() == ".tsv" else _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise Refusal(
            "table.broken", f"“{path.name}”第 {start} 行读不下去：{error}。", "请检查引号是否成对。"
        ) from error


def _separator(text: str) -> str:
    """The separator that most of the first lines hold, and hold alike."""
    lines = [line for line in itertools.islice(io.StringIO(text), 30) if line.strip()]
    counts = {s: [line.count(s) for line in lines] for s in _SEPARATORS}
    return max(_SEPARATORS, key=lambda s: (int(np.median(counts[s] or [0])), sum(counts[s])))


def _decoded(path: Path) -> str:
    """UTF-8 or UTF-16 by byte order mark, else UTF-8, else GB18030, each strictly."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        order: tuple[str, ...] = ("utf-16",)
    else:
        order = ("utf-8-sig", "gb18030")
    at = 0
    for encoding in order:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            at = max(at, error.start)
    raise Refusal(
        "table.encoding", f"“{path.name}”第 {content[:at].count(10) + 1} 行既不是 UTF-8 也不是 GB18030 编码。",
        "请另存为 UTF-8 编码。",
    )  # fmt: skip


def _excel_rows(path: Path, notes: list[str]) -> Iterator[Row]:
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        filled = [name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).height]
        if len(filled) > 1:
            notes.append(f"工作簿有 {len(filled)} 张非空工作表，只读第一张“{filled[0]}”。")
        for name in filled[:1]:
            sheet = workbook.get_sheet_by_name(name)
            for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1):
                yield number, [_cell_text(cell) for cell in row]
    except (CalamineError, OSError, ValueError) as error:
        raise Refusal(
            "table.broken", f"“{path.name}”打不开：{error}。", "请用 Excel 或 WPS 另存为 XLSX，或导出 CSV。"
        ) from error


def _cell_text(cell: Any) -> str:
    """A cell of a spreadsheet, of JSON or of Parquet as the text that a CSV would hold."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        number = float(cell)
        if number != number:  # NaN alone differs from itself
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(cell, (datetime, date)):
        return cell.isoformat()
    return json.dumps(cell, ensure_ascii=False) if isinstance(cell, (dict, list)) else str(cell)


def _where(error: Exception) -> str:
    """Where a JSON text breaks, in words; Python's own are English."""
    return f"（第 {error.lineno} 行第 {error.colno} 字起）" if isinstance(error, json.JSONDecodeError) else ""


def _json_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    text = _decoded(path)
    if text.lstrip().startswith("["):
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Refusal(
                "table.broken", f"“{path.name}”不是完整的 JSON{_where(error)}。", "请重新导出。"
            ) from error
        yield from ((n, _record(path, n, entry)) for n, entry in enumerate(entries, 1))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise Refusal(
                    "table.broken",
                    f"“{path.name}”第 {number} 行不是 JSON{_where(error)}。",
                    "每行应为一个 JSON 对象。",
                ) from error
            yield number, _record(path, number, entry)


def _record(path: Path, number: int, entry: Any) -> dict[str, Any]:
    if isinstance(entry, dict):
        return entry
    raise Refusal(
        "table.broken", f"“{path.name}”第 {number} 行不是一个对象。", "每行应为“列名: 值”的 JSON 对象。"
    )


def _from_records(name: str, records: Iterable[tuple[int, dict[str, Any]]], needed: Sequence[str]) -> Table:
    numbered = list(records)
    headings = list(dict.fromkeys(str(key) for _, record in numbered for key in record))
    rows = ((number, [_cell_text(record.get(key)) for key in headings]) for number, record in numbered)
    return _from_rows(name, itertools.chain([(0, headings)], rows), needed, [])


def _from_parquet(path: Path, needed: Sequence[str]) -> Table:
    if importlib.util.find_spec("pyarrow") is None:
        raise Refusal(
            "table.no_pyarrow", "读 Parquet 需要 pyarrow，本机没有安装。", "请导出为 CSV，或安装 pyarrow。"
        )
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except Exception as error:  # the library has many kinds of errors of its own
        raise Refusal(
            "table.broken", f"“{path.name}”打不开：{error}。", "请重新导出，或改用 CSV。"
        ) from error
    cells = zip(*(frame[name].tolist() for name in frame.columns), strict=True)
    rows = ((number, [_cell_text(cell) for cell in row]) for number, row in enumerate(cells, 1))
    return _from_rows(path.name, itertools.chain([(0, [str(c) for c in frame.columns])], rows), needed, [])


def _from_rows(name: str, rows: Iterator[Row], needed: Sequence[str], notes: list[str]) -> Table:
    first = list(itertools.islice(rows, HEADING_SEARCH))
    at = _heading_row(name, first, needed)
    headings = _headings(name, first[at][1], needed, notes)
    if at:
        notes.append(f"前 {at} 行是标题，第 {first[at][0]} 行是列名。")
    wide, ragged = len(headings), []
    numbers: list[int] = []
    kept: list[list[str]] = []
    for number, cells in itertools.chain(first[at + 1 :], rows):
        full = [cell.strip() for cell in cells]
        if not any(full):
            continue
        if len(full) > wide and any(full[wide:]):
            ragged.append(number)
            continue
        numbers.append(number)
        kept.append(full[:wide] + [""] * (wide - len(full)))
    if not kept:
        raise Refusal("table.empty", f"“{name}”没有数据行。", "请核对文件内容。")
    _account_for_ragged(name, ragged, len(kept), wide, notes)
    columns = {h: _texts(values) for h, values in zip(headings, zip(*kept, strict=True), strict=True)}
    return Table(name, columns, np.array(numbers, dtype=np.int64), notes)


def _texts(values: Sequence[str]) -> Texts:
    """A column; cells that say nothing become ""."""
    codes, found = pd.factorize(np.array(values, dtype=object))
    return np.array(["" if unknown(cell) else cell for cell in found], dtype=object)[codes]


def _heading_row(name: str, first: list[Row], needed: Sequence[str]) -> int:
    if not first:
        raise Refusal("table.empty", f"“{name}”是空的。", "请核对文件内容。")
    for at, (_, cells) in enumerate(first):
        if set(needed) <= {_heading(cell) for cell in cells}:
            return at
    return 0


def _heading(cell: str) -> str:
    return unicodedata.normalize("NFC", cell.replace("\ufeff", "")).strip()


def _headings(name: str, cells: Sequence[str], needed: Sequence[str], notes: list[str]) -> list[str]:
    """Unique headings: nameless ones are numbered, repeated ones are told apart, and both are said."""
    found: list[str] = []
    trimmed = [_heading(cell) for cell in cells]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    if len(trimmed) > MAX_COLUMNS:
        raise Refusal(
            "table.too_wide", f"“{name}”有 {len(trimmed)} 列，最多 {MAX_COLUMNS} 列。", "请删去不用的列。"
        )
    for number, heading in enumerate(trimmed, 1):
        if trimmed.count(heading) > 1 and heading in needed:
            raise Refusal("table.same_heading", f"“{name}”有多列都叫“{heading}”。", "请给它们不同的列名。")
        unique = heading or f"第{number}列"
        while unique in found:
            unique += "'"
        if unique != heading:
            notes.append(
                f"第 {number} 列的列名{'是空的' if not heading else f'“{heading}”重复'}，记作“{unique}”。"
            )
        found.append(unique)
    return found


def _account_for_ragged(name: str, ragged: list[int], kept: int, wide: int, notes: list[str]) -> None:
    if not ragged:
        return
    shown = "、".join(str(n) for n in ragged[:SHOWN]) + (
        f" 等 {len(ragged)} 行" if len(ragged) > SHOWN else ""
    )
    if len(ragged) > RAGGED_SHARE * (kept + len(ragged)) and len(ragged) > 1:
        raise Refusal(
            "table.ragged",
            f"“{name}”第 {shown} 行的格数多于 {wide} 个列名。",
            "请检查分隔符和引号后重新导出。",
        )
    notes.append(f"第 {shown} 行的格数多于列名，未使用。")
