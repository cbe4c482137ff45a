"""The city of bench.features as polars holds it: its own best types, nulls and not NaN, texts as Enum."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from bench.features_city import City, Text

WHOLE = {
    "report_year": pl.Int16,
    "amended": pl.Int16,
    "empnum": pl.Int32,
    "insured": pl.Int32,
    "premises_no": pl.Int16,
}
YES_NO = ("is_branch", "scaled", "all_zero", "problem", "verified")
AMOUNTS = ("regcap", "reccap", "cf_nr_fk", "cf_nr_wfff", "measure")


def as_polars(city: City, whole_keys: bool) -> dict[str, pl.DataFrame]:
    """The city in polars' own types: `key` is the text of the code (String), or its number (UInt32)."""
    return {name: _table(city, name, whole_keys) for name in city.tables}


def _table(city: City, name: str, whole_keys: bool) -> pl.DataFrame:
    facts = city.tables[name]
    key = pl.Series(facts.key, dtype=pl.UInt32)
    columns: dict[str, Any] = {
        "key": key if whole_keys else pl.Series(city.codes.tolist(), dtype=pl.String).gather(key),
        "known_at": pl.Series(facts.known_at),
        "superseded_at": pl.Series(facts.superseded_at),
        "retracted": pl.Series(facts.retracted),
    }
    for column, values in facts.columns.items():
        columns[column] = _column(column, values)
    return pl.DataFrame(columns)


def _column(name: str, values: np.ndarray | Text) -> pl.Series:
    if isinstance(values, Text):
        places = pl.Series(values.codes)
        known = pl.select(pl.when(places >= 0).then(places)).to_series().cast(pl.UInt32)
        return known.cat.to(pl.Enum(values.distinct.tolist()))
    series = pl.Series(values, dtype=pl.Float64, nan_to_null=True)
    if name in AMOUNTS:
        return series
    return series.cast(pl.Boolean) if name in YES_NO else series.cast(WHOLE.get(name, pl.Int32))
