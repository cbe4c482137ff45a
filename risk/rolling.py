"""Rolling fits (滚动拟合): each learner on what was settled by a day, made once and asked for many times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from risk.archive import FloatArray
from risk.indicators.catalogue import NAMES, directions_of
from risk.inspector_offset import inspector_offset
from risk.learners import LOGISTIC_C, Learner, Scorecard, Settings, fit_boosted, fit_logistic
from risk.sample import Sample

Setting = Settings | float | None
"""What is tuned: of LightGBM its settings, of the logistic its C, of the scorecard nothing (None: as usual)."""


def both_outcomes(problem: FloatArray) -> bool:
    """Whether anything can be learned or measured."""
    return bool(len(problem)) and 0 < problem.sum() < len(problem)


def fit(
    name: str, past: Sample, card: Scorecard, prior: float, seed: int, setting: Setting = None
) -> Learner:
    """Train one learner by name; the inspector's offset enters training and nothing else.

    prior: visits that hold an inspector's log-odds to everybody's.
    """
    if name == "scorecard":
        return card.compared_with(past.matrix)
    offset = inspector_offset(past.inspectors, past.problem, prior, seed, past.codes)
    directions = directions_of(NAMES)
    if name == "logistic":
        c = setting if isinstance(setting, float) else LOGISTIC_C
        return fit_logistic(past.matrix, past.problem, directions, offset, c)
    settings = setting if isinstance(setting, Settings) else Settings()
    return fit_boosted(past.matrix, past.problem, offset, NAMES, directions, seed, settings)


@dataclass
class Rolling:
    """A sample and what all fits on it share. A learner for a day has seen only labels known by it."""

    sample: Sample
    card: Scorecard
    prior: float
    seed: int
    _learners: dict[tuple[str, Setting, tuple[int, ...]], Learner] = field(default_factory=dict)
    _raw: dict[tuple[str, Setting, int], FloatArray] = field(default_factory=dict)

    def snapshot(self, window: int) -> date:
        """The day that the indicators of a window are of."""
        return self.sample.windows[window][0]

    def learner(self, name: str, setting: Setting, day: date) -> Learner:
        """The learner as it could have been made at the end of a day."""
        past = self.sample.known_by(day)
        key = (name, setting, tuple(sorted(set(past.window.tolist()))))
        if key not in self._learners:
            self._learners[key] = fit(name, past, self.card, self.prior, self.seed, setting)
        return self._learners[key]

    def raw(self, name: str, setting: Setting, window: int) -> FloatArray:
        """Raw scores of a window's rows by the learner as of its snapshot."""
        key = (name, setting, window)
        if key not in self._raw:
            learner = self.learner(name, setting, self.snapshot(window))
            self._raw[key] = learner.raw(self.sample.of_window(window).matrix)
        return self._raw[key]

    def usable(self, window: int) -> bool:
        """Whether a learner can be trained before a window and measured on it."""
        past = self.sample.known_by(self.snapshot(window))
        return both_outcomes(past.problem) and both_outcomes(self.sample.of_window(window).problem)
