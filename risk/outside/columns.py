"""Columns (列的种类): number, yes/no, date, category, or of no use; decided once from all rows, never from the label."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from registry.errors import Refusal
from risk.archive import FloatArray, Texts
from risk.outside import values
from risk.outside.reading import SHOWN, Table

STRAY = 0.02
"""Cells of another kind, as a share, that a column of numbers or dates may hold; they become unknown, and that is said."""
ALIKE = 0.5
"""A column of words most of whose values occur once identifies rows; it cannot be learned from."""
FEW = 50
LONG_TEXT = 60
CODE_DIGITS = 10
_ID_NAME = re.compile(
    r"(^|[_\W])(id|no|index|key|uuid|code)$|编号|序号|代码|证号|注册号|_?id$", re.IGNORECASE
)
_SAMPLE = 400


@dataclass(frozen=True)
class Column:
    """How a column is read. `form`: of its dates. `until`: what dates count back from where rows have no time."""

    name: str
    kind: str
    decimal_comma: bool = False
    form: str = ""
    until: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the model file."""
        return asdict(self)

    def parser(self) -> values.Parser:
        """From the text of a cell to a number; a date is days since 1970-01-01."""
        if self.kind == "flag":
            return _flag_or_unknown
        if self.kind == "date":
            return partial(_date, form=self.form)
        if self.kind == "present":
            return lambda text: 1.0
        return partial(values.number, decimal_comma=self.decimal_comma)

    def read(self, texts: Texts, when: FloatArray | None) -> FloatArray:
        """Numbers of a column that is no category. Dates become the days before `when`, or before `until`."""
        found, _ = values.parsed(texts, self.parser())
        if self.kind == "present":
            return np.nan_to_num(found)
        return (self.until if when is None else when) - found if self.kind == "date" else found


@dataclass(frozen=True)
class Dropped:
    """A column that was not used, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Plan:
    """Columns to learn from, those left out, and what was done to cells."""

    columns: tuple[Column, ...]
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]


def plan_columns(table: Table, reserved: Collection[str], outcomes: Collection[str] = ()) -> Plan:
    """Decide the kind of every column that has no role of its own. A copy of a column with a role, or of an outcome,
    would bring in by the back door what the role keeps out: it is dropped like any other copy."""
    chosen: list[Column] = []
    dropped: list[Dropped] = []
    notes: list[str] = []
    seen: dict[bytes, str] = {}
    first = [name for name in table.columns if name in reserved or name in outcomes]
    for name in [*first, *(name for name in table.columns if name not in first)]:
        texts = table.columns[name]
        copied = seen.setdefault(pd.util.hash_array(texts, categorize=True).tobytes(), name)
        if name in reserved:
            continue
        if copied != name:
            dropped.append(Dropped(name, f"与“{copied}”列完全相同"))
            continue
        found = decide(name, texts, notes)
        (chosen if isinstance(found, Column) else dropped).append(found)  # type: ignore[arg-type]
    return Plan(tuple(chosen), tuple(dropped), tuple(notes))


def decide(name: str, texts: Texts, notes: list[str]) -> Column | Dropped:
    """The kind of one column; `notes` gets a sentence on cells that became unknown."""
    known = texts[texts != ""]
    distinct = pd.unique(known)
    if not len(known):
        return Dropped(name, "全是空的")
    if len(distinct) == 1:
        return Dropped(name, "只有一个值") if len(known) == len(texts) else Column(name, "present")
    if all(_flag_or_unknown(text) is not None for text in distinct):
        return Column(name, "flag")
    if (form := _form_of(distinct)) is not None and _tolerable(
        name, known, partial(_date, form=form), "日期", notes
    ):
        newest = np.nanmax(values.parsed(known, partial(_date, form=form))[0])
        return Column(name, "date", form=form, until=float(newest))
    comma = values.has_decimal_comma(list(distinct))
    if not _has_leading_zeros(distinct) and _tolerable(
        name, known, partial(values.number, decimal_comma=comma), "数", notes
    ):
        return _number(name, known, comma)
    return _category(name, known, distinct)


def read_time(table: Table, name: str) -> tuple[FloatArray, Column]:
    """The time of each row: days since 1970-01-01 of dates, or numbers as they are; NaN: unknown.

    Raises Refusal time.unreadable naming rows, for a column that is neither.
    """
    texts = table.column(name)
    found = decide(name, texts, [])
    if isinstance(found, Dropped) and pd.Series(texts[texts != ""]).map(values.number).notna().all():
        found = Column(name, "number")  # all different whole numbers: an id elsewhere, a clock here
    if isinstance(found, Dropped) or found.kind not in ("number", "date"):
        parser = Column(name, "date", form="%Y-%m-%d").parser()
        odd = [i for i, text in enumerate(texts) if text and parser(text) is None][:SHOWN]
        shown = "、".join(f"第 {table.rows[i]} 行“{texts[i]}”" for i in odd)
        why = f"：{shown}" if shown else f"（{found.why}）" if isinstance(found, Dropped) else ""
        raise Refusal(
            "time.unreadable", f"时间列“{name}”既不是日期也不是数{why}。", "请写成 2026-11-27 这样的日期。"
        )
    return clock(table, found), found


def clock(table: Table, column: Column) -> FloatArray:
    """Times by a column already decided on."""
    return values.parsed(table.column(column.name), column.parser())[0]


def column_from_json(entry: dict[str, Any]) -> Column:
    """The inverse of `Column.to_json`."""
    return Column(**entry)


def _flag_or_unknown(text: str) -> float | None:
    found = values.flag(text)
    return values.NO_VALUE if found is None and text in values.WEAK else found


def _form_of(distinct: Texts) -> str | None:
    """The form of most dates in a sample; a few cells of another kind do not hide it."""
    sample = list(distinct[:: max(1, len(distinct) // _SAMPLE)])
    if (whole := values.date_form(sample)) is not None:
        return whole
    dated = [text for text in sample if any(sign in text for sign in "-/.年") and text[:1].isdigit()]
    usable = [text for text in dated if values.number(text) is None and 6 <= len(text) <= 32]
    return values.date_form(usable) if len(usable) > (1 - 2 * STRAY) * len(sample) else None


def _date(text: str, form: str) -> float | None:
    """A date in the column's form, or else with the year first, which cannot be mistaken."""
    for attempt in (form, "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d"):
        found = values.day(text, attempt)
        if found is not None:
            return found
    return None


def _tolerable(
    name: str, known: Texts, parser: Callable[[str], float | None], what: str, notes: list[str]
) -> bool:
    found, bad = values.parsed(known, parser)
    if bad > STRAY * len(known) or np.isnan(found).all():
        return False
    if bad:
        texts = pd.unique(known)
        odd = [text for text in texts if parser(text) is None][:3]
        notes.append(
            f"“{name}”列有 {bad} 格不是{what}（如{'、'.join(f'“{t[:20]}”' for t in odd)}），按未知处理。"
        )
    return True


def _has_leading_zeros(distinct: Texts) -> bool:
    return any(len(text) > 1 and text[0] == "0" and text.isdigit() for text in distinct)


def _number(name: str, known: Texts, comma: bool) -> Column | Dropped:
    found, _ = values.parsed(known, partial(values.number, decimal_comma=comma))
    found = found[~np.isnan(found)]
    whole = bool((found == np.round(found)).all())
    if len(np.unique(found)) < 2:
        return Dropped(name, "只有一个值")
    if whole and len(found) > FEW and len(np.unique(found)) == len(found):
        dense = found.max() - found.min() < 1.05 * len(found)
        if dense or _ID_NAME.search(name) or len(str(known[0])) >= CODE_DIGITS:
            return Dropped(name, "每行不同的编号")
    return Column(name, "number", decimal_comma=comma)


def _category(name: str, known: Texts, distinct: Texts) -> Column | Dropped:
    if len(distinct) > FEW and len(distinct) > ALIKE * len(known):
        return Dropped(name, "几乎每行不同的文字（名称、编号或说明）")
    if len(distinct) > FEW and float(np.mean([len(text) for text in distinct])) > LONG_TEXT:
        return Dropped(name, "长文字")
    return Column(name, "category")
