"""The allocation (数量分配): every rule held, aims one after another, and why a number left its plan."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ortools.sat.python import cp_model

from scheduling.count_conflict import explain
from scheduling.count_limits import Limit, Strata, Variable, all_limits, by_key, drawn, planned
from scheduling.count_parts import Part, independent_parts, keeps_quota
from scheduling.count_problem import Aim, Allocation, ClassCount, CountProblem, Stratum
from scheduling.count_solver import FEASIBLE, CountModel

_LOWER_PRICE = {"A": 1, "B": 2, "C": 4, "D": 8}
"""Where people are short, A gives way first and D last; beyond half of the plan the price doubles."""
_RAISE_STEP = 2
_SHARE_UNIT = 1000


def allocate_counts(problem: CountProblem) -> Allocation:
    """How many to draw from each stratum (数量分配).

    Lexicographic: meet every floor; then stay closest to the planned rates (raising B first, lowering A first);
    then spread each class evenly over the districts. Never an aim: problems found, fines. Where the rules cannot
    hold together the answer carries the smallest set in conflict, and no counts.
    """
    start = time.monotonic()
    strata = Strata(problem)
    limits = all_limits(strata)
    apart = _settle_apart(problem, limits)
    if isinstance(apart, Part):
        # A conflict of one part is a conflict of the whole, and found sooner.
        conflict = explain(strata, apart.limits, limits)
        return Allocation({}, conflict=conflict, seconds=time.monotonic() - start)
    found = apart if keeps_quota(problem, limits, apart.values) else _settle(strata, limits)
    if found is None:
        return Allocation({}, conflict=explain(strata, limits, limits), seconds=time.monotonic() - start)
    counts = {(s.task, s.name): found.values[drawn(s)] for s in problem.strata}
    classes = tuple(_class_counts(strata, limits, counts))
    return Allocation(counts, classes, found.aims, (), time.monotonic() - start)


@dataclass(frozen=True)
class _Settled:
    """Numbers by variable, and how good they are."""

    values: dict[Variable, int]
    aims: tuple[Aim, ...]


def _settle(strata: Strata, limits: list[Limit]) -> _Settled | None:
    """All aims of one model; None where the limits cannot hold together."""
    model = _Aims(strata, limits)
    closest = model.stay_closest()
    if closest is None:
        return None
    evenly = model.spread_evenly()
    return _Settled(model.values, (closest, evenly))


def _settle_apart(problem: CountProblem, limits: list[Limit]) -> _Settled | Part:
    """The parts without the quota, put together; or the first part whose limits cannot hold together."""
    values: dict[Variable, int] = {}
    settled: list[tuple[Aim, ...]] = []
    for part in independent_parts(problem, limits):
        found = _settle(Strata(part.problem), part.limits)
        if found is None:
            return part
        values |= found.values
        settled.append(found.aims)
    return _Settled(values, tuple(_added(aims) for aims in zip(*settled, strict=True)))


def _added(aims: Sequence[Aim]) -> Aim:
    """The same aim of several parts together."""
    status = "optimal" if all(aim.status == "optimal" for aim in aims) else "feasible"
    return Aim(aims[0].name, sum(aim.value for aim in aims), sum(aim.bound for aim in aims), status)


class _Aims(CountModel):
    """The model with the aims, one after another."""

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
        beyond = self.values[drawn(stratum)] - whole
        for variable, value in (
            (up, min(1, max(0, beyond))),
            (over, max(0, beyond - 1)),
            (under, max(0, -beyond)),
        ):
            self.model.add_hint(variable, value)
        return part + (_SHARE_UNIT - 2 * part) * up + _SHARE_UNIT * (over + under)

    def _minimise(self, name: str, cost: cp_model.LinearExprT) -> Aim | None:
        self.model.minimize(cost)
        status, solver = self.solve(self.problem.seconds)
        if status == cp_model.INFEASIBLE:
            return None
        if status not in FEASIBLE:
            raise RuntimeError(f"CP-SAT found no allocation in {self.problem.seconds} s")
        found = "optimal" if status == cp_model.OPTIMAL else "feasible"
        return Aim(name, solver.objective_value, solver.best_objective_bound, found)


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
    groups = by_key(limits)
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
