"""Weights (指标分量): how much each indicator moves the score of a cohort, and which ones hard rules look at."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from registry.rules import Rule
from risk.archive import FloatArray
from risk.model_file import Model
from risk.score import contributions

ROWS = 2_000
"""Enterprises looked at, evenly spread over the cohort: contributions of trees are slow (risk.md, hardware)."""


def contribution_shares(model: Model, matrix: FloatArray, rows: int = ROWS) -> FloatArray:
    """Each indicator's mean |contribution| as a share of all indicators', in the order of `model.names`."""
    step = max(1, -(-len(matrix) // rows))
    parts = np.abs(contributions(model, matrix[::step])[:, : len(model.names)]).mean(axis=0)
    total = float(parts.sum())
    shares: FloatArray = parts / total if total else parts
    return shares


def named_by_rules(rules: Iterable[Rule]) -> set[str]:
    """Indicators that hard rules in force look at: they decide classes whatever the model thinks of them."""
    return {condition["indicator"] for rule in rules for condition in rule.value.get("when", [])}
