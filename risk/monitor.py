"""Monitor (月度监测): one grading against the training snapshot, the last released grading, and what visits found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, insert, select

from registry import clock
from registry.progress import Progress, silent
from registry.rules import Rulebook, load_rules
from registry.tables import ModelRun, MonitorReport
from risk.archive import Archive, FloatArray, load_archive
from risk.audit import audit
from risk.drift import drift
from risk.evaluate import plain
from risk.findings import Finding, Thresholds, find, status_of
from risk.graded import Graded, graded_on, previous_released, read_graded
from risk.hard_rules import PREFIX
from risk.indicators.frame import feature_frame
from risk.model_file import Model, code_version, load_model
from risk.movement import movement
from risk.outcomes import calibration_by_class, random_finds, read_outcome
from risk.score import score_matrix
from risk.source_checks import check_sources
from risk.weights import contribution_shares, named_by_rules

STATUSES = {"green": "正常", "amber": "需留意", "red": "异常"}


@dataclass(frozen=True)
class Monitored:
    """What a monitoring found; `blocks`: the grading waits for two people. `figures` is what monitor_report holds."""

    report_id: int
    snapshot_id: int
    as_of: date
    status: str
    blocks: bool
    findings: list[Finding]
    figures: dict[str, Any]

    def text(self) -> str:
        """A few lines for people. Internal."""
        lines = [
            f"监测 {self.report_id}：分类时点 {self.as_of}，{STATUSES[self.status]}，发现 {len(self.findings)} 项。"
        ]
        lines += [f"  {'■' if f.blocks else '□'} {f.sentence}→ {f.remedy}" for f in self.findings]
        return "\n".join(lines)


@dataclass(frozen=True)
class Reference:
    """A population to compare with: its indicators in the model's order."""

    as_of: date
    matrix: FloatArray


@dataclass(frozen=True)
class Case:
    """What a monitoring looks at: the grading, its model, everything known by its day, and the rules."""

    graded: Graded
    previous: Graded | None
    model: Model
    trained_on: date
    archive: Archive
    book: Rulebook

    def value(self, key: str) -> Any:
        """A rule in force."""
        return self.book.value(key, self.graded.place, self.graded.as_of)


def monitor(engine: Engine, snapshot_id: int, progress: Progress | None = None) -> Monitored:
    """Monitor a grading and store the report; once more gives a later report. Raises Refusal monitor.no_grading."""
    tell = progress or silent
    with engine.connect() as connection:
        tell("读取分类结果和档案", 0.05)
        case = _read_case(connection, snapshot_id)
        tell("比较分布", 0.4)
        figures = plain(_figures(connection, case, tell))
    limits = Thresholds(case.book, case.graded.place, case.graded.as_of)
    findings = find(figures, limits)
    blocks = any(finding.blocks for finding in findings)
    tell("登记监测报告", 0.95)
    values = {
        "snapshot_id": snapshot_id, "model_run_id": case.graded.model_run_id, "as_of": case.graded.as_of,
        "place": case.graded.place, "status": status_of(findings), "blocks": blocks,
        "findings": [finding.to_json() for finding in findings], "figures": figures,
        "rules_version": case.book.version, "code_version": code_version(), "made_at": clock.now(),
    }  # fmt: skip
    with engine.begin() as connection:
        made = insert(MonitorReport).values(**values).returning(MonitorReport.id)
        report = int(connection.execute(made).scalar_one())
    tell("完成", 1.0)
    return Monitored(report, snapshot_id, case.graded.as_of, status_of(findings), blocks, findings, figures)


def _read_case(connection: Connection, snapshot_id: int) -> Case:
    graded = read_graded(connection, snapshot_id)
    run = connection.execute(
        select(ModelRun.as_of, ModelRun.model_file).where(ModelRun.id == graded.model_run_id)
    ).one()
    before = previous_released(connection, graded.place, graded.as_of)
    previous = read_graded(connection, before) if before is not None else None
    archive = load_archive(connection, graded.as_of)
    return Case(graded, previous, load_model(run.model_file), run.as_of, archive, load_rules())


def _figures(connection: Connection, case: Case, tell: Progress) -> dict[str, Any]:
    graded, day, place, book = case.graded, case.graded.as_of, case.graded.place, case.book
    against = _against(connection, case)
    tell("核对来源", 0.6)
    sources = check_sources(case.archive, case.previous.as_of if case.previous else None, day)
    tell("核对检查结果", 0.75)
    outcome = read_outcome(connection, case.archive, day, place, book)
    shares = contribution_shares(case.model, graded.in_order_of(case.model.names))
    classes = graded.grades["credit_risk_class"].value_counts()
    return {
        "first": case.previous is None,
        "enterprises": len(graded.codes),
        "classes": {str(name): int(many) for name, many in classes.sort_index().items()},
        "trained_on": str(case.trained_on),
        "against": against,
        "weights": dict(zip(case.model.names, shares.tolist(), strict=True)),
        "ruled": sorted(named_by_rules(book.in_force(PREFIX, place, day))),
        "movement": movement(case.previous, graded) if case.previous else {},
        "sources": sources,
        "outcome": {
            "graded": str(outcome.graded.as_of), "until": str(outcome.until), "complete": outcome.complete,
            "classes": calibration_by_class(outcome, float(case.value("monitor.interval"))),
        } if outcome else {},
        "finds": random_finds(connection, case.archive, day, place, book),
        "audit": audit(connection, graded, outcome, book),
    }  # fmt: skip


def _against(connection: Connection, case: Case) -> dict[str, Any]:
    """PSI of the score and of every indicator against each population there is; all scored by the model in use."""
    found = {}
    for name, reference in (("training", _training(connection, case)), ("previous", _previous(case))):
        if reference is not None and len(reference.matrix):
            found[name] = _compare(case, reference)
    return found


def _previous(case: Case) -> Reference | None:
    before = case.previous
    return Reference(before.as_of, before.in_order_of(case.model.names)) if before else None


def _training(connection: Connection, case: Case) -> Reference | None:
    """The cohort as of the training day: stored if it was graded that day, else made again from what was known then.

    None where the grading itself is of the training day: nothing can have moved.
    """
    graded = case.graded
    if case.trained_on >= graded.as_of:
        return None
    stored = graded_on(connection, graded.place, case.trained_on)
    if stored is not None:
        return Reference(case.trained_on, read_graded(connection, stored).in_order_of(case.model.names))
    frame = feature_frame(case.archive, case.trained_on, case.book, graded.place)
    columns = [
        frame[name] if name in frame.names else np.full(len(frame.codes), np.nan) for name in case.model.names
    ]
    return Reference(case.trained_on, np.column_stack(columns))


def _compare(case: Case, reference: Reference) -> dict[str, Any]:
    rule = case.value("monitor.psi")
    bins, most = int(rule["bins"]), int(rule["most_values"])
    now = case.graded.in_order_of(case.model.names)
    was, is_now = (score_matrix(case.model, matrix).score for matrix in (reference.matrix, now))
    columns = {
        name: drift(reference.matrix[:, at], now[:, at], bins, most).to_json()
        for at, name in enumerate(case.model.names)
    }
    return {
        "as_of": str(reference.as_of), "enterprises": [len(reference.matrix), len(now)],
        "score": drift(was, is_now, bins, most).to_json(), "indicators": columns,
    }  # fmt: skip
