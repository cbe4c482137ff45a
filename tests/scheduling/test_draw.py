"""The object lottery: the published vector, its guards, uniformity (C-12) and its properties."""

import math
from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from scheduling.draw import (
    DrawFault,
    PoolRow,
    StratumDraw,
    commit,
    counts_file,
    draw_objects,
    pool_file,
    read_pool,
    seed_state,
    ticket,
)
from tests.scheduling.lottery import COUNTS, KEY, ROWS, SALT, SEED, random_draw

POOL, COUNTED = pool_file(ROWS, SALT), counts_file(COUNTS, SALT)


def test_files_of_the_vector_byte_for_byte():
    assert POOL.decode().split("\n")[:3] == [
        f"wurao-pool-1,{SALT}",
        "object_id,task,stratum",
        "91110000802100433B,T1,A",
    ]
    assert COUNTED.decode() == (
        f"wurao-counts-1,{SALT}\ntask,stratum,count\nT1,A,1\nT1,B,2\nT2,A,1\nT2,B,1\n"
    )


def test_commitment_of_the_vector():
    assert commit(POOL, COUNTED, KEY) == (
        "e8d3755893cae88616ac131db2195d2ba19769c4b39d2f1c5ebf4cc9bbc79ffb",
        "0f0d840f41a9f1312c9453986d77cb75732ece98536532f772941b6301361a2d",
        "6c86c6aac5fb24bcf5d9939cb7d7d5645ce39418f449e03b262dd4fa14b4b92b",
        "f6b6930a25d8c998b42d3b185e4396baff21046e27fa3e5e9f03c2b93f1c7b9e",
    )


def test_state_and_tickets_of_the_vector():
    state = seed_state(commit(POOL, COUNTED, KEY).commitment, SEED, KEY)
    assert state == "81b78262749b743cf092cbe8c7ef3da66bcfb9b5f38da077f6f8fa36fb664e47"
    starts = {
        "91110000802100433B": "1d20ed00",
        "9152000071430580XT": "4f1d87a4",
        "91330100799655058B": "8ae3d80e",
        "914403001922038216": "ad2b5e66",
        "91110108551385082Q": "cb0a72a7",
        "9144030071526726XG": "e66db806",
    }
    assert {name: ticket(state, name)[:8] for name in starts} == starts


def test_drawn_list_of_the_vector():
    result = draw_objects(POOL, COUNTED, KEY, SEED)
    assert [(row.object_id, row.task, row.stratum) for row in result.drawn] == [
        ("91110000802100433B", "T1", "A"),
        ("91110000802100433B", "T2", "A"),
        ("91330100799655058B", "T1", "B"),
        ("91330100799655058B", "T2", "B"),
        ("9152000071430580XT", "T1", "B"),
    ]
    assert result.commitment == commit(POOL, COUNTED, KEY)
    assert all(row.ticket == ticket(result.state, row.object_id) for row in result.drawn)
    assert result.strata["T1", "B"] == StratumDraw(size=3, count=2)
    assert result.strata["T1", "B"].inclusion == Fraction(2, 3)


@pytest.mark.parametrize(
    "bad", ["A,B", "A\nB", "A\rB", 'A"', "", " A", "A\u2028B", "A\x00", "\ufeffA", "\ud800"]
)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_fields_with_separators_are_refused(bad, column):
    fields = ["91110000802100433B", "T1", "A"]
    fields[column] = bad
    with pytest.raises(DrawFault):
        pool_file([PoolRow(*fields)], SALT)


def test_a_row_smuggled_in_through_a_line_break_is_refused():
    with pytest.raises(DrawFault):
        pool_file([PoolRow("X,T1,A\nY", "T1", "A")], SALT)


def test_an_object_twice_in_one_task_is_refused_with_its_line():
    with pytest.raises(DrawFault) as fault:
        pool_file([*ROWS, ROWS[3]._replace(stratum="A")], SALT)
    assert (fault.value.file, fault.value.line) == ("pool.csv", 7)


@pytest.mark.parametrize(
    ("counts", "line"), [({**COUNTS, ("T1", "B"): 4}, 4), ({**COUNTS, ("T9", "A"): 0}, 7)]
)
def test_counts_that_do_not_fit_the_pool_are_refused(counts, line):
    content = counts_file(counts, SALT)
    for act in (lambda: commit(POOL, content, KEY), lambda: draw_objects(POOL, content, KEY, SEED)):
        with pytest.raises(DrawFault) as fault:
            act()
        assert (fault.value.file, fault.value.line) == ("counts.csv", line)


@pytest.mark.parametrize("count", [-1, 1.0, True, "1"])
def test_counts_that_are_no_whole_numbers_are_refused(count):
    with pytest.raises(DrawFault):
        counts_file({("T1", "A"): count}, SALT)


@pytest.mark.parametrize("salt", ["", "xyz", SALT.upper(), SALT[:30], SALT + "\n", None])
def test_weak_salts_are_refused(salt):
    with pytest.raises(DrawFault):
        pool_file(ROWS, salt)


@pytest.mark.parametrize("seed", ["", "  ", 361442, "1 2\n3", "1\r", None])
def test_seeds_that_are_not_one_line_of_text_are_refused(seed):
    with pytest.raises(DrawFault):
        draw_objects(POOL, COUNTED, KEY, seed)


@pytest.mark.parametrize("key", [b"", bytes(31), "00" * 32])
def test_keys_that_are_not_32_bytes_are_refused(key):
    with pytest.raises(DrawFault):
        commit(POOL, COUNTED, key)


def test_seed_is_taken_exactly_as_announced():
    states = {seed_state("c", seed, KEY) for seed in ("7", "07", "7 ", " 7", "７", "7.0")}
    assert len(states) == 6


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda text: text.replace("\n", "\r\n"), 1),
        (lambda text: "\ufeff" + text, 1),
        (lambda text: text.replace("object_id", "id"), 2),
        (lambda text: text.replace("T1,A\n", "T1,A,x\n", 1), 3),
        (lambda text: text.replace(",T2,A\n", ",T2,\n", 1), 4),
        (lambda text: text[:-1], 12),
        (lambda text: text.replace("9111010", "9911010"), 6),
    ],
)
def test_a_damaged_pool_names_its_line(edit, line):
    with pytest.raises(DrawFault) as fault:
        read_pool(edit(POOL.decode()).encode())
    assert (fault.value.file, fault.value.line) == ("pool.csv", line)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"wurao-pool-1," + SALT.encode(), b"\x00" * 9])
def test_garbage_is_a_fault_and_nothing_else(content):
    with pytest.raises(DrawFault):
        draw_objects(content, COUNTED, KEY, SEED)
    with pytest.raises(DrawFault):
        draw_objects(POOL, content, KEY, SEED)


def test_uniform_over_2000_seeds():
    """C-12: 299 in the pool, 100 drawn. A systematic draw never drew 99 of them."""
    rows = [PoolRow(f"91{number:016d}", "T", "A") for number in range(299)]
    pool, counts = pool_file(rows, SALT), counts_file({("T", "A"): 100}, SALT)
    drawn = Counter()
    for seed in range(2000):
        drawn.update(row.object_id for row in draw_objects(pool, counts, KEY, f"seed {seed}").drawn)
    assert len(drawn) == 299
    expected = 2000 * 100 / 299
    # Sampling without replacement: the variance of an inclusion is p(1-p) and the counts sum to a constant.
    statistic = (
        sum((drawn[row.object_id] - expected) ** 2 for row in rows) / (expected * (1 - 100 / 299)) * 298 / 299
    )
    p = chi2.sf(statistic, 298)
    print(f"C-12: 2,000 seeds, 299 in the pool, 100 drawn: chi-square p = {p:.3f}, nobody never drawn")
    assert 0.001 <= p <= 0.999


def test_departments_share_their_tickets():
    """The samples of two departments with equal libraries are the same objects: one door for two."""
    rows = [PoolRow(f"91{number:016d}", task, "A") for number in range(200) for task in ("T1", "T2")]
    result = draw_objects(
        pool_file(rows, SALT), counts_file({("T1", "A"): 20, ("T2", "A"): 35}, SALT), KEY, SEED
    )
    first, second = ({row.object_id for row in result.drawn if row.task == task} for task in ("T1", "T2"))
    assert first < second
    assert len(second) == 35


def test_stratum_without_a_count_draws_nobody():
    result = draw_objects(POOL, counts_file({("T1", "A"): 1}, SALT), KEY, SEED)
    assert [row.task for row in result.drawn] == ["T1"]
    assert result.strata["T2", "B"].inclusion == 0


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 10**6), shuffle=st.randoms(use_true_random=False))
def test_any_draw_honours_counts_and_knows_no_input_order(number, shuffle):
    rows, counts, key, seed = random_draw(number)
    if not rows:
        return
    pool, counted = pool_file(rows, SALT), counts_file(counts, SALT)
    result = draw_objects(pool, counted, key, seed)
    again = list(rows)
    shuffle.shuffle(again)
    items = list(counts.items())
    shuffle.shuffle(items)
    assert (pool_file(again, SALT), counts_file(dict(items), SALT)) == (pool, counted)
    assert Counter((row.task, row.stratum) for row in result.drawn) == Counter(
        {name: count for name, count in counts.items() if count}
    )
    assert {(row.object_id, row.task, row.stratum) for row in result.drawn} <= set(rows)
    tickets = {(row.object_id, row.ticket) for row in result.drawn}
    assert len(tickets) == len({row.object_id for row in result.drawn})
    left = {tuple(row) for row in rows} - {tuple(row[:3]) for row in result.drawn}
    for row in result.drawn:
        assert all(
            row.ticket < ticket(result.state, other[0])
            for other in left
            if other[1:] == (row.task, row.stratum)
        )


def test_rivest_order_by_hash_is_matched_statistically():
    """Any k of n are equally likely: over many seeds all 10 pairs of 5 occur about equally often."""
    rows = [PoolRow(f"O{number}", "T", "A") for number in range(5)]
    pool, counts = pool_file(rows, SALT), counts_file({("T", "A"): 2}, SALT)
    pairs = Counter(
        tuple(row.object_id for row in draw_objects(pool, counts, KEY, f"{seed}").drawn)
        for seed in range(3000)
    )
    assert len(pairs) == math.comb(5, 2)
    statistic = sum((count - 300) ** 2 / 300 for count in pairs.values())
    assert 0.001 <= chi2.sf(statistic, 9) <= 0.999
