"""Neighbourhoods (邻域): which visits to free together, so that a plan can become better by exchanging their days."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from scheduling.booking import UNIT, UNPLACED, Booking
from scheduling.bound import Floats

WEEKS_FREED = 2


class Neighbourhoods:
    """Groups of visits to free (邻域): around what is missing or stands dear, or of some weeks."""

    def __init__(self, booking: Booking, reduced: Floats, rng: random.Random):
        self.booking, self.problem, self.reduced, self.rng = booking, booking.problem, reduced, rng
        problem = self.problem
        self.movable = [
            v for v in range(problem.size) if problem.pin[v] == UNPLACED and problem.days[v].any()
        ]
        monday = problem.ordinals - (problem.ordinals - 1) % 7
        self.week = (monday - monday.min()) // 7 if len(monday) else monday

    def missing(self) -> list[int]:
        """Visits without a date that might have one."""
        return [v for v in self.movable if self.booking.slot[v] == UNPLACED]

    def loss(self, v: int) -> float:
        """How much dearer the visit stands than the bound allows: what moving it could gain, people included."""
        slot = int(self.booking.slot[v])
        return float(self.problem.unplaced[v]) if slot == UNPLACED else float(self.reduced[v, slot // 2])

    def around_loss(self, size: int) -> list[int]:
        """A visit that stands dear, drawn by its loss; the weeks it should stand in; who stands there, who would too."""
        losses = [min(self.loss(v), 20.0 * UNIT) for v in self.movable]
        if not any(losses):
            return self.of_weeks(size)
        (v,) = self.rng.choices(self.movable, losses)
        return self._around(v, size, [w for w, loss in zip(self.movable, losses, strict=True) if loss > 0])

    def _around(self, v: int, size: int, dear: Sequence[int]) -> list[int]:
        problem = self.problem
        fit = np.flatnonzero(self.reduced[v] <= self.reduced[v].min() + UNIT / 4)
        weeks = sorted({int(self.week[d]) for d in fit})
        chosen = {v, *(w for w in self.booking.siblings.get(v, ()) if problem.pin[w] == UNPLACED)}
        rows = problem.demand[v] > 0
        for week in self.rng.sample(weeks, min(WEEKS_FREED, len(weeks))):
            days = np.flatnonzero(self.week == week)
            standing = [
                w for d in days for w in sorted(self.booking.on_day[int(d)]) if problem.pin[w] == UNPLACED
            ]
            rivals = [w for w in standing if (problem.demand[w][rows] > 0).any()]
            chosen.update(self._some(rivals, (size - len(chosen)) * 2 // 3))
            callers = [w for w in dear if w not in chosen and (self.reduced[w, days] < UNIT).any()]
            chosen.update(self._some(callers, size - len(chosen)))
        return sorted(chosen)

    def of_weeks(self, size: int, weeks: int = 2) -> list[int]:
        """The visits of some weeks that follow each other, as many as may be free."""
        last = int(self.week.max(initial=0))
        week = self.rng.randrange(max(1, last + 2 - weeks))
        days = np.flatnonzero((self.week >= week) & (self.week < week + weeks))
        standing = [
            w for d in days for w in sorted(self.booking.on_day[int(d)]) if self.problem.pin[w] == UNPLACED
        ]
        return sorted({*self._some(standing, size), *self._some(self.missing(), size // 4)})

    def _some(self, visits: Sequence[int], size: int) -> list[int]:
        return sorted(self.rng.sample(list(visits), max(0, min(size, len(visits)))))
