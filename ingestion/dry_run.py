"""A dry run (试读): what a profile would make of a file's beginning. No database, nothing is written.

What needs the registry (whether an enterprise or an item is known, versions, repetitions) is not judged here.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ingestion.clean import clean_rows
from ingestion.datasets import DATASETS
from ingestion.decode import open_table
from ingestion.faults import Fault, faulty_rows, sentence
from ingestion.identify import judge_codes, normalise_code
from ingestion.mapping import FileRule, feed_layout, load_profile, unless_told
from ingestion.profile import Feed, Profile
from registry.errors import Refusal

FAULTS_SHOWN = 10


@dataclass(frozen=True)
class DryRun:
    """What became of the first rows of a file in one feed."""

    dataset: str
    rows: int
    faulty: int
    fault_counts: dict[str, int]
    faults: tuple[Fault, ...]
    columns: dict[str, str]
    """Our heading → the file's."""


def try_profile(path: Path, file: Path) -> list[DryRun]:
    """Read the first chunk of a file under a profile. Raises Refusal profile.*, file.*, layout.*."""
    profile = load_profile(path)
    rule = profile.rule_for(file.name)
    if rule is None or not rule.feeds:
        patterns = [pattern for each in profile.files for pattern in each.patterns]
        raise Refusal(
            "profile.no_rule", f"对照方案“{path.name}”没有说怎样读“{file.name}”。",
            f"方案里的样式有：{'、'.join(patterns) or '无'}；请改样式或文件名。",
        )  # fmt: skip
    if not file.is_file():
        raise Refusal("file.missing", f"没有“{file}”这个文件。", "请核对路径。")
    return [_try_feed(profile, rule, feed, file) for feed in rule.feeds]


def _try_feed(profile: Profile, rule: FileRule, feed: Feed, file: Path) -> DryRun:
    table = open_table(file, known=feed.sources(), **rule.opening(profile))
    layout = feed_layout(profile, rule, feed, table.headings)
    chunk = next(iter(table.chunks), None)
    if chunk is None:
        return DryRun(feed.dataset, 0, 0, {}, (), layout.heading)
    given, told = layout.read(chunk.rows)
    given = given[~given.index.isin(fault.row_no for fault in told if fault.code == "excluded")]
    rows, found = clean_rows(layout.dataset, given, layout.heading)
    faults = chunk.faults + told + unless_told(found, told)
    if not profile.opaque and "given_code" in layout.heading:
        faults += _judge(rows, layout.heading["given_code"])
    faults.sort(key=lambda fault: (fault.row_no, fault.column))
    counts = Counter(code for _, code in {(fault.row_no, fault.code) for fault in faults})
    titles = {column.name: column.heading for column in DATASETS[feed.dataset].columns}
    return DryRun(
        feed.dataset, len(chunk.rows) + len(chunk.broken), len(faulty_rows(faults)), dict(counts.most_common()),
        tuple(faults[:FAULTS_SHOWN]), {titles[name]: theirs for name, theirs in layout.heading.items()},
    )  # fmt: skip


def _judge(rows: pd.DataFrame, heading: str) -> list[Fault]:
    filled = rows["given_code"].dropna()
    verdicts = judge_codes([normalise_code(code) for code in filled])
    return [
        Fault(int(row), heading, verdict[0], sentence(verdict[0], **verdict[1]))
        for row, verdict in zip(filled.index, verdicts, strict=True)
        if verdict
    ]
