"""Encoding (编码): a planned table → numbers, fitted on training rows alone.

A category that training never saw is "other" and changes nothing. Target rates of training rows are out of fold:
no row's own outcome enters its own features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit

from risk.archive import BoolArray, FloatArray, IntArray, Texts

ONE_HOT = 12
"""Categories with at most so many values in training get a column each; those with more a rate and a share."""
RAREST = 5
"""Rows that a value needs for a column of its own."""
PRIOR = 20.0
"""Rows of the overall rate that shrink the rate of a value (Micci-Barreca, 2001)."""
FOLDS = 5
MARKED = 0.05
"""Unknown (or known) share from which "is unknown" is a column of its own: the logistic model cannot see it otherwise."""


@dataclass(frozen=True)
class Prepared:
    """A table ready to encode: numbers (NaN: unknown), and words of categories ("" : unknown)."""

    names: tuple[str, ...]
    numbers: FloatArray
    categories: dict[str, Texts]

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, rows: BoolArray | IntArray) -> Prepared:
        """Narrowed to some rows."""
        words = {name: texts[rows] for name, texts in self.categories.items()}
        return Prepared(self.names, self.numbers[rows], words)


@dataclass(frozen=True)
class Words:
    """What training knows of a category: columns of their own, or the log-odds and the share of each value."""

    name: str
    own: tuple[str, ...]
    log_odds: dict[str, float]
    share: dict[str, float]

    def columns(self, texts: Texts, log_odds: FloatArray | None = None) -> FloatArray:
        """One column a value, or (log-odds, share); a value that training never saw is 0 everywhere."""
        if self.own:
            return np.column_stack([(texts == value).astype(float) for value in self.own])
        codes, found = pd.factorize(texts)
        if log_odds is None:
            log_odds = np.array([self.log_odds.get(text, 0.0) for text in found])[codes]
        return np.column_stack([log_odds, np.array([self.share.get(text, 0.0) for text in found])[codes]])

    def names(self) -> list[tuple[str, str]]:
        """(source column, what it holds) of each column."""
        if self.own:
            return [(self.name, f"={value or '（空）'}") for value in self.own]
        return [(self.name, "发生率 rate"), (self.name, "占比 share")]


@dataclass(frozen=True)
class Encoder:
    """Numbers as they are, marks of unknowns, then categories."""

    names: tuple[str, ...]
    marked: tuple[int, ...]
    words: tuple[Words, ...]

    def matrix(self, prepared: Prepared) -> FloatArray:
        """Rows as the learners see them; one row comes out the same alone and in a batch."""
        return self._stack(prepared, [None] * len(self.words))

    def columns(self) -> list[tuple[str, str]]:
        """(source column, what it holds) of each column of the matrix."""
        plain = [(name, "") for name in self.names]
        marks = [(self.names[i], "未知 unknown") for i in self.marked]
        return plain + marks + [entry for words in self.words for entry in words.names()]

    def _stack(self, prepared: Prepared, rates: Sequence[FloatArray | None]) -> FloatArray:
        parts = [prepared.numbers, np.isnan(prepared.numbers[:, list(self.marked)]).astype(float)]
        for words, rate in zip(self.words, rates, strict=True):
            parts.append(words.columns(prepared.categories[words.name], rate))
        return np.column_stack(parts)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the model file."""
        return asdict(self)


def encoder_from_json(entry: dict[str, Any]) -> Encoder:
    """The inverse of `Encoder.to_json`."""
    words = tuple(Words(w["name"], tuple(w["own"]), w["log_odds"], w["share"]) for w in entry["words"])
    return Encoder(tuple(entry["names"]), tuple(entry["marked"]), words)


def fit_encoder(prepared: Prepared, problem: FloatArray, seed: int) -> tuple[Encoder, FloatArray]:
    """The encoder of training rows, and their own matrix, in which rates are out of fold."""
    unknown = np.isnan(prepared.numbers).mean(axis=0)
    marked = tuple(np.flatnonzero((unknown >= MARKED) & (unknown <= 1 - MARKED)).tolist())
    folds = np.random.default_rng(seed).integers(FOLDS, size=len(problem))
    words, rates = [], []
    for name, texts in prepared.categories.items():
        found = _words(name, texts, problem)
        words.append(found)
        rates.append(None if found.own else _out_of_fold(texts, problem, folds))
    encoder = Encoder(prepared.names, marked, tuple(words))
    return encoder, encoder._stack(prepared, rates)


def _words(name: str, texts: Texts, problem: FloatArray) -> Words:
    values, counts = np.unique(texts.astype(str), return_counts=True)
    if len(values) <= ONE_HOT:
        own = tuple(str(v) for v, n in zip(values, counts, strict=True) if n >= RAREST)
        if own:
            return Words(name, own, {}, {})
    share = {str(v): float(n) / len(texts) for v, n in zip(values, counts, strict=True)}
    return Words(name, (), _log_odds(texts, problem), share)


def _log_odds(texts: Texts, problem: FloatArray) -> dict[str, float]:
    """Shrunk log-odds of each value against everybody's."""
    codes, values = pd.factorize(texts)
    rows, found = np.bincount(codes), np.bincount(codes, problem)
    overall = (problem.sum() + 0.5) / (len(problem) + 1)
    rates = logit((found + PRIOR * overall) / (rows + PRIOR)) - logit(overall)
    return {str(value): float(rate) for value, rate in zip(values, rates, strict=True)}


def _out_of_fold(texts: Texts, problem: FloatArray, folds: IntArray) -> FloatArray:
    result = np.zeros(len(texts))
    for fold in range(FOLDS):
        here = folds == fold
        if here.any() and not here.all():
            known = _log_odds(texts[~here], problem[~here])
            result[here] = [known.get(text, 0.0) for text in texts[here]]
    return result
