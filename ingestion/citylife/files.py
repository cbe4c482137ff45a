"""Files (报送文件) as bureaus really send them: GB18030 and UTF-8 CSV, Excel, JSON lines."""

import csv
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import xlsxwriter

from ingestion.citylife.tables import Table, height
from ingestion.datasets.contract import Column, Dataset

MOST_ROWS = 1_000_000
"""A sheet of Excel holds 1,048,576 rows; a longer file goes on in a second part."""
_MADE = datetime(2026, 1, 1)
"""Written into every workbook: the same seed gives the same bytes."""


@dataclass(frozen=True)
class Delivery:
    """How one sender's file looks: name, format, which headings it uses, how it writes dates."""

    stem: str
    form: Literal["gb18030", "utf-8-sig", "xlsx", "jsonl"]
    headings: Literal["heading", "code", "also"] = "heading"
    dates: str = "%Y-%m-%d"

    @property
    def suffix(self) -> str:
        """File name extension."""
        return {"xlsx": ".xlsx", "jsonl": ".jsonl"}.get(self.form, ".csv")


def to_text(table: Table, delivery: Delivery) -> list[dict[str, str]]:
    """Rows of text by column name; "" for an empty cell."""
    columns = {name: _column(values, delivery.dates) for name, values in table.items()}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _column(values: Any, dates: str) -> list[str]:
    array = np.asarray(values, dtype=getattr(values, "dtype", object))
    if array.dtype.kind == "M":
        return _days(array, dates) if array.dtype == np.dtype("datetime64[D]") else _moments(array)
    if array.dtype.kind == "f":
        return ["" if np.isnan(v) else _number(v) for v in array.tolist()]
    if array.dtype.kind == "b":
        return ["是" if v else "否" for v in array.tolist()]
    return ["" if v is None else v if isinstance(v, str) else _scalar(v) for v in array.tolist()]


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return "" if np.isnan(value) else _number(value)
    return str(value)


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _days(array: Any, dates: str) -> list[str]:
    days, places = np.unique(array, return_inverse=True)
    written = ["" if np.isnat(d) else _day(str(d), dates) for d in days]
    return [written[p] for p in places.tolist()]


def _day(iso: str, dates: str) -> str:
    year, month, day = iso.split("-")
    if dates == "%Y/%-m/%-d":
        return f"{year}/{int(month)}/{int(day)}"
    return dates.replace("%Y", year).replace("%m", month).replace("%d", day)


def _moments(array: Any) -> list[str]:
    return [text.replace("T", " ") for text in np.datetime_as_string(array.astype("datetime64[s]")).tolist()]


def columns_of(dataset: Dataset, table: Table) -> list[Column]:
    """The columns a file carries: all that the layout demands, and the optional ones there is something for."""
    return [c for c in dataset.columns if c.name in table or not (c.optional or c.personal)]


def heading_of(column: Column, delivery: Delivery) -> str:
    """The heading this sender writes."""
    if delivery.headings == "code" and column.code:
        return column.code
    if delivery.headings == "also" and column.also:
        return column.also[0]
    return column.heading


@dataclass
class OpenFile:
    """A file being written; rows go to disk as they come."""

    path: Path
    delivery: Delivery
    columns: list[str]
    headings: list[str]
    rows: int = 0
    _handle: IO[str] | None = None
    _writer: Any = None
    _book: Any = None
    _sheet: Any = None

    def start(self) -> "OpenFile":
        """Create the file and write its headings."""
        if self.delivery.form == "xlsx":
            self._book = xlsxwriter.Workbook(str(self.path), {"constant_memory": True})
            self._book.set_properties({"created": _MADE})
            self._sheet = self._book.add_worksheet("报送数据")
            self._sheet.write_row(0, 0, self.headings)
        else:
            encoding = "utf-8" if self.delivery.form == "jsonl" else self.delivery.form
            self._handle = self.path.open("w", encoding=encoding, newline="")
            if self.delivery.form != "jsonl":
                self._writer = csv.writer(self._handle, lineterminator="\r\n")
                self._writer.writerow(self.headings)
        return self

    def write(self, rows: list[dict[str, str]]) -> None:
        """Add rows; a cell the row does not have is empty."""
        cells = [[row.get(name, "") for name in self.columns] for row in rows]
        if self._sheet is not None:
            for number, line in enumerate(cells, start=self.rows + 1):
                for place, text in enumerate(line):
                    if text:
                        self._sheet.write_string(number, place, text)
        elif self._writer is not None:
            self._writer.writerows(cells)
        elif self._handle is not None:
            for line in cells:
                self._handle.write(
                    json.dumps(dict(zip(self.headings, line, strict=True)), ensure_ascii=False) + "\n"
                )
        self.rows += len(rows)

    def close(self) -> None:
        """Finish the file."""
        if self._book is not None:
            self._book.close()
        elif self._handle is not None:
            self._handle.close()


@dataclass
class Outbox:
    """All files being written into one folder, opened as rows for them come."""

    folder: Path
    open: dict[str, OpenFile] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    done: list[OpenFile] = field(default_factory=list)
    datasets: dict[str, str] = field(default_factory=dict)

    def send(self, dataset: Dataset, delivery: Delivery, table: Table, rows: list[dict[str, str]]) -> None:
        """Write rows to the delivery's file, starting a further part where a sheet would overflow."""
        if not height(table):
            return
        file = self.open.get(delivery.stem)
        if file is not None and file.rows + len(rows) > MOST_ROWS:
            file.close()
            self.done.append(self.open.pop(delivery.stem))
            file = None
        if file is None:
            file = self._start(dataset, delivery, table)
        file.write(rows)

    def _start(self, dataset: Dataset, delivery: Delivery, table: Table) -> OpenFile:
        part = self.parts[delivery.stem] = self.parts.get(delivery.stem, 0) + 1
        name = delivery.stem + (f"_第{part}部分" if part > 1 else "") + delivery.suffix
        columns = columns_of(dataset, table)
        file = OpenFile(
            self.folder / name,
            delivery,
            [c.name for c in columns],
            [heading_of(c, delivery) for c in columns],
        )
        self.open[delivery.stem] = file.start()
        self.datasets[name] = dataset.name
        return file

    def close(self) -> list[OpenFile]:
        """Close everything; the files in the order of their names."""
        for file in self.open.values():
            file.close()
        self.done += self.open.values()
        self.open = {}
        return sorted(self.done, key=lambda file: file.path.name)
