"""The cohort (分类对象): who is judged at a place as of a date."""

from datetime import date

import numpy as np
import pandas as pd

from registry.rules import Rulebook
from risk.archive import Archive


def cohort(archive: Archive, day: date, book: Rulebook, place: str, on: date | None = None) -> pd.DataFrame:
    """Enterprises of the graded kinds and states, in force as of `day`, ordered by code, one row each.

    Kinds and states are rules (`cohort.kinds`, `cohort.states`) in force on `on` (default `day`): enterprises
    only in Shanxi, all three kinds of subject in Jiujiang (国市监信发〔2022〕6号, domain.md 1.1).
    """
    since = on or day
    frame = archive.tables["enterprise"]
    judged = archive.standing("enterprise", day)
    judged &= frame["entkind"].isin(book.value("cohort.kinds", place, since)).to_numpy()
    judged &= frame["regstate"].isin(book.value("cohort.states", place, since)).to_numpy()
    row = np.flatnonzero(judged)
    key = frame["enterprise_code"].cat.codes.to_numpy()[row]
    if (np.diff(key) < 0).any():
        order = np.argsort(key, kind="stable")
        row, key = row[order], key[order]
    last = np.append(key[1:] != key[:-1], True)[: len(key)]
    return frame.iloc[row[last]].reset_index(drop=True)
