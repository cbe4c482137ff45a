"""What is left to date (待排清单): the problem after recognition, merging, absences, quota and caps, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from scheduling.attendance import keep_staffable
from scheduling.booking import Bools, DateProblem
from scheduling.first_plan import date_problem
from scheduling.limits import keep_annual_caps, keep_honest_quota, refuse_spent_caps
from scheduling.merge import Merging, PlannedVisit, merge, settle
from scheduling.problem import Object, Problem, Settled, Unplaced
from scheduling.staffing import People, Staffing
from scheduling.workdays import working_days


@dataclass(frozen=True, eq=False)
class Prepared:
    """Visits to date, everything the search needs for them, and what was settled or refused before dating."""

    problem: Problem
    merging: Merging
    visits: tuple[PlannedVisit, ...]
    staffing: Staffing
    dates: DateProblem
    settled: tuple[Settled, ...]
    refused: tuple[Unplaced, ...]
    objects: dict[str, Object]

    def layers(self, visits: Sequence[int]) -> dict[str, Bools]:
        """Days [V, D] each rule leaves to these visits, whatever the other rules say; True for all others."""
        shape = (len(self.visits), len(self.dates.dates))
        names = ("window", "quiet_day", "spacing", "annual_cap", "pinned")
        found = {name: np.ones(shape, dtype=bool) for name in names}
        possible = self.merging.possible
        for v in visits:
            rows = [self.merging.rows[c.id] for c in self.visits[v].checks]
            found["window"][v] = possible.window[rows].all(axis=0)
            found["quiet_day"][v] = possible.open[rows].all(axis=0)
            found["spacing"][v] = possible.spaced[rows].all(axis=0)
            all_three = possible.all[rows].all(axis=0)
            found["annual_cap"][v] = self.visits[v].days | ~all_three
            if pin := self.visits[v].pinned:
                found["pinned"][v] = np.array([day == pin[0] for day in self.dates.dates])
        return found


def prepare(problem: Problem, seed: str) -> Prepared:
    """Everything that is decided before any date (排期前的准备): no check is placed or preferred here."""
    days: list[date] = list(working_days(problem.first_day, problem.last_day, problem.calendar))
    checks, settled = settle(problem)
    checks, spent = refuse_spent_caps(checks, problem, days)
    merging = merge(problem, checks, days)
    kept, absent = keep_staffable(merging.visits, problem, merging, People(problem, days))
    kept, refused = keep_honest_quota(kept, problem, seed)
    kept, capped = keep_annual_caps(kept, problem, days)
    staffing = Staffing(kept, problem, days)
    return Prepared(
        problem=problem,
        merging=merging,
        visits=tuple(kept),
        staffing=staffing,
        dates=date_problem(kept, problem, days, staffing, seed),
        settled=tuple(settled),
        refused=(*spent, *absent, *refused, *capped),
        objects={o.object_id: o for o in problem.objects},
    )
