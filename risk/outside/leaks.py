"""Leaks (泄漏检查): what in a table may have seen the answer. Alarms for people to judge; nothing is removed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency

from risk import metrics
from risk.archive import BoolArray, FloatArray, IntArray, Texts
from risk.outside import values
from risk.outside.columns import Column
from risk.outside.encoding import Prepared
from risk.outside.folds import Split
from risk.outside.history import SINCE, column_of
from risk.outside.layout import LaidOut, alone
from risk.outside.reading import SHOWN, Table

SUSPICIOUS_AUC = 0.9
"""One column that alone ranks this well has probably seen the answer (risk.md 4)."""
COPY_AUC = 0.99
DRIFT_AUC = 0.7
"""A time, a row order or a waiting time that ranks the outcome like this differs by outcome."""
TELLING = 0.3
"""Difference of the share of known cells between the outcomes."""
CERTAIN = 1e-6
COARSE = 0.2
"""Where more rows than this are alike, the table is coarse and being alike is no accident."""
ALARM, NOTE = "alarm", "note"


@dataclass(frozen=True)
class Finding:
    """One doubt: `level` alarm or note, a stable code, the column it is about ("" : the table), and a sentence."""

    level: str
    code: str
    column: str
    value: float
    sentence: str


def twins(laid: LaidOut) -> tuple[IntArray, int, bool]:
    """(a number a row, the same for rows alike in all columns used; rows that have a twin; whether that is coarse)."""
    names = [column.name for column in laid.layout.columns]
    if not names:
        return np.arange(len(laid.table), dtype=np.int64), 0, False
    frame = pd.DataFrame({name: laid.table.columns[name] for name in names})
    codes = np.asarray(frame.groupby(names, sort=False, dropna=False).ngroup(), dtype=np.int64)
    alike = int((np.bincount(codes)[codes] > 1).sum())
    coarse = alike > COARSE * len(codes)
    return (np.arange(len(codes), dtype=np.int64) if coarse else codes), alike, coarse


def findings(laid: LaidOut, prepared: Prepared, rows: IntArray, splits: list[Split]) -> list[Finding]:
    """All doubts about the labelled rows; splits: of those rows."""
    table, problem = laid.table.where(rows), laid.label.problem[rows]
    found = [
        *_single(laid, table, problem), *_missing(laid, table, problem), *_copies_of_words(laid, table, problem),
        *_times(laid, table, problem), *_order(table, problem), *_alike(laid, problem, rows),
        *_both_sides(laid, table, splits),
    ]  # fmt: skip
    if laid.layout.events:
        since = prepared.numbers[:, prepared.names.index(column_of(SINCE))]
        found += _waiting("距上次的天数", "", since[rows], problem)
    return sorted(found, key=lambda finding: (finding.level != ALARM, -abs(finding.value)))


def _single(laid: LaidOut, table: Table, problem: FloatArray) -> Iterator[Finding]:
    for column in laid.layout.columns:
        value = alone(column, table, problem)
        best = max(value, 1 - value)
        if best > COPY_AUC:
            said = f"“{column.name}”单独的 AUC 为 {best:.3f}，几乎就是标签的副本；请确认它在结论之前已知，否则用 --leave-out 排除。"
            yield Finding(ALARM, "copy_of_label", column.name, best, said)
        elif best > SUSPICIOUS_AUC:
            said = f"“{column.name}”单独的 AUC 为 {best:.3f}，疑似泄漏，请核对它何时可知。"
            yield Finding(ALARM, "single_column", column.name, best, said)


def _missing(laid: LaidOut, table: Table, problem: FloatArray) -> Iterator[Finding]:
    """Columns filled in for one outcome more than for the other: probably known only after it."""
    for column in laid.layout.columns:
        known = table.columns[column.name] != ""
        if known.all() or not known.any():
            continue
        shares = [float(known[problem == outcome].mean()) for outcome in (0, 1)]
        counts = pd.crosstab(known, problem).to_numpy()
        if abs(shares[1] - shares[0]) > TELLING and chi2_contingency(counts).pvalue < CERTAIN:
            said = (
                f"“{column.name}”在发生的行中有 {shares[1]:.0%} 填了，在未发生的行中有 {shares[0]:.0%}："
                "填没填就说明了结论，可能是结论之后才填的。"
            )
            yield Finding(ALARM, "missing_tells", column.name, shares[1] - shares[0], said)


def _copies_of_words(laid: LaidOut, table: Table, problem: FloatArray) -> Iterator[Finding]:
    """Dropped columns of words or of one value that go with the label are worth a word: they were not used."""
    for entry in laid.dropped:
        texts = table.columns.get(entry.name)
        if texts is None or len(pd.unique(texts)) > len(texts) // 2 or len(pd.unique(texts)) < 2:
            continue
        value = alone(Column(entry.name, "category"), table, problem)
        if value > COPY_AUC:
            said = f"未使用的列“{entry.name}”（{entry.why}）几乎就是标签的副本。"
            yield Finding(NOTE, "copy_not_used", entry.name, value, said)


def _times(laid: LaidOut, table: Table, problem: FloatArray) -> Iterator[Finding]:
    """Times that differ by outcome, and dates later than the row's own time."""
    when = laid.layout.when(table)
    if when is not None:
        yield from _waiting("时间", laid.layout.roles.time or "", when, problem)
    for column in laid.layout.columns:
        if column.kind != "date":
            continue
        days, _ = values.parsed(table.columns[column.name], column.parser())
        if when is None or laid.layout.clock is None or laid.layout.clock.kind != "date":
            continue
        known = ~np.isnan(days)
        late = float((days[known] > when[known]).mean()) if known.any() else 0.0
        if late:
            said = f"“{column.name}”有 {late:.1%} 的日期晚于本行的时间：如果不是事先约定的日期，就是事后才知道的。"
            yield Finding(ALARM if late > COARSE else NOTE, "date_after_time", column.name, late, said)
        yield from _waiting(f"“{column.name}”到本行时间的天数", column.name, (when - days), problem)


def _waiting(what: str, column: str, value: FloatArray, problem: FloatArray) -> Iterator[Finding]:
    """Time to observation by class: an outcome that is looked at later or earlier than the other gives itself away."""
    known = ~np.isnan(value)
    auc = metrics.auc(value[known], problem[known]) if known.any() else float("nan")
    if auc == auc and max(auc, 1 - auc) > DRIFT_AUC:
        medians = [float(np.median(value[known & (problem == outcome)])) for outcome in (1, 0)]
        said = (
            f"{what}因结论而异（AUC {max(auc, 1 - auc):.3f}；中位数：发生 {medians[0]:g}，未发生 {medians[1]:g}）："
            "观察时间可能泄漏结论。"
        )
        yield Finding(ALARM, "time_by_class", column, max(auc, 1 - auc), said)


def _order(table: Table, problem: FloatArray) -> Iterator[Finding]:
    value = metrics.auc(table.rows.astype(float), problem)
    if max(value, 1 - value) > DRIFT_AUC:
        said = f"行的先后次序说明结论（AUC {max(value, 1 - value):.3f}）：文件按标签排过序；行号没有用于学习，分折前已打乱。"
        yield Finding(NOTE, "row_order", "", max(value, 1 - value), said)


def _alike(laid: LaidOut, problem: FloatArray, rows: IntArray) -> Iterator[Finding]:
    codes, alike, coarse = twins(laid)
    if not alike:
        return
    if coarse:
        yield Finding(NOTE, "alike", "", alike, f"{alike} 行与别的行各列相同；列少值粗，属正常，未作处理。")
        return
    code = codes[rows]
    count, found = np.bincount(code), np.bincount(code, problem)
    differ = int(((count > 1) & (found > 0) & (found < count)).sum())
    handled = "按时间分窗，没有合并" if laid.layout.clock else "重复的行始终分在同一折，不会一边训练一边检验"
    said = f"{alike} 行与别的行各列完全相同，其中 {differ} 组标签不一致；{handled}。"
    yield Finding(ALARM if laid.layout.clock and not laid.layout.events else NOTE, "alike", "", alike, said)


def _both_sides(laid: LaidOut, table: Table, splits: list[Split]) -> Iterator[Finding]:
    for role, name in (("标识", laid.layout.roles.id), ("分组", laid.layout.roles.group)):
        if not name:
            continue
        texts = table.column(name)
        shared = [_shared(texts, past, later) for past, later in splits]
        if not any(shared):
            yield Finding(NOTE, "sides_apart", name, 0.0, f"{role}“{name}”没有一个值同时在训练和检验两边。")
        elif laid.layout.clock:
            said = f"{role}“{name}”按时间分窗，同一值先在训练后在检验（最多 {max(shared)} 个），这正是使用时的情形。"
            yield Finding(NOTE, "sides_by_time", name, max(shared), said)
        else:
            said = f"{role}“{name}”有最多 {max(shared)} 个值同时在训练和检验两边。"
            yield Finding(ALARM, "both_sides", name, max(shared), said)


def _shared(texts: Texts, past: IntArray, later: IntArray) -> int:
    known: BoolArray = texts != ""
    return len(set(texts[past][known[past]]) & set(texts[later][known[later]]))


def columns_of(found: list[Finding]) -> list[str]:
    """Columns named by alarms, at most SHOWN, for one line on the terminal."""
    return list(dict.fromkeys(f.column for f in found if f.level == ALARM and f.column))[:SHOWN]
