"""Many papers at once: rows of a town's standard layouts, as many as a proof asks for, each with its known end."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from ingestion.datasets import DATASETS
from ingestion.datasets.contract import Column
from tests.faults.codes import credit_code, old_number
from tests.ingestion.papers import INN, OLD, TEA, good

Row = dict[str, str]
CODE = "行政相对人代码_1(统一社会信用代码)"
REGNO = "行政相对人代码_2(工商注册号)"
NAME = "行政相对人名称"
TOWN = (TEA, INN, OLD)
"""Enterprises of the town that are companies, as the good rows say: a code's kind must fit its row."""


def penalties(many: int, first: int = 0) -> list[Row]:
    """Rows of the penalty layout: decisions, every fifth row a correction of the last, every eleventh a withdrawal,
    every hundredth unreadable."""
    rows: list[Row] = []
    for n in range(first, first + many):
        row = good("penalty", **{CODE: TOWN[n % 3], NAME: "", "行政处罚决定书文号": f"安市监罚〔2026〕{n}号"})
        about_the_last = rows and n % 100 != 0
        if n % 100 == 99:
            row |= {"处罚决定日期": "2026-02-30"}
        elif about_the_last and n % 11 == 10:
            row = {**rows[-1], "数据状态": "撤销", "数据更新时间": "2026-05-01"}
        elif about_the_last and n % 5 == 4:
            row = {**rows[-1], "罚款金额(万元)": "0.9", "数据更新时间": "2026-04-01"}
        rows.append(row)
    return rows


def registrations(many: int, first: int = 0) -> list[Row]:
    """Rows of the registration layout: an enterprise each, with old numbers, former names and second places; every
    seventh row a later change of the one before, every hundredth unreadable."""
    rows: list[Row] = []
    for n in range(first, first + many):
        row = good(
            "registration", 统一社会信用代码=credit_code(n), 企业名称=f"安和市第{n}商行", 联系电话="",
            注册号=old_number(n) if n % 3 == 0 else "", 曾用名=f"第{n}旧号" if n % 4 == 0 else "",
            生产经营地=f"安和市渡口 {n} 号" if n % 5 == 0 else "",
        )  # fmt: skip
        if n % 100 == 99:
            row |= {"登记状态": "开张大吉"}
        elif n % 7 == 6 and n % 100 != 0 and rows:
            row = {
                **rows[-1],
                "住所": f"新址 {n} 号",
                "生产经营地": "",
                "数据更新时间": "2026-05-01",
            }
        rows.append(row)
    return rows


def several(dataset: str, many: int = 24) -> list[Row]:
    """`many` records of any dataset, made from its one good row by changing its natural key; every third corrected
    and every fifth withdrawn later."""
    layout = DATASETS[dataset]
    keys = [layout.column(name) for name in layout.key if layout.has(name)]
    vary = [column for column in keys if column.kind in _VARIED] or keys[:1]
    rows = [{**good(dataset), **_identity(dataset, n), **_keyed(dataset, vary, n)} for n in range(many)]
    later = [{**row, **_corrected(dataset), "数据更新时间": "2026-09-01"} for row in rows[::3]]
    gone = [{**row, "数据状态": "撤销", "数据更新时间": "2026-10-01"} for row in rows[::5]]
    return rows + later + gone


def _text(cell: str, n: int) -> str:
    return f"{cell}甲{n}"


def _day(cell: str, n: int) -> str:
    return (date.fromisoformat(cell) - timedelta(days=n)).isoformat()


_VARIED: dict[str, Callable[[str, int], str]] = {
    "text": _text,
    "code": lambda cell, n: f"{cell}{n}",
    "date": _day,
    "integer": lambda cell, n: str(int(cell) - n % 12),
}


def _keyed(dataset: str, columns: list[Column], n: int) -> Row:
    row = good(dataset)
    return {
        column.heading: _varied(column, row[column.heading], n)
        for column in columns
        if column.kind in _VARIED
    }


def _varied(column: Column, cell: str, n: int) -> str:
    """Another value of a key column; of one that has a form (2025Q3), another year."""
    other = _VARIED[column.kind](cell, n)
    if column.pattern and not re.fullmatch(column.pattern, other):
        return f"{int(cell[:4]) - n}{cell[4:]}" if cell[:4].isdigit() else cell
    return other


def _identity(dataset: str, n: int) -> Row:
    layout = DATASETS[dataset]
    if layout.identity is None:
        return {}
    code, regno = layout.column("given_code").heading, layout.column("given_regno").heading
    name = {layout.column("given_name").heading: f"商行{n}"} if layout.has("given_name") else {}
    if layout.identity == "self":
        return {code: credit_code(n), regno: "", **name, "曾用名": f"旧商行{n}" if n % 2 else ""}
    blank = dict.fromkeys(name, "")
    return {code: "", regno: OLD, **blank} if n % 3 == 2 else {code: TOWN[n % 3], regno: "", **blank}


def _corrected(dataset: str) -> Row:
    """Another content for a cell that is no part of the key."""
    layout = DATASETS[dataset]
    plain = next(
        (
            column
            for column in layout.columns
            if column.kind == "text" and column.stored and not column.personal and column.name not in layout.key
            and not column.pattern
        ),
        None,
    )  # fmt: skip
    return {plain.heading: "更正后"} if plain else {}


def in_pieces(rows: list[Row], many: int) -> Iterator[list[Row]]:
    """The rows dealt out to `many` files."""
    return (rows[piece::many] for piece in range(many))
