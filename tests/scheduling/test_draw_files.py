"""The lottery's files: the fast reading accepts nothing that the reading line by line refuses, and the other way round."""

import random
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scheduling import draw, draw_files
from scheduling.draw import DrawFault, PoolRow, counts_file, draw_objects, freeze, pool_file, ticket
from tests.scheduling.lottery import KEY, ROWS, SALT, SEED, random_draw

HEAD = f"wurao-pool-1,{SALT}\nobject_id,task,stratum\n"


def slowly(content: bytes) -> object:
    """What the reading line by line makes of a file: sizes, or file and line at fault."""
    sizes: dict[tuple[str, str], int] = {}
    try:
        for row in draw_files._read_pool(content):
            sizes[row.task, row.stratum] = sizes.get((row.task, row.stratum), 0) + 1
    except DrawFault as fault:
        return fault.file, fault.line, fault.en
    return sizes


def fast(content: bytes) -> object:
    """The same of `freeze`."""
    try:
        return freeze(content).sizes
    except DrawFault as fault:
        return fault.file, fault.line, fault.en


PIECES = st.sampled_from(
    [
        "91A",
        "91A#2",
        "91B",
        "T1",
        "T2",
        "T10",
        "A",
        "甲类",
        "é",
        "",
        *",,,,\n\n\n",
        *' \u3000\u2028"\r\x85\ufeff',
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=24).map("".join), st.booleans())
@example("91A,T1,A\n91A,T1,B\n", True)
@example("91A,T1 ,A\n", True)
@example("91A,T1,甲 类\n91B,T1,A\n", True)
@example("91A,T1,A\n91A#2,T1,A\n", True)
def test_fast_and_slow_reading_agree_on_any_text(body: str, closed: bool) -> None:
    content = (HEAD + body + ("\n" if closed and not body.endswith("\n") else "")).encode()
    assert fast(content) == slowly(content)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_fast_and_slow_reading_agree_on_any_bytes(noise: bytes) -> None:
    content = HEAD.encode() + b"91A,T1,A\n" + noise + b"\n"
    assert fast(content) == slowly(content)


def test_whatever_counts_as_a_blank_or_a_control_does_not_print() -> None:
    """The fast reading relies on it: a field edge that `strip` takes away is never let through unseen."""
    odd = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace() and chr(code) != " "]
    assert len(odd) > 20
    assert not any(character.isprintable() for character in odd)


@pytest.mark.parametrize("stretch", [1, 40, 1000])
def test_stretches_make_no_difference(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [freeze(pool_file(random_draw(number)[0], SALT)).sizes for number in range(20)]
    monkeypatch.setattr(draw_files, "_STRETCH", stretch)
    assert [freeze(pool_file(random_draw(number)[0], SALT)).sizes for number in range(20)] == whole


@pytest.mark.parametrize("stretch", [1, 40, 1 << 15])
@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (["91A,T1,A", "91B,T1,A", "91B,T1,B"], 5),
        (["91A,T1,A", "91B,T2,A", "91B,T1,B"], 5),
        (["91B,T1,A", "91A,T1,A", "91C,T1,B"], 4),
        (["91A#2,T1,A", "91A,T1,A"], 4),
    ],
)
def test_disorder_is_found_within_and_across_stretches(
    stretch: int, rows: list[str], line: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw_files, "_STRETCH", stretch)
    with pytest.raises(DrawFault) as fault:
        freeze((HEAD + "\n".join(rows) + "\n").encode())
    assert fault.value.line == line


def test_blanks_inside_a_name_are_allowed_and_only_slower() -> None:
    rows = [PoolRow("91A", "T1", "东湖 区"), PoolRow("91B", "T1", "东湖 区")]
    assert freeze(pool_file(rows, SALT)).sizes == {("T1", "东湖 区"): 2}


def plainly(rows: list[PoolRow], counts: dict[tuple[str, str], int], state: str) -> list[tuple[str, ...]]:
    """The draw as its definition says it: sort all tickets of a stratum, take the first."""
    drawn = []
    for name, count in counts.items():
        tickets = sorted((ticket(state, row.object_id), row.object_id) for row in rows if row[1:] == name)
        drawn += [(object_id, *name, lot) for lot, object_id in tickets[:count]]
    return sorted(drawn)


@pytest.mark.parametrize("number", range(60))
def test_marks_never_change_the_drawn(number: int) -> None:
    rows, counts, key, seed = random_draw(number)
    result = draw_objects(pool_file(rows, SALT), counts_file(counts, SALT), key, seed)
    assert [tuple(row) for row in result.drawn] == plainly(rows, counts, result.state)


@pytest.mark.parametrize("stretch", [1, 40, 300, 1 << 15])
def test_stretches_of_one_task_and_of_several_follow_one_another(
    stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty objects of one task, forty of two, forty of the other, so that an object's rows may be parted, too."""
    monkeypatch.setattr(draw_files, "_STRETCH", stretch)
    tasks = [("T1",)] * 40 + [("T1", "T2")] * 40 + [("T2",)] * 40
    rows = [PoolRow(f"91{n:04d}", task, "AB"[n % 2]) for n, each in enumerate(tasks) for task in each]
    for count in (0, 1, 20, 40):
        counts = dict.fromkeys(((task, stratum) for task in ("T1", "T2") for stratum in "AB"), count)
        result = draw_objects(pool_file(rows, SALT), counts_file(counts, SALT), KEY, SEED)
        assert [tuple(row) for row in result.drawn] == plainly(rows, counts, result.state)


def test_large_strata_where_marks_save_work() -> None:
    chance = random.Random(5)
    rows = [PoolRow(f"91{n:07d}", f"T{t}", chance.choice("AB")) for n in range(3000) for t in (1, 2)]
    counts = {("T1", "A"): 30, ("T1", "B"): 1, ("T2", "A"): 400}
    result = draw_objects(pool_file(rows, SALT), counts_file(counts, SALT), KEY, SEED)
    assert [tuple(row) for row in result.drawn] == plainly(rows, counts, result.state)
    assert result.strata["T2", "B"].count == 0


def test_marks_are_generous_but_not_wasteful() -> None:
    """Some standard deviations above the count, and everybody where nearly all are drawn; nobody where none is."""
    pool = draw_files.FrozenPool(b"", "", {("T", "A"): 10**6, ("T", "B"): 100, ("T", "C"): 5, ("T", "D"): 9})
    marks = draw._marks(pool, {("T", "A"): 10_000, ("T", "B"): 1, ("T", "C"): 1, ("T", "D"): 0})
    share = int.from_bytes(marks["T", "A"], "big") / 2**32 * 10**6
    assert 10_000 + 6 * 100 < share < 10_000 + 10 * 100
    assert 10 < int.from_bytes(marks["T", "B"], "big") / 2**32 * 100 < 20
    assert marks["T", "C"] == draw._TOP > b"\xff" * 32
    assert marks["T", "D"] == bytes(4)


@pytest.mark.parametrize("mark", [b"", b"\x00", b"\x20"])
def test_a_mark_too_low_is_noticed_and_all_tickets_kept(mark: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, counts, key, seed = random_draw(3)
    right = draw_objects(pool_file(rows, SALT), counts_file(counts, SALT), key, seed)
    monkeypatch.setattr(draw, "_marks", lambda pool, wanted: dict.fromkeys(wanted, mark))
    assert draw_objects(pool_file(rows, SALT), counts_file(counts, SALT), key, seed) == right


def test_each_object_is_hashed_once_for_all_its_tasks() -> None:
    pool = freeze(pool_file(ROWS, SALT))
    lots = draw._lots_below(pool, "s", dict.fromkeys(pool.sizes, draw._TOP))
    assert sum(map(len, lots.values())) == len(ROWS)
    assert len({lot[:32] for kept in lots.values() for lot in kept}) == 6
