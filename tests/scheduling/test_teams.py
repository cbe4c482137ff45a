"""Probabilities of the team lottery: fair, feasible, certified; and who is short where they cannot be."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.linear_solver import pywraplp

from scheduling.draw import DrawFault, digest
from scheduling.rounding import read_team_table
from scheduling.teams import SeatGroup, Staff, TeamShortage, publish_probabilities, team_table_hash
from tests.scheduling.lottery import small_team_table

PEOPLE = [f"P{number:02d}" for number in range(8)]


@st.composite
def rosters(draw):
    """Small rosters, manned or not: scarce certificates, several groups a slot, tight caps."""
    count = draw(st.integers(1, 7))
    groups = [
        SeatGroup(
            f"V{number}",
            draw(st.sampled_from(["d1/am", "d1/pm", "d2/am"])),
            draw(st.integers(1, 2)),
            tuple(draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=6, unique=True))),
        )
        for number in range(count)
    ]
    return groups, [Staff(name, draw(st.integers(0, 3))) for name in PEOPLE]


def best_ratio(groups, staff):
    """The bound by a linear program of its own (GLOP): maximise t with chance >= t x equal share.

    None where the groups cannot be manned.
    """
    solver = pywraplp.Solver.CreateSolver("GLOP")
    ratio = solver.NumVar(0, 1, "")
    chance = {(g.id, name): solver.NumVar(0, 1, "") for g in groups for name in g.eligible}
    for g in groups:
        solver.Add(sum(chance[g.id, name] for name in g.eligible) == g.need)
        for name in g.eligible:
            solver.Add(chance[g.id, name] * len(g.eligible) >= ratio * g.need)
    for person in staff:
        mine = [g for g in groups if person.id in g.eligible]
        solver.Add(sum(chance[g.id, person.id] for g in mine) <= person.cap)
        for slot in {g.slot for g in mine}:
            solver.Add(sum(chance[g.id, person.id] for g in mine if g.slot == slot) <= 1)
    solver.Maximize(ratio)
    return solver.Objective().Value() if solver.Solve() == solver.OPTIMAL else None


def rule_broken(table):
    """The first hard rule on sums that the table breaks, found the slow way."""
    whole = table.denominator
    for group in table.groups:
        chances = [table.chances[group.id, name] for name in group.eligible]
        if sum(chances) != group.need * whole or not all(0 <= chance <= whole for chance in chances):
            return group
    for person in table.staff:
        mine = [g for g in table.groups if person.id in g.eligible]
        if sum(table.chances[g.id, person.id] for g in mine) > person.cap * whole:
            return person
        for slot in {g.slot for g in mine}:
            if sum(table.chances[g.id, person.id] for g in mine if g.slot == slot) > whole:
                return person, slot
    return None


@settings(max_examples=120, deadline=None)
@given(rosters())
def test_table_is_feasible_and_reaches_the_certified_bound(roster):
    groups, staff = roster
    best = best_ratio(groups, staff)
    if best is None:
        with pytest.raises(TeamShortage):
            publish_probabilities(groups, staff)
        return
    table = publish_probabilities(groups, staff)
    assert rule_broken(table) is None
    assert table.achieved <= table.bound + Fraction(1, 10**9)
    assert float(table.bound) == pytest.approx(best, abs=1e-6)
    assert float(table.achieved) >= best - 1e-4
    assert read_team_table(table.content).chances == table.chances


def manned(groups, staff):
    """Whether all groups can be manned, by trying every choice."""
    if not groups:
        return True
    first, rest = groups[0], groups[1:]
    caps = {person.id: person.cap for person in staff}

    def fill(seats, busy, load):
        if not seats:
            return True
        group = seats[0]
        return any(
            fill(seats[1:], busy | {(name, group.slot)}, {**load, name: load.get(name, 0) + 1})
            for name in group.eligible
            if (name, group.slot) not in busy and load.get(name, 0) < caps[name]
        )

    return fill([g for g in (first, *rest) for _ in range(g.need)], frozenset(), {})


@settings(max_examples=120, deadline=None)
@given(rosters())
def test_a_shortage_names_groups_that_cannot_be_manned_and_no_group_too_many(roster):
    groups, staff = roster
    if best_ratio(groups, staff) is not None:
        return
    with pytest.raises(TeamShortage) as raised:
        publish_probabilities(groups, staff)
    short, named = raised.value, list(raised.value.groups)
    assert not manned(named, staff)
    assert all(manned([g for g in named if g is not one], staff) for one in named)
    assert short.need == sum(g.need for g in named) > short.available
    assert all(group.id in str(short) for group in named[:8])
    assert all(slot in short.zh and slot in short.en for slot in short.slots)


def test_shortage_in_one_slot_is_told_with_slot_groups_and_people():
    groups = [
        SeatGroup("V1/lead", "2026-12-03/am", 1, ("P1",)),
        SeatGroup("V2/lead", "2026-12-03/am", 1, ("P1",)),
        SeatGroup("V3/rest", "2026-12-03/am", 1, ("P1", "P2", "P3")),
        SeatGroup("V4/rest", "2026-12-03/pm", 2, ("P1", "P2", "P3")),
    ]
    with pytest.raises(TeamShortage) as short:
        publish_probabilities(groups, [Staff(f"P{number}", 9) for number in (1, 2, 3)])
    assert [group.id for group in short.value.groups] == ["V1/lead", "V2/lead"]
    assert (short.value.slots, short.value.need, short.value.available) == (("2026-12-03/am",), 2, 1)
    assert "缺 1" in short.value.zh
    assert "1 short" in short.value.en


def test_shortage_from_workload_caps_over_several_slots():
    groups = [SeatGroup(f"V{number}", f"d{number}", 1, ("P1", "P2")) for number in range(5)]
    with pytest.raises(TeamShortage) as short:
        publish_probabilities(groups, [Staff("P1", 2), Staff("P2", 2)])
    assert (short.value.need, short.value.available) == (5, 4)


def test_equal_people_have_exactly_equal_chances_where_nothing_is_scarce():
    groups = [SeatGroup(f"V{number:02d}", f"d{number % 5}", 2, tuple(PEOPLE)) for number in range(10)]
    table = publish_probabilities(groups, [Staff(name, 10) for name in PEOPLE])
    assert set(table.chances.values()) == {table.denominator // 4}
    assert table.bound == table.achieved == 1


def test_scarcity_that_makes_a_name_certain_is_shown_and_the_rest_stays_even():
    groups = [SeatGroup("V1", "d1", 1, ("P1",)), SeatGroup("V2", "d1", 1, ("P1", "P2", "P3", "P4"))]
    table = publish_probabilities(groups, [Staff(f"P{number}", 3) for number in (1, 2, 3, 4)])
    assert table.certain == (("V1", "P1"),)
    assert table.probability("V2", "P1") == 0 == table.achieved
    assert all(abs(table.probability("V2", f"P{n}") - Fraction(1, 3)) < Fraction(1, 10**3) for n in (2, 3, 4))


def test_after_the_smallest_the_next_smallest_is_raised():
    """P1 is scarce in slot d1; slot d2 has its own, milder scarcity that must not be lost behind the first."""
    groups = [
        SeatGroup("A", "d1", 1, ("P1", "P2")),
        SeatGroup("B", "d1", 1, ("P1", "P2")),
        SeatGroup("C", "d1", 1, ("P1", "P2", "P3", "P4", "P5")),
        SeatGroup("D", "d2", 2, ("P3", "P4", "P5")),
        SeatGroup("E", "d2", 1, ("P3", "P4", "P5", "P6")),
    ]
    table = publish_probabilities(groups, [Staff(f"P{number}", 5) for number in range(1, 7)])
    assert table.achieved == 0 == table.probability("C", "P1")
    # In slot d2 the three share three seats with P6: ratio t with 3 t (2/3 + 1/4) = 3 - (1 - 3 t / 4) at most.
    ratios = [table.probability("E", f"P{n}") * 4 for n in (3, 4, 5)]
    assert max(ratios) - min(ratios) < Fraction(1, 100)
    assert min(ratios) > Fraction(9, 10)


def test_table_does_not_depend_on_the_order_of_its_input():
    table = small_team_table()
    again = publish_probabilities(
        [group._replace(eligible=group.eligible[::-1]) for group in table.groups[::-1]], table.staff[::-1]
    )
    assert again.content == table.content
    assert table.hash == team_table_hash(table.content) == digest(table.content)


@settings(max_examples=60, deadline=None)
@given(rosters(), rosters())
def test_lotteries_that_share_nobody_are_bound_by_the_tighter_of_the_two(one, other):
    """Two departments in one table: each keeps its own bound, and the table's is the smaller."""
    groups = [g._replace(id=f"B{g.id}", eligible=tuple(f"B{name}" for name in g.eligible)) for g in other[0]]
    staff = [Staff(f"B{person.id}", person.cap) for person in other[1]]
    try:
        apart = [publish_probabilities(*one), publish_probabilities(groups, staff)]
    except TeamShortage:
        with pytest.raises(TeamShortage):
            publish_probabilities([*one[0], *groups], [*one[1], *staff])
        return
    both = publish_probabilities([*one[0], *groups], [*one[1], *staff])
    assert both.bound == min(each.bound for each in apart)
    assert both.achieved >= min(each.achieved for each in apart) - Fraction(1, 10**4)
    assert rule_broken(both) is None


def test_no_group_is_an_empty_table():
    table = publish_probabilities([], [Staff("P1", 1)])
    assert table.content.decode().split("\n")[1:] == ["inspector,P1,1", ""]


@pytest.mark.parametrize(
    "groups",
    [
        [SeatGroup("V", "d", 1, ("P1", "P1"))],
        [SeatGroup("V", "d", 1, ("P9",))],
        [SeatGroup("V", "d", 0, ("P1",))],
        [SeatGroup("V", "d,e", 1, ("P1",))],
        [SeatGroup("V\n", "d", 1, ("P1",))],
        [SeatGroup("V", "d", 1, ("P1",)), SeatGroup("V", "e", 1, ("P1",))],
    ],
)
def test_bad_input_is_refused(groups):
    with pytest.raises(DrawFault):
        publish_probabilities(groups, [Staff("P1", 3)])
