"""Desks in a changed roster: what still fits stays, what is lost is reserved again, and the numbers are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.change import change_roster
from scheduling.changed import Changed, DeskDifference
from scheduling.check import check_roster
from scheduling.check_change import check_change
from scheduling.disturbances import (
    Change,
    CheckAdded,
    Disturbance,
    InspectorAbsent,
    ObjectClosed,
    Postponed,
    UrgentLead,
)
from scheduling.problem import Check, DeskTime, Inspector, Object, Problem, Roster, Rules, problem_hash
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from tests.scheduling.disturbed_towns import disturb
from tests.scheduling.towns import FIRST as TOWN_FIRST
from tests.scheduling.towns import towns

FIRST, LAST, DAY, NEVER = date(2026, 10, 12), date(2026, 10, 16), date(2026, 10, 14), date(2030, 1, 1)
RULES = Rules(30, 180, lead_team=2, partner_team=1, half_day_minutes=210, desk_people=1)
QUICK = Stop(seconds=None, rounds=1)


def bureau(doors: int, papers: int, people: int, last: date = LAST) -> Problem:
    """So many visits and so many checks in writing, a half-day each, in the five working days of one week."""
    places = tuple(Object(f"O{n}", f"街道{n}", "竹山") for n in range(doors + papers))
    checks = tuple(
        Check(f"C{n}", f"O{n}", "T", "市监", (f"事项{n}",), FIRST, last, 210, onsite=n < doors)
        for n in range(doors + papers)
    )
    crowd = tuple(Inspector(f"P{n}", "市监", NEVER) for n in range(people))
    return Problem(date(2026, 10, 9), FIRST, last, RULES, places, checks, crowd)


def rostered(problem: Problem, desk: tuple[DeskTime, ...] | None = None, drawn: bool = True) -> Roster:
    roster = solve(problem, QUICK, "S")
    if drawn:
        roster = replace(roster, seats=seat_everybody(roster.groups, problem.inspectors).seats)
    return roster if desk is None else replace(roster, desk=desk, problem_hash=problem_hash(problem))


def at(day: int, half: str = "am", people: int = 1) -> DeskTime:
    return DeskTime("市监", date(2026, 10, day), half, people)


def changed(problem: Problem, roster: Roster, *what: Disturbance, as_of: date = DAY) -> Changed:
    """The change, judged by both checkers."""
    change = Change(as_of, what)
    found = change_roster(problem, roster, change, 0.05)
    assert check_roster(found.problem, found.roster, teams=bool(roster.seats)) == []
    assert check_change(problem, roster, change, found) == []
    return found


def absent(person: str, first: int, last: int) -> InspectorAbsent:
    return InspectorAbsent(person, date(2026, 10, first), date(2026, 10, last), "病假在家")


@pytest.mark.parametrize("drawn", [True, False])
def test_a_lost_half_day_is_reserved_again_and_the_rest_stays(drawn: bool) -> None:
    problem = bureau(0, 3, 1)
    roster = rostered(problem, (at(12), at(14), at(15, "pm")), drawn)
    found = changed(problem, roster, absent("P0", 14, 14))
    assert {at(12), at(15, "pm")} < set(found.roster.desk)
    assert len(found.roster.desk) == 3
    lost, again = sorted(found.desks, key=lambda d: d.day)
    assert (lost.day, lost.before, lost.after, lost.cause) == (DAY, 1, 0, "desk_lost")
    assert (again.before, again.after, again.cause) == (0, 1, "desk_again")
    assert lost.sentence == "在岗 0 人,入企 0 人,书面、网络检查由 1 人减为 0 人"


def test_past_half_days_stay_though_the_person_is_away_since_before() -> None:
    problem = bureau(0, 2, 1)
    roster = rostered(problem, (at(12), at(13, "pm")))
    found = changed(problem, roster, absent("P0", 12, 16))
    assert found.roster.desk == roster.desk
    assert found.desks == ()


def test_a_new_check_in_writing_takes_time_beside_the_visits() -> None:
    """Three people: one team and one person to spare in each half-day of the two days left."""
    problem = bureau(10, 0, 3)
    roster = rostered(problem)
    new = [replace(problem.checks[n], id=f"N{n}", items=("新",), onsite=False) for n in range(7)]
    found = changed(problem, roster, *(CheckAdded(c, "补充抽取") for c in new[:6]))
    assert sum(time.people for time in found.roster.desk) == 6
    assert {s.check for s in found.roster.settled} == {c.id for c in new[:6]}
    assert found.roster.visits == roster.visits
    over = changed(problem, roster, *(CheckAdded(c, "补充抽取") for c in new))
    assert [u.rules for u in over.roster.unplaced] == [("desk",)]
    (missed,) = over.roster.unplaced
    assert (
        missed.sentence
        == "市监的书面、网络检查在 2026-10-14 至 2026-10-16 共需 7 个半天,除已排的入企检查外在岗人员只有 6 个半天"
    )
    assert [(d.kind, d.sentence) for d in over.differences] == [("unplaced", missed.sentence)]
    assert len(over.roster.settled) == 6


def test_an_urgent_new_check_takes_the_time_of_a_lesser_one() -> None:
    problem = bureau(0, 10, 1)
    roster = rostered(problem)
    new = replace(problem.checks[0], id="N", items=("新",))
    found = changed(problem, roster, UrgentLead(new, "群众举报"))
    assert "N" in {s.check for s in found.roster.settled}
    assert [u.rules for u in found.roster.unplaced] == [("desk",)]
    calm = changed(problem, roster, CheckAdded(new, "补充抽取"))
    assert [u.checks for u in calm.roster.unplaced] == [("N",)]
    assert calm.roster.desk == roster.desk


def test_half_days_of_a_closed_object_go_back() -> None:
    problem = bureau(0, 3, 2)
    roster = rostered(problem, (at(13), at(14), at(16, "pm")))
    found = changed(problem, roster, ObjectClosed("O1", "已办理注销登记"))
    assert found.roster.desk == (at(13), at(14))
    assert [(d.day.day, d.cause) for d in found.desks] == [(16, "desk_freed")]


def test_a_longer_window_finds_time_for_what_had_none() -> None:
    problem = bureau(0, 11, 1)
    roster = rostered(problem)
    (missed,) = roster.unplaced
    found = changed(problem, roster, Postponed(missed.object_id, FIRST, date(2026, 10, 23), "设备检修"))
    assert found.roster.unplaced == ()
    assert missed.checks[0] in {s.check for s in found.roster.settled}
    assert sum(time.people for time in found.roster.desk) == 11


def moved_to(roster: Roster, day: int, half: str = "am") -> Roster:
    """The roster's only visit on another half-day, its people with it."""
    when = date(2026, 10, day)
    visits = tuple(replace(v, day=when, half=half) for v in roster.visits)
    return replace(
        roster, visits=visits, groups=tuple(replace(g, slot=f"{when}/{half}") for g in roster.groups)
    )


@pytest.mark.parametrize("drawn", [True, False])
def test_no_visit_takes_the_person_whom_the_desks_need(drawn: bool) -> None:
    """Two people, desks manned on Wednesday and Thursday: the lead goes on Friday, though it is most urgent."""
    problem = bureau(1, 4, 2)
    desk = tuple(at(day, half) for day in (14, 15) for half in ("am", "pm"))
    roster = moved_to(rostered(problem, desk, drawn), 12)
    new = replace(problem.checks[1], id="N", items=("新",), onsite=True)
    found = changed(problem, roster, UrgentLead(new, "群众举报"))
    assert sorted(v.day.day for v in found.roster.visits) == [12, 16]
    assert found.roster.desk == roster.desk


@pytest.mark.parametrize("drawn", [True, False])
@pytest.mark.parametrize("kept", [True, False])
def test_no_department_joins_a_visit_with_the_person_whom_its_desk_needs(drawn: bool, kept: bool) -> None:
    problem = bureau(1, 1, 2)
    paper = replace(problem.checks[1], department="消防")
    fire = Inspector("Q0", "消防", NEVER)
    problem = replace(problem, checks=(problem.checks[0], paper), inspectors=(*problem.inspectors, fire))
    desk = (DeskTime("消防", date(2026, 10, 15), "am" if kept else "pm", 1),)
    roster = moved_to(rostered(problem, desk, drawn), 15)
    new = replace(problem.checks[0], id="N", items=("新",), department="消防", window_to=date(2026, 10, 15))
    found = changed(problem, roster, CheckAdded(new, "补充抽取"))
    (visit,) = found.roster.visits
    assert visit.departments == (("市监",) if kept else ("市监", "消防"))
    assert found.roster.desk == roster.desk


def test_who_replaces_an_absent_person_is_not_needed_at_a_desk_too() -> None:
    problem = bureau(1, 1, 3)
    roster = rostered(problem)
    (visit,) = roster.visits
    desk = (DeskTime("市监", visit.day, visit.half, 1),)
    roster = replace(roster, desk=desk)
    person = roster.seats[0].inspector
    found = changed(problem, roster, absent(person, 12, 16), as_of=FIRST)
    assert found.roster.visits == roster.visits
    assert person not in {s.inspector for s in found.roster.seats}
    assert [(d.before, d.after) for d in found.desks if d.cause == "desk_lost"] == [(1, 0)]
    assert sum(time.people for time in found.roster.desk) == 1


def test_before_the_lottery_a_visit_without_people_is_freed_and_the_desk_stays() -> None:
    """One of three is left on Wednesday: too few for the visit, enough for the desk of the same half-day."""
    problem = bureau(1, 1, 3)
    roster = moved_to(rostered(problem, (at(14),), drawn=False), 14)
    found = changed(problem, roster, absent("P0", 14, 14), absent("P1", 14, 14))
    assert found.roster.desk == roster.desk
    assert [v.day.day for v in found.roster.visits] in ([15], [16])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns(most_objects=25), st.integers(0, 2), st.integers(0, 2**20), st.integers(0, 30), st.booleans())
def test_much_desk_work_keeps_every_rule_through_changes(
    problem: Problem, every: int, seed: int, passed: int, drawn: bool
) -> None:
    checks = tuple(
        replace(c, onsite=c.onsite and n % 4 > every) if not c.pinned_day else c
        for n, c in enumerate(problem.checks)
    )
    problem = replace(problem, checks=checks, rules=replace(problem.rules, desk_people=1))
    roster = rostered(problem, drawn=drawn)
    as_of = min(TOWN_FIRST + timedelta(days=passed), problem.last_day)
    still = changed(problem, roster, as_of=as_of)
    assert {d.cause for d in still.desks} <= {"desk_again"}
    assert set(still.roster.settled) >= set(roster.settled)
    if not any("desk" in missed.rules for missed in roster.unplaced):
        assert still.roster.desk == roster.desk
        assert still.roster.settled == roster.settled
    for n, count in enumerate((6, 3)):
        what = disturb(seed + n, problem, roster, as_of, count).disturbances
        found = changed(problem, roster, *what, as_of=as_of)
        assert sum(time.people for time in found.roster.desk) - sum(
            time.people for time in roster.desk
        ) == sum(d.after - d.before for d in found.desks)
        problem, roster = found.problem, found.roster


def _past(found: Changed) -> Changed:
    desk = tuple(replace(t, half="pm") if t == at(12) else t for t in found.roster.desk)
    told = [DeskDifference("市监", FIRST, half, 1, 0, "desk_lost", "没有必要") for half in ("am", "pm")]
    return replace(found, roster=replace(found.roster, desk=desk), desks=(*found.desks, *told))


def _silent(found: Changed) -> Changed:
    return replace(found, desks=())


def _false_number(found: Changed) -> Changed:
    return replace(found, desks=tuple(replace(d, after=d.after + 1) for d in found.desks))


def _empty_sentence(found: Changed) -> Changed:
    return replace(found, desks=tuple(replace(d, sentence=" ") for d in found.desks))


def _moved_for_nothing(found: Changed) -> Changed:
    desk = tuple(replace(t, half="am") if t == at(15, "pm") else t for t in found.roster.desk)
    told = (
        DeskDifference("市监", date(2026, 10, 15), "pm", 1, 0, "desk_lost", "没有必要"),
        DeskDifference("市监", date(2026, 10, 15), "am", 0, 1, "desk_again", "没有必要"),
    )
    return replace(found, roster=replace(found.roster, desk=desk), desks=(*found.desks, *told))


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        (_past, "past"),
        (_silent, "reason"),
        (_false_number, "reason"),
        (_empty_sentence, "reason"),
        (_moved_for_nothing, "desk_kept"),
    ],
)
def test_the_checker_finds_each_harm_to_the_desks(harm: Callable[[Changed], Changed], rule: str) -> None:
    problem = bureau(1, 3, 3)
    roster = rostered(problem)
    roster = replace(moved_to(roster, 13), desk=(at(12), at(14, people=3), at(15, "pm")))
    change = Change(DAY, (absent("P0", 14, 14),))
    found = change_roster(problem, roster, change, 0.05)
    assert check_change(problem, roster, change, found) == []
    assert rule in {v.rule for v in check_change(problem, roster, change, harm(found))}
