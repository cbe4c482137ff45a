"""Dividing a city: every check exactly once, no rule broken, and the same roster however many processes work."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.check import check_roster
from scheduling.districts import divide, join
from scheduling.limits import may_still_visit
from scheduling.parallel import solve_all, solve_any, solve_districts
from scheduling.problem import Check, HonestQuota, Inspector, Object, Problem, Rules
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from tests.scheduling.test_solve import staffed
from tests.scheduling.towns import Size, make_town, towns

FIRST, LAST, NEVER = date(2026, 10, 8), date(2026, 10, 30), date(2030, 1, 1)
RULES = Rules(spacing_days=30, recognition_days=180, lead_team=2, partner_team=1, half_day_minutes=210)
QUICK = Stop(seconds=None, rounds=2)
SMALL = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def cities(draw: st.DrawFn) -> Problem:
    """Small cities: streets of one district or of two, people of one district, of two, or of the whole city."""
    town = draw(towns(most_objects=30))
    astride = draw(st.booleans())
    objects = tuple(
        replace(o, cluster=o.cluster if astride and n % 7 == 0 else f"{o.district}{o.cluster}")
        for n, o in enumerate(town.objects)
    )
    reach = st.sampled_from(((), ("竹山",), ("松江",), ("梅林",), ("竹山", "梅林")))
    people = tuple(replace(i, districts=draw(reach)) for i in town.inspectors)
    return replace(town, objects=objects, inspectors=people)


@SMALL
@given(cities())
def test_a_divided_city_keeps_every_rule_and_every_check(city: Problem) -> None:
    roster = solve_districts(city, QUICK, "S", workers=1)
    assert check_roster(city, staffed(city, roster)) == []
    assert all(a.value >= a.bound - 1e-6 for a in roster.aims)


@SMALL
@given(cities())
def test_the_cut_loses_nothing_and_doubles_nothing(city: Problem) -> None:
    division = divide(city, "S")
    refused = [c for u in division.refused for c in u.checks]
    checks = [c.id for part in division.parts for c in part.problem.checks]
    assert Counter(checks + refused) == Counter(c.id for c in city.checks)
    assert Counter(o for p in division.parts for o in p.problem.objects) == Counter(city.objects)
    assert Counter(d for p in division.parts for d in p.districts) == Counter(
        {o.district for o in city.objects}
    )
    people = Counter(i.id for p in division.parts for i in p.problem.inspectors)
    assert set(people.values()) <= {1}
    serves = {i.id: set(i.districts) for i in city.inspectors}
    for part in division.parts:
        assert all(not serves[i.id] or serves[i.id] & set(part.districts) for i in part.problem.inspectors)


@SMALL
@given(cities())
def test_a_part_is_solved_as_if_it_were_alone(city: Problem) -> None:
    division = divide(city, "S")
    alone = [solve(part.problem, QUICK, "S") for part in division.parts]
    joined = join(city, division, alone, "S")
    assert replace(solve_districts(city, QUICK, "S", workers=1), history=()) == joined
    for part, roster in zip(division.parts, alone, strict=True):
        assert check_roster(part.problem, staffed(part.problem, roster)) == []


def city(count: int, people: tuple[Inspector, ...], districts: int = 2, **rules) -> Problem:
    objects = tuple(
        Object(f"O{n:03d}", f"街道{n % districts}", f"区{n % districts}", honest=True) for n in range(count)
    )
    checks = tuple(
        Check(f"C{n:03d}", f"O{n:03d}", "T", "市监", ("x",), FIRST, LAST, 60, urgency=1 + n % 4)
        for n in range(count)
    )
    as_of = date(2026, 9, 30)
    return Problem(as_of, FIRST, LAST, replace(RULES, **rules), objects, checks, people)


def officers(count: int, name: str, **more) -> tuple[Inspector, ...]:
    return tuple(Inspector(f"{name}{n}", "市监", NEVER, **more) for n in range(count))


def test_districts_under_one_daily_cap_stay_together() -> None:
    plain = city(12, officers(4, "甲"), districts=3)
    shared = tuple(replace(o, cluster="园区") if o.district in ("区0", "区2") else o for o in plain.objects)
    capped = replace(plain, objects=shared, rules=replace(plain.rules, cluster_day_cap=2))
    assert [p.districts for p in divide(capped, "S").parts] == [("区0", "区2"), ("区1",)]
    assert [p.districts for p in divide(replace(plain, objects=shared), "S").parts] == [
        ("区0",),
        ("区1",),
        ("区2",),
    ]


def test_the_honest_quota_is_decided_on_the_whole_city() -> None:
    """The most urgent are visited first wherever they are: a share for each district would refuse some of them."""
    quota = HonestQuota(40, 0, 0.8)
    problem = city(40, officers(8, "甲"), honest_quota=quota)
    roster = solve_districts(problem, QUICK, "S", workers=1)
    assert len(roster.visits) == may_still_visit(quota) == 8
    urgent = {c.object_id for c in problem.checks if c.urgency == 4}
    assert {v.object_id for v in roster.visits} <= urgent
    assert {v.object_id for v in roster.visits} == {v.object_id for v in solve(problem, QUICK, "S").visits}
    assert all("40 户" in u.sentence for u in roster.unplaced)


def test_people_of_the_whole_city_go_where_the_work_is() -> None:
    problem = city(40, (*officers(10, "市"), *officers(2, "甲", districts=("区0",))))
    few = tuple(c for c in problem.checks if int(c.object_id[1:]) % 2 or int(c.object_id[1:]) < 20)
    parts = divide(replace(problem, checks=few), "S").parts
    assert [len(p.problem.checks) for p in parts] == [10, 20]
    assert [len(p.problem.inspectors) for p in parts] == [4, 8]


def test_the_only_holder_goes_where_a_holder_is_needed() -> None:
    holder = Inspector("证", "市监", NEVER, ("特种设备",))
    problem = city(
        40, (*officers(6, "甲", districts=("区0",)), *officers(2, "乙", districts=("区1",)), holder)
    )
    needs = tuple(replace(c, qualifications=("特种设备",)) if c.id == "C001" else c for c in problem.checks)
    parts = divide(replace(problem, checks=needs), "S").parts
    assert "证" in {i.id for i in parts[1].problem.inspectors}


def test_a_scarce_holder_is_wanted_more_than_one_pair_of_hands() -> None:
    """District 1 has more work, but in district 0 one holder faces four food checks, there two one."""
    problem = city(44, (*officers(8, "甲", districts=("区0",)), *officers(8, "乙", districts=("区1",))))
    checks = tuple(
        replace(c, qualifications=("食品",)) if n < (8, 2)[n % 2] else c
        for n, c in enumerate(problem.checks)
        if n not in (40, 42)
    )
    held = tuple(
        replace(i, qualifications=("食品",)) if i.id in ("甲0", "乙0", "乙1") else i
        for i in problem.inspectors
    )
    free = Inspector("市", "市监", NEVER, ("食品",))
    parts = divide(replace(problem, checks=checks, inspectors=(*held, free)), "S").parts
    assert [len(p.problem.checks) for p in parts] == [20, 22]
    assert "市" in {i.id for i in parts[0].problem.inspectors}


def test_who_is_counted_where_is_left_to_tickets() -> None:
    problem = city(40, officers(10, "市"))
    first = [{i.id for i in divide(problem, f"S{n}").parts[0].problem.inspectors} for n in range(20)]
    assert {len(people) for people in first} == {5}
    assert len({frozenset(people) for people in first}) > 10


def test_one_and_two_processes_give_the_same_roster() -> None:
    problem = make_town(4, Size(60, 36))
    streets = tuple(replace(o, cluster=f"{o.district}{o.cluster}") for o in problem.objects)
    problem = replace(problem, objects=streets)
    told: list[tuple[str, float]] = []
    one = solve_districts(problem, QUICK, "S", workers=1)
    two = solve_districts(problem, QUICK, "S", 2, progress=lambda stage, share: told.append((stage, share)))
    assert one.visits
    assert replace(one, history=()) == replace(two, history=())
    assert told[-1][1] == 1.0
    assert len(two.history) == 3


def test_the_seconds_are_for_the_city() -> None:
    roster = solve_districts(city(60, officers(12, "甲")), Stop(seconds=1.0), "S", workers=1)
    assert len(roster.visits) == 60
    assert roster.stopped in ("seconds", "nothing_to_move")


def test_only_a_large_city_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, stop = city(20, officers(6, "甲")), Stop(seconds=None, rounds=2)
    assert "parts" not in solve_any(problem, stop, "S").statistics
    monkeypatch.setattr("scheduling.parallel.LARGE", 20)
    assert solve_any(problem, stop, "S").statistics["parts"] == 2
    assert "parts" not in solve_any(city(20, officers(6, "甲"), districts=1), stop, "S").statistics


def test_tasks_are_read_only_as_needed() -> None:
    read = []

    def endless():
        for n in range(10**6):
            read.append(n)
            yield city(4, officers(4, "甲")), QUICK, "S"

    done = solve_all(endless(), 1)
    assert [next(done)[0] for _ in range(3)] == [0, 1, 2]
    assert len(read) == 3


def test_a_dask_cluster_gives_the_same_roster() -> None:
    distributed = pytest.importorskip("distributed", reason="the extra `scale` is not installed")
    problem = replace(make_town(4, Size(40, 36)), rules=RULES)
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    )
    with cluster, distributed.Client(cluster) as client:
        there = solve_districts(problem, QUICK, "S", client=client)
    here = solve_districts(problem, QUICK, "S", workers=1)
    assert replace(there, history=()) == replace(here, history=())


def test_the_teams_of_all_parts_can_be_seated_together() -> None:
    problem = replace(make_town(3, Size(60, 36, limited=0.0)), rules=RULES)
    roster = solve_districts(problem, QUICK, "S", workers=1)
    assert seat_everybody(roster.groups, problem.inspectors).short == ()


@pytest.mark.parametrize("people", [63, 64, 65])
def test_the_sixty_fourth_inspector_is_counted_like_any_other(people: int) -> None:
    """Masks of 64 people fit no signed machine word: they are counted as plain integers."""
    problem = city(8, officers(people - 1, "甲"), districts=1)
    holder = Inspector("证", "市监", NEVER, ("特种设备",))
    scarce = tuple(
        replace(c, qualifications=("特种设备",) if n % 2 else ("食品",)) for n, c in enumerate(problem.checks)
    )
    cook = replace(problem.inspectors[0], qualifications=("食品",))
    problem = replace(problem, checks=scarce, inspectors=(cook, *problem.inspectors[1:], holder))
    roster = solve(problem, QUICK, "S")
    assert len(roster.visits) == 8
    assert check_roster(problem, staffed(problem, roster)) == []
