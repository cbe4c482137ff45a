"""A folder as a source (文件夹): its data files, and those in its zips, in order of dependence."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingestion.datasets import DATASETS, dataset_of
from ingestion.sources.archive import ARCHIVES, LITTER, Entry, is_data, unpack
from registry.errors import Refusal

RuleFor = Callable[[str], Any] | None
"""A profile's own word on a file's name: a rule, or None."""


@contextmanager
def open_folder(folder: Path, rule_for: RuleFor = None) -> Iterator[list[Entry]]:
    """Every data file; those of no dataset and no rule of the profile last, to be refused.

    Raises Refusal folder.missing, folder.empty.
    """
    if not folder.is_dir():
        raise Refusal("folder.missing", f"没有“{folder}”这个文件夹。", "请核对路径。")
    files = [path for path in sorted(folder.rglob("*")) if not path.name.startswith(LITTER)]
    wanted = [path for path in files if is_data(path.name) or path.suffix.lower() in ARCHIVES]
    with open_files(wanted) as found:
        known = [entry for entry in found if _known(entry, rule_for)]
        strangers = [
            entry for entry in found if entry not in known and not entry.name.lower().endswith(".txt")
        ]
        if not known and not any(entry.refusal for entry in strangers):
            raise Refusal(
                "folder.empty",
                f"“{folder}”里没有认得的数据文件。",
                f"文件名请以数据集开头，如 penalty_2026-11.csv；数据集有：{'、'.join(DATASETS)}。",
            )
        yield in_order(known + strangers)


@contextmanager
def open_files(paths: Iterable[Path]) -> Iterator[list[Entry]]:
    """The files themselves, and for a zip the files in it, unpacked as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="wurao-") as unpacked:
        found: list[Entry] = []
        for number, path in enumerate(paths):
            found += open_file(path, Path(unpacked) / str(number))
        yield found


def open_file(path: Path, unpacked: Path) -> list[Entry]:
    """One file as it is, or what a zip holds; a zip that is refused, or holds nothing, is an entry that says so."""
    if path.suffix.lower() not in ARCHIVES:
        return [Entry(path, path.name, path)]
    try:
        entries = unpack(path, unpacked)
        if not entries:
            raise Refusal(
                "zip.empty", f"“{path.name}”里没有数据文件。", "请把 CSV、XLSX 或 JSON 行文件放进压缩包。"
            )
    except Refusal as refusal:
        return [Entry(path, path.name, path, refusal)]
    return entries


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Entries in the order in which their datasets depend on one another, then by name."""
    return sorted(entries, key=lambda entry: (_rank(entry.name), entry.name))


def _known(entry: Entry, rule_for: RuleFor) -> bool:
    return bool(dataset_of(entry.name) or (rule_for and rule_for(entry.name)))


def _rank(file_name: str) -> int:
    """Place of the file's dataset in the order of dependence; behind all of them if it has none."""
    name = dataset_of(file_name)
    return list(DATASETS).index(name) if name else len(DATASETS)
