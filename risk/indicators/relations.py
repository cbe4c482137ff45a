"""Relations (关联关系信息): enterprises that share a representative, a telephone or an address, as of the day."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.supervision import in_trouble
from risk.indicators.view import Column, View

SHARED = {
    "lerep": ("lerep_ent_cnt", "lerep_bad_share"),
    "tel_hash": ("phone_ent_cnt", "phone_bad_share"),
    "dom": ("addr_ent_cnt", "addr_bad_share"),
}


def relations(view: View) -> Iterator[Column]:
    """Columns of the family: how many others, and the share of them in trouble; one's own record never counts."""
    for column, (count_key, share_key) in SHARED.items():
        trouble = in_trouble(view, share_key)
        others, bad = _others(sharing(view, column), trouble)
        yield Column(count_key, others)
        yield Column(share_key, np.divide(bad, others, out=np.zeros(view.size), where=others > 0))


def sharing(view: View, column: str) -> IntArray:
    """For each enterprise the number of the group that shares a value of its registration; -1 where it is blank."""
    return view.once(f"sharing {column}", lambda v: _groups(v.enterprise[column].array))


def _groups(texts: pd.Categorical) -> IntArray:
    """Places of the texts among their distinct ones; -1 for a blank."""
    named = np.append(texts.categories.to_numpy(dtype=object) != "", False)
    group = texts.codes.astype(np.int64)
    return np.where(named[group], group, -1)  # the last place stands for no text at all


def _others(group: IntArray, trouble: BoolArray) -> tuple[FloatArray, FloatArray]:
    """For each enterprise how many others are in its group, and how many of those are in trouble."""
    known = group >= 0
    size = int(group.max(initial=-1)) + 1
    members = np.bincount(group[known], minlength=size)
    bad = np.bincount(group[known], trouble[known], minlength=size)
    others, others_bad = np.zeros(len(group)), np.zeros(len(group))
    others[known] = members[group[known]] - 1
    others_bad[known] = bad[group[known]] - trouble[known]
    return others, others_bad
