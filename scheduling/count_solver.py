"""The allocation's numbers as a CP-SAT model (数量分配模型): a variable a stratum, and limits by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ortools.sat.python import cp_model

from scheduling.count_limits import Limit, Strata, Variable, disturbed, drawn
from scheduling.count_problem import Stratum

FEASIBLE = (cp_model.OPTIMAL, cp_model.FEASIBLE)
_PATIENCE = 12
_AT_THE_DOOR = ("honest_quota", "manpower")
"""Rules about visits; what is checked in writing or online instead touches them only by its desk time (`instead`)."""


class CountModel:
    """One CP-SAT model over all strata; `values` holds the last solution.

    With `offsite`, some of each stratum's visits may be made in writing or online instead: `moved`.
    """

    def __init__(self, strata: Strata, limits: Iterable[Limit], offsite: bool = False) -> None:
        self.strata, self.problem = strata, strata.problem
        self.model = cp_model.CpModel()
        self.numbers: dict[Variable, cp_model.IntVar] = {}
        self.moved: dict[Variable, cp_model.IntVar] = {}
        self.values: dict[Variable, int] = {}
        for stratum in self.problem.strata:
            name = drawn(stratum)
            self.numbers[name] = self.model.new_int_var(0, stratum.size, "")
            if offsite and strata.tasks[stratum.task].onsite:
                self.moved[name] = self.model.new_int_var(0, stratum.size, "")
                self.model.add(self.moved[name] <= self.numbers[name])
            if stratum.honest:
                self._bound_disturbed(stratum)
        for limit in limits:
            self.add(limit)

    def add(self, limit: Limit, slack: cp_model.LinearExpr | int = 0) -> None:
        """Hold a limit, or hold it up to `slack`."""
        number: Callable[[Variable], cp_model.LinearExpr] = (
            self._visited if limit.rule in _AT_THE_DOOR else self._number
        )
        at_desks = (weight * self.moved[name] for name, weight in limit.instead if name in self.moved)
        total = sum([*(weight * number(name) for name, weight in limit.terms), *at_desks])
        if limit.least is not None:
            self.model.add(total + slack >= limit.least)
        if limit.most is not None:
            self.model.add(total - slack <= limit.most)

    def _number(self, name: Variable) -> cp_model.IntVar:
        if name not in self.numbers:
            self.numbers[name] = self.model.new_int_var(0, 10**9, "")
        return self.numbers[name]

    def _visited(self, name: Variable) -> cp_model.LinearExpr:
        number = self._number(name)
        return number - self.moved[name] if name in self.moved else number

    def _bound_disturbed(self, stratum: Stratum) -> None:
        """disturbed = min(visited, honest): the worst that chance can do."""
        honest, size, visited = stratum.honest, stratum.size, self._visited(drawn(stratum))
        self.numbers[disturbed(stratum)] = worst = self.model.new_int_var(0, honest, "")
        if honest == size:
            self.model.add(worst >= visited)
            return
        # Named like the others, so that a solution is handed on whole from aim to aim.
        self.numbers["beyond", *drawn(stratum)[1:]] = beyond = self.model.new_bool_var("")
        self.model.add(worst >= visited - size * beyond)
        self.model.add(worst >= honest * beyond)

    def solve(self, seconds: float, gap: float = 0.001) -> tuple[cp_model.CpSolverStatus, cp_model.CpSolver]:
        """Solve within some seconds of deterministic work, up to a relative gap; keeps the numbers found."""
        solver = cp_model.CpSolver()
        # The same work on every machine, however busy; the wall clock is only a last resort.
        solver.parameters.max_deterministic_time = seconds
        solver.parameters.max_time_in_seconds = _PATIENCE * seconds
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        # The model is small and its relaxation nearly whole; presolving it costs more than it saves (bench.allocation).
        solver.parameters.cp_model_presolve = False
        solver.parameters.relative_gap_limit = gap
        status = solver.solve(self.model)
        if status in FEASIBLE:
            self.values = {name: solver.value(number) for name, number in self.numbers.items()}
            self.model.clear_hints()
            for name, number in self.numbers.items():
                self.model.add_hint(number, self.values[name])
        return status, solver


def holds(strata: Strata, limits: Iterable[Limit]) -> bool:
    """Whether the limits can hold together. Raises RuntimeError where the time did not suffice to decide."""
    status, _ = CountModel(strata, limits).solve(strata.problem.seconds)
    if status in FEASIBLE:
        return True
    if status == cp_model.INFEASIBLE:
        return False
    raise RuntimeError("CP-SAT could not decide whether the rules hold together")
