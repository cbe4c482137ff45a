"""What pictures are drawn of: nobody is out twice, every seat is counted once, every visit falls on its day."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from scheduling.occupancy import departments_of, duties, people_out, roster_days
from scheduling.problem import Problem, Roster
from scheduling.quiet import open_days
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from tests.scheduling.towns import towns

QUICK = Stop(seconds=None, rounds=2)
HALVES = {"am": 1, "pm": 1, "day": 2}


def seated(problem: Problem) -> Roster:
    roster = solve(problem, QUICK, "S")
    return replace(roster, seats=seat_everybody(roster.groups, problem.inspectors).seats)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=25))
def test_people_out_are_the_seats_and_never_more_than_can_go(problem: Problem) -> None:
    roster = seated(problem)
    half_of = {v.id: HALVES[v.half] for v in roster.visits}
    wanted = Counter()
    for seat in roster.seats:
        wanted[seat.department] += half_of[seat.visit]
    for told in (roster, replace(roster, seats=())):  # the lottery fills what the groups asked for
        cells = people_out(problem, told)
        assert all(cell.out <= cell.able for cell in cells)
        counted = Counter()
        for cell in cells:
            counted[cell.department] += cell.out
        assert +counted == wanted
    assert list(dict.fromkeys(cell.department for cell in cells)) == departments_of(problem)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=25))
def test_nobody_is_in_two_places_or_away_and_out(problem: Problem) -> None:
    roster = seated(problem)
    found = duties(problem, roster)
    assert max(Counter((d.inspector, d.day, d.half) for d in found).values(), default=1) == 1
    half_of = {v.id: HALVES[v.half] for v in roster.visits}
    assert sum(d.kind == "visit" for d in found) == sum(half_of[s.visit] for s in roster.seats)
    assert duties(problem, replace(roster, seats=())) == []


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=25))
def test_the_calendar_counts_every_visit_and_every_quiet_firm(problem: Problem) -> None:
    roster = solve(problem, QUICK, "S")
    days = roster_days(problem, roster)
    assert [d.day for d in days] == sorted({d.day for d in days})
    assert {d.day: d.total for d in days if d.total} == Counter(v.day for v in roster.visits)
    assert all(d.working for d in days if d.total)
    opened = open_days(problem.objects, problem.quiet_rules, [d.day for d in days])
    assert [round(d.quiet_share * len(problem.objects)) for d in days] == list((~opened).sum(axis=0))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns(most_objects=25))
def test_the_last_point_of_the_search_is_the_answer(problem: Problem) -> None:
    """Visits taken back for people's limits at the end are a point of the picture, too."""
    roster = solve(problem, QUICK, "S")
    (earliness,) = [aim for aim in roster.aims if aim.name == "earliness"]
    last = roster.history[-1]
    assert (last.value, last.bound) == (earliness.value, earliness.bound)
    assert last.placed == len(roster.visits)
