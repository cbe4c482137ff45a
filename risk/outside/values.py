"""Values (取值): text of one cell → number, day or yes/no, as Chinese and Excel tables write them; None: it is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from risk.archive import EPOCH, FloatArray, Texts

Parser = Callable[[str], float | None]
WEAK = frozenset(("-", "--", "—", "——", "/", ".", "无", "未知", "不详", "暂无", "空"))
"""Mean unknown among numbers and dates; in a column of words they may be an answer."""
NO_VALUE = float("nan")
_TRUE = frozenset(("TRUE", "T", "YES", "Y", "是", "有", "√", "对"))
_FALSE = frozenset(("FALSE", "F", "NO", "N", "否", "无", "×", "错"))
_MULTIPLE = {"%": 0.01, "％": 0.01, "‰": 0.001, "万": 1e4, "亿": 1e8, "千": 1e3}
_UNIT = re.compile(r"(万|亿|千)?(元|人民币|RMB|CNY|USD|EUR|美元)?$", re.IGNORECASE)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")
_DATE_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m", "%Y/%m", "%Y年%m月", "%d.%m.%Y",
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y",
)  # fmt: skip
_CLOCK = re.compile(r"[T ]\s*\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$")
EARLIEST, LATEST = 1800, 2200


def number(text: str, decimal_comma: bool = False) -> float | None:
    """A number with thousands separators, full-width digits, %, 万, 亿, currency or accounting brackets; NaN where
    the cell says that there is none; None where it is not a number. Infinity is unknown."""
    if _PLAIN.fullmatch(text):
        value = float(text)
        return value if np.isfinite(value) else NO_VALUE
    if text in WEAK:
        return NO_VALUE
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip().lstrip("¥￥$€£").strip()
    negative = plain.startswith("(") and plain.endswith(")")
    plain, times = _without_unit(plain[1:-1] if negative else plain)
    plain = plain.replace(" ", "").replace("\u00a0", "").replace("'", "").replace("_", "x")
    if decimal_comma and _DECIMAL_COMMA.fullmatch(plain):
        plain = plain.replace(".", "").replace(",", ".")
    elif _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    elif plain.lower().lstrip("+-") in ("inf", "infinity", "∞", "nan"):
        return NO_VALUE
    if not _PLAIN.fullmatch(plain):
        return None
    value = float(plain) * times
    return NO_VALUE if not np.isfinite(value) else -value if negative else value


def _without_unit(text: str) -> tuple[str, float]:
    """The text before its unit, and what one unit is worth."""
    if text and text[-1] in _MULTIPLE and text[-1] in "%％‰":
        return text[:-1], _MULTIPLE[text[-1]]
    unit = _UNIT.search(text)
    if unit and unit.group() and unit.start():
        return text[: unit.start()], _MULTIPLE.get(unit.group(1) or "", 1.0)
    return text, 1.0


def flag(text: str) -> float | None:
    """1 for true, yes, 是, 有; 0 for false, no, 否, 无; None for anything else."""
    upper = text.upper()
    return 1.0 if upper in _TRUE else 0.0 if upper in _FALSE else None


def day(text: str, form: str) -> float | None:
    """Days since 1970-01-01 of a date in a form of `date_form`, a time of day as a fraction; None: not in it."""
    if text in WEAK:
        return NO_VALUE
    clock = _CLOCK.search(text)
    try:
        found = datetime.strptime(text[: clock.start()].strip() if clock else text, form)
    except ValueError:
        return None
    if not EARLIEST <= found.year <= LATEST:
        return None
    return float((found.date() - EPOCH).days) + (_share_of_day(clock.group()) if clock else 0.0)


def _share_of_day(clock: str) -> float:
    hours, minutes, *seconds = re.findall(r"\d+(?:\.\d+)?", clock)[:3]
    return (int(hours) * 60 + int(minutes)) / 1440 + (float(seconds[0]) / 86400 if seconds else 0.0)


def date_form(texts: Sequence[str]) -> str | None:
    """The first form in which every text is a date; None if there is none. Day before month where both fit."""
    known = [text for text in texts if text not in WEAK]
    if not known:
        return None
    if all(text.isdigit() for text in known) and not all(len(text) == 8 for text in known):
        return None
    for form in _DATE_FORMATS:
        if day(known[0], form) is not None and all(day(text, form) is not None for text in known):
            return form
    return None


def has_decimal_comma(texts: Sequence[str]) -> bool:
    """Whether commas are decimal: each text with one fits, and at least one cannot be thousands."""
    commas = [text for text in texts if "," in text]
    return bool(commas) and all(_DECIMAL_COMMA.fullmatch(text) for text in commas) and not all(
        _GROUPED.fullmatch(text) for text in commas
    )  # fmt: skip


def parsed(values: Texts, parser: Parser) -> tuple[FloatArray, int]:
    """A column through a parser, each different text once: values (NaN: unknown) and how many texts it refused."""
    codes, found = pd.factorize(values)
    results = [NO_VALUE if text == "" else parser(text) for text in found]
    bad = np.array([result is None for result in results], dtype=bool)
    numbers = np.array([NO_VALUE if result is None else result for result in results], dtype=float)
    return numbers[codes], int(bad[codes].sum())


def shown_day(value: float) -> str:
    """Days since 1970-01-01 as an ISO date."""
    return date.fromordinal(EPOCH.toordinal() + int(value)).isoformat()
