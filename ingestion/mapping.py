"""Mapping (列名对照): a bureau's own columns → ours, as its profile says. One file may feed several datasets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from ingestion.conversions import convert
from ingestion.datasets import DATASETS, Dataset
from ingestion.datasets.inspection import with_code_set
from ingestion.decode import heading_key
from ingestion.faults import Fault, at_rows, sentence
from ingestion.profile import Feed, FileRule, Profile, Split, our_columns
from ingestion.profile_entries import load_profile
from ingestion.safe_pattern import LONGEST_CELL
from registry.errors import Refusal

__all__ = [
    "Feed", "FileRule", "Layout", "Profile", "feed_layout", "load_profile", "refuse_changed", "standard_layout", "unless_told",
]  # fmt: skip


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
        """Rows under our column names, the rows the profile leaves out, and cells that are not as it says."""
        if self.feed is None:
            names = {name: h for name, h in self.heading.items() if name not in self.made}
            return self._converted(raw[list(names.values())].set_axis(list(names), axis=1)), []
        source = raw.mask(raw.isin(self.blank), "") if self.blank else raw
        left_out = [
            fault
            for rule in self.feed.exclude
            for fault in at_rows(
                source.index[source[rule["column"]].isin([*rule["values"]])], rule["column"], "excluded",
                sentence=rule["sentence"],
            )
        ]  # fmt: skip
        rows, told = _read_feed(self.feed, self.dataset, source)
        gone = {fault.row_no for fault in left_out}
        return self._converted(rows), left_out + [fault for fault in told if fault.row_no not in gone]

    def _converted(self, rows: pd.DataFrame) -> pd.DataFrame:
        return self.dataset.convert.rows(rows) if self.dataset.convert else rows


def unless_told(found: list[Fault], told: list[Fault]) -> list[Fault]:
    """The faults of cells of which the profile has not said already what is wrong."""
    cells = {(fault.row_no, fault.column) for fault in told}
    return [fault for fault in found if (fault.row_no, fault.column) not in cells] if cells else found


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
    refuse_changed(f"对照方案 {profile.name}", missing, [] if rule.extra_columns else unknown)
    dataset = with_code_set(feed.code_set) if feed.code_set else DATASETS[feed.dataset]
    names = our_columns(feed.dataset)
    heading = {names[heading_key(ours)]: theirs for ours, theirs in feed.origins().items()}
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


def _read_feed(feed: Feed, dataset: Dataset, source: pd.DataFrame) -> tuple[pd.DataFrame, list[Fault]]:
    """The rows in the standard spelling, and the cells that are not spelled as the profile says."""
    made: dict[str, Any] = {ours: source[theirs] for ours, theirs in feed.columns.items()}
    faults: list[Fault] = []
    for ours, text in feed.constants.items():
        made[ours] = pd.Series([text] * len(source), source.index, dtype=object)
    for ours, join in feed.join.items():
        rows = source[list(join.parts)].itertuples(index=False, name=None)
        texts = [join.between.join(part for part in row if part) for row in rows]
        made[ours] = pd.Series(texts, source.index, dtype=object)
    for split in feed.split:
        parts, found = _split(split, source)
        made |= parts
        faults += found
    for rule in feed.threshold:
        made[rule["column"]] = _threshold(rule, source)
    origins, names = feed.origins(), our_columns(feed.dataset)
    for ours, table in feed.values.items():
        made[ours], found = _map_values(made[ours], table, ours in feed.hold_unknown, origins[ours])
        faults += found
    for ours, text in feed.defaults.items():
        made[ours] = made[ours].where(made[ours].str.strip() != "", text)
    for ours, form in _forms(feed, dataset, made).items():
        made[ours], wrong = convert(made[ours], form.read)
        faults += [
            Fault(int(row), origins[ours], "bad_format", sentence("bad_format", value=cell, form=form.said()))
            for row, cell in made[ours][wrong].items()
        ]
    return pd.DataFrame(
        {names[heading_key(ours)]: column for ours, column in made.items()}, source.index, dtype=object
    ), faults


def _forms(feed: Feed, dataset: Dataset, made: Mapping[str, Any]) -> dict[str, Any]:
    """Our heading → how its column is written, where the profile says so."""
    forms: dict[str, Any] = {**feed.dates, **feed.amounts}
    if feed.date_format:
        names = our_columns(feed.dataset)
        kinds = {column.name: column.kind for column in dataset.columns}
        fixed = {*feed.constants, *forms}
        for ours in made:
            if ours not in fixed and kinds[names[heading_key(ours)]] in ("date", "datetime"):
                forms[ours] = feed.date_format
    return forms


def _split(split: Split, source: pd.DataFrame) -> tuple[dict[str, Any], list[Fault]]:
    """Each part of a cell in its column; a cell that the pattern does not fit holds its row."""
    places, texts = pd.factorize(source[split.source])
    found = [split.pattern.fullmatch(t.strip()) if len(t) <= LONGEST_CELL else None for t in texts]
    wrong = np.array([bool(t.strip()) and m is None for t, m in zip(texts, found, strict=True)], dtype=bool)
    made = {
        ours: pd.Series(
            np.array([(m.group(group) or "") if m else "" for m in found], dtype=object)[places], source.index
        )
        for group, ours in split.into.items()
    }
    faults = [
        Fault(int(row), split.source, "split_mismatch", sentence("split_mismatch", value=texts[place]))
        for row, place in zip(source.index[wrong[places]], places[wrong[places]], strict=True)
    ]
    return made, faults


def _map_values(
    cells: pd.Series, table: Mapping[str, str], hold: bool, heading: str
) -> tuple[pd.Series, list[Fault]]:
    """Texts by an exact entry, else by the first with * or ? that fits; others stay, or hold their rows."""
    patterns = [key for key in table if "*" in key or "?" in key]
    known: dict[str, str] = {}
    unknown: set[str] = set()
    for text in cells.unique():
        key = text if text in table else next((p for p in patterns if fnmatchcase(text, p)), None)
        known[text] = text if key is None else table[key]
        if key is None and text.strip():
            unknown.add(text)
    faults = []
    if hold and unknown:
        faults = [
            Fault(int(row), heading, "unmapped", sentence("unmapped", value=cell))
            for row, cell in zip(cells.index[cells.isin(unknown)], cells[cells.isin(unknown)], strict=True)
        ]
    return cells.map(known), faults


def _threshold(rule: Mapping[str, Any], source: pd.DataFrame) -> pd.Series:
    number = pd.to_numeric(source[rule["from"]], errors="coerce").to_numpy(dtype=float)
    text = np.where(np.isnan(number), "", np.where(number < rule["below"], rule["then"], rule["otherwise"]))
    return pd.Series(text.astype(object), source.index, dtype=object)
