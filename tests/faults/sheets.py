"""A workbook as its XML says it is: the kind and the text of every cell, without any spreadsheet library (C-10)."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ESCAPED = re.compile(r"_x([0-9A-F]{4})_")


@dataclass(frozen=True)
class Cell:
    """One cell: its sheet's part, its place, the type its XML states (s, inlineStr, str, n, b), text, and any formula."""

    sheet: str
    place: str
    kind: str
    text: str
    formula: str | None

    @property
    def is_text(self) -> bool:
        """Whether a spreadsheet program may only show it, neither compute nor convert it."""
        return self.kind in ("s", "inlineStr") and self.formula is None


def cells_of(path: Path) -> list[Cell]:
    """Every filled cell of every sheet. Our own workbooks only: an outside one is not read so trustingly."""
    with zipfile.ZipFile(path) as archive:
        shared = []
        if "xl/sharedStrings.xml" in archive.namelist():
            root = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
            shared = [
                "".join(t.text or "" for t in item.iter(f"{_MAIN}t")) for item in root.iter(f"{_MAIN}si")
            ]
        parts = sorted(n for n in archive.namelist() if n.startswith("xl/worksheets/") and n.endswith(".xml"))
        return [
            _cell(part, cell, shared)
            for part in parts
            for cell in ElementTree.fromstring(archive.read(part)).iter(f"{_MAIN}c")
            if len(cell)
        ]


def _cell(part: str, cell: ElementTree.Element, shared: list[str]) -> Cell:
    kind, value = cell.get("t", "n"), cell.findtext(f"{_MAIN}v") or ""
    if kind == "s":
        value = shared[int(value)]
    elif kind == "inlineStr":
        value = "".join(t.text or "" for t in cell.iter(f"{_MAIN}t"))
    plain = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), value)
    return Cell(part, cell.get("r", ""), kind, plain, cell.findtext(f"{_MAIN}f"))
