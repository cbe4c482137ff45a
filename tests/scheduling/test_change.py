"""Change with least disturbance: whatever happens, no rule breaks, little moves, and everything says why."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from scheduling.change import change_roster
from scheduling.changed import Changed
from scheduling.check import check_roster
from scheduling.check_change import check_change
from scheduling.disturbances import Change, change_from_json, change_to_json
from scheduling.draw import DrawFault
from scheduling.problem import Problem, Roster
from scheduling.seat_file import check_seat_file, seat_file
from scheduling.seat_tickets import Capacity, EmptySeat, Filling, SeatPlace, fill_seats, seat_ticket
from scheduling.seating import seat_everybody
from scheduling.solve import Stop, solve
from tests.scheduling.disturbed_towns import disturb
from tests.scheduling.towns import FIRST, towns

SHARE = 0.05
QUICK = Stop(seconds=None, rounds=1)


def seated(problem: Problem) -> Roster:
    """A roster with some feasible teams, in place of the lottery's."""
    roster = solve(problem, QUICK, "S")
    return replace(roster, seats=seat_everybody(roster.groups, problem.inspectors).seats)


def judged(problem: Problem, roster: Roster, change: Change, share: float = SHARE) -> Changed:
    """The change, judged by both independent checkers."""
    changed = change_roster(problem, roster, change, share)
    note(f"{change} {changed.disturbed}")
    assert check_roster(changed.problem, changed.roster, teams=bool(roster.seats)) == []
    assert check_change(problem, roster, change, changed) == []
    assert not any(i.id in d.sentence for d in changed.desks for i in problem.inspectors)
    return changed


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns(), st.integers(0, 2**20), st.integers(0, 40), st.integers(1, 12), st.booleans())
def test_whatever_happens_the_rules_hold_and_little_moves(
    problem: Problem, seed: int, passed: int, count: int, drawn: bool
) -> None:
    roster = seated(problem) if drawn else solve(problem, QUICK, "S")
    as_of = min(FIRST + timedelta(days=passed), problem.last_day)
    change = disturb(seed, problem, roster, as_of, count)
    first = judged(problem, roster, change)
    again = change_roster(problem, roster, change_from_json(change_to_json(change)), SHARE)
    assert again == first
    later = min(as_of + timedelta(days=3), first.problem.last_day)
    judged(first.problem, first.roster, disturb(seed + 1, first.problem, first.roster, later, 3))


def outsiders_seats(content: bytes) -> list[list[object]]:
    """Seat tickets as docs/roster-change.md tells them, written again from that page alone."""
    facts = json.loads(content)
    places = {p["group"]: p for p in facts["places"]}
    sits: list[tuple[str, str]] = [(person, group) for group, person in facts["sitting"]]
    given: dict[tuple[str, int], str] = {}

    def order(seat: tuple[str, int]) -> tuple[str, str, str, int]:
        place = places[seat[0]]
        return place["day"], place["slot"], seat[0], seat[1]

    def free(person: str, group: str) -> bool:
        half_days, visits = facts["limits"][person]
        mine = [places[g] for p, g in [*sits, *((p, g) for (g, _), p in given.items())] if p == person]
        place = places[group]
        today = [p for p in mine if p["day"] == place["day"]]
        if visits is not None and len(mine) + facts["elsewhere"].get(person, 0) >= visits:
            return False
        if sum(len(p["halves"]) for p in today) + len(place["halves"]) > half_days:
            return False
        return all(p["slot"] != place["slot"] and not set(p["halves"]) & set(place["halves"]) for p in today)

    def fill(seat: tuple[str, int], asked: set[tuple[str, tuple[str, int]]], links: int) -> bool:
        group, number = seat
        words = (f"{facts['state']},seat,{group},{number},{p}" for p in places[group]["eligible"])
        ranked = sorted((hashlib.sha256(w.encode()).hexdigest(), w.rpartition(",")[2]) for w in words)
        for _, person in ranked:
            if free(person, group):
                given[seat] = person
                return True
        for _, person in ranked if links < 40 else ():
            for other in sorted((s for s, p in given.items() if p == person), key=order):
                if (person, other) in asked:
                    continue
                del given[other]
                if free(person, group):
                    asked.add((person, other))
                    given[seat] = person
                    if fill(other, asked, links + 1):
                        return True
                    del given[seat]
                given[other] = person
        return False

    for seat in sorted(((g, n) for g, n in facts["empty"]), key=order):
        fill(seat, set(), 0)
    return sorted([g, n, p] for (g, n), p in given.items())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(towns(), st.integers(0, 2**20), st.integers(1, 12))
def test_an_outsider_replays_every_seat(problem: Problem, seed: int, count: int) -> None:
    roster = seated(problem)
    change = disturb(seed, problem, roster, min(FIRST + timedelta(days=9), problem.last_day), count)
    changed = change_roster(problem, roster, change, SHARE, "a public state", lambda word: f"G{word}")
    if not roster.seats:
        assert changed.filling is None
        return
    assert changed.filling is not None
    content = seat_file(changed.filling, changed.replaced_by_cause())
    taken = outsiders_seats(content)
    assert json.loads(content)["taken"] == taken
    check_seat_file(content, "seats.json", "a public state")
    old = {(f"G{s.group}", s.inspector) for s in roster.seats}
    new = {(f"G{s.group}", s.inspector) for s in changed.roster.seats}
    assert new - old <= {(group, person) for group, _, person in taken}


@pytest.mark.parametrize("harm", ["taken", "state", "eligible", "json"])
def test_a_changed_file_of_seats_is_found_out(harm: str) -> None:
    places = {
        g: SeatPlace(g, "2026-10-12/am", "2026-10-12", ("am",), ("甲", "乙", "丙")) for g in ("G1", "G2")
    }
    limits = {name: Capacity(2, None) for name in ("甲", "乙", "丙")}
    filling = Filling("S", places, [], {}, limits, [EmptySeat("G1", 1), EmptySeat("G2", 1)])
    content = seat_file(filling, {"人员缺勤": 2})
    check_seat_file(content, "seats-2.json", "S")
    facts = json.loads(content)
    people = [name for _, _, name in facts["taken"]]
    if harm == "taken":
        facts["taken"][0][2] = next(name for name in limits if name not in people)
    elif harm == "state":
        facts["state"] = "another"
    elif harm == "eligible":
        facts["places"][0]["eligible"].remove(people[0])
    broken = b"[" if harm == "json" else json.dumps(facts, ensure_ascii=False).encode()
    with pytest.raises(DrawFault):
        check_seat_file(broken, "seats-2.json", "S")


def test_a_chain_seats_everybody_where_the_smallest_tickets_would_get_stuck() -> None:
    """G1 accepts 甲 and 乙, G2 only whoever G1 took first: in every state both are seated."""
    limits = {name: Capacity(2, None) for name in ("甲", "乙")}
    chained = 0
    for n in range(20):
        for only in limits:
            places = {
                "G1": SeatPlace("G1", "2026-10-12/am", "2026-10-12", ("am",), ("甲", "乙")),
                "G2": SeatPlace("G2", "2026-10-12/am", "2026-10-12", ("am",), (only,)),
            }
            filling = Filling(f"S{n}", places, [], {}, limits, [EmptySeat("G1", 1), EmptySeat("G2", 1)])
            taken = fill_seats(filling)
            assert set(taken.values()) == {"甲", "乙"}
            first = min(limits, key=lambda p: seat_ticket(f"S{n}", "G1", 1, p))
            chained += first == only
    assert chained == 20
