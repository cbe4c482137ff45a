"""Columns (列) of values: one entry a row, None where a cell is empty."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Texts = NDArray[np.object_]
Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]


def texts(values: list[Any]) -> Texts:
    """A column of texts; unlike `np.array` it never guesses a type."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def kept_where(flags: Flags, values: Any) -> Texts:
    """The values where the flag is set, None elsewhere."""
    column = np.empty(len(flags), dtype=object)
    column[flags] = np.asarray(values, dtype=object)[flags]
    return column
