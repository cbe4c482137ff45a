"""Rows count, add up and find the last as a plain loop would, whatever the order they stand in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.indicators.view import Rows, mentions, rows_about

SIZE = 5
VALUES = st.one_of(st.just(math.nan), st.integers(-3, 3).map(float), st.floats(-1e9, 1e9))
Entry = tuple[int, float, float, bool]


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """(enterprise, date, value, picked); half of the time in the order of enterprises, as many tables are."""
    found = draw(
        st.lists(
            st.tuples(st.integers(0, SIZE - 1), st.integers(0, 4).map(float), VALUES, st.booleans()),
            max_size=40,
        )
    )
    return sorted(found, key=lambda entry: entry[0]) if draw(st.booleans()) else found


def _rows(found: list[Entry]) -> tuple[Rows, np.ndarray, np.ndarray]:
    """Rows among others that are not theirs: every second row of the table is about somebody else."""
    table = pd.DataFrame(
        {"day": [0.0 if i % 2 else found[i // 2][1] for i in range(2 * len(found))],
         "value": [7.0 if i % 2 else found[i // 2][2] for i in range(2 * len(found))]}, dtype=float,
    )  # fmt: skip
    row = np.array([entry[0] for entry in found], dtype=np.int64)
    rows = Rows(table, np.arange(0, 2 * len(found), 2), row, SIZE, 100)
    return rows, rows["value"], np.array([entry[3] for entry in found], bool)


def _each(found: list[Entry], fold: Callable[[list[Entry]], float]) -> list[float]:
    """A plain loop: what `fold` makes of the picked entries of each enterprise."""
    return [fold([e for e in found if e[0] == number and e[3]]) for number in range(SIZE)]


def _same(found: Any, expected: list[float]) -> bool:
    return np.array_equal(np.asarray(found, float), np.array(expected, float), equal_nan=True)


@given(entries())
def test_counts_and_totals_to_the_last_bit(found: list[Entry]) -> None:
    """Totals add up in the order of the rows, blanks as nothing."""
    rows, values, picked = _rows(found)
    assert _same(rows.count(picked), _each(found, len))

    def total(mine: list[Entry]) -> float:
        result = 0.0
        for entry in mine:
            result += 0.0 if math.isnan(entry[2]) else entry[2]
        return result

    assert _same(rows.total(values, picked), _each(found, total))


@given(entries(), st.booleans())
def test_extremes(found: list[Entry], largest: bool) -> None:
    """A blank among the picked makes the extreme unknown, as it always did; nobody asks for it without `isnan`."""
    rows, values, picked = _rows(found)

    def extreme(mine: list[Entry]) -> float:
        known = [entry[2] for entry in mine]
        if not known or any(map(math.isnan, known)):
            return math.nan
        return max(known) if largest else min(known)

    assert _same(rows.extreme(values, picked, largest), _each(found, extreme))


@given(entries())
def test_the_last_is_the_latest_and_of_one_day_the_last_in_order(found: list[Entry]) -> None:
    """`last` names rows, `of_last` their values."""
    rows, values, picked = _rows(found)
    last = rows.last("day", picked)

    def latest(number: int) -> int:
        mine = [i for i, entry in enumerate(found) if entry[0] == number and entry[3]]
        return max(mine, key=lambda i: (found[i][1], i), default=-1)

    expected = [latest(number) for number in range(SIZE)]
    assert last.tolist() == expected
    assert _same(rows.of_last(values, last), [found[i][2] if i >= 0 else math.nan for i in expected])


@given(entries())
def test_an_unknown_date_stands_after_all_known_ones(found: list[Entry]) -> None:
    """As a stable sort puts it. (`value` is asked for as a date here: it has blanks.)"""
    rows, values, picked = _rows(found)
    expected = np.full(SIZE, -1)
    index = np.flatnonzero(picked)
    order = index[np.argsort(values[index], kind="stable")]
    expected[rows.row[order]] = order
    assert rows.last("value", picked).tolist() == expected.tolist()


@given(
    st.lists(st.sampled_from([None, "", "食品经营", "吊销许可证", "责令停产停业;罚款", "罚款"]), max_size=20)
)
def test_texts_mention_words_whatever_they_are_held_in(texts: list[str | None]) -> None:
    """Category, object array and series; no text mentions nothing."""
    expected = [bool(text) and ("吊销" in str(text) or "停产" in str(text)) for text in texts]
    plain = np.array(texts, dtype=object)
    for held in (
        plain,
        pd.Categorical(texts),
        pd.Series(pd.Categorical(texts)),
        pd.Series(plain, dtype=object),
    ):
        assert mentions(held, "吊销|停产").tolist() == expected


@pytest.mark.parametrize("kind", [object, "category"])
def test_rows_about_a_few_leave_others_out(kind: Any) -> None:
    """The codes may be texts or a category; a row about nobody or a stranger is about none of them."""
    about = pd.Series(["B", "A", None, "C", "A"], dtype=object).astype(kind)
    frame = pd.DataFrame({"enterprise_code": about, "n": [1.0, 2.0, 3.0, 4.0, 5.0]})
    rows = rows_about(frame, np.array(["A", "B"], dtype=object), 0)
    assert rows.row.tolist() == [1, 0, 0]
    assert rows["n"].tolist() == rows.frame["n"].tolist() == [1, 2, 5]
