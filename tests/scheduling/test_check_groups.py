"""Whom the team lottery may choose from is judged before it is held: each way to bend a seat group is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling.check import check_roster
from scheduling.problem import Inspector, Problem, Recusal, Roster, TeamGroup
from scheduling.solve import Stop, solve
from tests.scheduling.towns import Size, make_town

TOWN = make_town(3, Size(20, 24, departments=3, clusters=4))
ROSTER = solve(TOWN, Stop(seconds=None, rounds=1), "S")
GROUP = next(g for g in ROSTER.groups if len(g.eligible) > g.need and g.slot.count("/") == 1)
PERSON = next(i for i in TOWN.inspectors if i.id == GROUP.eligible[0])
VISIT = next(v for v in ROSTER.visits if v.id == GROUP.visit)
STRANGER = next(i.id for i in TOWN.inspectors if i.department != GROUP.department)

Bent = tuple[Problem, Roster]


def bent(**change) -> Bent:
    """The roster with one seat group changed."""
    groups = tuple(replace(g, **change) if g is GROUP else g for g in ROSTER.groups)
    return TOWN, replace(ROSTER, groups=groups)


def with_person(**change) -> Bent:
    """The problem in which one of the group's people has become somebody who may not go."""
    people: tuple[Inspector, ...] = tuple(replace(i, **change) if i is PERSON else i for i in TOWN.inspectors)
    return replace(TOWN, inspectors=people), ROSTER


def without(group: TeamGroup) -> Bent:
    """The roster without one of its groups."""
    return TOWN, replace(ROSTER, groups=tuple(g for g in ROSTER.groups if g is not group))


BENT: dict[str, Callable[[], Bent]] = {
    "a person of another department": lambda: bent(eligible=(*GROUP.eligible, STRANGER)),
    "somebody unknown": lambda: bent(eligible=(*GROUP.eligible, "无名")),
    "somebody twice": lambda: bent(eligible=(*GROUP.eligible, GROUP.eligible[0])),
    "fewer people than seats": lambda: bent(eligible=GROUP.eligible[: GROUP.need - 1]),
    "no seat": lambda: bent(need=0),
    "a qualification nobody asked for": lambda: bent(qualification="潜水"),
    "another day": lambda: bent(slot=f"{VISIT.day + timedelta(days=1)}/{VISIT.half}"),
    "another half-day": lambda: bent(slot=f"{VISIT.day}/{'pm' if VISIT.half == 'am' else 'am'}"),
    "a visit that is not there": lambda: bent(visit="V0"),
    "a department that does not take part": lambda: bent(department="海关"),
    "no group at all": lambda: without(GROUP),
    "an expired certificate": lambda: with_person(certificate_valid_to=VISIT.day - timedelta(days=1)),
    "a person on leave": lambda: with_person(leave=(VISIT.day,)),
    "a person who stands aside": lambda: with_person(recused=(VISIT.object_id,)),
    "a relative at the firm": lambda: with_person(recusals=(Recusal(VISIT.object_id, "relative", "配偶"),)),
    "a person of another district": lambda: with_person(districts=("别处",)),
}


def test_the_solver_s_own_groups_keep_the_rule() -> None:
    assert check_roster(TOWN, ROSTER, teams=False) == []


@pytest.mark.parametrize("kind", BENT)
def test_a_bent_group_is_named(kind: str) -> None:
    found = check_roster(*BENT[kind](), teams=False)
    assert {violation.rule for violation in found} == {"groups"}
