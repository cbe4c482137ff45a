"""The empty template workbook (填报模板) of a dataset, made from its declaration.

Its first sheet is a standard file without rows: ingestion reads it back as it is, filled or empty. The sheets of
explanations have other headings and are passed over.
"""

from pathlib import Path
from typing import Any

import xlsxwriter

from ingestion.datasets.contract import Column, Dataset
from ingestion.datasets.examples import example_of
from ingestion.datasets.explain import demands_of, kind_words, meanings, required_words

_ROWS = 2_000
"""So many rows are prepared as text with drop-down lists; more may be filled in."""
_OPTIONS = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
_LONGEST_LIST = 255
"""What a spreadsheet takes as a list written into the cell rule itself."""


def write_template(dataset: Dataset, path: Path) -> None:
    """Write the template of a dataset: headings (required ones marked), lists to choose from, explanations."""
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        columns = dataset.file_columns()
        _filling_sheet(book, columns, _places_of_codes(columns))
        _explaining_sheet(book, dataset, columns)
        _code_sheet(book, columns)


def _filling_sheet(book: Any, columns: list[Column], places: dict[str, tuple[int, int]]) -> None:
    sheet = book.add_worksheet("填报")
    text = book.add_format({"num_format": "@"})
    must = book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1, "text_wrap": True})
    may = book.add_format({"bold": True, "bg_color": "#E2EFDA", "border": 1, "text_wrap": True})
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, min(max(len(column.heading) * 2 + 2, 12), 36), text)
        star, look = ("*", must) if column.required else ("", may)
        sheet.write_string(0, place, star + column.heading, look)
        sheet.write_comment(0, place, _comment(column), {"x_scale": 2, "y_scale": 1.4, "font_size": 9})
        if column.kind in ("choice", "boolean"):
            sheet.data_validation(1, place, _ROWS, place, _choice_rule(column, places[column.name]))


def _comment(column: Column) -> str:
    told = [required_words(column), kind_words(column), column.note]
    return "；".join(each for each in told if each)[:400]


def _choice_rule(column: Column, lines: tuple[int, int]) -> dict[str, Any]:
    """A list to choose from. It warns and does not forbid: ingestion knows more spellings than the list shows."""
    texts = [words[0] for _, words in meanings(column)]
    source: Any = texts
    if len(",".join(texts)) > _LONGEST_LIST:
        source = f"='代码表'!$C${lines[0]}:$C${lines[1]}"
    return {
        "validate": "list",
        "source": source,
        "error_type": "warning",
        "error_title": "不在列表里",
        "error_message": "请尽量从列表里选择；列表里没有的文字，以数据标准为准。",
    }


def _explaining_sheet(book: Any, dataset: Dataset, columns: list[Column]) -> None:
    sheet = book.add_worksheet("填写说明")
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    example = example_of(dataset)
    titles = ("列名", "标准代码", "是否必填", "怎么填", "示例")
    for place, (title, width) in enumerate(zip(titles, (34, 18, 18, 70, 40), strict=True)):
        sheet.write_string(0, place, title, bold)
        sheet.set_column(place, place, width, wrapped)
    for line, column in enumerate(columns, start=1):
        told = "；".join(each for each in (kind_words(column), column.note) if each)
        cells = (column.heading, column.code, required_words(column), told, example[column.heading])
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, cell)
    below = len(columns) + 2
    for line, sentence in enumerate([dataset.says, *demands_of(dataset)], start=below):
        sheet.write_string(line, 0, sentence)


def _places_of_codes(columns: list[Column]) -> dict[str, tuple[int, int]]:
    """Column → the first and last line of its codes on the sheet of codes, counted as a spreadsheet does."""
    places, line = {}, 2
    for column in columns:
        many = len(meanings(column))
        places[column.name] = (line, line + many - 1)
        line += many
    return places


def _code_sheet(book: Any, columns: list[Column]) -> None:
    sheet = book.add_worksheet("代码表")
    bold = book.add_format({"bold": True})
    for place, (title, width) in enumerate(zip(("列", "可以填的文字", "建议填"), (30, 90, 40), strict=True)):
        sheet.write_string(0, place, title, bold)
        sheet.set_column(place, place, width)
    entries = [(column.heading, words) for column in columns for _, words in meanings(column)]
    for line, (heading, words) in enumerate(entries, start=1):
        for place, cell in enumerate((heading, " / ".join(words), words[0])):
            sheet.write_string(line, place, cell)
