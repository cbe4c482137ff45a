"""The team lottery: exactly the published probabilities, and every hard rule in every outcome."""

import hashlib
from collections import Counter
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from scheduling.draw import DrawFault
from scheduling.rounding import (
    HashChance,
    replace_seat,
    round_table,
    round_teams,
    team_commitment,
    team_state,
)
from scheduling.team_table import read_team_table, team_table_hash
from scheduling.teams import SeatGroup, Staff, TeamShortage, publish_probabilities
from tests.scheduling.lottery import small_team_table
from tests.scheduling.test_teams import rosters


def state(number):
    return hashlib.sha256(f"state {number}".encode()).hexdigest()


class EveryOutcome:
    """Chance that runs through all coin throws, each with its exact weight; the order stays as it is."""

    def __init__(self, choices):
        self.choices, self.at, self.weight, self.open = choices, 0, Fraction(1), []

    def shuffle(self, items):
        """One fixed order is enough: the probabilities hold for every order."""

    def forward(self, up, down):
        assert up > 0 < down
        choice = self.choices[self.at] if self.at < len(self.choices) else True
        if self.at >= len(self.choices):
            self.open.append(self.at)
        self.at += 1
        self.weight *= Fraction(down if choice else up, up + down)
        return choice


def all_outcomes(table):
    """Every outcome with its exact probability, by depth-first search over the coin throws."""
    pending = [[]]
    while pending:
        chance = EveryOutcome(choices := pending.pop())
        teams = round_table(table, chance)
        yield teams, chance.weight
        taken = choices + [True] * len(chance.open)
        pending += [[*taken[:at], False] for at in chance.open]


def rules_broken(table, teams):
    staff = {person.id: person.cap for person in table.staff}
    seats = [(group, name) for group in table.groups for name in teams[group.id]]
    slots = Counter((name, group.slot) for group, name in seats)
    loads = Counter(name for _, name in seats)
    return [
        *(
            g.id
            for g in table.groups
            if len(set(teams[g.id])) != g.need or not set(teams[g.id]) <= set(g.eligible)
        ),
        *(slot for slot, count in slots.items() if count > 1),
        *(name for name, count in loads.items() if count > staff[name]),
    ]


def assert_exact(table):
    total, chances = Fraction(0), Counter()
    for teams, weight in all_outcomes(table):
        assert rules_broken(table, teams) == []
        total += weight
        for group, names in teams.items():
            for name in names:
                chances[group, name] += weight
    assert total == 1
    assert all(chances[seat] == Fraction(chance, table.denominator) for seat, chance in table.chances.items())


def test_every_probability_is_exactly_the_published_one():
    assert_exact(small_team_table())


def test_exact_also_where_caps_tie_the_slots_together():
    """Two inspectors of cap 1 and two of cap 2 over four half-days: the hub and the caps carry fractions."""
    groups = [SeatGroup(f"V{n}", f"d{n}", 1, ("P1", "P2", "P3", "P4")) for n in range(4)]
    assert_exact(
        publish_probabilities(groups, [Staff("P1", 1), Staff("P2", 1), Staff("P3", 2), Staff("P4", 2)])
    )


@settings(max_examples=80, deadline=None)
@given(rosters(), st.integers(0, 10**6))
def test_hard_rules_hold_in_every_outcome(roster, number):
    try:
        table = publish_probabilities(*roster)
    except TeamShortage:
        return
    teams = round_teams(table.content, state(number))
    assert rules_broken(table, teams) == []
    assert all(table.chances[group, name] > 0 for group, names in teams.items() for name in names)


def test_frequencies_over_many_seeds_match_the_published_probabilities():
    table, runs = small_team_table(), 4000
    seen = Counter()
    for number in range(runs):
        seen.update(
            (group, name)
            for group, names in round_table(table, HashChance(state(number))).items()
            for name in names
        )
    for group in table.groups:
        odds = [float(table.probability(group.id, name)) for name in group.eligible]
        counts = [seen[group.id, name] for name in group.eligible]
        assert all(count == runs * odd for count, odd in zip(counts, odds, strict=True) if odd in (0, 1))
        loose = [(c, p) for c, p in zip(counts, odds, strict=True) if 0 < p < 1]
        for count, odd in loose:
            assert abs(count - runs * odd) < 4.5 * (runs * odd * (1 - odd)) ** 0.5


def test_all_pairs_of_20_inspectors_occur():
    """C-12: of the 190 pairs a fixed order gives only some; here at least 95 % over 2,000 visits."""
    people = tuple(f"P{number:02d}" for number in range(20))
    groups = [SeatGroup(f"V{number:04d}", f"d{number // 5:03d}", 2, people) for number in range(2000)]
    table = publish_probabilities(groups, [Staff(name, 200) for name in people])
    teams = round_teams(table.content, state("pairs"))
    pairs = Counter(pair for names in teams.values() for pair in combinations(names, 2))
    print(f"C-12: {len(pairs)} of the 190 pairs of 20 inspectors occur over 2,000 visits")
    assert len(pairs) >= 0.95 * 190
    assert Counter(name for names in teams.values() for name in names) == Counter(dict.fromkeys(people, 200))
    statistic = sum((pairs[pair] - 2000 / 190) ** 2 / (2000 / 190) for pair in combinations(people, 2))
    assert 0.001 <= chi2.sf(statistic, 189) <= 0.999


def test_one_visit_alone_can_be_given_to_any_pair():
    """Dependent rounding in a fixed order never sends neighbours on the list together."""
    people = tuple(f"P{number}" for number in range(6))
    table = publish_probabilities([SeatGroup("V", "d", 2, people)], [Staff(name, 1) for name in people])
    pairs = Counter(round_table(table, HashChance(state(number)))["V"] for number in range(1500))
    assert len(pairs) == 15
    assert 0.001 <= chi2.sf(sum((count - 100) ** 2 / 100 for count in pairs.values()), 14) <= 0.999


def test_same_state_same_teams_and_other_state_other_teams():
    table = small_team_table().content
    outcomes = {tuple(sorted(round_teams(table, state(number)).items())) for number in range(20)}
    assert round_teams(table, state(1)) == round_teams(table, state(1))
    assert len(outcomes) > 3


DOCUMENTED = """\
wurao-team-1,12
inspector,P1,1
inspector,P2,1
inspector,P3,2
inspector,P4,2
group,V1/lead,2026-12-08/am,1
group,V1/rest,2026-12-08/am,1
group,V2/rest,2026-12-08/pm,2
seat,V1/lead,P1,6
seat,V1/lead,P2,6
seat,V1/rest,P1,1
seat,V1/rest,P2,1
seat,V1/rest,P3,5
seat,V1/rest,P4,5
seat,V2/rest,P1,4
seat,V2/rest,P2,4
seat,V2/rest,P3,8
seat,V2/rest,P4,8
"""


def test_the_example_of_the_format_page():
    """docs/draw-format.md: a change of the walk or of the random numbers breaks every published lottery."""
    table = DOCUMENTED.encode()
    commitment = team_commitment(team_table_hash(table))
    seeded = team_state(commitment, "2026-12-05 dice 1 2 3 4 5 6")
    assert team_table_hash(table) == "292d658e6590c7a2db5e7f1921ac67a9334d42b466eac04086bdf7669d335a99"
    assert commitment == "00a9a24eedf60bfd78d57626cac4d523bc0af52b8438f0dfdb322c69c57c0f6c"
    assert seeded == "b281c7411ab55c83dd39d5cbe8cfc147749329661c3bbf1d908775bd595bde4c"
    assert round_teams(table, seeded) == {"V1/lead": ("P1",), "V1/rest": ("P4",), "V2/rest": ("P2", "P3")}
    assert replace_seat(seeded, "V1/rest", "1", ["P1", "P2", "P3"]) == "P3"
    page = (Path(__file__).parents[2] / "docs" / "draw-format.md").read_text(encoding="utf-8")
    assert DOCUMENTED in page
    assert all(value in page for value in (commitment, seeded))


def rounded_by_the_page(content, seeded):
    """Section 2 of docs/draw-format.md once more, written from the page and from nothing else."""
    lines = [line.split(",") for line in content.decode().splitlines()]
    whole, slot = int(lines[0][1]), {line[1]: line[2] for line in lines if line[0] == "group"}
    seats = {(line[1], line[2]): int(line[3]) for line in lines if line[0] == "seat"}
    counter = iter(range(10**9))

    def below(n):
        while True:
            block = hashlib.sha256(f"{seeded},team,{next(counter)}".encode()).digest()
            if int.from_bytes(block, "big") < n * (2**256 // n):
                return int.from_bytes(block, "big") % n

    def shuffled(names):
        names = list(dict.fromkeys(names))
        for i in range(len(names) - 1, 0, -1):
            j = below(i + 1)
            names[i], names[j] = names[j], names[i]
        return names

    places = shuffled(("place", name, slot[group]) for group, name in seats)
    groups = shuffled(("group", group) for group, _ in seats)
    order = [(("hub",), ("inspector", name)) for name in dict.fromkeys(place[1] for place in places)]
    order += [(("inspector", place[1]), place) for place in places]
    seat_edges = [(("place", name, slot[group]), ("group", group)) for group, name in seats]
    order += sorted(seat_edges, key=lambda edge: (places.index(edge[0]), groups.index(edge[1])))
    value = Counter()
    for (group, name), chance in seats.items():
        place = ("place", name, slot[group])
        for edge in (
            (("hub",), ("inspector", name)),
            (("inspector", name), place),
            (place, ("group", group)),
        ):
            value[edge] += chance
    for start in groups:
        walk = [(start, None)]
        while True:
            here, came = walk[-1]
            loose = [edge for edge in order if here in edge and value[edge] % whole and edge != came]
            if not loose:
                break
            edge = loose[-1]
            there = edge[1] if edge[0] == here else edge[0]
            stood = [node for node, _ in walk]
            if there not in stood:
                walk.append((there, edge))
                continue
            cycle = [(at, by) for at, (_, by) in zip(stood, [*walk[1:], (there, edge)], strict=True)]
            cycle = cycle[stood.index(there) :]
            rises = {by: whole - value[by] % whole if by[0] == at else value[by] % whole for at, by in cycle}
            up, down = min(rises.values()), min(whole - rise for rise in rises.values())
            step = up if below(up + down) < down else -down
            for at, by in cycle:
                value[by] += step if by[0] == at else -step
            del walk[stood.index(there) + 1 :]
    return {
        group: tuple(
            sorted(n for g, n in seats if g == group and value[("place", n, slot[g]), ("group", g)] == whole)
        )
        for group in slot
    }


@settings(max_examples=60, deadline=None)
@given(rosters(), st.integers(0, 10**6))
def test_the_format_page_is_enough_to_replay_the_lottery(roster, number):
    try:
        table = publish_probabilities(*roster)
    except TeamShortage:
        return
    assert rounded_by_the_page(table.content, state(number)) == round_teams(table.content, state(number))


def test_the_example_is_exact_too():
    assert_exact(read_team_table(DOCUMENTED.encode()))


def test_random_integers_are_uniform_by_rejection():
    chance, n = HashChance(state(0)), 7
    counts = Counter(chance.below(n) for _ in range(7000))
    assert set(counts) == set(range(n))
    assert 0.001 <= chi2.sf(sum((count - 1000) ** 2 / 1000 for count in counts.values()), n - 1) <= 0.999
    block = hashlib.sha256(f"{state(0)},team,0".encode()).digest()
    assert HashChance(state(0)).below(1000) == int.from_bytes(block, "big") % 1000
    # Of numbers below 2^255 + 1 nearly half the blocks must be thrown away; which is to be seen in the count.
    wide = HashChance(state(0))
    numbers = [wide.below(2**255 + 1) for _ in range(200)]
    used = [
        int.from_bytes(hashlib.sha256(f"{state(0)},team,{c}".encode()).digest(), "big") for c in range(800)
    ]
    assert numbers == [block for block in used if block <= 2**255][:200]
    assert all(HashChance(state(0)).below(1) == 0 for _ in range(3))


def test_a_vacated_seat_goes_to_the_smallest_seat_ticket():
    names = [f"P{number}" for number in range(5)]

    def lot(name):
        return hashlib.sha256(f"{state(1)},seat,V1,2,{name}".encode()).hexdigest()

    assert replace_seat(state(1), "V1", "2", names) == min(names, key=lot)
    first = min(names, key=lot)
    assert (
        replace_seat(state(1), "V1", "2", [name for name in names if name != first])
        == sorted(names, key=lot)[1]
    )
    with pytest.raises(ValueError):
        replace_seat(state(1), "V1", "2", [])


def test_a_table_that_breaks_a_rule_is_not_rounded():
    content = small_team_table().content.replace(b"inspector,P1,2", b"inspector,P1,0")
    with pytest.raises(DrawFault):
        round_teams(content, state(1))
