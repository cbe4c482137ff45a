"""A folder as a source (文件夹): its data files, and those in its zips, in order of dependence."""

import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import Any

from ingestion.datasets import DATASETS, dataset_of
from ingestion.decode import refuse_bomb
from registry.errors import Refusal

SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".et", ".ods", ".jsonl", ".ndjson", ".json")


LITTER = ("~$", "._")
"""What spreadsheet programs and other systems leave beside the files."""


@contextmanager
def open_folder(
    folder: Path, rule_for: Callable[[str], Any] | None = None
) -> Iterator[list[tuple[Path, str]]]:
    """(path, name) of every data file; those of no dataset and no rule of the profile last, to be refused.

    Zip entries are unpacked beside; their names may be GBK, as Chinese systems write them.
    Raises Refusal folder.missing, folder.empty.
    """
    if not folder.is_dir():
        raise Refusal("folder.missing", f"没有“{folder}”这个文件夹。", "请核对路径。")
    with tempfile.TemporaryDirectory(prefix="wurao-") as unpacked:
        files = [path for path in sorted(folder.rglob("*")) if not path.name.startswith(LITTER)]
        found = [(path, path.name) for path in files if path.suffix.lower() in SUFFIXES]
        for archive in (path for path in files if path.suffix.lower() == ".zip"):
            try:
                found += unpack(archive, Path(unpacked) / f"{archive.stem}")
            except (Refusal, zipfile.BadZipFile):
                found.append((archive, archive.name))  # refused by itself, with its reason; the others go on
        ours = [entry for entry in found if dataset_of(entry[1]) or (rule_for and rule_for(entry[1]))]
        strangers = [entry for entry in found if entry not in ours and not entry[1].lower().endswith(".txt")]
        if not ours:
            raise Refusal(
                "folder.empty",
                f"“{folder}”里没有认得的数据文件。",
                f"文件名请以数据集开头，如 penalty_2026-11.csv；数据集有：{'、'.join(DATASETS)}。",
            )
        yield sorted(ours + strangers, key=lambda entry: (_rank(entry[1]), entry[1]))


def unpack(archive: Path, folder: Path) -> list[tuple[Path, str]]:
    """The data files of a zip, written into `folder` under their own base names. Raises Refusal file.bomb."""
    refuse_bomb(archive)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    with zipfile.ZipFile(archive, metadata_encoding="gbk") as opened:
        for number, entry in enumerate(opened.infolist()):
            name = Path(entry.filename.replace("\\", "/")).name
            if entry.is_dir() or Path(name).suffix.lower() not in SUFFIXES:
                continue
            target = folder / f"{number}{Path(name).suffix}"
            with opened.open(entry) as source, target.open("wb") as written:
                copyfileobj(source, written)
            found.append((target, name))
    return found


def _rank(file_name: str) -> int:
    """Place of the file's dataset in the order of dependence; behind all of them if it has none."""
    name = dataset_of(file_name)
    return list(DATASETS).index(name) if name else len(DATASETS)
