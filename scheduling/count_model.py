"""The allocation as a CP-SAT model (数量分配模型): limits by name, aims one after another, conflicts with their relief."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from ortools.sat.python import cp_model

from scheduling.count_limits import Limit, Strata, Variable, all_limits, disturbed, drawn, planned
from scheduling.count_problem import Aim, Allocation, ClassCount, Conflict, CountProblem, Stratum

_LOWER_PRICE = {"A": 1, "B": 2, "C": 4, "D": 8}
"""Where people are short, A gives way first and D last; beyond half of the plan the price doubles."""
_RAISE_STEP = 2
_SHARE_UNIT = 1000
_FEASIBLE = (cp_model.OPTIMAL, cp_model.FEASIBLE)


def allocate_counts(problem: CountProblem) -> Allocation:
    """How many to draw from each stratum (数量分配).

    Lexicographic: meet every floor; then stay closest to the planned rates (raising B first, lowering A first);
    then spread each class evenly over the districts. Never an aim: problems found, fines. Where the rules cannot
    hold together the answer carries the smallest set in conflict, and no counts.
    """
    start = time.monotonic()
    strata = Strata(problem)
    limits = all_limits(strata)
    model = _CountModel(strata, limits)
    closest = model.stay_closest()
    if closest is None:
        conflict = _explain(strata, limits)
        return Allocation({}, conflict=conflict, seconds=time.monotonic() - start)
    evenly = model.spread_evenly()
    counts = {(s.task, s.name): model.values[drawn(s)] for s in problem.strata}
    classes = tuple(_class_counts(strata, limits, counts))
    return Allocation(counts, classes, (closest, evenly), (), time.monotonic() - start)


class _CountModel:
    """One CP-SAT model over all strata; `values` holds the last solution."""

    def __init__(self, strata: Strata, limits: Iterable[Limit]) -> None:
        self.strata, self.problem = strata, strata.problem
        self.model = cp_model.CpModel()
        self.numbers: dict[Variable, cp_model.IntVar] = {}
        self.values: dict[Variable, int] = {}
        for stratum in self.problem.strata:
            self.numbers[drawn(stratum)] = self.model.new_int_var(0, stratum.size, "")
            if stratum.honest:
                self._bound_disturbed(stratum.honest, stratum.size, drawn(stratum), disturbed(stratum))
        for limit in limits:
            self.add(limit)

    def add(self, limit: Limit, slack: cp_model.IntVar | None = None) -> None:
        """Hold a limit, or hold it up to `slack`."""
        total = sum(weight * self._number(name) for name, weight in limit.terms)
        room = 0 if slack is None else slack
        if limit.least is not None:
            self.model.add(total + room >= limit.least)
        if limit.most is not None:
            self.model.add(total - room <= limit.most)

    def _number(self, name: Variable) -> cp_model.IntVar:
        if name not in self.numbers:
            self.numbers[name] = self.model.new_int_var(0, 10**9, "")
        return self.numbers[name]

    def _bound_disturbed(self, honest: int, size: int, count: Variable, hit: Variable) -> None:
        """hit = min(count, honest): the worst that chance can do."""
        self.numbers[hit] = worst = self.model.new_int_var(0, honest, "")
        if honest == size:
            self.model.add(worst >= self.numbers[count])
            return
        beyond = self.model.new_bool_var("")
        self.model.add(worst >= self.numbers[count] - size * beyond)
        self.model.add(worst >= honest * beyond)

    def solve(self, seconds: float) -> tuple[cp_model.CpSolverStatus, cp_model.CpSolver]:
        """Solve within a time; keeps the numbers found."""
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        solver.parameters.relative_gap_limit = 0.001
        status = solver.solve(self.model)
        if status in _FEASIBLE:
            self.values = {name: solver.value(number) for name, number in self.numbers.items()}
            self.model.clear_hints()
            for name, number in self.numbers.items():
                self.model.add_hint(number, self.values[name])
        return status, solver

    def stay_closest(self) -> Aim | None:
        """Least priced distance from the planned numbers; None where the limits cannot hold together."""
        cost = []
        for task in self.problem.tasks:
            for klass in self.strata.classes(task.task):
                size = self.strata.size(task.task, klass)
                goal = planned(task, klass, size)
                total = sum(self.numbers[drawn(s)] for s in self.strata.of_class[task.task, klass])
                near = self.model.new_int_var(0, (goal + 1) // 2, "")
                far = self.model.new_int_var(0, goal, "")
                above = self.model.new_int_var(0, size, "")
                self.model.add(total == goal - near - far + above)
                cost.append(_LOWER_PRICE[klass] * (near + 2 * far) + self._raise_price(klass) * above)
        return self._minimise("closest", sum(cost))

    def _raise_price(self, klass: str) -> int:
        order = self.problem.raise_order
        place = order.index(klass) if klass in order else len(order)
        return int(_RAISE_STEP**place)

    def spread_evenly(self) -> Aim:
        """With the classes' totals fixed, least distance of every stratum from its share of the class."""
        cost: list[cp_model.LinearExprT] = []
        for (task, klass), members in self.strata.of_class.items():
            size = self.strata.size(task, klass)
            total = sum(self.values[drawn(s)] for s in members)
            self.model.add(sum(self.numbers[drawn(s)] for s in members) == total)
            cost += [self._away_from(Fraction(total * s.size, size), s) for s in members if size]
        aim = self._minimise("evenly", sum(cost))
        assert aim is not None, "the solution of the aim before still holds"
        return aim

    def _away_from(self, share: Fraction, stratum: Stratum) -> cp_model.LinearExprT:
        """Thousandths of |count - share| at whole counts; straight between them, so that the LP bound is tight."""
        whole = share.numerator // share.denominator
        part = round(_SHARE_UNIT * (share - whole))
        up = self.model.new_bool_var("")
        over = self.model.new_int_var(0, stratum.size, "")
        under = self.model.new_int_var(0, stratum.size, "")
        self.model.add(self.numbers[drawn(stratum)] == whole + up + over - under)
        return part + (_SHARE_UNIT - 2 * part) * up + _SHARE_UNIT * (over + under)

    def _minimise(self, name: str, cost: cp_model.LinearExprT) -> Aim | None:
        self.model.minimize(cost)
        status, solver = self.solve(self.problem.seconds)
        if status == cp_model.INFEASIBLE:
            return None
        if status not in _FEASIBLE:
            raise RuntimeError(f"CP-SAT found no allocation in {self.problem.seconds} s")
        found = "optimal" if status == cp_model.OPTIMAL else "feasible"
        return Aim(name, solver.objective_value, solver.best_objective_bound, found)


def _explain(strata: Strata, limits: list[Limit]) -> tuple[Conflict, ...]:
    """A smallest set of rules in conflict (deletion filter): with any one left out, the others can hold."""
    groups = _by_key(limits)
    kept = list(groups)
    for key in _weakest_first(kept):
        fewer = [other for other in kept if other != key]
        if not _holds(strata, [limit for other in fewer for limit in groups[other]]):
            kept = fewer
    basis = strata.problem.basis
    return tuple(
        Conflict(
            rule,
            groups[rule, subject][0].sentence,
            basis.get(rule, ""),
            _relief(strata, groups, kept, (rule, subject)),
        )
        for rule, subject in kept
    )


def _by_key(limits: list[Limit]) -> dict[tuple[str, str], list[Limit]]:
    groups: dict[tuple[str, str], list[Limit]] = defaultdict(list)
    for limit in limits:
        groups[limit.key].append(limit)
    return groups


def _weakest_first(keys: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Rules that are easiest to argue about are dropped first, so that the law itself stays in the answer."""
    order = (
        "rising",
        "class_high",
        "class_low",
        "item_cap",
        "at_least_one",
        "manpower",
        "full_coverage",
        "floor",
    )
    return sorted(keys, key=lambda key: (order.index(key[0]) if key[0] in order else len(order), key[1]))


def _holds(strata: Strata, limits: list[Limit]) -> bool:
    status, _ = _CountModel(strata, limits).solve(strata.problem.seconds)
    if status in _FEASIBLE:
        return True
    if status == cp_model.INFEASIBLE:
        return False
    raise RuntimeError("CP-SAT could not decide whether the rules hold together")


def _relief(
    strata: Strata,
    groups: dict[tuple[str, str], list[Limit]],
    kept: list[tuple[str, str]],
    key: tuple[str, str],
) -> str:
    """What to do, with the least by which this rule alone would have to give way for the set to hold."""
    others = [limit for other in kept if other != key for limit in groups[other]]
    model = _CountModel(strata, others)
    slack = model.model.new_int_var(0, 10**9, "")
    for limit in groups[key]:
        # More people means people who may go anywhere: the last limit of a room.
        model.add(limit, slack if key[0] != "manpower" or limit is groups[key][-1] else None)
    model.model.minimize(slack)
    status, solver = model.solve(strata.problem.seconds)
    relief = groups[key][0].relief
    if status not in _FEASIBLE or key[0] == "rising":
        return f"{relief}。"
    amount = int(solver.objective_value)
    words = f"{-(-amount // 1000)} 人次半天" if key[0] == "manpower" else f"{amount} 户"
    return f"{relief}；仅放宽此条时，需放宽 {words}。"


def _class_counts(
    strata: Strata, limits: list[Limit], counts: dict[tuple[str, str], int]
) -> Iterable[ClassCount]:
    for task in strata.problem.tasks:
        for klass in strata.classes(task.task):
            members = strata.of_class[task.task, klass]
            size = strata.size(task.task, klass)
            goal = planned(task, klass, size)
            count = sum(counts[s.task, s.name] for s in members)
            reason = f"计划比例 {task.rates.get(klass, 0.0) * 100:g}%，{size} 户向上取整 {goal} 户"
            if count != goal:
                reason += "；" + _why_moved(
                    limits, counts, {drawn(s) for s in members}, count > goal, goal, count
                )
            yield ClassCount(task.task, klass, size, goal, count, reason)


def _why_moved(
    limits: list[Limit],
    counts: dict[tuple[str, str], int],
    variables: set[Variable],
    up: bool,
    goal: int,
    count: int,
) -> str:
    word = f"由 {goal} 户{'提高' if up else '降低'}到 {count} 户"
    groups = _by_key(limits)
    causes = [group[0].sentence for group in groups.values() if _binds(group, counts, variables, up)]
    return f"{word}：{causes[0]}" if causes else word


def _binds(
    limits: list[Limit], counts: dict[tuple[str, str], int], variables: set[Variable], up: bool
) -> bool:
    """Would moving these variables by one towards the plan break the rule (limits of one key)?"""
    first = limits[0]
    if first.rule == "honest_quota":
        hits = {("n", *name[1:]) for name, _ in first.terms}
        return not up and bool(hits & variables)
    if first.rule == "manpower":
        return not up and _lacks_people(limits, counts, variables)
    return any(_breaks(limit, counts, variables, up) for limit in limits)


def _breaks(limit: Limit, counts: dict[tuple[str, str], int], variables: set[Variable], up: bool) -> bool:
    weights = dict(limit.terms)
    touched = [weights[name] for name in variables if name in weights]
    if not touched:
        return False
    total = sum(weight * counts[name[1], name[2]] for name, weight in weights.items())
    moved = total - min(touched) if up else total + max(touched)
    if limit.least is not None and moved < limit.least:
        return True
    return limit.most is not None and moved > limit.most


def _lacks_people(limits: list[Limit], counts: dict[tuple[str, str], int], variables: set[Variable]) -> bool:
    """Would one more object somewhere in the class need more borrowed half-days than there are?"""
    *districts, anywhere = limits
    borrowed, dearest = 0, 0
    for limit in districts:
        own = [(name, weight) for name, weight in limit.terms if name[0] == "n"]
        used = sum(weight * counts[name[1], name[2]] for name, weight in own) - (limit.most or 0)
        borrowed += max(0, used)
        steps = [weight for name, weight in own if name in variables]
        dearest = max([dearest, *(min(step, max(0, used + step)) for step in steps)])
    return borrowed + dearest > (anywhere.most or 0)
