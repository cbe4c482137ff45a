"""Bands, hysteresis, the step limit, and hard rules above them."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from registry.errors import Refusal
from registry.rules import Rule, Rulebook
from risk.bands import NONE, by_score, cut_points, settle
from risk.calibration import assumed
from risk.hard_rules import PREFIX, apply_hard_rules, check_rule
from risk.indicators.catalogue import NAMES
from tests.risk.town import PLACE

CUTS = (0.0, 1.0, 2.0)
QUIET, NEWS = np.array([False]), np.array([True])


def _settle(score: float, previous: int, news: np.ndarray, margin: float = 0.2) -> tuple[int, bool, bool]:
    final, held, stepped = settle(np.array([score]), CUTS, np.array([previous]), news, margin, 1)
    return int(final[0]), bool(held[0]), bool(stepped[0])


def test_without_news_a_class_changes_only_beyond_the_margin() -> None:
    """Just over the cut: held. Clearly over: moved, in both directions."""
    assert _settle(1.1, 1, QUIET) == (1, True, False)
    assert _settle(1.3, 1, QUIET) == (2, False, False)
    assert _settle(0.9, 2, QUIET) == (2, True, False)
    assert _settle(0.7, 2, QUIET) == (1, False, False)


def test_without_news_at_most_one_step() -> None:
    """From A a score of D gives B; from D a score of A gives C."""
    assert _settle(9, 0, QUIET) == (1, False, True)
    assert _settle(-9, 3, QUIET) == (2, False, True)


def test_news_or_no_previous_class_lets_the_score_decide() -> None:
    """Both ways, all the way."""
    assert _settle(9, 0, NEWS) == (3, False, False)
    assert _settle(1.01, 1, NEWS) == (2, False, False)
    assert _settle(1.01, NONE, QUIET) == (2, False, False)


def test_cuts_from_shares_give_the_shares() -> None:
    """60, 30, 8 and 2 in a hundred; a tie at a cut belongs to the better class."""
    scores = np.random.default_rng(0).normal(size=10_000)
    rule = {"method": "shares", "A": 0.6, "B": 0.3, "C": 0.08, "D": 0.02}
    counts = np.bincount(by_score(scores, cut_points(rule, scores, assumed(0, 1))))
    assert np.abs(counts / 10_000 - [0.6, 0.3, 0.08, 0.02]).max() < 0.001
    assert by_score(np.zeros(5), cut_points(rule, np.zeros(5), assumed(0, 1))).tolist() == [0] * 5


def test_cuts_from_probabilities() -> None:
    """A probability of 10 % or more is B, 30 % C, 60 % D."""
    calibration = assumed(0.0, 1.0)
    cuts = cut_points({"method": "cuts", "B": 0.1, "C": 0.3, "D": 0.6}, np.zeros(0), calibration)
    scores = np.linspace(-6, 6, 4001)
    probability = calibration.probability(scores)
    expected = np.searchsorted([0.1, 0.3, 0.6], probability, side="right")
    assert (by_score(scores, cuts) != expected).mean() < 0.005


@pytest.mark.parametrize(
    "rule",
    [
        {"method": "shares", "A": 0.5, "B": 0.5, "C": 0.5, "D": 0},
        {"method": "cuts", "B": 0.5, "C": 0.3, "D": 0.9},
    ],
)
def test_impossible_bands_are_refused(rule: dict[str, Any]) -> None:
    """Shares that do not add up; cuts out of order."""
    with pytest.raises(Refusal) as refusal:
        cut_points(rule, np.zeros(3), assumed(0, 1))
    assert refusal.value.code == "grade.bands"


def _frame(**values: float) -> Any:
    matrix = np.zeros((1, len(NAMES)))
    for name, value in values.items():
        matrix[0, NAMES.index(name)] = value

    class Frame(SimpleNamespace):
        def __getitem__(self, name: str) -> np.ndarray:
            return matrix[:, NAMES.index(name)]

    return Frame(names=NAMES, codes=np.array(["A1"], dtype=object))


def _apply(book: Rulebook, own: str, **values: float) -> tuple[str, str]:
    rules = book.in_force(PREFIX, PLACE, date(2026, 6, 1))
    applied = apply_hard_rules(np.array(["ABCD".index(own)]), _frame(**values), rules)
    return "ABCD"[applied.classes[0]], str(applied.rule_code[0])


def test_direct_beats_floor_beats_cap_beats_the_model(book: Rulebook) -> None:
    """One after another on the same enterprise."""
    assert _apply(book, "D") == ("D", "")
    assert _apply(book, "D", within_3m_of_setup=1) == ("B", "NEWLY_SET_UP")
    assert _apply(book, "A", within_3m_of_setup=1) == ("A", "")
    assert _apply(book, "D", within_3m_of_setup=1, insp_uncoop=1) == ("C", "UNCOOPERATIVE")
    assert _apply(book, "A", abn_in_now=1) == ("C", "ABNORMAL_NOW")
    assert _apply(book, "A", abn_in_now=1, lic_expired=1) == ("C", "ABNORMAL_NOW")
    assert _apply(book, "A", abn_in_now=1, ser_in_now=1) == ("D", "SERIOUS_LIST")


def test_a_direct_class_is_named_even_where_the_model_agrees(book: Rulebook) -> None:
    """Whoever asks hears the rule, not the score; a floor that changed nothing is not named."""
    assert _apply(book, "D", reg_revoked=1) == ("D", "REVOKED")
    assert _apply(book, "D", abn_in_now=1) == ("D", "")


def test_a_bad_record_ends_the_grace_of_the_new(book: Rulebook) -> None:
    """The cap needs a clean record."""
    assert _apply(book, "D", within_3m_of_setup=1, pen_cnt_36=1) == ("D", "")


def test_a_rule_about_an_unknown_indicator_is_refused() -> None:
    """Silence would switch the rule off."""
    value = {
        "effect": "floor",
        "class": "C",
        "when": [{"indicator": "no_such", "at_least": 1}],
        "sentence": "",
    }
    rule = Rule(PREFIX + "X", "CN", date(2020, 1, 1), None, value, "", "", "hard_rules.toml#1")
    with pytest.raises(Refusal) as refusal:
        check_rule(rule)
    assert refusal.value.code == "rules.malformed"


def test_every_hard_rule_has_a_basis_and_known_indicators(book: Rulebook) -> None:
    """The law is data, and the data is checked."""
    rules = book.in_force(PREFIX, PLACE, date(2026, 6, 1))
    assert len(rules) >= 8
    for rule in rules:
        assert rule.basis
        check_rule(rule)
