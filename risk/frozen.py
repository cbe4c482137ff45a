"""What was frozen (分类留痕): the rules, the model and the very records that a grading read, for computing it again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects.postgresql import insert

from registry import clock
from registry.errors import Refusal
from registry.rules import Rulebook, load_rules, rulebook_of
from registry.tables import Grading, ModelRun, RulesEdition
from risk.archive import Archive, load_archive
from risk.indicators.frame import FeatureFrame
from risk.model_file import Model, hash_of_bytes, load_model


@dataclass(frozen=True)
class Frozen:
    """A past grading: its row, and its own rules and model."""

    grading: RowMapping
    book: Rulebook
    model: Model

    def archive(
        self, connection: Connection, day: date, codes: Sequence[str] | None = None,
        without: dict[str, list[str]] | None = None,
    ) -> Archive:  # fmt: skip
        """The facts that the grading read, less the records disputed. Raises Refusal grade.facts_missing."""
        last = {table: int(mark["last_id"]) for table, mark in self.grading["facts"].items()}
        found = load_archive(connection, day, codes, last, without)
        if codes is None and not without:
            _refuse_other_facts(facts_read(found), self.grading["facts"])
        return found


def only(frame: FeatureFrame, names: tuple[str, ...]) -> FeatureFrame:
    """A frame narrowed to the indicators of an older model. Raises Refusal grade.other_indicators."""
    if frame.names == names:
        return frame
    missing = [name for name in names if name not in frame.names]
    if missing:
        raise Refusal(
            "grade.other_indicators", f"模型所用的指标 {'、'.join(missing)} 在现在的程序里没有了。",
            "用当时版本的程序重算，或重新训练、分类。", 409,
        )  # fmt: skip
    matrix = frame.matrix[:, [frame.names.index(name) for name in names]]
    return replace(frame, names=names, matrix=matrix)


def facts_read(archive: Archive) -> dict[str, dict[str, Any]]:
    """Table → rows, highest id, and a hash of all ids: which versions of which records a grading rests on."""
    marks = {}
    for name, frame in archive.tables.items():
        ids = np.sort(frame["id"].to_numpy(dtype=np.int64))
        digest = hashlib.sha256(ids.tobytes()).hexdigest()
        marks[name] = {"rows": len(ids), "last_id": int(ids.max(initial=0)), "ids_hash": digest}
    return marks


def keep_rules(connection: Connection, book: Rulebook) -> None:
    """Keep the text of the rules once for each version."""
    values = {"version": book.version, "texts": book.texts, "kept_at": clock.now()}
    connection.execute(insert(RulesEdition).values(**values).on_conflict_do_nothing())


def rules_of(connection: Connection, version: str) -> Rulebook:
    """The rules of a version: today's where it is the same, else the text kept. Raises Refusal grade.not_frozen."""
    now = load_rules()
    if version == now.version:
        return now
    texts = connection.execute(
        select(RulesEdition.texts).where(RulesEdition.version == version)
    ).scalar_one_or_none()
    if texts is None:
        raise _not_frozen(f"规则版本 {version}")
    return rulebook_of(texts)


def frozen_grading(connection: Connection, snapshot_id: int) -> Frozen:
    """Everything that a grading rested on. Raises Refusal grade.not_frozen, grade.model_changed."""
    wanted = (
        select(*Grading.__table__.c, ModelRun.model_file)
        .join(ModelRun, ModelRun.id == Grading.model_run_id)
        .where(Grading.snapshot_id == snapshot_id)
    )
    found = connection.execute(wanted).mappings().first()
    if found is None:
        raise _not_frozen(f"第 {snapshot_id} 号快照")
    if hash_of_bytes(found["model_file"]) != found["model_hash"]:
        raise Refusal(
            "grade.model_changed", f"模型 {found['model_run_id']} 的文件与分类时的哈希不符。", "从备份恢复该模型文件。"
        )  # fmt: skip
    return Frozen(found, rules_of(connection, found["rules_version"]), load_model(found["model_file"]))


def _refuse_other_facts(now: dict[str, Any], then: dict[str, Any]) -> None:
    changed = [name for name, mark in then.items() if now.get(name) != mark]
    if changed:
        raise Refusal(
            "grade.facts_missing", f"该次分类读取的记录已不完整：{'、'.join(changed)}。",
            "记录只增不删；核对是否有人直接改动数据库，或从备份恢复。",
        )  # fmt: skip


def _not_frozen(what: str) -> Refusal:
    return Refusal(
        "grade.not_frozen",
        f"{what} 没有留痕，无法按当时的情形重算。",
        "留痕之前的分类只能看结果；先重新分类。",
        409,
    )
