"""Ownership (股东、投资、分支、代办): who stands behind an enterprise, what it owns, and who acts for it.

One's own record never counts here: only what is known of others. Persons are keyed hashes.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from risk.archive import BoolArray, IntArray
from risk.indicators.condition import in_force
from risk.indicators.supervision import in_trouble
from risk.indicators.ties import Ties, others_through, ties
from risk.indicators.view import Column, View, mentions


def ownership(view: View) -> Iterator[Column]:
    """Columns of the groups, in any order."""
    held = ties(view)
    yield _shareholders(view, held)
    yield _controllers(view, held)
    yield from _owned(view)
    yield _agents(view, held)


def of_kind(view: View, *kinds: str) -> BoolArray:
    """Relation records of some kinds, in force on the day."""
    relations = view.rows("relation")
    found = np.zeros(len(relations.row), bool)
    for kind in kinds:
        found |= relations["kind"] == kind
    return found & in_force(relations)


def _shareholders(view: View, held: Ties) -> Column:
    """The share in trouble of its shareholders and of what else they own, shareholder by shareholder."""
    picked = of_kind(view, "股东")
    mine = held.where(picked[held.row])
    investments = held.where(of_kind(view, "对外投资")[held.row])
    investments = investments.where(investments.other >= 0)
    number = np.where(held.party_at >= 0, held.party_at, held.parties + np.arange(view.size))
    themselves = np.union1d(np.flatnonzero(held.party_at >= 0), investments.owner)
    groups = (mine.party, number[investments.owner], number[themselves])
    members = (mine.owner, investments.other, themselves)
    asks = (
        np.concatenate([np.ones(len(mine.row)), np.ones(len(investments.row)), np.zeros(len(themselves))]) > 0
    )
    trouble = in_trouble(view, "shareholder_bad_ratio").astype(float)
    pairs = np.concatenate(groups), np.concatenate(members)
    count = others_through(*pairs, np.ones(view.size), view.size, asks)
    bad = others_through(*pairs, trouble, view.size, asks)
    share = np.divide(bad, count, out=np.zeros(view.size), where=count > 0)
    return Column("shareholder_bad_ratio", share, picked)


def _controllers(view: View, held: Ties) -> Column:
    """How many others its controllers set up in other districts in the window (实控人跨区设立)."""
    relations = view.rows("relation")
    least = float(view.setting("indicator.controller_multi_region")["least_share"])
    picked = of_kind(view, "实际控制人") | (of_kind(view, "股东") & (relations["share"] >= least))
    mine = held.where(picked[held.row])
    new = view.within("controller_multi_region", view.enterprise["estdate"].to_numpy(float)).astype(float)
    district = pd.factorize(view.enterprise["domdistrict"].fillna("").astype(str), sort=True)[0]
    everywhere = others_through(mine.party, mine.owner, new, view.size)
    local = mine.party * (int(district.max(initial=0)) + 1) + district[mine.owner]
    at_home = others_through(pd.factorize(local)[0], mine.owner, new, view.size)
    return Column("controller_multi_region", everywhere - at_home, picked)


def _owned(view: View) -> Iterator[Column]:
    for key, name, make in (
        ("branch_bad_cnt", "branch", _branches), ("invest_bad_cnt", "invested", _invested),
    ):  # fmt: skip
        owned = view.derived(name, make)
        trouble = in_trouble(view, key)
        bad = trouble[np.asarray(owned["position"], dtype=np.int64)]
        yield Column(key, owned.count(bad), bad)


def _branches(view: View) -> pd.DataFrame:
    """A branch's registration, one row for each parent that it or its parent names."""
    held = ties(view)
    down = held.where(of_kind(view, "分支机构")[held.row])
    up = held.where(of_kind(view, "隶属企业")[held.row])
    parent = pd.Index(view.codes).get_indexer(pd.Index(view.enterprise["parent_code"]))
    registered = np.flatnonzero(parent >= 0)
    return _children(
        view,
        np.concatenate([down.owner, up.other, parent[registered]]),
        np.concatenate([down.other, up.owner, registered]),
    )


def _invested(view: View) -> pd.DataFrame:
    """The registration of what an enterprise owns a share of, as either of the two names it."""
    held = ties(view)
    down = held.where(of_kind(view, "对外投资")[held.row])
    up = held.where(of_kind(view, "股东")[held.row])
    return _children(view, np.concatenate([down.owner, up.other]), np.concatenate([down.other, up.owner]))


def _children(view: View, parent: IntArray, child: IntArray) -> pd.DataFrame:
    """Each pair once, as rows about the parent: the record is the child's own registration."""
    real = (parent >= 0) & (child >= 0) & (parent != child)
    pairs = np.unique(parent[real].astype(np.int64) * max(view.size, 1) + child[real])
    parents, children = pairs // max(view.size, 1), pairs % max(view.size, 1)
    return pd.DataFrame(
        {
            "enterprise_code": view.codes[parents], "position": children,
            "id": view.enterprise["id"].to_numpy()[children],
            "estdate": view.enterprise["estdate"].to_numpy(float)[children],
        }
    )  # fmt: skip


def _agents(view: View, held: Ties) -> Column:
    """How many others have the same agent (代办) or liaison officer (联络员)."""
    words = "|".join(view.setting("indicator.liaison_words"))
    liaison = of_kind(view, "主要人员") & mentions(view.rows("relation")["role"], words)
    picked = of_kind(view, "同一代办") | liaison
    mine = held.where(picked[held.row])
    others = others_through(mine.party, mine.owner, np.ones(view.size), view.size)
    return Column("same_agent_ent_cnt", others, picked)
