"""A simulation at the door (测算): from the stage's figures to what reports and pages show."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from registry.progress import Progress
from registry.rules import Rulebook
from reports.simulation import Outcome, write_simulation
from scheduling.simulation import Simulated, simulate
from scheduling.task_spec import PlanFrame
from scheduling.what_if import Alternative, present_rules

__all__ = ["changes_of", "outcomes_of", "run_simulation", "write_report"]


def run_simulation(
    engine: Any, frame: PlanFrame, alternatives: Sequence[Alternative], progress: Progress | None = None
) -> tuple[Simulated, ...]:
    """The rules in force first, then the alternatives."""
    return simulate(engine, frame, [present_rules(), *alternatives], progress)


def outcomes_of(found: Sequence[Simulated]) -> list[Outcome]:
    """The same figures as reports know them."""
    return [Outcome(**asdict(simulated)) for simulated in found]


def changes_of(
    rulebook: Rulebook, alternatives: Sequence[Alternative], place: str, day: date
) -> dict[str, list[str]]:
    """What each alternative changes, in words: key, value in force, value supposed."""
    return {
        alternative.name: [
            f"{key}：{_in_force(rulebook, key, place, day)} → {_said(value)}"
            for key, value in alternative.values.items()
        ]
        for alternative in alternatives
    }


def write_report(
    path: Path, found: Sequence[Simulated], frame: PlanFrame, changes: Mapping[str, Any]
) -> Path:
    """Write the HTML report to `path`."""
    window = (frame.window_from, frame.window_to)
    version = frame.rulebook.version
    return write_simulation(
        path, outcomes_of(found), frame.place, frame.as_of, window, changes=changes, rules_version=version
    )


def _in_force(rulebook: Rulebook, key: str, place: str, day: date) -> str:
    rules = [rule for rule in rulebook.in_force(key, place, day) if rule.key == key]
    return _said(rules[0].value) if rules else "没有"


def _said(value: Any) -> str:
    if value is False:
        return "不适用"
    if isinstance(value, dict):
        return "，".join(f"{name} {_said(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "、".join(map(str, value)) or "空"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
