"""Hard rules: precedence whatever the order of files, harsher never softer, faults told in a sentence, examples."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import Refusal
from registry.rules import Rule, Rulebook
from risk.hard_rules import PREFIX, apply_hard_rules, check_rule, hard_rules_in_force
from tests.risk.cohorts import frame_of, rule_of

INDICATORS = ("pen_cnt_36", "abn_in_now", "ser_hist")
EFFECTS = ("improve", "cap", "worsen", "floor", "direct")


@st.composite
def rules(draw: Any, most: int = 5) -> list[Rule]:
    """Some rules of any effect about three indicators."""
    found = []
    for number in range(draw(st.integers(0, most))):
        effect = draw(st.sampled_from(EFFECTS))
        levels = draw(st.integers(1, 3)) if effect in ("improve", "worsen") else None
        about = {draw(st.sampled_from(INDICATORS)): 1.0}
        found.append(rule_of(effect, draw(st.sampled_from("ABCD")), f"R{number}", levels, **about))
    return found


cohorts = st.lists(
    st.tuples(st.integers(0, 3), *(st.sampled_from([0.0, 1.0]) for _ in INDICATORS)), min_size=1, max_size=4
)


def _frame(cohort: list[tuple[Any, ...]]) -> tuple[np.ndarray, Any]:
    rows = [dict(zip(INDICATORS, values, strict=True)) for _, *values in cohort]
    return np.array([c for c, *_ in cohort]), frame_of(rows)


def _slow(own: int, row: dict[str, float], rules: list[Rule]) -> int:
    """The documented precedence, one enterprise and one effect at a time, in plain words."""
    held = [r for r in rules if all(row[c["indicator"]] >= c["at_least"] for c in r.value["when"])]
    of = {e: [r.value for r in held if r.value["effect"] == e] for e in EFFECTS}
    number = "ABCD".index
    better = [max(own - v["levels"], number(v["class"])) for v in of["improve"]]
    now = min([own, *better])
    now = min([now, *(number(v["class"]) for v in of["cap"])])
    worse = [min(now + v["levels"], number(v["class"])) for v in of["worsen"]]
    now = max([now, *worse])
    now = max([now, *(number(v["class"]) for v in of["floor"])])
    return max((number(v["class"]) for v in of["direct"]), default=now)


@given(rules(), cohorts, st.randoms())
def test_precedence_is_the_documented_one_whatever_the_order(
    many: list[Rule], cohort: list[tuple[Any, ...]], random: Any
) -> None:
    own, frame = _frame(cohort)
    applied = apply_hard_rules(own, frame, many)
    expected = [_slow(c, dict(zip(INDICATORS, values, strict=True)), many) for c, *values in cohort]
    assert applied.classes.tolist() == expected
    shuffled = list(many)
    random.shuffle(shuffled)
    again = apply_hard_rules(own, frame, shuffled)
    assert again.classes.tolist() == expected
    assert again.rule_code.tolist() == applied.rule_code.tolist()


@given(rules(), cohorts, st.sampled_from(["worsen", "floor"]), st.sampled_from("ABCD"))
def test_one_more_harsh_rule_never_improves_a_class(
    many: list[Rule], cohort: list[tuple[Any, ...]], effect: str, klass: str
) -> None:
    own, frame = _frame(cohort)
    before = apply_hard_rules(own, frame, many).classes
    more = rule_of(effect, klass, "MORE", 2 if effect == "worsen" else None, pen_cnt_36=1.0)
    assert (apply_hard_rules(own, frame, [*many, more]).classes >= before).all()


@given(rules(), cohorts)
def test_a_rule_is_named_exactly_where_it_moved_the_class_or_fixed_it(
    many: list[Rule], cohort: list[tuple[Any, ...]]
) -> None:
    own, frame = _frame(cohort)
    applied = apply_hard_rules(own, frame, many)
    for number, (c, *values) in enumerate(cohort):
        row = dict(zip(INDICATORS, values, strict=True))
        direct = any(
            r.value["effect"] == "direct" and row[r.value["when"][0]["indicator"]] >= 1 for r in many
        )
        assert bool(applied.rule_code[number]) == (direct or applied.classes[number] != c)


def test_two_levels_worse_stop_at_their_class_and_do_not_add_up() -> None:
    frame = frame_of([{"ser_hist": 1}] * 4)
    two = rule_of("worsen", "D", "A", 2, ser_hist=1)
    one = rule_of("worsen", "C", "B", 1, ser_hist=1)
    assert apply_hard_rules(np.arange(4), frame, [two]).classes.tolist() == [2, 3, 3, 3]
    assert apply_hard_rules(np.arange(4), frame, [one]).classes.tolist() == [1, 2, 2, 3]
    assert apply_hard_rules(np.arange(4), frame, [one, two]).classes.tolist() == [2, 3, 3, 3]


FAULTS = {
    "effect": ({"effect": "lower"}, "作用"),
    "class": ({"class": "E"}, "类别"),
    "levels": ({"effect": "worsen"}, "级数"),
    "too many levels": ({"effect": "worsen", "levels": 9}, "级数"),
    "levels of a floor": ({"levels": 1}, "级数"),
    "no conditions": ({"when": []}, "条件"),
    "unknown indicator": ({"when": [{"indicator": "no_such", "at_least": 1}]}, "no_such"),
    "no limit": ({"when": [{"indicator": "pen_cnt_36"}]}, "不完整"),
    "wrong limit": ({"when": [{"indicator": "pen_cnt_36", "at_lest": 1}]}, "不完整"),
    "no sentence": ({"sentence": ""}, "sentence"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_rule_is_refused_with_its_place_in_the_file(fault: str) -> None:
    change, word = FAULTS[fault]
    good = rule_of("floor", "C", pen_cnt_36=1)
    check_rule(good)
    bad = Rule(good.key, "CN", good.since, None, {**good.value, **change}, "", "依据", "hard_rules.toml#7")
    with pytest.raises(Refusal) as refusal:
        check_rule(bad)
    assert refusal.value.code == "rules.malformed"
    assert word in refusal.value.sentence
    assert "hard_rules.toml#7" in refusal.value.remedy


def test_a_fault_in_any_places_rule_is_found_before_anybody_is_graded(book: Rulebook) -> None:
    bad = rule_of("floor", "Z", "BAD", pen_cnt_36=1)
    worse = Rulebook({**book.rules, bad.key: (bad,)}, book.places, "v")
    with pytest.raises(Refusal):
        hard_rules_in_force(worse, "990100", date(2026, 6, 1))


@pytest.mark.parametrize(
    ("place", "row", "own", "expected"),
    [
        ("440300", {"ser_hist": 1}, "A", ("C", "TWO_LEVELS_SERIOUS_HISTORY")),
        ("440300", {"ser_hist": 1}, "C", ("D", "TWO_LEVELS_SERIOUS_HISTORY")),
        ("440300", {"reg_revoked": 1}, "A", ("D", "REVOKED")),
        ("370000", {"insp_false_info": 2}, "A", ("D", "FALSE_INFORMATION")),
        ("370000", {"ser_in_now": 1}, "B", ("D", "SERIOUS_LIST")),
        ("450000", {"abn_in_now": 1, "abn_cause_unreachable": 1}, "A", ("D", "QUALITATIVE_UNREACHABLE")),
        ("450000", {"complaint_verified_cnt": 2}, "B", ("C", "SIGNAL_DOWN")),
        ("450000", {"insp_cnt": 2}, "C", ("B", "SIGNAL_UP")),
        ("450000", {"insp_cnt": 2, "abn_in_now": 1}, "C", ("C", "")),
        ("990100", {"ser_hist": 1}, "A", ("A", "")),
        ("990100", {"insp_cnt": 2}, "C", ("C", "")),
    ],
)
def test_example_places_follow_what_was_published(
    book: Rulebook, place: str, row: dict[str, float], own: str, expected: tuple[str, str]
) -> None:
    applied = apply_hard_rules(
        np.array(["ABCD".index(own)]), frame_of([row]), hard_rules_in_force(book, place, date(2026, 6, 1))
    )
    assert ("ABCD"[applied.classes[0]], applied.rule_code[0]) == expected


def test_every_example_says_what_was_published_and_that_it_is_an_example(book: Rulebook) -> None:
    many = [
        r for key in book.keys(PREFIX) for r in book.rules[key] if r.place in ("370000", "440300", "450000")
    ]
    assert {r.place for r in many} == {"370000", "440300", "450000"}
    assert all("公布" in r.basis and ("示例" in r.basis) for r in many)
