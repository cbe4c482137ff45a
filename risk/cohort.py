"""The cohort (分类对象): who is judged at a place as of a date."""

from datetime import date

import pandas as pd

from registry.rules import Rulebook
from risk.archive import Archive


def cohort(archive: Archive, day: date, book: Rulebook, place: str, on: date | None = None) -> pd.DataFrame:
    """Enterprises of the graded kinds and states, in force as of `day`, ordered by code, one row each.

    Kinds and states are rules (`cohort.kinds`, `cohort.states`) in force on `on` (default `day`): enterprises
    only in Shanxi, all three kinds of subject in Jiujiang (国市监信发〔2022〕6号, domain.md 1.1).
    """
    since = on or day
    frame = archive.in_force("enterprise", day)
    judged = frame["entkind"].isin(book.value("cohort.kinds", place, since)) & frame["regstate"].isin(
        book.value("cohort.states", place, since)
    )
    ordered = frame[judged].sort_values("enterprise_code", kind="stable")
    return ordered.drop_duplicates("enterprise_code", keep="last").reset_index(drop=True)
