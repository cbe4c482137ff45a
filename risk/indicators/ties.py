"""Ties (关联): whom an enterprise's relation records name, as integers, in force on the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from risk.archive import BoolArray, FloatArray, IntArray
from risk.indicators.condition import in_force
from risk.indicators.view import View


@dataclass(frozen=True)
class Ties:
    """One entry a relation record in force that names somebody.

    row: its index among `view.rows("relation")`; owner: position of the enterprise it is about; party: number of the
    other side, a person or an enterprise; other: the position of that enterprise, -1 if a person or not judged.
    `party_at[p]` is the party number of the enterprise at position p (-1: nobody names it). `parties`: how many.
    """

    row: IntArray
    owner: IntArray
    party: IntArray
    other: IntArray
    party_at: IntArray
    parties: int

    def where(self, chosen: BoolArray) -> Ties:
        """Some of the entries."""
        row, owner, party, other = (part[chosen] for part in (self.row, self.owner, self.party, self.other))
        return Ties(row, owner, party, other, self.party_at, self.parties)


def ties(view: View) -> Ties:
    """All ties of the cohort. A person is a keyed hash, the same wherever the same number was given."""
    return view.once("ties", _ties)


def _ties(view: View) -> Ties:
    relations = view.rows("relation")
    codes = _known_codes(view, relations["other_code"])
    persons = np.asarray(relations["person_key"], dtype=object)
    names = pd.Series(np.where(pd.isna(codes), persons, codes), dtype=object).replace("", None)
    party, distinct = pd.factorize(names)
    position = pd.Index(view.codes).get_indexer(pd.Index(distinct)) if len(distinct) else np.zeros(0, int)
    party_at = np.full(view.size, -1)
    party_at[position[position >= 0]] = np.flatnonzero(position >= 0)
    held = in_force(relations) & (party >= 0)
    row = np.flatnonzero(held)
    other = position[party[row]].astype(np.int64) if len(row) else np.zeros(0, np.int64)
    mine = relations.row[row]
    foreign = other != mine  # a relation of an enterprise to itself says nothing
    return Ties(row[foreign], mine[foreign], party[row][foreign], other[foreign], party_at, len(distinct))


def _known_codes(view: View, given: object) -> np.ndarray:
    """The codes of other enterprises; an old registration number becomes the code of who bears it now."""
    codes = np.asarray(given, dtype=object)
    numbers = view.enterprise["regno"]
    old = pd.Series([isinstance(code, str) and len(code) == 15 for code in codes], dtype=bool).to_numpy()
    if old.any():
        known = dict(zip(numbers, view.codes, strict=True))
        codes = codes.copy()
        codes[old] = [known.get(code, code) for code in codes[old]]
    return codes


def others_through(
    groups: IntArray, members: IntArray, counted: FloatArray, size: int, holders: BoolArray | None = None
) -> FloatArray:
    """For each enterprise the sum of `counted` over the others of its groups, once for each shared group.

    groups, members: pairs of group number and position; a pair counts once. holders: pairs that ask (the others are
    only seen, e.g. the shareholder itself among those whom it owns). Whole numbers: exact, whatever the order.
    """
    if not len(groups):
        return np.zeros(size)
    asks = np.ones(len(groups)) if holders is None else holders.astype(float)
    pair, asking = distinct_pairs(groups, members, asks, size)
    group, member = pair // size, pair % size
    total = np.bincount(group, counted[member])
    group, member = group[asking > 0], member[asking > 0]
    return np.bincount(member, total[group] - counted[member], minlength=size).astype(float)


def distinct_pairs(
    groups: IntArray, members: IntArray, values: FloatArray, size: int
) -> tuple[IntArray, FloatArray]:
    """Each pair once as group x size + member, in order, and the largest of its values."""
    pair = groups.astype(np.int64) * size + members
    order = np.argsort(pair, kind="stable")
    pair = pair[order]
    first = np.flatnonzero(np.append(True, pair[1:] != pair[:-1]))
    return pair[first], np.maximum.reduceat(values[order].astype(float), first)
