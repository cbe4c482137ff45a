"""Plain CP-SAT on the whole dating problem, two workers, run by bench.roster in a process of its own:

`python -m bench.roster_cpsat SECONDS wall|cpu < program.pickle`; as a bench of its own it has nothing to do.
"""

from __future__ import annotations

import json
import math
import pickle
import sys

import numpy as np
from ortools.sat.python import cp_model

from bench.budget import when_spent
from bench.roster_program import Program
from scheduling.booking import UNPLACED

WORKERS = 2


def main(seconds: float, clock: str) -> None:
    """Print CP-SAT's status and the slots it found, none if it found no plan at all."""
    program: Program = pickle.load(sys.stdin.buffer)
    model = cp_model.CpModel()
    columns = [
        model.new_bool_var("") if upper == 1 else model.new_int_var(0, int(upper), "")
        for upper in program.upper
    ]
    for terms, least, most in zip(program.rows, program.least, program.most, strict=True):
        total = cp_model.LinearExpr.weighted_sum([columns[c] for c, _ in terms], [int(w) for _, w in terms])
        if least == most == 1:
            model.add_exactly_one(columns[c] for c, _ in terms)
        else:
            model.add(total <= int(most)) if math.isinf(least) else model.add(total >= int(least))
    model.minimize(cp_model.LinearExpr.weighted_sum(columns, [int(c) for c in program.cost]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    if clock == "cpu":
        when_spent(seconds, solver.stop_search)
    else:
        solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    slots, words = [UNPLACED] * len(program.missed), "no plan found"
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        slots = program.chosen(np.array([solver.value(c) for c in columns]))
        words = f"own bound {solver.best_objective_bound:.0f}"
    sys.stdout.write(json.dumps({"words": words, "slots": slots}))


if __name__ == "__main__" and len(sys.argv) == 3:
    main(float(sys.argv[1]), sys.argv[2])
