"""The sample (训练样本): labelled snapshots of the past, each as it was known then."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np

from registry.progress import Progress, silent
from registry.rules import Rulebook
from risk.archive import Archive, BoolArray, FloatArray, IntArray, Texts
from risk.indicators.catalogue import NAMES
from risk.indicators.frame import feature_frame
from risk.labels import label_windows, labels
from risk.score import never_inspected


@dataclass(frozen=True)
class Sample:
    """Labelled rows only. `window` counts snapshots from the oldest; `first_time`: never inspected before it."""

    windows: list[tuple[date, date, date]]
    codes: Texts
    matrix: FloatArray
    problem: FloatArray
    source: Texts
    inspectors: list[tuple[str, ...]]
    window: IntArray
    first_time: BoolArray
    data_hash: str

    def where(self, rows: BoolArray) -> Sample:
        """The sample narrowed to some rows."""
        staff = [self.inspectors[i] for i in np.flatnonzero(rows)]
        return Sample(
            self.windows, self.codes[rows], self.matrix[rows], self.problem[rows], self.source[rows], staff,
            self.window[rows], self.first_time[rows], self.data_hash,
        )  # fmt: skip


def gather(archive: Archive, book: Rulebook, place: str, as_of: date, progress: Progress = silent) -> Sample:
    """Features at each past snapshot and labels in the horizon after it (`label_windows`), uninspected left out."""
    windows = label_windows(book, place, as_of)
    digest = hashlib.sha256()
    parts = []
    for number, window in enumerate(windows):
        progress(f"时点 {window[0]}", number / len(windows))
        frame = feature_frame(archive, window[0], book, place, rules_on=as_of)
        found = labels(archive, frame.codes, window, book, place, as_of)
        known = ~np.isnan(found.problem)
        digest.update(frame.data_hash.encode() + found.problem.tobytes())
        staff = [found.inspectors[i] for i in np.flatnonzero(known)]
        parts.append(
            (frame.codes[known], frame.matrix[known], found.problem[known], found.source[known], staff)
        )
    codes, matrix, problem, source, staff_lists = zip(*parts, strict=True)
    values = np.concatenate(matrix)
    return Sample(
        windows, np.concatenate(codes), values, np.concatenate(problem), np.concatenate(source),
        [names for part in staff_lists for names in part],
        np.repeat(np.arange(len(parts)), [len(p) for p in problem]), never_inspected(values, NAMES),
        digest.hexdigest(),
    )  # fmt: skip
