"""Conflicts: proved by a sum that an independent program adds up, smallest, and with remedies that work when tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from scheduling.check import check_roster
from scheduling.check_conflict import check_conflicts
from scheduling.conflict_record import Claim, Conflict, Prices
from scheduling.conflict_words import conflict_text
from scheduling.explain import WEAKEST_FIRST, find_conflicts, still_conflicts
from scheduling.measures import apply
from scheduling.prepared import Prepared, prepare
from scheduling.problem import (
    Problem,
    Roster,
    problem_from_json,
    problem_to_json,
    roster_from_json,
    roster_to_json,
)
from scheduling.shortage_proof import prove
from scheduling.solve import Stop, solve
from tests.scheduling.short_towns import KINDS, easy_town
from tests.scheduling.towns import towns

QUICK = Stop(seconds=None, rounds=2)
PRICED = replace(QUICK, remedies=Prices())
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def short_town(kind: str) -> Problem:
    return KINDS[kind][0](easy_town(3, 30, 72))


@pytest.fixture(scope="module", params=KINDS)
def case(request) -> tuple[str, Problem, Roster]:
    problem = short_town(request.param)
    return request.param, problem, solve(problem, PRICED, "S")


def planted(kind: str, roster: Roster) -> list[Conflict]:
    return [c for c in roster.conflicts if set(c.rules) == KINDS[kind][1]]


def test_an_easy_town_has_no_conflict() -> None:
    roster = solve(easy_town(3, 30, 72), PRICED, "S")
    assert roster.unplaced == ()
    assert roster.conflicts == ()
    assert "没有冲突" in conflict_text(roster.conflicts)


def test_the_planted_conflict_is_named_with_its_number(case) -> None:
    kind, _, roster = case
    found = planted(kind, roster)
    assert found == list(roster.conflicts)
    assert all(c.proved for c in found)
    assert sum(c.missing for c in found) == KINDS[kind][2] == len(roster.unplaced)


def test_every_proof_adds_up_for_the_independent_checker(case) -> None:
    _, problem, roster = case
    assert check_conflicts(problem, roster) == []


def test_every_named_rule_is_needed(case) -> None:
    kind, problem, roster = case
    prepared = prepare(problem, "S")
    place = {tuple(c.id for c in v.checks): n for n, v in enumerate(prepared.visits)}
    for conflict in planted(kind, roster):
        visits = [place[claim.checks] for claim in conflict.visits]
        if conflict.supplies:
            assert still_conflicts(prepared, visits, conflict.rules)
        assert set(conflict.rules) <= set(WEAKEST_FIRST)
        for rule in conflict.rules:
            assert not still_conflicts(prepared, visits, [r for r in conflict.rules if r != rule]), rule


def test_no_supply_can_be_left_out_of_the_sum(case) -> None:
    _, _, roster = case
    for conflict in roster.conflicts:
        for supply in conflict.supplies:
            fewer = [s for s in conflict.supplies if s is not supply]
            units = {c.object_id: c.least for c in conflict.visits}
            assert sum(s.weight * s.holds for s in fewer) < conflict.supply or supply.holds == 0
            assert units


def test_each_remedy_really_places_the_visits(case) -> None:
    kind, problem, roster = case
    for conflict in roster.conflicts:
        assert len(conflict.remedies) >= 2, kind
        assert [r.price for r in conflict.remedies] == sorted(r.price for r in conflict.remedies)
        others = {c for other in roster.conflicts if other is not conflict for c in other.left_out}
        for remedy in conflict.remedies:
            alone = replace(problem, checks=tuple(c for c in problem.checks if c.id not in others))
            changed = apply(alone, remedy.measures)
            again = solve(changed, replace(QUICK, rounds=12, first_feasible=True), "T")
            assert again.unplaced == (), f"{kind}: {remedy.sentence}"
            assert check_roster(changed, again, teams=False) == []
            assert remedy.price == pytest.approx(sum(m.price for m in remedy.measures), abs=0.01)


def test_remedies_name_no_inspector(case) -> None:
    _, problem, roster = case
    names = {i.id for i in problem.inspectors}
    for remedy in (r for c in roster.conflicts for r in c.remedies):
        assert not any(name in remedy.sentence for name in names)


def test_the_planners_sentence_has_the_planners_numbers() -> None:
    roster = solve(short_town("scarce holders"), QUICK, "S")
    (conflict,) = roster.conflicts
    for words in ("东湖", "41 次", "锅炉", "3 个可排日", "11月26日", "4 人", "至多 24", "17 次排不下"):
        assert words in conflict.sentence


def test_people_are_borrowed_from_a_department_that_can_spare_them() -> None:
    (conflict,) = solve(short_town("scarce holders"), PRICED, "S").conflicts
    lent = [m for r in conflict.remedies for m in r.measures if m.kind == "borrow"]
    assert lent
    assert all(m.qualifications == ("锅炉",) for m in lent)
    assert any(m.lender == "消防" for m in lent if m.amount <= 3)


def test_dearer_people_are_not_the_first_choice() -> None:
    dear = Prices(borrowed_day=1000.0, borrowed_person=1000.0)
    (conflict,) = solve(short_town("scarce holders"), replace(QUICK, remedies=dear), "S").conflicts
    assert all(m.kind != "borrow" for m in conflict.remedies[0].measures)


def test_spacing_is_shortened_only_where_policy_allows_it() -> None:
    problem = short_town("quiet month")
    places = tuple(
        replace(o, last_visit=date(2026, 9, 25)) if o.object_id.startswith("加") else o
        for o in problem.objects
    )
    checks = tuple(
        replace(c, window_from=date(2026, 10, 9), window_to=date(2026, 10, 20)) if c.task_id == "加" else c
        for c in problem.checks
    )
    soon = replace(problem, objects=places, checks=checks, quiet_rules=())
    kinds = {}
    for least in (None, 20):
        roster = solve(soon, replace(QUICK, remedies=Prices(least_spacing_days=least)), "S")
        measures = [m for c in roster.conflicts for r in c.remedies for m in r.measures]
        kinds[least] = {m.kind for m in measures}
        assert all(m.amount >= 20 for m in measures if m.kind == "spacing")
    assert "spacing" not in kinds[None]
    assert "spacing" in kinds[20]


def test_a_deadline_that_the_law_sets_is_never_extended() -> None:
    problem = short_town("scarce holders")
    free = solve(problem, PRICED, "S")
    assert any(m.kind == "window" for c in free.conflicts for r in c.remedies for m in r.measures)
    bound = replace(problem, checks=tuple(replace(c, statutory=True) for c in problem.checks))
    roster = solve(bound, PRICED, "S")
    assert roster.conflicts[0].missing == free.conflicts[0].missing
    assert not any(m.kind == "window" for c in roster.conflicts for r in c.remedies for m in r.measures)


def test_conflicts_survive_the_file_and_repeat() -> None:
    problem = short_town("crowded park")
    roster = solve(problem, PRICED, "S")
    assert roster_from_json(roster_to_json(roster)).conflicts == roster.conflicts
    assert solve(problem_from_json(problem_to_json(problem)), PRICED, "S").conflicts == roster.conflicts


def test_time_ends_the_search_for_remedies_but_not_the_proof() -> None:
    roster = solve(short_town("scarce holders"), replace(PRICED, remedy_seconds=0.0), "S")
    assert roster.conflicts[0].missing == 17
    assert roster.conflicts[0].remedies == ()


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(towns())
def test_everything_unplaced_is_in_one_conflict_that_adds_up(problem: Problem) -> None:
    roster = solve(problem, QUICK, "S")
    assert check_conflicts(problem, roster) == []
    assert bool(roster.conflicts) == bool(roster.unplaced)
    for conflict in roster.conflicts:
        assert conflict.rules
        assert conflict.sentence
        assert conflict.missing <= len(conflict.left_out)
        assert conflict.proved or not conflict.missing


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(towns(most_objects=12))
def test_no_plan_places_more_than_a_proof_allows(problem: Problem) -> None:
    """The proofs are made before any plan and must hold for whatever plan comes out."""
    prepared = prepare(problem, "S")
    proofs = prove(prepared.dates, range(len(prepared.visits)))
    placed = {v.id for v in solve(problem, Stop(seconds=None, rounds=4), "S").visits}
    for proof in proofs:
        inside = [prepared.visits[v].id for v in proof.visits]
        assert sum(v not in placed for v in inside) >= proof.missing


def broken(roster: Roster, **change) -> Roster:
    first, *rest = roster.conflicts
    return replace(roster, conflicts=(replace(first, **change), *rest))


def test_a_false_proof_is_found_out() -> None:
    problem = short_town("scarce holders")
    roster = solve(problem, QUICK, "S")
    (conflict,) = roster.conflicts
    supply, claim = conflict.supplies[0], conflict.visits[0]
    lies = {
        "a supply made smaller": {"supplies": (replace(supply, holds=supply.holds - 8),)},
        "a day kept back": {"supplies": (replace(supply, days=supply.days[1:]),)},
        "a visit that takes more": {"visits": (replace(claim, least=claim.least + 1), *conflict.visits[1:])},
        "a sum that is wrong": {"demand": conflict.demand + 1},
        "more missing than proved": {"missing": conflict.missing + 1},
        "a gap left out": {"left_out": conflict.left_out[1:]},
        "too few visits": {"visits": conflict.visits[:24], "demand": 24},
    }
    for name, lie in lies.items():
        found = check_conflicts(problem, broken(roster, **lie))
        assert found, name
        assert all(v.rule == "conflict" for v in found)
    spare = tuple(replace(i, qualifications=(*i.qualifications, "锅炉")) for i in problem.inspectors)
    assert check_conflicts(replace(problem, inspectors=spare), roster)


def test_a_claim_is_plain_data() -> None:
    assert Claim("O", ("C",), 2).least == 2


def test_gaps_without_a_sum_are_told_as_unproved() -> None:
    """One visit taken out of a full plan by hand: nothing proves that it could not be placed."""
    problem = easy_town(3, 10, 24)
    prepared: Prepared = prepare(problem, "S")
    roster = solve(problem, QUICK, "S")
    assert roster.unplaced == ()
    slot = np.arange(len(prepared.visits))
    slot[0] = -1
    from scheduling.problem import Unplaced

    missed = Unplaced(
        tuple(c.id for c in prepared.visits[0].checks), prepared.visits[0].object_id, ("capacity",), "1", "2"
    )
    (found,) = find_conflicts(prepared, slot, [missed])
    assert not found.conflict.proved
    assert "未证明" in found.conflict.sentence
