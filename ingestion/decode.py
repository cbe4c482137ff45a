"""Decoding (解码): bytes → rows of text, with limits against bombs. Nothing is guessed silently.

CSV in UTF-8 (with or without BOM), GB18030/GBK or UTF-16; Excel; JSON lines. A byte that does not decode
makes a fault of its row, never a replacement character in the registry.
"""

import codecs
import csv
import itertools
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from ingestion.faults import Fault, sentence
from registry.errors import Refusal

CHUNK_ROWS = 20_000
MAX_COLUMNS = 150
MAX_CELL = 100_000
MAX_UNPACKED = 600 * 1024 * 1024
MAX_UNPACK_RATIO = 200
HEADING_SEARCH = 10
"""A title may stand above the headings; they are looked for in so many rows."""
MARK = "\ufffd"
OWN_HEADINGS = "【"
"""Headings that begin so were added by our fault workbook and are passed over."""

ENOUGH_BAD = 1_000
_BLOCK = 1 << 20
_SNIFFED = 1 << 16
_SEPARATORS = ",\t;|"


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return MARK, error.start + 1


codecs.register_error("wurao_mark", _mark_undecodable)


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
    chosen = encoding or sniff_encoding(path)
    if suffix in (".jsonl", ".ndjson", ".json"):
        return _json_table(path, chosen)
    if suffix in (".csv", ".txt", ".tsv"):
        return _from_records(_csv_rows(path, chosen, delimiter), chosen, recognised, heading_row)
    raise Refusal(
        "file.unknown_kind", f"不认识“{path.name}”的格式。", "请用 CSV、XLSX 或 JSON 行文件（.jsonl）报送。"
    )


def heading_key(heading: str) -> str:
    """A heading for comparison: half width, no blanks, upper case (（万元） and (万元) are one)."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", heading)).upper().lstrip("\ufeff*")


def sniff_encoding(path: Path) -> str:
    """UTF-8 or UTF-16 by BOM, else strict UTF-8, else strict GB18030, else whichever has fewer bad bytes."""
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    nothing_in_high, nothing_in_low = start[1::2].count(0), start[0::2].count(0)
    if nothing_in_high + nothing_in_low > len(start) // 100:
        return "utf-16-le" if nothing_in_high > nothing_in_low else "utf-16-be"
    unreadable = _undecodable(path, "utf-8")
    return "gb18030" if unreadable and _undecodable(path, "gb18030") < unreadable else "utf-8"


def _undecodable(path: Path, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(encoding)(errors="wurao_mark")
    bad = 0
    with path.open("rb") as file:
        while block := file.read(_SNIFFED):
            bad += decoder.decode(block).count(MARK)
            if bad > ENOUGH_BAD:
                return bad
    return bad + decoder.decode(b"", final=True).count(MARK)


def _csv_rows(path: Path, encoding: str, delimiter: str | None = None) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)
    with path.open(encoding=encoding, errors="wurao_mark", newline="") as file:
        first = file.readline()
        separator = delimiter or max(_SEPARATORS, key=first.count)
        lines = (line.replace("\0", "") for line in itertools.chain([first], file))
        try:
            yield from csv.reader(lines, delimiter=separator)
        except csv.Error as error:
            raise Refusal(
                "file.cell_too_long",
                f"“{path.name}”里有一格超过 {MAX_CELL} 个字符（{error}）。",
                "请检查引号是否成对，或拆分后重新导出。",
            ) from error


def _excel_rows(path: Path, sheet_name: str | None = None) -> Iterator[list[str]]:
    if path.suffix.lower() != ".xls":
        refuse_bomb(path)
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


def refuse_bomb(path: Path) -> None:
    """Raise Refusal file.bomb for an archive that unpacks to more than the limits; reads its directory only."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise Refusal(
            "file.unreadable", f"“{path.name}”不是完整的压缩文件：{error}。", "请重新导出或重新传送。"
        ) from error
    packed = max(path.stat().st_size, 1)
    if unpacked > MAX_UNPACKED or (unpacked > 10 * _BLOCK and unpacked / packed > MAX_UNPACK_RATIO):
        raise Refusal(
            "file.bomb",
            f"“{path.name}”展开后有 {unpacked // _BLOCK} MB，超过限度。",
            "请拆成几个文件报送，或改用 CSV。",
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
    records: Iterator[list[str]], encoding: str, recognised: set[str], heading_row: int | None = None
) -> RawTable:
    """Find the heading row, then hand on the rest."""
    numbered = enumerate(records, start=1)
    top = list(itertools.islice(numbered, heading_row or HEADING_SEARCH))[-1 if heading_row else 0 :]
    if not any(any(cell.strip() for cell in row) for _, row in top):
        raise Refusal("file.empty", "文件里没有内容。", "请检查导出是否成功。")
    best = max(top, key=lambda entry: (sum(heading_key(cell) in recognised for cell in entry[1]), -entry[0]))
    place = top.index(best)
    headings = [cell.strip().lstrip("\ufeff") for cell in best[1]]
    while headings and not headings[-1]:
        headings.pop()
    _refuse_wide("文件", len(headings))
    _refuse_bad_headings(headings)
    rest = itertools.chain(top[place + 1 :], numbered)
    return RawTable(
        [h for h in headings if not h.startswith(OWN_HEADINGS)], encoding, _chunks(headings, rest)
    )


def _chunks(headings: list[str], numbered: Iterator[tuple[int, list[str]]]) -> Iterator[RawChunk]:
    width = len(headings)
    while block := list(itertools.islice(numbered, CHUNK_ROWS)):
        numbers: list[int] = []
        rows: list[list[str]] = []
        chunk = RawChunk(pd.DataFrame())
        for number, row in block:
            if len(row) > width and not any(row[width:]):
                row = row[:width]
            if len(row) == width:
                numbers.append(number)
                rows.append(row)
            elif any(cell.strip() for cell in row):
                code = "too_few_cells" if len(row) < width else "too_many_cells"
                chunk.faults.append(Fault(number, "", code, sentence(code, found=len(row), expected=width)))
                chunk.broken[number] = "｜".join(row)[:2000]
        chunk.rows = _frame(rows, numbers, headings)
        _hold_undecodable(chunk)
        yield chunk


def _frame(rows: list[list[str]], numbers: list[int], headings: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, index=pd.Index(numbers, dtype="int64"), columns=headings, dtype=object)
    filled = (frame != "").any(axis=1)
    own = [heading for heading in headings if heading.startswith(OWN_HEADINGS)]
    return frame.loc[filled].drop(columns=own)


def _hold_undecodable(chunk: RawChunk) -> None:
    for heading in chunk.rows.columns:
        marked = chunk.rows[heading].str.contains(MARK, regex=False)
        if marked.any():
            text = sentence("undecodable")
            chunk.faults += [
                Fault(int(n), heading, "undecodable", text) for n in chunk.rows.index[marked.astype(bool)]
            ]


def _json_table(path: Path, encoding: str) -> RawTable:
    headings: dict[str, None] = {}
    with path.open(encoding=encoding, errors="wurao_mark") as file:
        for line in itertools.islice(file, 1000):
            record = _json_record(line)
            headings.update(dict.fromkeys(record or ()))
    names = list(headings)
    if not names:
        raise Refusal("file.empty", f"“{path.name}”里没有 JSON 对象。", "请每行写一个 JSON 对象。")
    _refuse_wide(path.name, len(names))
    return RawTable(names, encoding, _json_chunks(path, encoding, names))


def _json_chunks(path: Path, encoding: str, headings: list[str]) -> Iterator[RawChunk]:
    known = set(headings)
    with path.open(encoding=encoding, errors="wurao_mark") as file:
        numbered = enumerate(file, start=1)
        while block := list(itertools.islice(numbered, CHUNK_ROWS)):
            chunk, numbers, rows = RawChunk(pd.DataFrame()), [], []
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
    return ("是" if value else "否") if isinstance(value, bool) else str(value)


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
