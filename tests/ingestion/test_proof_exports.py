"""C-10: what the project writes for spreadsheets runs no formula, and its 18-digit codes are the text they were."""

import ast
import csv
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from ingestion.workbook import write_fault_workbook
from registry.database import Database
from scheduling.bundle import _drawn_file
from scheduling.draw import DrawnRow
from tests.faults.sheets import cells_of
from tests.ingestion.conftest import Ingest
from tests.ingestion.papers import good

ROOT = Path(__file__).parents[2]
CODE = "行政相对人代码_1(统一社会信用代码)"
DIGITS = "913301007161035748"
"""A real-looking code of digits only: as a number a spreadsheet would write 9.13301E+17 and lose three of them."""
STARTS = ("=", "+", "-", "−", "@", "\t", "\r", "＝", "＋", "－", "＠")
HOSTILE = [f'{start}HYPERLINK("http://x","y")' for start in STARTS]
WRITERS = {
    "xlsxwriter": {
        "ingestion/workbook.py",
        "ingestion/template.py",
        "reports/workbook.py",
        "ingestion/citylife/files.py",
    },
    "csv.writer": {
        "ingestion/city.py",
        "scheduling/bundle.py",
        "ingestion/citylife/files.py",
        "portal/quality_report.py",
        "portal/cli/estimating.py",
        "portal/cli/indicators.py",
        "portal/outside_tables.py",
    },
    "csv.DictWriter": {"ingestion/sources/records.py", "ingestion/edits.py", "portal/backtest_report.py"},
    "to_csv": {"scheduling/acts.py", "portal/ledger_file.py"},
    "to_excel": set(),
}
"""Every place that writes a sheet. city.py and citylife write simulated input; records.py, edits.py and acts.py files
of our own that nobody opens; backtest_report.py numbers and our own words. A place that is not named here fails a
test until somebody has thought of C-10 there."""


@pytest.fixture(scope="module")
def book(one_town: Ingest, one_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fault workbook whose rows are as hostile as they can be."""
    rows = [
        good("penalty", **{CODE: DIGITS, "处罚内容": text, "违法事实": text, "行政处罚决定书文号": text, "处罚决定日期": text})
        for text in HOSTILE
    ]  # fmt: skip
    report = one_town("penalty", rows)
    assert report.rows_faulty == len(HOSTILE)
    path = tmp_path_factory.mktemp("out") / "penalty_faults.xlsx"
    with one_database.engine_for("ingest").connect() as connection:
        write_fault_workbook(connection, report.batch_id or 0, path)
    return path


def test_every_cell_of_a_fault_workbook_is_text(book: Path) -> None:
    cells = cells_of(book)
    assert len(cells) > len(HOSTILE) * 10
    assert [cell for cell in cells if not cell.is_text] == []


def test_hostile_texts_come_back_unchanged_so_that_the_workbook_can_be_sent_in_again(book: Path) -> None:
    """They are neutralised by their type, not by a quote that would become part of the record."""
    stripped = {text.strip() for text in HOSTILE}
    assert stripped <= {cell.text.strip() for cell in cells_of(book)}
    rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
    assert stripped <= {str(cell).strip() for row in rows for cell in row}


def test_codes_of_a_fault_workbook_are_unchanged_text(book: Path) -> None:
    headings, *rows = CalamineWorkbook.from_path(str(book)).get_sheet_by_index(0).to_python()
    codes = [row[headings.index(CODE)] for row in rows]
    assert codes == [DIGITS] * len(HOSTILE)
    in_xml = [cell for cell in cells_of(book) if cell.text == DIGITS]
    assert len(in_xml) == len(HOSTILE)
    assert all(cell.is_text for cell in in_xml)
    assert not [cell for cell in cells_of(book) if "E+17" in cell.text and "code" in cell.text]


@pytest.mark.parametrize("text", HOSTILE)
def test_the_published_list_of_drawn_objects_runs_no_formula(text: str) -> None:
    drawn = DrawnRow(**{name: _value(name) for name in DrawnRow._fields})
    content = _drawn_file([drawn], {drawn.object_id: text}, ()).decode()
    (row,) = csv.DictReader(io.StringIO(content))
    assert not row["name"].startswith(STARTS), row["name"]
    assert row["name"].lstrip("'").startswith(text.strip()[:3])
    assert "\r" not in row["name"]


def _value(name: str) -> object:
    return f"{DIGITS}-1" if name == "object_id" else 1 if name in ("rank", "place", "number") else "t"


def test_every_place_that_writes_a_sheet_is_known() -> None:
    found: dict[str, set[str]] = {kind: set() for kind in WRITERS}
    for package in ("ingestion", "portal", "registry", "reports", "risk", "scheduling"):
        for file in (ROOT / package).rglob("*.py"):
            source = file.read_text()
            for node in ast.walk(ast.parse(source)):
                name = _called(node)
                if name in found:
                    found[name].add(str(file.relative_to(ROOT)))
    assert {kind: places - WRITERS[kind] for kind, places in found.items() if places - WRITERS[kind]} == {}


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return ""
    owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
    if owner == "xlsxwriter":
        return "xlsxwriter"
    return f"csv.{node.func.attr}" if owner == "csv" else node.func.attr
