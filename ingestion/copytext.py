"""COPY text (COPY 文本): whole columns of values as PostgreSQL's COPY reads them, and as the content hash reads them.

A row is one line: cells apart by tabs, NULL as \\N (PostgreSQL documentation, COPY, "Text Format").
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import methodcaller
from typing import Any

NULL = "\\N"
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
)
_MEANT = {written: chr(code) for code, written in _ESCAPES.items()}
_WRITTEN = re.compile(r"\\.")
_ESCAPED = "\\\t\n\r\b\f\v"


NOTHING = "\0"
"""None in a content hash. No stored text holds this character, so it is told from every text."""


def column_texts(values: Sequence[Any]) -> tuple[list[str], list[str]]:
    """A column for the content hash (as `str()` writes it), and as COPY reads it; one list where they are equal."""
    kinds = set(map(type, values))
    some_null = type(None) in kinds
    kinds.discard(type(None))
    if kinds <= {str}:
        return _strings(values, some_null)
    if kinds == {datetime} and not some_null:
        plain = list(map(_moment, values))
        return plain, plain
    if kinds == {int} and not some_null:
        plain = list(map(str, values))
        return plain, plain
    # Equal values of two kinds (1, True) are written differently, so only a column of one kind is written by value.
    through = _through_distinct if len(kinds) == 1 and kinds <= _FEW else _one_by_one
    plain = through(values, _plain)
    return plain, plain if kinds <= _SAME and not some_null else through(values, copy_text)


_FEW = {bool, int, Decimal, date, tuple}
_SAME = {int, float, Decimal, date, datetime}


_moment = methodcaller("isoformat", " ")
"""As `str()` writes a moment, in two thirds of the time."""


def _plain(value: Any) -> str:
    return NOTHING if value is None else str(value)


def _one_by_one(values: Sequence[Any], write: Callable[[Any], str]) -> list[str]:
    return list(map(write, values))


def _through_distinct(values: Sequence[Any], write: Callable[[Any], str]) -> list[str]:
    texts = {value: write(value) for value in set(values)}
    return list(map(texts.__getitem__, values))


def _strings(values: Sequence[Any], some_null: bool) -> tuple[list[str], list[str]]:
    plain = [NOTHING if value is None else value for value in values] if some_null else list(values)
    joined = "".join(plain)
    written = [text.translate(_ESCAPES) for text in plain] if any(c in joined for c in _ESCAPED) else plain
    if some_null:
        written = [NULL if value is None else text for value, text in zip(values, written, strict=True)]
    return plain, written


def copy_text(value: Any) -> str:
    """One value as COPY reads it: NULL, booleans, lists as array literals, everything else as `str()` has it."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list | tuple):
        return f"{{{','.join(map(_element, value))}}}".translate(_ESCAPES)
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)


def copied_text(cell: str) -> str | None:
    """What a text column holds after COPY has read a cell that `copy_text` wrote."""
    if cell == NULL:
        return None
    return _WRITTEN.sub(lambda found: _MEANT[found.group()], cell) if "\\" in cell else cell


def _element(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return "NULL" if value is None else str(value)


def lines_of(columns: Iterable[Sequence[str]]) -> list[str]:
    """Columns of COPY text as lines, without their line ends."""
    return list(map("\t".join, zip(*columns, strict=True)))
