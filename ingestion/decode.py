"""Decoding (解码): bytes → rows of text, with limits against bombs. Nothing is guessed silently.

CSV in UTF-8 (with or without BOM), GB18030/GBK or UTF-16; Excel; JSON lines. A byte that does not decode
makes a fault of its row, never a replacement character in the registry.
"""

import csv
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from ingestion.bombs import refuse_monstrous_workbook
from ingestion.encoding import BOM, MARK, Look, lines_of, look_over
from ingestion.faults import Fault, sentence
from registry.errors import Refusal

if TYPE_CHECKING:
    from ingestion.plain.blocks import Block

LARGE = 16 << 20
"""Bytes of a file from which reading it in whole blocks pays."""
CHUNK_ROWS = 8_000
MAX_COLUMNS = 150
MAX_CELL = 100_000
ROOM = 120
"""A spreadsheet may send as many empty columns as it has (16,384) behind those of the data, and no more."""
HEADING_SEARCH = 10
"""A title may stand above the headings; they are looked for in so many rows."""
OWN_HEADINGS = "【"
"""Headings that begin so were added by our fault workbook and are passed over."""

_SEPARATORS = ",\t;|"


@dataclass
class RawChunk:
    """Some rows as text ("" for an empty cell), indexed by their row number, and the lines that are no rows."""

    rows: pd.DataFrame
    faults: list[Fault] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    """Row number → the text of a line that could not be read as a row."""


@dataclass
class RawTable:
    """An opened file: its headings, and its rows in chunks."""

    headings: list[str]
    encoding: str
    chunks: Iterator[RawChunk]
    width: int
    """Columns of the file, those of our fault workbook counted."""
    first: int
    """The number of the first row."""
    blocks: Callable[[], Iterator["Block | RawChunk"]] | None = None
    """The same rows in whole blocks, where the file is large and can be cut into them; then `chunks` is not to be used."""


def open_table(
    path: Path, encoding: str | None = None, known: Iterable[str] = (), delimiter: str | None = None,
    sheet: str | None = None, heading_row: int | None = None,
) -> RawTable:  # fmt: skip
    """Open a CSV, Excel or JSON-lines file. `known` headings help to find the heading row.

    delimiter, sheet, heading_row (from 1): as a profile states them; None: found by looking.
    Raises Refusal file.* for what cannot be opened at all or is larger than the limits.
    """
    recognised = {heading_key(heading) for heading in known}
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm", ".xls", ".et", ".ods"):
        return _from_records(_excel_rows(path, sheet), "excel", recognised, heading_row)
    if suffix in (".jsonl", ".ndjson", ".json"):
        return _json_table(path, look_over(path, encoding))
    if suffix in (".csv", ".txt", ".tsv"):
        look = look_over(path, encoding)
        return _csv_table(path, look, delimiter, recognised, heading_row)
    raise Refusal(
        "file.unknown_kind", f"不认识“{path.name}”的格式。", "请用 CSV、XLSX 或 JSON 行文件（.jsonl）报送。"
    )


def heading_key(heading: str) -> str:
    """A heading for comparison: half width, no blanks, upper case (（万元） and (万元) are one)."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", heading)).upper().lstrip("\ufeff*")


def _opened(path: Path, look: Look) -> AbstractContextManager[Iterator[str]]:
    """The file itself where its lines can be read as they are, which spares a step for every line."""
    if look.plain:
        return path.open(encoding=look.encoding, errors="wurao_mark", newline="")
    return closing(lines_of(path, look))


def _csv_table(
    path: Path, look: Look, delimiter: str | None, recognised: set[str], heading_row: int | None
) -> RawTable:
    with _opened(path, look) as lines:
        separator = delimiter or max(_SEPARATORS, key=next(lines, "").count)
    rows = _csv_rows(path, look, separator)
    table = _from_records(rows, look.encoding, recognised, heading_row, look.spotless)
    if path.stat().st_size >= LARGE and len(table.headings) == table.width:
        from ingestion.plain.blocks import readable_in_blocks  # polars: only a large file is worth its start

        if readable_in_blocks(look, separator):
            table.blocks = partial(_blocks, path, look, separator, table)
    return table


def _blocks(path: Path, look: Look, separator: str, table: RawTable) -> Iterator["Block | RawChunk"]:
    """The rows below the headings, in blocks where both readers must agree, else by Python's csv."""
    from ingestion.plain.blocks import Block, Uneven, after_rows, read_blocks, rows_from

    headings = table.headings
    with _refusing_long_cells(path):
        offset = after_rows(path, look, separator, table.first - 1)
        if offset is None:
            yield from table.chunks
            return
        for piece in read_blocks(path, look, separator, headings, offset, table.first):
            if isinstance(piece, Block):
                yield piece
            elif isinstance(piece, Uneven):
                yield from _chunks(headings, iter(piece.rows), piece.first, spotless=True)
            else:
                yield from _chunks(
                    headings, rows_from(path, look, separator, piece), piece.first, spotless=True
                )


def _csv_rows(path: Path, look: Look, separator: str) -> Iterator[list[str]]:
    with _opened(path, look) as lines, _refusing_long_cells(path):
        first = next(lines, "").removeprefix(BOM)
        yield from csv.reader(itertools.chain([first], lines), delimiter=separator)


@contextmanager
def _refusing_long_cells(path: Path) -> Iterator[None]:
    csv.field_size_limit(MAX_CELL)
    try:
        yield
    except csv.Error as error:
        raise Refusal(
            "file.cell_too_long",
            f"“{path.name}”里有一格超过 {MAX_CELL} 个字符（{error}）。",
            "请检查引号是否成对，或拆分后重新导出。",
        ) from error


def _excel_rows(path: Path, sheet_name: str | None = None) -> Iterator[list[str]]:
    if path.suffix.lower() != ".xls":
        refuse_monstrous_workbook(path)
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        first: list[str] | None = None
        for name in _sheets(path, workbook.sheet_names, sheet_name):
            sheet = workbook.get_sheet_by_name(name)
            if not sheet.height:
                continue
            _refuse_wide(path.name, sheet.width)
            rows = ([_cell_text(cell) for cell in row] for row in sheet.iter_rows())
            heading = next(rows)
            if first is None:
                first = heading
                yield heading
            elif heading != first:
                continue  # an explanation or a code table; a sheet that goes on with the data repeats its headings
            yield from rows
    except (CalamineError, OSError, ValueError) as error:
        raise Refusal(
            "file.unreadable", f"“{path.name}”打不开：{error}。", "请用 Excel 或 WPS 另存为 XLSX 后重新报送。"
        ) from error


def _sheets(path: Path, present: list[str], wanted: str | None) -> list[str]:
    if wanted is None or wanted in present:
        return present if wanted is None else [wanted]
    raise Refusal(
        "layout.no_sheet",
        f"“{path.name}”里没有工作表“{wanted}”，有：{'、'.join(present)}。",
        "请改工作表的名字，或修改对照方案的 sheet。",
    )


def _cell_text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        if not cell.is_integer():
            return repr(cell)
        return f"{cell:.0f}" if abs(cell) < 1e15 else f"{cell:E}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _from_records(
    records: Iterator[list[str]], encoding: str, recognised: set[str], heading_row: int | None = None,
    spotless: bool = False,
) -> RawTable:  # fmt: skip
    """Find the heading row, then hand on the rest."""
    first = heading_row or 1
    top = list(itertools.islice(records, heading_row or HEADING_SEARCH))[first - 1 :]
    _refuse_wide("文件", max(len(row) for row in top) // ROOM if top else 0)
    if not any(any(cell.strip() for cell in row) for row in top):
        raise Refusal("file.empty", "文件里没有内容。", "请检查导出是否成功。")
    fits = [sum(heading_key(cell) in recognised for cell in row) for row in top]
    place = fits.index(max(fits))
    headings = [cell.replace("\0", "").strip().lstrip("\ufeff") for cell in top[place]]
    while headings and not headings[-1]:
        headings.pop()
    _refuse_wide("文件", len(headings))
    _refuse_bad_headings(headings)
    rest = itertools.chain(top[place + 1 :], records)
    chunks = _chunks(headings, rest, first + place + 1, spotless)
    kept = [h for h in headings if not h.startswith(OWN_HEADINGS)]
    return RawTable(kept, encoding, chunks, len(headings), first + place + 1)


def _chunks(
    headings: list[str], records: Iterator[list[str]], first: int, spotless: bool
) -> Iterator[RawChunk]:
    while rows := list(itertools.islice(records, CHUNK_ROWS)):
        yield _chunk(headings, rows, range(first, first + len(rows)), spotless)
        first += len(rows)


def _chunk(headings: list[str], rows: list[list[str]], numbers: Sequence[int], spotless: bool) -> RawChunk:
    chunk = RawChunk(pd.DataFrame())
    if set(map(len, rows)) != {len(headings)}:
        rows, numbers = _of_right_width(rows, numbers, len(headings), chunk)
    chunk.rows = _frame(rows, numbers, headings)
    if not spotless:
        _hold_undecodable(chunk)
    return chunk


def _of_right_width(
    rows: list[list[str]], numbers: Sequence[int], width: int, chunk: RawChunk
) -> tuple[list[list[str]], list[int]]:
    """The rows that have a cell for every heading; the others become faults of the chunk."""
    kept: list[list[str]] = []
    kept_numbers: list[int] = []
    for number, row in zip(numbers, rows, strict=True):
        if len(row) > width and not any(row[width:]):
            row = row[:width]
        if len(row) == width:
            kept_numbers.append(number)
            kept.append(row)
        elif any(cell.strip() for cell in row):
            code = "too_few_cells" if len(row) < width else "too_many_cells"
            chunk.faults.append(Fault(number, "", code, sentence(code, found=len(row), expected=width)))
            chunk.broken[number] = "｜".join(row)[:2000]
    return kept, kept_numbers


def _frame(rows: list[list[str]], numbers: Sequence[int], headings: list[str]) -> pd.DataFrame:
    """Columns of text without our own headings; rows without a single filled cell are no rows."""
    blank = [place for place, row in enumerate(rows) if not row[0] and not any(row)]
    if blank:
        gone = set(blank)
        numbers = [number for place, number in enumerate(numbers) if place not in gone]
        rows = [row for place, row in enumerate(rows) if place not in gone]
    columns = zip(*rows, strict=True) if rows else [()] * len(headings)
    cells = {
        h: np.fromiter(column, object, count=len(rows)) for h, column in zip(headings, columns, strict=True)
    }
    kept = {heading: column for heading, column in cells.items() if not heading.startswith(OWN_HEADINGS)}
    return pd.DataFrame(kept, index=pd.Index(list(numbers), dtype="int64"), dtype=object, copy=False)


def _hold_undecodable(chunk: RawChunk) -> None:
    for heading in chunk.rows.columns:
        cells = chunk.rows[heading].tolist()
        if MARK in "".join(cells):
            text = sentence("undecodable")
            chunk.faults += [
                Fault(int(number), str(heading), "undecodable", text)
                for number, cell in zip(chunk.rows.index, cells, strict=True)
                if MARK in cell
            ]


def _json_table(path: Path, look: Look) -> RawTable:
    headings: dict[str, None] = {}
    with closing(lines_of(path, look)) as lines:
        for line in itertools.islice(lines, 1000):
            record = _json_record(line)
            headings.update(dict.fromkeys(record or ()))
    names = list(headings)
    if not names:
        raise Refusal("file.empty", f"“{path.name}”里没有 JSON 对象。", "请每行写一个 JSON 对象。")
    _refuse_wide(path.name, len(names))
    return RawTable(names, look.encoding, _json_chunks(path, look, names), len(names), 1)


def _json_chunks(path: Path, look: Look, headings: list[str]) -> Iterator[RawChunk]:
    known = set(headings)
    with closing(lines_of(path, look)) as lines:
        numbered = enumerate(lines, start=1)
        while block := list(itertools.islice(numbered, CHUNK_ROWS)):
            chunk = RawChunk(pd.DataFrame())
            numbers: list[int] = []
            rows: list[list[str]] = []
            for number, line in block:
                record = _json_record(line)
                if record is not None and known.issuperset(record):
                    numbers.append(number)
                    rows.append([_json_text(record.get(heading)) for heading in headings])
                elif line.strip():
                    chunk.faults.append(Fault(number, "", "bad_json", sentence("bad_json")))
                    chunk.broken[number] = line.strip()[:2000]
            chunk.rows = _frame(rows, numbers, headings)
            _hold_undecodable(chunk)
            yield chunk


def _json_record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(_json_text(part) for part in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    # Half of a surrogate pair is written \ud83c in JSON and is no character: it becomes a mark, hence a fault.
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _refuse_wide(name: str, width: int) -> None:
    if width > MAX_COLUMNS:
        raise Refusal(
            "file.too_wide", f"“{name}”有 {width} 列，最多 {MAX_COLUMNS} 列。", "请只保留数据标准里的列。"
        )


def _refuse_bad_headings(headings: list[str]) -> None:
    doubled = sorted({h for h in headings if headings.count(h) > 1})
    if "" in headings or doubled:
        raise Refusal(
            "file.bad_headings",
            "表头有空格子。" if "" in headings else f"表头有重复的列：{'、'.join(doubled)}。",
            "请给每一列一个不同的列名。",
        )
