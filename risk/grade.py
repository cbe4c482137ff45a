"""Grading (信用风险分类): score → band → no change without news → hard rules → overrides → stored with its reasons.

Only a model that two people adopted grades; any other can be tried (`trial`), and nothing of a trial is stored.
"""

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
from registry.tables import FeatureRow, FeatureSnapshot, Grade, GradeReason, Grading, ModelRun
from risk.adoption import Adopted, adopted_on, model_run
from risk.archive import Archive, BoolArray, FloatArray, IntArray, Texts, load_archive
from risk.bands import CLASSES, NONE, by_score, settle
from risk.copying import copy_matrix, copy_rows
from risk.frozen import facts_read, keep_rules
from risk.hard_rules import FIRM, PREFIX, apply_hard_rules, changed_since, hard_rules_in_force, holds
from risk.indicators.frame import FeatureFrame, feature_frame
from risk.model_file import Model, code_version, load_model
from risk.overrides import Override, read_overrides
from risk.previous import Previous, read_previous
from risk.reasons import Evidence, Reason, ReasonWriter
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
    """One row an enterprise: class numbers at each layer, the layer and rule that decided, whether it changed.

    own: the model's; settled: after hysteresis and step limit; ruled: after hard rules; final: after overrides.
    override_id: of the override that decided, 0 none.
    """

    own: IntArray
    settled: IntArray
    ruled: IntArray
    final: IntArray
    layer: Texts
    rule_code: Texts
    override_id: IntArray
    previous: Texts
    changed: BoolArray


@dataclass(frozen=True)
class Judged:
    """A cohort judged in memory, and everything that the judgement rested on."""

    frame: FeatureFrame
    scores: Scores
    verdicts: Verdicts
    model: Model
    previous: Previous
    hard: list[Rule]
    overrides: dict[str, Override]
    book: Rulebook
    facts: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Trial:
    """What a model that nobody adopted would do: classes, and [from, to, enterprises] of those that would change."""

    model_run_id: int
    enterprises: int
    classes: dict[str, int]
    moves: list[tuple[str, str, int]]

    def text(self) -> str:
        """Lines for people. Internal."""
        classes = "，".join(f"{name} {count}" for name, count in self.classes.items())
        moved = "，".join(f"{a}→{b} {n}" for a, b, n in self.moves) or "没有"
        return (
            f"试算：模型 {self.model_run_id} 未经两人决定启用，结果没有入库，不作为分类。\n"
            f"如启用，{self.enterprises} 户：{classes}；与上期相比的变动：{moved}。"
        )


def grade(
    engine: Engine, as_of: date, place: str, model_run_id: int | None = None, progress: Progress | None = None
) -> GradeReport:
    """Grade everyone judged at `place` with what was known by the end of `as_of`; a later version, never an overwrite.

    Uses the newest model adopted as of this day, or the named one if it is adopted. Raises Refusal
    grade.no_model (nothing adopted), grade.nobody, grade.other_indicators, rules.malformed.
    """
    started, tell = time.monotonic(), progress or silent
    with engine.connect() as connection:
        adopted = adopted_on(connection, as_of, place, model_run_id)
        judged = judge_place(connection, as_of, place, load_run(connection, adopted.model_run_id), tell)
    tell("写入分类结果", 0.6)
    with engine.begin() as connection:
        snapshot = _store_snapshot(connection, judged.frame, judged.book)
        _store_grading(connection, judged, snapshot, adopted)
        _store_grades(connection, judged, snapshot, adopted.model_run_id)
        tell("书写理由", 0.8)
        reasons = _store_reasons(connection, judged, snapshot)
    tell("完成", 1.0)
    verdicts, scores = judged.verdicts, judged.scores
    return GradeReport(
        snapshot, adopted.model_run_id, len(judged.frame.codes), _counts(CLASSES[verdicts.final], CLASSES),
        _counts(verdicts.layer), int(verdicts.changed.sum()), int(scores.no_history.sum()), reasons,
        time.monotonic() - started,
    )  # fmt: skip


def trial(
    engine: Engine, as_of: date, place: str, model_run_id: int, progress: Progress | None = None
) -> Trial:
    """What a model would do, adopted or not; nothing is stored. Raises Refusal model.unknown and as `grade`."""
    with engine.connect() as connection:
        model_run(connection, model_run_id)
        judged = judge_place(connection, as_of, place, load_run(connection, model_run_id), progress or silent)
    verdicts = judged.verdicts
    final = CLASSES[verdicts.final].astype(str)
    pairs = np.char.add(verdicts.previous[verdicts.changed].astype(str), final[verdicts.changed])
    moves = [(pair[0], pair[1], count) for pair, count in _counts(pairs.astype(object)).items()]
    return Trial(model_run_id, len(judged.frame.codes), _counts(final.astype(object), CLASSES), moves)


def load_run(connection: Connection, model_run_id: int) -> Model:
    """The model of a run."""
    wanted = select(ModelRun.model_file).where(ModelRun.id == model_run_id)
    return load_model(connection.execute(wanted).scalar_one())


def judge_place(
    connection: Connection, as_of: date, place: str, model: Model, tell: Progress = silent
) -> Judged:
    """Judge everyone at a place in memory, with what was known by the end of the day."""
    book = load_rules()
    hard = hard_rules_in_force(book, place, as_of)
    tell("读取时点档案", 0.05)
    archive = load_archive(connection, as_of)
    previous, overrides = read_previous(connection, as_of, place), read_overrides(connection, as_of, place)
    frame = cohort_frame(archive, as_of, book, place, model)
    tell("计分与分级", 0.4)
    scores = score_frame(model, frame)
    verdicts = judge(frame, scores, model, previous, hard, book, overrides)
    return Judged(frame, scores, verdicts, model, previous, hard, overrides, book, facts_read(archive))


def cohort_frame(archive: Archive, as_of: date, book: Rulebook, place: str, model: Model) -> FeatureFrame:
    """The indicators that a model was trained on. Raises Refusal grade.nobody, grade.other_indicators."""
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
    frame: FeatureFrame,
    scores: Scores,
    model: Model,
    previous: Previous,
    hard: list[Rule],
    book: Rulebook,
    overrides: dict[str, Override] | None = None,
) -> Verdicts:
    """Classes of a cohort: bands, stability against the previous grading, hard rules, overrides, in this order."""
    own = by_score(scores.score, model.cuts)
    news, adverse = previous.changes(frame)
    ended, begun = _law_news(frame, previous, hard, book)
    before, news, adverse = previous.ruled(frame.codes), news | ended | begun, adverse & ~ended
    margin = float(np.log(book.value("grade.hysteresis.odds_ratio", frame.place, frame.as_of)))
    steps = int(book.value("grade.steps_without_news", frame.place, frame.as_of))
    standing = previous.classes(frame.codes)
    settled, held, stepped = settle(scores.score, model.cuts, standing, news, margin, steps, adverse)
    applied = apply_hard_rules(settled, frame, hard)
    bound = (before != NONE) & ~np.isin(applied.effect.astype(str), FIRM)
    ruled = applied.classes.copy()
    low, high = bound & (~news | adverse), bound & ~news
    ruled[low] = np.maximum(ruled, before - steps)[low]
    ruled[high] = np.minimum(ruled, before + steps)[high]
    limited = ruled != applied.classes
    rule_code: Texts = np.where(limited, "", applied.rule_code).astype(object)
    layer = np.full(len(own), "model", dtype=object)
    layer[held], layer[stepped], layer[rule_code != ""], layer[limited] = (
        "hysteresis", "one_step", "hard_rule", "one_step",
    )  # fmt: skip
    final, override_id = _overridden(frame, ruled, applied.effect, overrides or {}, book)
    layer[override_id > 0] = "override"
    published = previous.published(frame.codes)
    changed = (published != "") & (published != CLASSES[final])
    return Verdicts(own, settled, ruled, final, layer, rule_code, override_id, published, changed)


def _law_news(
    frame: FeatureFrame, previous: Previous, hard: list[Rule], book: Rulebook
) -> tuple[BoolArray, BoolArray]:
    """Where a hard rule that decided then has ended or changed, and where a new or changed one holds now."""
    ended, begun = np.zeros(len(frame.codes), bool), np.zeros(len(frame.codes), bool)
    if previous.as_of is None:
        return ended, begun
    changed = changed_since(book, frame.place, previous.as_of, frame.as_of)
    codes = [key.removeprefix(PREFIX) for key in changed]
    ended = np.isin(previous.rule_codes(frame.codes).astype(str), codes)
    for rule in hard:
        if rule.key in changed:
            begun |= holds(rule, frame)
    return ended, begun


def _overridden(
    frame: FeatureFrame, ruled: IntArray, effects: Texts, overrides: dict[str, Override], book: Rulebook
) -> tuple[IntArray, IntArray]:
    """Final class numbers, and the id of the override that decided each (0 none)."""
    final, ids = ruled.copy(), np.zeros(len(ruled), dtype=np.int64)
    if overrides:
        firm = book.value("grade.override.yields_to", frame.place, frame.as_of)
        for position in np.flatnonzero(np.isin(frame.codes.astype(str), list(overrides))).tolist():
            override = overrides[frame.codes[position]]
            wanted = CLASSES.tolist().index(override.credit_risk_class)
            free = override.by_appeal or effects[position] not in firm
            if free or wanted >= ruled[position]:
                final[position], ids[position] = wanted, override.id
    return final, ids


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


def _store_grading(connection: Connection, judged: Judged, snapshot: int, adopted: Adopted) -> None:
    """Freeze what the grading rested on (`risk.frozen` reads it back)."""
    keep_rules(connection, judged.book)
    values = {
        "snapshot_id": snapshot, "model_run_id": adopted.model_run_id, "adoption_id": adopted.adoption_id,
        "model_hash": model_run(connection, adopted.model_run_id)["model_hash"],
        "previous_snapshot_id": judged.previous.snapshot_id,
        "cuts": list(judged.model.cuts), "facts": judged.facts, "rules_version": judged.book.version,
        "made_at": clock.now(),
    }  # fmt: skip
    connection.execute(insert(Grading).values(**values))


def _store_grades(connection: Connection, judged: Judged, snapshot: int, run: int) -> None:
    columns = (
        "as_of", "place", "enterprise_code", "snapshot_id", "model_run_id", "score", "probability",
        "probability_low", "probability_high", "model_class", "settled_class", "ruled_class", "credit_risk_class",
        "previous_class", "deciding_layer", "rule_code", "override_id", "no_history", "rules_version", "made_at",
    )  # fmt: skip
    now, frame, scores, verdicts = clock.now(), judged.frame, judged.scores, judged.verdicts
    numbers = (scores.score, scores.probability, scores.low, scores.high)
    classes = (verdicts.own, verdicts.settled, verdicts.ruled, verdicts.final)
    each = zip(
        frame.codes, *(n.tolist() for n in numbers), *(CLASSES[n] for n in classes), verdicts.previous,
        verdicts.layer, verdicts.rule_code, verdicts.override_id.tolist(), scores.no_history.tolist(), strict=True,
    )  # fmt: skip
    rows = (
        (frame.as_of, frame.place, code, snapshot, run, *eight, before or None, layer, rule or None, override or None,
         new, judged.book.version, now)
        for code, *eight, before, layer, rule, override, new in each
    )  # fmt: skip
    copy_rows(connection, Grade, columns, rows)


def _store_reasons(connection: Connection, judged: Judged, snapshot: int) -> int:
    """Reasons of C, D and changed grades; returns how many."""
    frame, verdicts = judged.frame, judged.verdicts
    chosen = np.flatnonzero(np.isin(CLASSES[verdicts.final], EXPLAINED) | verdicts.changed)
    stored = connection.execute(select(Grade.enterprise_code, Grade.id).where(Grade.snapshot_id == snapshot))
    grade_ids: dict[str, int] = {row.enterprise_code: row.id for row in stored}
    writer = reason_writer(judged)
    parts = contributions(judged.model, frame.matrix[chosen]) if len(chosen) else np.zeros((0, 0))
    rows: list[tuple[Any, ...]] = []
    for number, position in enumerate(chosen.tolist()):
        written = reasons_at(writer, verdicts, position, parts[number])
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


def reason_writer(judged: Judged) -> ReasonWriter:
    """Writes reasons under the rules and overrides that the judgement used."""
    rules = {rule.key: rule for rule in judged.hard}
    return ReasonWriter(judged.frame, rules, Evidence(judged.frame), judged.overrides)


def reasons_at(writer: ReasonWriter, verdicts: Verdicts, position: int, parts: FloatArray) -> list[Reason]:
    """The reasons of the enterprise at a position; parts: its contributions."""
    layer, rule = verdicts.layer[position], verdicts.rule_code[position]
    return writer.write(position, writer.frame.matrix[position], parts, layer, rule)


def _counts(values: Texts, every: Texts | None = None) -> dict[str, int]:
    names, counts = np.unique(values.astype(str), return_counts=True)
    start = {str(name): 0 for name in every} if every is not None else {}
    return start | dict(zip(names.tolist(), counts.tolist(), strict=True))
