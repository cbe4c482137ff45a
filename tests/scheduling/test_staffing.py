"""Staffability: matchings against brute force, scarce qualifications, recusals, whole days and workloads."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.capacity import hall_rows
from scheduling.merge import merge, settle
from scheduling.problem import Check, Inspector, Object, Problem, Rules
from scheduling.seating import seat_everybody
from scheduling.staffing import Dated, People, SeatKind, Staffing, seats_of, unfilled
from scheduling.workdays import working_days

FIRST, LAST, NEVER = date(2026, 10, 12), date(2026, 10, 16), date(2030, 1, 1)
RULES = Rules(spacing_days=0, recognition_days=0, lead_team=2, partner_team=1, half_day_minutes=210)
DAYS = [date(2026, 10, d) for d in (12, 13, 14, 15, 16)]


def officer(name: str, *held: str, **more) -> Inspector:
    return Inspector(name, "市监", NEVER, held, **more)


def town(inspectors: list[Inspector], *checks: Check, **more) -> tuple[Staffing, Problem]:
    objects = tuple(Object(o, "街道", "竹山") for o in sorted({c.object_id for c in checks}))
    problem = Problem(
        FIRST, FIRST, LAST, more.pop("rules", RULES), objects, checks, tuple(inspectors), **more
    )
    days = working_days(FIRST, LAST, problem.calendar)
    kept, _ = settle(problem)
    return Staffing(merge(problem, kept, days).visits, problem, days), problem


def check(object_id: str, *qualifications: str, minutes: int = 60, department: str = "市监") -> Check:
    name = f"{object_id}/{department}"
    return Check(
        name, object_id, "T", department, ("x",), FIRST, LAST, minutes, qualifications=qualifications
    )


def all_at(staffing: Staffing, *halves: tuple[int, ...], day: int = 0) -> list[Dated]:
    return [Dated(v, day, h) for v, h in enumerate(halves)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 31), st.integers(1, 2)), min_size=1, max_size=4))
def test_the_matching_agrees_with_brute_force(demands: list[tuple[int, int]]) -> None:
    seats = [mask for mask, need in demands for _ in range(need)]
    possible = len(seats) <= 5 and any(
        all(mask >> p & 1 for mask, p in zip(seats, people, strict=False))
        for people in permutations(range(5), len(seats))
    )
    failed = unfilled(demands)
    assert (not failed) is possible
    if failed:
        union = 0
        for n in failed:
            union |= demands[n][0]
        assert sum(demands[n][1] for n in failed) > union.bit_count()


def test_the_lead_sends_two_and_a_partner_one() -> None:
    staffing, problem = town([officer("甲")], check("O1"), check("O1", department="消防"))
    seats = seats_of(staffing.visits[0], problem, staffing.people)
    lead = staffing.visits[0].lead
    assert {k.department: n for k, n in seats.items()} == {d: 2 if d == lead else 1 for d in ("市监", "消防")}


def test_one_person_may_carry_two_qualifications_when_few_hold_them() -> None:
    staffing, _ = town([officer("甲", "食品", "特种"), officer("乙")], check("O1", "食品", "特种"))
    assert set(staffing.seats[0]) == {SeatKind("市监", ("特种", "食品")), SeatKind("市监")}
    assert staffing.short(0, all_at(staffing, (0,))) == []


def test_two_visits_cannot_share_the_only_holder() -> None:
    people = [officer("甲", "食品"), officer("乙"), officer("丙"), officer("丁")]
    staffing, _ = town(people, check("O1", "食品"), check("O2", "食品"))
    assert set(staffing.short(0, all_at(staffing, (0,), (0,)))) == {0, 1}
    assert staffing.short(0, all_at(staffing, (0,), (1,))) == []


def test_a_recusal_can_break_what_numbers_allow() -> None:
    people = [officer("甲", recused=("O2",)), officer("乙", recused=("O2",)), officer("丙"), officer("丁")]
    staffing, _ = town(people, check("O1"), check("O2"))
    assert staffing.short(0, all_at(staffing, (0,), (0,))) == []
    barred = [replace(p, recused=("O1", "O2")) if p.id == "丙" else p for p in people]
    staffing, _ = town(barred, check("O1"), check("O2"))
    assert staffing.short(0, all_at(staffing, (0,), (0,)))


@pytest.mark.parametrize(
    "change", [{"leave": (DAYS[0],)}, {"certificate_valid_to": date(2026, 10, 11)}], ids=["leave", "expired"]
)
def test_who_is_away_does_not_count(change) -> None:
    staffing, _ = town([officer("甲"), replace(officer("乙"), **change)], check("O1"))
    assert staffing.short(0, all_at(staffing, (0,)))


def test_leave_ends() -> None:
    staffing, _ = town([officer("甲"), officer("乙", leave=(DAYS[0],))], check("O1"))
    assert staffing.short(1, all_at(staffing, (0,), day=1)) == []


def test_one_half_day_a_day_is_offered_once() -> None:
    people = People(town([officer("甲", half_days_per_day=1)], check("O1"))[1], DAYS)
    assert all((am, pm) in ((1, 0), (0, 1)) for am, pm in people.available)
    assert len(set(people.available)) == 2


def test_whole_days_and_half_days_share_people_by_pools() -> None:
    people = [officer(name) for name in "甲乙丙丁"]
    checks = [check("O1", minutes=300), check("O2"), check("O3")]
    staffing, problem = town(people, *checks)
    halves = [
        (0, 1) if v.object_id == "O1" else (0,) if v.object_id == "O2" else (1,) for v in staffing.visits
    ]
    dated = all_at(staffing, *halves)
    assert staffing.short(0, dated) == []
    groups = staffing.groups(dated, "市监")
    seating = seat_everybody(groups, problem.inspectors)
    assert seating.short == ()
    at: dict[tuple[str, int], str] = {}
    takes = {staffing.visits[d.visit].id: d.halves for d in dated}
    for seat in seating.seats:
        for half in takes[seat.visit]:
            assert (seat.inspector, half) not in at
            at[seat.inspector, half] = seat.visit


def test_whole_days_that_need_everybody_leave_no_half_day() -> None:
    people = [officer(name) for name in "甲乙丙"]
    staffing, _ = town(people, check("O1", minutes=300), check("O2"))
    halves = [(0, 1) if v.object_id == "O1" else (0,) for v in staffing.visits]
    assert staffing.short(0, all_at(staffing, *halves))


def test_totals_are_judged_over_the_whole_period() -> None:
    people = [officer("甲", visits_total=1), officer("乙", visits_total=1)]
    staffing, problem = town(people, check("O1"), check("O2"))
    groups = staffing.groups([Dated(0, 0, (0,)), Dated(1, 3, (0,))], "市监")
    seating = seat_everybody(groups, problem.inspectors)
    assert seating.missing == 2
    assert {g.visit for g in seating.starved} == {v.id for v in staffing.visits}


def test_hall_rows_see_scarce_qualifications_and_odd_people() -> None:
    people = [officer("甲", "食品"), officer("乙", "特种"), officer("丙")]
    staffing, _ = town(people, check("O1", "食品"), check("O2", "特种"), check("O3"))
    rows = {frozenset(k.name for k in r.kinds): r for r in hall_rows(staffing.seats, staffing.people)}
    assert rows[frozenset({"食品"})].slots.tolist() == [1] * 10
    assert rows[frozenset({"", "食品", "特种"})].slots.tolist() == [2] * 10
    staffing, _ = town(people, check("O3"))
    assert hall_rows(staffing.seats, staffing.people)[0].slots.tolist() == [2] * 10
