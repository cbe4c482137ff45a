"""Checks of a whole row (整行校验): its dates against each other and the calendar, its codes against code tables."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

import pandas as pd
from sqlalchemy import Connection, select

from ingestion.datasets.contract import Check, Dataset, Surroundings
from ingestion.faults import Fault, at_rows, sentence
from registry.tables.library import CheckItem

DIVISIONS_OF_CATEGORY = {
    "A": (1, 5), "B": (6, 12), "C": (13, 43), "D": (44, 46), "E": (47, 50), "F": (51, 52), "G": (53, 60), "H": (61, 62),
    "I": (63, 65), "J": (66, 69), "K": (70, 70), "L": (71, 72), "M": (73, 75), "N": (76, 79), "O": (80, 82),
    "P": (83, 83), "Q": (84, 85), "R": (86, 90), "S": (91, 96), "T": (97, 97),
}  # fmt: skip
"""GB/T 4754-2017: 门类 → first and last 大类."""

ItemSpans = dict[str, list[tuple[date, date | None]]]
"""Check item code → the spans in which it was in force."""


def check_rows(dataset: Dataset, rows: pd.DataFrame, heading: dict[str, str], around: Surroundings,
               items: ItemSpans) -> list[Fault]:  # fmt: skip
    """Faults that need more than one cell. `rows` is typed and carries known_at."""
    faults = _future_known(rows, heading, around)
    if dataset.occurred:
        faults += _after_known(dataset.occurred, rows, heading)
    for later, earlier in dataset.in_order:
        faults += _out_of_order(later, earlier, rows, heading)
    for check in row_checks(dataset, items):
        faults += check.find(rows, heading)
    return faults


def row_checks(dataset: Dataset, items: ItemSpans) -> list[Check]:
    """The checks of a row that have nothing to do with when it came: those of its dataset, and those of its columns."""
    checks = [*dataset.checks]
    if dataset.has("counterpart"):
        checks.append(Check("自然人的记录不归集。", _natural_persons, ("counterpart",)))
    if dataset.has("industryphy"):
        checks.append(Check("行业代码属于行业门类。", _industry_pairs, ("industryphy", "industryco")))
    if dataset.has("item_codes"):
        find = partial(_unknown_items, items)
        checks.append(Check("检查事项在检查日期有效。", find, ("item_codes", "inspdate")))
    return checks


def read_item_spans(connection: Connection) -> ItemSpans:
    """Every span of validity that any version of a check item ever had."""
    spans: ItemSpans = {}
    columns = select(CheckItem.item_code, CheckItem.valid_from, CheckItem.valid_to).where(
        ~CheckItem.retracted
    )
    for code, first, last in connection.execute(columns.distinct()):
        spans.setdefault(code, []).append((first, last))
    return spans


def _natural_persons(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
    persons = rows.index[rows["counterpart"] == "自然人"]
    return at_rows(persons, heading["counterpart"], "natural_person")


def _future_known(rows: pd.DataFrame, heading: dict[str, str], around: Surroundings) -> list[Fault]:
    if "known_at" not in heading:
        return []
    limit = around.received_at.date()
    if not len(rows) or max(rows["known_at"].tolist()).date() <= limit:
        return []
    return [
        Fault(
            int(n),
            heading["known_at"],
            "future_known",
            sentence("future_known", value=known.date(), limit=limit),
        )
        for n, known in zip(rows.index, rows["known_at"], strict=True)
        if known.date() > limit
    ]


def _after_known(occurred: str, rows: pd.DataFrame, heading: dict[str, str]) -> list[Fault]:
    return [
        Fault(
            int(n), heading[occurred], "after_known", sentence("after_known", value=day, limit=known.date())
        )
        for n, day, known in zip(rows.index, rows[occurred].tolist(), rows["known_at"].tolist(), strict=True)
        if day is not None and day > known.date()
    ]


def _out_of_order(later: str, earlier: str, rows: pd.DataFrame, heading: dict[str, str]) -> list[Fault]:
    return [
        Fault(int(n), heading[later], "date_order",
              sentence("date_order", value=end, other=heading.get(earlier, earlier), limit=start))
        for n, end, start in zip(rows.index, rows[later].tolist(), rows[earlier].tolist(), strict=True)
        if end is not None and start is not None and end < start
    ]  # fmt: skip


def _industry_pairs(rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
    pairs = rows[["industryphy", "industryco"]].dropna()
    wrong = {
        pair for pair in pairs.drop_duplicates().itertuples(index=False, name=None) if not _pair_fits(*pair)
    }
    return [
        Fault(
            int(n),
            heading["industryco"],
            "industry_pair",
            sentence("industry_pair", value=code, other=letter),
        )
        for n, letter, code in pairs.itertuples(name=None)
        if (letter, code) in wrong
    ]


def _pair_fits(letter: str, code: str) -> bool:
    first, last = DIVISIONS_OF_CATEGORY[letter]
    return first <= int(code[:2]) <= last


def _unknown_items(items: ItemSpans, rows: pd.DataFrame, heading: Mapping[str, str]) -> list[Fault]:
    judged: dict[tuple[tuple[str, ...], date], str | None] = {}
    faults = []
    for n, codes, day in zip(rows.index, rows["item_codes"], rows["inspdate"], strict=True):
        if not codes or day is None:
            continue
        if (codes, day) not in judged:
            judged[codes, day] = next(
                (code for code in codes if not _in_force(items.get(code, ()), day)), None
            )
        if unknown := judged[codes, day]:
            text = sentence("unknown_item", value=unknown, date=day)
            faults.append(Fault(int(n), heading["item_codes"], "unknown_item", text))
    return faults


def _in_force(spans: Iterable[tuple[date, date | None]], day: date) -> bool:
    return any(first <= day and (last is None or day <= last) for first, last in spans)
