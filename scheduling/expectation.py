"""What a lottery with shared tickets is expected to do (抽取的期望), by arithmetic from inclusion probabilities.

One ticket u, uniform over (0, 1), belongs to an object; a task of inclusion probability p draws it where u is among
the smallest, which is u < p but for the chance in the stratum's own line. So an object is drawn by somebody with
probability max p, by two departments or more with the second largest of the departments' p, and the expected number of
distinct objects is the sum of max p. With independent draws it is the sum of 1 - prod(1 - p).
(Ohlsson 1995, coordination of samples by permanent random numbers.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Chances:
    """Inclusion probabilities (入样概率): one row an object and one column a department, its tasks' largest p."""

    objects: pd.Index
    by_department: Column

    @property
    def any(self) -> Column:
        """Probability that somebody comes."""
        return self.by_department.max(axis=1, initial=0.0)


def chances(rows: pd.DataFrame) -> Chances:
    """Of pool rows with object_id, department, p (any order, an object in many tasks)."""
    wide = rows.groupby(["object_id", "department"], sort=True)["p"].max().unstack(fill_value=0)
    return Chances(wide.index, wide.to_numpy(dtype=np.float64))


def expected_doors(found: Chances) -> float:
    """Expected distinct objects visited, with shared tickets (期望入企户数)."""
    return float(found.any.sum())


def expected_doors_apart(rows: pd.DataFrame) -> float:
    """The same with an independent draw for every task (各自抽取时的入企户数)."""
    spared = np.log1p(-rows["p"].clip(upper=1 - 1e-15)).groupby(rows["object_id"]).sum()
    return float((1 - np.exp(spared)).sum())


def expected_joint_share(found: Chances) -> float:
    """Of departments' visits, the share made together with another department (联合检查占比), expected.

    At an object all departments with u < p meet; a department is alone only where its p is the largest and u lies
    between the second largest and it. So joint visits are the sum of p, less the largest, plus the second largest.
    """
    ordered = np.sort(found.by_department, axis=1)
    visits = float(ordered.sum())
    if not visits or ordered.shape[1] < 2:
        return 0.0
    return float(visits - ordered[:, -1].sum() + ordered[:, -2].sum()) / visits
