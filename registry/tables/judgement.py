"""Judgements (信用风险分类): features, model runs, grades and their reasons. Internal, never public."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String

from registry.tables.declaration import Table, written_by


class FeatureSnapshot(Table):
    """All indicators of a cohort as of a date (指标快照). `data_hash` covers every value."""

    __tablename__ = "feature_snapshot"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    as_of: Mapped[date] = mapped_column(index=True)
    place: Mapped[str]
    feature_names: Mapped[list[str]] = mapped_column(ARRAY(String))
    data_hash: Mapped[str]
    rules_version: Mapped[str]
    code_version: Mapped[str]
    made_at: Mapped[datetime]


class FeatureRow(Table):
    """One enterprise's indicator values, in the order of its snapshot's `feature_names`; NaN is unknown."""

    __tablename__ = "feature_row"
    __table_args__ = written_by("risk")

    snapshot_id: Mapped[int] = mapped_column(ForeignKey("feature_snapshot.id"), primary_key=True)
    enterprise_code: Mapped[str] = mapped_column(primary_key=True)
    feature_values: Mapped[list[float]] = mapped_column(ARRAY(DOUBLE_PRECISION))


class ModelRun(Table):
    """One training run (模型训练): data hash, rules, code, parameters, metrics beside baselines, the file."""

    __tablename__ = "model_run"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    as_of: Mapped[date]
    place: Mapped[str]
    learner: Mapped[str]
    """What was selected: lightgbm, logistic, scorecard …"""
    data_hash: Mapped[str]
    rules_version: Mapped[str]
    code_version: Mapped[str]
    seed: Mapped[int] = mapped_column(BigInteger)
    parameters: Mapped[dict[str, object]] = mapped_column(JSONB)
    metrics: Mapped[dict[str, object]] = mapped_column(JSONB)
    model_file: Mapped[bytes] = mapped_column(LargeBinary)
    model_hash: Mapped[str]
    made_at: Mapped[datetime]


class Grade(Table):
    """One enterprise's class as of a date (分类结果): the model's own class beside the final one."""

    __tablename__ = "grade"
    __table_args__ = (Index("ix_grade_enterprise_as_of", "enterprise_code", "as_of"), written_by("risk"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    as_of: Mapped[date] = mapped_column(index=True)
    place: Mapped[str]
    enterprise_code: Mapped[str]
    snapshot_id: Mapped[int] = mapped_column(ForeignKey("feature_snapshot.id"))
    model_run_id: Mapped[int] = mapped_column(ForeignKey("model_run.id"))
    score: Mapped[float]
    """Raw margin of the model; ranks."""
    probability: Mapped[float]
    """Calibrated probability of a problem within the horizon."""
    probability_low: Mapped[float]
    probability_high: Mapped[float]
    """95 % interval (概率区间) of the observed rate around this score; wider without history."""
    model_class: Mapped[str]
    credit_risk_class: Mapped[str]
    previous_class: Mapped[str | None]
    deciding_layer: Mapped[str]
    """model, hard_rule, hysteresis, one_step or override."""
    rule_code: Mapped[str | None]
    no_history: Mapped[bool]
    """无历史: never inspected; the rate is borrowed from its group."""
    rules_version: Mapped[str]
    made_at: Mapped[datetime]
    settled_class: Mapped[str | None]
    """After hysteresis and the step limit, before hard rules: what next month is stable against."""
    ruled_class: Mapped[str | None]
    """After hard rules, before an override: what the class is again when an override ends."""
    override_id: Mapped[int | None] = mapped_column(ForeignKey("grade_override.id"))


class GradeReason(Table):
    """Why (分类理由): contributions summed into the official indicators, up and down."""

    __tablename__ = "grade_reason"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    grade_id: Mapped[int] = mapped_column(ForeignKey("grade.id"), index=True)
    rank: Mapped[int]
    indicator: Mapped[str]
    sentence: Mapped[str]
    contribution: Mapped[float]
    evidence: Mapped[dict[str, object]] = mapped_column(JSONB)


class Warning(Table):
    """An early warning to the enterprise itself (风险提示): facts, basis, deadline, way out. No class."""

    __tablename__ = "warning"
    __table_args__ = (
        UniqueConstraint(
            "as_of",
            "enterprise_code",
            "kind",
            "source_table",
            "source_id",
            name="uq_warning_source",
            postgresql_nulls_not_distinct=True,
        ),
        written_by("risk"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    as_of: Mapped[date]
    place: Mapped[str]
    enterprise_code: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """annual_report, permit_expiry, abnormal_listing."""
    title: Mapped[str]
    sentence: Mapped[str]
    basis: Mapped[str]
    deadline: Mapped[date | None]
    way_out: Mapped[str]
    source_table: Mapped[str]
    source_id: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[datetime]


class WaiverProposal(Table):
    """What the rules say of a first or minor offence (首违不罚 / 轻微免罚). An officer decides, not we."""

    __tablename__ = "waiver_proposal"
    __table_args__ = written_by("risk")

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    as_of: Mapped[date]
    place: Mapped[str]
    case_id: Mapped[int] = mapped_column(ForeignKey("waiver_case.id"), index=True)
    enterprise_code: Mapped[str] = mapped_column(index=True)
    item_code: Mapped[str]
    verdict: Mapped[str]
    """eligible, not_eligible or need_human."""
    kind: Mapped[str]
    """首违不罚 or 轻微免罚."""
    article: Mapped[str]
    reasons: Mapped[list[str]] = mapped_column(JSONB)
    missing: Mapped[list[str]] = mapped_column(JSONB)
    documents: Mapped[list[str]] = mapped_column(JSONB)
    evidence: Mapped[dict[str, object]] = mapped_column(JSONB)
    rules_version: Mapped[str]
    made_at: Mapped[datetime]
