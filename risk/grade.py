"""Grading (信用风险分类): score → band → no change without news → hard rules → stored with its reasons."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, insert, select

from registry import clock
from registry.errors import Refusal
from registry.progress import Progress, silent
from registry.rules import Rule, Rulebook, load_rules
from registry.tables import FeatureRow, FeatureSnapshot, Grade, GradeReason, ModelRun
from risk.archive import Archive, BoolArray, IntArray, Texts, load_archive
from risk.bands import CLASSES, by_score, settle
from risk.copying import copy_matrix, copy_rows
from risk.hard_rules import PREFIX, apply_hard_rules
from risk.indicators.frame import FeatureFrame, feature_frame
from risk.model_file import Model, code_version, load_model
from risk.previous import Previous, read_previous
from risk.reasons import Evidence, ReasonWriter
from risk.score import Scores, contributions, score_frame

EXPLAINED = ("C", "D")
"""Classes whose reasons are always written; the others when they change, and on demand."""


@dataclass(frozen=True)
class GradeReport:
    """What a grading made: enterprises by class and by deciding layer, changes, and where it is stored."""

    snapshot_id: int
    model_run_id: int
    enterprises: int
    classes: dict[str, int]
    layers: dict[str, int]
    changed: int
    no_history: int
    reasons: int
    seconds: float

    def text(self) -> str:
        """One line for people. Internal."""
        classes = "，".join(f"{name} {count}" for name, count in self.classes.items())
        return (
            f"分类 {self.enterprises} 户：{classes}；类别变动 {self.changed} 户，"
            f"由定性指标决定 {self.layers.get('hard_rule', 0)} 户，无历史 {self.no_history} 户，理由 {self.reasons} 条。"
        )


@dataclass(frozen=True)
class Verdicts:
    """One row an enterprise: class numbers, the layer and rule that decided, and whether the class changed."""

    own: IntArray
    final: IntArray
    layer: Texts
    rule_code: Texts
    previous: Texts
    changed: BoolArray


def grade(
    engine: Engine, as_of: date, place: str, model_run_id: int | None = None, progress: Progress | None = None
) -> GradeReport:
    """Grade everyone judged at `place` with what was known by the end of `as_of`; a later version, never an overwrite.

    Uses the given model run, or the newest of the place made as of this day or before. Raises Refusal
    grade.no_model, grade.nobody, grade.other_indicators.
    """
    started, tell = time.monotonic(), progress or silent
    book = load_rules()
    with engine.connect() as connection:
        run_id, model = model_of(connection, as_of, place, model_run_id)
        tell("读取时点档案", 0.05)
        archive = load_archive(connection, as_of)
        previous = read_previous(connection, as_of, place)
    frame = _frame(archive, as_of, book, place, model)
    tell("计分与分级", 0.4)
    scores = score_frame(model, frame)
    hard = book.in_force(PREFIX, place, as_of)
    verdicts = judge(frame, scores, model, previous, hard, book)
    tell("写入分类结果", 0.6)
    with engine.begin() as connection:
        snapshot = _store_snapshot(connection, frame, book)
        _store_grades(connection, frame, scores, verdicts, snapshot, run_id, book)
        tell("书写理由", 0.8)
        reasons = _store_reasons(connection, frame, model, verdicts, snapshot, hard)
    tell("完成", 1.0)
    return GradeReport(
        snapshot, run_id, len(frame.codes), _counts(CLASSES[verdicts.final], CLASSES), _counts(verdicts.layer),
        int(verdicts.changed.sum()), int(scores.no_history.sum()), reasons, time.monotonic() - started,
    )  # fmt: skip


def model_of(
    connection: Connection, as_of: date, place: str, model_run_id: int | None = None
) -> tuple[int, Model]:
    """A model run by id, or the newest of the place as of a day. Raises Refusal grade.no_model."""
    wanted = (
        select(ModelRun.id, ModelRun.model_file).order_by(ModelRun.as_of.desc(), ModelRun.id.desc()).limit(1)
    )
    if model_run_id is None:
        wanted = wanted.where(ModelRun.place == place, ModelRun.as_of <= as_of)
    else:
        wanted = wanted.where(ModelRun.id == model_run_id)
    found = connection.execute(wanted).first()
    if found is None:
        raise Refusal(
            "grade.no_model",
            f"{place} 在 {as_of} 之前没有训练好的模型。",
            f"先运行 wurao train --as-of {as_of}。",
        )
    return found.id, load_model(found.model_file)


def _frame(archive: Archive, as_of: date, book: Rulebook, place: str, model: Model) -> FeatureFrame:
    frame = feature_frame(archive, as_of, book, place)
    if not len(frame.codes):
        raise Refusal(
            "grade.nobody", f"截至 {as_of} 没有需要分类的经营主体。", "先归集登记注册信息，或核对其知悉时间。"
        )
    if frame.names != model.names:
        raise Refusal(
            "grade.other_indicators", "模型是用另一套指标训练的。", "用当前程序重新运行 wurao train。"
        )
    return frame


def judge(
    frame: FeatureFrame, scores: Scores, model: Model, previous: Previous, hard: list[Rule], book: Rulebook
) -> Verdicts:
    """Classes of a cohort: bands, then stability against the previous grading, then hard rules."""
    own = by_score(scores.score, model.cuts)
    standing, news = previous.classes(frame.codes), previous.news(frame)
    margin = float(np.log(book.value("grade.hysteresis.odds_ratio", frame.place, frame.as_of)))
    steps = int(book.value("grade.steps_without_news", frame.place, frame.as_of))
    settled, held, stepped = settle(scores.score, model.cuts, standing, news, margin, steps)
    applied = apply_hard_rules(settled, frame, hard)
    layer = np.full(len(own), "model", dtype=object)
    layer[held], layer[stepped], layer[applied.rule_code != ""] = "hysteresis", "one_step", "hard_rule"
    before = previous.published(frame.codes)
    final: Texts = CLASSES[applied.classes]
    changed = (before != "") & (before != final)
    return Verdicts(own, applied.classes, layer, applied.rule_code, before, changed)


def _store_snapshot(connection: Connection, frame: FeatureFrame, book: Rulebook) -> int:
    values = {
        "as_of": frame.as_of, "place": frame.place, "feature_names": list(frame.names), "data_hash": frame.data_hash,
        "rules_version": book.version, "code_version": code_version(), "made_at": clock.now(),
    }  # fmt: skip
    made = connection.execute(
        insert(FeatureSnapshot).values(**values).returning(FeatureSnapshot.id)
    ).scalar_one()
    copy_matrix(connection, FeatureRow, made, frame.codes, frame.matrix)
    return int(made)


def _store_grades(
    connection: Connection,
    frame: FeatureFrame,
    scores: Scores,
    verdicts: Verdicts,
    snapshot: int,
    run: int,
    book: Rulebook,
) -> None:
    columns = (
        "as_of", "place", "enterprise_code", "snapshot_id", "model_run_id", "score", "probability",
        "probability_low", "probability_high", "model_class", "credit_risk_class", "previous_class",
        "deciding_layer", "rule_code", "no_history", "rules_version", "made_at",
    )  # fmt: skip
    now = clock.now()
    numbers = (scores.score, scores.probability, scores.low, scores.high)
    each = zip(
        frame.codes, *(n.tolist() for n in numbers), CLASSES[verdicts.own], CLASSES[verdicts.final],
        verdicts.previous, verdicts.layer, verdicts.rule_code, scores.no_history.tolist(), strict=True,
    )  # fmt: skip
    rows = (
        (frame.as_of, frame.place, code, snapshot, run, *four, own, final, before or None, layer, rule or None, new,
         book.version, now)
        for code, *four, own, final, before, layer, rule, new in each
    )  # fmt: skip
    copy_rows(connection, Grade, columns, rows)


def _store_reasons(
    connection: Connection,
    frame: FeatureFrame,
    model: Model,
    verdicts: Verdicts,
    snapshot: int,
    hard: list[Rule],
) -> int:
    """Reasons of C, D and changed grades; returns how many."""
    chosen = np.flatnonzero(np.isin(CLASSES[verdicts.final], EXPLAINED) | verdicts.changed)
    stored = connection.execute(select(Grade.enterprise_code, Grade.id).where(Grade.snapshot_id == snapshot))
    grade_ids: dict[str, int] = {row.enterprise_code: row.id for row in stored}
    writer = ReasonWriter(frame, {rule.key: rule for rule in hard}, Evidence(frame))
    parts = contributions(model, frame.matrix[chosen]) if len(chosen) else np.zeros((0, 0))
    rows: list[tuple[Any, ...]] = []
    for number, position in enumerate(chosen.tolist()):
        written = writer.write(
            position,
            frame.matrix[position],
            parts[number],
            verdicts.layer[position],
            verdicts.rule_code[position],
        )
        rows += [
            (grade_ids[frame.codes[position]], r.rank, r.indicator, r.sentence, r.contribution,
             json.dumps(r.evidence, ensure_ascii=False))
            for r in written
        ]  # fmt: skip
    copy_rows(
        connection,
        GradeReason,
        ("grade_id", "rank", "indicator", "sentence", "contribution", "evidence"),
        rows,
    )
    return len(rows)


def _counts(values: Texts, every: Texts | None = None) -> dict[str, int]:
    names, counts = np.unique(values.astype(str), return_counts=True)
    start = {str(name): 0 for name in every} if every is not None else {}
    return start | dict(zip(names.tolist(), counts.tolist(), strict=True))
