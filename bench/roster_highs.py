"""HiGHS on the whole dating problem (SciPy's build of it), run by bench.roster in a process of its own:

`python -m bench.roster_highs SECONDS wall|cpu < program.pickle`. HiGHS knows wall time only: CPU seconds are made from
the share of a core that the process gets when it begins. As a bench of its own it has nothing to do.
"""

from __future__ import annotations

import json
import pickle
import sys

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from bench.budget import share_of_a_core
from bench.roster_program import Program
from scheduling.booking import UNPLACED


def main(seconds: float, clock: str) -> None:
    """Print HiGHS's words and the slots it found, none if it found no plan at all."""
    program: Program = pickle.load(sys.stdin.buffer)
    found = milp(
        np.array(program.cost),
        integrality=np.ones(len(program.cost)),
        bounds=Bounds(0, np.array(program.upper)),
        constraints=LinearConstraint(program.matrix(), np.array(program.least), np.array(program.most)),
        options={"time_limit": seconds / (share_of_a_core() if clock == "cpu" else 1), "mip_rel_gap": 0.0},
    )
    slots = program.chosen(found.x) if found.x is not None else [UNPLACED] * len(program.missed)
    words = "no plan found" if found.x is None else f"own bound {found.mip_dual_bound:.0f}"
    sys.stdout.write(json.dumps({"words": words, "slots": slots}))


if __name__ == "__main__" and len(sys.argv) == 3:
    main(float(sys.argv[1]), sys.argv[2])
