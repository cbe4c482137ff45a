"""Cleaning (清洗): text → typed values. Every fault is (row, column, code, sentence); the others go on."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from ingestion.datasets.contract import BOOLEAN, Column, Dataset
from ingestion.faults import Fault, Unreadable, sentence
from ingestion.redaction import MAY_BE_PERSONAL, redact

BLANKS = frozenset({"", "NULL", "null", "None", "N/A", "-", "—", "——", "/", "\\N", "#N/A"})
NO_END = frozenset({date(2099, 12, 31), date(9999, 9, 9), date(9999, 12, 31)})
NO_END_WORDS = frozenset({"长期", "永久", "永续", "无固定期限", "长期有效"})
TEN_THOUSAND = Decimal(10_000)
CENT = Decimal("0.000001")

_BETWEEN = "\u25fe"
"""Joins cells for one look at all of them; printable, so that what is not printable is a cell's own."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\ufeff]")
_NUMERIC_DATE = re.compile(
    r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]?(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$"
)
_PACKED_DATE = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?$")
_SERIAL_DATE = re.compile(r"^\d{5}$")
_AMOUNT = re.compile(
    r"^[¥￥]?([+-]?[\d,]*\.?\d+(?:E[+-]?\d+)?)(万元|万|元|亿元|亿)?(?:人民币)?$", re.IGNORECASE
)
_LIST = re.compile(r"[;；,，、|\s]+")
_CHOICES = re.compile(r"[;；,，|]+")


class Memory:
    """What cleaning has met so far in one file (清洗记忆): text → value or Unreadable, for each column.

    A city's million dates are a few thousand distinct ones, so each is read once, not once a row.
    """

    MOST = 100_000

    def __init__(self) -> None:
        self._columns: dict[str, tuple[dict[str, Any], dict[str, Unreadable]]] = {}

    def of(self, column: str) -> tuple[dict[str, Any], dict[str, Unreadable]]:
        """Read texts, and the unreadable ones among them; emptied when there are too many."""
        known = self._columns.get(column)
        if known is None or len(known[0]) > self.MOST:
            known = self._columns[column] = ({}, {})
        return known


def clean_rows(dataset: Dataset, raw: pd.DataFrame, heading: dict[str, str], date_format: str | None = None,
               memory: Memory | None = None) -> tuple[pd.DataFrame, list[Fault]]:  # fmt: skip
    """Typed values for every column of the layout, and the faults.

    raw: text columns named as the dataset's; heading: column name → heading as the file writes it; memory: kept
    from chunk to chunk of one file. A column the file does not have takes its `blank`.
    """
    faults: list[Fault] = []
    typed: dict[str, Any] = {}
    memory = memory or Memory()
    for column in dataset.columns:
        if column.personal:
            continue
        if column.name not in raw:
            typed[column.name] = [column.blank] * len(raw)
            continue
        cells = raw[column.name].tolist()
        read, usual = _reader(column, date_format), column.kind == "datetime" and not date_format
        typed[column.name], wrong = _clean_cells(cells, column, read, memory, usual)
        faults += [
            Fault(int(raw.index[place]), heading[column.name], problem.code, problem.sentence)
            for place, problem in wrong
        ]
        if column.kind == "choices":
            typed[f"{column.name}_as_written"] = list(map(_text, cells))
    columns = {name: _objects(values) for name, values in typed.items()}
    rows = pd.DataFrame(columns, raw.index, dtype=object, copy=False)
    return rows, faults + _conditional(dataset, rows, heading, {f.row_no for f in faults})


def _objects(values: list[Any]) -> Any:
    """A column of Python objects; tuples stay tuples."""
    return np.fromiter(values, dtype=object, count=len(values))


Wrong = list[tuple[int, Unreadable]]
"""Places of the cells that could not be read, and why."""


def _clean_cells(
    cells: list[str], column: Column, read: Callable[[str], Any], memory: Memory, usual: bool = False
) -> tuple[list[Any], Wrong]:
    if column.kind == "text" and not column.pattern and _mostly_distinct(cells):
        return _clean_texts(cells, column, read)
    known, unreadable = memory.of(column.name)
    try:
        values = list(map(known.__getitem__, cells))
    except KeyError:
        if usual:
            known.update(_usual_moments(set(cells) - known.keys()))
        for text in set(cells) - known.keys():
            try:
                known[text] = _read(text, column, read)
            except Unreadable as problem:
                known[text], unreadable[text] = None, problem
        values = list(map(known.__getitem__, cells))
    if not unreadable or unreadable.keys().isdisjoint(cells):
        return values, []
    return values, [(place, unreadable[c]) for place, c in enumerate(cells) if c in unreadable]


def _usual_moments(texts: Iterable[str]) -> Iterator[tuple[str, datetime]]:
    """Those that are written as most systems write them (2026-01-31 09:30:00), read without ceremony."""
    for text in texts:
        if len(text) == 19 and text[10] == " " and text.isascii():
            with suppress(ValueError):
                moment = datetime.fromisoformat(text)  # which also reads weeks and time zones
                if moment.isoformat(" ") == text:
                    yield text, moment


def _mostly_distinct(cells: list[str]) -> bool:
    sample = cells[:1000]
    return len(set(sample)) * 2 > len(sample)


def _clean_texts(cells: list[str], column: Column, read: Callable[[str], Any]) -> tuple[list[Any], Wrong]:
    """Texts of their own: only those in which something could have to be taken out are looked at singly."""
    values: list[Any] = cells.copy()
    wrong: Wrong = []
    for place in _to_look_at(cells, column.longest):
        try:
            values[place] = _read(cells[place], column, read)
        except Unreadable as problem:
            values[place] = None
            wrong.append((place, problem))
    return values, wrong


def _to_look_at(cells: list[str], longest: int) -> list[int]:
    """Places of the cells that cleaning might change or refuse; the whole column is asked before any cell is."""
    joined = _BETWEEN.join(cells)
    odd: set[int] = set()
    if not BLANKS.isdisjoint(cells):
        odd.update(place for place, cell in enumerate(cells) if cell in BLANKS)
    if max(map(len, cells)) > longest:
        odd.update(place for place, cell in enumerate(cells) if len(cell) > longest)
    if not joined.isprintable():
        odd.update(place for place, cell in enumerate(cells) if not cell.isprintable())
    if f" {_BETWEEN}" in joined or f"{_BETWEEN} " in joined or joined[:1] == " " or joined[-1:] == " ":
        odd.update(place for place, cell in enumerate(cells) if cell[:1] == " " or cell[-1:] == " ")
    if MAY_BE_PERSONAL.search(joined):
        odd.update(place for place, cell in enumerate(cells) if MAY_BE_PERSONAL.search(cell))
    return sorted(odd)


def _read(text: str, column: Column, read: Callable[[str], Any]) -> Any:
    stripped = _text(text)
    if stripped in BLANKS:
        if column.required:
            raise Unreadable("missing")
        return column.blank
    if len(stripped) > column.longest:
        raise Unreadable("too_long", found=len(stripped), expected=column.longest)
    if column.pattern and not re.fullmatch(column.pattern, _plain(stripped)):
        raise Unreadable("bad_pattern", value=stripped)
    value = read(stripped)
    if column.least is not None and value < column.least:
        raise Unreadable("too_small", value=stripped, limit=column.least)
    if column.most is not None and value > column.most:
        raise Unreadable("too_large", value=stripped, limit=column.most)
    return value


def reader_of(column: Column) -> Callable[[str], Any]:
    """Text of a cell → its value in this column. Raises Unreadable."""
    read = _reader(column, None)
    return lambda text: _read(text, column, read)


def _text(text: str) -> str:
    if text.isprintable() and text[:1] != " " != text[-1:]:
        return text  # nothing that could be taken out, as in nearly every cell
    return _CONTROL.sub("", text).strip().strip("\u3000").strip()


def _plain(text: str) -> str:
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def _reader(column: Column, date_format: str | None) -> Callable[[str], Any]:
    """How a filled cell of this column is read."""
    if column.kind == "date":
        return lambda text: read_date(text, column.open_ended, date_format)
    if column.kind == "datetime":
        return lambda text: read_datetime(text, date_format)
    if column.kind in ("choice", "choices"):
        table = {_choice_key(text): value for text, value in (column.choices or {}).items()}
        single = column.kind == "choice"
        return lambda text: read_choice(text, table, column) if single else read_choices(text, table, column)
    return {
        "text": redact, "code": _plain, "amount": read_amount, "number": read_number, "integer": read_integer,
        "boolean": read_boolean, "list": read_list, "days": read_days,
    }[column.kind]  # fmt: skip


def read_datetime(text: str, date_format: str | None = None) -> datetime:
    """Beijing time without zone; a date alone is its midnight. Raises Unreadable."""
    plain = _plain(text)
    if date_format:
        try:
            return datetime.strptime(plain, date_format)
        except ValueError:
            raise Unreadable("bad_date", value=text) from None
    if _SERIAL_DATE.match(plain):
        return datetime(1899, 12, 30) + timedelta(days=int(plain))
    match = _NUMERIC_DATE.match(plain) or _PACKED_DATE.match(plain)
    if not match:
        raise Unreadable("bad_date", value=text)
    parts = [int(part or 0) for part in match.groups()]
    try:
        return datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        raise Unreadable("impossible_date", value=text) from None


def read_date(text: str, open_ended: bool = False, date_format: str | None = None) -> date | None:
    """A date in any of the usual spellings; None for 长期 where the column is open-ended. Raises Unreadable."""
    if open_ended and text in NO_END_WORDS:
        return None
    day = read_datetime(text, date_format).date()
    if open_ended and day in NO_END:
        return None
    if not 1900 <= day.year <= 2100:
        raise Unreadable("date_out_of_range", value=text)
    return day


def read_amount(text: str) -> Decimal:
    """万元, six places; a unit in the cell (元, 亿元) is converted. Raises Unreadable; negative is too_small."""
    match = _AMOUNT.match(_plain(text).replace(" ", ""))
    if not match:
        raise Unreadable("bad_amount", value=text)
    unit = match.group(2) or "万元"
    times = {"元": 1 / TEN_THOUSAND, "亿": TEN_THOUSAND, "亿元": TEN_THOUSAND}.get(unit, Decimal(1))
    try:
        amount = Decimal(match.group(1).replace(",", "")) * times
    except ArithmeticError:  # no number, or one beyond all exponents
        raise Unreadable("bad_amount", value=text) from None
    if amount < 0:
        raise Unreadable("too_small", value=text, limit=0)
    if amount >= Decimal(10) ** 12:
        raise Unreadable("too_large", value=text, limit="1 万亿万元")
    return abs(amount).quantize(CENT)  # 0 and -0 are one amount and must be written alike


def read_number(text: str) -> float:
    """A plain number. Raises Unreadable."""
    try:
        value = float(_plain(text).replace(",", ""))
    except ValueError:
        raise Unreadable("bad_number", value=text) from None
    if not np.isfinite(value):
        raise Unreadable("bad_number", value=text)
    return value


def read_integer(text: str) -> int:
    """A whole number; 12.0 is 12. Raises Unreadable."""
    plain = re.sub(r"(人|个|次|户|年)$", "", _plain(text).replace(",", ""))
    if not re.fullmatch(r"[+-]?\d{1,12}(\.0+)?", plain):
        raise Unreadable("bad_integer", value=text)
    return int(plain.split(".")[0])


def read_boolean(text: str) -> bool:
    """是/否 and their spellings. Raises Unreadable."""
    value = BOOLEAN.get(_plain(text).upper())
    if value is None:
        raise Unreadable("bad_boolean", value=text)
    return value


def read_list(text: str) -> tuple[str, ...]:
    """Parts of a list, each once, in order."""
    return tuple(dict.fromkeys(redact(part) for part in _LIST.split(text) if part))


def read_days(text: str) -> tuple[int, ...]:
    """Days of the month, from `1-25` or `5,15,25`. Raises Unreadable."""
    days: set[int] = set()
    for part in _LIST.split(_plain(text)):
        match = re.fullmatch(r"(\d{1,2})(?:[-—~至](\d{1,2}))?日?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= 31:
            raise Unreadable("bad_days", value=text)
        days.update(range(first, last + 1))
    return tuple(sorted(days))


def read_choice(text: str, table: dict[str, Any], column: Column) -> Any:
    """The value that a text stands for. Raises Unreadable unknown_code: an unknown code holds the row."""
    key = _choice_key(text)
    if key not in table:
        raise Unreadable("unknown_code", value=text, examples="、".join(list(column.choices or {})[:4]))
    return table[key]


def read_choices(text: str, table: dict[str, Any], column: Column) -> tuple[Any, ...]:
    """Several choices joined by ; ， or 、. A text that is itself a choice (it may contain 、) is taken whole."""
    found: dict[Any, None] = {}
    for part in [text] if _choice_key(text) in table else _CHOICES.split(text):
        whole = _choice_key(part) in table or "、" not in part
        found |= {
            read_choice(each, table, column): None
            for each in ([part] if whole else part.split("、"))
            if each.strip()
        }
    return tuple(found)


def _choice_key(text: str) -> str:
    return re.sub(r"[\s。.]+", "", unicodedata.normalize("NFKC", text)).upper()


def _conditional(
    dataset: Dataset, rows: pd.DataFrame, heading: dict[str, str], wrong: set[int]
) -> list[Fault]:
    faults: list[Fault] = []
    for column in dataset.columns:
        if column.required_if and column.name in heading:
            other, fragment = column.required_if
            stated, values = rows[other].tolist(), rows[column.name].tolist()
            asking = {text for text in set(stated) if text and fragment in text}
            blank = [place for place, value in enumerate(values) if value is None and stated[place] in asking]
            text = sentence("missing_if", other=heading.get(other, other), fragment=fragment)
            numbers = [int(rows.index[place]) for place in blank]
            faults += [Fault(n, heading[column.name], "missing_if", text) for n in numbers if n not in wrong]
    return faults
