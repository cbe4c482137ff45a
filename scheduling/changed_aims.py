"""The aims of a changed roster (调整后的目标): values worked out again; bounds only where they still hold."""

from __future__ import annotations

from dataclasses import replace

from scheduling.case import Case
from scheduling.check_claims import aim_values, dated, gap_of, least_cluster_days, least_doors
from scheduling.disturbances import (
    CertificateEnded,
    Change,
    ExemptionWithdrawn,
    InspectorAbsent,
    InspectorRecused,
    QuietRuleAdded,
    VisitPinned,
)
from scheduling.problem import Aim, Problem, Roster

CLOSING = (
    InspectorAbsent,
    InspectorRecused,
    CertificateEnded,
    QuietRuleAdded,
    ExemptionWithdrawn,
    VisitPinned,
)
"""Disturbances that only take days or people away: whatever holds for every plan before holds for every plan after."""


def with_aims(before: Roster, planned: Problem, change: Change, problem: Problem, after: Roster) -> Roster:
    """The changed roster with its aims and gap (补记目标与差距).

    The counting bounds are counted anew. What the search proved (`unplaced`, `earliness`) stays if the change only
    closed days or took people away, the same checks go together to the same doors, and the desks kept their half-days; else
    there is no bound, and no gap.
    """
    case, was = Case(problem, after), Case(planned, before)
    holds = (
        all(isinstance(what, CLOSING) for what in change.disturbances)
        and _doors(case) == _doors(was)
        and before.desk == after.desk
    )
    proved = {aim.name: aim.bound for aim in before.aims} if holds else {}
    bounds = {**proved, "doors": least_doors(case), "cluster_days": least_cluster_days(case)}
    values = aim_values(problem, after)
    bound = bounds.get("earliness")
    gap = round(gap_of(values["earliness"], bound), 6) if bound is not None and after.visits else None
    aims = tuple(Aim(name, value, bounds.get(name)) for name, value in values.items())
    return replace(after, aims=aims, gap=gap)


def _doors(case: Case) -> set[frozenset[str]]:
    """The checks that go through one door together, dated or to be dated."""
    visits = {frozenset(visit.checks) for visit in case.roster.visits}
    return visits | {frozenset(missed.checks) for missed in dated(case)}
