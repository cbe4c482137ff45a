"""The team lottery: exactly the published probabilities, and every hard rule in every outcome."""

import hashlib
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from scheduling.draw import DrawFault
from scheduling.loose_seats import LooseSeats
from scheduling.rounding import (
    draw_teams,
    replace_seat,
    result_file,
    round_table,
    round_teams,
    team_commitment,
    team_state,
)
from scheduling.slot_rounding import round_slots
from scheduling.team_chance import BlockChance, WordChance
from scheduling.team_table import TEAM_FORMATS, TeamTable, read_team_table, team_table_hash
from scheduling.teams import SeatGroup, Staff, TeamShortage, publish_probabilities
from tests.scheduling.lottery import small_team_table
from tests.scheduling.test_teams import rosters

editions = pytest.mark.parametrize("edition", TEAM_FORMATS)
"""Old lotteries are replayed for ever: what holds for the present one holds for them."""


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


def assert_exact(table, edition):
    total, chances = Fraction(0), Counter()
    for teams, weight in all_outcomes(replace(table, edition=edition)):
        assert rules_broken(table, teams) == []
        total += weight
        for group, names in teams.items():
            for name in names:
                chances[group, name] += weight
    assert total == 1
    assert all(chances[seat] == Fraction(chance, table.denominator) for seat, chance in table.chances.items())


@editions
def test_every_probability_is_exactly_the_published_one(edition):
    assert_exact(small_team_table(), edition)


@editions
def test_exact_also_where_caps_tie_the_slots_together(edition):
    """Two inspectors of cap 1 and two of cap 2 over four half-days: the hub and the caps carry fractions."""
    groups = [SeatGroup(f"V{n}", f"d{n}", 1, ("P1", "P2", "P3", "P4")) for n in range(4)]
    staff = [Staff("P1", 1), Staff("P2", 1), Staff("P3", 2), Staff("P4", 2)]
    assert_exact(publish_probabilities(groups, staff), edition)


@editions
def test_exact_where_three_groups_of_a_slot_share_everybody(edition):
    """Uneven chances, so that a held place stays held, is followed by the next one, or by none."""
    rows = {"V1": (5, 5, 1, 1), "V2": (1, 4, 4, 3), "V3": (6, 2, 2, 2)}
    groups = tuple(SeatGroup(group, "d", 1, ("P1", "P2", "P3", "P4")) for group in rows)
    chances = {(g, f"P{n}"): value for g, row in rows.items() for n, value in enumerate(row, start=1)}
    assert_exact(TeamTable(12, tuple(Staff(f"P{n}", 1) for n in range(1, 5)), groups, chances), edition)


def table_of(roster, edition):
    try:
        return replace(publish_probabilities(*roster), edition=edition)
    except TeamShortage:
        assume(False)


@settings(max_examples=40, deadline=None)
@given(rosters(), st.sampled_from(TEAM_FORMATS))
def test_exact_on_any_small_roster(roster, edition):
    table = table_of(roster, edition)
    assume(sum(0 < chance < table.denominator for chance in table.chances.values()) <= 8)
    assert_exact(table, edition)


@settings(max_examples=80, deadline=None)
@given(rosters(), st.integers(0, 10**6))
def test_after_the_slots_no_two_groups_share_two_loose_places(roster, number):
    table = table_of(roster, TEAM_FORMATS[-1])
    chance = WordChance(state(number))
    seats = LooseSeats(table, chance)
    before = sums(seats)
    round_slots(seats, chance)
    for (slot, row), (other_slot, other) in combinations(zip(seats.slots, seats.rows, strict=True), 2):
        assert slot != other_slot or len(row.keys() & other.keys()) <= 1
    after = sums(seats)
    assert all((before[key] - after[key]) % table.denominator == 0 for key in before)
    loose = [value for row in seats.rows for value in row.values()]
    assert all(0 < value < table.denominator for value in loose)


def sums(seats):
    """What is still loose of each group and each place."""
    found = Counter()
    for group, row in enumerate(seats.rows):
        for place, value in row.items():
            found["group", group] += value
            found["place", place] += value
    return found


@settings(max_examples=80, deadline=None)
@given(rosters(), st.integers(0, 10**6), st.sampled_from(TEAM_FORMATS))
def test_hard_rules_hold_in_every_outcome(roster, number, edition):
    table = table_of(roster, edition)
    teams = round_teams(table.content, state(number))
    assert rules_broken(table, teams) == []
    assert all(table.chances[group, name] > 0 for group, names in teams.items() for name in names)


@editions
def test_frequencies_over_many_seeds_match_the_published_probabilities(edition):
    table, runs = replace(small_team_table(), edition=edition), 4000
    seen = Counter()
    for number in range(runs):
        seen.update(
            (group, name) for group, names in draw_teams(table, state(number)).items() for name in names
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


@editions
def test_one_visit_alone_can_be_given_to_any_pair(edition):
    """Dependent rounding in a fixed order never sends neighbours on the list together."""
    people = tuple(f"P{number}" for number in range(6))
    table = publish_probabilities([SeatGroup("V", "d", 2, people)], [Staff(name, 1) for name in people])
    table = replace(table, edition=edition)
    pairs = Counter(draw_teams(table, state(number))["V"] for number in range(1500))
    assert len(pairs) == 15
    assert 0.001 <= chi2.sf(sum((count - 100) ** 2 / 100 for count in pairs.values()), 14) <= 0.999


def test_same_state_same_teams_and_other_state_other_teams():
    table = small_team_table().content
    outcomes = {tuple(sorted(round_teams(table, state(number)).items())) for number in range(20)}
    assert round_teams(table, state(1)) == round_teams(table, state(1))
    assert len(outcomes) > 3


DOCUMENTED = """\
wurao-team-2,12
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
VECTORS = {
    "wurao-team-1": (
        "2026-12-05 dice 1 2 3 4 5 6",
        "292d658e6590c7a2db5e7f1921ac67a9334d42b466eac04086bdf7669d335a99",
        "00a9a24eedf60bfd78d57626cac4d523bc0af52b8438f0dfdb322c69c57c0f6c",
        "b281c7411ab55c83dd39d5cbe8cfc147749329661c3bbf1d908775bd595bde4c",
        {"V1/lead": ("P1",), "V1/rest": ("P4",), "V2/rest": ("P2", "P3")},
        "P3",
    ),
    "wurao-team-2": (
        "2026-12-05 dice 4 1 6 3 5 2",
        "7d0ce40d679747988a1b498cf4351944e76d304e39478f611f5f6fd7e1159c3e",
        "4576d8bbb5209bd9417d43091f5c1b6c6a411469211ca37c4f2e2ef4137300c8",
        "2106c45d9068645a79c1404eb3fb101030a524fcfc06f6bc801e685303aa35f4",
        {"V1/lead": ("P2",), "V1/rest": ("P4",), "V2/rest": ("P3", "P4")},
        "P1",
    ),
}


def documented(edition):
    return DOCUMENTED.replace("wurao-team-2", edition).encode()


@editions
def test_the_example_of_the_format_page(edition):
    """docs/draw-format.md: a change of the walk or of the random numbers breaks every published lottery."""
    seed, table_hash, commitment, seeded, teams, instead = VECTORS[edition]
    table = documented(edition)
    assert team_table_hash(table) == table_hash
    assert team_commitment(table) == commitment
    assert team_state(commitment, seed) == seeded
    assert round_teams(table, seeded) == teams
    assert replace_seat(seeded, "V1/rest", "1", ["P1", "P2", "P3"]) == instead
    page = (Path(__file__).parents[2] / "docs" / "draw-format.md").read_text(encoding="utf-8")
    assert DOCUMENTED in page
    result = " · ".join(f"{group} {', '.join(names)}" for group, names in teams.items())
    assert all(f"| {value} |" in page for value in (f"`{seed}`", f"`{table_hash}`", f"`{commitment}`"))
    assert all(f"| {value} |" in page for value in (f"`{seeded}`", result, instead))


def dense_table(edition):
    """A table larger than the example, made by no solver: 40 visits of two departments in ten slots."""
    crowds = {"A": (14, 2), "B": (7, 5)}
    groups, chances = [], {}
    for visit in range(40):
        for side, (size, step) in crowds.items():
            names = tuple(f"{side}{n:02d}" for n in range(size))
            need = 1 + visit % 2 if side == "A" else 1
            group = SeatGroup(f"V{visit:02d}/{side}", f"d{visit % 10}", need, names)
            groups.append(group)
            for n, name in enumerate(names):
                off = (n + visit) % size * step - (size - 1) * step // 2
                chances[group.id, name] = 840 * need // size + off
    staff = tuple(Staff(name, 6 if name[0] == "B" else 5) for name in sorted({name for _, name in chances}))
    return TeamTable(840, staff, tuple(sorted(groups)), chances, edition=edition)


LARGER = {
    "wurao-team-1": "0f7a0f16624cbc1bdb30844b82cd75cb535d212af21a6ec19e325a438c8d98b5",
    "wurao-team-2": "04bbfafc4a6270f518dcc0edc12dcef5e7e255f4acffb7227200effaba685e74",
}


@editions
def test_a_larger_lottery_comes_out_as_ever(edition):
    """The hash for wurao-team-1 was computed by the code that published under it."""
    table = dense_table(edition)
    teams = round_teams(table.content, state("ever"))
    assert rules_broken(table, teams) == []
    assert hashlib.sha256(result_file(teams)).hexdigest() == LARGER[edition]
    assert rounded_by_the_page(table.content, state("ever")) == teams


def together(table, runs):
    """How often each pair of people was sent to a visit together, over so many lotteries."""
    pairs = Counter()
    for number in range(runs):
        crews = {}
        for group, names in draw_teams(table, state(number)).items():
            crews.setdefault(group.split("/")[0], []).extend(names)
        pairs.update((v, pair) for v, crew in crews.items() for pair in combinations(sorted(crew), 2))
    return pairs


@pytest.mark.parametrize("runs", [150, pytest.param(5000, marks=pytest.mark.slow)])
def test_as_many_pairs_travel_together_as_under_the_earlier_format(runs):
    """Rounding slot by slot must not tie neighbours: as many pairs occur, and none much more often."""
    before, now = (together(dense_table(edition), runs) for edition in TEAM_FORMATS)
    assert sum(before.values()) == sum(now.values())
    again = [sum(many * (many - 1) for many in pairs.values()) for pairs in (before, now)]
    print(f"{runs} lotteries: {len(before)} and {len(now)} pairs sent together, met again {again}")
    assert len(now) >= 0.98 * len(before)
    assert again[1] <= 1.03 * again[0]


def rounded_by_the_page(content, seeded):
    """Section 2 of docs/draw-format.md once more, written from the page and from nothing else."""
    lines = [line.split(",") for line in content.decode().splitlines()]
    first, whole = lines[0][0] == "wurao-team-1", int(lines[0][1])
    slot = {line[1]: line[2] for line in lines if line[0] == "group"}
    seats = {(line[1], line[2]): int(line[3]) for line in lines if line[0] == "seat"}

    def words():
        for c in range(10**9):
            block = hashlib.sha256(f"{seeded},team,{c}".encode()).digest()
            for at in range(0, 32, 32 if first else 8):
                yield int.from_bytes(block[at : at + (32 if first else 8)], "big")

    word, span = words(), 2**256 if first else 2**64

    def below(n):
        while True:
            w = next(word)
            if w < n * (span // n):
                return w % n

    def shuffled(names):
        names = list(dict.fromkeys(names))
        for i in range(len(names) - 1, 0, -1):
            j = below(i + 1)
            names[i], names[j] = names[j], names[i]
        return names

    places = shuffled((name, slot[group]) for group, name in seats)
    groups = shuffled(group for group, _ in seats)
    value = {((name, slot[group]), group): chance for (group, name), chance in seats.items()}

    def loose(edge):
        return value.get(edge, 0) % whole != 0

    def push(cycle):
        """Edges of a cycle, each with True where it is walked in its own direction."""
        rises = [whole - value[e] % whole if ahead else value[e] % whole for e, ahead in cycle]
        up, down = min(rises), min(whole - rise for rise in rises)
        step = up if below(up + down) < down else -down
        for e, ahead in cycle:
            value[e] += step if ahead else -step

    for at, g in enumerate([] if first else groups):
        for h in groups[at + 1 :]:
            held = None
            for q in [q for q in places if slot[g] == slot[h] and loose((q, g)) and loose((q, h))]:
                if held is not None:
                    push([((held, g), True), ((q, g), False), ((q, h), True), ((held, h), False)])
                    if loose((held, g)) and loose((held, h)):
                        continue
                held = q if loose((q, g)) and loose((q, h)) else None

    order = [("hub", ("inspector", name)) for name in dict.fromkeys(name for name, _ in places)]
    order += [(("inspector", place[0]), place) for place in places]
    order += [(place, group) for place in places for group in groups if (place, group) in value]
    for (place, _), chance in list(value.items()):
        for edge in (("hub", ("inspector", place[0])), (("inspector", place[0]), place)):
            value[edge] = value.get(edge, 0) + chance
    lists = {}
    for edge in order:
        for node in edge:
            lists.setdefault(node, []).append(edge)
    for start in groups:
        walk = [(start, None)]
        while True:
            here, came = walk[-1]
            edge = next((e for e in reversed(lists[here]) if loose(e) and e != came), None)
            if edge is None:
                break
            there = edge[1] if edge[0] == here else edge[0]
            stood = [node for node, _ in walk]
            if there not in stood:
                walk.append((there, edge))
                continue
            cycle = zip(stood, [*(by for _, by in walk[1:]), edge], strict=True)
            push([(by, by[0] == node) for node, by in list(cycle)[stood.index(there) :]])
            del walk[stood.index(there) + 1 :]
    return {
        group: tuple(sorted(n for g, n in seats if g == group and value[(n, slot[g]), g] == whole))
        for group in slot
    }


@settings(max_examples=100, deadline=None)
@given(rosters(), st.integers(0, 10**6), st.sampled_from(TEAM_FORMATS))
def test_the_format_page_is_enough_to_replay_the_lottery(roster, number, edition):
    table = table_of(roster, edition)
    assert rounded_by_the_page(table.content, state(number)) == round_teams(table.content, state(number))


@editions
def test_the_example_is_exact_too(edition):
    assert_exact(read_team_table(documented(edition)), edition)


@pytest.mark.parametrize(("kind", "bits"), [(BlockChance, 256), (WordChance, 64)])
def test_random_integers_are_uniform_by_rejection(kind, bits):
    chance, n = kind(state(0)), 7
    counts = Counter(chance.below(n) for _ in range(7000))
    assert set(counts) == set(range(n))
    assert 0.001 <= chi2.sf(sum((count - 1000) ** 2 / 1000 for count in counts.values()), n - 1) <= 0.999
    stream = b"".join(hashlib.sha256(f"{state(0)},team,{c}".encode()).digest() for c in range(800))
    size = bits // 8
    numbers = [int.from_bytes(stream[at : at + size], "big") for at in range(0, 800 * size, size)]
    assert kind(state(0)).below(1000) == numbers[0] % 1000
    # Of integers below half the range and one nearly half the numbers are thrown away: the count shows it.
    wide, half = kind(state(0)), 2 ** (bits - 1)
    assert [wide.below(half + 1) for _ in range(200)] == [m for m in numbers if m <= half][:200]
    assert all(kind(state(0)).below(1) == 0 for _ in range(3))
    # The largest multiple of n is itself thrown away; the first number beyond half the range is such an n.
    at = next(at for at, number in enumerate(numbers) if number > half)
    edge = kind(state(0))
    assert [edge.below(2**bits) for _ in range(at)] == numbers[:at]
    assert edge.below(numbers[at]) == next(m for m in numbers[at + 1 :] if m < numbers[at])


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
