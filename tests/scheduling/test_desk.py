"""Desk time: checks in writing or online take half-days of people, where they are needed least, and never too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.check import check_roster
from scheduling.desk import plan_desk
from scheduling.problem import Check, Inspector, Object, Problem, QuietRule, Rules
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from tests.scheduling.towns import towns

AS_OF, FIRST, LAST, NEVER = date(2026, 9, 30), date(2026, 10, 9), date(2026, 10, 16), date(2030, 1, 1)
RULES = Rules(30, 180, lead_team=2, partner_team=1, half_day_minutes=210, desk_people=1)
QUICK = Stop(seconds=None, rounds=2)


def bureau(doors: int, papers: int, people: int, minutes: int = 210, **more) -> Problem:
    """So many visits and so many checks in writing, a half-day each, in seven working days (Saturday the 10th is one)."""
    places = tuple(Object(f"O{n:02d}", f"街道{n}", "竹山") for n in range(doors + papers))
    checks = tuple(
        Check(f"C{n:02d}", f"O{n:02d}", "T", "市监", ("x",), FIRST, LAST, minutes, onsite=n < doors)
        for n in range(doors + papers)
    )
    crowd = tuple(Inspector(f"P{n}", "市监", NEVER) for n in range(people))
    return replace(Problem(AS_OF, FIRST, LAST, RULES, places, checks, crowd), **more)


def staffed(problem: Problem):
    roster = solve(problem, QUICK, "S")
    seating = seat_everybody(roster.groups, problem.inspectors)
    assert seating.short == ()
    return replace(roster, seats=seating.seats)


def test_half_days_are_the_minutes_rounded_up_for_the_department_together() -> None:
    roster = staffed(bureau(0, 5, 3, minutes=60))
    assert sum(time.people for time in roster.desk) == -(-5 * 60 // 210)
    assert len(roster.settled) == 5
    twice = replace(bureau(0, 5, 3, minutes=60), rules=replace(RULES, desk_people=2))
    assert sum(time.people for time in staffed(twice).desk) == -(-5 * 60 * 2 // 210)


def test_desk_work_takes_the_third_person_first_and_then_visits() -> None:
    """Fourteen half-days, three people: one team each and one person to spare; the last four papers cost a visit each."""
    assert len(staffed(bureau(14, 0, 3)).visits) == 14
    assert len(staffed(bureau(14, 14, 3)).visits) == 14
    with_desks = staffed(bureau(14, 18, 3))
    assert check_roster(bureau(14, 18, 3), with_desks) == []
    assert sum(time.people for time in with_desks.desk) == 18
    assert len(with_desks.visits) == 10
    assert len(with_desks.unplaced) == 4
    without = staffed(replace(bureau(14, 18, 3), rules=replace(RULES, desk_people=0)))
    assert len(without.visits) == 14
    assert without.desk == ()


def test_quiet_days_are_desk_days() -> None:
    quiet = QuietRule("Q", "企业安静日", month_days=(9, 10, 12))
    roster = staffed(bureau(6, 6, 2, quiet_rules=(quiet,)))
    assert {time.day.day for time in roster.desk} <= {9, 10, 12}
    assert len(roster.visits) == 6
    assert roster.unplaced == ()


def test_what_finds_no_time_is_not_called_settled() -> None:
    problem = bureau(0, 16, 1)
    roster = staffed(problem)
    assert len(roster.settled) == len(roster.desk) == 14
    assert {missed.rules for missed in roster.unplaced} == {("desk",)}
    assert all("只有 14 个半天" in missed.sentence for missed in roster.unplaced)
    assert check_roster(problem, roster) == []


def test_who_works_one_half_a_day_is_not_counted_twice() -> None:
    problem = bureau(0, 12, 2)
    crowd = tuple(replace(person, half_days_per_day=1) for person in problem.inspectors)
    problem = replace(problem, inspectors=crowd)
    assert check_roster(problem, staffed(problem)) == []
    assert sum(time.people for time in staffed(problem).desk) == 12


@pytest.mark.parametrize("short_first", [True, False])
def test_a_short_window_finds_its_days_whatever_the_order(short_first: bool) -> None:
    problem = bureau(0, 12, 1)
    checks = tuple(replace(c, window_to=FIRST) if c.id < "C02" else c for c in problem.checks)
    problem = replace(problem, checks=checks if short_first else checks[::-1])
    roster = staffed(problem)
    assert len(roster.settled) == 12
    assert sum(time.people for time in roster.desk if time.day == FIRST) == 2


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 400)), max_size=12),
    st.lists(st.integers(0, 3), min_size=12, max_size=12),
)
def test_reserved_half_days_lie_in_the_window_and_never_exceed_the_people(windows, present) -> None:
    days = [date(2026, 10, day) for day in (9, 10, 12, 13, 14, 15)]
    checks = tuple(
        Check(f"C{n}", "O", "T", "市监", ("x",), days[min(a, b)], days[max(a, b)], minutes, onsite=False)
        for n, (a, b, minutes) in enumerate(windows)
    )
    problem = Problem(AS_OF, FIRST, LAST, RULES, (Object("O", "街道", "竹山"),), checks, ())
    plan = plan_desk(problem, days, {"市监": np.array(present)}, {})
    counts = plan.by_department(days).get("市监", np.zeros(12, dtype=int))
    assert (counts <= np.array(present)).all()
    done = [c for c in checks if c.id not in plan.no_time]
    for first in days:
        for last in days:
            work = sum(c.minutes for c in done if first <= c.window_from and c.window_to <= last)
            inside = np.repeat([first <= day <= last for day in days], 2)
            assert int(counts[inside].sum()) >= Fraction(work, 210)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns(most_objects=25), st.integers(0, 3))
def test_towns_with_much_desk_work_keep_every_rule(problem: Problem, every: int) -> None:
    checks = tuple(
        replace(c, onsite=c.onsite and n % 4 > every) if not c.pinned_day else c
        for n, c in enumerate(problem.checks)
    )
    problem = replace(problem, checks=checks, rules=replace(problem.rules, desk_people=1))
    assert check_roster(problem, staffed(problem)) == []
