"""Profiles (对照方案): how one bureau's files are read, from a TOML file. Checked whole before any file is touched.

docs/mapping.md is the complete reference of the format.
"""

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from ingestion.conversions import AmountForm, DateForm
from ingestion.datasets import DATASETS
from ingestion.decode import heading_key
from registry.errors import Refusal

SHIPPED = Path(__file__).parent / "profiles"
SEPARATORS = (",", "\t", ";", "|", "^", "~", "\x01")


@dataclass(frozen=True)
class Join:
    """Several headings of the file that make one of ours."""

    parts: tuple[str, ...]
    between: str = "-"


@dataclass(frozen=True)
class Split:
    """One heading of the file that makes several of ours, by the named groups of a pattern."""

    source: str
    pattern: re.Pattern[str]
    into: Mapping[str, str]
    """Group → our heading."""


@dataclass(frozen=True)
class Feed:
    """What one file gives one dataset. Keys are our headings, values the file's."""

    dataset: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    join: Mapping[str, Join] = field(default_factory=dict)
    split: tuple[Split, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Our heading → {the file's text, or a pattern with * and ?: ours}; texts not named stay as they are."""
    hold_unknown: tuple[str, ...] = ()
    """Our headings whose texts must be named in `values`; another text holds its row."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Our heading → what a blank cell means."""
    dates: Mapping[str, DateForm] = field(default_factory=dict)
    amounts: Mapping[str, AmountForm] = field(default_factory=dict)
    threshold: tuple[Mapping[str, Any], ...] = ()
    """Each {column, from, below, then, otherwise}: a number of the file becomes one of two texts."""
    exclude: tuple[Mapping[str, Any], ...] = ()
    """Each {column, values, sentence}: rows that are not of this dataset, held with that sentence."""
    date_format: DateForm | None = None
    """The form of every date column that has none of its own."""
    code_set: str | None = None
    """Which code set the CODES of an inspection result are of; texts are recognised without."""

    def sources(self) -> set[str]:
        """Every heading of the file that this feed reads."""
        joined = {heading for join in self.join.values() for heading in join.parts}
        tested = {rule["from"] for rule in self.threshold} | {rule["column"] for rule in self.exclude}
        return set(self.columns.values()) | joined | tested | {split.source for split in self.split}

    def origins(self) -> dict[str, str]:
        """Our heading → the heading of the file to name in a fault."""
        return {
            **{ours: ours for ours in self.constants},
            **self.columns,
            **{ours: join.parts[0] for ours, join in self.join.items()},
            **{ours: split.source for split in self.split for ours in split.into.values()},
            **{rule["column"]: rule["from"] for rule in self.threshold},
        }

    def targets(self) -> list[str]:
        """Every heading of ours that it fills, one that is filled twice twice."""
        split = [ours for split in self.split for ours in split.into.values()]
        return [
            *self.columns,
            *self.constants,
            *self.join,
            *split,
            *(rule["column"] for rule in self.threshold),
        ]


@dataclass(frozen=True)
class FileRule:
    """Files of some patterns: how they are opened, what they feed, and the columns that are known and not needed."""

    patterns: tuple[str, ...]
    feeds: tuple[Feed, ...]
    ignore: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    extra_columns: bool = False
    """Columns that nobody named are passed over instead of holding the file."""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    heading_row: int | None = None

    def opening(self, profile: "Profile") -> dict[str, Any]:
        """How `open_table` is told to open these files."""
        return {
            "encoding": self.encoding or profile.encoding, "delimiter": self.delimiter, "sheet": self.sheet,
            "heading_row": self.heading_row,
        }  # fmt: skip

    def fits(self, file_name: str) -> bool:
        """Whether a file of that name is meant, in any of the ways in which a GBK name may have been read."""
        names = [_key(name) for name in spellings(file_name)]
        return any(fnmatchcase(name, _key(pattern)) for name in names for pattern in self.patterns)


@dataclass(frozen=True)
class Profile:
    """How one bureau's files are read (对照方案)."""

    name: str
    place: str
    opaque: bool
    encoding: str | None
    blank: tuple[str, ...]
    files: tuple[FileRule, ...]
    records: Mapping[str, list[dict[str, str]]]
    """Dataset → rows given in the profile itself, headings ours: small reference tables a file set lacks."""
    digest: str = ""
    """SHA-256 of the file's bytes."""

    @property
    def version(self) -> str:
        """Name and content, as batches record it: `lakeside@1a2b3c4d`."""
        return f"{self.name}@{self.digest[:8]}"

    def rule_for(self, file_name: str) -> FileRule | None:
        """The first rule whose pattern fits the file's name."""
        return next((rule for rule in self.files if rule.fits(file_name)), None)


def spellings(file_name: str) -> list[str]:
    """The name, and what it says if its GBK bytes were taken for CP437 (old zips) or for no text at all."""
    found = [file_name]
    for read in (
        lambda: file_name.encode("cp437").decode("gbk"),
        lambda: os.fsencode(file_name).decode("gbk"),
    ):
        try:
            found.append(read())
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return list(dict.fromkeys(found))


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).lower()


def find_profile(given: str | Path, data: Path) -> Path:
    """The file of a profile given by path, or by name: data/profiles/NAME.toml, then those that are shipped.

    Raises Refusal profile.unknown that lists the names there are.
    """
    path = Path(given)
    folders = (data / "profiles", SHIPPED)
    named = [folder / f"{given}.toml" for folder in folders] if path.name == str(given) else []
    for candidate in (path, *named):
        if candidate.is_file():
            return candidate
    names = sorted({file.stem for folder in folders if folder.is_dir() for file in folder.glob("*.toml")})
    raise Refusal(
        "profile.unknown", f"没有对照方案“{given}”。",
        f"请给出 TOML 文件的路径，或 {data / 'profiles'} 里的名字；现有：{'、'.join(names) or '无'}。",
    )  # fmt: skip


def malformed(where: str, what: str, remedy: str = "请对照 docs/mapping.md。") -> NoReturn:
    """Raise Refusal profile.malformed that names the entry."""
    raise Refusal("profile.malformed", f"{where}：{what}。", remedy)


def check_targets(where: str, dataset: str, targets: Iterable[str]) -> None:
    """Raise Refusal unless every target is a column of the dataset and none that is required is missing."""
    if dataset not in DATASETS:
        malformed(where, f"不存在的数据集“{dataset}”", f"可用：{'、'.join(DATASETS)}。")
    layout, given = DATASETS[dataset], list(targets)
    known = our_columns(dataset)
    filled = {heading_key(target) for target in given}
    strange = [target for target in given if heading_key(target) not in known]
    missing = [
        c.heading
        for c in layout.columns
        if c.required and filled.isdisjoint(heading_key(name) for name in c.names())
    ]
    if strange or missing:
        said = [f"“{layout.title}”没有这些列：{'、'.join(strange)}"] if strange else []
        said += [f"“{layout.title}”的必填列没有给出：{'、'.join(missing)}"] if missing else []
        malformed(where, "；".join(said), "请对照数据标准（docs/datasets.md）补全。")
    many = Counter(known[heading_key(target)] for target in given)
    if twice := sorted({target for target in given if many[known[heading_key(target)]] > 1}):
        malformed(where, f"同一列给了两次：{'、'.join(twice)}", "请只留一种来源。")


def our_columns(dataset: str) -> dict[str, str]:
    """Heading key → name of the column, under every name that it goes by."""
    return {heading_key(name): c.name for c in DATASETS[dataset].columns for name in c.names()}
