"""A second opinion on conflicts (冲突的独立复核), by HiGHS through scipy, which may not share a process with OR-Tools.

Run as `python -m tests.scheduling.count_oracle`: reads a pickled list of (problem, keys of the rules named) and
prints, as JSON, for each whether all rules named are infeasible together and feasible without any single one.
The rules are written here a second time, from docs/planning.md, over counts n and visits at honest doors h; nothing
of the model under test is imported but the plain data.
"""

from __future__ import annotations

import json
import pickle
import sys
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from scheduling.count_problem import CLASSES, CountProblem, Stratum, TaskCount

Key = tuple[str, str]
Row = tuple[dict[str, float], float, float]
INF = float("inf")


def exact(share: float, size: int) -> Fraction:
    """A share of a whole, without binary rounding."""
    return Fraction(str(share)) * size


class Oracle:
    """One problem's rules as rows over named variables."""

    def __init__(self, problem: CountProblem) -> None:
        self.problem = problem
        self.most: dict[str, float] = {f"n{i}": float(s.size) for i, s in enumerate(problem.strata)}

    def count(self, task: TaskCount, klass: str | None = None) -> dict[str, float]:
        """The sum of a task's counts, or of one class's."""
        return {f"n{i}": 1.0 for i, _ in self.strata(task, klass)}

    def strata(self, task: TaskCount, klass: str | None = None) -> list[tuple[int, Stratum]]:
        """A task's strata with their numbers."""
        all_of = enumerate(self.problem.strata)
        return [(i, s) for i, s in all_of if s.task == task.task and klass in (None, s.klass)]

    def size(self, task: TaskCount, klass: str | None = None) -> int:
        """Objects of a task or one class."""
        return sum(s.size for _, s in self.strata(task, klass))

    def rows(self, key: Key) -> list[Row]:
        """The rows of one rule for one subject."""
        rule, subject = key
        if rule == "honest_quota":
            return self.quota()
        if rule == "manpower":
            return self.manpower(subject)
        task = next(t for t in self.problem.tasks if subject == t.name or subject.startswith(f"{t.name} "))
        klass = subject[len(task.name) + 1 :].removesuffix(" 类")
        return {
            "floor": self.floor,
            "item_cap": self.cap,
            "rising": self.rising,
            "at_least_one": self.at_least_one,
            "class_low": self.class_low,
            "class_high": self.class_high,
            "full_coverage": self.full,
        }[rule](task, klass)

    def floor(self, task: TaskCount, _: str) -> list[Row]:
        """Total not below the floor, of everybody in business."""
        base = self.size(task) if task.base is None else task.base
        return [(self.count(task), float(ceil(exact(task.floor or 0, base))), INF)]

    def highest(self, task: TaskCount) -> int:
        """Most objects of a task."""
        return self.size(task) if task.cap is None else max(1, floor(exact(task.cap, self.size(task))))

    def cap(self, task: TaskCount, _: str) -> list[Row]:
        """Total not above the cap, but never less than one."""
        return [(self.count(task), -INF, float(self.highest(task)))]

    def claims(self, task: TaskCount) -> list[str]:
        """Classes that must have one: the higher ones first, where a cap leaves too few."""
        rated = [k for k in CLASSES if self.size(task, k) and task.rates.get(k, 0)]
        return rated[max(0, len(rated) - self.highest(task)) :]

    def at_least_one(self, task: TaskCount, klass: str) -> list[Row]:
        """One of each class (or stratum)."""
        if self.problem.at_least_one == "stratum":
            return [({f"n{i}": 1.0}, 1.0, INF) for i, _ in self.strata(task, klass)]
        return [(self.count(task, klass), 1.0, INF)]

    def goal(self, task: TaskCount, klass: str) -> int:
        """The planned number."""
        size = self.size(task, klass)
        return size if klass in task.full_classes else min(size, ceil(exact(task.rates.get(klass, 0), size)))

    def class_low(self, task: TaskCount, klass: str) -> list[Row]:
        """Not below the allowed part of the planned rate."""
        size = self.size(task, klass)
        share = task.lowest.get(klass, 0.0) * task.rates.get(klass, 0.0)
        least = min(self.goal(task, klass), ceil(exact(share, size)))
        return [(self.count(task, klass), float(least if klass in self.claims(task) else 0), INF)]

    def class_high(self, task: TaskCount, klass: str) -> list[Row]:
        """Not above the class's highest rate, unless planned."""
        most = max(
            self.goal(task, klass), 1, floor(exact(task.highest.get(klass, 1), self.size(task, klass)))
        )
        return [(self.count(task, klass), -INF, float(most))]

    def full(self, task: TaskCount, klass: str) -> list[Row]:
        """Everybody of the class."""
        return [(self.count(task, klass), float(self.size(task, klass)), INF)]

    def rising(self, task: TaskCount, _: str) -> list[Row]:
        """count_low * size_high <= (count_high + 1) * size_low, up to the rounding of one object."""
        found = []
        for low, high in pairwise([k for k in CLASSES if self.size(task, k)]):
            small, large = self.size(task, low), self.size(task, high)
            terms = {name: float(large) for name in self.count(task, low)}
            terms |= {name: -float(small) for name in self.count(task, high)}
            found.append((terms, -INF, float(large)))
        return found

    def quota(self) -> list[Row]:
        """Honest doors hit at worst, min(n, honest) a stratum, within the quota: binaries say which side is less."""
        problem = self.problem
        kept = ceil(exact(problem.undisturbed_share or 0, problem.honest_total))
        onsite = {t.task for t in problem.tasks if t.onsite}
        found: list[Row] = []
        total: dict[str, float] = {}
        for i, s in enumerate(problem.strata):
            if not s.honest or s.task not in onsite:
                continue
            self.most |= {f"h{i}": float(s.honest), f"b{i}": 1.0}
            total[f"h{i}"] = 1.0
            found.append(({f"h{i}": 1.0, f"n{i}": -1.0, f"b{i}": float(s.size)}, 0.0, INF))
            found.append(({f"h{i}": 1.0, f"b{i}": -float(s.honest)}, 0.0, INF))
        found.append((total, -INF, float(max(0, problem.honest_total - kept - problem.honest_disturbed))))
        return found

    def manpower(self, subject: str) -> list[Row]:
        """Demand of each district beyond its own people fits into those who serve anywhere. In thousandths."""
        room = next(r for r in self.problem.rooms if r.subject == subject)
        tasks = {t.task: t for t in self.problem.tasks if t.onsite and t.department == room.department}
        demand: dict[str, dict[str, float]] = {}
        for i, s in enumerate(self.problem.strata):
            task = tasks.get(s.task)
            if task is None or (room.qualification and task.qualification != room.qualification):
                continue
            bound = sum(s.patterns[p] for p in room.patterns if p < len(s.patterns))
            seats = 1 if room.qualification else task.seats
            if bound:
                weight = ceil(Fraction(bound * seats * task.halves * 1000, s.size))
                demand.setdefault(s.district, {})[f"n{i}"] = float(weight)
        found: list[Row] = []
        for district, terms in demand.items():
            self.most[f"x{subject}{district}"] = 1e9
            own = floor(room.own.get(district, 0) * 1000)
            found.append(({**terms, f"x{subject}{district}": -1.0}, -INF, float(own)))
        borrowed = {f"x{subject}{district}": 1.0 for district in demand}
        return [*found, (borrowed, -INF, float(floor(room.anywhere * 1000)))]

    def holds(self, keys: list[Key]) -> bool:
        """Whether the rules named can hold together."""
        rows = [row for key in keys for row in self.rows(key) if row[0]]
        names = {name: at for at, name in enumerate(self.most)}
        whole = np.array([0 if name.startswith("x") else 1 for name in names])
        matrix = np.zeros((len(rows), len(names)))
        for at, (terms, _, _) in enumerate(rows):
            for name, weight in terms.items():
                matrix[at, names[name]] = weight
        least, most = [np.array([row[side] for row in rows]) for side in (1, 2)]
        answer = milp(
            np.zeros(len(names)),
            integrality=whole,
            bounds=Bounds(0, np.array(list(self.most.values()))),
            constraints=LinearConstraint(matrix, least, most) if rows else (),
        )
        if answer.status not in (0, 2):
            raise RuntimeError(answer.message)
        return bool(answer.status == 0)


def judge(problem: CountProblem, keys: list[Key]) -> dict[str, object]:
    """Whether the rules conflict, and which of them the conflict does not need."""
    idle = [key for key in keys if not Oracle(problem).holds([other for other in keys if other != key])]
    return {"conflict": not Oracle(problem).holds(keys), "idle": idle}


if __name__ == "__main__":
    cases = pickle.load(sys.stdin.buffer)
    json.dump([judge(problem, keys) for problem, keys in cases], sys.stdout)
