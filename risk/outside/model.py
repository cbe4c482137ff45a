"""The model of an outside table (外部表模型): layout, encoder, learner and curve as bytes, and scores by them."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass

import numpy as np

from registry.errors import Refusal
from risk.archive import FloatArray
from risk.learners import Learner
from risk.outside.boosting import table_learner
from risk.outside.calibrating import Curve, curve_from_json
from risk.outside.encoding import Encoder, encoder_from_json
from risk.outside.label import lenient_label
from risk.outside.layout import Layout, layout_from_json
from risk.outside.reading import Table

FORMAT = "wurao-table-1"
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class TableModel:
    """Turns a table into scores. `group_rates`: as training left them, for events; empty otherwise."""

    layout: Layout
    encoder: Encoder
    learner: Learner
    curve: Curve
    group_rates: dict[str, float]

    def matrix(self, table: Table) -> FloatArray:
        """Rows as the learner sees them. In an event table earlier rows of an id are in the same table."""
        problem = lenient_label(table, self.layout.roles.label, self.layout.positive)
        return self.encoder.matrix(self.layout.prepare(table, problem, self.group_rates or None))

    def scores(self, table: Table) -> tuple[FloatArray, FloatArray]:
        """(raw score on the log-odds scale, calibrated probability) of each row."""
        raw = self.learner.raw(self.matrix(table))
        return self.curve.score(raw), self.curve.probability(raw)

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """One column a column of the matrix, the constant last; rows sum to the raw score."""
        parts = self.learner.contributions(matrix) * self.curve.line.slope
        parts[:, -1] += self.curve.line.intercept
        return parts

    def to_bytes(self) -> bytes:
        """Compressed JSON; the same model always gives the same bytes. Loading it runs no code."""
        values = {
            "format": FORMAT, "layout": self.layout.to_json(), "encoder": self.encoder.to_json(),
            "learner": {"name": self.learner.name, **self.learner.to_json()}, "curve": self.curve.to_json(),
            "group_rates": self.group_rates,
        }  # fmt: skip
        return zlib.compress(json.dumps(values, sort_keys=True).encode(), 6)


def load_table_model(content: bytes) -> TableModel:
    """The inverse of `TableModel.to_bytes`. Raises Refusal model.unreadable for anything else."""
    try:
        opened = zlib.decompressobj()
        text = opened.decompress(content, MOST_BYTES)
        values = json.loads(text) if opened.eof else {}
        if values.get("format") != FORMAT:
            raise ValueError("format")
        return TableModel(
            layout_from_json(values["layout"]), encoder_from_json(values["encoder"]),
            table_learner(values["learner"]["name"], values["learner"]), curve_from_json(values["curve"]),
            dict(values["group_rates"]),
        )  # fmt: skip
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal(
            "model.unreadable",
            "这不是 wurao train --table 生成的模型文件，或者已经损坏。",
            "请重新训练，用报告目录里的 model.bin。",
        ) from error


def score_rows(model: TableModel, table: Table) -> tuple[FloatArray, FloatArray]:
    """Scores of a table, NaN for rows of an event table that have no time. Raises Refusal table.*."""
    if model.layout.clock is None:
        return model.scores(table)
    table.column(model.layout.clock.name)
    when = model.layout.when(table)
    dated = ~np.isnan(when) if when is not None else np.ones(len(table), bool)
    raw, probability = np.full(len(table), np.nan), np.full(len(table), np.nan)
    if dated.any():
        raw[dated], probability[dated] = model.scores(table.where(dated))
    return raw, probability
