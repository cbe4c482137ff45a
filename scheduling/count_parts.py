"""Parts of an allocation (可分开的部分): tasks that share neither people nor a limit can be settled apart.

Only the honest quota runs through all of them. Settled apart, the parts together are the best there is without the
quota; where they keep it anyway, they are the best there is. A city's year of monthly tasks falls into dozens of parts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from scheduling.count_limits import Limit, Variable, disturbed, drawn
from scheduling.count_problem import CountProblem

QUOTA = "honest_quota"


@dataclass(frozen=True)
class Part:
    """Some of the tasks with their strata, and the limits that concern them."""

    problem: CountProblem
    limits: list[Limit]


def independent_parts(problem: CountProblem, limits: list[Limit]) -> list[Part]:
    """The parts, in the order of their first tasks; the quota is in none of them."""
    leader: dict[Variable, Variable] = {}

    def find(name: Variable) -> Variable:
        while leader.setdefault(name, name) != name:
            leader[name] = name = leader[leader[name]]
        return name

    own = [limit for limit in limits if limit.rule != QUOTA and limit.terms]
    for limit in own:
        for name, _ in limit.terms[1:]:
            leader[find(name)] = find(limit.terms[0][0])
    for stratum in problem.strata:  # the strata of a task belong together
        leader[find(drawn(stratum))] = find(("task", stratum.task))
    tasks: dict[Variable, list[str]] = defaultdict(list)
    for task in problem.tasks:
        tasks[find(("task", task.task))].append(task.task)
    held: dict[Variable, list[Limit]] = defaultdict(list)
    for limit in own:
        held[find(limit.terms[0][0])].append(limit)
    return [Part(_only(problem, set(names)), held[root]) for root, names in tasks.items()]


def _only(problem: CountProblem, names: set[str]) -> CountProblem:
    strata = tuple(stratum for stratum in problem.strata if stratum.task in names)
    return replace(problem, strata=strata, tasks=tuple(task for task in problem.tasks if task.task in names))


def keeps_quota(problem: CountProblem, limits: list[Limit], values: dict[Variable, int]) -> bool:
    """Whether numbers that were found without the quota keep it in the worst draw."""
    worst = {disturbed(s): min(s.honest, values[drawn(s)]) for s in problem.strata}
    return all(
        limit.most is None or sum(weight * worst[name] for name, weight in limit.terms) <= limit.most
        for limit in limits
        if limit.rule == QUOTA
    )
