"""The allocation's first aim by HiGHS through scipy (数量分配的对照): reads a pickled CountProblem, prints one line.

The same limits and the same priced distance as scheduling/count_model.py, written as a mixed-integer program; run by
bench.allocation in a process of its own. `python -m bench.allocation_peer SECONDS GAP < problem`; as a bench of its own
it has nothing to do.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Iterable

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from scheduling.count_limits import Strata, all_limits, disturbed, drawn, planned
from scheduling.count_problem import CountProblem

LOWER = {"A": 1, "B": 2, "C": 4, "D": 8}
Name = tuple[str, ...]


class Program:
    """Rows and columns by name."""

    def __init__(self) -> None:
        self.columns: dict[Name, int] = {}
        self.most: list[float] = []
        self.cost: list[float] = []
        self.rows: list[tuple[list[tuple[int, float]], float, float]] = []

    def column(self, name: Name, most: float = 1e9, cost: float = 0.0) -> int:
        """The column's number, made where it is new."""
        if name not in self.columns:
            self.columns[name] = len(self.most)
            self.most.append(most)
            self.cost.append(cost)
        return self.columns[name]

    def row(self, terms: Iterable[tuple[Name, float]], least: float, most: float) -> None:
        """least <= sum <= most."""
        self.rows.append(([(self.column(name), weight) for name, weight in terms], least, most))


def first_aim(problem: CountProblem) -> Program:
    """The limits, and the priced distance from the planned numbers."""
    strata, program = Strata(problem), Program()
    for s in problem.strata:
        program.column(drawn(s), s.size)
        if s.honest:
            program.column(disturbed(s), s.honest)
            beyond: Name = ("beyond", s.task, s.name)
            program.column(beyond, 1)
            whole = s.honest == s.size
            program.row(
                [(disturbed(s), 1), (drawn(s), -1), *([] if whole else [(beyond, s.size)])], 0, np.inf
            )
            program.row([(disturbed(s), 1), (beyond, 0 if whole else -s.honest)], 0, np.inf)
    for limit in all_limits(strata):
        least, most = (
            -np.inf if limit.least is None else limit.least,
            np.inf if limit.most is None else limit.most,
        )
        program.row(limit.terms, least, most)
    raise_price = {klass: 2**place for place, klass in enumerate(problem.raise_order)}
    for task in problem.tasks:
        for klass in strata.classes(task.task):
            size = strata.size(task.task, klass)
            goal = planned(task, klass, size)
            near, far, above = ((kind, task.task, klass) for kind in ("near", "far", "above"))
            program.column(near, (goal + 1) // 2, LOWER[klass])
            program.column(far, goal, 2 * LOWER[klass])
            program.column(above, size, raise_price.get(klass, 2 ** len(raise_price)))
            counts = [(drawn(s), 1.0) for s in strata.of_class[task.task, klass]]
            program.row([*counts, (near, 1), (far, 1), (above, -1)], goal, goal)
    return program


def main(seconds: float, gap: float) -> None:
    """Solve and print value, bound, CPU seconds and HiGHS's words, with tabs between."""
    program = first_aim(pickle.load(sys.stdin.buffer))
    entries = [
        (row, column, weight)
        for row, (terms, _, _) in enumerate(program.rows)
        for column, weight in terms
        if weight
    ]
    at, to, weights = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((weights.astype(float), (at, to)), shape=(len(program.rows), len(program.most)))
    least, most = (np.array([row[side] for row in program.rows], dtype=float) for side in (1, 2))
    start = time.process_time()
    found = milp(
        np.array(program.cost),
        integrality=np.ones(len(program.most)),
        bounds=Bounds(0, np.array(program.most)),
        constraints=LinearConstraint(matrix, least, most),
        options={"time_limit": seconds, "mip_rel_gap": gap},
    )
    took = time.process_time() - start
    sys.stdout.write(f"{found.fun}\t{found.mip_dual_bound}\t{took}\t{found.message.splitlines()[0]}\n")


if __name__ == "__main__" and len(sys.argv) == 3:
    main(float(sys.argv[1]), float(sys.argv[2]))
