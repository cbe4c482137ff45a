"""Why a county cannot be done, and what would help: python -m bench.explain

Six planted conflicts, each in a county town of 800 enterprises, 72 inspectors and 6 departments over a quarter that could
otherwise be served whole. Printed in CPU seconds: the plan, the conflict (proof, smallest set of rules, words), the
pricing of every way out, and the trials, each of which plans the changed county again. Then whether the
independent checker adds the proof up, whether every named rule is needed, whether the checker passes the plan of each
remedy. Beside it CP-SAT on the same question with an assumption for every rule: its status, time and core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ortools.sat.python import cp_model

from scheduling.booking import UNPLACED, DateProblem
from scheduling.check import check_roster
from scheduling.check_conflict import check_conflicts
from scheduling.conflict_record import Conflict, Prices
from scheduling.explain import find_conflicts, still_conflicts
from scheduling.holdings import Holding, holdings
from scheduling.prepared import Prepared, prepare
from scheduling.problem import HALVES, Problem, Roster
from scheduling.relief import Relieving
from scheduling.solve import Stop, solve
from tests.scheduling.short_towns import KINDS, easy_town

QUICK = Stop(seconds=None, rounds=8, first_feasible=True)


class Trials:
    """Plans changed problems and keeps the time and the checker's verdict."""

    def __init__(self) -> None:
        self.seconds, self.count, self.broken = 0.0, 0, 0

    def __call__(self, problem: Problem) -> Roster:
        """Plan the problem again."""
        began = time.process_time()
        roster = solve(problem, QUICK, "S")
        self.seconds += time.process_time() - began
        self.count += 1
        self.broken += len(check_roster(problem, roster, teams=False))
        return roster


def slots(prepared: Prepared, roster: Roster) -> np.ndarray:
    """Where each prepared visit stands in a roster."""
    at = {v.id: v for v in roster.visits}
    index = {d: n for n, d in enumerate(prepared.dates.dates)}
    found = np.full(len(prepared.visits), UNPLACED, dtype=np.int64)
    for n, visit in enumerate(prepared.visits):
        if visit.id in at:
            dated = at[visit.id]
            found[n] = 2 * index[dated.day] + (HALVES.index(dated.half) if dated.half in HALVES else 0)
    return found


def smallest(prepared: Prepared, conflict: Conflict) -> bool:
    """Whether the visits conflict under the named rules, and under no fewer of them."""
    place = {tuple(c.id for c in v.checks): n for n, v in enumerate(prepared.visits)}
    visits = [place[claim.checks] for claim in conflict.visits]
    without = ([r for r in conflict.rules if r != rule] for rule in conflict.rules)
    return still_conflicts(prepared, visits, conflict.rules) and not any(
        still_conflicts(prepared, visits, fewer) for fewer in without
    )


def timed(call: Callable[[], object]) -> tuple[object, float]:
    """An answer and its CPU seconds."""
    began = time.process_time()
    answer = call()
    return answer, time.process_time() - began


def assume(dates: DateProblem, seconds: float) -> str:
    """CP-SAT on "can all be placed?", each rationed thing under an assumption of its own; one worker."""
    began = time.process_time()
    model = cp_model.CpModel()
    x = {
        (v, int(d)): model.new_bool_var("") for v in range(dates.size) for d in np.flatnonzero(dates.days[v])
    }
    for v in range(dates.size):
        model.add_exactly_one([x[v, int(d)] for d in np.flatnonzero(dates.days[v])])
    literals = {}
    for holding in holdings(dates):
        literal = literals.setdefault(name(holding), model.new_bool_var(name(holding)))
        for days, most in zip(holding.days, holding.holds, strict=True):
            terms = [
                (x[v, int(d)], int(holding.units[v]))
                for v in np.flatnonzero(holding.units)
                for d in np.flatnonzero(days & dates.days[v])
            ]
            if sum(n for _, n in terms) > most:
                model.add(sum(n * var for var, n in terms) <= int(most)).only_enforce_if(literal)
    model.add_assumptions(list(literals.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.status_name(solver.solve(model))
    core = [model.proto.variables[n].name for n in solver.sufficient_assumptions_for_infeasibility()]
    spent = time.process_time() - began
    return f"{status}, {spent:.1f} s, core {core or 'none'} of {len(literals)} assumptions"


def name(holding: Holding) -> str:
    """An assumption's name."""
    return f"{holding.kind}/{holding.index}"


def show(kind: str, seed: int, size: tuple[int, int], peer: float) -> None:
    """One county with one kind of conflict."""
    problem = KINDS[kind][0](easy_town(seed, *size))
    roster, planned = timed(lambda: solve(problem, QUICK, "S"))
    assert isinstance(roster, Roster)
    prepared = prepare(problem, "S")
    if not all(v.days.any() for v in prepared.visits):
        peer = 0.0
    slot, trials = slots(prepared, roster), Trials()
    found, proved = timed(lambda: find_conflicts(prepared, slot, roster.unplaced))
    relief = Relieving(prepared, Prices(), slot, "S", trials)
    conflicts, spent = timed(lambda: relief.with_remedies(found))  # type: ignore[arg-type]
    assert isinstance(conflicts, tuple)
    unsound = check_conflicts(problem, replace(roster, conflicts=conflicts))
    remedies = [r for c in conflicts for r in c.remedies]
    print(f"{kind}: {len(prepared.visits)} visits, {len(roster.unplaced)} without a date")
    print(
        f"  plan {planned:.2f} s   conflict {proved:.3f} s   pricing {spent - trials.seconds:.2f} s   "
        f"{trials.count} trials {trials.seconds:.1f} s"
    )
    print(
        f"  {len(conflicts)} conflict(s), proved {sum(c.proved for c in conflicts)}, missing at least "
        f"{sum(c.missing for c in conflicts)} (planted {KINDS[kind][2]}), checker's objections {len(unsound)}, "
        f"smallest {all(smallest(prepared, c) for c in conflicts)}, remedies {len(remedies)}, "
        f"rules broken in their plans {trials.broken}"
    )
    for conflict in conflicts:
        print(f"  {conflict.sentence}")
        for remedy in conflict.remedies:
            print(f"    · {remedy.price:g}: {remedy.sentence}")
    if peer:
        print(f"  CP-SAT with assumptions: {assume(prepared.dates, peer)}", flush=True)
    else:
        print("  CP-SAT with assumptions: not asked, some visits have no day at all", flush=True)


def main() -> None:
    """Print every kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=800)
    parser.add_argument("--inspectors", type=int, default=72)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer-seconds", type=float, default=60.0)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    chosen = parser.parse_args()
    for kind in chosen.kinds:
        show(kind, chosen.seed, (chosen.objects, chosen.inspectors), chosen.peer_seconds)


if __name__ == "__main__":
    main()
