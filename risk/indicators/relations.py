"""Relations (关联关系信息): enterprises that share a representative, a telephone or an address, as of the day."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray
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
        others, bad = _others(view.enterprise[column], trouble)
        yield Column(count_key, others)
        yield Column(share_key, np.divide(bad, others, out=np.zeros(view.size), where=others > 0))


def _others(keys: pd.Series, trouble: BoolArray) -> tuple[FloatArray, FloatArray]:
    """For each enterprise how many others have its key, and how many of those are in trouble."""
    named = np.append(keys.cat.categories.to_numpy(dtype=object) != "", False)
    group = keys.cat.codes.to_numpy(np.int64)
    group[group < 0] = len(named) - 1  # the last place stands for no key at all
    members, bad = np.bincount(group), np.bincount(group[trouble], minlength=len(named))
    alone = ~named[group]
    others, others_bad = (members[group] - 1).astype(float), (bad[group] - trouble).astype(float)
    others[alone] = others_bad[alone] = 0
    return others, others_bad
