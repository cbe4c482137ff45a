"""What the lottery says when it refuses: both languages, the file, the line, what was expected and what was found."""

import pytest

from scheduling.draw import (
    DrawFault,
    PoolRow,
    check_seed,
    commit,
    counts_file,
    draw_objects,
    key_text,
    pool_file,
)
from tests.scheduling.lottery import COUNTS, KEY, ROWS, SALT, SEED

POOL = pool_file(ROWS, SALT)


def fault_of(counts: dict[tuple[str, str], int]) -> DrawFault:
    """The refusal of counts that do not fit."""
    with pytest.raises(DrawFault) as caught:
        draw_objects(POOL, counts_file(counts, SALT), KEY, SEED)
    return caught.value


def told(fault: DrawFault) -> tuple[object, ...]:
    """Everything that it says."""
    return fault.zh, fault.en, fault.file, fault.line, fault.expected, fault.found


def test_a_count_above_its_stratum() -> None:
    assert told(fault_of({**COUNTS, ("T1", "B"): 4})) == (
        "任务 T1 层 B 只有 3 个对象，不能抽取 4 个。",
        "Task T1, stratum B holds 3 objects; 4 cannot be drawn.",
        "counts.csv",
        4,
        "<= 3",
        "4",
    )


def test_a_count_of_no_stratum() -> None:
    assert told(fault_of({**COUNTS, ("T9", "A"): 0})) == (
        "对象库中没有任务 T9 的层 A。",
        "The pool has no task T9, stratum A.",
        "counts.csv",
        7,
        "",
        "T9,A,0",
    )


@pytest.mark.parametrize("seed", ["3 6\n1", 361, " ", "", None])
def test_a_seed_that_is_not_one_line(seed: object) -> None:
    with pytest.raises(DrawFault) as caught:
        check_seed(seed)  # type: ignore[arg-type]
    assert told(caught.value) == (
        "种子必须是一行非空文本，与现场宣读的完全一致（不能是数字类型，不能换行）。",
        "The seed must be one non-empty line of text exactly as announced (not a number, no line break).",
        "",
        0,
        "",
        ascii(seed),
    )
    assert str(caught.value) == f"{caught.value.zh} {caught.value.en}"


def test_a_key_of_another_length() -> None:
    with pytest.raises(DrawFault) as caught:
        key_text(b"short")
    assert told(caught.value) == (
        "密钥必须是 32 个随机字节。",
        "The key must be 32 random bytes.",
        "key.txt",
        0,
        "",
        "",
    )


def test_everybody_and_nobody_of_a_stratum() -> None:
    """A count as large as its stratum draws everybody, a count of 0 nobody; commit and draw agree."""
    rows = [PoolRow(f"91{n:04d}", "T1", "A" if n % 2 else "B") for n in range(400)]
    pool = pool_file(rows, SALT)
    counts = counts_file({("T1", "A"): 200, ("T1", "B"): 0}, SALT)
    result = draw_objects(pool, counts, KEY, SEED)
    assert {row.object_id for row in result.drawn} == {row.object_id for row in rows if row.stratum == "A"}
    assert commit(pool, counts, KEY) == result.commitment
    assert [result.strata["T1", k].inclusion for k in "AB"] == [1, 0]


def test_an_empty_pool_draws_nobody() -> None:
    result = draw_objects(pool_file([], SALT), counts_file({}, SALT), KEY, SEED)
    assert (result.drawn, result.strata) == ((), {})
