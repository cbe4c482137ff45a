"""Computing a past grade again (按当时情形重算): same model, rules, previous grading and records, less those disputed.

Without disputes it gives the stored grade exactly, or says why it cannot: that is the proof that what was frozen
suffices. The whole place is computed, because peers and relations are part of a grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, RowMapping

from registry.errors import Refusal
from risk.archive import Archive, FloatArray
from risk.bands import CLASSES
from risk.frozen import Frozen, frozen_grading, only
from risk.grade import Judged, judge, reason_writer, reasons_at
from risk.hard_rules import hard_rules_in_force
from risk.indicators.catalogue import GROUPS
from risk.indicators.frame import feature_frame
from risk.overrides import overrides_behind
from risk.previous import read_snapshot
from risk.reasons import NO_HISTORY_GROUP, Reason, by_group
from risk.score import contributions, score_frame

EXACT = 1e-9
"""Scores closer than this are the same (risk.md, point 9)."""


@dataclass(frozen=True)
class Recomputed:
    """A grade computed again. groups: contribution of each official group; evidence ids are in the reasons."""

    credit_risk_class: str
    model_class: str
    deciding_layer: str
    rule_code: str
    score: float
    probability: float
    groups: dict[str, float]
    reasons: list[Reason]

    def equals(self, grade: RowMapping) -> bool:
        """Whether it is the stored grade: class, layer, rule and score."""
        same = (self.credit_risk_class, self.model_class, self.deciding_layer, self.rule_code) == (
            grade["credit_risk_class"], grade["model_class"], grade["deciding_layer"], grade["rule_code"] or "",
        )  # fmt: skip
        return same and abs(self.score - grade["score"]) <= EXACT


def recompute(
    connection: Connection, grade: RowMapping, without: dict[str, list[str]] | None = None
) -> Recomputed:
    """Compute a stored grade again. without: natural keys by table of the records left out, with every version.

    Raises Refusal grade.not_frozen, grade.facts_missing, grade.other_indicators, appeal.no_longer_graded.
    """
    frozen = frozen_grading(connection, grade["snapshot_id"])
    archive = frozen.archive(connection, grade["as_of"], without=without)
    return recomputed(judge_again(connection, grade["place"], frozen, archive), grade["enterprise_code"])


def judge_again(connection: Connection, place: str, frozen: Frozen, archive: Archive) -> Judged:
    """The whole place judged again as a past grading judged it, from an archive of what it read."""
    day, book, model = archive.latest, frozen.book, frozen.model
    frame = only(feature_frame(archive, day, book, place), model.names)
    scores = score_frame(model, frame)
    previous = read_snapshot(connection, frozen.grading["previous_snapshot_id"])
    hard = hard_rules_in_force(book, place, day)
    overrides = overrides_behind(connection, frozen.grading["snapshot_id"])
    verdicts = judge(frame, scores, model, previous, hard, book, overrides)
    return Judged(frame, scores, verdicts, model, previous, hard, overrides, book, {})


def recomputed(judged: Judged, enterprise_code: str) -> Recomputed:
    """One enterprise of a place judged again. Raises Refusal appeal.no_longer_graded."""
    found = np.flatnonzero(judged.frame.codes == enterprise_code)
    if not len(found):
        raise Refusal(
            "appeal.no_longer_graded", "去掉这些记录后，该主体不在分类范围内。", "对登记信息有异议的，由登记机关更正。"
        )  # fmt: skip
    position = int(found[0])
    parts = contributions(judged.model, judged.frame.matrix[[position]])[0]
    verdicts = judged.verdicts
    return Recomputed(
        str(CLASSES[verdicts.final[position]]), str(CLASSES[verdicts.own[position]]), str(verdicts.layer[position]),
        str(verdicts.rule_code[position]), float(judged.scores.score[position]),
        float(judged.scores.probability[position]), _groups(parts, judged.frame.names),
        reasons_at(reason_writer(judged), verdicts, position, parts),
    )  # fmt: skip


def _groups(parts: FloatArray, names: Sequence[str]) -> dict[str, float]:
    values = by_group(parts[None, :], tuple(names))[0].tolist()
    return dict(zip((*GROUPS, NO_HISTORY_GROUP), values, strict=True))
