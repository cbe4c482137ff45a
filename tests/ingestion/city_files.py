"""Reading the city's files back without the code under `ingestion/decode.py`: an independent pair of eyes."""

import csv
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineWorkbook

from ingestion.city import CityManifest
from ingestion.datasets import DATASETS

Row = dict[str, str]


def read_rows(manifest: CityManifest, dataset: str) -> list[Row]:
    """Every row of a dataset by the contract's column names, with the name of its file under `file`."""
    names = {heading: c.name for c in DATASETS[dataset].columns for heading in c.names()}
    rows = []
    for file in manifest.files:
        if file.dataset == dataset:
            path = manifest.files_folder / file.name
            rows += [{names[h]: v for h, v in row.items()} | {"file": file.name} for row in _raw(path)]
    return rows


def _raw(path: Path) -> Iterator[Row]:
    if path.suffix == ".jsonl":
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    elif path.suffix == ".xlsx":
        table = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
        headings = [str(h) for h in table[0]]
        yield from (dict(zip(headings, map(str, line), strict=True)) for line in table[1:])
    else:
        start = path.read_bytes()[:3]
        encoding = "utf-8-sig" if start == b"\xef\xbb\xbf" else "gb18030"
        with path.open(encoding=encoding, newline="") as file:
            yield from csv.DictReader(file)


def code_of(row: Row) -> str:
    """The number by which a row names its enterprise, in half width and upper case."""
    code = row["given_code"].strip() or row["given_regno"].strip()
    return unicodedata.normalize("NFKC", code).upper()


def iso(day: str) -> str:
    """Any of the senders' date spellings as 2026-09-30; other texts unchanged."""
    parts = day.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").split("-")
    return f"{parts[0]}-{int(parts[1]):02d}-{int(parts[2]):02d}" if len(parts) == 3 else day
