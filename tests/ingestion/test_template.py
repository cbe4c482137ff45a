"""Templates: every dataset's empty workbook is a standard file, filled or not; its explanations are no data."""

import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from ingestion.datasets import DATASETS
from ingestion.datasets.examples import example_of, examples
from ingestion.datasets.explain import meanings
from ingestion.datasets.page import datasets_page
from ingestion.decode import heading_key
from ingestion.intake import ingest_file
from ingestion.template import write_template
from registry.database import Database
from tests.ingestion.conftest import Ingest


def sheets_of(path: Path) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


@pytest.mark.parametrize("name", DATASETS)
def test_an_empty_template_is_read_without_a_fault(
    one_town: Ingest, one_database: Database, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"{name}_模板.xlsx"
    write_template(DATASETS[name], path)
    report = ingest_file(one_database.engine_for("ingest"), path)
    assert (report.state, report.dataset, report.rows_read, report.rows_faulty) == ("loaded", name, 0, 0), (
        report.sentence
    )


@pytest.mark.parametrize("name", DATASETS)
def test_a_filled_one_is_the_example_and_the_explanations_are_passed_over(
    one_town: Ingest, one_database: Database, tmp_path: Path, name: str
) -> None:
    template, filled = tmp_path / "empty.xlsx", tmp_path / f"{name}_填好.xlsx"
    write_template(DATASETS[name], template)
    with xlsxwriter.Workbook(str(filled)) as book:  # as a spreadsheet would save it: all sheets, one row more
        for title, rows in sheets_of(template).items():
            sheet = book.add_worksheet(title)
            for line, cells in enumerate(
                [*rows, list(example_of(DATASETS[name]).values())] if title == "填报" else rows
            ):
                for place, cell in enumerate(cells):
                    sheet.write_string(line, place, str(cell))
    report = ingest_file(one_database.engine_for("ingest"), filled)
    assert (report.rows_read, report.rows_faulty) == (1, 0), report.faults


@pytest.mark.parametrize("name", DATASETS)
def test_it_marks_explains_and_offers(tmp_path: Path, name: str) -> None:
    dataset, path = DATASETS[name], tmp_path / "t.xlsx"
    write_template(dataset, path)
    sheets = sheets_of(path)
    columns = dataset.file_columns()
    headings = [str(cell) for cell in sheets["填报"][0]]
    assert [heading_key(h) for h in headings] == [heading_key(c.heading) for c in columns]
    assert [h.startswith("*") for h in headings] == [c.required for c in columns]
    explained = [row[0] for row in sheets["填写说明"][1 : len(columns) + 1]]
    assert explained == [c.heading for c in columns]
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    lists = re.findall(r"<dataValidation [^>]*>(.*?)</dataValidation>", xml, re.S)
    offered = [c for c in columns if c.kind in ("choice", "boolean")]
    assert len(lists) == len(offered)
    for rule, column in zip(lists, offered, strict=True):
        texts = [words[0] for _, words in meanings(column)]
        if place := re.search(r"\$C\$(\d+):\$C\$(\d+)", rule):
            texts_there = [row[2] for row in sheets["代码表"][int(place[1]) - 1 : int(place[2])]]
            assert texts_there == texts
        else:
            assert ",".join(texts) in rule.replace("&quot;", "")
    assert 'style="' in xml, "cells are text: 18 digits stay whole"


def test_examples_are_complete_and_their_headings_are_the_layouts() -> None:
    known = {
        **dict(DATASETS.items()),
        **{f"{n}_2015": d.older[0] for n, d in DATASETS.items() if d.older},
    }
    assert set(examples()) == set(known)
    for name, example in examples().items():
        assert set(example) <= set(known[name].headings()), name
        for column in known[name].columns:
            assert not column.required or example.get(column.heading), (name, column.heading)


def test_the_page_shows_every_heading_and_every_text_of_every_code_table() -> None:
    page = datasets_page()
    for dataset in DATASETS.values():
        assert dataset.says
        for layout in dataset.layouts():
            for column in layout.file_columns():
                assert f"| {column.heading} |" in page
                assert all(text in page for text in column.choices or {})
            assert all(f"- {check.says}" in page for check in layout.checks)
