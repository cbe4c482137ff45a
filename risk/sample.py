"""The sample (训练样本): labelled snapshots of the past, each as it was known then."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from registry.progress import Progress, silent
from registry.rules import Rulebook
from risk.archive import Archive, BoolArray, FloatArray, IntArray, Texts
from risk.indicators.catalogue import NAMES
from risk.indicators.frame import feature_frame
from risk.labels import Window, apart, label_windows, labels, settled
from risk.score import never_inspected


@dataclass(frozen=True)
class Sample:
    """Labelled rows only. `window` counts snapshots from the oldest; `first_time`: never inspected before it.

    visit_day: mean days from the snapshot to the visits that label the row, for leak alarms alone.
    frame_hashes: hash of each window's whole feature frame, labelled or not.
    """

    windows: list[Window]
    codes: Texts
    matrix: FloatArray
    problem: FloatArray
    source: Texts
    inspectors: list[tuple[str, ...]]
    window: IntArray
    first_time: BoolArray
    visit_day: FloatArray
    frame_hashes: list[str]
    data_hash: str

    def where(self, rows: BoolArray) -> Sample:
        """The sample narrowed to some rows."""
        each = ("codes", "matrix", "problem", "source", "window", "first_time", "visit_day")
        staff = [self.inspectors[i] for i in np.flatnonzero(rows)]
        return replace(self, inspectors=staff, **{name: getattr(self, name)[rows] for name in each})

    def of_window(self, number: int) -> Sample:
        """The rows of one window."""
        return self.where(self.window == number)

    def known_by(self, day: date) -> Sample:
        """The rows whose labels were all known by the end of a day: what could be learned from then."""
        return self.where(np.isin(self.window, settled(self.windows, day)))

    def visited(self) -> Sample:
        """Rows of windows whose horizons do not overlap, so that a visit counts once."""
        return self.where(np.isin(self.window, apart(self.windows, sorted(set(self.window.tolist())))))


def gather(
    archive: Archive,
    book: Rulebook,
    place: str,
    as_of: date,
    progress: Progress = silent,
    count: int | None = None,
) -> Sample:
    """Features at each past snapshot and labels in the horizon after it (`label_windows`), uninspected left out."""
    windows = label_windows(book, place, as_of, count)
    digest = hashlib.sha256()
    parts, hashes = [], []
    for number, window in enumerate(windows):
        progress(f"时点 {window[0]}", number / len(windows))
        frame = feature_frame(archive, window[0], book, place, rules_on=as_of)
        found = labels(archive, frame.codes, window, book, place, as_of)
        known = ~np.isnan(found.problem)
        digest.update(frame.data_hash.encode() + found.problem.tobytes())
        hashes.append(frame.data_hash)
        staff = [found.inspectors[i] for i in np.flatnonzero(known)]
        own = (frame.codes, frame.matrix, found.problem, found.source, found.days)
        parts.append((*(values[known] for values in own), staff))
    codes, matrix, problem, source, days, staff_lists = zip(*parts, strict=True)
    values = np.concatenate(matrix)
    return Sample(
        windows, np.concatenate(codes), values, np.concatenate(problem), np.concatenate(source),
        [names for part in staff_lists for names in part],
        np.repeat(np.arange(len(parts)), [len(p) for p in problem]), never_inspected(values, NAMES),
        np.concatenate(days), hashes, digest.hexdigest(),
    )  # fmt: skip
