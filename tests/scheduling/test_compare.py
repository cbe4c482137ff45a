"""Two rosters of one problem: every difference is told once, and only differences are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from scheduling.check_claims import AIMS
from scheduling.compare import Comparison, compare_rosters
from scheduling.problem import Aim, Problem, Roster, Seat, Unplaced
from scheduling.solve import Stop, solve
from tests.scheduling.towns import Size, make_town, towns

QUICK = Stop(seconds=None, rounds=2)
TOWN = make_town(3, Size(objects=40, inspectors=12, pins=2))
ROSTER = solve(TOWN, QUICK, "S")


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=20))
def test_a_roster_differs_from_itself_in_nothing(problem: Problem) -> None:
    roster = solve(problem, QUICK, "S")
    found = compare_rosters(problem, roster, roster)
    assert found.is_same
    assert found.same == len(roster.visits)
    assert all(m.first == m.second for m in found.measures)


def dates(roster: Roster) -> dict[str, tuple[object, str]]:
    return {check: (v.day, v.half) for v in roster.visits for check in v.checks}


def told(found: Comparison, first: Roster) -> set[str]:
    """Checks that the comparison says stand elsewhere or in one roster only."""
    inside = {v.id: v.checks for v in first.visits}
    said = {c for m in found.moved for c in inside[m.visit]} | {o.check for o in found.only_one}
    return said | {c for r in found.regrouped for side in (r.first, r.second) for *_, cs in side for c in cs}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=20))
def test_every_check_with_another_date_is_told(problem: Problem) -> None:
    first, second = solve(problem, QUICK, "S"), solve(problem, QUICK, "T")
    one, other = dates(first), dates(second)
    changed = {c for c in one.keys() | other.keys() if one.get(c) != other.get(c)}
    found = compare_rosters(problem, first, second)
    assert changed <= told(found, first)
    unmoved = [v for v in first.visits if v in second.visits]
    assert not {v.id for v in unmoved} & {m.visit for m in found.moved}


def test_a_visit_moved_is_told_from_and_to() -> None:
    visit = ROSTER.visits[5]
    later = replace(visit, day=visit.day + timedelta(days=1))
    other = replace(ROSTER, visits=tuple(later if v is visit else v for v in ROSTER.visits))
    found = compare_rosters(TOWN, ROSTER, other)
    assert [(m.visit, m.from_day, m.to_day) for m in found.moved] == [(visit.id, visit.day, later.day)]
    assert (found.regrouped, found.reseated, found.only_one) == ((), (), ())


def test_a_visit_left_out_is_told_with_the_reason() -> None:
    visit = ROSTER.visits[0]
    missed = Unplaced(visit.checks, visit.object_id, ("capacity",), "人手不足 2 人", "借调")
    other = replace(ROSTER, visits=ROSTER.visits[1:], unplaced=(*ROSTER.unplaced, missed))
    found = compare_rosters(TOWN, ROSTER, other)
    assert Counter(o.check for o in found.only_one) == Counter(visit.checks)
    assert {(o.placed_in, o.reason) for o in found.only_one} == {("first", "人手不足 2 人")}
    back = compare_rosters(TOWN, other, ROSTER)
    assert {o.placed_in for o in back.only_one} == {"second"}


def test_a_visit_split_in_two_is_another_grouping_not_a_move() -> None:
    visit = next(v for v in ROSTER.visits if len(v.checks) > 1)
    parts = tuple(
        replace(visit, id=f"V{n}", checks=(check,), day=visit.day + timedelta(days=n))
        for n, check in enumerate(visit.checks)
    )
    other = replace(ROSTER, visits=(*(v for v in ROSTER.visits if v is not visit), *parts))
    found = compare_rosters(TOWN, ROSTER, other)
    assert [r.object_id for r in found.regrouped] == [visit.object_id]
    assert found.moved == ()
    assert len(found.regrouped[0].second) == len(parts)


def test_people_exchanged_are_told_and_a_missing_lottery_is_no_exchange() -> None:
    visit = ROSTER.visits[0]
    seats = (Seat(visit.id, visit.lead, "g", "甲"), Seat(visit.id, visit.lead, "g", "乙"))
    first = replace(ROSTER, seats=seats)
    second = replace(ROSTER, seats=(seats[0], replace(seats[1], inspector="丙")))
    (changed,) = compare_rosters(TOWN, first, second).reseated
    assert (changed.visit, changed.left, changed.came) == (visit.id, ("乙",), ("丙",))
    assert compare_rosters(TOWN, first, ROSTER).reseated == ()


def test_the_higher_of_two_bounds_is_the_problems() -> None:
    aims = tuple(replace(a, bound=a.bound - 3) for a in ROSTER.aims)
    found = compare_rosters(TOWN, replace(ROSTER, aims=aims), ROSTER)
    assert {m.name: m.bound for m in found.measures}["earliness"] == ROSTER.aims[2].bound


def test_what_a_file_says_of_itself_is_not_believed() -> None:
    lies = tuple(replace(a, value=0.0, bound=a.value + 9.0) for a in ROSTER.aims)
    honest = {m.name: m for m in compare_rosters(TOWN, ROSTER, ROSTER).measures}
    found = {m.name: m for m in compare_rosters(TOWN, ROSTER, replace(ROSTER, aims=lies)).measures}
    for aim in [aim for aim in ROSTER.aims if aim.name in AIMS]:
        assert (found[aim.name].first, found[aim.name].second) == (aim.value, aim.value)
        assert found[aim.name].bound == honest[aim.name].bound == aim.bound
    assert (
        found["violations"].second == len(AIMS) * 2 + 1
    )  # of an aim that is not worked out again, only the bound above its value
    silent = {m.name: m for m in compare_rosters(TOWN, ROSTER, replace(ROSTER, aims=(), gap=0.0)).measures}
    assert silent["earliness"].second == honest["earliness"].second


def test_an_aim_nobody_knows_is_told_as_the_file_says() -> None:
    other = replace(ROSTER, aims=(*ROSTER.aims, Aim("somebody_elses", 7.0, 2.0)))
    (found,) = [m for m in compare_rosters(TOWN, ROSTER, other).measures if m.name == "somebody_elses"]
    assert (found.first, found.second, found.bound) == (None, 7.0, 2.0)


def test_broken_rules_are_counted() -> None:
    visit = ROSTER.visits[0]
    sunday = next(
        visit.day + timedelta(days=n) for n in range(7) if (visit.day + timedelta(days=n)).weekday() == 6
    )
    other = replace(ROSTER, visits=(replace(visit, day=sunday), *ROSTER.visits[1:]))
    found = {m.name: m for m in compare_rosters(TOWN, ROSTER, other).measures}
    assert found["violations"].first == 0
    assert (found["violations"].second or 0) > 0
