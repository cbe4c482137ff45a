"""The expert scorecard: shares by AHP, refused where they contradict or forget a group; points by the rules."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Refusal
from registry.rules import Rulebook
from risk.ahp import shares
from risk.indicators.catalogue import BY_KEY, FAMILIES, NAMES
from risk.scorecard import scorecard
from tests.risk.town import PLACE

ON = date(2026, 6, 1)
COLUMN = {name: i for i, name in enumerate(NAMES)}
SAATY = [["A"], ["B", "1/3"], ["C", "1/5", "1/3"]]


def test_shares_and_consistency_by_hand() -> None:
    """3, 5 and 3: the textbook's example; λ = 3.0385, CR = 0.0385 / 2 / 0.58."""
    found = shares(SAATY, 0.1, "x")
    assert [round(v, 3) for v in found.of.values()] == [0.637, 0.258, 0.105]
    assert found.consistency == pytest.approx(0.0385 / 2 / 0.58, abs=1e-3)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=7))
def test_comparisons_made_from_shares_give_them_back(weights: list[int]) -> None:
    """Ratios of known weights are perfectly consistent, whatever the weights."""
    rows = [[f"n{i}", *(f"{w}/{weights[j]}" for j in range(i))] for i, w in enumerate(weights)]
    found = shares(rows, 0.1, "x")
    assert found.consistency == pytest.approx(0, abs=1e-9)
    assert np.allclose(list(found.of.values()), np.array(weights) / sum(weights))


def test_contradictions_and_mistakes_are_refused_in_a_sentence() -> None:
    """A > B > C > A; a row too short; no number; beyond the scale; a name twice."""
    with pytest.raises(Refusal, match="一致性比率") as refused:
        shares([["A"], ["B", "1/5"], ["C", 5, "1/5"]], 0.1, "scorecard.families")
    assert refused.value.code == "scorecard.inconsistent"
    wrong: list[list[list[Any]]] = [
        [["A"], ["B"]], [["A"], ["B", "x"]], [["A"], ["B", 12]], [["A"], ["B", 0]], [["A"], ["A", 1]], [],
    ]  # fmt: skip
    for rows in wrong:
        with pytest.raises(Refusal) as refused:
            shares(rows, 0.1, "scorecard.families")
        assert refused.value.code == "scorecard.malformed"


def _changed(book: Rulebook, key: str, value: Any) -> Rulebook:
    return replace(book, rules=book.rules | {key: tuple(replace(r, value=value) for r in book.rules[key])})


def test_every_weighted_group_of_the_catalogue_is_compared(book: Rulebook) -> None:
    """Adding an indicator with weight in a new group and forgetting its row fails here, naming the group."""
    card = scorecard(book, PLACE, ON, NAMES)
    assert card.weights.sum() == pytest.approx(book.value("scorecard.points", PLACE, ON))
    assert ((card.weights > 0) <= (card.direction != 0)).all()


def test_a_group_without_a_row_is_named(book: Rulebook) -> None:
    """And so is a row without a group."""
    with pytest.raises(Refusal, match="行政许可") as refused:
        scorecard(_changed(book, "scorecard.groups.dynamic", [["年报"], ["变更与备案", 1]]), PLACE, ON, NAMES)
    assert refused.value.code == "scorecard.group_missing"
    with pytest.raises(Refusal, match="星座") as refused:
        scorecard(
            _changed(book, "scorecard.groups.reputation", [["投诉举报"], ["荣誉与认证", 1], ["星座", 1, 1]]),
            PLACE,
            ON,
            NAMES,
        )
    assert refused.value.code == "scorecard.group_unknown"


def test_points_are_the_shares_of_family_group_and_indicator(book: Rulebook) -> None:
    """Full points at the full value, none when nothing is known against it; supervision as AHP gives it."""
    card = scorecard(book, PLACE, ON, NAMES)
    families = shares(book.value("scorecard.families", PLACE, ON), 0.1, "x").of
    supervision = [i for i, n in enumerate(NAMES) if BY_KEY[n].family == "supervision"]
    expected = families[FAMILIES["supervision"]] * book.value("scorecard.points", PLACE, ON)
    assert card.weights[supervision].sum() == pytest.approx(expected)
    row = np.where(card.direction < 0, 1e6, 0.0)[None, :]
    for name in ("insp_last_measure", "insp_mean_measure", "insp_worst_measure"):
        row[0, COLUMN[name]] = np.nan
    assert card.raw(row)[0] == 0
    row[0, COLUMN["pen_cnt_36"]] = 99
    assert card.raw(row)[0] == pytest.approx(card.weights[COLUMN["pen_cnt_36"]])
    assert card.weights[COLUMN["pen_cnt_36"]] > 0
