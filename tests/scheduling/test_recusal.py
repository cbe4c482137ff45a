"""Recusal: whoever is related stays away, and of the last team only one may come again, so no outcome repeats a pair."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.check import check_roster
from scheduling.problem import Check, Inspector, Object, Problem, Recusal, Rules, Seat
from scheduling.recusal import barred, pair_order
from scheduling.rounding import round_teams
from scheduling.solve import Stop, solve
from scheduling.team_draw import team_table, veiled
from tests.scheduling.towns import towns

AS_OF, FIRST, LAST, NEVER = date(2026, 9, 30), date(2026, 10, 1), date(2026, 12, 31), date(2030, 1, 1)
RULES = Rules(30, 180, lead_team=2, partner_team=1, half_day_minutes=210, separate_pairs=True)
QUICK = Stop(seconds=None, rounds=2)


def firm(people: list[Inspector], last_team: tuple[str, ...], *qualifications: str, **more) -> Problem:
    check = Check("C", "O", "T", "市监", ("x",), FIRST, LAST, 60, qualifications=qualifications)
    places = (Object("O", "街道", "竹山", last_team=last_team),)
    return replace(Problem(AS_OF, FIRST, LAST, RULES, places, (check,), tuple(people)), **more)


def crowd(count: int, *holders: int) -> list[Inspector]:
    return [
        Inspector(f"P{n}", "市监", NEVER, qualifications=("食品",) if n in holders else ())
        for n in range(count)
    ]


def away(problem: Problem) -> set[str]:
    mask = barred(problem, problem.inspectors).get("O", 0)
    return {person.id for n, person in enumerate(problem.inspectors) if mask >> n & 1}


def test_of_the_last_pair_one_stays_eligible_and_a_public_number_says_who() -> None:
    problem = firm(crowd(5), ("P1", "P3"))
    first, second = pair_order("O", problem, ["P1", "P3"])
    assert away(problem) == {second}
    assert away(firm(crowd(5), ("P3", "P1"))) == {second}
    kept = {pair_order(f"O{n}", problem, ["P1", "P3"])[0] for n in range(20)}
    assert kept == {"P1", "P3"}
    assert away(replace(problem, rules=replace(RULES, separate_pairs=False))) == set()
    assert first not in away(problem)


def test_the_only_holder_of_a_qualification_is_the_one_who_may_come_again() -> None:
    for holder in (1, 3):
        assert away(firm(crowd(5, holder), ("P1", "P3"), "食品")) == {"P1", "P3"} - {f"P{holder}"}


def test_another_departments_people_of_last_time_are_no_pair_with_ours() -> None:
    people = [*crowd(4), Inspector("F1", "消防", NEVER)]
    assert away(firm(people, ("P1", "F1"))) == set()


def test_where_only_the_same_two_are_left_the_check_is_refused_with_numbers() -> None:
    roster = solve(firm(crowd(2), ("P0", "P1")), QUICK, "S")
    assert roster.visits == ()
    (missed,) = roster.unplaced
    assert missed.rules == ("same_pair",)
    assert "上次同去、本次不再一同前往 1 人" in missed.sentence
    assert "回避" not in missed.sentence


def test_each_reason_to_stay_away_is_counted_by_its_own_name() -> None:
    people = crowd(4)
    people[0] = replace(people[0], recused=("O",))
    people[1] = replace(people[1], districts=("别处",))
    (missed,) = solve(firm(people, ("P2", "P3")), QUICK, "S").unplaced
    for words in ("须回避 1 人", "不在当地执法 1 人", "上次同去、本次不再一同前往 1 人", "可派 1 人"):
        assert words in missed.sentence


def test_a_recusal_with_its_reason_keeps_its_person_away() -> None:
    people = crowd(3)
    people[0] = replace(people[0], recusals=(Recusal("O", "relative", "配偶是该企业股东"),))
    roster = solve(firm(people, ()), QUICK, "S")
    assert [group.eligible for group in roster.groups] == [("P1", "P2")]


@st.composite
def visited_towns(draw: st.DrawFn) -> Problem:
    """Towns in which somebody was at most firms before, and some people are related to some firms."""
    town = draw(towns(most_objects=20))
    names = [person.id for person in town.inspectors]
    teams = st.lists(st.sampled_from(names), min_size=0, max_size=4, unique=True).map(tuple)
    places = tuple(replace(each, last_team=draw(teams)) for each in town.objects)
    ids = st.sampled_from([each.object_id for each in places])
    related = draw(st.dictionaries(st.sampled_from(names), ids, max_size=4))
    people = tuple(
        replace(p, recusals=(Recusal(related[p.id], "relation", "本人持股"),)) if p.id in related else p
        for p in town.inspectors
    )
    rules = replace(town.rules, separate_pairs=True)
    return replace(town, objects=places, inspectors=people, rules=rules)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(visited_towns(), st.integers(0, 10**6))
def test_no_outcome_of_the_lottery_repeats_a_pair_or_sends_a_relative(problem: Problem, number: int) -> None:
    roster = solve(problem, QUICK, "S")
    teams = round_teams(team_table(problem, roster, "salt").content, f"{number:064x}")
    seats = tuple(
        Seat(g.visit, g.department, g.id, name) for g in roster.groups for name in teams[veiled("salt", g.id)]
    )
    assert check_roster(problem, replace(roster, seats=seats)) == []
    last = {place.object_id: set(place.last_team) for place in problem.objects}
    at = {visit.id: visit.object_id for visit in roster.visits}
    together: dict[tuple[str, str], set[str]] = {}
    for group in roster.groups:
        together.setdefault((group.visit, group.department), set()).update(group.eligible)
    assert all(len(people & last[at[visit]]) <= 1 for (visit, _), people in together.items())
