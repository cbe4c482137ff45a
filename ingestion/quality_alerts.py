"""Alerts (占比预警): a dataset of an office whose figures of a month pass a threshold. In order of offices, no ranking.

Thresholds are dated rules; an alert is recorded once a month, dataset, office and measure, as it was first noticed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from ingestion.datasets import DATASETS
from ingestion.quality import Figures, rates
from registry import clock, journal
from registry.errors import Refusal
from registry.rules import Rule, load_rules
from registry.tables.quality import QualityAlert

ACTOR = "ingestion"
MEASURES = {
    "late_rate": ("迟报率", "dated", 1), "pass_rate": ("合格率", "read", -1), "repeat_rate": ("重复率", "read", 1),
    "mending_days": ("更正时长", "mended", 1),
}  # fmt: skip
"""Measure → its name, what it is of, and whether more (1) or less (-1) is worse."""


@dataclass(frozen=True)
class Alert:
    """One threshold passed."""

    month: date
    dataset: str
    office: str
    measure: str
    value: float
    threshold: float
    rows: int
    rule: str
    basis: str
    noticed_at: datetime | None = None
    """When it was first recorded; None: not yet."""

    def sentence(self, offices: dict[str, str]) -> str:
        """What a person reads."""
        name, of, worse = MEASURES[self.measure]
        value, threshold = (shown_measure(self.measure, number) for number in (self.value, self.threshold))
        title = DATASETS[self.dataset].title if self.dataset in DATASETS else self.dataset
        return (
            f"{self.month:%Y-%m} {title}，{offices.get(self.office, self.office) or '机构不明'}：{name} {value}，"
            f"{'高于' if worse > 0 else '低于'} {threshold}（共 {self.rows:,} {'行' if of == 'read' else '件'}）。"
        )


def shown_measure(measure: str, value: float | None) -> str:
    """A figure for people: a percentage, or working days; a dash for none."""
    if value is None or value != value:
        return "—"
    return f"{value:g} 个工作日" if measure == "mending_days" else f"{value:.2%}"


def find_alerts(figures: Figures, place: str) -> list[Alert]:
    """The thresholds passed, by month, dataset and office in order. A month before a rule began has no alert of it."""
    found = []
    for row in rates(figures, ("month", "dataset", "office")).to_dict("records"):
        least = threshold_of("least_rows", place, row["month"])
        for measure, (_, basis_of, worse) in MEASURES.items():
            rule, value = threshold_of(measure, place, row["month"]), row[measure]
            if rule is None or value != value or value is None or (least and row[basis_of] < least.value):
                continue
            if (value - rule.value) * worse > 0:
                found.append(
                    Alert(
                        row["month"], row["dataset"], row["office"], measure, float(value), float(rule.value),
                        int(row[basis_of]), rule.key, rule.basis,
                    )
                )  # fmt: skip
    return found


def threshold_of(measure: str, place: str, month: date) -> Rule | None:
    """The rule of a measure in force in a month; None where there was none yet."""
    try:
        return load_rules().rule(f"ingestion.alert.{measure}", place, month)
    except Refusal as refusal:
        if refusal.code != "rules.not_in_force":
            raise
        return None


def record_alerts(connection: Connection, alerts: Sequence[Alert], day: date) -> list[Alert]:
    """Record the alerts that are new, with one journal record; returns those. The caller commits."""
    if not alerts:
        return []
    noticed = clock.now()
    values = [_values(alert) | {"as_of": day, "noticed_at": noticed} for alert in alerts]
    made = insert(QualityAlert).values(values).on_conflict_do_nothing().returning(*_KEY)
    new = {tuple(row) for row in connection.execute(made)}
    fresh = [replace(alert, noticed_at=noticed) for alert in alerts if _key(alert) in new]
    if fresh:
        detail = {"alerts": [_values(alert) | {"month": str(alert.month)} for alert in fresh]}
        journal.append(connection, ACTOR, "quality.alerts", f"as of {day}", detail)
    return fresh


def with_records(connection: Connection, alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts with the time at which each was first recorded."""
    recorded = {
        tuple(row)[:4]: row.noticed_at for row in connection.execute(select(*_KEY, QualityAlert.noticed_at))
    }
    return [replace(alert, noticed_at=recorded.get(_key(alert))) for alert in alerts]


_KEY = (QualityAlert.month, QualityAlert.dataset, QualityAlert.office, QualityAlert.measure)


def _key(alert: Alert) -> tuple[Any, ...]:
    return (alert.month, alert.dataset, alert.office, alert.measure)


def _values(alert: Alert) -> dict[str, Any]:
    return {name: value for name, value in asdict(alert).items() if name != "noticed_at"}
