"""Trouble in the neighbourhood (关联图风险传播): a walk from each enterprise along its ties, as of the day.

Personalised PageRank in the direction that a person asks: of the walks of one to `steps` steps that begin here, how
many end at an enterprise in trouble, each further step worth `damping` times the one before (cf. Page et al. 1999;
Kloster & Gleich 2014 for the truncated series). An enterprise's own record may never come back to it: of the power
series the walks that end where they began are taken out. Weights are whole numbers of 2^-18, so that taking them out
is exact, to the last bit, and not a matter of rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.relations import sharing
from risk.indicators.supervision import in_trouble
from risk.indicators.ties import distinct_pairs, ties
from risk.indicators.view import Column, View

ONE = 1 << 18
"""1 as a whole number: three steps of row sums of at most ONE stay below 2^63."""
MOST_STEPS = 3
SHARED = {"法定代表人": "lerep", "同一电话": "tel_hash", "同一住所": "dom"}
"""What enterprises share by their registration alone, and which kind of relation it is."""


def graph(view: View) -> Iterator[Column]:
    """The one column."""
    setting = view.setting("indicator.graph_risk_pagerank")
    steps = transitions(*incidences(view, setting["weights"]), view.size, int(setting["largest"]))
    trouble = in_trouble(view, "graph_risk_pagerank")
    walked = diffuse(steps, trouble, int(setting["steps"]), float(setting["damping"]))
    yield Column("graph_risk_pagerank", walked)


def incidences(view: View, weights: dict[str, float]) -> tuple[IntArray, IntArray, FloatArray]:
    """(position, group, weight) of everything that ties: persons, other enterprises, telephones, addresses."""
    held = ties(view)
    kinds = np.asarray(view.rows("relation")["kind"], dtype=object)[held.row]
    codes, distinct = pd.factorize(kinds)
    worth = np.array([float(weights.get(kind, 0)) for kind in distinct])
    themselves = np.flatnonzero(held.party_at >= 0)
    members = [held.owner, themselves]
    groups = [held.party, held.party_at[themselves]]
    values = [worth[codes] if len(codes) else np.zeros(0), np.full(len(themselves), max(weights.values()))]
    offset = held.parties
    for kind, column in SHARED.items():
        group = sharing(view, column)
        known = np.flatnonzero(group >= 0)
        members.append(known)
        groups.append(group[known] + offset)
        values.append(np.full(len(known), float(weights[kind])))
        offset += int(group.max(initial=-1)) + 1
    return np.concatenate(members), np.concatenate(groups), np.concatenate(values)


def transitions(
    members: IntArray, groups: IntArray, weights: FloatArray, size: int, largest: int
) -> sparse.csr_array:
    """Where a step leads from each enterprise, in whole numbers of 1/ONE (int64, rows sum to at most ONE).

    A group is left out if it has one member, or more than `largest`: that everybody shares an address tells nothing
    about anybody. A step first takes a group by weight, then one of its other members.
    """
    counts = np.flatnonzero(weights > 0)
    if not len(counts):
        return sparse.csr_array((size, size), dtype=np.int64)
    pair, weight = distinct_pairs(groups[counts], members[counts], weights[counts], size)
    together = np.bincount(pair // size)[pair // size]
    small = (together > 1) & (together <= largest)
    group, member = np.unique(pair[small] // size, return_inverse=True)[1], pair[small] % size
    weight, together = weight[small], together[small]
    shape = (size, int(group.max(initial=-1)) + 1)
    total = np.bincount(member, weight, minlength=size)
    leaving = sparse.csr_array((weight / total[member] / (together - 1), (member, group)), shape=shape)
    belonging = sparse.csr_array((np.ones(len(member)), (member, group)), shape=shape)
    reached = sparse.coo_array(leaving @ belonging.T)
    away = reached.row != reached.col
    whole = np.floor(reached.data[away] * ONE).astype(np.int64)
    return sparse.csr_array((whole, (reached.row[away], reached.col[away])), shape=(size, size))


def diffuse(steps: Any, trouble: BoolArray, most: int, damping: float) -> FloatArray:
    """Share of walks that end in trouble elsewhere (0 to 1), by `transitions` and who is in trouble.

    Raises ValueError for more than three steps: whole numbers would overflow.
    """
    if not 1 <= most <= MOST_STEPS:
        raise ValueError(f"between 1 and {MOST_STEPS} steps, not {most}")
    reached = trouble.astype(np.int64)
    bad = np.flatnonzero(trouble)
    walked, worth = np.zeros(len(trouble)), 0.0
    back, home = steps.T.tocsr()[bad], steps[bad]
    for number in range(1, most + 1):
        reached = steps @ reached
        elsewhere = reached.copy()
        if number > 1:  # no step stays where it is, so one step never comes home
            elsewhere[bad] -= np.asarray(home.multiply(back).sum(axis=1)).astype(np.int64).ravel()
            home = home @ steps if number < most else home
        walked += damping**number * (elsewhere / float(ONE**number))
        worth += damping**number
    return np.asarray(walked / worth)
