"""Mapping (列名对照): a bureau's own columns → ours, from a TOML profile. One file may feed several datasets."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingestion.datasets import DATASETS, Dataset
from ingestion.datasets.inspection import with_code_set
from ingestion.datasets.result_codes import CODE_SETS
from ingestion.decode import heading_key
from ingestion.faults import Fault, at_rows
from registry.errors import Refusal


@dataclass(frozen=True)
class Feed:
    """What one file gives one dataset. Keys are our headings, values the file's."""

    dataset: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    join: Mapping[str, list[str]] = field(default_factory=dict)
    """Our heading → several of the file's, joined by "-"."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Our heading → {the file's text: ours}; texts not named stay as they are."""
    threshold: tuple[Mapping[str, Any], ...] = ()
    """Each {column, from, below, then, otherwise}: a number of the file becomes one of two texts."""
    exclude: tuple[Mapping[str, Any], ...] = ()
    """Each {column, values, sentence}: rows that are not of this dataset, held with that sentence."""
    date_format: str | None = None
    code_set: str | None = None
    """Which code set the CODES of an inspection result are of; texts are recognised without."""

    def sources(self) -> set[str]:
        """Every heading of the file that this feed reads."""
        joined = {heading for parts in self.join.values() for heading in parts}
        tested = {rule["from"] for rule in self.threshold} | {rule["column"] for rule in self.exclude}
        return set(self.columns.values()) | joined | tested

    def targets(self) -> list[str]:
        """Every heading of ours that it fills."""
        return [*self.columns, *self.constants, *self.join, *(rule["column"] for rule in self.threshold)]


@dataclass(frozen=True)
class FileRule:
    """Files of one pattern: what they feed, and the columns that are known and not needed."""

    pattern: str
    feeds: tuple[Feed, ...]
    ignore: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


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

    def rule_for(self, file_name: str) -> FileRule | None:
        """The first rule whose pattern fits the file's name."""
        return next((rule for rule in self.files if fnmatch(file_name.lower(), rule.pattern.lower())), None)


@dataclass(frozen=True)
class Layout:
    """How the columns of one opened file become those of a dataset."""

    dataset: Dataset
    heading: dict[str, str]
    """Our column → heading as the file writes it, for faults."""
    feed: Feed | None = None
    blank: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()
    """Columns that the file does not have and a conversion makes."""

    def read(self, raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
        """Rows under our column names, and the rows the profile leaves out."""
        if self.feed is None:
            names = {name: h for name, h in self.heading.items() if name not in self.made}
            return self._converted(raw[list(names.values())].set_axis(list(names), axis=1)), []
        source = raw.mask(raw.isin(self.blank), "") if self.blank else raw
        faults = [
            fault
            for rule in self.feed.exclude
            for fault in at_rows(
                source.index[source[rule["column"]].isin([*rule["values"]])], rule["column"], "excluded",
                sentence=rule["sentence"],
            )
        ]  # fmt: skip
        return self._converted(_read_feed(self.feed, self.dataset, source)), faults

    def _converted(self, rows: pd.DataFrame) -> pd.DataFrame:
        return self.dataset.convert.rows(rows) if self.dataset.convert else rows


def standard_layout(dataset: Dataset, headings: Iterable[str]) -> Layout:
    """The layout of a file that follows the data standard, or one of its older layouts.

    Raises Refusal layout.changed, in the words of the standard.
    """
    present = list(headings)
    for layout in dataset.older:
        found, missing, unknown = _match(layout, present)
        if not missing and not unknown:
            return _layout(layout, found)
    found, missing, unknown = _match(dataset, present)
    refuse_changed(dataset.title, missing, unknown)
    return _layout(dataset, found)


def _match(dataset: Dataset, headings: list[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """Column → heading, headings that are missing, and headings that are not known."""
    by_key = {heading_key(name): column for column in dataset.columns for name in column.names()}
    found: dict[str, str] = {}
    unknown: list[str] = []
    for heading in headings:
        column = by_key.get(heading_key(heading))
        if column is None or column.name in found:
            unknown.append(heading)
        else:
            found[column.name] = heading
    missing = [c.heading for c in dataset.columns if not c.optional and c.name not in found]
    read = {n: h for n, h in found.items() if dataset.column(n).sealed or not dataset.column(n).personal}
    return read, missing, unknown


def _layout(
    dataset: Dataset, heading: dict[str, str], feed: Feed | None = None, blank: tuple[str, ...] = ()
) -> Layout:
    """Columns that a conversion makes are reported at the heading of the column they are made from."""
    made = dataset.convert.made if dataset.convert else {}
    new = {name: heading.get(of, of) for name, of in made.items() if name not in heading}
    return Layout(dataset, {**new, **heading}, feed, blank, frozenset(new))


def feed_layout(profile: Profile, rule: FileRule, feed: Feed, headings: Iterable[str]) -> Layout:
    """The layout of a file under a profile. Raises Refusal layout.changed when the file is not the profile's."""
    present = list(headings)
    used = {source for each in rule.feeds for source in each.sources()}
    missing = sorted(used - set(present))
    unknown = [h for h in present if h not in used and h not in rule.ignore and h not in rule.personal]
    refuse_changed(f"对照方案 {profile.name}", missing, unknown)
    dataset = DATASETS[feed.dataset]
    if feed.code_set:
        dataset = with_code_set(feed.code_set)
    names = {heading_key(name): column.name for column in dataset.columns for name in column.names()}
    sources = {
        **{t: t for t in feed.constants},
        **feed.columns,
        **{t: parts[0] for t, parts in feed.join.items()},
    }
    sources |= {rule["column"]: rule["from"] for rule in feed.threshold}
    heading = {names[heading_key(ours)]: theirs for ours, theirs in sources.items()}
    return _layout(dataset, heading, feed, profile.blank)


def refuse_changed(what: str, missing: list[str], unknown: list[str]) -> None:
    """Raise Refusal layout.changed that names the columns; a changed layout is held, never guessed."""
    if not missing and not unknown:
        return
    parts = []
    if missing:
        parts.append(f"缺少列：{'、'.join(missing)}")
    if unknown:
        parts.append(f"不认识的列：{'、'.join(unknown)}")
    raise Refusal(
        "layout.changed",
        f"文件的列与“{what}”不一致，{'；'.join(parts)}。整个文件暂存，没有归集任何一行。",
        "请按数据标准改列名，或在对照方案里登记这些列，然后重新归集。",
    )


def _read_feed(feed: Feed, dataset: Dataset, source: pd.DataFrame) -> pd.DataFrame:
    names = {heading_key(name): column.name for column in dataset.columns for name in column.names()}
    made: dict[str, Any] = {}
    for ours, theirs in feed.columns.items():
        made[ours] = source[theirs]
    for ours, text in feed.constants.items():
        made[ours] = pd.Series([text] * len(source), source.index, dtype=object)
    for ours, parts in feed.join.items():
        rows = source[parts].itertuples(index=False, name=None)
        made[ours] = pd.Series(["-".join(p for p in row if p) for row in rows], source.index, dtype=object)
    for rule in feed.threshold:
        made[rule["column"]] = _threshold(rule, source)
    for ours, table in feed.values.items():
        made[ours] = made[ours].map(lambda text, table=table: table.get(text, text))
    return pd.DataFrame(
        {names[heading_key(ours)]: column for ours, column in made.items()}, source.index, dtype=object
    )


def _threshold(rule: Mapping[str, Any], source: pd.DataFrame) -> pd.Series:
    number = pd.to_numeric(source[rule["from"]], errors="coerce").to_numpy(dtype=float)
    text = np.where(np.isnan(number), "", np.where(number < rule["below"], rule["then"], rule["otherwise"]))
    return pd.Series(text.astype(object), source.index, dtype=object)


def load_profile(path: Path) -> Profile:
    """Read and check a whole profile before any file is touched. Raises Refusal profile.* naming the entry."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Refusal(
            "profile.unreadable", f"对照方案“{path.name}”读不了：{error}。", "请修正这个 TOML 文件。"
        ) from error
    known = {"name", "place", "identity", "encoding", "blank", "file", "records"}
    if strange := sorted(set(content) - known):
        raise Refusal("profile.malformed", f"对照方案里不认识：{strange}。", f"可用的有：{sorted(known)}。")
    files = tuple(_file_rule(path.name, entry) for entry in content.get("file", []))
    records = content.get("records", {})
    for dataset, rows in records.items():
        for row in rows:
            _check_targets(path.name, dataset, row)
    return Profile(
        content.get("name", path.stem), content.get("place", "CN"), content.get("identity") == "opaque",
        content.get("encoding"), tuple(content.get("blank", ())), files, records,
    )  # fmt: skip


def _file_rule(profile: str, entry: dict[str, Any]) -> FileRule:
    feeds = []
    for given in entry.get("feeds", []):
        try:
            lists = {name: tuple(given.get(name, ())) for name in ("threshold", "exclude")}
            feed = Feed(**{**given, **lists})
        except TypeError as error:
            raise Refusal(
                "profile.malformed",
                f"对照方案“{profile}”的 feeds 写错：{error}。",
                "请对照 docs/real-data.md。",
            ) from error
        _check_targets(profile, feed.dataset, feed.targets())
        if feed.code_set and (feed.dataset != "inspection" or feed.code_set not in CODE_SETS):
            raise Refusal(
                "profile.malformed",
                f"对照方案“{profile}”的“{feed.dataset}”不能用结果代码集“{feed.code_set}”。",
                f"检查结果（inspection）可用：{'、'.join(CODE_SETS)}。",
            )
        feeds.append(feed)
    return FileRule(
        entry["pattern"], tuple(feeds), tuple(entry.get("ignore", ())), tuple(entry.get("personal", ()))
    )


def _check_targets(profile: str, dataset: str, targets: Iterable[str]) -> None:
    if dataset not in DATASETS:
        raise Refusal(
            "profile.malformed",
            f"对照方案“{profile}”写了不存在的数据集“{dataset}”。",
            f"可用：{list(DATASETS)}。",
        )
    layout = DATASETS[dataset]
    known = {heading_key(name) for column in layout.columns for name in column.names()}
    given = {heading_key(target) for target in targets}
    strange = [target for target in targets if heading_key(target) not in known]
    missing = [
        c.heading
        for c in layout.columns
        if c.required and given.isdisjoint(heading_key(n) for n in c.names())
    ]
    if strange or missing:
        raise Refusal(
            "profile.malformed",
            f"对照方案“{profile}”的“{layout.title}”：不存在的列 {strange}，没有给出的必填列 {missing}。",
            "请对照数据标准补全。",
        )
